//! The one walk over a tree that encryption, decryption and checks share:
//! leaves in order, with their additional data and whether the selection rule
//! encrypts them (`sops.md` 3.3, 3.5, 3.6).

use std::borrow::Cow;

use crate::selection::Selection;
use crate::tree::{Branch, Comment, Item, Key, Node, Value};
use crate::value;

/// What stands at a leaf.
pub(crate) enum Target<'t, 's> {
    /// A comment, in a map or in a list.
    Comment(&'t mut Comment<'s>),
    /// A string, number, bool or timestamp. An element of a list may be
    /// replaced by a comment.
    Value(&'t mut Value<'s>),
}

/// One leaf of the tree.
pub(crate) struct Leaf<'t, 's> {
    /// The value or comment itself.
    pub target: Target<'t, 's>,
    /// Set it to true where the leaf now differs from the source.
    pub changed: &'t mut bool,
    /// Additional authenticated data: the keys on the path, each followed by
    /// a colon; a lone colon at the top.
    pub aad: &'t [u8],
    /// True where the selection rule encrypts the leaf.
    pub selected: bool,
    /// True for an element of a list.
    pub in_list: bool,
    /// Start of the leaf's slot, if it has one.
    pub slot_start: Option<u32>,
}

impl Leaf<'_, '_> {
    /// The plaintext of a leaf that is to be encrypted, and the name of its
    /// type. The empty text never is.
    pub(crate) fn to_seal(&self) -> Option<(Cow<'_, [u8]>, &'static str)> {
        if !self.selected {
            return None;
        }
        let (plaintext, kind) = match &self.target {
            Target::Comment(comment) => (Cow::Borrowed(&*comment.text), "comment"),
            Target::Value(value) => value::plaintext(value)?,
        };
        (!plaintext.is_empty()).then_some((plaintext, kind))
    }
}

/// Why a tree cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// A key is no string.
    #[error("the tree contains a non-string key (type {kind}) below {path}; only string keys are supported")]
    Key {
        /// Name of the key's type.
        kind: &'static str,
        /// Path of the map that holds it.
        path: String,
    },
    /// A value has a type that cannot be encrypted.
    #[error("cannot walk the value at {path}, unknown type: {kind}")]
    Type {
        /// Name of the value's type.
        kind: &'static str,
        /// Path of the value.
        path: String,
    },
}

/// Shows additional data as a path for people: `a:b:` becomes `a.b`.
pub(crate) fn path_text(aad: &[u8]) -> String {
    let path = aad.strip_suffix(b":").unwrap_or(aad);
    if path.is_empty() {
        "the top".to_owned()
    } else {
        String::from_utf8_lossy(path).escape_debug().to_string()
    }
}

/// Walks all documents and calls `visit` for each leaf in order.
pub(crate) fn walk<'s, E: From<WalkError>>(
    branches: &mut [Branch<'s>],
    selection: &Selection,
    visit: &mut dyn FnMut(Leaf<'_, 's>) -> Result<(), E>,
) -> Result<(), E> {
    for branch in branches {
        let mut walker = Walker { selection, path: Vec::new(), active: Vec::new(), visit };
        walker.map(branch, false)?;
    }
    Ok(())
}

struct Walker<'w, 's, E> {
    selection: &'w Selection,
    path: Vec<u8>,
    /// For comment rules: per open map or list, whether each active comment
    /// of it matches.
    active: Vec<Vec<bool>>,
    visit: &'w mut dyn FnMut(Leaf<'_, 's>) -> Result<(), E>,
}

/// Depth is bounded by the reader's limits, so the walk may recurse.
impl<'s, E: From<WalkError>> Walker<'_, 's, E> {
    fn map(&mut self, items: &mut [Item<'s>], matched: bool) -> Result<(), E> {
        self.active.push(Vec::new());
        for item in items {
            match &mut item.key {
                Key::Comment(comment) => {
                    self.note_comment(&comment.text);
                    let selected = self.selects(matched, true);
                    let slot_start = item.node.slot.map(|slot| slot.start);
                    self.leaf(Target::Comment(comment), &mut item.node.changed, selected, false, slot_start)?;
                }
                Key::Other(kind) => return Err(WalkError::Key { kind, path: path_text(&self.path) }.into()),
                Key::Text(key) => {
                    let matched =
                        matched || (!self.selection.reads_comments() && self.selection.matches(key));
                    let length = self.path.len();
                    self.path.extend_from_slice(key);
                    self.path.push(b':');
                    self.value(&mut item.node, matched, false)?;
                    self.path.truncate(length);
                    self.forget_comments();
                }
            }
        }
        self.active.pop();
        Ok(())
    }

    fn list(&mut self, nodes: &mut [Node<'s>], matched: bool) -> Result<(), E> {
        self.active.push(Vec::new());
        for node in nodes {
            let mut is_comment = false;
            if let Value::Comment(comment) = &node.value {
                self.note_comment(&comment.text);
                is_comment = true;
            }
            self.value(node, matched, true)?;
            // An encrypted comment of a list that sops wrote as an ordinary
            // element is a comment again after decryption (sops.md 8.2, 2).
            if !is_comment && !matches!(node.value, Value::Comment(_)) {
                self.forget_comments();
            }
        }
        self.active.pop();
        Ok(())
    }

    fn value(&mut self, node: &mut Node<'s>, matched: bool, in_list: bool) -> Result<(), E> {
        let slot_start = node.slot.map(|slot| slot.start);
        match &mut node.value {
            Value::Null => Ok(()),
            Value::Map(items) => self.map(items, matched),
            Value::List(nodes) => self.list(nodes, matched),
            Value::Unsigned(_) => Err(WalkError::Type { kind: "uint64", path: path_text(&self.path) }.into()),
            Value::Comment(comment) => {
                let selected = self.selects(matched, true);
                self.leaf(Target::Comment(comment), &mut node.changed, selected, in_list, slot_start)
            }
            _ => {
                let selected = self.selects(matched, false);
                self.leaf(Target::Value(&mut node.value), &mut node.changed, selected, in_list, slot_start)
            }
        }
    }

    fn leaf(
        &mut self,
        target: Target<'_, 's>,
        changed: &mut bool,
        selected: bool,
        in_list: bool,
        slot_start: Option<u32>,
    ) -> Result<(), E> {
        let aad: &[u8] = if self.path.is_empty() { b":" } else { &self.path };
        (self.visit)(Leaf { target, changed, aad, selected, in_list, slot_start })
    }

    fn note_comment(&mut self, text: &[u8]) {
        if self.selection.reads_comments() {
            let matches = self.selection.matches(text);
            if let Some(last) = self.active.last_mut() {
                last.push(matches);
            }
        }
    }

    fn forget_comments(&mut self) {
        if let Some(last) = self.active.last_mut() {
            last.clear();
        }
    }

    fn selects(&self, matched: bool, is_comment: bool) -> bool {
        if !self.selection.reads_comments() {
            return self.selection.encrypts(matched);
        }
        let skip_last = is_comment && self.selection.skips_own_comment();
        let (last, outer) = self.active.split_last().map_or((&[][..], &[][..]), |(l, o)| (l.as_slice(), o));
        let own = if skip_last { &last[..last.len().saturating_sub(1)] } else { last };
        let matched = own.contains(&true) || outer.iter().any(|comments| comments.contains(&true));
        self.selection.encrypts(matched)
    }
}
