//! The health check for Argo CD, run by the interpreter that Argo CD has.

use bulla_testkit::Sandbox;
use serde_json::Value;

use crate::render::{deploy, judge, objects, text};

/// Statuses as Lua writes them, and what they come to.
const CASES: [(&str, &str); 9] = [
    ("{metadata = {generation = 1}}", "Progressing Waiting for Sealed Secret to be decrypted"),
    ("{metadata = {generation = 1}, status = {}}", "Progressing Waiting for Sealed Secret to be decrypted"),
    (
        "{metadata = {generation = 1}, status = {conditions = {}}}",
        "Progressing Waiting for Sealed Secret to be decrypted",
    ),
    (
        "{metadata = {generation = 1}, status = {conditions = {{type = 'Synced', status = 'True'}}}}",
        "Healthy nil",
    ),
    (
        "{metadata = {generation = 2}, status = {observedGeneration = 2, conditions = {{type = 'Synced', status = 'True'}}}}",
        "Healthy nil",
    ),
    (
        "{metadata = {generation = 2}, status = {observedGeneration = 2, conditions = {{type = 'Other', status = 'True'}, {type = 'Synced', status = 'False', message = 'no key'}}}}",
        "Degraded no key",
    ),
    (
        "{metadata = {generation = 3}, status = {observedGeneration = 2, conditions = {{type = 'Synced', status = 'False', message = 'no key'}}}}",
        "Progressing Waiting for Sealed Secret to be decrypted",
    ),
    (
        "{metadata = {generation = 3}, status = {observedGeneration = 2, conditions = {{type = 'Synced', status = 'True'}}}}",
        "Progressing Waiting for Sealed Secret to be decrypted",
    ),
    (
        "{metadata = {generation = 1}, status = {conditions = {{type = 'Synced', status = 'Unknown'}}}}",
        "Progressing Waiting for Sealed Secret to be decrypted",
    ),
];

#[test]
fn argo_cd_sees_health_as_the_status_says() {
    let manifest = std::fs::read_to_string(deploy("argocd/argocd-cm.yaml")).expect("it is there");
    let map: Value = objects(&manifest).remove(0);
    let check =
        map["data"]["resource.customizations.health.bitnami.com_SealedSecret"].as_str().expect("a text");
    let sandbox = Sandbox::new();
    sandbox.write("health.lua", check);
    for (object, expected) in CASES {
        let script = format!(
            "obj = {object}\nlocal health = dofile('health.lua')\nprint(health.status .. ' ' .. tostring(health.message))\n"
        );
        let file = sandbox.write("case.lua", script);
        let outcome = sandbox.run(&judge("glua"), &[text(&file)]).success();
        assert_eq!(outcome.out().trim(), expected, "{object}");
    }
}
