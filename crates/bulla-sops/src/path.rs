//! Paths into a tree: the index texts of `set`, `unset` and `--extract`, and
//! what they do to a tree (`sops.md` 6.5).

use std::borrow::Cow;

use crate::format::Step;
use crate::tree::{Branch, Item, Node, Value};

/// Why a path cannot be used. Keys are shown, values never.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The index text is malformed.
    #[error("invalid index {text:?}: it must look like [\"key\"][0]")]
    Syntax {
        /// The text as typed.
        text: String,
    },
    /// A key is not there.
    #[error("component ['{0}'] not found")]
    KeyNotFound(String),
    /// A position is behind the end of a list.
    #[error("component [{0}] accesses out of bounds")]
    OutOfBounds(usize),
    /// A position is asked of what is no list.
    #[error("component [{0}] is integer, but tree part is not a slice")]
    NoList(usize),
    /// A key is asked of what is no map.
    #[error("component ['{0}'] is a key, but tree part is not a map")]
    NoMap(String),
}

/// Reads an index text such as `["a"]["b"][0]`.
pub fn parse(text: &str) -> Result<Vec<Step>, PathError> {
    let error = || PathError::Syntax { text: text.escape_debug().to_string() };
    let mut steps = Vec::new();
    for piece in text.split('[').filter(|piece| !piece.is_empty()) {
        let inner = piece.strip_suffix(']').ok_or_else(error)?;
        let step = match inner.as_bytes() {
            [b'"' | b'\'', .., _] => {
                let key = inner.get(1..inner.len() - 1).ok_or_else(error)?;
                Step::Key(key.as_bytes().to_vec())
            }
            _ => Step::Index(inner.parse().map_err(|_| error())?),
        };
        steps.push(step);
    }
    if steps.is_empty() { Err(error()) } else { Ok(steps) }
}

fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).escape_debug().to_string()
}

/// Finds the value at `path`. An empty path is the caller's to handle.
pub fn get<'t, 's>(branch: &'t Branch<'s>, path: &[Step]) -> Result<&'t Value<'s>, PathError> {
    let (first, rest) = match path {
        [Step::Key(key), rest @ ..] => (item(branch, key)?, rest),
        [Step::Index(index), ..] => return Err(PathError::NoList(*index)),
        [] => return Err(PathError::Syntax { text: String::new() }),
    };
    let mut value = &first.node.value;
    for step in rest {
        value = match (step, value) {
            (Step::Key(key), Value::Map(items)) => &item(items, key)?.node.value,
            (Step::Key(key), _) => return Err(PathError::NoMap(shown(key))),
            (Step::Index(index), Value::List(nodes)) => {
                &nodes.get(*index).ok_or(PathError::OutOfBounds(*index))?.value
            }
            (Step::Index(index), _) => return Err(PathError::NoList(*index)),
        };
    }
    Ok(value)
}

fn item<'t, 's>(items: &'t [Item<'s>], key: &[u8]) -> Result<&'t Item<'s>, PathError> {
    let found = items.iter().find(|item| item.name() == Some(key));
    found.ok_or_else(|| PathError::KeyNotFound(shown(key)))
}

/// Puts `value` at `path`: missing nodes are created, a scalar on the way is
/// replaced, an index behind the end appends. A step of the wrong kind into a
/// map or list is an error.
pub fn set<'s>(branch: &mut Branch<'s>, path: &[Step], value: Value<'s>) -> Result<(), PathError> {
    match path {
        [Step::Key(key), rest @ ..] => set_in_map(branch, key, rest, value),
        [Step::Index(index), ..] => Err(PathError::NoList(*index)),
        [] => Err(PathError::Syntax { text: String::new() }),
    }
}

fn set_in_map<'s>(
    items: &mut Vec<Item<'s>>,
    key: &[u8],
    rest: &[Step],
    value: Value<'s>,
) -> Result<(), PathError> {
    if let Some(found) = items.iter_mut().find(|item| item.name() == Some(key)) {
        return set_node(&mut found.node, rest, value);
    }
    items.push(Item::entry(Cow::Owned(key.to_vec()), build(rest, value)));
    Ok(())
}

fn set_node<'s>(node: &mut Node<'s>, path: &[Step], value: Value<'s>) -> Result<(), PathError> {
    let Some((step, rest)) = path.split_first() else {
        *node = Node::new(value);
        return Ok(());
    };
    match (step, &mut node.value) {
        (Step::Key(key), Value::Map(items)) => set_in_map(items, key, rest, value),
        (Step::Index(index), Value::List(nodes)) => {
            if let Some(found) = nodes.get_mut(*index) {
                set_node(found, rest, value)
            } else {
                nodes.push(Node::new(build(rest, value)));
                Ok(())
            }
        }
        (Step::Key(key), Value::List(_)) => Err(PathError::NoMap(shown(key))),
        (Step::Index(index), Value::Map(_)) => Err(PathError::NoList(*index)),
        _ => {
            *node = Node::new(build(path, value));
            Ok(())
        }
    }
}

/// Builds the nodes that a path needs around its value.
fn build<'s>(path: &[Step], value: Value<'s>) -> Value<'s> {
    path.iter().rev().fold(value, |value, step| match step {
        Step::Key(key) => Value::Map(vec![Item::entry(Cow::Owned(key.clone()), value)]),
        Step::Index(_) => Value::List(vec![Node::new(value)]),
    })
}

/// Why `unset` found nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsetError {
    /// A key is not there.
    #[error("Key not found: {0}")]
    Key(String),
    /// A position is not there.
    #[error("Index {0} out of bounds")]
    Index(usize),
    /// The path has a step of the wrong kind, or no step.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// Removes what is at `path`.
pub fn unset(branch: &mut Branch<'_>, path: &[Step]) -> Result<(), UnsetError> {
    match path {
        [Step::Key(key), rest @ ..] => unset_in_map(branch, key, rest),
        [Step::Index(index), ..] => Err(PathError::NoList(*index).into()),
        [] => Err(PathError::Syntax { text: String::new() }.into()),
    }
}

fn unset_in_map(items: &mut Vec<Item<'_>>, key: &[u8], rest: &[Step]) -> Result<(), UnsetError> {
    let position = items.iter().position(|item| item.name() == Some(key));
    let position = position.ok_or_else(|| UnsetError::Key(shown(key)))?;
    if rest.is_empty() {
        items.remove(position);
        return Ok(());
    }
    unset_node(&mut items[position].node, rest)
}

fn unset_node(node: &mut Node<'_>, path: &[Step]) -> Result<(), UnsetError> {
    match (path, &mut node.value) {
        ([Step::Key(key), rest @ ..], Value::Map(items)) => unset_in_map(items, key, rest),
        ([Step::Key(key), ..], _) => Err(PathError::NoMap(shown(key)).into()),
        ([Step::Index(index), rest @ ..], Value::List(nodes)) => {
            if *index >= nodes.len() {
                return Err(UnsetError::Index(*index));
            }
            if rest.is_empty() {
                nodes.remove(*index);
                return Ok(());
            }
            unset_node(&mut nodes[*index], rest)
        }
        ([Step::Index(index), ..], _) => Err(PathError::NoList(*index).into()),
        ([], _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Step {
        Step::Key(name.as_bytes().to_vec())
    }

    #[test]
    fn index_texts_are_split_as_sops_splits_them() {
        assert_eq!(parse(r#"["a"]['b'][0]"#), Ok(vec![key("a"), key("b"), Step::Index(0)]));
        assert_eq!(parse(r#"["a b"]"#), Ok(vec![key("a b")]));
        for text in ["", "[]", "[-1]", "[\"a\"", "a", "[\"]", "[\"a\"]x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn setting_creates_what_is_missing_and_replaces_scalars_on_the_way() {
        let mut branch: Branch<'_> = vec![Item::entry(&b"s"[..], Value::Int(1))];
        set(&mut branch, &[key("m"), key("k"), Step::Index(7)], Value::Bool(true)).unwrap();
        set(&mut branch, &[key("s"), key("x")], Value::Int(2)).unwrap();
        assert!(*get(&branch, &[key("m"), key("k"), Step::Index(0)]).unwrap() == Value::Bool(true));
        assert!(*get(&branch, &[key("s"), key("x")]).unwrap() == Value::Int(2));
        assert_eq!(set(&mut branch, &[key("m"), Step::Index(0)], Value::Null), Err(PathError::NoList(0)));
    }

    #[test]
    fn unsetting_says_what_is_not_there() {
        let list = Value::List(vec![Node::new(Value::Int(1)), Node::new(Value::Int(2))]);
        let mut branch: Branch<'_> = vec![Item::entry(&b"l"[..], list)];
        assert_eq!(unset(&mut branch, &[key("x")]), Err(UnsetError::Key("x".into())));
        assert_eq!(unset(&mut branch, &[key("l"), Step::Index(9)]), Err(UnsetError::Index(9)));
        unset(&mut branch, &[key("l"), Step::Index(0)]).unwrap();
        assert!(*get(&branch, &[key("l"), Step::Index(0)]).unwrap() == Value::Int(2));
        assert!(get(&branch, &[key("l"), key("a")]).is_err());
    }
}
