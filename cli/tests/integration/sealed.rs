//! SealedSecrets in the grammar of `bulla` itself.

mod edit;
mod keys;

use crate::sandbox::{RECIPIENT, Sandbox, good, put, read};

const SECRET: &str = "\
# the database
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData:
  password: hunter2
";

const OTHER_OBJECT: &str = "---\napiVersion: v1\nkind: ConfigMap # stays\nmetadata: {name:   c}\n";

/// A directory with `valid.crt`, its key `main.key`, `other.crt` and `other.key`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    put(&sandbox, "valid.crt", include_str!("../../../tests/fixtures/seal/valid.crt"));
    put(&sandbox, "main.key", include_str!("../../../tests/fixtures/seal/main.key"));
    put(&sandbox, "other.crt", include_str!("../../../tests/fixtures/seal/other.crt"));
    put(&sandbox, "other.key", include_str!("../../../tests/fixtures/cmd/kubeseal/files/other.key"));
    sandbox
}

/// The Secret in JSON that a key opens.
#[track_caller]
fn opened(sandbox: &Sandbox, file: &str, key: &str) -> serde_json::Value {
    let line = ["kubeseal", "--recovery-unseal", "--recovery-private-key", key, "-f", file];
    serde_json::from_str(&good(&sandbox.bulla(&line))).unwrap()
}

#[test]
fn a_file_is_sealed_to_standard_output_and_to_a_file() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    let printed = good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml"]));
    assert!(printed.contains("kind: SealedSecret") && !printed.contains("hunter2"), "{printed}");
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "sealed.json"]));
    assert_eq!(opened(&sandbox, "sealed.json", "main.key")["data"]["password"], "aHVudGVyMg==");
    assert_eq!(read(&sandbox, "secret.yaml"), SECRET);
}

#[test]
fn a_directory_is_sealed_in_place_and_other_objects_stay() {
    let sandbox = sandbox();
    put(&sandbox, "d/one.yaml", &format!("{SECRET}{OTHER_OBJECT}"));
    put(&sandbox, "d/two.yaml", &format!("{OTHER_OBJECT}---\n{SECRET}"));
    put(&sandbox, "d/other.yaml", OTHER_OBJECT);
    put(&sandbox, "d/notes.txt", SECRET);
    let line = ["seal", "--cert", "valid.crt", "-i", "d"];
    let listed = good(&sandbox.bulla(&[&line[..], &["--dry-run"]].concat()));
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert_eq!(read(&sandbox, "d/one.yaml"), format!("{SECRET}{OTHER_OBJECT}"));
    good(&sandbox.bulla(&line));
    for name in ["d/one.yaml", "d/two.yaml"] {
        let text = read(&sandbox, name);
        assert!(text.contains(OTHER_OBJECT) && !text.contains("hunter2"), "{text}");
    }
    assert!(read(&sandbox, "d/one.yaml").starts_with("apiVersion: bitnami.com/v1alpha1"));
    assert_eq!(opened(&sandbox, "d/one.yaml", "main.key")["data"]["password"], "aHVudGVyMg==");
    assert_eq!(read(&sandbox, "d/other.yaml"), OTHER_OBJECT);
    assert_eq!(read(&sandbox, "d/notes.txt"), SECRET);
}

#[test]
fn options_make_a_secret_as_kubectl_does() {
    let sandbox = sandbox();
    put(&sandbox, "token", "t\n");
    put(&sandbox, "conf/a", "1");
    put(&sandbox, "conf/b.txt", "2");
    put(&sandbox, "app.env", "# comment\n\nUSER=admin\nURL=a=b \nHOME\n");
    let base = ["seal", "--cert", "valid.crt", "--name", "db", "--namespace", "shop"];
    let sources = [
        "--from-literal",
        "password=hunter2=",
        "--from-file",
        "token",
        "--from-file",
        "key=token",
        "--from-file",
        "conf",
        "--from-env-file",
        "app.env",
        "--type",
        "example.com/own",
        "--to",
        "s.yaml",
    ];
    good(&sandbox.own(&["HOME=/h"], &[&base[..], &sources].concat()));
    let secret = opened(&sandbox, "s.yaml", "main.key");
    let expected = serde_json::json!({
        "password": "aHVudGVyMj0=", "token": "dAo=", "key": "dAo=", "a": "MQ==", "b.txt": "Mg==",
        "USER": "YWRtaW4=", "URL": "YT1iIA==", "HOME": "L2g="
    });
    assert_eq!(secret["data"], expected);
    assert_eq!(secret["type"], "example.com/own");
    for wrong in [
        &["--from-literal", "hunter2"][..],
        &["--from-literal", "a/b=hunter2"],
        &["--from-literal", "..=hunter2"],
        &["--from-literal", "a=hunter2", "--from-literal", "a=hunter2"],
        &["--from-file", "missing"],
        &["--from-file", "x=conf"],
    ] {
        let outcome = sandbox.bulla(&[&base[..], wrong].concat());
        assert_eq!((outcome.code, outcome.stdout.len()), (1, 0), "{wrong:?}");
        assert!(!outcome.stderr.contains("=hunter2"), "{}", outcome.stderr);
    }
}

#[test]
fn a_repository_moves_to_a_new_key_and_keeps_its_layout() {
    let sandbox = sandbox();
    put(&sandbox, "d/secret.yaml", SECRET);
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "-i", "d"]));
    let text = format!("# by hand\n{}{OTHER_OBJECT}", read(&sandbox, "d/secret.yaml"));
    put(&sandbox, "d/secret.yaml", &text);
    put(&sandbox, "d/broken.yaml", &text.replace("name: db", "name: renamed"));
    let line = ["reseal", "--cert", "other.crt", "--recovery-keys", "main.key", "d"];
    assert_eq!(sandbox.bulla(&[&line[..], &["--dry-run"]].concat()).code, 1);
    assert_eq!(read(&sandbox, "d/secret.yaml"), text);
    let outcome = sandbox.bulla(&line);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("broken.yaml: renamed: no key could decrypt secret (password)"));
    assert!(outcome.stderr.contains("reseal: 1 of 2 files done, 1 failed"), "{}", outcome.stderr);
    let resealed = read(&sandbox, "d/secret.yaml");
    let changed: Vec<_> = text.lines().zip(resealed.lines()).filter(|(old, new)| old != new).collect();
    assert!(changed.len() == 1 && changed[0].0.contains("password: "), "{changed:?}");
    assert_eq!(opened(&sandbox, "d/secret.yaml", "other.key")["data"]["password"], "aHVudGVyMg==");
    // Whoever has the new key as well sees that nothing is left to do.
    let line = ["reseal", "--cert", "other.crt", "--recovery-keys", "main.key,other.key", "d/secret.yaml"];
    assert!(sandbox.bulla(&line).stderr.contains("1 up to date"));
    assert_eq!(read(&sandbox, "d/secret.yaml"), resealed);
    let line = ["reseal", "--cert", "missing.crt", "--recovery-keys", "main.key", "d"];
    assert_eq!(sandbox.bulla(&line).code, 2);
}

#[test]
fn inspect_tells_which_key_sealed_what() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "s.yaml"]));
    let inspect = |more: &[&str]| good(&sandbox.bulla(&[&["inspect", "s.yaml"], more].concat()));
    let text = inspect(&["--recovery-keys", "other.key,main.key", "--cert", "valid.crt"]);
    assert!(
        text.contains("scope          strict") && text.contains("password  (opens with SHA256:"),
        "{text}"
    );
    assert!(text.contains("maybe sealed to valid.crt"), "{text}");
    assert!(inspect(&["--recovery-keys", "other.key"]).contains("password  (no key at hand)"));
    let json: serde_json::Value =
        serde_json::from_str(&inspect(&["--output", "json", "--recovery-keys", "main.key"])).unwrap();
    assert_eq!(json[0]["name"], "db");
    assert!(json[0]["items"][0]["opens_with"].as_str().unwrap().starts_with("SHA256:"));
    assert_eq!(json[0]["items"][0]["error"], serde_json::Value::Null);
    let head = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n";
    put(&sandbox, "s.yaml", &format!("{head}spec: {{data: AAAA, encryptedData: {{a: '%'}}}}\n"));
    let text = inspect(&["--recovery-keys", "main.key"]);
    assert!(text.contains("  spec.data  (no key at hand)\n"), "{text}");
    assert!(text.contains("  a  (illegal base64 data at input byte 0)\n"), "{text}");
    put(&sandbox, "s.yaml", &format!("kind: ConfigMap\ndata: {{a: '{}'}}\n", head.replace('\n', " ")));
    let outcome = sandbox.bulla(&["inspect", "s.yaml"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("no SealedSecret in it"), "{}", outcome.stderr);
}

#[test]
fn a_secret_that_cannot_be_read_fails_its_file_and_nothing_of_it_is_written() {
    let sandbox = sandbox();
    let broken = SECRET.replace("stringData:\n  password: hunter2", "data:\n  password: '%hunter2%'");
    let text = format!("{SECRET}---\n{broken}");
    put(&sandbox, "d/two.yaml", &text);
    let outcome = sandbox.bulla(&["seal", "--cert", "valid.crt", "-i", "d"]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("two.yaml: ") && !outcome.stderr.contains("hunter2"),
        "{}",
        outcome.stderr
    );
    assert_eq!(read(&sandbox, "d/two.yaml"), text);
}

#[test]
fn inspect_takes_what_sops_encrypted_for_a_file_of_sops() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "s.yaml"]));
    let line = ["encrypt", "-i", "--encrypted-regex", "^password$", "--age", RECIPIENT, "s.yaml"];
    good(&sandbox.bulla(&line));
    assert!(good(&sandbox.bulla(&["inspect", "s.yaml"])).contains(RECIPIENT));
}

#[test]
fn lists_are_sealed_item_by_item_and_templates_are_named() {
    let sandbox = sandbox();
    let item = |name: &str| {
        format!(
            "- apiVersion: v1\n  kind: Secret\n  metadata: {{name: {name}, namespace: x}}\n  stringData: {{m: '0123'}}\n"
        )
    };
    let other = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {m: '0123'}}\n";
    let list = format!("# hunter2\napiVersion: v1\nkind: List\nitems:\n{}{other}{}", item("db"), item("two"));
    put(&sandbox, "d/list.yaml", &format!("{OTHER_OBJECT}---\n{list}"));
    let json = "{\"apiVersion\":\"v1\",\"kind\":\"SecretList\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"},\"data\":{\"a\":\"aHVudGVyMg==\"}}]}";
    put(&sandbox, "d/list.json", json);
    let template = "apiVersion: v1\nkind: Secret\nmetadata: {{ .Values.meta }}\nstringData: {{- if x }}\n";
    put(&sandbox, "d/template.yaml", template);
    put(&sandbox, "d/values.yaml", "{{ of something else }}\n");
    let line = ["seal", "--cert", "valid.crt", "-i", "d"];
    let outcome = sandbox.bulla(&line);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("template.yaml: passed over, since it is no manifest: "),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("2 of 2 files done") && !outcome.stderr.contains("values.yaml"));
    let text = read(&sandbox, "d/list.yaml");
    assert!(text.starts_with(OTHER_OBJECT) && !text.contains("hunter2"), "{text}");
    assert!(text.matches("kind: SealedSecret").count() == 2 && text.contains("m: \"0123\""), "{text}");
    let list: serde_json::Value = serde_json::from_str(&read(&sandbox, "d/list.json")).unwrap();
    assert_eq!(list["kind"], "List");
    put(&sandbox, "item.json", &list["items"][0].to_string());
    assert_eq!(opened(&sandbox, "item.json", "main.key")["data"]["a"], "aHVudGVyMg==");
    assert_eq!(read(&sandbox, "d/template.yaml"), template);
    // A file that was named is no matter of passing over.
    let line = ["seal", "--cert", "valid.crt", "-i", "d/template.yaml"];
    assert_eq!(sandbox.bulla(&line).code, 1);
}

/// `seal -i` of a file alone in a directory: the exit code, and whether its plaintext is still there.
fn sealed_in_place(name: &str, text: &[u8]) -> (i32, bool) {
    let sandbox = sandbox();
    put(&sandbox, "d/other.yaml", OTHER_OBJECT);
    sandbox.put_bytes(&format!("d/{name}"), text);
    let outcome = sandbox.bulla(&["seal", "--cert", "valid.crt", "-i", "d"]);
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
    let after = std::fs::read(sandbox.path().join("d").join(name)).unwrap();
    let is_plain = after.split(|byte| *byte == b'h').any(|rest| rest.starts_with(b"unter2"));
    assert!(outcome.code == 0 || after == text, "a file that fails stays");
    (outcome.code, is_plain)
}

#[test]
fn no_secret_stays_in_plain_text_unnoticed() {
    let flow =
        "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: x}, stringData: {p: hunter2}}\n";
    let item = SECRET.replace('\n', "\n  ").replace("# the database", "-");
    let object = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"x"},"stringData":{"p":"hunter2"}}"#;
    for (name, text) in [
        ("flow.yaml", flow.to_owned()),
        ("marker.yaml", format!("--- {flow}---\nkind: ConfigMap\n")),
        ("version.yaml", SECRET.replace("apiVersion: v1\n", "")),
        ("list.yaml", format!("kind: List\nitems:\n{item}\n")),
        ("list.yml", format!("apiVersion: v1\nkind: SecretList\nitems:\n- {flow}")),
        ("lines.yaml", SECRET.replace('\n', "\r\n")),
        ("LOUD.YAML", SECRET.to_owned()),
        ("several.json", format!("{object}\n{object}\n")),
    ] {
        assert_eq!(sealed_in_place(name, text.as_bytes()), (0, false), "{name}");
    }
    let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, text) in [
        (
            "list.yaml",
            format!("kind: List\nitems:\n{}\n", item.replace("password:", "f: .inf\n    password:"))
                .into_bytes(),
        ),
        (
            "items.yaml",
            format!("kind: SecretList\nitems:\n- {flow}").replace("kind: Secret,", "").into_bytes(),
        ),
        ("broken.yaml", SECRET.replace("namespace: shop}", "namespace: shop").into_bytes()),
        ("pin.yaml", SECRET.replace("password:", "pin: 0123\n  password:").into_bytes()),
        ("flow.yaml", flow.replace("{p:", "{pin: 0123, p:").into_bytes()),
        ("pin.json", object.replace("{\"p\"", "{\"pin\":0123,\"p\"").into_bytes()),
        ("key.yaml", SECRET.replace("stringData:", "data: {on: Zm9v}\nstringData:").into_bytes()),
        ("twice.yaml", SECRET.replace("password:", "password: a\n  password:").into_bytes()),
        ("twice.json", object.replace("{\"p\"", "{\"p\":\"x\",\"p\"").into_bytes()),
        ("latin.yaml", [SECRET.as_bytes(), b"  q: \"\xe9\"\n"].concat()),
    ] {
        assert_eq!(sealed_in_place(name, &text), (1, true), "{name}");
    }
    assert_eq!(sealed_in_place("wide.yaml", &[b"\xff\xfe", &wide[..]].concat()).0, 1);
    // What only speaks of Secrets is left alone.
    for text in [
        "kind: ConfigMap\ndata: {a: 'kind: Secret'}\n".to_owned(),
        SECRET.replace("apiVersion: v1", "apiVersion: example.com/v1"),
        SECRET.replace("hunter2", "{{ .hunter2 }}"),
        "apiVersion: v1\nkind: List\nitems: [{kind: ConfigMap, data: {a: hunter2}}]\n".to_owned(),
    ] {
        assert_eq!(sealed_in_place("other.yml", text.as_bytes()).0, 0, "{text}");
    }
}

#[test]
fn files_without_a_private_key_are_named() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "s.yaml"]));
    let keys = ["--recovery-keys", "main.key,valid.crt"];
    for line in [&["reseal", "--cert", "other.crt"][..], &["inspect"]] {
        let outcome = sandbox.bulla(&[line, &keys, &["s.yaml"]].concat());
        assert_eq!(outcome.code, 2);
        assert!(
            outcome.stderr.contains("valid.crt: there is no private RSA key in it"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn only_secrets_are_sealed_to_standard_output_those_of_lists_as_well() {
    let sandbox = sandbox();
    let encoded = OTHER_OBJECT.replace("metadata:", "data: {a: Zm9v}\nmetadata:");
    put(&sandbox, "mixed.yaml", &format!("{SECRET}{encoded}"));
    let item = SECRET.replace('\n', "\n  ").replace("# the database", "-");
    put(&sandbox, "list.yaml", &format!("kind: List\nitems:\n{item}\n"));
    put(&sandbox, "none.yaml", OTHER_OBJECT);
    put(&sandbox, "two.yaml", &format!("{SECRET}---\n{SECRET}"));
    put(&sandbox, "empty.yaml", "kind: Secret\nmetadata: {name: a, namespace: x}\n");
    let line = ["seal", "--cert", "valid.crt"];
    for file in ["mixed.yaml", "list.yaml"] {
        let printed = good(&sandbox.bulla(&[&line[..], &[file]].concat()));
        assert_eq!(printed.matches("\nkind: SealedSecret\n").count(), 1, "{printed}");
    }
    for (further, code, told) in [
        (&["none.yaml"][..], 1, "there is no Secret in it"),
        (&["empty.yaml"], 1, "--allow-empty-data can be used"),
        (&["."], 1, "is a directory: add --in-place"),
        (&["mixed.yaml", "--type", "t"], 2, "--type is for a Secret that is made of options"),
        (&["mixed.yaml", "--output", "json"], 2, "--in-place"),
        (&["--name", "x", "two.yaml"], 1, "--name names one Secret"),
        (&["-i", "--name", "x", "."], 2, "--name names one Secret"),
        (&["-i", "--name", "x", "mixed.yaml", "list.yaml"], 2, "--name names one Secret"),
    ] {
        let outcome = sandbox.bulla(&[&line[..], further].concat());
        assert!(outcome.code == code && outcome.stderr.contains(told), "{further:?}: {}", outcome.stderr);
    }
    good(&sandbox.bulla(&[&line[..], &["--allow-empty-data", "empty.yaml"]].concat()));
    let outcome = sandbox.bulla(&[&line[..], &["-i", "--name", "x", "two.yaml"]].concat());
    assert!(outcome.code == 1 && read(&sandbox, "two.yaml").contains("hunter2"), "{}", outcome.stderr);
}

#[test]
fn merging_into_json_keeps_its_layout_and_all_fields() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    let old = "{\"kind\":\"SealedSecret\", \"apiVersion\":\"bitnami.com/v1alpha1\",\n \"metadata\":{\"name\":\"db\",\"namespace\":\"shop\"},\n \"spec\":{\"encryptedData\":{\"a\":\"AAAA\"}}, \"status\":{\"observedGeneration\":1}, \"foo\":5}\n";
    put(&sandbox, "s.json", old);
    good(&sandbox.bulla(&["kubeseal", "--cert", "valid.crt", "--merge-into", "s.json", "-f", "secret.yaml"]));
    let new = read(&sandbox, "s.json");
    let (head, tail) = old.split_once("\"AAAA\"").unwrap();
    assert!(new.starts_with(head) && new.ends_with(tail.trim_start_matches('}')), "{new}");
    let value: serde_json::Value = serde_json::from_str(&new).unwrap();
    assert!(value["spec"]["encryptedData"]["password"].is_string(), "{new}");
}

#[test]
fn a_certificate_is_named_by_a_url_of_a_file_and_no_name_of_a_list_is_empty() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    put(&sandbox, "with space.crt", &read(&sandbox, "valid.crt"));
    for scheme in ["file", "FILE"] {
        let url = format!("{scheme}://{}/with%20space.crt", sandbox.path().display());
        good(&sandbox.bulla(&["kubeseal", "--cert", &url, "-f", "secret.yaml", "-w", "s.yaml"]));
    }
    let line = ["kubeseal", "--recovery-unseal", "--recovery-private-key", "main.key,", "-f", "s.yaml"];
    for line in [&line[..], &["inspect", "s.yaml", "--recovery-keys", "main.key,"]] {
        let outcome = sandbox.bulla(line);
        assert!(outcome.code > 0 && outcome.stderr.contains("open : no such file"), "{}", outcome.stderr);
    }
}
