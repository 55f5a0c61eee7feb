//! Replacing one value where it stands in the encrypted text: the usual `set`.
//! Everything else, the other ciphertexts first, stays byte for byte.

use core::mem;

use crate::alias::anchors_at;
use crate::compare;
use crate::crypt;
use crate::document::{Splice, Style, apply};
use crate::encrypt::{Encryption, open_again};
use crate::file::DecryptedFile;
use crate::format::Step;
use crate::layout::{Layout, Visited, visit_nodes};
use crate::tree::{Branch, Node, Value};

/// Puts `new` at `path` of the first document, if a scalar of the same type
/// stands there in a form that takes it. The result was decrypted and compared
/// (`security.md` C-10). `None` leaves `file` as it was: then the change has to
/// be made in the plain text.
pub(crate) fn value(
    file: &mut DecryptedFile<'_>,
    path: &[Step],
    new: &Value<'static>,
    request: &Encryption<'_>,
) -> Option<Vec<u8>> {
    // Aliases would have to be written out.
    if !anchors_at(file.document(), path).is_empty() {
        return None;
    }
    let node = find(file.document_mut().branches.first_mut()?, path)?;
    let slot = node.slot.filter(|slot| matches!(slot.style, Style::Double | Style::Plain | Style::Single))?;
    if !fits(&node.value, new) || file.format().name() == "binary" || is_hinted(file, slot.start) {
        return None;
    }
    let old = swap(file, path, new.clone())?;
    let text = written(file, path, request);
    if text.is_none() {
        swap(file, path, old);
    }
    text
}

/// A text of one line replaces a text, a number a number.
fn fits(old: &Value<'_>, new: &Value<'_>) -> bool {
    match (old, new) {
        (Value::Text(_), Value::Text(text)) => memchr::memchr2(b'\n', b'\r', text).is_none(),
        (Value::Bool(_), Value::Bool(_))
        | (Value::Float(_), Value::Float(_))
        | (Value::Int(_), Value::Int(_)) => true,
        _ => false,
    }
}

/// Returns true where the layout field has a text for the node at `start`, or
/// for one that holds it, such as an alias.
fn is_hinted(file: &DecryptedFile<'_>, start: u32) -> bool {
    let hints = match file.layout() {
        None => return false,
        Some(Layout::Whole(_)) => return true,
        Some(Layout::Nodes(hints)) => hints,
    };
    let mut hinted = false;
    visit_nodes(file.branches(), &mut |ordinal, visited| {
        if let Visited::Node(node) = visited {
            let holds_it = node.slot.is_some_and(|slot| (slot.start..slot.end).contains(&start));
            hinted |= holds_it && hints.contains_key(&ordinal);
        }
    });
    hinted
}

fn swap<'s>(file: &mut DecryptedFile<'s>, path: &[Step], value: Value<'s>) -> Option<Value<'s>> {
    let node = find(file.document_mut().branches.first_mut()?, path)?;
    Some(mem::replace(&mut node.value, value))
}

/// Finds a node that is there.
fn find<'t, 's>(branch: &'t mut Branch<'s>, path: &[Step]) -> Option<&'t mut Node<'s>> {
    let (first, rest) = path.split_first()?;
    let Step::Key(key) = first else { return None };
    let mut node = &mut branch.iter_mut().find(|item| item.name() == Some(key))?.node;
    for step in rest {
        node = match (step, &mut node.value) {
            (Step::Key(key), Value::Map(items)) => {
                &mut items.iter_mut().find(|item| item.name() == Some(key))?.node
            }
            (Step::Index(index), Value::List(nodes)) => nodes.get_mut(*index)?,
            _ => return None,
        };
    }
    Some(node)
}

/// Writes the file whose tree has another value at `path` already.
fn written(file: &mut DecryptedFile<'_>, path: &[Step], request: &Encryption<'_>) -> Option<Vec<u8>> {
    let format = file.format();
    let slot = find(file.document_mut().branches.first_mut()?, path)?.slot?;
    let branches = &mut file.document_mut().branches;
    let encrypted = crypt::encrypt_one(
        branches,
        slot.start,
        request.data_key,
        &request.selection,
        request.mac_only_encrypted,
        request.random,
    );
    let encrypted = encrypted.ok()??;
    let mut metadata = request.metadata(&encrypted.mac).ok()?;
    metadata.layout.clone_from(&file.metadata().layout);
    let visible = match encrypted.envelope {
        Some(envelope) => Value::text(envelope),
        None => find(file.document_mut().branches.first_mut()?, path)?.value.clone().into_owned(),
    };
    let document = file.document();
    let mut splices = format.put_metadata(document, &metadata.write()).ok()?;
    splices.push(Splice::new(slot.range(), format.render(&visible, slot, document).ok()?));
    let text = apply(document.source, splices);
    let is_right = open_again(&text, format, request, false).is_ok_and(|opened| {
        opened.plain_comments == file.plain_comments && compare::same(opened.branches(), file.branches())
    });
    is_right.then_some(text)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::crypt::Reuse;
    use crate::encrypt::tests::with_request;
    use crate::encrypt::{Layouting, encrypt};
    use crate::format::{Indent, by_name};

    const PLAIN: &str = "# head\na: one # tail\nb: 'two'\nc: 3\nd: [x, \"y\"]\ne: &e old\nf: *e\n\
                         g: |\n  block\nh: 0x1F\ni_unencrypted: seen\n";

    /// Encrypts, replaces, and returns the encrypted texts and the new plain one.
    fn replaced(plain: &str, path: &[Step], new: Value<'static>) -> Option<(String, String, String)> {
        with_request(|request| {
            let yaml = by_name("yaml").unwrap();
            let (keep, mut reuse) = (Layouting::Keep, Reuse::default());
            let before = encrypt(plain.as_bytes(), yaml, yaml, keep, &mut reuse, request).unwrap();
            let mut file = open_again(&before, yaml, request, false).unwrap();
            let after = value(&mut file, path, &new, request)?;
            let opened = open_again(&after, yaml, request, true).unwrap();
            let text = opened.text(&Indent::default(), request.limits).unwrap();
            let texts = [before.clone(), after.clone(), text].map(|text| String::from_utf8(text).unwrap());
            Some(texts.into())
        })
    }

    fn key(key: &str) -> Step {
        Step::Key(key.as_bytes().to_vec())
    }

    #[test]
    fn one_value_changes_and_every_other_line_stays() {
        for (path, new, old_text, new_text) in [
            (vec![key("a")], Value::text("1: #"), "a: one ", "a: '1: #' "),
            (vec![key("b")], Value::text("it's"), "b: 'two'", "b: 'it''s'"),
            (vec![key("c")], Value::Int(-4), "c: 3", "c: -4"),
            (vec![key("d"), Step::Index(1)], Value::text("z"), "\"y\"", "\"z\""),
            (vec![key("a")], Value::text(""), "a: one ", "a: \"\" "),
            (vec![key("i_unencrypted")], Value::text("now"), "_unencrypted: seen", "_unencrypted: now"),
        ] {
            let texts = replaced(PLAIN, &path, new);
            let (before, after, text) = texts.unwrap_or_else(|| panic!("{old_text}"));
            assert_eq!(text, PLAIN.replace(old_text, new_text));
            let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
            let changed: Vec<&str> = changed.map(|(line, _)| line.trim_start()).collect();
            assert!(changed.len() == 2 && changed[1].starts_with("mac: "), "{changed:?}");
        }
    }

    #[test]
    fn what_has_no_simple_place_is_left_to_the_plain_text() {
        for (path, new) in [
            (vec![key("a")], Value::Int(1)),
            (vec![key("a")], Value::text("two\nlines")),
            (vec![key("d"), Step::Index(0)], Value::text("hinted: encrypted it has quotes")),
            (vec![key("f")], Value::text("hinted: an alias")),
            (vec![key("g")], Value::text("a block")),
            (vec![key("h")], Value::Int(9)),
            (vec![key("new")], Value::text("not there")),
            (vec![key("d")], Value::text("a list")),
            (vec![key("e")], Value::text("has an anchor")),
        ] {
            assert!(replaced(PLAIN, &path, new).is_none(), "{path:?}");
        }
    }

    #[test]
    fn the_tree_is_as_before_where_nothing_was_written() {
        with_request(|request| {
            let yaml = by_name("yaml").unwrap();
            let (keep, mut reuse) = (Layouting::Keep, Reuse::default());
            let text = encrypt(PLAIN.as_bytes(), yaml, yaml, keep, &mut reuse, request).unwrap();
            let mut file = open_again(&text, yaml, request, false).unwrap();
            let before = file.branches().to_vec();
            assert!(value(&mut file, &[key("h")], &Value::Int(9), request).is_none());
            assert!(file.branches() == before);
        });
    }
}
