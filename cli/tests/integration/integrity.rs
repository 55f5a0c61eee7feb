//! Rows C and K of the security requirements through the program: what
//! somebody without keys alters is noticed, and what a key service answers is
//! not believed.

use std::os::unix::fs::PermissionsExt;

use crate::sandbox::{OTHER, RECIPIENT, Sandbox, good, put, read};

/// The value of `USER` in `flat.yaml`.
const SECRET: &str = "admin";

#[test]
fn c_04_a_blanked_value_is_noticed() {
    let sandbox = Sandbox::new();
    let flat = read(&sandbox, "flat.yaml");
    let end = flat.find('\n').unwrap();
    put(&sandbox, "blank.yaml", &format!("USER: \"\"{}", &flat[end..]));
    let outcome = sandbox.sops(&["decrypt", "blank.yaml"]);
    assert_eq!((outcome.code, outcome.stdout.len()), (51, 0), "{}", outcome.stderr);
    assert!(good(&sandbox.sops(&["decrypt", "--ignore-mac", "blank.yaml"])).starts_with("USER: \"\"\n"));
}

#[test]
fn c_05_a_type_flip_is_exit_25_and_shows_no_value() {
    let sandbox = Sandbox::new();
    let flat = read(&sandbox, "flat.yaml");
    for kind in ["int", "float", "bool", "time", "comment", "bytes", "unknown"] {
        put(&sandbox, "flip.yaml", &flat.replacen("type:str]", &format!("type:{kind}]"), 1));
        for verb in [&["decrypt"][..], &["decrypt", "--ignore-mac"], &["rotate", "-i"], &["edit"]] {
            let outcome = sandbox.sops(&[verb, &["flip.yaml"]].concat());
            if kind == "bytes" {
                // The same text under another name of its type.
                assert_ne!(outcome.code, 101, "{}", outcome.stderr);
                continue;
            }
            assert_eq!((outcome.code, outcome.stdout.len()), (25, 0), "{kind}: {}", outcome.stderr);
            assert!(!outcome.stderr.contains(SECRET), "{}", outcome.stderr);
        }
    }
}

#[test]
fn c_06_altered_swapped_and_removed_values_are_noticed() {
    let sandbox = Sandbox::new();
    let flat = read(&sandbox, "flat.yaml");
    let lines: Vec<&str> = flat.split_inclusive('\n').collect();
    let [user, port] = [lines[0], lines[1]].map(|line| line.split_once(": ").unwrap().1);
    let swapped = flat.replacen(user, "\u{1}", 1).replacen(port, user, 1).replacen('\u{1}', port, 1);
    let data = flat.find("data:").unwrap() + 5;
    let mut altered = flat.clone().into_bytes();
    altered[data] = if altered[data] == b'A' { b'B' } else { b'A' };
    let removed = lines[1..].concat();
    let moved = [lines[1], lines[0]].concat() + &lines[2..].concat();
    for (text, code) in [(swapped, 25), (String::from_utf8(altered).unwrap(), 25), (removed, 51), (moved, 51)]
    {
        put(&sandbox, "changed.yaml", &text);
        for verb in [&["decrypt"][..], &["rotate", "-i"], &["exec-env"]] {
            let command: &[&str] = if verb == ["exec-env"] { &["touch ran"] } else { &[] };
            let outcome = sandbox.sops(&[verb, &["changed.yaml"], command].concat());
            assert_eq!((outcome.code, outcome.stdout.len()), (code, 0), "{}", outcome.stderr);
        }
        assert_eq!(read(&sandbox, "changed.yaml"), text, "nothing was written");
        assert!(!sandbox.path().join("ran").exists());
    }
}

#[test]
fn c_09_a_threshold_that_fits_no_groups_is_refused() {
    let sandbox = Sandbox::new();
    for (threshold, fits) in [(0, true), (1, false), (2, true), (3, false)] {
        put(
            &sandbox,
            ".sops.yaml",
            &format!(
                "creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n      - age: [{RECIPIENT}]\n      - age: [{OTHER}]\n"
            ),
        );
        let outcome = sandbox.sops(&["encrypt", "plain.yaml"]);
        assert_eq!(outcome.code == 0, fits, "{threshold}: {}", outcome.stderr);
        if threshold == 0 {
            assert!(String::from_utf8_lossy(&outcome.stdout).contains("shamir_threshold: 2"));
        }
    }
    // On reading one share is never enough, whatever the file says.
    let shamir = read(&sandbox, "shamir.yaml");
    for threshold in ["1", "0"] {
        let text = shamir.replace("shamir_threshold: 2", &format!("shamir_threshold: {threshold}"));
        let group = text.find("key_groups:").unwrap();
        let second = text[group..].match_indices("- age:").nth(1).map(|(at, _)| group + at);
        if let Some(second) = second {
            let enc = second + text[second..].find("BEGIN AGE").unwrap();
            put(&sandbox, "one.yaml", &[&text[..enc], "BROKEN AGE", &text[enc + 9..]].concat());
            let outcome = sandbox.sops(&["decrypt", "one.yaml"]);
            assert_eq!((outcome.code, outcome.stdout.len()), (128, 0), "{threshold}: {}", outcome.stderr);
        }
    }
}

#[test]
fn c_10_a_key_service_that_returns_garbage_leaves_the_file_unchanged() {
    let sandbox = Sandbox::new();
    let fingerprint = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";
    let program = sandbox.path().join("gpg");
    let before = read(&sandbox, "flat.yaml");
    let rules = format!("creation_rules:\n  - age: {RECIPIENT}\n    pgp: {fingerprint}\n");
    put(&sandbox, ".sops.yaml", &rules);
    let armor = "-----BEGIN PGP MESSAGE-----\\n\\ngarbage\\n-----END PGP MESSAGE-----";
    for answer in ["garbage", "", armor] {
        put(&sandbox, "gpg", &format!("#!/bin/sh\ncat >/dev/null\nprintf '{answer}'\n"));
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        for line in [
            format!("sops rotate -i --add-pgp {fingerprint} flat.yaml"),
            "sops updatekeys -y flat.yaml".to_owned(),
            format!("sops encrypt -i --pgp {fingerprint} plain.yaml"),
        ] {
            let plain = read(&sandbox, "plain.yaml");
            let line = format!("SOPS_GPG_EXEC={} {line}", program.display());
            let outcome = sandbox.run(&shlex::split(&line).unwrap());
            assert!(outcome.code > 0 && outcome.code != 101, "{answer:?}, {line}: {}", outcome.stderr);
            assert_eq!(read(&sandbox, "flat.yaml"), before, "{line}");
            assert_eq!(read(&sandbox, "plain.yaml"), plain, "{line}");
        }
    }
}

#[test]
fn c_11_removing_a_recipient_points_to_rotate() {
    let sandbox = Sandbox::new();
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - age: {RECIPIENT},{OTHER}\n"));
    put(&sandbox, "two.yaml", "a: b\n");
    good(&sandbox.sops(&["encrypt", "-i", "two.yaml"]));
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - age: {RECIPIENT}\n"));
    let before = read(&sandbox, "two.yaml");
    let outcome = sandbox.sops(&["updatekeys", "-y", "two.yaml"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("until `rotate`"), "{}", outcome.stderr);
    let after = read(&sandbox, "two.yaml");
    assert!(!after.contains(OTHER));
    let value = |text: &str| text.lines().next().unwrap().to_owned();
    assert_eq!(value(&before), value(&after), "the data key stays");
}

#[test]
fn c_15_neither_version_nor_type_switches_a_check_off() {
    let sandbox = Sandbox::new();
    let tampered = read(&sandbox, "tampered.yaml");
    for version in ["3.13.3", "3.2.0", "1.0.0", "0.0.1", "99.0.0"] {
        let text = tampered.replace("version: 3.13.3", &format!("version: {version}"));
        let text = text.replace("lastmodified: \"2026", "lastmodified: \"2016");
        put(&sandbox, "old.yaml", &text);
        let outcome = sandbox.sops(&["decrypt", "old.yaml"]);
        assert!(outcome.code > 0 && outcome.stdout.is_empty(), "{version}: {}", outcome.stderr);
    }
    for (file, format) in
        [("enc.yaml", "yaml"), ("enc.json", "json"), ("enc.env", "dotenv"), ("enc.ini", "ini")]
    {
        let own = sandbox.sops(&["decrypt", "--output-type", "json", file]);
        for other in ["yaml", "json", "dotenv", "ini", "binary"] {
            let outcome = sandbox.sops(&["decrypt", "--input-type", other, "--output-type", "json", file]);
            let equal = outcome.code == 0 && outcome.stdout == own.stdout;
            let refused = outcome.code > 0 && outcome.code != 101 && outcome.stdout.is_empty();
            assert!(
                equal || refused,
                "{format} read as {other}: {}",
                String::from_utf8_lossy(&outcome.stdout)
            );
        }
    }
}

#[test]
fn k_08_what_decides_about_recipients_is_named() {
    let sandbox = Sandbox::new();
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - age: {RECIPIENT},{OTHER}\n"));
    let outcome = sandbox.sops(&["updatekeys", "flat.yaml"]);
    assert_ne!(outcome.code, 0, "nobody at a terminal and no -y");
    assert!(String::from_utf8_lossy(&outcome.stdout).contains(&format!("+++ {OTHER}")));
    let outcome = sandbox.bulla(&["encrypt", "--verbose", "plain.yaml"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains(RECIPIENT) && outcome.stderr.contains(OTHER), "{}", outcome.stderr);
    put(&sandbox, "repository/.git/HEAD", "ref: refs/heads/main\n");
    put(&sandbox, "repository/a.yaml", "a: b\n");
    let outcome = sandbox.sops(&["encrypt", "repository/a.yaml"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("$DIR/.sops.yaml, above the repository"), "{}", outcome.stderr);
    let outcome = sandbox.sops(&["encrypt", "plain.yaml"]);
    assert_eq!(outcome.stderr, "", "in no repository there is nothing to say");
}
