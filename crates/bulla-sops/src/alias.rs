//! Aliases that cannot stay in the visible text: those whose anchor stands at
//! something that is encrypted (`dependencies.md` 0, 8). Where the alias
//! itself is left plain, it must be written out as well.

use std::collections::HashSet;

use crate::document::{Slot, Style};
use crate::tree::{Node, Value};

/// The anchors seen so far that stand at changed nodes, by name; a name may
/// be given anew. Nodes come in document order.
pub(crate) struct Anchors<'p> {
    source: &'p [u8],
    changed: HashSet<&'p [u8]>,
}

impl<'p> Anchors<'p> {
    /// Starts at the top of `source`.
    pub(crate) fn new(source: &'p [u8]) -> Self {
        Self { source, changed: HashSet::new() }
    }

    /// Notes the anchor of a node, or returns true for an alias that must be
    /// written out.
    pub(crate) fn visit(&mut self, node: &Node<'_>) -> bool {
        let Some(slot) = node.slot else { return false };
        if slot.style == Style::Alias {
            let name = self.source[slot.range()].strip_prefix(b"*");
            return changes_inside(&node.value) || name.is_some_and(|name| self.changed.contains(name));
        }
        if let Some(name) = anchor(self.source, slot) {
            if node.changed || changes_inside(&node.value) {
                self.changed.insert(name);
            } else {
                self.changed.remove(name);
            }
        }
        false
    }
}

/// Finds an anchor in front of a node: the word before its place, or the
/// first one in it behind a tag.
fn anchor(source: &[u8], slot: Slot) -> Option<&[u8]> {
    let is_blank = u8::is_ascii_whitespace;
    let before = source[..slot.start as usize].trim_ascii_end();
    let word = before.iter().rposition(is_blank).map_or(before, |at| &before[at + 1..]);
    let mut words = source[slot.range()].split(is_blank).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let first = if first.starts_with(b"!") { words.next().unwrap_or_default() } else { first };
    let word = word.rsplit(|byte| matches!(byte, b'[' | b'{' | b',')).next().unwrap_or(word);
    [word, first].into_iter().find_map(|word| word.strip_prefix(b"&"))
}

/// Returns true where a leaf of an alias' expansion changed.
fn changes_inside(value: &Value<'_>) -> bool {
    let inside = |node: &Node<'_>| node.changed || changes_inside(&node.value);
    match value {
        Value::List(nodes) => nodes.iter().any(inside),
        Value::Map(items) => items.iter().any(|item| inside(&item.node)),
        _ => false,
    }
}
