//! The lane's own tools: what a later test relies on is shown to be so.

use bulla_testkit::Tool;
use lane_interop::{Oracle, Twins};

const DOCUMENT: &str = "# a comment\npassword: hunter2\nlist:\n    - one\n    - 2\n";

#[test]
fn the_original_reads_what_the_original_wrote() {
    let twins = Twins::new();
    twins.encrypt_with_theirs("secret.yaml", DOCUMENT);
    let written = String::from_utf8(twins.ours.read("secret.yaml")).unwrap();
    assert!(written.contains("ENC[AES256_GCM,") && !written.contains("hunter2"), "{written}");
    let read = twins.theirs.run(&Tool::sops(), &["decrypt", "secret.yaml"]).success();
    assert_eq!(read.out(), DOCUMENT);
}

#[test]
fn the_original_is_the_pinned_version() {
    let twins = Twins::new();
    let version = twins.theirs.run(&Tool::sops(), &["--version", "--disable-version-check"]).success();
    assert_eq!(version.out().lines().next(), Some("sops 3.13.3"));
}

#[test]
fn the_oracles_answer_line_by_line() {
    let yaml = Oracle::yaml();
    let questions = [yaml.document("good.yaml", b"a: 0o17\n"), yaml.document("bad.yaml", b"a: [\n")];
    let answers = yaml.ask(&questions);
    assert!(answers[0].contains(r#""ok":true"#) && answers[0].contains("int|15"), "{}", answers[0]);
    assert!(answers[1].contains(r#""ok":false"#), "{}", answers[1]);

    let regexp = Oracle::regexp().ask(&[r#"["b+","abbc"]"#.into(), r#"["(","x"]"#.into()]);
    assert_eq!(
        regexp,
        [r#"["b+","abbc","[1 3]"]"#, r#"["(","x","ERR","error parsing regexp: missing closing ): `(`"]"#]
    );

    let template = Oracle::template().ask(&[r#"{"T":"{{ .a | upper }}","D":{"a":"x"}}"#.into()]);
    assert_eq!(template, [r#"{"err":"","out":"X","t":"{{ .a | upper }}"}"#]);
}
