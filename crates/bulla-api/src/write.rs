//! Objects as text: JSON as Go's `MarshalIndent` prints it, YAML as
//! sigs.k8s.io/yaml does (`sealed-secrets.md` 4.7).

use std::fmt::Write as _;

use bulla_yaml::emit;
use bulla_yaml::tree::Node;

use crate::tree::Tree;

/// Writes JSON with two spaces per level, without a line break at its end.
/// `<`, `>` and `&` are escaped.
pub fn json(tree: &Tree) -> String {
    let mut out = String::with_capacity(room(tree, 1));
    value(tree, Some(0), &mut out);
    out
}

/// Writes JSON in one line, without a line break at its end.
pub fn json_line(tree: &Tree) -> String {
    let mut out = String::with_capacity(room(tree, 1));
    value(tree, None, &mut out);
    out
}

/// Writes YAML: keys in natural order, a line break at the end.
pub fn yaml(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::with_capacity(room(tree, 1));
    emit::kubernetes(&node(tree), &mut out);
    out
}

/// Bytes that a tree takes at most, in JSON and YAML: what a text leaves behind
/// when it grows is not wiped, and it may be a private key. The
/// scalars that YAML is put together from are not wiped either.
fn room(tree: &Tree, depth: usize) -> usize {
    let indent = 2 * depth;
    // Quotes, a colon or comma, a hyphen, breaks, of which a collection has two; a
    // whole number has up to 20 characters.
    let around = 2 * indent + 24;
    around
        + match tree {
            Tree::Null | Tree::Bool(_) | Tree::Int(_) => 0,
            Tree::Number(text) => text.len(),
            Tree::Text(text) => text_room(text, indent),
            Tree::List(items) => items.iter().map(|item| room(item, depth + 1)).sum(),
            Tree::Map(pairs) => {
                let pairs = pairs.iter();
                pairs.map(|(key, item)| text_room(key, indent) + room(item, depth + 1)).sum()
            }
        }
}

fn text_room(text: &str, indent: usize) -> usize {
    let escaped = |byte: u8| match byte {
        // As a line of its own, which may begin deeper than its parent.
        b'\n' => indent + 8,
        // Where a line is folded.
        b' ' => indent + 2,
        b'"' | b'\'' | b'\\' | b'<' | b'>' | b'&' => 6,
        b'!'..=b'~' => 1,
        _ => 6,
    };
    text.bytes().map(escaped).sum()
}

fn node(tree: &Tree) -> Node<'_> {
    match tree {
        Tree::Null => Node::null(),
        Tree::Bool(truth) => Node::boolean(*truth),
        Tree::Int(number) => Node::int(*number),
        Tree::Number(text) => Node::scalar(text.as_str(), bulla_yaml::Style::Plain),
        Tree::Text(text) => Node::text(text.as_str()),
        Tree::List(items) => Node::sequence(items.iter().map(node).collect()),
        Tree::Map(pairs) => {
            Node::mapping(pairs.iter().map(|(key, value)| (Node::text(key.as_str()), node(value))).collect())
        }
    }
}

/// `depth` is the indentation in levels; none writes one line.
fn value(tree: &Tree, depth: Option<usize>, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Tree::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Tree::Number(text) => out.push_str(text),
        Tree::Text(text) => quoted(text, out),
        Tree::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, depth, out);
                value(item, depth.map(|depth| depth + 1), out);
            }
            close(items.is_empty(), depth, ']', out);
        }
        Tree::Map(pairs) => {
            out.push('{');
            for (index, (key, item)) in pairs.iter().enumerate() {
                separate(index, depth, out);
                quoted(key, out);
                out.push_str(if depth.is_some() { ": " } else { ":" });
                value(item, depth.map(|depth| depth + 1), out);
            }
            close(pairs.is_empty(), depth, '}', out);
        }
    }
}

fn separate(index: usize, depth: Option<usize>, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
    if let Some(depth) = depth {
        line(depth + 1, out);
    }
}

fn close(is_empty: bool, depth: Option<usize>, bracket: char, out: &mut String) {
    if let Some(depth) = depth.filter(|_| !is_empty) {
        line(depth, out);
    }
    out.push(bracket);
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        let value: serde_json::Value = serde_json::from_str(
            "{\"b10\":\"<&>\\u2028\\u0001\\t\\b\",\"b9\":[1,{\"a\":null}],\"f\":[100.0,1e21,18446744073709551615],\"n\":{},\"l\":[],\"t\":\"true\"}",
        )
        .unwrap();
        Tree::from(&value)
    }

    #[test]
    fn json_is_that_of_go() {
        assert_eq!(
            json_line(&sample()),
            "{\"b10\":\"\\u003c\\u0026\\u003e\\u2028\\u0001\\t\\b\",\"b9\":[1,{\"a\":null}],\"f\":[100,1e+21,18446744073709551615],\"l\":[],\"n\":{},\"t\":\"true\"}"
        );
        assert_eq!(
            json(&Tree::Map(vec![
                ("a".into(), Tree::List(vec![Tree::Map(vec![])])),
                ("b".into(), Tree::Null)
            ])),
            "{\n  \"a\": [\n    {}\n  ],\n  \"b\": null\n}"
        );
    }

    #[test]
    fn no_text_grows_while_it_is_written() {
        let texts = [
            "",
            "a",
            "\u{1}\u{2028}é<&>\"\\'",
            "a\nb\n\n  c\n",
            " a: b #",
            "\n",
            "true",
            "\u{1f600}\u{7f}\t",
            "a b",
            "a\u{1}  b ",
            &("a".repeat(79) + " "),
        ];
        let fits = |tree: &Tree| {
            let longest = [json(tree).len(), json_line(tree).len(), yaml(tree).len()].into_iter().max();
            assert!(longest <= Some(room(tree, 1)), "{longest:?}: {}", json_line(tree));
        };
        // Deep down, lines are folded at each space.
        for (text, depth) in texts.into_iter().flat_map(|text| [0, 1, 7, 40].map(|depth| (text, depth))) {
            let mut tree = Tree::text(text.repeat(99));
            fits(&tree);
            for _ in 0..depth {
                tree = Tree::List(vec![Tree::Map(vec![(text.to_owned(), tree)]), Tree::Int(i64::MIN)]);
            }
            fits(&tree);
        }
        for tree in [sample(), Tree::Null, Tree::Map(vec![])] {
            fits(&tree);
        }
    }

    #[test]
    fn yaml_is_that_of_sigs() {
        let pairs = vec![
            ("b10".to_owned(), Tree::text("true")),
            ("n".to_owned(), Tree::Map(vec![])),
            ("b9".to_owned(), Tree::List(vec![Tree::Int(1), Tree::text("1")])),
            ("m".to_owned(), Tree::text("a\nb\n")),
        ];
        assert_eq!(
            String::from_utf8(yaml(&Tree::Map(pairs))).unwrap(),
            "b9:\n- 1\n- \"1\"\nb10: \"true\"\nm: |\n  a\n  b\n\"n\": {}\n"
        );
    }
}
