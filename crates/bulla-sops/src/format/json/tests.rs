use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::document::apply;
use crate::tree::into_owned;

fn parse(source: &str, purpose: Purpose) -> Result<Document<'_>, FormatError> {
    Json.parse(source.as_bytes(), purpose, &Limits::default())
}

fn plain(source: &str) -> Document<'_> {
    parse(source, Purpose::Plain).unwrap_or_else(|error| panic!("{source:?}: {error}"))
}

fn refusal(source: &[u8], purpose: Purpose) -> String {
    match Json.parse(source, purpose, &Limits::default()) {
        Ok(_) => panic!("{:?} was accepted", String::from_utf8_lossy(source)),
        Err(error) => error.to_string(),
    }
}

fn metadata() -> Vec<Item<'static>> {
    let key = Item::entry(&b"recipient"[..], Value::text("age1"));
    vec![
        Item::entry(&b"age"[..], Value::List(vec![Node::new(Value::Map(vec![key]))])),
        Item::entry(&b"version"[..], Value::text("3.13.3")),
    ]
}

fn with_metadata(source: &str) -> String {
    let document = plain(source);
    let edits = Json.put_metadata(&document, &metadata()).unwrap();
    String::from_utf8(apply(source.as_bytes(), edits)).unwrap()
}

fn without_metadata(source: &str) -> String {
    let document = parse(source, Purpose::Encrypted).unwrap();
    assert!(document.metadata.as_ref() == Some(&metadata()));
    let cuts = document.places[0].existing.iter().map(|range| Splice::new(range.clone(), "")).collect();
    String::from_utf8(apply(source.as_bytes(), cuts)).unwrap()
}

fn keys(path: &[&str]) -> Vec<Step> {
    path.iter()
        .map(|step| step.parse().map_or_else(|_| Step::Key(step.as_bytes().to_vec()), Step::Index))
        .collect()
}

fn set(source: &str, path: &[&str], value: Value<'_>) -> Result<String, String> {
    let edits = Json.set(source.as_bytes(), &keys(path), &Node::new(value)).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(apply(source.as_bytes(), edits)).unwrap())
}

fn unset(source: &str, path: &[&str]) -> Result<String, String> {
    let edits = Json.unset(source.as_bytes(), &keys(path)).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(apply(source.as_bytes(), edits)).unwrap())
}

#[test]
fn values_are_typed_and_placed() {
    let source = r#"{"i": -7, "f": 1.50, "big": 9223372036854775808, "s": "a\u00e9", "l": [true, null]}"#;
    let document = plain(source);
    let found: Vec<_> = document.branches[0].iter().map(|item| &item.node).collect();
    let text = |node: &Node<'_>| source[node.slot.unwrap().range()].to_owned();
    assert!(found[0].value == Value::Int(-7) && text(found[0]) == "-7");
    assert!(found[1].value == Value::Float(1.5) && text(found[1]) == "1.50");
    assert!(found[2].value == Value::Float(9_223_372_036_854_775_808.0));
    assert!(found[3].value == Value::text("aé") && text(found[3]) == r#""a\u00e9""#);
    assert_eq!(text(found[4]), "[true, null]");
}

#[test]
fn strings_and_numbers_are_written_as_go_writes_them() {
    let slot = plain(r#"{"a": 1}"#).branches[0][0].node.slot.unwrap();
    let document = plain(r#"{"a": 1}"#);
    for (value, text) in [
        (
            Value::text("<&>\u{8}\u{c}\n\r\t\u{1}\"\\/é\u{2028}"),
            r#""\u003c\u0026\u003e\b\f\n\r\t\u0001\"\\/é\u2028""#,
        ),
        (Value::text(&b"a\xff\xfe"[..]), r#""a\ufffd\ufffd""#),
        (Value::Float(1e21), "1e+21"),
        (Value::Float(1.0), "1"),
        (Value::Bool(false), "false"),
        (Value::Null, "null"),
        (Value::Unsigned(u64::MAX), "18446744073709551615"),
    ] {
        assert_eq!(Json.render(&value, slot, &document).unwrap(), text.as_bytes());
    }
    assert!(Json.render(&Value::Float(f64::NAN), slot, &document).is_err());
}

#[test]
fn metadata_follow_the_layout_of_the_document_and_leave_no_trace() {
    for (source, expected) in [
        (
            "{}\n",
            "{\n\t\"sops\": {\n\t\t\"age\": [\n\t\t\t{\n\t\t\t\t\"recipient\": \"age1\"\n\t\t\t}\n\t\t],\n\t\t\"version\": \"3.13.3\"\n\t}\n}\n",
        ),
        ("{\"a\":1}", "{\"a\":1,\"sops\":{\"age\":[{\"recipient\":\"age1\"}],\"version\":\"3.13.3\"}}"),
        (
            "{\"a\": 1, \"b\": 2}\n",
            "{\"a\": 1, \"b\": 2, \"sops\": {\"age\": [{\"recipient\": \"age1\"}], \"version\": \"3.13.3\"}}\n",
        ),
        (
            "{\r\n  \"a\": 1\r\n}",
            "{\r\n  \"a\": 1,\r\n  \"sops\": {\r\n    \"age\": [\r\n      {\r\n        \"recipient\": \"age1\"\r\n      }\r\n    ],\r\n    \"version\": \"3.13.3\"\r\n  }\r\n}",
        ),
    ] {
        assert_eq!(with_metadata(source), expected);
    }
    for source in [
        "{}",
        "{ }",
        "{\n}",
        " {\r\n}\n\n",
        "{\"a\":{}}",
        "{\n\"a\"\n:1\n}",
        "{\"a\" : 1 , \"b\" : 2 }",
        "\n{\n \"a\": [\n ]}",
    ] {
        assert_eq!(without_metadata(&with_metadata(source)), source);
    }
}

#[test]
fn metadata_are_found_wherever_they_stand() {
    let block = r#""sops": {"age": [{"recipient": "age1"}], "version": "3.13.3"}"#;
    assert_eq!(without_metadata(&format!("{{{block}, \"a\": 1}}")), r#"{"a": 1}"#);
    assert_eq!(without_metadata(&format!("{{\"a\": 1, {block}, \"b\": 2}}")), r#"{"a": 1, "b": 2}"#);
    assert_eq!(without_metadata(&format!("{{ {block} }}")), "{ }");
}

#[test]
fn broken_metadata_are_refused() {
    for (source, message) in [
        (r#"{"sops": {}, "sops": {}}"#, "Found duplicate sops entry"),
        (r#"{"sops": []}"#, "Found sops entry that is not a mapping"),
    ] {
        assert_eq!(refusal(source.as_bytes(), Purpose::Encrypted), message);
    }
}

#[test]
fn f_01_nesting_beyond_the_limit_is_refused_and_at_the_limit_read() {
    let nested = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
    assert!(parse(&nested(128), Purpose::Plain).is_ok());
    assert_eq!(
        refusal(nested(129).as_bytes(), Purpose::Plain),
        "JSON nests deeper than 128 levels at line 1, column 641"
    );
    refusal("{\"a\":".repeat(100_000).as_bytes(), Purpose::Encrypted);
}

#[test]
fn f_03_duplicate_keys_are_refused_when_encrypting_and_reported_when_decrypting() {
    let source = "{\"x\": {\"a\": \"secret\",\n\"b\": 2, \"\\u0061\": 3}}";
    assert_eq!(
        refusal(source.as_bytes(), Purpose::Plain),
        "duplicate key in JSON: value at line 2, column 19"
    );
    let document = parse(source, Purpose::Encrypted).unwrap();
    assert_eq!(document.warnings.len(), 1);
    let Value::Map(items) = &document.branches[0][0].node.value else { panic!("no map") };
    assert_eq!(items.len(), 3);
    let broken = r#"{"sops": {"mac": "1", "mac": "2"}}"#;
    assert!(refusal(broken.as_bytes(), Purpose::Encrypted).starts_with("duplicate key in metadata"));
}

#[test]
fn f_04_odd_bytes_are_refused_or_kept_but_never_altered_silently() {
    for (source, message) in [
        (&b"{} {}"[..], "bytes behind the JSON value at line 1, column 4"),
        (b"{\"a\":\"\xff\"}", "invalid UTF-8 at line 1, column 7"),
        (b"\xef\xbb\xbf{}", "byte order mark in JSON at line 1, column 1"),
        (b"{\"a\":\"\0\"}", "invalid JSON at line 1, column 7: control character in a string"),
        (b"{\"a\":1}\0", "bytes behind the JSON value at line 1, column 8"),
    ] {
        assert_eq!(refusal(source, Purpose::Plain), message);
    }
    for source in [&b"{} {}"[..], b"{\"a\":\"\xe2\x82\"}", b"{\"a\":\"\\ud800\"}"] {
        let document = Json.parse(source, Purpose::Encrypted, &Limits::default()).unwrap();
        assert_eq!(document.warnings.len(), 1);
    }
    let document = Json.parse(b"{\"a\":\"\xe2\x82\"}", Purpose::Encrypted, &Limits::default()).unwrap();
    assert!(document.branches[0][0].node.value == Value::text("\u{fffd}\u{fffd}"));
}

#[test]
fn f_06_malformed_documents_are_refused_with_their_place_and_without_their_text() {
    for source in [
        "",
        " ",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":tru}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":{]}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\",
        "{\"a\":\"x",
        "{\"a\":1e400}",
        "{\"a\":NaN}",
        "{\"a\":'x'}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":\"\t\"}",
        "{/**/}",
    ] {
        refusal(source.as_bytes(), Purpose::Encrypted);
    }
    assert_eq!(
        refusal(b"{\"a\":\n 1e400}", Purpose::Plain),
        "invalid JSON at line 2, column 2: number out of range"
    );
}

#[test]
fn output_has_the_indentation_asked_for() {
    let branch = vec![plain(r#"{"a": [1, {}], "b": []}"#).branches.remove(0)];
    let emit = |json| Json.emit(&branch, None, &Indent { json, ..Indent::default() });
    let text = |json| String::from_utf8(emit(json).unwrap()).unwrap();
    assert_eq!(text(None), "{\n\t\"a\": [\n\t\t1,\n\t\t{}\n\t],\n\t\"b\": []\n}\n");
    assert_eq!(text(Some(0)), "{\n\"a\": [\n1,\n{}\n],\n\"b\": []\n}\n");
    assert_eq!(text(Some(2)), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
    assert!(emit(Some(-2)).is_err());
    assert!(emit(Some(i64::MAX)).is_err());
}

#[test]
fn comments_vanish_and_reserved_keys_are_refused_on_output() {
    let branch = vec![Item::comment(&b" c"[..], false, None), Item::entry(&b"sops"[..], Value::Int(1))];
    assert_eq!(
        Json.emit(std::slice::from_ref(&branch), None, &Indent::default()).unwrap(),
        b"{\n\t\"sops\": 1\n}\n"
    );
    assert!(Json.emit(&[branch], Some(&metadata()), &Indent::default()).is_err());
}

#[test]
fn single_values_print_as_sops_prints_them() {
    let emit = |value| String::from_utf8(Json.emit_value(&value, &Indent::default()).unwrap()).unwrap();
    assert_eq!(emit(Value::text("<x>")), "<x>");
    assert_eq!(emit(Value::List(vec![Node::new(Value::Int(1))])), "[\n\t1\n]");
    assert_eq!(emit(Value::Null), "null");
    assert_eq!(emit(Value::Map(vec![])), "{}\n");
}

#[test]
fn set_replaces_creates_and_appends_in_place() {
    let source = "{\n  \"a\": {\"b\": 1},\n  \"l\": [1, 2],\n  \"e\": {}\n}\n";
    for (path, value, expected) in [
        (
            &["a", "b"][..],
            Value::text("x"),
            "{\n  \"a\": {\"b\": \"x\"},\n  \"l\": [1, 2],\n  \"e\": {}\n}\n",
        ),
        (&["a", "c"], Value::Int(5), "{\n  \"a\": {\"b\": 1, \"c\": 5},\n  \"l\": [1, 2],\n  \"e\": {}\n}\n"),
        (
            &["a", "b", "c"],
            Value::Int(5),
            "{\n  \"a\": {\"b\": {\n      \"c\": 5\n    }},\n  \"l\": [1, 2],\n  \"e\": {}\n}\n",
        ),
        (&["l", "0"], Value::Null, "{\n  \"a\": {\"b\": 1},\n  \"l\": [null, 2],\n  \"e\": {}\n}\n"),
        (&["l", "7"], Value::Bool(true), "{\n  \"a\": {\"b\": 1},\n  \"l\": [1, 2, true],\n  \"e\": {}\n}\n"),
        (
            &["e", "k"],
            Value::Int(1),
            "{\n  \"a\": {\"b\": 1},\n  \"l\": [1, 2],\n  \"e\": {\n    \"k\": 1\n  }\n}\n",
        ),
        (
            &["n", "0"],
            Value::Int(1),
            "{\n  \"a\": {\"b\": 1},\n  \"l\": [1, 2],\n  \"e\": {},\n  \"n\": [\n    1\n  ]\n}\n",
        ),
    ] {
        assert_eq!(set(source, path, value).unwrap(), expected);
    }
    assert_eq!(set("{}", &["a"], Value::Int(1)).unwrap(), "{\n\t\"a\": 1\n}");
    assert_eq!(set("{\"a\":1}", &["b", "c"], Value::Int(1)).unwrap(), "{\"a\":1,\"b\":{\"c\":1}}");
}

#[test]
fn set_refuses_paths_of_the_wrong_kind() {
    for (path, message) in [
        (&[][..], "the path is empty"),
        (&["0"], "component [0] is an integer, but leads into an object"),
        (&["l", "k"], "component ['k'] is a string, but leads into an array"),
    ] {
        assert_eq!(set("{\"l\": []}", path, Value::Null).unwrap_err(), message);
    }
}

#[test]
fn unset_takes_the_comma_along() {
    let source = "{\n  \"a\": 1,\n  \"b\": [1, 2, 3],\n  \"c\": {\"d\": 1}\n}\n";
    for (path, expected) in [
        (&["a"][..], "{\n  \"b\": [1, 2, 3],\n  \"c\": {\"d\": 1}\n}\n"),
        (&["b", "1"], "{\n  \"a\": 1,\n  \"b\": [1, 3],\n  \"c\": {\"d\": 1}\n}\n"),
        (&["c"], "{\n  \"a\": 1,\n  \"b\": [1, 2, 3]\n}\n"),
        (&["c", "d"], "{\n  \"a\": 1,\n  \"b\": [1, 2, 3],\n  \"c\": {}\n}\n"),
    ] {
        assert_eq!(unset(source, path).unwrap(), expected);
    }
    assert_eq!(unset(source, &["z"]).unwrap_err(), "Key not found: z");
    assert_eq!(unset(source, &["b", "9"]).unwrap_err(), "Index 9 out of bounds");
    assert_eq!(unset(source, &["a", "z"]).unwrap_err(), "component ['z'] is in no collection");
}

#[test]
fn the_example_is_valid() {
    let example = Json.example();
    assert_eq!(plain(core::str::from_utf8(&example).unwrap()).branches[0].len(), 5);
}

/// What a tree is generated from; plaintext types have no `Debug`.
#[derive(Clone, Debug)]
enum Shape {
    Bool(bool),
    Half(i32),
    Int(i64),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
    Null,
    Text(String),
}

impl Shape {
    fn value(&self) -> Value<'static> {
        match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Half(number) => Value::Float(f64::from(*number) + 0.5),
            Self::Int(number) => Value::Int(*number),
            Self::List(shapes) => Value::List(shapes.iter().map(|shape| Node::new(shape.value())).collect()),
            Self::Map(entries) => Value::Map(items(entries)),
            Self::Null => Value::Null,
            Self::Text(text) => Value::text(text.as_bytes()),
        }
    }
}

fn items(entries: &BTreeMap<String, Shape>) -> Vec<Item<'static>> {
    entries.iter().map(|(key, shape)| Item::entry(key.clone().into_bytes(), shape.value())).collect()
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Null),
        any::<bool>().prop_map(Shape::Bool),
        any::<i64>().prop_map(Shape::Int),
        any::<i32>().prop_map(Shape::Half),
        any::<String>().prop_map(Shape::Text),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Shape::List),
            prop::collection::btree_map("[^s]{0,6}", inner, 0..4).prop_map(Shape::Map),
        ]
    })
}

proptest! {
    #[test]
    fn trees_survive_writing_and_reading_in_every_layout(
        entries in prop::collection::btree_map("[^s]{0,6}", shape(), 0..4),
        blanks in -1_i64..4,
        one_line: bool,
    ) {
        let tree = items(&entries);
        let text = if one_line {
            let mut out = Vec::new();
            write_map(&mut out, tree.iter(), 0, &Form::on_one_line(b", ")).unwrap();
            out
        } else {
            emit_indented(std::slice::from_ref(&tree), None, Some(blanks)).unwrap()
        };
        let text = String::from_utf8(text).unwrap();
        prop_assert!(into_owned(plain(&text).branches) == vec![tree]);
        prop_assert_eq!(without_metadata(&with_metadata(&text)), text);
    }

    #[test]
    fn f_06_no_input_panics(source: Vec<u8>, cut in 0_usize..64) {
        let _ = Json.parse(&source, Purpose::Encrypted, &Limits::default());
        let valid = br#"{"a": [1.5e3, "\ud83d\ude00", {"b": null}], "sops": {"mac": "x"}}"#;
        let mut damaged = valid[..cut.min(valid.len())].to_vec();
        damaged.extend_from_slice(&source);
        let _ = Json.parse(&damaged, Purpose::Encrypted, &Limits::default());
        let _ = Json.set(&damaged, &keys(&["a", "2", "b"]), &Node::new(Value::Null));
        let _ = Json.unset(&damaged, &keys(&["a", "0"]));
    }
}
