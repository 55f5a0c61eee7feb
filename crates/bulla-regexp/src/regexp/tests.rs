use super::*;

fn compile(pattern: &str) -> Regexp {
    Regexp::new(pattern).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn all_stored_answers_of_go_are_given() {
    let cases = include_str!("../../../../tests/fixtures/go-regexp/cases.jsonl");
    for line in cases.lines() {
        let [pattern, input, answer]: [String; 3] = serde_json::from_str(line).unwrap();
        let found = match Regexp::new(&pattern) {
            Err(_) => "ERR".to_owned(),
            Ok(regexp) => match regexp.find_index(input.as_bytes()) {
                None => "[]".to_owned(),
                Some(span) => format!("[{} {}]", span.start, span.end),
            },
        };
        assert_eq!(found, answer, "{line}");
    }
    assert_eq!(cases.lines().count(), 49);
}

#[test]
fn bytes_outside_utf_8_match_like_the_replacement_character() {
    let regexp = compile("^.[^a]\\x{FFFD}$");
    assert_eq!(regexp.find_index(b"\xff\xfe\xfd"), Some(0..3));
    assert_eq!(regexp.find_index(b"\xe2\x82"), None);
    assert_eq!(compile("b").find_index(b"\xff\xe2\x82b"), Some(3..4));
}

#[test]
fn an_empty_match_after_a_match_does_not_count() {
    assert_eq!(compile("a*").find_all(b"baac", None), [0..0, 1..3, 4..4]);
    assert_eq!(text(compile("a*").replace_all(b"baac", b"x")), "xbxcx");
    assert_eq!(text(compile("").replace_all("\u{e9}a".as_bytes(), b"-")), "-\u{e9}-a-");
}

#[test]
fn references_in_a_template_are_as_long_as_possible() {
    let regexp = compile("(?P<first>a)(b)?");
    for (template, expected) in [
        ("$1x", "[]"),
        ("${1}x", "[ax]"),
        ("$first-$2-$9", "[a--]"),
        ("$$1 $ ${ ${} ${1", "[$1 $ ${ ${} ${1]"),
        ("$01", "[]"),
    ] {
        assert_eq!(text(regexp.replace_all(b"[a]", template.as_bytes())), expected, "{template}");
    }
    assert_eq!(text(regexp.replace_all_literal(b"[a]", b"$1")), "[$1]");
}

#[test]
fn splitting_leaves_the_remainder_in_the_last_part() {
    let parts = |pattern: &str, input: &str, limit| -> Vec<String> {
        let spans = compile(pattern).split(input.as_bytes(), limit);
        spans.into_iter().map(|span| input[span].to_owned()).collect()
    };
    assert_eq!(parts("a", "banana", None), ["b", "n", "n", ""]);
    assert_eq!(parts("a", "banana", Some(2)), ["b", "nana"]);
    assert_eq!(parts("z+", "pizza", Some(1)), ["pizza"]);
    assert_eq!(parts("", "ab", None), ["a", "b"]);
    assert_eq!(parts("a", "", None), [""]);
    assert_eq!(parts("a", "banana", Some(0)), [] as [String; 0]);
}

#[test]
fn f_01_large_patterns_are_refused() {
    assert_eq!(Regexp::new(&"a".repeat(4096)).err(), None);
    assert_eq!(Regexp::new(&"a".repeat(4097)).err(), Some(Error::TooLarge));
    assert_eq!(Regexp::new(r"\pL{1000}").err(), Some(Error::TooLarge));
}

#[test]
fn f_06_deep_nesting_neither_overflows_nor_panics() {
    for unit in [("(", ")"), ("(?:", ")*"), ("(a|", ")+b"), ("(?i:", "){1}")] {
        let nested = |depth| Regexp::new(&[unit.0.repeat(depth), "a".into(), unit.1.repeat(depth)].concat());
        assert_eq!(nested(50).err(), None, "{unit:?}");
        for depth in 51..400 {
            assert!(matches!(nested(depth).err(), None | Some(Error::NestingDepth)), "{depth} {unit:?}");
        }
        assert_eq!(nested(400).err(), Some(Error::NestingDepth), "{unit:?}");
    }
    assert!(Regexp::new(&format!("a{}", "(?i)*".repeat(800))).is_err());
}

#[test]
fn d_02_only_unbounded_repetitions_read_far() {
    let reach = |pattern: &str| Regexp::size(pattern).unwrap().reach(1 << 20);
    for pattern in ["a*", "(b+)c", "a{2,}?", ".*x|."] {
        assert_eq!(reach(pattern), 1 << 20, "{pattern}");
    }
    for (pattern, longest) in [("a?", 1), ("[^a]{3,9}", 36), ("(ab|\u{20ac})", 3), ("\\s{2}", 2)] {
        assert!((longest..400).contains(&reach(pattern)), "{pattern}: {}", reach(pattern));
    }
}

#[test]
fn errors_have_the_words_of_go() {
    for (pattern, expected) in [
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("|*", "missing argument to repetition operator: `*`"),
        ("((a{100}){10}){2}", "invalid repeat count: `{2}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<=a)", "invalid named capture: `(?<=a)`"),
        (r"a\", "trailing backslash at end of expression: ``"),
    ] {
        let error = Regexp::new(pattern).unwrap_err().to_string();
        assert_eq!(error, format!("error parsing regexp: {expected}"));
    }
}
