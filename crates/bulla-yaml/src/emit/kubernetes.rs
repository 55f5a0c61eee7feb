//! The layout of sigs.k8s.io/yaml v1.6, which is go-yaml v2's: sorted keys,
//! two spaces, lists at the column of their key, long lines folded.

use std::cmp::Ordering;

use super::text::{Place, ScalarText, scalar_text, styled_text};
use crate::node::Style;
use crate::tree::{Content, Node};

/// A line is broken at the first space behind this column.
const WIDTH: usize = 80;
/// Keys longer than this in bytes need `? `.
const SIMPLE_KEY: usize = 128;

/// Writes one document without comments, with a line break at its end. Keys
/// come in natural order. The depth of the tree is the caller's to bound.
pub fn kubernetes(node: &Node<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer { out };
    if is_collection(node) {
        writer.node(node, 0, 0);
    } else {
        writer.scalar(node, 2, 0, false);
    }
    if !writer.out.ends_with(b"\n") {
        writer.out.push(b'\n');
    }
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    fn line(&mut self, indent: usize) {
        if !self.out.is_empty() && !self.out.ends_with(b"\n") {
            self.out.push(b'\n');
        }
        self.out.resize(self.out.len() + indent, b' ');
    }

    /// Writes a value where the text before it ends. Its lines begin at column
    /// `indent`; `parent` is the column of the collection around it.
    fn node(&mut self, node: &Node<'_>, indent: usize, parent: usize) {
        match &node.content {
            Content::Mapping(pairs) if !pairs.is_empty() => {
                let mut pairs: Vec<_> = pairs.iter().collect();
                pairs.sort_by(|(left, _), (right, _)| natural_order(&characters(left), &characters(right)));
                for (index, (key, value)) in pairs.into_iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.entry(key, value, indent);
                }
            }
            Content::Sequence(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.out.extend_from_slice(b"- ");
                    self.node(item, indent + 2, indent);
                }
            }
            _ => self.scalar(node, indent, parent, false),
        }
    }

    fn entry(&mut self, key: &Node<'_>, value: &Node<'_>, indent: usize) {
        let text = key_text(key);
        let is_simple = text.len() <= SIMPLE_KEY && !text.contains('\n');
        if is_simple {
            self.scalar(key, indent, indent, true);
        } else {
            self.out.extend_from_slice(b"? ");
            self.scalar(key, indent + 2, indent, false);
            self.line(indent);
        }
        self.out.push(b':');
        let below = match value.content {
            Content::Mapping(_) => indent + 2,
            _ => indent,
        };
        if is_simple && is_collection(value) {
            self.line(below);
            self.node(value, below, indent);
        } else {
            self.out.push(b' ');
            self.node(value, indent + 2, indent);
        }
    }

    fn scalar(&mut self, node: &Node<'_>, indent: usize, parent: usize, key: bool) {
        let place = Place { flow: false, key, indent, parent };
        let written = match &node.content {
            Content::Mapping(_) => ScalarText::Inline("{}".to_owned()),
            Content::Sequence(_) => ScalarText::Inline("[]".to_owned()),
            // Version 2 of the library has its own view of these.
            Content::Scalar(text) if text == "<<" => ScalarText::Inline("<<".to_owned()),
            Content::Scalar(text) if text.contains('\t') => styled_text(text, Style::DoubleQuoted, place),
            Content::Scalar(_) => scalar_text(node, place),
        };
        match written {
            ScalarText::Block { header, lines } => {
                self.out.extend_from_slice(header.as_bytes());
                self.out.push(b'\n');
                self.out.extend_from_slice(lines.as_bytes());
            }
            ScalarText::Inline(text) if key => self.out.extend_from_slice(text.as_bytes()),
            ScalarText::Inline(text) => self.folded(&text, indent),
        }
    }

    /// Writes one line, broken at spaces behind the width. A space at a break
    /// is not written, because the break stands for it.
    fn folded(&mut self, text: &str, indent: usize) {
        let start = memchr::memrchr(b'\n', self.out).map_or(0, |at| at + 1);
        let mut column = String::from_utf8_lossy(&self.out[start..]).chars().count();
        let quoted = text.starts_with(['"', '\'']);
        let double = text.starts_with('"');
        let last = if quoted { text.len().saturating_sub(2) } else { text.len().saturating_sub(1) };
        let mut after_space = false;
        for (at, character) in text.char_indices() {
            let inside = !quoted || at > 1 && at < last;
            let before_space = text.as_bytes().get(at + 1) == Some(&b' ');
            let breaks =
                character == ' ' && !after_space && column > WIDTH && inside && (double || !before_space);
            if breaks {
                self.out.push(b'\n');
                self.out.resize(self.out.len() + indent, b' ');
                column = indent;
                if double && before_space {
                    self.out.push(b'\\');
                    column += 1;
                }
            } else {
                self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                column += 1;
            }
            after_space = character == ' ';
        }
    }
}

fn key_text<'k>(key: &'k Node<'_>) -> &'k str {
    if let Content::Scalar(text) = &key.content { text } else { "" }
}

fn characters(key: &Node<'_>) -> Vec<char> {
    key_text(key).chars().collect()
}

/// Returns whether `node` takes lines of its own.
fn is_collection(node: &Node<'_>) -> bool {
    match &node.content {
        Content::Mapping(pairs) => !pairs.is_empty(),
        Content::Sequence(items) => !items.is_empty(),
        Content::Scalar(_) => false,
    }
}

/// The order of keys in go-yaml: numbers within names count by their value,
/// letters come after everything else.
pub fn natural_order(left: &[char], right: &[char]) -> Ordering {
    let Some(at) = left.iter().zip(right).position(|(a, b)| a != b) else {
        return left.len().cmp(&right.len());
    };
    match (left[at].is_alphabetic(), right[at].is_alphabetic()) {
        (true, true) => return left[at].cmp(&right[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Zeros within a number count as digits of it.
    let within = (left[at] == '0' || right[at] == '0')
        && left[..at].iter().rev().take_while(|digit| digit.is_numeric()).any(|digit| *digit != '0');
    let number = |text: &[char]| {
        let digits = text[at..].iter().map_while(|digit| digit.to_digit(10));
        digits.fold((u64::from(within), 0), |(value, count): (u64, usize), digit| {
            (value.wrapping_mul(10).wrapping_add(u64::from(digit)), count + 1)
        })
    };
    number(left).cmp(&number(right)).then(left[at].cmp(&right[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Node<'_>) -> String {
        let mut out = Vec::new();
        kubernetes(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_are_in_natural_order_and_lists_at_the_column_of_their_key() {
        let pair = |key: &'static str, value| (Node::text(key), value);
        let item = Node::mapping(vec![pair("b", Node::text("x")), pair("a", Node::sequence(vec![]))]);
        let value = Node::mapping(vec![
            pair("a10", Node::text("n")),
            pair("a2", Node::sequence(vec![item, Node::null()])),
            pair("10", Node::text("")),
            pair("9", Node::mapping(vec![])),
        ]);
        assert_eq!(text(&value), "\"9\": {}\n\"10\": \"\"\na2:\n- a: []\n  b: x\n- null\na10: \"n\"\n");
    }

    #[test]
    fn long_lines_fold_behind_column_80() {
        let words = "word ".repeat(30);
        let value = Node::mapping(vec![(Node::text("k"), Node::text(words.trim_end()))]);
        let written = text(&value);
        assert!(written.lines().all(|line| line.len() <= 85), "{written}");
        assert_eq!(written.lines().count(), 2);
        assert!(written.lines().skip(1).all(|line| line.starts_with("  word")));
    }
}
