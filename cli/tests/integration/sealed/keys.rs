//! `keys` and `--recovery-keys` on files.

use super::{SECRET, sandbox};
use crate::sandbox::{RECIPIENT, Sandbox, good, put, read};

/// Two keys of a cluster as `kubectl get --output=yaml` prints them, and a Secret with a broken one.
fn key_list(sandbox: &Sandbox) {
    let encoded = |name: &str| bulla_api::encode_base64(read(sandbox, name).as_bytes());
    let item = |name: &str, state: &str, key: &str, certificate: &str| {
        format!(
            "- apiVersion: v1\n  kind: Secret\n  type: kubernetes.io/tls\n  metadata:\n    name: {name}\n    \
             labels: {{sealedsecrets.bitnami.com/sealed-secrets-key: {state}}}\n  \
             data: {{tls.key: {}, tls.crt: {}}}\n",
            encoded(key),
            encoded(certificate)
        )
    };
    let items = item("one", "active", "main.key", "valid.crt")
        + &item("two", "compromised", "other.key", "other.crt")
        + &item("three", "active", "valid.crt", "other.crt");
    put(sandbox, "keys.yaml", &format!("apiVersion: v1\nkind: List\nitems:\n{items}"));
}

#[test]
fn q_06_keys_of_a_file_are_listed_and_nothing_private_of_them() {
    let sandbox = sandbox();
    key_list(&sandbox);
    let text = good(&sandbox.bulla(&["keys", "list", "keys.yaml"]));
    let newest = "one\n  state        active, the newest: it is sealed with\n  fingerprint  SHA256:";
    assert!(text.starts_with(newest), "{text}");
    assert!(text.contains("two\n  state        compromised\n") && !text.contains("PRIVATE"), "{text}");
    assert!(text.contains("three\n  state        active\n  unusable     tls.key: "), "{text}");
    let json = good(&sandbox.bulla(&["keys", "list", "keys.yaml", "--output", "json"]));
    let keys: serde_json::Value = serde_json::from_str(&json).unwrap();
    let newest: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["newest"] == true).collect();
    assert_eq!((&keys[0]["bits"], newest.as_slice()), (&2048.into(), &[true, false, false][..]));
    assert!(keys[2]["error"].is_string() && keys[2]["fingerprint"].is_null());
    for (none, told) in
        [("valid.crt", "there is no Secret with a sealing key in it"), ("missing", "missing: ")]
    {
        let outcome = sandbox.bulla(&["keys", "list", none]);
        assert!(outcome.code == 2 && outcome.stderr.contains(told), "{none}: {}", outcome.stderr);
    }
}

#[test]
fn a_damaged_document_among_keys_is_told_and_none_is_taken_for_all() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "s.yaml"]));
    key_list(&sandbox);
    let keys = read(&sandbox, "keys.yaml");
    put(&sandbox, "damaged.yaml", &format!("{keys}---\nkind: Secret\ndata: {{tls.key: \n"));
    for line in [
        &["keys", "list", "damaged.yaml"][..],
        &["keys", "restore", "damaged.yaml"],
        &["reseal", "--cert", "other.crt", "--recovery-keys", "damaged.yaml", "s.yaml"],
    ] {
        let outcome = sandbox.bulla(line);
        assert_eq!((outcome.code, outcome.stdout.len()), (2, 0), "{line:?}");
        assert!(outcome.stderr.contains("damaged.yaml: yaml: line "), "{line:?}: {}", outcome.stderr);
    }
    put(&sandbox, "twice.yaml", &format!("{keys}{keys}"));
    put(&sandbox, "keyless.yaml", "kind: Secret\nmetadata: {name: bare}\n");
    for (file, told) in [
        ("twice.yaml", "the name stands twice in one map\nhint: where two documents follow one another, "),
        ("keyless.yaml", "keyless.yaml: Secret \"bare\": tls.key: data does not contain "),
        ("keys.yaml", "keys.yaml: Secret \"three\": tls.key: data does not contain "),
    ] {
        let outcome = sandbox.bulla(&["inspect", "--recovery-keys", file, "s.yaml"]);
        assert_eq!((outcome.code, outcome.stdout.len()), (2, 0), "{file}");
        assert!(outcome.stderr.contains(told), "{file}: {}", outcome.stderr);
    }
}

#[test]
fn without_a_certificate_and_without_a_cluster_sealing_says_what_to_name() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    key_list(&sandbox);
    for line in [
        &["seal", "secret.yaml"][..],
        &["reseal", "secret.yaml", "--recovery-keys", "main.key"],
        &["keys", "list"],
        &["keys", "renew"],
        &["keys", "restore", "keys.yaml"],
        &["keys", "backup", "--age", RECIPIENT, "--to", "keys.age"],
    ] {
        let outcome = sandbox.own(&["HOME=/h"], line);
        assert_eq!((outcome.code, outcome.stdout.len()), (2, 0), "{line:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("no configuration has been provided"), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("hint: --cert or SEALED_SECRETS_CERT"), line[0] != "keys");
    }
    assert!(!sandbox.path().join("keys.age").exists());
}

#[test]
fn a_backup_needs_a_recipient_and_a_new_file_before_it_asks_anybody() {
    let sandbox = sandbox();
    put(&sandbox, "keys.age", "old");
    assert_eq!(sandbox.bulla(&["keys", "backup", "--to", "new.age"]).code, 2);
    let outcome = sandbox.bulla(&["keys", "backup", "--age", RECIPIENT, "--to", "keys.age"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("keys.age exists already; it is not overwritten"), "{}", outcome.stderr);
    assert_eq!(read(&sandbox, "keys.age"), "old");
    for wrong in ["renew --key-size 1024", "list --controller-namespace a/b --kubeconfig valid.crt"] {
        let words: Vec<&str> = std::iter::once("keys").chain(wrong.split(' ')).collect();
        assert_eq!(sandbox.bulla(&words).code, 2, "{wrong}");
    }
}
