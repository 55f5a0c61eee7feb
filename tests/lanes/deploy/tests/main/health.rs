//! The health checks, run by what Argo CD and Flux run them with.

use bulla_testkit::Sandbox;
use serde_json::{Value, json};

use crate::render::{deploy, judge, objects, text};

const WAITING: &str = "Progressing Waiting for Sealed Secret to be decrypted";

/// A generation, a status, and what they come to for Argo CD and for Flux.
fn cases() -> Vec<(u8, Value, &'static str, &'static str)> {
    let of = |kind: &str, status: &str| json!({"type": kind, "status": status, "message": "why"});
    let seen = |generation: u8, conditions: &[Value]| json!({"observedGeneration": generation, "conditions": conditions});
    vec![
        // While a field is missing that an expression names, Flux waits as well.
        (1, Value::Null, WAITING, "Unknown"),
        (1, json!({}), WAITING, "InProgress"),
        (1, json!({"conditions": []}), WAITING, "InProgress"),
        (1, json!({"conditions": [of("Synced", "True")]}), "Healthy why", "Current"),
        (2, seen(2, &[of("Synced", "True")]), "Healthy why", "Current"),
        (2, seen(2, &[of("Other", "True"), of("Synced", "False")]), "Degraded why", "Failed"),
        (2, seen(2, &[of("Other", "False"), of("Synced", "True")]), "Healthy why", "Current"),
        (3, seen(2, &[of("Synced", "False")]), WAITING, "InProgress"),
        (3, seen(2, &[of("Synced", "True")]), WAITING, "InProgress"),
        (1, json!({"conditions": [of("Synced", "Unknown")]}), WAITING, "InProgress"),
    ]
}

/// The object with this status, if that is not null.
fn sealed_secret(generation: u8, status: Value) -> Value {
    let metadata = json!({"name": "a", "namespace": "b", "generation": generation});
    let mut object =
        json!({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata});
    if !status.is_null() {
        object["status"] = status;
    }
    object
}

#[test]
fn argo_cd_sees_health_as_the_status_says() {
    let map = shipped("argocd/argocd-cm.yaml");
    let check =
        map["data"]["resource.customizations.health.bitnami.com_SealedSecret"].as_str().expect("a text");
    let sandbox = Sandbox::new();
    sandbox.write("health.lua", check);
    for (generation, status, expected, _) in cases() {
        let object = lua(&sealed_secret(generation, status));
        let script = format!(
            "obj = {object}\nlocal health = dofile('health.lua')\nprint(health.status .. ' ' .. tostring(health.message))\n"
        );
        let file = sandbox.write("case.lua", script);
        let outcome = sandbox.run(&judge("glua"), &[text(&file)]).success();
        assert_eq!(outcome.out().trim(), expected, "{object}");
    }
}

#[test]
fn flux_sees_health_as_the_status_says() {
    let kustomization = shipped("flux/sealed-secret-health.yaml");
    let check = &kustomization["spec"]["healthCheckExprs"][0];
    for (generation, status, _, expected) in cases() {
        let input = json!([sealed_secret(generation, status), check]).to_string();
        let outcome =
            Sandbox::new().run_with_input(&judge("flux-health"), &[""; 0], input.as_bytes()).success();
        assert_eq!(outcome.out().trim().split(':').next(), Some(expected), "{input}: {outcome:?}");
    }
}

/// The one object of a file.
fn shipped(file: &str) -> Value {
    objects(&std::fs::read_to_string(deploy(file)).expect("it is there")).remove(0)
}

/// A value as Lua writes it.
fn lua(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name} = {}", lua(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("{{{}}}", items.iter().map(lua).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
