use serde_json::Value;

use super::*;
use crate::node::Style;
use crate::tree::{Item, float_text};

fn emitted(node: Node<'_>, indent: usize) -> String {
    let mut out = Vec::new();
    emit(&[node], indent, &mut out);
    String::from_utf8(out).unwrap()
}

fn under(key: &str, value: Node<'static>) -> Node<'static> {
    Node::mapping(vec![(Node::text(key.to_owned()), value)])
}

fn comment<T>(value: &Value) -> Option<Item<'_, T>> {
    let text = value.get("c")?.as_str().unwrap();
    Some(Item::Comment { text, inline: value["inline"].as_bool().unwrap() })
}

fn described(value: &Value) -> Node<'static> {
    let (kind, content) = value.as_object().unwrap().iter().next().unwrap();
    let text = || content.as_str().unwrap().to_owned();
    match kind.as_str() {
        "m" => Node::commented_mapping(content.as_array().unwrap().iter().map(|item| {
            comment(item).unwrap_or_else(|| Item::Entry((described(&item["k"]), described(&item["v"]))))
        })),
        "q" => Node::commented_sequence(
            content
                .as_array()
                .unwrap()
                .iter()
                .map(|item| comment(item).unwrap_or_else(|| Item::Entry(described(item)))),
        ),
        "s" => Node::text(text()),
        "x" => {
            let hex = text();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            Node::string(bytes.leak())
        }
        "b" => Node::boolean(content.as_bool().unwrap()),
        "i" => Node::int(text().parse().unwrap()),
        "f" => Node::float(f64::from_bits(u64::from_str_radix(&text(), 16).unwrap())),
        "t" => Node::timestamp(text()),
        "n" => Node::null(),
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn trees_are_printed_as_go_yaml_prints_them() {
    let mut cases = 0;
    for line in include_str!("../../tests/fixtures/emit.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let documents: Vec<_> = case["documents"].as_array().unwrap().iter().map(described).collect();
        let mut out = Vec::new();
        emit(&documents, case["indent"].as_u64().unwrap() as usize, &mut out);
        assert_eq!(std::str::from_utf8(&out).unwrap(), case["out"].as_str().unwrap(), "{line}");
        cases += 1;
    }
    assert!(cases > 500, "{cases}");
}

#[test]
fn a_block_that_would_get_a_wrong_indentation_digit_is_double_quoted() {
    let item = |text| under("l", Node::sequence(vec![under("k", Node::text(text))]));
    assert_eq!(emitted(item("  x\n y"), 4), "l:\n    - k: \"  x\\n y\"\n");
    assert_eq!(emitted(item("  x\n y"), 2), "l:\n  - k: |2-\n        x\n       y\n");
    assert_eq!(emitted(under("k", Node::text("  x\n y")), 4), "k: |4-\n      x\n     y\n");
    assert_eq!(emitted(Node::sequence(vec![Node::text(" x\ny")]), 4), "- \" x\\ny\"\n");
}

#[test]
fn several_lines_that_start_with_a_tab_are_double_quoted() {
    assert_eq!(emitted(under("k", Node::text("\ta\nb")), 4), "k: \"\\ta\\nb\"\n");
}

#[test]
fn a_comment_of_several_lines_does_not_end_up_inside_a_block() {
    let mut value = Node::text("a\nb");
    value.append_line("# one\n# two");
    let text = emitted(under("k", value), 4);
    assert!(text.starts_with("k: \"a\\nb\" # one\n"), "{text}");
}

#[test]
fn an_empty_collection_after_a_comment_is_indented() {
    let mut first = Node::sequence(vec![Node::int(1)]);
    first.append_line("# c");
    let node = Node::mapping(vec![(Node::text("a"), first), (Node::text("b"), Node::sequence(vec![]))]);
    assert_eq!(emitted(node, 4), "a:\n    - 1\nb: # c\n    []\n");
}

#[test]
fn floats_have_an_exponent_below_minus_4_and_above_5() {
    let cases = [
        (1.0, "1"),
        (-0.0, "-0"),
        (999_999.0, "999999"),
        (1e6, "1e+06"),
        (1_234_567.5, "1.2345675e+06"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (6.02e23, "6.02e+23"),
        (1e100, "1e+100"),
        (f64::INFINITY, ".inf"),
        (f64::NEG_INFINITY, "-.inf"),
        (f64::NAN, ".nan"),
    ];
    for (value, text) in cases {
        assert_eq!(float_text(value), text);
    }
}

#[test]
fn deep_trees_are_written_and_dropped_without_recursion() {
    let mut node = Node::int(1);
    for _ in 0..100_000 {
        node = Node::sequence(vec![node]);
    }
    let text = flow_text(&node);
    assert_eq!(text.len(), 200_001);
}

const BLOCK: Place = Place { flow: false, key: false, indent: 4, parent: 2 };
const FLOW: Place = Place { flow: true, ..BLOCK };

#[test]
fn a_string_keeps_the_style_of_its_place_where_it_can() {
    let spelled = |text, style, place| styled_text(text, style, place).into_string();
    for (text, style, place, expected) in [
        ("x", Style::Plain, BLOCK, "x"),
        ("a, b", Style::Plain, BLOCK, "a, b"),
        ("a, b", Style::Plain, FLOW, "'a, b'"),
        ("true", Style::Plain, BLOCK, "\"true\""),
        ("it's", Style::SingleQuoted, BLOCK, "'it''s'"),
        ("a\tb", Style::SingleQuoted, BLOCK, "\"a\\tb\""),
        ("x", Style::DoubleQuoted, BLOCK, "\"x\""),
        ("x", Style::Literal, BLOCK, "|-\n    x\n"),
        ("x\n", Style::Literal, BLOCK, "|\n    x\n"),
        ("x\n\n", Style::Literal, BLOCK, "|+\n    x\n\n"),
        (" x\n", Style::Literal, BLOCK, "|2\n     x\n"),
        ("x\n", Style::Literal, FLOW, "\"x\\n\""),
        ("x \ny", Style::Literal, BLOCK, "\"x \\ny\""),
        ("a\nb\n\nc\n", Style::Folded, BLOCK, ">\n    a\n\n    b\n\n\n    c\n"),
        ("a\n  b", Style::Folded, BLOCK, "|-\n    a\n      b\n"),
        ("a\nb", Style::Plain, BLOCK, "|-\n    a\n    b\n"),
        ("a\nb", Style::Plain, Place { key: true, ..BLOCK }, "\"a\\nb\""),
    ] {
        assert_eq!(spelled(text, style, place), expected, "{text:?} {style:?}");
    }
    assert_eq!(scalar_text(&Node::string(b"\xff"), BLOCK).into_string(), "!!binary /w==");
}

#[test]
fn a_subtree_fits_on_one_line_without_its_comments() {
    let mut secret = Node::text("ENC[x,y]");
    secret.append_line("# gone");
    let list = Node::commented_sequence([
        Item::Comment { text: " gone", inline: false },
        Item::Entry(Node::int(1)),
        Item::Entry(Node::text("a\u{2028}b")),
        Item::Entry(Node::text("a\nb")),
        Item::Entry(Node::mapping(vec![])),
    ]);
    let node = Node::mapping(vec![(Node::text("k"), secret), (Node::text("l"), list)]);
    assert_eq!(flow_text(&node), r#"{k: 'ENC[x,y]', l: [1, "a\Lb", "a\nb", {}]}"#);
}
