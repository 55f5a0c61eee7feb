//! What of a plain text its encrypted form does not give back by itself.

use std::collections::BTreeMap;

use crate::document::{Document, Slot, Style};
use crate::format::Format;
use crate::tree::{Item, Key, Node, Value};

/// Finds the nodes of `plain` whose text would not come back by decrypting
/// `opened`, the file made of it: their texts by ordinal. `None` where the two
/// trees do not pair up.
pub(crate) fn hints<'p>(
    plain: &'p Document<'_>,
    opened: &'p Document<'p>,
    output: &'static dyn Format,
) -> Option<BTreeMap<u32, Vec<u8>>> {
    let mut pairing = Pairing { plain, opened, output, ordinal: 0, hints: BTreeMap::new() };
    let mut pairs = plain.branches.iter().zip(&opened.branches);
    let fits = plain.branches.len() == opened.branches.len()
        && pairs.all(|(plain, opened)| pairing.items(plain, opened).is_some());
    fits.then_some(pairing.hints)
}

/// The walk over both documents, side by side.
struct Pairing<'p, 's> {
    plain: &'p Document<'s>,
    opened: &'p Document<'p>,
    output: &'static dyn Format,
    ordinal: u32,
    hints: BTreeMap<u32, Vec<u8>>,
}

/// Depth is bounded by the reader's limits.
impl Pairing<'_, '_> {
    fn items(&mut self, plain: &[Item<'_>], opened: &[Item<'_>]) -> Option<()> {
        if plain.len() != opened.len() {
            return None;
        }
        for (plain, opened) in plain.iter().zip(opened) {
            match (&plain.key, &opened.key) {
                (Key::Comment(_), Key::Comment(comment)) => {
                    let value = Value::Comment(comment.clone());
                    self.leaf(plain.node.slot?, opened.node.slot?, &value, opened.node.changed);
                }
                (plain_key, opened_key) if plain_key == opened_key => self.node(&plain.node, &opened.node)?,
                _ => return None,
            }
        }
        Some(())
    }

    fn node(&mut self, plain: &Node<'_>, opened: &Node<'_>) -> Option<()> {
        if let Some(plain_slot) = plain.slot.filter(|slot| slot.style == Style::Alias) {
            if opened.slot?.style != Style::Alias {
                self.hints.insert(self.ordinal, self.plain.source[plain_slot.range()].to_vec());
            }
            self.skip(opened);
            return Some(());
        }
        match (&plain.value, &opened.value) {
            (Value::Map(plain), Value::Map(opened_items)) => {
                self.ordinal += u32::from(opened.slot.is_some());
                self.items(plain, opened_items)
            }
            (Value::List(plain), Value::List(opened_nodes)) => {
                self.ordinal += u32::from(opened.slot.is_some());
                let opened = opened_nodes;
                (plain.len() == opened.len()).then(|| {
                    plain.iter().zip(opened).try_for_each(|(plain, opened)| self.node(plain, opened))
                })?
            }
            (Value::Map(_) | Value::List(_), _) | (_, Value::Map(_) | Value::List(_)) => None,
            _ => {
                self.leaf(plain.slot?, opened.slot?, &opened.value, opened.changed);
                Some(())
            }
        }
    }

    /// Counts a node and all that [`visit_nodes`] would visit below it.
    fn skip(&mut self, opened: &Node<'_>) {
        self.ordinal += u32::from(opened.slot.is_some());
        if opened.slot.is_some_and(|slot| slot.style == Style::Alias) {
            return;
        }
        match &opened.value {
            Value::List(nodes) => nodes.iter().for_each(|node| self.skip(node)),
            Value::Map(items) => {
                for item in items {
                    if matches!(item.key, Key::Comment(_)) {
                        self.ordinal += u32::from(item.node.slot.is_some());
                    } else {
                        self.skip(&item.node);
                    }
                }
            }
            _ => {}
        }
    }

    fn leaf(&mut self, plain: Slot, opened: Slot, value: &Value<'_>, changed: bool) {
        let source = &self.plain.source[plain.range()];
        let comes_back = if changed {
            let rendered = self.output.render(value, opened, self.opened);
            rendered.is_ok_and(|text| text == source)
        } else {
            self.opened.source[opened.range()] == *source
        };
        if !comes_back {
            self.hints.insert(self.ordinal, source.to_vec());
        }
        self.ordinal += 1;
    }
}
