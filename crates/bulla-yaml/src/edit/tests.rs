use super::*;
use crate::compose::parse;
use crate::tree::Node;

fn path(text: &str) -> Vec<Step<'_>> {
    let step = |part| str::parse(part).map_or(Step::Key(part), Step::Index);
    text.split('.').filter(|part| !part.is_empty()).map(step).collect()
}

fn after_set(source: &str, at: &str, value: &Node<'_>) -> String {
    let limits = Limits::default();
    let stream = parse(source.as_bytes(), &limits).unwrap();
    match set(&stream, 0, &path(at), value, &limits) {
        Ok(splices) => apply(source, &splices),
        Err(error) => error.to_string(),
    }
}

fn after_remove(source: &str, at: &str) -> String {
    let limits = Limits::default();
    let stream = parse(source.as_bytes(), &limits).unwrap();
    match remove(&stream, 0, &path(at), &limits) {
        Ok(splices) => apply(source, &splices),
        Err(error) => error.to_string(),
    }
}

fn map(key: &'static str, value: Node<'static>) -> Node<'static> {
    Node::mapping(vec![(Node::text(key), value)])
}

#[test]
fn a_scalar_is_replaced_in_its_own_style() {
    for (source, expected) in [
        ("a: x # c\nb: 1\n", "a: new # c\nb: 1\n"),
        ("a: 'x'\n", "a: 'new'\n"),
        ("a:   \"x\"   # c\n", "a:   \"new\"   # c\n"),
        ("a: |  # c\n   x\n   y\n\nb: 1\n", "a: |-  # c\n   new\n\nb: 1\n"),
        ("a: >+\n x\n\n", "a: >-\n new\n\n"),
        ("a: 1", "a: new"),
        ("a:\nb: 1\n", "a: new\nb: 1\n"),
        ("a: &x !!str 1\nb: *x\n", "a: &x new\nb: *x\n"),
        ("a: !t &x 1\n", "a: &x new\n"),
        ("{a: x, b: y}\n", "{a: new, b: y}\n"),
        ("{a}\n", "{a: new}\n"),
        ("? a\n", "? a\n: new\n"),
        ("a:\n  x\n", "a:\n  new\n"),
        ("a: \"x\n  y\" # c\n", "a: \"new\" # c\n"),
        ("\u{FEFF}a: x\n", "\u{FEFF}a: new\n"),
    ] {
        assert_eq!(after_set(source, "a", &Node::text("new")), expected, "{source:?}");
    }
}

#[test]
fn several_lines_become_a_block_where_one_can_stand() {
    for (source, expected) in [
        ("a: x # c\nb: 1\n", "a: |- # c\n    l\n    m\nb: 1\n"),
        ("a: x", "a: |-\n    l\n    m"),
        ("k:\n  b: 1\na:\n", "k:\n  b: 1\na: |-\n  l\n  m\n"),
        ("a: 'x'\n", "a: \"l\\nm\"\n"),
        ("a: |\n   x\nb: 1\n", "a: |-\n   l\n   m\nb: 1\n"),
        ("{a: x}\n", "{a: \"l\\nm\"}\n"),
        ("a: x\r\nb: 1\r\n", "a: |-\r\n    l\r\n    m\r\nb: 1\r\n"),
    ] {
        assert_eq!(after_set(source, "a", &Node::text("l\nm")), expected, "{source:?}");
    }
}

#[test]
fn a_collection_takes_the_place_of_a_scalar_and_back() {
    let value =
        || Node::mapping(vec![(Node::text("x"), Node::int(1)), (Node::text("q"), map("z", Node::int(2)))]);
    for (source, at, expected) in [
        ("a: v # c\nb: 1\n", "a", "a: # c\n    x: 1\n    q:\n        z: 2\nb: 1\n"),
        ("k:\n  a: {}\nb: 1\n", "k.a", "k:\n  a:\n    x: 1\n    q:\n      z: 2\nb: 1\n"),
        ("- v\n- w\n", "0", "- x: 1\n  q:\n      z: 2\n- w\n"),
        ("- v # c\n", "0", "- # c\n  x: 1\n  q:\n      z: 2\n"),
        ("- - v\n  - w\n", "0.0", "- - x: 1\n    q:\n        z: 2\n  - w\n"),
        ("[v, w]\n", "0", "[{x: 1, q: {z: 2}}, w]\n"),
        ("a: |\n  v\nb: 1\n", "a", "a: \n    x: 1\n    q:\n        z: 2\nb: 1\n"),
        ("a: &n v\n", "a", "a: &n\n    x: 1\n    q:\n        z: 2\n"),
        ("a:\n  - p\n  - q # c\nb: 1\n", "a", "a:\n  x: 1\n  q:\n    z: 2\nb: 1\n"),
    ] {
        let found = after_set(source, at, &value());
        assert_eq!(found, expected, "{source:?}");
    }
    for (source, expected) in [
        ("a: # c\n  # d\n  x: 1 # e\n  # f\nb: 1\n", "a: s # c\n  # f\nb: 1\n"),
        ("a:\n- x\n- y\n", "a: s\n"),
        ("a: {x: 1} # c\n", "a: s # c\n"),
        ("a: !!map &n\n  x: 1\n", "a: &n s\n"),
    ] {
        assert_eq!(after_set(source, "a", &Node::text("s")), expected, "{source:?}");
    }
}

#[test]
fn missing_entries_are_appended() {
    for (source, at, expected) in [
        ("a: 1\n", "b", "a: 1\nb: v\n"),
        ("a: 1", "b", "a: 1\nb: v"),
        ("a: 1 # c\n# end\n", "b", "a: 1 # c\nb: v\n# end\n"),
        ("a: 1\n\n# end\n", "b", "a: 1\nb: v\n\n# end\n"),
        ("k:\n  a: 1\n  # foot\nz: 2\n", "k.b", "k:\n  a: 1\n  # foot\n\n  b: v\nz: 2\n"),
        ("k:\n   - a: 1\n     b: 2\nz: 1\n", "k.0.c", "k:\n   - a: 1\n     b: 2\n     c: v\nz: 1\n"),
        ("k:\n- x\nz: 1\n", "k.5", "k:\n- x\n- v\nz: 1\n"),
        ("- - x\n- y\n", "0.1", "- - x\n  - v\n- y\n"),
        ("{a: 1}\n", "b", "{a: 1, b: v}\n"),
        ("{a: 1,}\n", "b", "{a: 1, b: v}\n"),
        ("{a: 1, c: }\n", "b", "{a: 1, c: , b: v }\n"),
        ("[{x: 1}: y]\n", "0.b", "[{{x: 1}: y, b: v}]\n"),
        ("a: |\n  x\n   \n", "b", "a: |\n  x\n   \nb: v\n"),
        ("[a: 1]\n", "0.b", "[{a: 1, b: v}]\n"),
        ("k: {}\n", "k.b", "k:\n    b: v\n"),
        ("k: []\n", "k.0", "k:\n    - v\n"),
        ("{}\n", "b", "b: v\n"),
        ("a: |\n  x", "b", "a: |-\n  x\nb: v"),
        ("a: |+\n  x\n\n", "b", "a: |+\n  x\n\nb: v\n"),
        ("a: 1\n", "b.c.0", "a: 1\nb:\n    c:\n        - v\n"),
        ("a: 1\n...\n", "b", "a: 1\nb: v\n...\n"),
        ("a: 1\n---\nb: 2\n", "c", "a: 1\nc: v\n---\nb: 2\n"),
        ("---\n", "b", "---\nb: v\n"),
        ("a: s\n", "a.b", "a:\n    b: v\n"),
        ("a: 1\r\n", "b", "a: 1\r\nb: v\r\n"),
    ] {
        assert_eq!(after_set(source, at, &Node::text("v")), expected, "{source:?}");
    }
}

#[test]
fn entries_are_removed_with_their_lines() {
    for (source, at, expected) in [
        ("a: 1 # c\nb: 2\n", "a", "b: 2\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: 1\nb: 2\n", "b", "a: 1\n"),
        ("# head\na:\n  x: 1\n  y: 2\nb: 2\n", "a", "# head\nb: 2\n"),
        ("k:\n  a: 1\n", "k.a", "k: {}\n"),
        ("k: # c\n  - a\n", "k.0", "k: [] # c\n"),
        ("a: 1\n", "a", "{}\n"),
        ("- a: 1\n  b: 2\n", "0.a", "- b: 2\n"),
        ("- a: 1\n  b: 2\n", "0.b", "- a: 1\n"),
        ("- - x\n  - y\n- z\n", "0.0", "- - y\n- z\n"),
        ("- x\n-\n  y: 1\n- z\n", "1", "- x\n- z\n"),
        ("a: |\n  x\n\nb: 1\n", "a", "\nb: 1\n"),
        ("{a: 1, b: 2, c: 3}\n", "a", "{b: 2, c: 3}\n"),
        ("{a: 1, b: 2, c: 3}\n", "b", "{a: 1, c: 3}\n"),
        ("{a: 1, b: 2, c: 3}\n", "c", "{a: 1, b: 2}\n"),
        ("{ a: 1 }\n", "a", "{}\n"),
        ("[x, y]\n", "1", "[x]\n"),
        ("k: !!map\n  a: 1\n", "k.a", "k: !!map {}\n"),
        ("[a: 1]\n", "0.a", "[{}]\n"),
        ("-\n  a: 1\n- b\n", "0", "- b\n"),
        ("? a\n? b\n", "a", "? b\n"),
        ("\u{FEFF}a: 1\nb: 2\n", "a", "\u{FEFF}b: 2\n"),
        ("? a\n: 1\n? b\n: 2\n", "a", "? b\n: 2\n"),
        ("a: |\n  x\nb:\n  c: 1\n  # foot\nd: 2\n", "b", "a: |\n  x\nd: 2\n"),
    ] {
        assert_eq!(after_remove(source, at), expected, "{source:?}");
    }
}

#[test]
fn edits_that_cannot_be_made_are_refused() {
    for (source, at, expected) in [
        ("a: &x {k: 1}\nb: *x\n", "b.k", "[\"b\"] is an alias of a value defined elsewhere"),
        ("a: [1]\n", "a.k", "[\"a\"] is not a mapping"),
        ("a: {b: 1}\n", "a.0", "[\"a\"] is not a sequence"),
    ] {
        assert_eq!(after_set(source, at, &Node::null()), expected);
    }
    assert_eq!(after_remove("a: 1\n", "b"), "[\"b\"] does not exist");
    assert_eq!(after_remove("a: [1]\n", "a.1"), "[\"a\"][1] does not exist");
    assert_eq!(after_remove("a: 1\n", ""), "the document does not exist");
    assert_eq!(after_remove("a: &x 1\nb: *x\n", "a"), "cannot edit [\"a\"] in place (line 1)");
}
