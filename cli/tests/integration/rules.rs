//! Creation rules as commands over many files see them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::sandbox::Sandbox;

const RECIPIENT: &str = "age1q6qn6ase36c5xyrtr6gk7rnxcfphyz0c9lakvp3h8st7eqal9szsmaqu7c";

#[allow(clippy::disallowed_methods, reason = "a test makes its own files")]
fn put(sandbox: &Sandbox, name: impl AsRef<OsStr>, text: &str) {
    let path = sandbox.path().join(name.as_ref());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn verify(sandbox: &Sandbox, words: &[&str]) -> (i32, String) {
    let outcome = sandbox.bulla(&[&["verify"], words].concat());
    (outcome.code, String::from_utf8(outcome.stdout).unwrap() + &outcome.stderr)
}

#[test]
fn verify_judges_values_by_the_rule_and_not_by_what_the_file_says_of_itself() {
    let sandbox = Sandbox::new();
    let rule = |regex: &str| {
        let text = format!("creation_rules:\n  - age: {RECIPIENT}\n    encrypted_regex: {regex}\n");
        put(&sandbox, ".sops.yaml", &text);
    };
    rule("^a$");
    put(&sandbox, "v/x.yaml", "a: 1\nb: 2\n");
    assert_eq!(sandbox.bulla(&["encrypt", "-i", "v/x.yaml"]).code, 0);
    assert_eq!(verify(&sandbox, &["v"]).0, 0);
    rule("^(a|b)$");
    let (code, text) = verify(&sandbox, &["v"]);
    assert!(code == 1 && text.contains("the value at b is not encrypted"), "{text}");
}

#[test]
fn rules_that_cannot_be_read_pass_over_no_file_in_silence() {
    let sandbox = Sandbox::new();
    put(&sandbox, "v/x.yaml", "a: 1\n");
    for rules in ["creation_rules: [", "creation_rules:\n  - age: x\n    encrypted_regex: '('\n"] {
        put(&sandbox, ".sops.yaml", rules);
        let (code, text) = verify(&sandbox, &["v"]);
        assert!(code == 2 && text.contains("error loading config"), "{code} {text}");
        assert_eq!(sandbox.bulla(&["encrypt", "-i", "v"]).code, 2);
    }
}

#[test]
fn a_wrong_rule_spoils_nothing_for_files_of_other_rules() {
    let sandbox = Sandbox::new();
    let rules = format!(
        "stores:\n  yaml:\n    indent: 2\ncreation_rules:\n  - path_regex: good\n    age: {RECIPIENT}\n  - path_regex: '('\n"
    );
    put(&sandbox, ".sops.yaml", &rules);
    put(&sandbox, "good.yaml", "a: {b: 1}\n");
    assert_eq!(sandbox.bulla(&["encrypt", "-i", "good.yaml"]).code, 0);
    let decrypted = sandbox.bulla(&["decrypt", "good.yaml"]);
    assert_eq!(String::from_utf8(decrypted.stdout).unwrap(), "a:\n  b: 1\n", "stores count");
    put(&sandbox, "other.yaml", "a: 1\n");
    let outcome = sandbox.bulla(&["encrypt", "other.yaml"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("can not compile regexp"), "{}", outcome.stderr);
}

#[test]
fn names_that_are_no_unicode_appear_in_reports() {
    let sandbox = Sandbox::new();
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - age: {RECIPIENT}\n"));
    put(&sandbox, OsStr::from_bytes(b"v/\xff.yaml"), "a: 1\n");
    for form in ["json", "sarif"] {
        let (code, text) = verify(&sandbox, &["--output", form, "v"]);
        assert!(code == 1 && text.contains("not-encrypted"), "{text}");
    }
    let outcome = sandbox.bulla(&["encrypt", "-i", "--output", "json", "v"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(String::from_utf8(outcome.stdout).unwrap().contains("\u{fffd}.yaml"));
}

#[test]
fn rules_are_looked_for_above_the_working_directory_and_then_above_the_file() {
    let sandbox = Sandbox::new();
    put(&sandbox, "project/.sops.yaml", &format!("creation_rules:\n  - age: {RECIPIENT}\n    regex: x\n"));
    put(&sandbox, "project/deep/x.yaml", "a: 1\n");
    let outcome = sandbox.bulla(&["encrypt", "project/deep/x.yaml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let warning = "unknown field \\\"regex\\\" has no effect";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    // The one of the working directory goes first, as in sops.
    put(&sandbox, ".sops.yaml", "creation_rules:\n  - path_regex: none\n    age: x\n");
    let outcome = sandbox.bulla(&["encrypt", "project/deep/x.yaml"]);
    assert!(outcome.stderr.contains("no matching creation rules found"), "{}", outcome.stderr);
}
