use proptest::prelude::*;

use super::*;
use crate::document::apply;

fn parse(source: &[u8], purpose: Purpose) -> Document<'_> {
    Dotenv.parse(source, purpose, &Limits::default()).unwrap()
}

fn metadata() -> Vec<Item<'static>> {
    let key = Item::entry(&b"enc"[..], Value::text("a\nb\n"));
    vec![
        Item::entry(&b"age"[..], Value::List(vec![Node::new(Value::Map(vec![key]))])),
        Item::entry(&b"version"[..], Value::text("3.13.3")),
    ]
}

fn with_metadata(source: &[u8]) -> Vec<u8> {
    apply(source, Dotenv.put_metadata(&parse(source, Purpose::Plain), &metadata()).unwrap())
}

fn without_metadata(source: &[u8]) -> Vec<u8> {
    let document = parse(source, Purpose::Encrypted);
    assert!(document.metadata.as_ref() == Some(&metadata()));
    let cuts = document.places[0].existing.iter().map(|range| Splice::new(range.clone(), "")).collect();
    apply(source, cuts)
}

fn key(name: &str) -> Vec<Step> {
    vec![Step::Key(name.as_bytes().to_vec())]
}

#[test]
fn nothing_is_trimmed_or_unquoted() {
    let source = b"# note\r\n\nB =\"x\"\r\nexport C='a' #b\n=\nD=a\\nb\\\\n";
    let document = parse(source, Purpose::Plain);
    let found: Vec<(&[u8], &[u8])> = document.branches[0]
        .iter()
        .map(|item| match (&item.key, &item.node.value) {
            (Key::Comment(comment), _) => (&b"#"[..], &comment.text[..]),
            (Key::Text(key), Value::Text(text)) => (&key[..], &text[..]),
            _ => panic!("neither comment nor text"),
        })
        .collect();
    let expected: [(&[u8], &[u8]); 5] =
        [(b"#", b" note\r"), (b"B ", b"\"x\"\r"), (b"export C", b"'a' #b"), (b"", b""), (b"D", b"a\nb\\\n")];
    assert!(found == expected);
}

#[test]
fn slots_cover_values_and_whole_comments() {
    let source = b"#c\nA=1\nB=";
    let document = parse(source, Purpose::Plain);
    let texts: Vec<_> =
        document.branches[0].iter().map(|item| &source[item.node.slot.unwrap().range()]).collect();
    assert_eq!(texts, [&b"#c"[..], b"1", b""]);
}

#[test]
fn a_line_without_equals_sign_is_refused_by_number_only() {
    let error = Dotenv.parse(b"A=1\nhunter2\n", Purpose::Plain, &Limits::default()).err().unwrap();
    assert_eq!(error.to_string(), "invalid dotenv input line 2: no equals sign");
}

#[test]
fn metadata_are_appended_and_leave_no_trace() {
    let block = "sops_age__list_0__map_enc=a\\nb\\n\nsops_version=3.13.3";
    for (source, expected) in [
        ("", format!("{block}\n")),
        ("A=1\n", format!("A=1\n{block}\n")),
        ("A=1", format!("A=1\n{block}")),
        ("A=1\r\n", format!("A=1\r\n{block}\n")),
        ("\n\n", format!("\n\n{block}\n")),
        ("#c", format!("#c\n{block}")),
    ] {
        let text = with_metadata(source.as_bytes());
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(without_metadata(&text), source.as_bytes());
        let document = parse(&text, Purpose::Encrypted);
        assert_eq!(apply(&text, Dotenv.put_metadata(&document, &metadata()).unwrap()), text);
    }
}

#[test]
fn scattered_metadata_are_found() {
    let text = b"sops_version=3.13.3\nA=1\nsops_age__list_0__map_enc=a\\nb\\n\nB=2";
    assert_eq!(without_metadata(text), b"A=1\nB=2");
}

#[test]
fn keys_with_the_reserved_prefix_are_named() {
    let document = parse(b"A=1\nsops_x=2\n", Purpose::Plain);
    assert_eq!(Dotenv.reserved_key(&document.branches[0]).as_deref(), Some("sops_x"));
    assert!(Dotenv.emit(&document.branches, Some(&metadata()), &Indent::default()).is_err());
    assert_eq!(Dotenv.reserved_key(&parse(b"sops=1\n", Purpose::Plain).branches[0]), None);
}

#[test]
fn output_drops_blank_lines_and_spells_scalars_as_sops_does() {
    let branch = vec![
        Item::comment(&b" c"[..], false, None),
        Item::entry(&b"a"[..], Value::Null),
        Item::entry(&b"b"[..], Value::Float(1e6)),
        Item::entry(&b"c"[..], Value::Bool(true)),
        Item::entry(&b"d"[..], Value::text("x\ny")),
    ];
    let text = Dotenv.emit(&[branch], None, &Indent::default()).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), "# c\na=<nil>\nb=1E+06\nc=true\nd=x\\ny\n");
}

#[test]
fn what_a_line_cannot_hold_is_refused_by_key_only() {
    let emit =
        |key: &'static [u8], value| Dotenv.emit(&[vec![Item::entry(key, value)]], None, &Indent::default());
    assert_eq!(
        emit(b"k", Value::List(vec![])).unwrap_err().to_string(),
        "cannot use complex value in dotenv file; offending key k"
    );
    for key in [&b"a=b"[..], b"a\nb", b"#a"] {
        assert!(emit(key, Value::Null).is_err());
    }
    let error = Dotenv.emit_value(&Value::Int(1), &Indent::default()).unwrap_err();
    assert_eq!(error.to_string(), "the dotenv store only supports emitting strings, got int");
}

#[test]
fn set_and_unset_touch_one_line() {
    let source = b"#c\nA=1\nB=2";
    let set = |name, value| apply(source, Dotenv.set(source, &key(name), &Node::new(value)).unwrap());
    assert_eq!(set("A", Value::text("x\ny")), b"#c\nA=x\\ny\nB=2");
    assert_eq!(set("C", Value::Int(3)), b"#c\nA=1\nB=2\nC=3");
    let unset = |name| apply(source, Dotenv.unset(source, &key(name)).unwrap());
    assert_eq!(unset("A"), b"#c\nB=2");
    assert_eq!(unset("B"), b"#c\nA=1");
    assert_eq!(Dotenv.unset(source, &key("Z")).unwrap_err().to_string(), "Key not found: Z");
    assert!(Dotenv.set(source, &[Step::Index(0)], &Node::new(Value::Null)).is_err());
    assert!(Dotenv.set(source, &key("A"), &Node::new(Value::Map(vec![]))).is_err());
    assert_eq!(apply(b"", Dotenv.set(b"", &key("A"), &Node::new(Value::Int(1))).unwrap()), b"A=1\n");
}

#[test]
fn the_example_is_valid() {
    assert_eq!(parse(&Dotenv.example(), Purpose::Plain).branches[0].len(), 4);
}

proptest! {
    #[test]
    fn every_readable_text_is_restored_exactly(source in "((#|[a-z ]{0,3}=)[ -~é\\\\nr]{0,6}\r?\n|\n){0,6}(k=[v\\\\n]{0,3})?") {
        let source = source.into_bytes();
        let text = with_metadata(&source);
        prop_assert_eq!(without_metadata(&text), &source[..]);
        let document = parse(&source, Purpose::Plain);
        for item in &document.branches[0] {
            let slot = item.node.slot.unwrap();
            let value = match &item.key {
                Key::Comment(comment) => Value::Comment(comment.clone()),
                _ => item.node.value.clone(),
            };
            prop_assert_eq!(Dotenv.render(&value, slot, &document).unwrap(), &source[slot.range()]);
        }
    }

    #[test]
    fn f_06_no_input_panics(source: Vec<u8>) {
        let _ = Dotenv.parse(&source, Purpose::Encrypted, &Limits::default());
        let _ = Dotenv.unset(&source, &key("a"));
    }
}
