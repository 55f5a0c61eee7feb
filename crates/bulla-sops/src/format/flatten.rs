//! Metadata of formats without nesting: keys joined by separators
//! (`sops.md` 2.6).

use std::borrow::Cow;
use std::collections::BTreeMap;

use bulla_core::Limits;

use super::FormatError;
use super::text::scalar_text;
use crate::tree::{Item, Key, Node, Value};

const MAP: &[u8] = b"__map_";
const LIST: &[u8] = b"__list_";

/// Elements that one list may have; no file has as many keys.
const LONGEST_LIST: usize = 1000;

/// Flattened keys with their texts.
pub(super) type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// Flattens nested metadata into keys, each with `prefix`, and texts, depth
/// first. Empty collections and comments leave nothing.
pub(super) fn flatten(items: &[Item<'_>], prefix: &[u8]) -> Result<Entries, FormatError> {
    let mut entries = Vec::new();
    flatten_map(items, prefix, &mut entries)?;
    let mut keys: Vec<&[u8]> = entries.iter().map(|(key, _)| &key[..]).collect();
    keys.sort_unstable();
    if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        let key = String::from_utf8_lossy(pair[0]);
        return Err(FormatError::Unrepresentable(format!("Found key collision {key:?} while flattening")));
    }
    Ok(entries)
}

fn flatten_map(items: &[Item<'_>], prefix: &[u8], entries: &mut Entries) -> Result<(), FormatError> {
    for item in items {
        match &item.key {
            Key::Comment(_) => {}
            Key::Other(_) => {
                return Err(FormatError::Unrepresentable("metadata key that is no string".to_owned()));
            }
            Key::Text(key) => flatten_value(&item.node.value, [prefix, key].concat(), entries)?,
        }
    }
    Ok(())
}

fn flatten_value(value: &Value<'_>, key: Vec<u8>, entries: &mut Entries) -> Result<(), FormatError> {
    match value {
        Value::Map(items) => flatten_map(items, &[&key[..], MAP].concat(), entries)?,
        Value::List(nodes) => {
            let elements = nodes.iter().filter(|node| !matches!(node.value, Value::Comment(_)));
            for (index, node) in elements.enumerate() {
                let key = [&key[..], LIST, index.to_string().as_bytes()].concat();
                flatten_value(&node.value, key, entries)?;
            }
        }
        scalar => {
            let text = scalar_text(scalar).map_or_else(Vec::new, Cow::into_owned);
            entries.push((key, text));
        }
    }
    Ok(())
}

/// Rebuilds nested metadata from flat entries, keys in ascending order.
pub(super) fn unflatten<'s>(
    entries: impl IntoIterator<Item = (Cow<'s, [u8]>, Value<'s>)>,
    limits: &Limits,
) -> Result<Vec<Item<'s>>, FormatError> {
    let mut root = Branch::default();
    for (key, value) in entries {
        let steps = split(&key)?;
        if steps.len() > limits.depth {
            let depth = limits.depth;
            return Err(FormatError::Limit(format!("flattened metadata nest deeper than {depth} levels")));
        }
        root.put(&steps, value)?;
    }
    match root.into_value()? {
        Value::Map(items) => Ok(items),
        _ => Err(broken("Type mismatch")),
    }
}

/// A step of a flattened key.
enum Step<'k> {
    Key(&'k [u8]),
    Index(usize),
}

/// Splits a flattened key at its separators, left to right; what precedes the
/// first is the key of a map.
fn split(key: &[u8]) -> Result<Vec<Step<'_>>, FormatError> {
    let mut steps = Vec::new();
    let mut start = 0;
    let mut list = false;
    let mut at = 0;
    while at < key.len() {
        let rest = &key[at..];
        let separator = [MAP, LIST].into_iter().find(|separator| rest.starts_with(separator));
        let Some(separator) = separator else {
            at += 1;
            continue;
        };
        steps.push(step(&key[start..at], list)?);
        list = separator == LIST;
        at += separator.len();
        start = at;
    }
    steps.push(step(&key[start..], list)?);
    Ok(steps)
}

fn step(text: &[u8], list: bool) -> Result<Step<'_>, FormatError> {
    if !list {
        return Ok(Step::Key(text));
    }
    let index: usize = core::str::from_utf8(text)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| broken("Incomplete list"))?;
    if index >= LONGEST_LIST {
        return Err(FormatError::Limit(format!(
            "list in flattened metadata exceeds {LONGEST_LIST} elements"
        )));
    }
    Ok(Step::Index(index))
}

/// A node of metadata that are being rebuilt.
#[derive(Default)]
struct Branch<'s> {
    value: Option<Value<'s>>,
    keys: BTreeMap<Vec<u8>, Self>,
    indices: BTreeMap<usize, Self>,
}

impl<'s> Branch<'s> {
    fn put(&mut self, steps: &[Step<'_>], value: Value<'s>) -> Result<(), FormatError> {
        let leaf = steps.iter().fold(self, |branch, step| match step {
            Step::Key(key) => branch.keys.entry(key.to_vec()).or_default(),
            Step::Index(index) => branch.indices.entry(*index).or_default(),
        });
        match leaf.value.replace(value) {
            None => Ok(()),
            Some(_) => Err(broken("Duplicate value")),
        }
    }

    /// Recursion is bounded by the depth limit of `unflatten`.
    fn into_value(self) -> Result<Value<'s>, FormatError> {
        match (self.value, self.keys.is_empty(), self.indices.is_empty()) {
            (Some(value), true, true) => Ok(value),
            (None, true, false) => {
                if self.indices.keys().copied().ne(0..self.indices.len()) {
                    return Err(broken("Incomplete list"));
                }
                let nodes = self.indices.into_values().map(|branch| branch.into_value().map(Node::new));
                Ok(Value::List(nodes.collect::<Result<_, _>>()?))
            }
            (None, _, true) => {
                let items =
                    self.keys.into_iter().map(|(key, branch)| Ok(Item::entry(key, branch.into_value()?)));
                Ok(Value::Map(items.collect::<Result<_, FormatError>>()?))
            }
            _ => Err(broken("Type mismatch")),
        }
    }
}

fn broken(what: &str) -> FormatError {
    FormatError::Metadata(format!("Error while unflattening: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(pairs: &[(&'static str, &'static str)]) -> Vec<(Cow<'static, [u8]>, Value<'static>)> {
        pairs.iter().map(|(key, text)| (Cow::Borrowed(key.as_bytes()), Value::text(*text))).collect()
    }

    fn refusal(pairs: &[(&'static str, &'static str)]) -> String {
        match unflatten(entries(pairs), &Limits::default()) {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn nested_metadata_survive_flattening() {
        let context = Value::Map(vec![Item::entry(&b"Role"[..], Value::text("web"))]);
        let kms = Value::Map(vec![
            Item::entry(&b"arn"[..], Value::text("arn:x")),
            Item::entry(&b"context"[..], context),
        ]);
        let nested = vec![
            Item::entry(&b"kms"[..], Value::List(vec![Node::new(kms)])),
            Item::entry(&b"mac"[..], Value::text("m")),
        ];
        let flat = flatten(&nested, b"sops_").unwrap();
        let keys: Vec<_> = flat.iter().map(|(key, _)| core::str::from_utf8(key).unwrap()).collect();
        assert_eq!(
            keys,
            ["sops_kms__list_0__map_arn", "sops_kms__list_0__map_context__map_Role", "sops_mac"]
        );
        let stripped = flat
            .into_iter()
            .map(|(key, text)| (Cow::Owned(key[5..].to_vec()), Value::Text(Cow::Owned(text))));
        assert!(unflatten(stripped, &Limits::default()).unwrap() == nested);
    }

    #[test]
    fn scalars_become_texts_and_empty_collections_vanish() {
        let nested = vec![
            Item::entry(&b"a"[..], Value::Bool(true)),
            Item::entry(&b"b"[..], Value::Int(2)),
            Item::entry(&b"c"[..], Value::List(vec![])),
        ];
        let flat = flatten(&nested, b"").unwrap();
        assert_eq!(flat, [(b"a".to_vec(), b"true".to_vec()), (b"b".to_vec(), b"2".to_vec())]);
    }

    #[test]
    fn broken_metadata_are_named_by_kind() {
        for (pairs, kind) in [
            (&[("a", "1"), ("a", "2")][..], "Duplicate value"),
            (&[("a", "1"), ("a__map_b", "2")], "Type mismatch"),
            (&[("a__list_0", "1"), ("a__map_b", "2")], "Type mismatch"),
            (&[("a__list_1", "1")], "Incomplete list"),
            (&[("a__list_0", "1"), ("a__list_2", "1")], "Incomplete list"),
            (&[("a__list_x", "1")], "Incomplete list"),
        ] {
            assert_eq!(refusal(pairs), format!("Error while unflattening: {kind}"));
        }
    }

    #[test]
    fn colliding_keys_cannot_be_flattened() {
        let inner = Value::Map(vec![Item::entry(&b"b"[..], Value::Int(1))]);
        let nested = vec![Item::entry(&b"a"[..], inner), Item::entry(&b"a__map_b"[..], Value::Int(2))];
        assert!(flatten(&nested, b"").is_err());
    }

    #[test]
    fn f_01_long_lists_and_deep_keys_are_refused_beyond_the_limit() {
        assert_eq!(refusal(&[("a__list_1000", "1")]), "list in flattened metadata exceeds 1000 elements");
        assert_eq!(refusal(&[("a__list_999", "1")]), "Error while unflattening: Incomplete list");
        let deep = |steps: usize| vec![(Cow::Owned("__map_a".repeat(steps).into_bytes()), Value::Null)];
        assert!(unflatten(deep(127), &Limits::default()).is_ok());
        assert!(unflatten(deep(128), &Limits::default()).is_err());
    }
}
