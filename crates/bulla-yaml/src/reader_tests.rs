//! Small streams whose reading by go-yaml v3.0.4 is known.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::{Comment, Error, Kind, Limits, Node, Stream, Style, decode_utf16, parse};

fn read(source: &str) -> Stream<'_> {
    parse(source.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error} in {source:?}"))
}

fn refusal(source: &str) -> String {
    match parse(source.as_bytes(), &Limits::default()) {
        Ok(_) => panic!("accepted: {source:?}"),
        Err(error) => error.to_string(),
    }
}

/// One line per node: indentation, line:column, kind and text, then H, L and F comments.
fn outline(source: &str) -> String {
    let stream = read(source);
    let mut out = String::new();
    let comments = |out: &mut String, parts: [(char, Option<&Comment>); 3]| {
        for (name, comment) in parts {
            if let Some(comment) = comment {
                let _ = write!(out, " {name}{:?}", comment.text());
            }
        }
        out.push('\n');
    };
    for document in stream.documents() {
        let _ = write!(out, "{}:{} doc", document.line(), document.column());
        comments(&mut out, [('H', document.head_comment()), ('L', None), ('F', document.foot_comment())]);
        let mut open = vec![(document.root(), 1)];
        while let Some((id, depth)) = open.pop() {
            let node = &stream[id];
            let _ = write!(out, "{:depth$}{}:{} {}", "", node.line(), node.column(), label(node));
            let (head, line, foot) = (node.head_comment(), node.line_comment(), node.foot_comment());
            comments(&mut out, [('H', head), ('L', line), ('F', foot)]);
            open.extend(stream.children(id).iter().rev().map(|&child| (child, depth + 1)));
        }
    }
    out
}

fn label(node: &Node<'_>) -> String {
    let mut label = match (node.kind(), node.style()) {
        (Kind::Mapping, Style::Flow) => "{}".to_owned(),
        (Kind::Mapping, _) => "map".to_owned(),
        (Kind::Sequence, Style::Flow) => "[]".to_owned(),
        (Kind::Sequence, _) => "seq".to_owned(),
        (Kind::Alias { .. }, _) => format!("*{}", node.value()),
        (Kind::Scalar, Style::Plain) => format!("={}", node.value()),
        (Kind::Scalar, style) => format!("{style:?}={:?}", node.value()),
    };
    if let Some(anchor) = node.anchor() {
        label = format!("&{anchor} {label}");
    }
    if let Some(tag) = node.tag() {
        label = format!("<{tag}> {label}");
    }
    label
}

/// The source text of every scalar.
fn spans(source: &str) -> Vec<&str> {
    let stream = read(source);
    let scalars = stream.nodes.iter().filter(|node| node.kind() == Kind::Scalar);
    scalars.map(|node| &source[node.span()]).collect()
}

#[test]
fn a_mapping_is_read_with_styles_tags_and_anchors() {
    assert_eq!(
        outline("a: &x !!str 1\nb: [*x, 'it''s', \"t\\tb\"]\n? |-\n  k\n: >\n  f\n  g\n\n"),
        "1:1 doc\n 1:1 map\n  1:1 =a\n  1:4 <!!str> &x =1\n  2:1 =b\n  2:4 []\n   2:5 *x\n   \
         2:9 SingleQuoted=\"it's\"\n   2:18 DoubleQuoted=\"t\\tb\"\n  3:3 Literal=\"k\"\n  5:3 Folded=\"f g\\n\"\n"
    );
}

#[test]
fn plain_scalars_fold_and_end_where_go_says() {
    assert_eq!(
        outline("a: b\n  c\n\n  d # e\nf: a#b:c\n"),
        "1:1 doc\n 1:1 map\n  1:1 =a\n  1:4 =b c\nd L\"# e\"\n  5:1 =f\n  5:4 =a#b:c\n"
    );
    assert_eq!(outline("{a:}"), "1:1 doc\n 1:1 {}\n  1:2 =a:\n  1:4 =\n");
}

#[test]
fn several_documents_share_their_anchors() {
    assert_eq!(
        outline("a: &x 1\n---\n- *x\n...\n"),
        "1:1 doc\n 1:1 map\n  1:1 =a\n  1:4 &x =1\n2:1 doc\n 3:1 seq\n  3:3 *x\n"
    );
    let stream = read("a\n--- # x\nb\n...\n# y\n---\nc");
    let documents: Vec<_> = stream.documents().iter().map(|doc| &stream.source()[doc.span()]).collect();
    assert_eq!(documents, ["a\n", "--- # x\nb\n...\n", "# y\n---\nc"]);
    assert_eq!(stream.documents()[1].start_marker(), Some(2));
    assert_eq!(stream.documents()[1].end_marker(), Some(12));
    assert_eq!(stream.documents()[1].body_end(), 12);
    assert!(read("# nothing\n").documents().is_empty());
}

#[test]
fn comments_go_where_go_yaml_puts_them() {
    assert_eq!(
        outline("# h\n\n# i\na: b # l\n# f\n\n# g\n"),
        "4:1 doc H\"# h\" F\"# g\"\n 4:1 map\n  4:1 =a H\"# i\" F\"# f\"\n  4:4 =b L\"# l\"\n"
    );
    assert_eq!(
        outline("a:\n  b: c\n\n  # foot\n\nd: e\n"),
        "1:1 doc\n 1:1 map\n  1:1 =a\n  2:3 map\n   2:3 =b F\"# foot\\n\"\n   2:6 =c\n  6:1 =d\n  6:4 =e\n"
    );
    assert_eq!(
        outline("# x\n- # y\n  a: 1\n"),
        "2:1 doc\n 2:1 seq\n  3:3 map H\"# x\"\n   3:3 =a H\"# y\"\n   3:6 =1\n"
    );
    assert_eq!(
        outline("k: |  # c\n  t\n# d\nm: n\n"),
        "1:1 doc\n 1:1 map\n  1:1 =k\n  1:4 Literal=\"t\\n\" L\"# c\"\n  4:1 =m H\"# d\"\n  4:4 =n\n"
    );
}

#[test]
fn comment_spans_are_the_physical_lines() {
    let source = "# é one\n#two\n\na: 1 # l\n";
    let stream = read(source);
    let head: Vec<_> = stream.documents()[0].head_comment().into_iter().flat_map(Comment::spans).collect();
    let head: Vec<_> = head.into_iter().map(|span| &source[span]).collect();
    assert_eq!(head, ["# é one", "#two"]);
    let value = &stream[stream.children(stream.documents()[0].root())[1]];
    let line = value.line_comment().and_then(|comment| comment.spans().next());
    assert_eq!(line, Some(20..23));
}

#[test]
fn scalar_spans_begin_at_the_scalar_itself() {
    assert_eq!(spans("&a !!str k: &b 'v' # c\n"), ["k", "'v'"]);
    assert_eq!(spans("é: \"ö\"\n"), ["é", "\"ö\""]);
    assert_eq!(spans("k: |+ # c\n  a\n  b\n\n\nl: m\n"), ["k", "|+ # c\n  a\n  b\n\n\n", "l", "m"]);
    assert_eq!(spans("k: >\n  end"), ["k", ">\n  end"]);
    assert_eq!(spans("a:\nb: !!str\n"), ["a", "", "b", ""]);
    let stream = read("a:\n- b:\n    c: [d, {e: f}]\n  g:\n# h\n");
    let block = stream
        .nodes
        .iter()
        .filter(|node| node.style() == Style::Block)
        .map(|node| (node.indent(), node.span()));
    let found: Vec<_> = block.collect();
    assert_eq!(found, [(0, 0..31), (0, 3..31), (2, 5..31), (4, 12..26)]);
    assert_eq!(stream.documents()[0].content_end(), 32);
}

#[test]
fn refusals_read_as_in_go() {
    for (source, expected) in [
        ("foo:\n  bar\ninvalid\n", "yaml: line 3: could not find expected ':'"),
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("- a:\n   b\n\tc\n", "yaml: line 2: found a tab character that violates indentation"),
        ("a: @b", "yaml: found character that cannot start any token"),
        ("[a", "yaml: line 1: did not find expected ',' or ']'"),
        ("{a: b", "yaml: line 1: did not find expected ',' or '}'"),
        ("- a\nb: c\n", "yaml: line 1: did not find expected '-' indicator"),
        ("a: *b", "yaml: unknown anchor referenced (line 1, column 4)"),
        ("a: !x!y z", "yaml: found undefined tag handle"),
        ("%YAML 1.2\n---\n", "yaml: found incompatible YAML document"),
        ("\"a\\/b\"", "yaml: found unknown escape character"),
        ("a: \u{1}", "yaml: control characters are not allowed"),
        ("'a", "yaml: found unexpected end of stream"),
    ] {
        assert_eq!(refusal(source), expected, "{source:?}");
    }
    let error = parse(b"a: b\nc: 'd\n", &Limits::default()).map(|_| ()).expect_err("an open quote");
    assert_eq!(error.position(), Some((3, 1)));
}

#[test]
fn malformed_utf_8_is_refused_and_utf_16_can_be_converted() {
    for (bytes, problem) in [
        (&b"a: \xFF"[..], "yaml: invalid leading UTF-8 octet"),
        (b"a: \xC3", "yaml: incomplete UTF-8 octet sequence"),
        (b"a: \xC3(", "yaml: invalid trailing UTF-8 octet"),
        (b"a: \xC0\x80", "yaml: invalid length of a UTF-8 sequence"),
        (b"a: \xED\xA0\x80", "yaml: invalid Unicode character"),
    ] {
        let error = parse(bytes, &Limits::default()).map(|_| ()).expect_err("not UTF-8");
        assert_eq!(error.to_string(), problem);
    }
    let utf16 = b"\xFE\xFF\x00a\x00:\x00 \x00b";
    assert_eq!(parse(utf16, &Limits::default()).map(|_| ()), Err(Error::Utf16));
    assert_eq!(decode_utf16(utf16).as_deref(), Some("a: b"));
    assert_eq!(spans("\u{FEFF}a: b"), ["a", "b"]);
}

#[test]
fn f_01_every_yaml_limit_holds_at_its_edge() {
    let limits = Limits { depth: 3, nodes: 6, documents: 2, expansion: 100 };
    let with = |source: &str| parse(source.as_bytes(), &limits).map(|_| ());
    assert_eq!(with("[[[a]]]"), Ok(()));
    assert_eq!(with("[[[[a]]]]"), Err(Error::Depth { limit: 3, line: 1, column: 4 }));
    assert_eq!(with("[a, b, c, d, e]"), Ok(()));
    assert_eq!(with("[a, b, c, d, e, f]"), Err(Error::Nodes { limit: 6, line: 1, column: 17 }));
    assert_eq!(with("a\n---\nb"), Ok(()));
    assert_eq!(with("a\n---\nb\n---\nc"), Err(Error::Documents { limit: 2, line: 4 }));
    // Aliases count as what they stand for.
    assert_eq!(with("[&a [[x]], *a]"), Err(Error::Nodes { limit: 6, line: 1, column: 12 }));
    assert_eq!(with("- &a [[x]]\n- [*a]"), Err(Error::Depth { limit: 3, line: 2, column: 4 }));
}

#[test]
fn f_02_alias_bomb_is_refused() {
    let mut bomb = String::from("a0: &a0 [x]\n");
    for level in 1..9 {
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 10].join(", "));
    }
    let start = Instant::now();
    let error = parse(bomb.as_bytes(), &Limits::default()).map(|_| ()).expect_err("a bomb");
    assert!(matches!(error, Error::Expansion { .. } | Error::Nodes { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(1));
    let mut long = format!("a: &a {}\nb:\n", "x".repeat(100_000));
    long.push_str(&"- *a\n".repeat(200));
    assert!(matches!(parse(long.as_bytes(), &Limits::default()), Err(Error::Expansion { line: 103, .. })));
}

#[test]
fn f_02_tags_with_a_long_prefix_are_refused() {
    let source = format!("%TAG !a! {}\n---\n[{}]", "x".repeat(100_000), "!a!b c, ".repeat(1000));
    let error = parse(source.as_bytes(), &Limits::default()).map(|_| ()).expect_err("a bomb");
    assert!(matches!(error, Error::Expansion { line: 3, .. }), "{error}");
}

#[test]
fn f_02_alias_cycle_is_refused() {
    let error = parse(b"a: &x\n  b: [1, *x]\n", &Limits::default()).map(|_| ()).expect_err("a cycle");
    assert_eq!(error, Error::AliasCycle { name: "x".to_owned(), line: 2, column: 10 });
}

#[test]
fn f_06_deep_nesting_does_not_use_the_stack() {
    let deep = Limits { depth: 20_000, ..Limits::default() };
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let source = |depth: usize| open.repeat(depth) + "x" + &close.repeat(depth);
        assert!(parse(source(9_000).as_bytes(), &deep).is_ok(), "{open}");
        let error = parse(source(10_001).as_bytes(), &deep).map(|_| ()).expect_err("too deep");
        assert!(error.to_string().ends_with("exceeded max depth of 10000"), "{error}");
        let error = parse(source(200_000).as_bytes(), &Limits::default()).map(|_| ()).expect_err("too deep");
        assert!(matches!(error, Error::Depth { limit: 128, .. } | Error::Syntax { .. }), "{error}");
    }
}

#[test]
fn f_03_repeated_keys_are_found_in_every_mapping() {
    let source = "a: 1\n\"a\": 2\nb: {c: 1, d: 2, c: 3}\n[x]: 1\n[y]: 2\n---\n- {e: 1, e: 2, e: 3}\n";
    let stream = read(source);
    let found: Vec<_> = stream
        .documents()
        .iter()
        .flat_map(|document| stream.duplicate_keys(document.root()))
        .map(|key| key.describe(&stream))
        .collect();
    assert_eq!(
        found,
        [
            "line 2: mapping key already defined at line 1",
            "line 5: mapping key already defined at line 4",
            "line 3: mapping key already defined at line 3",
            "line 7: mapping key already defined at line 7",
            "line 7: mapping key already defined at line 7",
        ]
    );
}
