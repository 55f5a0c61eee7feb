//! The grammar of `bulla` itself, on real files.

use crate::sandbox::{OTHER, RECIPIENT, Sandbox, good, put, read};

#[test]
fn a_directory_is_encrypted_rotated_and_decrypted_by_its_rules() {
    let sandbox = Sandbox::new();
    let rules = format!("creation_rules:\n  - path_regex: \\.secret\\.yaml$\n    age: {RECIPIENT}\n");
    put(&sandbox, ".sops.yaml", &rules);
    let plain = "# kept\na:   'quoted'   # comment\n\nl: [1, two]\n";
    for name in ["d/one.secret.yaml", "d/below/two.secret.yaml", "d/ignored/x.secret.yaml"] {
        put(&sandbox, name, plain);
    }
    put(&sandbox, "d/readme.yaml", "a: b\n");
    put(&sandbox, "d/.gitignore", "ignored\n");
    let listed = good(&sandbox.bulla(&["encrypt", "-i", "--dry-run", "d"]));
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert_eq!(read(&sandbox, "d/one.secret.yaml"), plain);
    good(&sandbox.bulla(&["encrypt", "-i", "d"]));
    let encrypted = read(&sandbox, "d/one.secret.yaml");
    assert!(encrypted.contains("ENC[AES256_GCM"), "{encrypted}");
    for untouched in ["d/readme.yaml", "d/ignored/x.secret.yaml"] {
        assert!(!read(&sandbox, untouched).contains("ENC["), "{untouched}");
    }
    let report = good(&sandbox.bulla(&["rotate", "--output", "json", "d"]));
    assert_eq!(report.matches("\"status\": \"done\"").count(), 2, "{report}");
    assert_ne!(read(&sandbox, "d/one.secret.yaml"), encrypted);
    good(&sandbox.bulla(&["decrypt", "-i", "d"]));
    for name in ["d/one.secret.yaml", "d/below/two.secret.yaml"] {
        assert_eq!(read(&sandbox, name), plain, "every byte comes back");
    }
}

#[test]
fn l_07_one_file_s_failure_does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    let before = read(&sandbox, "flat.yaml");
    let outcome = sandbox.bulla(&["rotate", "foreign.yaml", "flat.yaml"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("1 of 2 files done, 1 failed"), "{}", outcome.stderr);
    assert_ne!(read(&sandbox, "flat.yaml"), before);
    assert_eq!(sandbox.bulla(&["rotate", "missing.yaml"]).code, 2);
}

#[test]
fn verify_tells_what_the_rules_do_not_allow() {
    let sandbox = Sandbox::new();
    let rules = format!("creation_rules:\n  - path_regex: ^v/\n    age: {RECIPIENT},{OTHER}\n");
    put(&sandbox, ".sops.yaml", &rules);
    put(&sandbox, "v/plain.yaml", "a: b\n");
    put(&sandbox, "v/good.yaml", "a: b\n");
    good(&sandbox.bulla(&["encrypt", "-i", "v/good.yaml"]));
    let outcome = sandbox.bulla(&["verify", "v"]);
    assert_eq!(outcome.code, 1);
    let text = String::from_utf8(outcome.stdout).unwrap();
    assert!(text.contains("plain.yaml: error: the file is not encrypted [not-encrypted]"), "{text}");
    assert!(!text.contains("good.yaml"), "{text}");
    let flat = read(&sandbox, "flat.yaml");
    put(&sandbox, "v/flat.yaml", &flat);
    let leaked = flat.replacen("USER: ENC[", "USER: leaked # ENC[", 1);
    put(&sandbox, "v/leaked.yaml", &leaked);
    let report = sandbox.bulla(&["verify", "--output", "json", "v/flat.yaml", "v/leaked.yaml"]);
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(
        report.contains("keys-differ") && report.contains("the value at USER is not encrypted"),
        "{report}"
    );
    assert!(!report.contains("leaked\""), "no value is shown: {report}");
    good(&sandbox.bulla(&["verify", "--with-keys", "v/good.yaml"]));
    good(&sandbox.bulla(&["verify", "--output", "sarif", "v/good.yaml"]));
}

#[test]
fn verify_says_of_a_plain_file_of_any_format_that_it_is_not_encrypted() {
    let sandbox = Sandbox::new();
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - path_regex: ^v/\n    age: {RECIPIENT}\n"));
    put(&sandbox, "v/tls.key", "-----BEGIN PRIVATE KEY-----\n");
    put(&sandbox, "v/plain.json", "{}\n");
    sandbox.put_bytes("v/random", &[0, 0xff, b'{']);
    let outcome = sandbox.bulla(&["verify", "v"]);
    let text = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!((outcome.code, text.matches("[not-encrypted]").count()), (1, 3), "{text}");
}

#[test]
fn o_04_names_of_files_cannot_steer_the_terminal_nor_forge_lines() {
    let sandbox = Sandbox::new();
    put(&sandbox, ".sops.yaml", &format!("creation_rules:\n  - path_regex: ^v/\n    age: {RECIPIENT}\n"));
    put(&sandbox, "v/a\u{1b}[2J\nb.yaml: fine", "a: b\n");
    for line in [&["verify", "v"][..], &["encrypt", "-i", "--dry-run", "v"], &["decrypt", "-i", "v/."]] {
        let outcome = sandbox.bulla(line);
        let text = format!("{}{}", String::from_utf8_lossy(&outcome.stdout), outcome.stderr);
        assert!(!text.contains('\u{1b}') && !text.contains("\nb.yaml"), "{text:?}");
    }
    assert!(
        String::from_utf8_lossy(&sandbox.bulla(&["verify", "v"]).stdout).contains("; b.yaml: fine: error")
    );
}

#[test]
fn our_own_grammar_fails_without_the_log_lines_of_sops() {
    let sandbox = Sandbox::new();
    put(&sandbox, "plain.yaml", "a: b\n");
    for line in [&["groups", "delete", "-i", "plain.yaml", "0"][..], &["filestatus", "missing.yaml"]] {
        let outcome = sandbox.bulla(line);
        assert!(outcome.code == 1 && !outcome.stderr.contains("level="), "{}", outcome.stderr);
    }
    assert!(sandbox.sops(&["filestatus", "missing.yaml"]).stderr.contains("level=fatal"));
}

#[test]
fn keygen_inspect_and_the_file_it_encrypts_fit_together() {
    let sandbox = Sandbox::new();
    let recipient = good(&sandbox.bulla(&["keygen", "--to", "new/keys.txt"]));
    assert!(recipient.starts_with("age1"), "{recipient}");
    assert!(read(&sandbox, "new/keys.txt").contains("AGE-SECRET-KEY-1"));
    assert_eq!(sandbox.bulla(&["keygen", "--to", "new/keys.txt"]).code, 1, "never overwritten");
    let keys = [recipient.trim(), RECIPIENT].join(",");
    good(&sandbox.bulla(&["encrypt", "--age", &keys, "plain.yaml", "--to", "out.yaml"]));
    let shown = good(&sandbox.bulla(&["inspect", "out.yaml"]));
    assert!(shown.contains("no key at hand") && shown.contains("opens with a key at hand"), "{shown}");
    let json = good(&sandbox.bulla(&["inspect", "--output", "json", "out.yaml"]));
    assert!(json.contains("\"opens\": true") && json.contains("\"opens\": false"), "{json}");
    assert!(!json.contains("\"unknown\""), "{json}");
    // A key service that is down says nothing about its keys.
    let down = ["inspect", "--keyservice", "unix:///nonexistent/keys.sock", "out.yaml"];
    let shown = good(&sandbox.bulla(&down));
    let reason = "could not ask: key service at unix:///nonexistent/keys.sock: cannot be reached: no such file or directory";
    assert!(shown.contains(reason) && shown.contains("opens with a key at hand"), "{shown}");
    assert!(!shown.contains("no key at hand"), "{shown}");
    let json = good(&sandbox.bulla(&[&down[..], &["--output", "json"]].concat()));
    assert_eq!(
        (json.matches("\"opens\": false").count(), json.matches("\"unknown\": \"key service").count()),
        (1, 1),
        "{json}"
    );
}

#[test]
fn l_02_fifty_parallel_set_lose_nothing() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for number in 0..50 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let index = format!("[\"k{number}\"]");
                good(&sandbox.bulla(&["set", "flat.yaml", &index, &number.to_string()]));
            });
        }
    });
    let text = good(&sandbox.bulla(&["decrypt", "flat.yaml"]));
    for number in 0..50 {
        assert!(text.contains(&format!("k{number}: {number}\n")), "{text}");
    }
}

#[test]
fn c_06_a_broken_mac_gives_no_output_and_no_digest() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["sops", "decrypt", "tampered.yaml"].map(str::to_owned));
    assert_eq!(outcome.code, 51);
    assert!(outcome.stdout.is_empty());
    let longest = outcome.stderr.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
    assert!(longest < Some(16), "{}", outcome.stderr);
}

#[test]
fn c_07_plain_names_that_select_code_are_refused() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["sops", "exec-env", "mac-only.yaml", "true"].map(str::to_owned));
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("LD_PRELOAD decides what code runs"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("covers its encrypted values only"), "{}", outcome.stderr);
}

#[test]
fn r_03_a_directory_that_takes_no_file_fails_before_any_key_is_used() {
    let sandbox = Sandbox::new();
    let outcome =
        sandbox.bulla(&["encrypt", "--age", RECIPIENT, "plain.yaml", "--to", "/proc/none/out.yaml"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.is_empty());
}

#[test]
fn an_edit_with_shown_keys_is_kept() {
    let sandbox = Sandbox::new();
    let line = "EDITOR='sed -i s/admin/changed/' sops edit -s flat.yaml";
    let outcome = sandbox.run(&shlex::split(line).unwrap());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(good(&sandbox.bulla(&["decrypt", "flat.yaml"])).contains("USER: changed\n"));
}

#[test]
fn o_01_no_secret_reaches_messages_arguments_or_temporary_directories() {
    let sandbox = Sandbox::new();
    for line in [
        "sops --verbose decrypt --extract '[\"missing\"]' flat.yaml",
        "sops decrypt --output-type dotenv enc.yaml",
        "sops exec-env enc.yaml true",
        "sops set enc.yaml '[\"user\"][\"x\"][0]' 'admin'",
        "EDITOR=false sops edit flat.yaml",
    ] {
        let outcome = sandbox.run(&shlex::split(line).unwrap());
        assert_ne!(outcome.code, 0, "{line}");
        for secret in ["admin", "p@ss", "5432"] {
            assert!(!outcome.stderr.contains(secret), "{line}: {}", outcome.stderr);
        }
    }
}

const TEMPLATE: &str = "{{ .user | upper }}:{{ index . \"tls.crt\" | b64enc }}\n";

#[test]
fn a_template_is_tried_with_the_values_of_a_file() {
    let sandbox = Sandbox::new();
    put(&sandbox, "t.tmpl", TEMPLATE);
    put(&sandbox, "values.yaml", "user: anna\ntls.crt: |\n  x\n");
    let outcome = good(&sandbox.bulla(&["template", "test", "t.tmpl", "--data", "values.yaml"]));
    assert_eq!(outcome, "ANNA:eAo=\n");
    // Standard input is empty here.
    assert_eq!(good(&sandbox.bulla(&["template", "test", "-", "--data", "values.yaml"])), "");
    put(&sandbox, "missing.tmpl", "<< .nope >>");
    let test = |options: &[&str]| {
        let line = ["template", "test", "missing.tmpl", "--data", "values.yaml"];
        let delimiters = ["--left-delimiter", "<<", "--right-delimiter", ">>"];
        sandbox.bulla(&[&line[..], &delimiters, options].concat())
    };
    assert_eq!(test(&[]).code, 1);
    assert_eq!(good(&test(&["--missing-key", "zero"])), "");
    assert_eq!(good(&test(&["--engine", "sealed-secrets"])), "<no value>");
}

#[test]
fn s_12_a_failing_template_names_its_place_and_no_value() {
    let sandbox = Sandbox::new();
    put(&sandbox, "values.yaml", "password: hunter2\n");
    for (template, expected) in [
        ("a\n{{ fail .password }}", "template: t.tmpl:2:3: executing \"t.tmpl\": error calling fail: "),
        ("{{ .password.x }}", "template: t.tmpl:1:12: executing \"t.tmpl\": "),
        (
            "{{ mustFromJson .password }}",
            "template: t.tmpl:1:3: executing \"t.tmpl\": error calling mustFromJson: ",
        ),
        ("{{ range 1000000000 }}{{ end }}", "template: t.tmpl:1:9: the template takes too many steps"),
        ("{{ env \"HOME\" }}", "template: t.tmpl:1:3: function \"env\" not defined"),
    ] {
        put(&sandbox, "t.tmpl", template);
        let outcome = sandbox.bulla(&["template", "test", "t.tmpl", "--data", "values.yaml"]);
        assert_eq!(outcome.code, 1, "{template}");
        assert!(outcome.stderr.starts_with(expected), "{template}: {}", outcome.stderr);
        assert!(outcome.stdout.is_empty() && !outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
    }
    put(&sandbox, "bad.yaml", "- hunter2\n");
    let outcome = sandbox.bulla(&["template", "test", "t.tmpl", "--data", "bad.yaml"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.starts_with("bad.yaml: line 1: there is no map\nhint: "), "{}", outcome.stderr);
    assert_eq!(sandbox.bulla(&["template", "test", "no.tmpl", "--data", "values.yaml"]).code, 2);
    assert_eq!(sandbox.bulla(&["template", "test", "-", "--data", "-"]).code, 2);
}

#[test]
fn without_the_layout_field_only_what_cannot_stay_visible_is_laid_out_anew() {
    let sandbox = Sandbox::new();
    let plain = "# kept\na: 'quoted'   # comment\n\nn: 0x1F\n";
    put(&sandbox, "x.yaml", plain);
    let lines: [(&str, &[&str]); 2] = [
        ("", &["encrypt", "--no-layout", "--age", RECIPIENT, "x.yaml", "--to", "out.yaml"]),
        ("BULLA_LAYOUT=off ", &["encrypt", "--age", RECIPIENT, "--output", "out.yaml", "x.yaml"]),
    ];
    good(&sandbox.bulla(&["encrypt", "--age", RECIPIENT, "x.yaml", "--to", "with.yaml"]));
    assert!(read(&sandbox, "with.yaml").contains("layout: ENC["), "this text needs the field");
    for (variable, words) in lines {
        let outcome = if variable.is_empty() {
            sandbox.bulla(words)
        } else {
            let line = [&[variable.trim(), "sops"], words].concat();
            sandbox.run(&line.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
        };
        good(&outcome);
        assert!(!read(&sandbox, "out.yaml").contains("layout:"));
        let decrypted = good(&sandbox.bulla(&["decrypt", "out.yaml"]));
        assert_eq!(decrypted, plain.replace("0x1F", "31"), "only the spelling of a number is lost");
        std::fs::remove_file(sandbox.path().join("out.yaml")).unwrap();
    }
    for change in [
        "BULLA_LAYOUT=off sops set with.yaml '[\"b\"]' 1",
        "sops rotate -i --no-layout with.yaml",
        "sops --no-layout --set '[\"b\"] 2' with.yaml",
        "EDITOR='sed -i s/quoted/other/' sops edit --no-layout with.yaml",
        "BULLA_LAYOUT=off sops groups add -i -f with.yaml --age age1vr49zqmn3y3aquf9m7kpgmphagqhvaefq7jmn6xnz5crwr0nuaws2d2tu3 --shamir-secret-sharing-threshold 2",
    ] {
        good(&sandbox.bulla(&["encrypt", "--age", RECIPIENT, "x.yaml", "--to", "with.yaml"]));
        good(&sandbox.run(&shlex::split(change).unwrap()));
        assert!(!read(&sandbox, "with.yaml").contains("layout:"), "{change}");
    }
    let outcome = sandbox.run(&shlex::split("BULLA_LAYOUT=offf sops decrypt flat.yaml").unwrap());
    assert!(outcome.code == 1 && outcome.stderr.contains("must be on or off"), "{}", outcome.stderr);
}

#[test]
fn groups_are_added_and_deleted_and_the_status_is_told() {
    let sandbox = Sandbox::new();
    put(&sandbox, "new.yaml", "a: b\n");
    good(&sandbox.bulla(&["encrypt", "-i", "--age", RECIPIENT, "new.yaml"]));
    let before = read(&sandbox, "new.yaml");
    let add = ["groups", "add", "new.yaml", "--age", RECIPIENT, "--threshold", "2"];
    assert!(good(&sandbox.bulla(&add)).contains("shamir_threshold: 2"));
    assert_eq!(read(&sandbox, "new.yaml"), before);
    for groups in [2, 3] {
        good(&sandbox.bulla(&[&add[..], &["-i"]].concat()));
        assert_eq!(read(&sandbox, "new.yaml").matches("recipient: ").count(), groups);
        assert_eq!(good(&sandbox.bulla(&["decrypt", "new.yaml"])), "a: b\n");
    }
    good(&sandbox.bulla(&["groups", "delete", "-i", "new.yaml", "1"]));
    assert_eq!(read(&sandbox, "new.yaml").matches("recipient: ").count(), 2);
    assert_eq!(good(&sandbox.bulla(&["decrypt", "new.yaml"])), "a: b\n");
    assert_eq!(sandbox.bulla(&["groups", "delete", "-i", "new.yaml", "1"]).code, 1);
    assert_eq!(good(&sandbox.bulla(&["filestatus", "new.yaml"])), "{\"encrypted\":true}\n");
}
