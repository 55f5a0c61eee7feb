//! Rules that the controller keeps by itself: nothing but the API server's own
//! schema stands before it (T-02, T-03, D-03).

use bulla_testkit::Tool;
use bulla_testkit::kube::eventually;
use serde_json::{Value, json};

use crate::home::{Home, marked};

/// An annotation of the original's, set.
fn annotated(name: &str) -> Value {
    json!({format!("sealedsecrets.bitnami.com/{name}"): "true"})
}

#[test]
fn t_02_without_a_webhook_every_rule_is_kept() {
    let home = Home::new("rules");
    for kind in
        ["validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies"]
    {
        assert_eq!(home.list(kind), [Value::Null; 0], "{kind}");
    }
    let crd = home.cluster.get("default", "crd/sealedsecrets.bitnami.com").expect("it was applied");
    assert!(!crd.to_string().contains("x-kubernetes-validations"));
    let _pod = home.ours();
    home.cluster.kubectl(&["create", "configmap", "other", "--namespace", &home.name]).success();
    let uid =
        home.cluster.get(&home.name, "configmap/other").expect("it was made")["metadata"]["uid"].clone();
    let owner =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": uid, "controller": true}]);
    let unmanaged = "already exists and is not managed by SealedSecret";
    // What is there, what its object says in further respects, and why it is refused.
    for (name, there, further, reason) in [
        ("foreign", json!({}), Value::Null, unmanaged),
        ("claimed", json!({}), json!({"metadata": {"annotations": annotated("managed")}}), unmanaged),
        (
            "owned",
            json!({"metadata": {"annotations": annotated("managed"), "ownerReferences": owner}}),
            Value::Null,
            "is controlled by ConfigMap \"other\" and is not taken over",
        ),
        (
            "released",
            json!({"metadata": {"annotations": annotated("managed")}, "type": "helm.sh/release.v1"}),
            Value::Null,
            unmanaged,
        ),
        (
            "patched",
            json!({"metadata": {"annotations": annotated("patch"), "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "compromised"}}}),
            Value::Null,
            "sealing key",
        ),
        (
            "planted",
            Value::Null,
            json!({"metadata": {"labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}}),
            "sealing key",
        ),
        (
            "token",
            Value::Null,
            json!({"type": "bootstrap.kubernetes.io/token"}),
            "--allow-privileged-secret-types",
        ),
    ] {
        let mut before = None;
        if there.is_object() {
            let mut secret = json!({
                "apiVersion": "v1", "kind": "Secret", "stringData": {"own": "value"},
                "metadata": {"name": name, "namespace": home.name},
            });
            crate::home::merge(&mut secret, &there);
            home.apply(&secret);
            before = home.secret(name);
        }
        // It is admitted: that is no rule's place.
        home.apply(&home.seal(name, &[("a", "value")], &further));
        let text = home.condition(name, "False");
        assert!(text.contains(reason), "{name}: {text}");
        assert_eq!(home.secret(name), before, "{name}");
    }
}

#[test]
fn t_03_privileged_types_are_refused_whoever_names_them_unless_that_is_allowed() {
    let home = Home::new("types");
    let pod = home.ours();
    home.certificate();
    let account = json!({"kubernetes.io/service-account.name": "default"});
    let types = [
        ("account", "kubernetes.io/service-account-token", account),
        ("bootstrap", "bootstrap.kubernetes.io/token", json!({"a": "b"})),
    ];
    let mut names = Vec::new();
    for (name, kind, annotations) in types {
        let further = json!({"type": kind, "metadata": {"annotations": annotations}});
        home.apply(&home.seal(name, &[("a", "value")], &further));
        // The old form brings its type along sealed.
        let old = format!("old-{name}");
        let metadata = json!({"name": old, "namespace": home.name, "annotations": annotations});
        let data = json!({"a": marked("value")});
        let whole = json!({"kind": "Secret", "apiVersion": "v1", "type": kind, "metadata": metadata, "stringData": data});
        home.sandbox.write("whole.json", whole.to_string());
        let raw = ["--raw", "--cert", "tls.crt", "--name", &old, "--namespace", &home.name];
        let raw = home.sandbox.run(&Tool::kubeseal(), &[&raw[..], &["--from-file", "whole.json"]].concat());
        home.apply(&json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": old, "namespace": home.name},
            "spec": {"data": raw.success().out(), "encryptedData": {}},
        }));
        names.extend([(name.to_owned(), kind), (old, kind)]);
    }
    for (name, kind) in &names {
        let text = home.condition(name, "False");
        assert!(text.contains(kind) && text.contains("--allow-privileged-secret-types"), "{name}: {text}");
        assert_eq!(home.secret(name), None, "{name}");
    }
    pod.end_by("TERM");
    let _pod = home.start(&Tool::controller(), &["--allow-privileged-secret-types"]);
    for (name, kind) in &names {
        home.value(name, "a", "value");
        assert_eq!(home.secret(name).expect("it was made")["type"], *kind, "{name}");
    }
}

/// Templates that fail, most of them with a value in the original's text.
const FAILING: [&str; 14] = [
    "{{ fail .a }}",
    "{{ .a.b }}",
    "{{ index .a 100000 }}",
    "{{ mustFromJson .a }}",
    "{{ mustRegexMatch .a \"x\" }}",
    "{{ mustToDate \"2006-01-02\" .a }}",
    "{{ semver .a }}",
    "{{ urlParse (printf \"%s://%%\" .a) }}",
    "{{ buildCustomCert .a .a }}",
    "{{ decryptAES .a .a }}",
    "{{ template \"t\" .a }}",
    "{{ call .a }}",
    "{{ .a | nope }}",
    "{{ if .a }}",
];

#[test]
fn d_03_of_a_template_that_fails_its_position_is_told_and_nothing_else() {
    let home = Home::new("failing");
    let _pod = home.ours();
    let mut object = home.seal("one", &[("a", "secret%zz[")], &Value::Null);
    for (number, template) in FAILING.iter().enumerate() {
        object["spec"]["template"]["data"][format!("t{number:02}")] = json!(format!("first\n{template}"));
    }
    home.apply(&object);
    let text = home.condition("one", "False");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), FAILING.len(), "{text}");
    for (number, line) in lines.iter().enumerate() {
        // A text that ends too early has no place but its end.
        let place = format!("template: t{number:02}:2:");
        assert!(line.starts_with(&place) && !line.contains("secret"), "{line}: {}", FAILING[number]);
    }
    let is_told = |event: &Value| {
        let message = event["message"].as_str().unwrap_or_default();
        event["reason"] == "ErrUnsealFailed" && message.starts_with("Failed to unseal: template: t00:2:")
    };
    eventually("the event", || home.events("one").iter().any(is_told).then_some(()));
    assert_eq!(home.secret("one"), None);
}

#[test]
fn a_label_selects_sealed_secrets_and_is_not_asked_of_their_secrets() {
    let home = Home::new("selected");
    let _pod = home.start(&Tool::controller(), &["--label-selector=app=web"]);
    let label = json!({"metadata": {"labels": {"app": "web"}}});
    home.apply(&home.seal("other", &[("a", "value")], &Value::Null));
    let mut selected = home.seal("selected", &[("a", "value")], &Value::Null);
    selected["metadata"]["labels"] = label["metadata"]["labels"].clone();
    home.apply(&selected);
    home.condition("selected", "True");
    let secret = home.secret("selected").expect("it was made");
    assert_eq!(secret["metadata"]["labels"], Value::Null);
    home.delete("secret/selected");
    eventually("another Secret", || {
        (home.secret("selected")?["metadata"]["uid"] != secret["metadata"]["uid"]).then_some(())
    });
    assert_eq!((home.secret("other"), &home.sealed("other")["status"]), (None, &Value::Null));
    home.patch("sealedsecret/other", &label);
    home.value("other", "a", "value");
}
