//! Aliases that cannot stay in the visible text: those whose anchor stands at
//! something that is encrypted (`dependencies.md` 0, 8). Where the alias
//! itself is left plain, it must be written out as well.

use std::collections::HashSet;

use crate::document::{Document, Slot, Style};
use crate::format::Step;
use crate::tree::{Branch, Item, Key, Node, Value};

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

/// Finds the anchors in the first document that stand at `path`, above or
/// below it: their aliases say something else once the value there changes.
pub(crate) fn anchors_at<'s>(document: &Document<'s>, path: &[Step]) -> HashSet<&'s [u8]> {
    let mut names = HashSet::new();
    let Some(branch) = document.branches.first() else { return names };
    // Most files have none, which is quick to tell.
    if memchr::memchr(b'&', document.source).is_none() {
        return names;
    }
    visit(branch, &mut Vec::new(), &mut |at, node| {
        let is_tied = at.starts_with(path) || path.starts_with(at);
        names.extend(node.slot.filter(|_| is_tied).and_then(|slot| anchor(document.source, slot)));
    });
    names
}

/// Finds the aliases in the first document that a change at `path` concerns,
/// with their values: those of `names` outside of `path`, and the one that
/// `path` leads through.
pub(crate) fn aliases_of<'d, 's>(
    document: &'d Document<'s>,
    names: &HashSet<&[u8]>,
    path: &[Step],
) -> Vec<(Vec<Step>, &'d Node<'s>)> {
    let mut found = Vec::new();
    let Some(branch) = document.branches.first() else { return found };
    visit(branch, &mut Vec::new(), &mut |at, node| {
        let slot = node.slot.filter(|slot| slot.style == Style::Alias && !at.starts_with(path));
        let name = slot.and_then(|slot| document.source[slot.range()].strip_prefix(b"*"));
        if name.is_some_and(|name| names.contains(name) || path.starts_with(at)) {
            found.push((at.to_vec(), node));
        }
    });
    found
}

/// Calls `each` for every node that a path leads to, the expansion of aliases
/// left out.
fn visit<'t, 's>(items: &'t Branch<'s>, at: &mut Vec<Step>, each: &mut dyn FnMut(&[Step], &'t Node<'s>)) {
    for Item { key, node } in items {
        if let Key::Text(name) = key {
            at.push(Step::Key(name.to_vec()));
            visit_node(node, at, each);
            at.pop();
        }
    }
}

/// Depth is bounded by the reader's limits.
fn visit_node<'t, 's>(node: &'t Node<'s>, at: &mut Vec<Step>, each: &mut dyn FnMut(&[Step], &'t Node<'s>)) {
    each(at, node);
    if node.slot.is_some_and(|slot| slot.style == Style::Alias) {
        return;
    }
    match &node.value {
        Value::Map(items) => visit(items, at, each),
        Value::List(nodes) => {
            for (index, node) in nodes.iter().enumerate() {
                at.push(Step::Index(index));
                visit_node(node, at, each);
                at.pop();
            }
        }
        _ => {}
    }
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
