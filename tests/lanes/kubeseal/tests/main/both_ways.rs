//! What one program seals the other unseals.

use serde_json::json;

use crate::pair::{run, sandbox, unseal, ways};

const SCOPES: [&str; 3] = ["strict", "namespace-wide", "cluster-wide"];

/// Values of all kinds; base64 is what the Secrets must hold in the end.
const SECRET: &str = "apiVersion: v1
kind: Secret
metadata:
  name: app
  namespace: shop
  labels: {team: blue}
  annotations: {note: 'a <b> & c'}
type: example.com/own
immutable: true
data:
  binary: AAH/gA==
  text: Zm9v
stringData:
  text: wins
  lines: |
    one
    two
";

#[test]
fn secrets_of_every_scope_and_form() {
    for [sealer, unsealer] in ways() {
        for scope in SCOPES {
            for form in ["json", "yaml"] {
                let sandbox = sandbox();
                sandbox.write("secret.yaml", SECRET);
                let line = format!("--cert cert.pem --scope {scope} -o {form} -f secret.yaml");
                let sealed = run(&sandbox, &sealer, &line).success();
                sandbox.write("sealed", &sealed.stdout);
                let secret = unseal(&sandbox, &unsealer, "sealed");
                let expected = json!({"binary": "AAH/gA==", "text": "d2lucw==", "lines": "b25lCnR3bwo="});
                assert_eq!(secret["data"], expected, "{sealer:?} {scope} {form}");
                assert_eq!(secret["type"], "example.com/own");
                assert_eq!(secret["immutable"], true);
                assert_eq!(secret["metadata"]["labels"], json!({"team": "blue"}));
                assert_eq!(secret["metadata"]["annotations"]["note"], "a <b> & c");
                assert_eq!(secret["metadata"]["ownerReferences"][0]["name"], "app");
            }
        }
    }
}

#[test]
fn scopes_bind_for_both() {
    // The scope, what is changed in the object, and whether it still opens.
    let cases = [
        ("strict", "name: app", false),
        ("strict", "namespace: shop", false),
        ("namespace-wide", "name: app", true),
        ("namespace-wide", "namespace: shop", false),
        ("cluster-wide", "name: app", true),
        ("cluster-wide", "namespace: shop", true),
    ];
    for [sealer, unsealer] in ways() {
        for (scope, from, opens) in cases {
            let sandbox = sandbox();
            sandbox.write("secret.yaml", SECRET);
            let line = format!("--cert cert.pem --scope {scope} -o yaml -f secret.yaml");
            let sealed = run(&sandbox, &sealer, &line).success().out();
            let (field, _) = from.split_once(' ').expect("a field and its value");
            sandbox.write("sealed", sealed.replace(from, &format!("{field} elsewhere")));
            let line = "--recovery-unseal --recovery-private-key main.key -f sealed";
            let outcome = run(&sandbox, &unsealer, line);
            assert_eq!(outcome.code == 0, opens, "{sealer:?} {scope} {from}: {outcome:?}");
            if !opens {
                assert!(outcome.err().starts_with("error: no key could decrypt secret ("), "{outcome:?}");
            }
        }
    }
}

#[test]
fn single_values_of_every_scope_and_size() {
    for [sealer, unsealer] in ways() {
        for scope in SCOPES {
            for size in [0, 1, 15, 16, 17, 4096, 100_000] {
                let sandbox = sandbox();
                let value: Vec<u8> = (0..size).map(|at| (at * 7) as u8).collect();
                sandbox.write("value", &value);
                let line =
                    format!("--raw --cert cert.pem --scope {scope} --name app -n shop --from-file value");
                let item = run(&sandbox, &sealer, &line).success().out();
                assert!(!item.ends_with('\n'));
                let annotations = match scope {
                    "strict" => json!({}),
                    other => json!({format!("sealedsecrets.bitnami.com/{other}"): "true"}),
                };
                let object = json!({
                    "kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1",
                    "metadata": {"name": "app", "namespace": "shop", "annotations": annotations},
                    "spec": {"encryptedData": {"value": item}},
                });
                sandbox.write("sealed", object.to_string());
                let secret = unseal(&sandbox, &unsealer, "sealed");
                sandbox.write("out", secret["data"]["value"].as_str().unwrap_or_default());
                let decoded = sandbox.run(&bulla_testkit::Tool::at("/usr/bin/base64"), &["-d", "out"]);
                assert_eq!(decoded.success().stdout, value, "{sealer:?} {scope} {size}");
            }
        }
    }
}

#[test]
fn several_documents_come_out_as_several() {
    for [sealer, unsealer] in ways() {
        let sandbox = sandbox();
        let other = SECRET.replace("name: app", "name: second");
        sandbox.write("secrets.yaml", format!("{SECRET}---\n{other}"));
        let sealed = run(&sandbox, &sealer, "--cert cert.pem -o yaml -f secrets.yaml").success().out();
        let documents: Vec<&str> = sealed.split("---\n").skip(1).collect();
        assert_eq!(documents.len(), 2);
        for (document, name) in documents.iter().zip(["app", "second"]) {
            sandbox.write("sealed", document);
            assert_eq!(unseal(&sandbox, &unsealer, "sealed")["metadata"]["name"], name);
        }
    }
}

#[test]
fn merging_adds_and_updates_for_both() {
    for [sealer, unsealer] in ways() {
        for file in ["sealed.json", "sealed.yaml"] {
            let sandbox = sandbox();
            sandbox.write("secret.yaml", SECRET);
            run(&sandbox, &unsealer, &format!("--cert cert.pem -f secret.yaml -w {file}")).success();
            sandbox.write(
                "more.yaml",
                "metadata: {labels: {a: b}, annotations: {c: d}}\nstringData: {text: new, more: x}\n",
            );
            // The original writes JSON unless told otherwise.
            let form = file.rsplit_once('.').expect("an extension").1;
            let line = format!("--cert cert.pem --merge-into {file} -f more.yaml -o {form}");
            run(&sandbox, &sealer, &line).success();
            let secret = unseal(&sandbox, &unsealer, file);
            assert_eq!(
                secret["data"],
                json!({"binary": "AAH/gA==", "text": "bmV3", "lines": "b25lCnR3bwo=", "more": "eA=="})
            );
            assert_eq!(secret["metadata"]["labels"], json!({"team": "blue", "a": "b"}));
            assert_eq!(secret["metadata"]["annotations"]["c"], "d");
        }
    }
}

#[test]
fn our_merge_into_yaml_keeps_its_layout() {
    let sandbox = sandbox();
    let [ours, theirs] = crate::pair::both();
    sandbox.write("secret.yaml", SECRET);
    let sealed = run(&sandbox, &theirs, "--cert cert.pem -o yaml -f secret.yaml").success().out();
    let commented =
        sealed.replace("---\n", "# mine\n").replace("  template:", "  # and this\n  template: # here");
    sandbox.write("sealed.yaml", &commented);
    sandbox.write("more.yaml", "stringData: {more: x}\n");
    run(&sandbox, &ours, "--cert cert.pem --merge-into sealed.yaml -f more.yaml").success();
    let merged = String::from_utf8(sandbox.read("sealed.yaml")).expect("text");
    let (added, kept): (Vec<&str>, Vec<&str>) =
        merged.lines().partition(|line| line.starts_with("    more: "));
    assert_eq!((added.len(), kept), (1, commented.lines().collect()));
    assert_eq!(unseal(&sandbox, &theirs, "sealed.yaml")["data"]["more"], "eA==");
}

#[test]
fn our_merge_takes_the_scope_of_the_file() {
    for scope in ["namespace-wide", "cluster-wide"] {
        let sandbox = sandbox();
        let [ours, theirs] = crate::pair::both();
        sandbox.write("secret.yaml", SECRET);
        run(&sandbox, &theirs, &format!("--cert cert.pem --scope {scope} -f secret.yaml -w sealed.yaml"))
            .success();
        sandbox.write("more.yaml", "stringData: {more: x}\n");
        run(&sandbox, &ours, "--cert cert.pem --merge-into sealed.yaml -f more.yaml").success();
        assert_eq!(unseal(&sandbox, &theirs, "sealed.yaml")["data"]["more"], "eA==", "{scope}");
    }
}
