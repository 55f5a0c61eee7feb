//! Rows F of the security requirements through the program: hostile and
//! broken input ends with a clear text, in time, and writes nothing.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::sandbox::{Outcome, RECIPIENT, Sandbox, good, put, read};

#[track_caller]
fn refused(outcome: &Outcome, text: &str) {
    assert!(outcome.code > 0 && outcome.code != 101, "exit {}: {}", outcome.code, outcome.stderr);
    assert!(outcome.stdout.is_empty(), "no output with a failure");
    assert!(outcome.stderr.contains(text), "{text:?} is not in {}", outcome.stderr);
}

fn encrypt(sandbox: &Sandbox, name: &str) -> Outcome {
    sandbox.sops(&["encrypt", "--age", RECIPIENT, name])
}

#[test]
fn f_01_a_file_at_the_size_limit_passes_and_one_byte_more_is_refused() {
    let sandbox = Sandbox::new();
    let size = read(&sandbox, "flat.yaml").len();
    let with = |limit: &str| {
        let line = format!("BULLA_MAX_FILE_SIZE={limit} sops decrypt flat.yaml");
        sandbox.run(&shlex::split(&line).unwrap())
    };
    good(&with(&size.to_string()));
    let less = (size - 1).to_string();
    refused(&with(&less), &format!("flat.yaml is larger than {less} bytes"));
    refused(&with("many"), "BULLA_MAX_FILE_SIZE must be a number of bytes");
}

#[test]
fn f_01_every_limit_names_itself() {
    let sandbox = Sandbox::new();
    put(&sandbox, "deep.yaml", &format!("a: {}{}\n", "[".repeat(129), "]".repeat(129)));
    refused(&encrypt(&sandbox, "deep.yaml"), "128");
    put(&sandbox, "deep.json", &format!("{{\"a\": {}{}}}", "[".repeat(129), "]".repeat(129)));
    refused(&encrypt(&sandbox, "deep.json"), "128");
    put(&sandbox, "documents.yaml", &"---\na: 1\n".repeat(10_001));
    refused(&encrypt(&sandbox, "documents.yaml"), "10000");
    let key = "        - recipient: age1x\n          enc: x\n".repeat(1001);
    put(
        &sandbox,
        "keys.yaml",
        &format!(
            "a: b\nsops:\n    age:\n{key}    lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: x\n    version: 3.13.3\n"
        ),
    );
    refused(&sandbox.sops(&["decrypt", "keys.yaml"]), "more than 1000 master keys");
    let group = "        - age:\n            - recipient: age1x\n              enc: x\n".repeat(256);
    put(
        &sandbox,
        "groups.yaml",
        &format!(
            "a: b\nsops:\n    key_groups:\n{group}    lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: x\n    version: 3.13.3\n"
        ),
    );
    refused(&sandbox.sops(&["decrypt", "groups.yaml"]), "255 key groups");
    put(&sandbox, ".sops.yaml", &format!("creation_rules: []\n#{}\n", "x".repeat(1 << 20)));
    refused(&sandbox.sops(&["encrypt", "plain.yaml"]), "larger than 1048576 bytes");
}

#[test]
fn f_02_bombs_cycles_and_deep_nesting_are_refused_at_once() {
    let sandbox = Sandbox::new();
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..=8 {
        let item = format!("*a{},", level - 1).repeat(10);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", item.trim_end_matches(','));
    }
    put(&sandbox, "bomb.yaml", &bomb);
    put(&sandbox, "cycle.yaml", "a: &a [*a]\n");
    put(&sandbox, "deep.yaml", &format!("a: {}{}\n", "[".repeat(1000), "]".repeat(1000)));
    put(&sandbox, "deep.json", &format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(1000), "}".repeat(1000)));
    for name in ["bomb.yaml", "cycle.yaml", "deep.yaml", "deep.json"] {
        for verb in ["encrypt", "decrypt", "filestatus"] {
            let start = Instant::now();
            let outcome =
                if verb == "encrypt" { encrypt(&sandbox, name) } else { sandbox.sops(&[verb, name]) };
            if verb != "filestatus" {
                refused(&outcome, "");
            }
            assert!(start.elapsed() < Duration::from_secs(5), "{verb} {name}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn f_03_duplicate_keys_are_refused_where_they_matter() {
    let sandbox = Sandbox::new();
    for (name, text) in [
        ("one.yaml", "a: 1\na: 2\n"),
        ("second.yaml", "a: 1\n---\nb:\n  c: 1\n  c: 2\n"),
        ("one.json", "{\"a\": 1, \"a\": 2}"),
    ] {
        put(&sandbox, name, text);
        refused(&encrypt(&sandbox, name), "");
    }
    let flat = read(&sandbox, "flat.yaml");
    put(&sandbox, "metadata.yaml", &format!("{flat}    version: 3.13.3\n"));
    refused(&sandbox.sops(&["decrypt", "metadata.yaml"]), "");
    let json = read(&sandbox, "enc.json");
    let twice = json.replacen("\"version\"", "\"version\": \"3.0.0\", \"version\"", 1);
    assert_ne!(json, twice);
    put(&sandbox, "metadata.json", &twice);
    refused(&sandbox.sops(&["decrypt", "metadata.json"]), "");
}

#[test]
fn f_04_odd_bytes_come_back_exactly_or_are_refused() {
    let sandbox = Sandbox::new();
    let inputs: &[&[u8]] = &[
        b"A=1\0B=2\n",
        b"A: 1\0\n",
        b"\xef\xbb\xbfA: 1\n",
        b"\xef\xbb\xbfA=1\n",
        b"\xef\xbb\xbf{\"A\": 1}",
        b"A: 1\r\nB: 2\r\n",
        b"A=1\r\nB=2\r\n",
        b"{\"A\": 1}\r\n",
        b"[s]\r\nA = 1\r\n",
        b"A: \"\xff\xfe\"\n",
        b"A=\xff\xfe\n",
        b"{\"A\": \"\xff\"}",
        b"{\"A\": \"\\ud800\"}",
        b"A: \"\\ud800\"\n",
        b"{\"A\": 1} trailing",
        b"{\"A\": 1}{\"B\": 2}",
        b"A: \x07\n",
        b"A=\x1b[31m\n",
        b"\xff\xfeA\0:\0 \x001\0",
    ];
    let mut passed = 0;
    for (number, input) in inputs.iter().enumerate() {
        for extension in ["yaml", "json", "env", "ini", "bin"] {
            let name = format!("f{number}.{extension}");
            sandbox.put_bytes(&name, input);
            let outcome = encrypt(&sandbox, &name);
            if outcome.code != 0 {
                refused(&outcome, "");
                continue;
            }
            let closed = format!("c{number}.{extension}");
            sandbox.put_bytes(&closed, &outcome.stdout);
            let back = sandbox.sops(&["decrypt", &closed]);
            assert_eq!(back.code, 0, "{name}: {}", back.stderr);
            assert_eq!(String::from_utf8_lossy(&back.stdout), String::from_utf8_lossy(input), "{name}");
            passed += 1;
        }
    }
    assert!(passed >= inputs.len(), "as binary files all pass: {passed}");
}

#[test]
fn f_05_an_invalid_selection_is_an_error_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let before = read(&sandbox, "plain.yaml");
    for option in ["--encrypted-regex", "--unencrypted-regex", "--encrypted-comment-regex"] {
        refused(&sandbox.sops(&["encrypt", "-i", "--age", RECIPIENT, option, "(", "plain.yaml"]), "");
    }
    let two = ["encrypt", "-i", "--age", RECIPIENT, "--encrypted-regex", "a", "--unencrypted-suffix", "b"];
    let outcome = sandbox.sops(&[&two[..], &["plain.yaml"]].concat());
    assert_eq!(outcome.code, 8);
    assert_eq!(read(&sandbox, "plain.yaml"), before);
}

#[test]
fn f_06_a_file_cut_anywhere_is_refused_without_output() {
    let sandbox = Sandbox::new();
    for name in ["enc.yaml", "enc.json", "enc.env", "enc.ini", "enc.bin"] {
        let whole = std::fs::read(sandbox.path().join(name)).unwrap();
        let step = whole.len() / 25 + 1;
        for length in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            let cut = format!("cut-{name}");
            sandbox.put_bytes(&cut, &whole[..length]);
            let outcome = sandbox.sops(&["decrypt", &cut]);
            if outcome.code == 0 {
                let rest = String::from_utf8_lossy(&whole[length..]);
                assert!(rest.trim().is_empty(), "{name} without {rest:?} passes");
            } else {
                refused(&outcome, "");
            }
        }
    }
}

#[test]
fn f_07_numbers_out_of_range_are_refused() {
    let sandbox = Sandbox::new();
    let shamir = read(&sandbox, "shamir.yaml");
    assert!(shamir.contains("shamir_threshold: 2"));
    for number in ["-1", "256", "99999999999999999999", "x", "1.5", "[]"] {
        put(
            &sandbox,
            "s.yaml",
            &shamir.replace("shamir_threshold: 2", &format!("shamir_threshold: {number}")),
        );
        refused(&sandbox.sops(&["decrypt", "s.yaml"]), "shamir_threshold");
    }
    for number in ["-1", "300", "99999999999999999999", "x"] {
        let line = ["encrypt", "--age", RECIPIENT, "--shamir-secret-sharing-threshold", number, "plain.yaml"];
        let outcome = sandbox.sops(&line);
        assert!(outcome.code > 0 && outcome.code != 101, "{number}: {}", outcome.stderr);
    }
    for number in ["-1", "256", "x", "1.5"] {
        let rule = format!("creation_rules:\n  - age: {RECIPIENT}\n    shamir_threshold: {number}\n");
        put(&sandbox, ".sops.yaml", &rule);
        refused(&sandbox.sops(&["encrypt", "plain.yaml"]), "shamir_threshold");
    }
}
