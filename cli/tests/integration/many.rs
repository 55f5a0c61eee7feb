//! Verbs over many files: what is picked, what is reported, what `verify`
//! finds.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::sandbox::{OTHER, Outcome, RECIPIENT, Sandbox, good, put, read};

fn text(outcome: &Outcome) -> String {
    String::from_utf8(outcome.stdout.clone()).unwrap()
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.stdout).expect(&outcome.stderr)
}

/// Encrypts `plain` for `recipients` as `name`.
fn put_encrypted(sandbox: &Sandbox, name: &str, plain: &str, recipients: &str) {
    put(sandbox, name, plain);
    let encrypted = good(&sandbox.bulla(&["encrypt", "--age", recipients, name]));
    put(sandbox, name, &encrypted);
}

#[test]
fn a_damaged_or_oversized_file_in_a_directory_is_reported() {
    let sandbox = Sandbox::new();
    let flat = read(&sandbox, "flat.yaml");
    let json = read(&sandbox, "enc.json");
    put(&sandbox, "d/good.yaml", &flat);
    let broken = [
        ("d/block.yaml", flat.replace("lastmodified: \"2026", "lastmodified: \"someday")),
        ("d/syntax.yaml", format!("{flat}\t}}: {{\n")),
        ("d/cut.json", json[..json.len() - 20].to_owned()),
        ("d/cut.bin", json[..json.len() - 20].to_owned()),
        ("d/large.yaml", format!("{flat}# {}\n", "x".repeat(200_000))),
    ];
    let plain = [
        ("d/readme.md", "# sops\n\nIt writes `ENC[AES256_GCM,`.\n".to_owned()),
        ("d/chart.yaml", "a: {{ .Values.sops }}\n  b: [\n".to_owned()),
        ("d/large.bin", "sops ".repeat(50_000)),
    ];
    for (name, text) in broken.iter().chain(&plain) {
        put(&sandbox, name, text);
    }
    let limit = "BULLA_MAX_FILE_SIZE=100000";
    let rotated = sandbox.own(&[limit], &["rotate", "d"]);
    assert_eq!(rotated.code, 1);
    assert!(rotated.stderr.contains("1 of 6 files done, 5 failed"), "{}", rotated.stderr);
    let verified = sandbox.own(&[limit], &["verify", "d"]);
    assert_eq!(verified.code, 2, "{}", text(&verified));
    for (name, _) in &broken {
        assert!(rotated.stderr.contains(&format!("$DIR/{name}: ")), "{name}: {}", rotated.stderr);
        assert!(text(&verified).contains(&format!("{name}: error: ")), "{name}: {}", text(&verified));
    }
    for (name, _) in &plain {
        assert!(!rotated.stderr.contains(name) && !text(&verified).contains(name), "{name}");
    }
    assert_ne!(read(&sandbox, "d/good.yaml"), flat);
}

#[test]
fn a_file_that_several_paths_lead_to_is_worked_on_once() {
    let sandbox = Sandbox::new();
    put(&sandbox, "d/a.yaml", &read(&sandbox, "flat.yaml"));
    put(&sandbox, "d/b.yaml", &read(&sandbox, "flat.yaml"));
    symlink("d", sandbox.path().join("again")).unwrap();
    symlink("d/b.yaml", sandbox.path().join("b.yaml")).unwrap();
    let paths = ["d", "d/a.yaml", "again/a.yaml", "b.yaml", "./d/../d", "again"];
    let report = json(&sandbox.bulla(&[&["rotate", "--output", "json"], &paths[..]].concat()));
    assert_eq!(report["files"].as_array().unwrap().len(), 2, "{report}");
    assert!(good(&sandbox.bulla(&[&["verify"], &paths[..]].concat())).starts_with("2 files checked"));
}

#[test]
fn k_08_updatekeys_lists_who_comes_and_who_goes_in_the_files_that_change() {
    let sandbox = Sandbox::new();
    let rule = |recipients: &str| {
        put(
            &sandbox,
            ".sops.yaml",
            &format!("creation_rules:\n  - path_regex: ^v/\n    age: {recipients}\n"),
        );
    };
    put_encrypted(&sandbox, "v/old.yaml", "a: b\n", RECIPIENT);
    put_encrypted(&sandbox, "v/new.yaml", "a: b\n", &format!("{RECIPIENT},{OTHER}"));
    rule(&format!("{RECIPIENT},{OTHER}"));
    let (old, before) = (sandbox.path().join("v/old.yaml"), read(&sandbox, "v/old.yaml"));
    let dry = sandbox.bulla(&["updatekeys", "--dry-run", "v"]);
    assert_eq!(good(&dry), format!("would updatekeys {}\n  + {OTHER}\n", old.display()));
    assert!(dry.stderr.contains("1 up to date"), "{}", dry.stderr);
    let report = json(&sandbox.bulla(&["updatekeys", "--dry-run", "--output", "json", "v"]));
    let files = report["files"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{report}");
    assert_eq!(files[0]["path"], old.to_str().unwrap());
    assert_eq!(files[0]["changes"]["groups"][0]["added"][0], OTHER, "{report}");
    assert_eq!(read(&sandbox, "v/old.yaml"), before, "a dry run changes nothing");
    let done = sandbox.bulla(&["updatekeys", "--yes", "v"]);
    assert_eq!(good(&done), format!("updatekeys {}\n  + {OTHER}\n", old.display()));
    assert!(done.stderr.contains("1 of 2 files done, 0 failed, 1 up to date"), "{}", done.stderr);
    assert!(read(&sandbox, "v/old.yaml").contains(OTHER));
    rule(RECIPIENT);
    let done = sandbox.bulla(&["updatekeys", "--yes", "--output", "json", "v"]);
    let report = json(&done);
    for file in report["files"].as_array().unwrap() {
        assert_eq!(
            (&file["status"], &file["changes"]["groups"][0]["removed"][0]),
            (&"done".into(), &OTHER.into())
        );
    }
    assert_eq!(done.stderr.matches("The data key stays the same").count(), 1, "{}", done.stderr);
    assert_eq!(
        json(&sandbox.bulla(&["updatekeys", "--dry-run", "--output", "json", "v"]))["files"],
        Value::Array(vec![])
    );
}

#[test]
fn the_verb_that_a_threshold_finding_names_cures_it() {
    let sandbox = Sandbox::new();
    let rule = |threshold: u32| {
        let group = format!("      - age: [{RECIPIENT}]\n").repeat(3);
        let text = format!("creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n{group}");
        put(&sandbox, ".sops.yaml", &text);
    };
    rule(2);
    put(&sandbox, "v/x.yaml", "a: b\n");
    good(&sandbox.bulla(&["encrypt", "-i", "v/x.yaml"]));
    rule(3);
    let found = sandbox.bulla(&["verify", "v"]);
    assert_eq!(found.code, 1);
    let expected = "the Shamir threshold is 2, the rule says 3; `bulla updatekeys` changes that";
    assert!(text(&found).contains(expected), "{}", text(&found));
    // The original leaves it alone, and so do we in its place.
    let outcome = sandbox.sops(&["updatekeys", "-y", "v/x.yaml"]);
    assert!(outcome.code == 0 && outcome.stderr.contains("already up to date"), "{}", outcome.stderr);
    let listed = good(&sandbox.bulla(&["updatekeys", "--dry-run", "v"]));
    assert!(listed.ends_with("x.yaml\n  shamir_threshold: 2 -> 3\n"), "{listed}");
    good(&sandbox.bulla(&["updatekeys", "--yes", "v"]));
    good(&sandbox.bulla(&["verify", "--with-keys", "v"]));
    assert!(read(&sandbox, "v/x.yaml").contains("shamir_threshold: 3"));
    assert_eq!(good(&sandbox.bulla(&["decrypt", "v/x.yaml"])), "a: b\n");
}

#[test]
fn l_07_verify_goes_on_behind_a_file_that_it_cannot_check() {
    let sandbox = Sandbox::new();
    let rules = format!("creation_rules:\n  - path_regex: good\n    age: {RECIPIENT}\n  - path_regex: '('\n");
    put(&sandbox, ".sops.yaml", &rules);
    put(&sandbox, "a.yaml", &read(&sandbox, "flat.yaml"));
    put(&sandbox, "good.yaml", "a: b\n");
    let outcome = sandbox.bulla(&["verify", "a.yaml", "good.yaml"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    let found = text(&outcome);
    assert!(found.contains("a.yaml: error: ") && found.contains("[unreadable]"), "{found}");
    assert!(found.contains("good.yaml: error: the file is not encrypted"), "{found}");
}

#[test]
fn a_missing_key_is_no_broken_mac() {
    let sandbox = Sandbox::new();
    let verify = |files: &[&str]| {
        let outcome = sandbox.bulla(&[&["verify", "--with-keys"], files].concat());
        (outcome.code, text(&outcome))
    };
    let (code, found) = verify(&["foreign.yaml"]);
    assert!(code == 2 && found.contains("[no-key]") && !found.contains("mac-broken"), "{code} {found}");
    let (code, found) = verify(&["tampered.yaml"]);
    assert!(code == 1 && found.contains("[mac-broken]") && !found.contains("no-key"), "{code} {found}");
    let (code, found) = verify(&["foreign.yaml", "tampered.yaml"]);
    assert!(code == 2 && found.contains("[no-key]") && found.contains("[mac-broken]"), "{code} {found}");
    let outcome = sandbox.own(&["SOPS_AGE_KEY="], &["verify", "--with-keys", "flat.yaml"]);
    assert_eq!(outcome.code, 2, "{}", text(&outcome));
}

#[test]
fn findings_name_the_line_where_they_are() {
    let sandbox = Sandbox::new();
    for name in ["flat.yaml", "enc.json", "enc.env", "enc.ini"] {
        let whole = read(&sandbox, name);
        // The first value; a comment may stand before it.
        let start = whole[..whole.find(",type:str]").unwrap()].rfind("ENC[").unwrap();
        let end = start + whole[start..].find(']').unwrap() + 1;
        let leaked = format!("{}leaked{}", &whole[..start], &whole[end..]);
        put(&sandbox, name, &leaked);
        let expected = leaked[..start].matches('\n').count() + 1;
        let report = json(&sandbox.bulla(&["verify", "--output", "json", name]));
        let finding = &report["findings"][0];
        assert_eq!(
            (&finding["rule"], &finding["line"]),
            (&"plain-value".into(), &expected.into()),
            "{name}: {report}"
        );
        let lines = text(&sandbox.bulla(&["verify", name]));
        assert!(lines.contains(&format!("{name}:{expected}: error: ")), "{lines}");
        let sarif = json(&sandbox.bulla(&["verify", "--output", "sarif", name]));
        let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], expected, "{sarif}");
    }
}

#[test]
fn c_04_an_empty_value_is_a_finding_unless_the_mac_vouches_for_it_or_it_is_allowed() {
    let sandbox = Sandbox::new();
    let verify = |options: &[&str]| {
        let outcome = sandbox.bulla(&[&["verify"], options].concat());
        (outcome.code, text(&outcome))
    };
    put_encrypted(&sandbox, "v.yaml", "a: b\nlist:\n  - ''\n  - c\n", RECIPIENT);
    let (code, found) = verify(&["v.yaml"]);
    assert!(code == 1 && found.contains("v.yaml:3: error: the value at list"), "{code} {found}");
    assert!(found.contains("[empty-value]") && found.ends_with("1 file checked, 1 finding\n"), "{found}");
    let (code, found) = verify(&["--allow-empty", "v.yaml"]);
    assert!(code == 0 && found.contains("v.yaml:3: note: ") && found.ends_with("0 findings\n"), "{found}");
    let (_, sarif) = verify(&["--output", "sarif", "v.yaml"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"empty-value".into(), &"error".into()), "{sarif}");
    let (_, report) = verify(&["--allow-empty", "--output", "json", "v.yaml"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&report["findings"][0]["level"], &report["findings"][0]["line"]),
        (&"note".into(), &3.into())
    );
    assert_eq!(verify(&["--with-keys", "v.yaml"]), (0, "1 file checked, 0 findings\n".to_owned()));

    let whole = read(&sandbox, "v.yaml");
    let end = whole.find('\n').unwrap();
    put(&sandbox, "blank.yaml", &format!("a: \"\"{}", &whole[end..]));
    for options in [&["--with-keys"][..], &["--with-keys", "--allow-empty"]] {
        let (code, found) = verify(&[options, &["blank.yaml"]].concat());
        assert!(code == 1 && found.contains("[mac-broken]") && found.contains("[empty-value]"), "{found}");
    }
    let (code, found) = verify(&["blank.yaml"]);
    assert!(code == 1 && found.contains("blank.yaml:1: error: the value at a is empty"), "{found}");

    // What the format cannot protect (docs/security.md): a text that moved into a plain neighbour.
    put_encrypted(&sandbox, "moved.yaml", "a_unencrypted: x\nb: y\n", RECIPIENT);
    let whole = read(&sandbox, "moved.yaml");
    let end = whole.find("\nsops:").unwrap();
    put(&sandbox, "moved.yaml", &format!("a_unencrypted: xy\nb: \"\"{}", &whole[end..]));
    assert_eq!(verify(&["--with-keys", "moved.yaml"]), (0, "1 file checked, 0 findings\n".to_owned()));
    assert_eq!(verify(&["moved.yaml"]).0, 1);
}

#[test]
fn c_04_a_mac_of_the_encrypted_values_does_not_vouch_for_what_only_the_rule_encrypts() {
    let sandbox = Sandbox::new();
    let rule = |regex: &str| {
        let text = format!(
            "creation_rules:\n  - age: {RECIPIENT}\n    encrypted_regex: {regex}\n    mac_only_encrypted: true\n"
        );
        put(&sandbox, ".sops.yaml", &text);
    };
    rule("^a");
    put(&sandbox, "v.yaml", "a: ''\naa: c\nb: ''\n");
    good(&sandbox.bulla(&["encrypt", "-i", "v.yaml"]));
    good(&sandbox.bulla(&["verify", "--with-keys", "v.yaml"]));
    rule("^(a|b)");
    let outcome = sandbox.bulla(&["verify", "--with-keys", "v.yaml"]);
    let found = text(&outcome);
    assert!(outcome.code == 1 && found.contains("v.yaml:3: error: the value at b is empty"), "{found}");
    assert!(!found.contains("the value at a "), "{found}");
}

#[test]
fn findings_about_metadata_name_the_line_of_its_block() {
    let sandbox = Sandbox::new();
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - age: {OTHER}\n"));
    for (name, block) in [
        ("flat.yaml", "\nsops:"),
        ("enc.json", "\n\t\"sops\":"),
        ("enc.env", "\nsops_"),
        ("enc.ini", "\n[sops]"),
    ] {
        let whole = read(&sandbox, name);
        let expected = whole[..=whole.find(block).expect(name)].matches('\n').count() + 1;
        let report = json(&sandbox.bulla(&["verify", "--output", "json", name]));
        let finding = &report["findings"][0];
        assert_eq!(
            (&finding["rule"], &finding["line"]),
            (&"keys-differ".into(), &expected.into()),
            "{name}: {report}"
        );
    }
}

/// What `cargo xtask demo --files` shows, in short.
#[test]
fn the_rules_of_the_quickstart_fit_its_files() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    let source = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let sandbox = Sandbox::new();
    let rules = source(".sops.yaml");
    let example = rules.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
    put(&sandbox, "q/.sops.yaml", &rules.replace(example, RECIPIENT));
    let names = ["q/app.env", "q/database.yaml", "q/values.yaml"];
    for name in names {
        put(&sandbox, name, &source(&name[2..]));
    }
    let encrypted = sandbox.bulla(&["encrypt", "-i", "q"]);
    good(&encrypted);
    assert!(encrypted.stderr.contains("3 of 3 files done"), "{}", encrypted.stderr);
    assert!(
        read(&sandbox, names[1]).contains("kind: Secret\n")
            && read(&sandbox, names[1]).contains("password: \"ENC[")
    );
    good(&sandbox.bulla(&["verify", "--with-keys", "q"]));
    for name in names {
        assert_eq!(good(&sandbox.bulla(&["decrypt", name])), source(&name[2..]));
    }
}
