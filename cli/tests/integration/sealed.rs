//! SealedSecrets in the grammar of `bulla` itself.

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
