//! Alerts and the dashboard, judged by promtool.

use bulla_testkit::{Sandbox, Tool};
use serde_json::{Value, json};

use crate::render::{deploy, judge, objects, of_kind, text};

const ALERTS: &str = include_str!("../../alerts.yaml");

/// Metrics of ours, and those that the original documents (`sealed-secrets.md` 7), as Prometheus stores them.
const KNOWN: [&str; 11] = [
    "bulla_controller_lost_keys_total",
    "bulla_controller_newest_sealing_key_timestamp_seconds",
    "bulla_controller_reconcile_duration_seconds_bucket",
    "bulla_controller_rejected_key_secrets_total",
    "bulla_controller_sealing_keys",
    "sealed_secrets_controller_build_info",
    "sealed_secrets_controller_condition_info",
    "sealed_secrets_controller_http_request_duration_seconds_bucket",
    "sealed_secrets_controller_http_requests_total",
    "sealed_secrets_controller_unseal_errors_total",
    "sealed_secrets_controller_unseal_requests_total",
];

const PREFIXES: [&str; 2] = ["bulla_controller_", "sealed_secrets_controller_"];

/// Where the controller names its metrics.
const SOURCES: [&str; 2] = [
    include_str!("../../../../../controller/src/metrics/mod.rs"),
    include_str!("../../../../../controller/src/metrics/conditions.rs"),
];

/// The groups of our PrometheusRule, as Prometheus reads them from a file.
fn rules() -> Value {
    let manifest = std::fs::read_to_string(deploy("monitoring/prometheus-rule.yaml")).expect("it is there");
    objects(&manifest).remove(0)["spec"].take()
}

/// The expressions of all panels.
fn dashboard() -> Vec<String> {
    let dashboard = std::fs::read(deploy("monitoring/dashboard.json")).expect("it is there");
    let dashboard: Value = serde_json::from_slice(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("a list").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("a list"));
    targets.map(|target| target["expr"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("rules.yaml", rules().to_string());
    let outcome = sandbox.run(&judge("promtool"), &["check", "rules", text(&file)]).success();
    assert!(outcome.out().contains("6 rules found"), "{outcome:?}");
    let tests = sandbox.write("alerts.yaml", ALERTS);
    sandbox.run(&judge("promtool"), &["test", "rules", text(&tests)]).success();
}

#[test]
fn the_dashboard_asks_what_prometheus_understands() {
    let sandbox = Sandbox::new();
    let queries = dashboard();
    assert!(queries.len() >= 6);
    let recorded: Vec<Value> = (0..)
        .zip(&queries)
        .map(|(number, query)| json!({"record": format!("panel:{number}"), "expr": query}))
        .collect();
    let file =
        sandbox.write("rules.yaml", json!({"groups": [{"name": "panels", "rules": recorded}]}).to_string());
    sandbox.run(&judge("promtool"), &["check", "rules", text(&file)]).success();
}

#[test]
fn alerts_and_panels_name_known_metrics_only() {
    let mut texts = dashboard();
    texts.push(rules().to_string());
    let mut named: Vec<String> = texts.iter().flat_map(|text| names(text)).collect();
    named.sort();
    named.dedup();
    assert_eq!(named, KNOWN, "each is asked for somewhere");
    for name in KNOWN {
        let own = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).expect("one of them");
        let own = format!("(\"{}\"", own.trim_end_matches("_bucket"));
        assert!(SOURCES.iter().any(|text| text.contains(&own)), "{name} is none of the controller's");
    }
}

#[test]
fn the_component_of_kustomize_goes_with_the_base() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink(deploy(""), sandbox.path("deploy")).expect("a link in a fresh directory");
    let text =
        "{resources: [deploy/kustomize/base], components: [deploy/monitoring], namespace: kube-system}";
    sandbox.write("kustomization.yaml", text);
    let rendered = sandbox.run(&Tool::kubernetes("kubectl"), &["kustomize", "."]).success().out();
    let objects = objects(&rendered);
    let monitor = of_kind(&objects, "ServiceMonitor")[0];
    let labels = &monitor["spec"]["selector"]["matchLabels"];
    let service =
        of_kind(&objects, "Service").into_iter().find(|service| service["metadata"]["labels"] == *labels);
    let port = &service.expect("a Service with these labels")["spec"]["ports"][0]["targetPort"];
    assert_eq!(*port, monitor["spec"]["endpoints"][0]["targetPort"]);
    let dashboard = of_kind(&objects, "ConfigMap")[0]["data"]["sealed-secrets-controller.json"].as_str();
    assert!(dashboard.is_some_and(|text| text.contains("Unseal Error Rate")));
}

/// Names of metrics in an expression.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| PREFIXES.iter().any(|start| word.starts_with(start))).map(str::to_owned).collect()
}
