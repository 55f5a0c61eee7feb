use super::*;

/// The answer in the form of the vectors: existence, text, raw.
fn answer(json: &[u8], path: &str) -> (bool, String, String) {
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match get(json, path).unwrap() {
        Some(found) => (true, utf8(&found.text()), utf8(found.raw())),
        None => (false, String::new(), String::new()),
    }
}

#[track_caller]
fn finds(json: &str, path: &str, text: &str) {
    assert_eq!(answer(json.as_bytes(), path), (true, text.into(), answer(json.as_bytes(), path).2), "{path}");
}

#[test]
fn every_vector_answers_as_the_original() {
    let json = include_bytes!("../../tests/fixtures/gjson/doc.json");
    let answers = include_str!("../../tests/fixtures/gjson/go.out");
    let paths = include_str!("../../tests/fixtures/gjson/paths.txt");
    let mut rows = 0;
    for (path, line) in paths.lines().zip(answers.lines()) {
        let row: (String, bool, String, String) = serde_json::from_str(line).unwrap();
        assert_eq!(row.0, path);
        assert_eq!(answer(json, path), (row.1, row.2, row.3), "{path}");
        rows += 1;
    }
    assert_eq!(rows, 81);
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (number, text) in [
        ("1.50", "1.5"),
        ("-3e2", "-300"),
        ("1e21", "1000000000000000000000"),
        ("1E-7", "0.0000001"),
        ("12345678901234567890", "12345678901234567890"),
        ("-0", "-0"),
        ("-0.0", "-0"),
        ("1e999", "+Inf"),
        ("nan", "NaN"),
        ("1_0.5", "10.5"),
        ("1__0.5", "0"),
        ("0x1.8p1", "3"),
        ("0x_1p4", "16"),
        ("1.5abc", "0"),
        ("-1.5abc", "0"),
    ] {
        finds(&format!(r#"{{"n":{number}}}"#), "n", text);
    }
}

#[test]
fn malformed_documents_yield_what_the_original_finds_in_them() {
    finds(r#"{"a":[1,2"#, "a.#", "2");
    finds(r#"{"a" "b"}"#, "a", "b");
    finds(r#"junk {"a":tru}"#, "a", "true");
    assert_eq!(answer(br#"{"a":"b"#, "a"), (false, String::new(), String::new()));
    finds(r#"{"a":"\ud83d\ude00 \ud83d x"}"#, "a", "\u{1f600} \u{fffd} x");
}

#[test]
fn a_value_inside_invalid_utf8_keeps_its_bytes() {
    let found = get(b"{\"a\":\"\xff\"}", "a").unwrap().unwrap();
    assert_eq!(found.text().as_ref(), b"\xff");
}

#[test]
fn wildcards_match_whole_characters() {
    let matches = |text: &str, pattern: &str| {
        glob::matches(&mut Budget::new(0), text.as_bytes(), pattern.as_bytes()).unwrap()
    };
    assert!(matches("Grüße", "Gr?ße"));
    assert!(matches("a*b", r"a\*b"));
    assert!(!matches("axb", r"a\*b"));
    assert!(matches("aXbXc", "a*b*c"));
    assert!(!matches("abc", "a*d"));
    assert!(matches(r"ab\", r"*\"));
    assert!(!matches(r"ab\", r"ab\"));
}

#[test]
fn t_deep_documents_do_not_recurse() {
    let deep = "[".repeat(1 << 20);
    assert!(!valid(deep.as_bytes()));
    assert!(get(deep.as_bytes(), "0.a").unwrap().is_none());
    for path in [r#"@flatten:{"deep":true}"#, "@pretty"] {
        assert_eq!(get(&deep.as_bytes()[..1000], path).err(), Some(Error::Depth));
        assert!(get(deep.as_bytes(), path).is_err());
    }
    let closed = format!("{deep}{}", "]".repeat(1 << 20));
    assert!(valid(closed.as_bytes()));
    assert!(get(closed.as_bytes(), "@ugly").unwrap().is_some());
}

#[test]
fn deep_paths_are_refused() {
    let json = format!("{}1{}", r#"{"a":"#.repeat(500), "}".repeat(500));
    let path = |count| vec!["a"; count].join(".");
    assert!(get(json.as_bytes(), &path(100)).unwrap().is_some());
    assert_eq!(get(json.as_bytes(), &path(500)).err(), Some(Error::Depth));
    assert_eq!(get(b"{}", &"@this|".repeat(500)).err(), Some(Error::Depth));
    assert_eq!(get(b"{}", &"[".repeat(100_000)).err(), None);
    assert_eq!(get(b"{}", &format!("{}{}", "[".repeat(500), "]".repeat(500))).err(), Some(Error::Depth));
}

#[test]
fn doubling_paths_run_out_of_work() {
    let path = vec!["[@this,@this]"; 60].join("|");
    assert_eq!(get(br#"{"a":"0123456789"}"#, &path).err(), Some(Error::Work));
}

#[test]
fn a_long_key_in_many_rows_runs_out_of_work() {
    let json = format!(r#"{{"{}":[{}0]}}"#, "k".repeat(100_000), "0,".repeat(100_000));
    assert_eq!(get(json.as_bytes(), "@group").err(), Some(Error::Work));
}

#[test]
fn backtracking_wildcards_run_out_of_work() {
    let json = format!(r#"["{}"]"#, "a".repeat(1 << 16));
    let path = format!(r#"#(%"*{}b*")"#, "a".repeat(1 << 14));
    assert_eq!(get(json.as_bytes(), &path).err(), Some(Error::Work));
}

#[test]
fn members_are_visited_in_order() {
    let mut seen = Vec::new();
    for_each(br#"{"b":1,"a":[2]}"#, |key, value| seen.push((key.to_vec(), value.raw().to_vec())));
    assert_eq!(seen, [(b"b".to_vec(), b"1".to_vec()), (b"a".to_vec(), b"[2]".to_vec())]);
}
