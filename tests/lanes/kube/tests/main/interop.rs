//! What either kubeseal seals, in every scope, form and kind, becomes the same
//! Secret with either controller.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_testkit::Tool;
use bulla_testkit::kube::eventually;
use serde_json::{Value, json};

use crate::home::{Home, KEYS, marked};

const SCOPES: [&str; 3] = ["strict", "namespace-wide", "cluster-wide"];
const FORMS: [&str; 2] = ["json", "yaml"];

/// Two Secrets: one with all that a template can say, one that cannot be changed.
fn secrets(space: &str, prefix: &str) -> String {
    let word = marked("correct horse");
    format!(
        "metadata: {{name: {prefix}-template, namespace: {space}, labels: {{app: web}}, annotations: {{note: 'a <b> & c'}}}}
type: example.com/login
data: {{binary: AAH/gA==, empty: ''}}
stringData: {{word: '{word}', lines: \"one\\ntwo\\n\"}}
---
metadata: {{name: {prefix}-immutable, namespace: {space}}}
immutable: true
stringData: {{word: '{word}'}}
"
    )
}

/// The old form, which no kubeseal makes any more: one ciphertext of a whole Secret.
fn old(home: &Home, tool: &Tool, [scope, form]: [&str; 2], name: &str) -> String {
    let space = &home.name;
    let metadata = json!({"name": name, "namespace": space, "labels": {"l": "v"}, "annotations": {"n": "v"}});
    let whole = json!({
        "kind": "Secret", "apiVersion": "v1", "metadata": metadata, "type": "example.com/old",
        "data": {"foo": "YmFy", "word": STANDARD.encode(marked("correct horse"))},
    });
    home.sandbox.write("whole.json", format!("{whole}\n"));
    let seal = ["--raw", "--cert", "tls.crt", "--scope", scope, "--name", name, "--namespace", space];
    let sealed =
        home.sandbox.run(tool, &[&seal[..], &["--from-file", "whole.json"]].concat()).success().out();
    let annotations = if scope == "strict" {
        json!({})
    } else {
        json!({format!("sealedsecrets.bitnami.com/{scope}"): "true"})
    };
    let metadata = json!({"name": name, "namespace": space, "annotations": annotations});
    let spec = json!({"data": sealed, "encryptedData": {}});
    let (version, kind) = ("bitnami.com/v1alpha1", "SealedSecret");
    match form {
        "yaml" => format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"),
        _ => json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}).to_string(),
    }
}

/// All three kinds, sealed by a program.
fn sealed(home: &Home, tool: &Tool, [scope, form]: [&str; 2], prefix: &str) -> String {
    let seal = ["--cert", "tls.crt", "--scope", scope, "--format", form];
    let text = secrets(&home.name, prefix);
    let sealed = home.sandbox.run_with_input(tool, &seal, text.as_bytes()).success().out();
    // No option of kubeseal makes templates of data; people write them into the file.
    let (plain, with) = match form {
        "yaml" => ("\n  template:\n", "\n  template:\n    data: {conf: '<{{ .word }}>'}\n"),
        _ => ("\"template\": {\n", "\"template\": {\"data\": {\"conf\": \"<{{ .word }}>\"},\n"),
    };
    let with = sealed.replacen(plain, with, 1);
    assert!(with != sealed, "{sealed}");
    format!("{with}\n{}", old(home, tool, [scope, form], &format!("{prefix}-old")))
}

/// All of a Secret but what the server says: when and by whom it was made.
fn essence(mut secret: Value) -> Value {
    let metadata = secret["metadata"].as_object_mut().expect("an object");
    for name in ["uid", "resourceVersion", "creationTimestamp"] {
        metadata.remove(name).expect("the server says it");
    }
    secret
}

/// What became of all objects, by name, once all say that they are synced.
fn become_secrets(home: &Home, count: usize) -> BTreeMap<String, Value> {
    eventually(&format!("{count} Secrets"), || {
        let is_synced = |object: &&Value| object["status"]["conditions"][0]["status"] == "True";
        let sealed = home.list("sealedsecrets");
        let mut secrets = home.list("secrets");
        secrets.retain(|secret| secret["type"] != "kubernetes.io/tls");
        let is_all = secrets.len() == count && sealed.iter().filter(is_synced).count() == count;
        let named = |secret: Value| {
            (secret["metadata"]["name"].as_str().expect("a name").to_owned(), essence(secret))
        };
        is_all.then(|| secrets.into_iter().map(named).collect())
    })
}

/// What a Secret is to be, by its name; whose it is said elsewhere.
fn expected(name: &str) -> Value {
    let word = marked("correct horse");
    let encoded = |text: &str| json!(STANDARD.encode(text));
    let scope = SCOPES.into_iter().find(|scope| name.contains(scope)).expect("one of them");
    let of_scope = format!("sealedsecrets.bitnami.com/{scope}");
    let mut annotations = json!({});
    if scope != "strict" {
        annotations[of_scope] = json!("true");
    }
    match name.rsplit('-').next() {
        Some("template") => {
            annotations["note"] = json!("a <b> & c");
            let conf = encoded(&format!("<{word}>"));
            let data = json!({"binary": "AAH/gA==", "empty": "", "word": encoded(&word), "lines": encoded("one\ntwo\n"), "conf": conf});
            json!({"type": "example.com/login", "labels": {"app": "web"}, "annotations": annotations, "immutable": null, "data": data})
        }
        Some("immutable") => {
            let annotations = if scope == "strict" { Value::Null } else { annotations };
            json!({"type": "Opaque", "labels": null, "annotations": annotations, "immutable": true, "data": {"word": encoded(&word)}})
        }
        _ => {
            let data = json!({"foo": "YmFy", "word": encoded(&word)});
            json!({"type": "example.com/old", "labels": {"l": "v"}, "annotations": {"n": "v"}, "immutable": null, "data": data})
        }
    }
}

#[test]
fn either_kubeseal_and_either_controller_make_the_same_secrets() {
    let home = Home::new("interop");
    let theirs = home.start(&Tool::sealed_secrets_controller(), &["--kubeclient-qps=-1"]);
    home.certificate();
    for (who, tool) in [("theirs", Tool::kubeseal()), ("ours", Tool::bulla_as_kubeseal())] {
        for (scope, form) in SCOPES.iter().flat_map(|scope| FORMS.map(|form| (*scope, form))) {
            home.cluster.apply(&sealed(&home, &tool, [scope, form], &format!("{who}-{scope}-{form}")));
        }
    }
    let count = 2 * SCOPES.len() * FORMS.len() * 3;
    let of_theirs = become_secrets(&home, count);
    theirs.end_by("TERM");
    // The other one makes them anew, from the same objects and with the same key.
    let all_but_keys = ["--field-selector", "type!=kubernetes.io/tls", "--namespace", &home.name];
    home.cluster.kubectl(&[&["delete", "secrets"], &all_but_keys[..]].concat()).success();
    let _ours = home.ours();
    let of_ours = become_secrets(&home, count);
    assert_eq!((of_ours.len(), home.list(KEYS).len()), (count, 1));
    let uids = home.list("sealedsecrets").into_iter().map(|object| object["metadata"]["uid"].clone());
    let uids: Vec<Value> = uids.collect();
    for (name, secret) in &of_ours {
        assert_eq!(secret, &of_theirs[name], "{name}");
        let metadata = &secret["metadata"];
        let found = json!({
            "type": secret["type"], "labels": metadata["labels"], "annotations": metadata["annotations"],
            "immutable": secret["immutable"], "data": secret["data"],
        });
        assert_eq!(found, expected(name), "{name}");
        assert!(uids.contains(&metadata["ownerReferences"][0]["uid"]), "{name}");
    }
}
