use super::*;

fn names(text: &str) -> Vec<String> {
    secrets(text.as_bytes()).unwrap().into_iter().map(|secret| secret.metadata.name).collect()
}

#[test]
fn documents_come_one_after_another_in_both_forms() {
    let object = |name: &str| format!("{{\"metadata\":{{\"name\":\"{name}\"}}}}");
    assert_eq!(names(&(object("a") + &object("b"))), ["a", "b"]);
    assert_eq!(names("---\nmetadata: {name: a}\n--- # x\nmetadata: {name: b}\n---\n"), ["a", "b"]);
    assert_eq!(names("\u{feff}metadata: {name: a}\n"), ["a"]);
    assert_eq!(names("metadata: {name: a}\n---x\nmetadata: {name: b}\n"), ["b"]);
    for nothing in ["", "foo", "foo: [", "[1]", "5", "{}", "---\n---\n", "\u{0}", "{{ .x }}"] {
        assert_eq!(names(nothing).len(), 0, "{nothing:?}");
    }
}

#[test]
fn who_must_not_lose_a_secret_is_told_of_all_that_cannot_be_read() {
    let read = |text: &str| match all_secrets(text.as_bytes()) {
        Ok(secrets) => secrets.into_iter().map(|secret| secret.metadata.name).collect::<Vec<_>>().join(","),
        Err(error) => error.to_string(),
    };
    let (a, b) = ("metadata: {name: a}\n", "metadata: {name: b, labels: {l: 1}}\n");
    for (text, names) in [
        (format!("{a}---\n# nothing\n---\n{{}}\n--- # more\n{b}"), "a,b"),
        ("{\"metadata\":{\"name\":\"a\"}}{\"metadata\":{\"name\":\"b\"}}\n".to_owned(), "a,b"),
        ("{\"metadata\":{\"name\":\"a\"}}\n---\n{\"metadata\":{\"name\":\"b\"}}\n".to_owned(), "a,b"),
        (
            format!("kind: List\nitems:\n- {a}- {b}---\nkind: SecretList\nitems: [{{type: c}}]\n---\n{a}"),
            "a,b,,a",
        ),
        ("kind: List\nitems: [{kind: List, items: [{metadata: {name: 7}}]}, {}]\n".to_owned(), "7"),
        ("kind: List\nitems: []\n".to_owned(), ""),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n".to_owned(), ""),
        (String::new(), ""),
    ] {
        assert_eq!(read(&text), names, "{text}");
    }
    let damaged = format!("{a}---\nmetadata: {{name: b\n---\n{b}");
    assert_eq!(names(&damaged), ["a", "b"], "as the reference does");
    for (text, told) in [
        (damaged, "yaml: line "),
        (format!("{a}{b}"), "yaml: line 2: the name stands twice in one map"),
        ("{\"data\":{}}\n{\"data\":{},\n\"data\":{}}".to_owned(), "json: line 3: the name stands twice"),
        ("{\"data\":{},\"data\":{}}\n---\n{}".to_owned(), "json: line 1: the name stands twice"),
        ("kind: List\nitems: {a: 5}\n".to_owned(), "a list without items"),
        ("kind: SecretList\n".to_owned(), "a list without items"),
        (format!("{a}---\nitems: [{{data: {{a: YQ==}}}}]\n"), "a document or an item is no Secret"),
        (format!("{a}--- x\n"), "a document or an item is no object"),
        (format!("{a}---x\n{b}"), "yaml: line "),
        (format!("{a}---\ntype: a\ndata: {{a: '%%'}}\n"), "illegal base64 data at input byte 0"),
        ("{\"data\":5}".to_owned(), "json: cannot unmarshal number into "),
        ("{\"kind\":\"a\"}{\"kind\":".to_owned(), "yaml: line "),
        ("kind: List\nitems: [5]\n".to_owned(), "a document or an item is no object"),
    ] {
        assert!(read(&text).starts_with(told), "{text}: {}", read(&text));
    }
}

#[test]
fn a_broken_third_object_is_an_error_and_no_endless_loop() {
    let text = "{\"kind\":\"a\"}{\"kind\":\"b\"}{";
    assert!(matches!(secrets(text.as_bytes()), Err(StreamError::Document(DecodeError::Json(_)))));
    assert_eq!(secrets(b"{\"kind\":\"a\"} trailing").unwrap().len(), 1);
}

#[test]
fn names_match_without_case_and_scalars_become_text() {
    let read = secrets(b"METADATA: {Name: y}\nStringData: {a: 0123, b: ~}\nTYPE: Opaque\n").unwrap();
    assert_eq!(read[0].metadata.name, "true");
    assert_eq!(read[0].string_data["a"].expose(), "83");
    assert_eq!(read[0].string_data["b"].expose(), "");
    assert_eq!(read[0].secret_type, "Opaque");
    let read = secrets(b"{\"DATA\":{\"a\":\"Zm9v\"},\"data\":{\"b\":\"Zm9v\"}}").unwrap();
    assert_eq!(read[0].data.len(), 2, "nothing is lost where names differ in case");
    let read = secrets(b"{\"data\":{\"a\":\"Zm9v\"},\"data\":{\"b\":\"Zm9v\"}}").unwrap();
    assert_eq!(read[0].data.len(), 2, "nor where they stand twice");
    let read = secrets(b"{\"stringData\":{\"a\":5}}").unwrap();
    assert_eq!(read[0].string_data["a"].expose(), "5");
}

#[test]
fn sealed_secrets_come_in_streams_too_and_keep_what_they_say_they_are() {
    let text = "KIND: Other\nspec: {encryptedData: {a: AA, b: 5}, template: {type: 1.0}}\n---\n{}\n---\nmetadata: {name: x}\n";
    let read = sealed_secrets(text.as_bytes()).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!((read[0].template.secret_type.as_str(), read[0].encrypted_data["b"].as_str()), ("1", ""));
    let sent = crate::json_line(&read[0].as_read());
    assert!(sent.starts_with("{\"kind\":\"Other\",\"metadata\":{},\"spec\":{"), "{sent}");
    assert!(crate::json_line(&read[1].as_read()).starts_with("{\"metadata\":{\"name\":\"x\"},"));
}

#[test]
fn scalars_that_yaml_1_1_takes_for_something_else_are_told_without_their_values() {
    let text = "metadata: {name: y, labels: {on: a}}\nstringData:\n  a: 0123\n  b: \"0123\"\n  c: 8080\n  d: ~\n  e: !!str yes\n  f:\n  no: x\n  g: 1.0 # canary\ntype: Opaque\n";
    let expected = [
        "metadata.name",
        "the key \"on\" of metadata.labels",
        "stringData.a",
        "the key \"no\" of stringData",
        "stringData.g",
    ];
    assert_eq!(misreadings(text.as_bytes()), expected);
    let twice = format!("---\n{text}---\nstringData: {{a: true}}\n");
    assert_eq!(misreadings(twice.as_bytes()).len(), expected.len());
    assert_eq!(
        misreadings(b"{\"stringData\":{\"a\":1.0,\"b\":\"1.0\"}}{\"stringData\":{\"c\":1e3}}"),
        ["stringData.a", "stringData.c"]
    );
    let flow = "x: &x 0123\ny: &y {z: 010}\nstringData: {<<: *y, a: *x}\ndata: {on: YQ==}\n";
    let expected = ["stringData.z", "stringData.a", "the key \"on\" of data"];
    assert_eq!(misreadings(flow.as_bytes()), expected);
    for text in [
        "{stringData: {a: 0123}}",
        "{\"stringData\":{\"a\":0123}}",
        "{\"kind\":\"a\"}\n{\"stringData\":{\"a\":1.10,}}",
    ] {
        assert_eq!(misreadings(text.as_bytes()), ["stringData.a"], "{text}");
    }
    assert!(misreadings(b"{{ .x }}").is_empty() && misreadings(b"a: [").is_empty());
}

#[test]
fn misfits_have_the_texts_of_go() {
    for (text, error) in [
        (
            "metadata: {name: [a]}\ndata: {a: 5}",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
        ),
        (
            "metadata: {name: a, labels: [x]}",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            "type: a\nmetadata: x",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field Secret.metadata of type v1.ObjectMeta",
        ),
        (
            "type: a\ndata: {a: '%%'}",
            "error unmarshaling JSON: while decoding JSON: illegal base64 data at input byte 0",
        ),
        (
            "type: a\nkind: 5",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field Secret.TypeMeta.kind of type string",
        ),
        (
            "{\"type\":\"a\",\"immutable\":\"x\"}",
            "json: cannot unmarshal string into Go struct field Secret.immutable of type bool",
        ),
    ] {
        assert_eq!(secrets(text.as_bytes()).err().map(|error| error.to_string()).as_deref(), Some(error));
    }
}
