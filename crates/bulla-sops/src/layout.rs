//! The optional metadata field `layout`: what an encrypted file cannot keep
//! visible of the user's text (`dependencies.md` 0, 8).
//!
//! It is an envelope under the data key with its own additional data, holding
//! either the source text of single nodes, by their ordinal, or the whole
//! source. It is written only when needed, and used only as far as the text
//! made with it reads back as the decrypted tree, so a stale or forged one
//! can lose layout but never change data. Stock sops ignores the field and
//! drops it when it rewrites a file.

use std::collections::BTreeMap;

use bulla_core::{DataKey, Random, RandomError};
use bulla_crypto::ValueCipher;

use crate::tree::{Branch, Item, Key, Node, Value};
use crate::value;

/// Does not end in a colon, so it can be no value's additional data, and is
/// no time, so it cannot be the MAC's.
const AAD: &[u8] = b"bulla layout 1";

/// What the field says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Source texts of nodes by ordinal; empty where only the visible layout
    /// is to be kept as it is.
    Nodes(BTreeMap<u32, Vec<u8>>),
    /// The whole source.
    Whole(Vec<u8>),
}

impl Layout {
    /// Encrypts the layout for storing.
    pub(crate) fn seal(&self, data_key: &DataKey, random: &dyn Random) -> Result<String, RandomError> {
        let mut nonce = [0; 32];
        random.fill(&mut nonce)?;
        Ok(value::seal(&ValueCipher::new(data_key), &nonce, AAD, &self.encode(), "str"))
    }

    /// Decrypts a stored layout; `None` for one that cannot be used.
    pub(crate) fn open(text: &str, data_key: &DataKey) -> Option<Self> {
        match value::open(&ValueCipher::new(data_key), AAD, text.as_bytes()) {
            Ok(Value::Text(plain)) => Self::decode(&plain),
            _ => None,
        }
    }

    /// `w` and the source, or `n` and for each node `ordinal:length:text`.
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Whole(source) => [b"w", source.as_slice()].concat(),
            Self::Nodes(nodes) => {
                let mut out = b"n".to_vec();
                for (ordinal, text) in nodes {
                    out.extend_from_slice(format!("{ordinal}:{}:", text.len()).as_bytes());
                    out.extend_from_slice(text);
                }
                out
            }
        }
    }

    fn decode(plain: &[u8]) -> Option<Self> {
        let (kind, mut rest) = plain.split_first()?;
        match kind {
            b'w' => Some(Self::Whole(rest.to_vec())),
            b'n' => {
                let mut nodes = BTreeMap::new();
                while !rest.is_empty() {
                    let (ordinal, length);
                    (ordinal, rest) = number(rest)?;
                    (length, rest) = number(rest)?;
                    let (text, behind) = rest.split_at_checked(length as usize)?;
                    nodes.insert(ordinal, text.to_vec());
                    rest = behind;
                }
                Some(Self::Nodes(nodes))
            }
            _ => None,
        }
    }
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let colon = memchr::memchr(b':', text)?;
    let number = core::str::from_utf8(&text[..colon]).ok()?.parse().ok()?;
    Some((number, &text[colon + 1..]))
}

/// Calls `visit` for every node that has a slot, with its ordinal: its
/// position in document order, nodes inside the expansion of an alias not
/// counted. Comments of maps are nodes too. `visit` returns true to go into
/// the node.
pub(crate) fn visit_nodes<'t, 's>(branches: &'t [Branch<'s>], visit: &mut dyn FnMut(u32, Visited<'t, 's>)) {
    let mut ordinal = 0;
    for branch in branches {
        visit_items(branch, &mut ordinal, visit);
    }
}

/// One node of [`visit_nodes`].
pub(crate) enum Visited<'t, 's> {
    /// A comment among the items of a map.
    Comment(&'t Item<'s>),
    /// Any other node.
    Node(&'t Node<'s>),
}

/// Depth is bounded by the reader's limits.
fn visit_items<'t, 's>(
    items: &'t [Item<'s>],
    ordinal: &mut u32,
    visit: &mut dyn FnMut(u32, Visited<'t, 's>),
) {
    for item in items {
        if let Key::Comment(_) = item.key {
            if item.node.slot.is_some() {
                visit(*ordinal, Visited::Comment(item));
                *ordinal += 1;
            }
        } else {
            visit_node(&item.node, ordinal, visit);
        }
    }
}

fn visit_node<'t, 's>(node: &'t Node<'s>, ordinal: &mut u32, visit: &mut dyn FnMut(u32, Visited<'t, 's>)) {
    // A container without a place of its own (a section of INI) is gone
    // through, but not counted.
    if let Some(slot) = node.slot {
        visit(*ordinal, Visited::Node(node));
        *ordinal += 1;
        if slot.style == crate::document::Style::Alias {
            return;
        }
    }
    match &node.value {
        Value::Map(items) => visit_items(items, ordinal, visit),
        Value::List(nodes) => nodes.iter().for_each(|node| visit_node(node, ordinal, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use bulla_crypto::SystemRandom;

    use super::*;

    #[test]
    fn layouts_survive_sealing_and_garbage_is_ignored() {
        let key = DataKey::new([7; 32]);
        let nodes = BTreeMap::from([(0, b"0x1F".to_vec()), (3, b"'a: b'\n".to_vec()), (9, Vec::new())]);
        for layout in [Layout::Nodes(nodes), Layout::Nodes(BTreeMap::new()), Layout::Whole(b"a: 1".to_vec())]
        {
            let text = layout.seal(&key, &SystemRandom).unwrap();
            assert!(Layout::open(&text, &key) == Some(layout));
            assert!(Layout::open(&text, &DataKey::new([8; 32])).is_none());
        }
        for garbage in ["", "x", "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]"] {
            assert!(Layout::open(garbage, &key).is_none(), "{garbage}");
        }
        for plain in [&b""[..], b"n1", b"n1:5:ab", b"nx:1:a", b"z"] {
            assert!(Layout::decode(plain).is_none());
        }
    }
}
