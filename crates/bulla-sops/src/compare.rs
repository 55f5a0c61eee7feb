//! Comparing two trees that should say the same.

use crate::document::Style;
use crate::tree::{Branch, Item, Key, Node, Value};
use crate::value::float_text;

/// Returns true where values, keys and structure are equal, comments aside.
pub(crate) fn same_values(a: &[Branch<'_>], b: &[Branch<'_>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_items(a, b))
}

/// Returns true where [`same_values`] holds and the comments' texts are equal
/// in order.
///
/// Where a comment hangs, and whether it is inline, does not count: both
/// follow from the layout. Comments inside the expansion of an alias do not
/// count either, since the expansion has no text of its own.
pub(crate) fn same(a: &[Branch<'_>], b: &[Branch<'_>]) -> bool {
    same_values(a, b) && comments(a) == comments(b)
}

/// Depth is bounded by the reader's limits.
fn same_items(a: &[Item<'_>], b: &[Item<'_>]) -> bool {
    let mut a = a.iter().filter(|item| !matches!(item.key, Key::Comment(_)));
    let mut b = b.iter().filter(|item| !matches!(item.key, Key::Comment(_)));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a.key == b.key && same_node(&a.node, &b.node) => {}
            _ => return false,
        }
    }
}

fn same_node(a: &Node<'_>, b: &Node<'_>) -> bool {
    match (&a.value, &b.value) {
        (Value::Map(a), Value::Map(b)) => same_items(a, b),
        (Value::List(a), Value::List(b)) => {
            let mut a = a.iter().filter(|node| !matches!(node.value, Value::Comment(_)));
            let mut b = b.iter().filter(|node| !matches!(node.value, Value::Comment(_)));
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if same_node(a, b) => {}
                    _ => return false,
                }
            }
        }
        // sops writes the float 1.0 as `1`, which reads back as an integer
        // and has the same plaintext.
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            float_text(*float) == int.to_string()
        }
        (a, b) => a == b,
    }
}

fn comments<'t>(branches: &'t [Branch<'_>]) -> Vec<&'t [u8]> {
    let mut found = Vec::new();
    for branch in branches {
        comments_of_items(branch, &mut found);
    }
    found
}

fn comments_of_items<'t>(items: &'t [Item<'_>], found: &mut Vec<&'t [u8]>) {
    for item in items {
        match &item.key {
            Key::Comment(comment) => found.push(&comment.text),
            _ => comments_of_node(&item.node, found),
        }
    }
}

fn comments_of_node<'t>(node: &'t Node<'_>, found: &mut Vec<&'t [u8]>) {
    if node.slot.is_some_and(|slot| slot.style == Style::Alias) {
        return;
    }
    match &node.value {
        Value::Comment(comment) => found.push(&comment.text),
        Value::Map(items) => comments_of_items(items, found),
        Value::List(nodes) => nodes.iter().for_each(|node| comments_of_node(node, found)),
        _ => {}
    }
}
