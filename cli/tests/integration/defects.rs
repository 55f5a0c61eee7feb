//! Defects that kubeseal had once (`docs/sealed-secrets-defects.md`), where
//! only the whole program shows that it has none of them.

use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox, good, put, read};

const SECRET: &str = "metadata: {name: db, namespace: shop}\nstringData: {password: hunter2}\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    put(&sandbox, "cert.pem", include_str!("../../../tests/fixtures/seal/valid.crt"));
    put(&sandbox, "main.key", include_str!("../../../tests/fixtures/seal/main.key"));
    sandbox
}

fn kubeseal(sandbox: &Sandbox, line: &str) -> Outcome {
    let words: Vec<&str> = ["kubeseal"].into_iter().chain(line.split(' ')).collect();
    sandbox.bulla(&words)
}

fn sealed(sandbox: &Sandbox, line: &str) -> Value {
    serde_json::from_str(&good(&kubeseal(sandbox, &format!("--cert cert.pem {line}")))).unwrap()
}

#[test]
fn nothing_gives_a_cluster_wide_secret_a_namespace() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", "metadata: {name: db}\nstringData: {password: hunter2}\n");
    let object = sealed(&sandbox, "--scope cluster-wide -n shop -f secret.yaml");
    assert_eq!((&object["metadata"]["namespace"], &object["metadata"]["name"]), (&Value::Null, &"db".into()));
    // With a scope that binds to one, the same gives it.
    let object = sealed(&sandbox, "--scope namespace-wide -n shop -f secret.yaml");
    assert_eq!(object["metadata"]["namespace"], "shop");
}

#[test]
fn a_merge_takes_name_and_namespace_of_its_target() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    put(&sandbox, "more.yaml", "metadata: {name: other, namespace: elsewhere}\nstringData: {user: admin}\n");
    good(&kubeseal(&sandbox, "--cert cert.pem -f secret.yaml -w sealed.yaml"));
    good(&kubeseal(&sandbox, "--cert cert.pem -f more.yaml --merge-into sealed.yaml"));
    let unseal = "--recovery-unseal --recovery-private-key main.key -f sealed.yaml";
    let secret: Value = serde_json::from_str(&good(&kubeseal(&sandbox, unseal))).unwrap();
    assert_eq!(
        (&secret["metadata"]["name"], &secret["metadata"]["namespace"]),
        (&"db".into(), &"shop".into())
    );
    assert_eq!(secret["data"].as_object().unwrap().len(), 2);
}

#[test]
fn a_cluster_wide_value_needs_neither_name_nor_namespace() {
    let sandbox = sandbox();
    put(&sandbox, "value", "hunter2");
    let raw = "--raw --cert cert.pem --from-file value --scope";
    assert!(good(&kubeseal(&sandbox, &format!("{raw} cluster-wide"))).starts_with("AQ"));
    for scope in ["strict", "namespace-wide"] {
        assert_eq!(kubeseal(&sandbox, &format!("{raw} {scope}")).code, 1, "{scope}");
    }
}

#[test]
fn several_documents_are_sealed_and_no_empty_one_follows() {
    let sandbox = sandbox();
    put(&sandbox, "secrets.yaml", &format!("---\n{SECRET}---\n{}---\n", SECRET.replace("db", "web")));
    let text = good(&kubeseal(&sandbox, "--cert cert.pem -o yaml -f secrets.yaml"));
    let names = |text: &str| text.lines().filter(|line| line.starts_with("  name: ")).count();
    assert_eq!((names(&text), text.matches("---").count()), (2, 2), "{text}");
    assert!(text.starts_with("---\n") && !text.ends_with("---\n"), "{text}");
}

#[test]
fn a_file_that_is_missing_or_holds_no_secret_is_an_error() {
    let sandbox = sandbox();
    sandbox.put_bytes("empty", b"");
    // UTF-16, in both orders and cut within a character.
    let utf_16: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.put_bytes("utf-16", &[b"\xff\xfe", utf_16.as_slice()].concat());
    sandbox.put_bytes("utf-16-cut", &[b"\xfe\xff", &utf_16[1..utf_16.len() - 1]].concat());
    for (file, text) in [
        ("missing", "error: Could not read file specified with --secret-file"),
        ("empty", "error: no secrets found. Ensure the input is valid and UTF-8 encoded"),
        ("utf-16", "error: no secrets found. Ensure the input is valid and UTF-8 encoded"),
        ("utf-16-cut", "error: no secrets found. Ensure the input is valid and UTF-8 encoded"),
    ] {
        let outcome = kubeseal(&sandbox, &format!("--cert cert.pem -f {file}"));
        assert_eq!((outcome.code, outcome.stderr.trim()), (1, text), "{file}");
    }
}

#[test]
fn only_a_namespace_that_was_said_is_compared() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    let config = "contexts: [{name: c, context: {cluster: k, namespace: other}}]\ncurrent-context: c\n\
                  clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\n";
    put(&sandbox, "config", config);
    let object = sealed(&sandbox, "--kubeconfig config -f secret.yaml");
    assert_eq!(object["metadata"]["namespace"], "shop");
    let outcome = kubeseal(&sandbox, "--cert cert.pem -n other -f secret.yaml");
    let text = "error: namespace mismatch: input secret is in namespace \"shop\" but \"other\" was specified";
    assert_eq!((outcome.code, outcome.stderr.trim()), (1, text));
    assert_eq!(read(&sandbox, "secret.yaml"), SECRET);
}
