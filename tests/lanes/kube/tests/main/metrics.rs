//! Metrics beside those of the original, on the same objects.

use std::collections::{BTreeMap, BTreeSet};

use bulla_testkit::kube::{eventually, free_port};
use bulla_testkit::{CANARY, Server, Tool};
use serde_json::{Value, json};

use crate::home::Home;

/// What a scrape says of one metric: type, help, and the sets of its labels.
type Metrics = BTreeMap<String, (String, String, BTreeSet<Vec<String>>)>;

fn read(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            help.clone_into(&mut metrics.entry(name.to_owned()).or_default().1);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            kind.clone_into(&mut metrics.entry(name.to_owned()).or_default().0);
        } else {
            let name = line.split(['{', ' ']).next().expect("a sample has a name");
            let parts = ["_bucket", "_sum", "_count"];
            let base = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            let name = if metrics.contains_key(base) { base } else { name };
            let labels =
                line.split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').expect("it ends").0);
            let labels = labels.split("\",").filter_map(|pair| Some(pair.split_once("=\"")?.0.to_owned()));
            metrics.get_mut(name).unwrap_or_else(|| panic!("{line}")).2.insert(labels.collect());
        }
    }
    metrics
}

/// The lines of a scrape about the conditions of the home's objects.
fn conditions(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("sealed_secrets_controller_condition_info{")).collect()
}

#[test]
fn metrics_are_those_of_the_original_and_ours_are_marked() {
    let home = Home::new("metrics");
    let start = |tool: &Tool| {
        let (api, metrics) = (free_port(), free_port());
        let flags =
            [format!("--listen-addr=127.0.0.1:{api}"), format!("--listen-metrics-addr=127.0.0.1:{metrics}")];
        let pod = home.start(tool, &flags.each_ref().map(String::as_str));
        eventually("its API", || std::net::TcpStream::connect(("127.0.0.1", api)).ok());
        (pod, Server::at(api), Server::at(metrics))
    };
    let theirs = start(&Tool::sealed_secrets_controller());
    home.apply(&home.seal("good", &[("a", CANARY)], &Value::Null));
    home.condition("good", "True");
    let ours = start(&Tool::controller());
    let mut bad = home.seal("bad", &[("a", CANARY)], &Value::Null);
    bad["spec"]["encryptedData"]["a"] = json!("%");
    bad["metadata"]["labels"] = json!({"app.kubernetes.io/instance": "my-app"});
    home.apply(&bad);
    home.condition("bad", "False");
    for (_, api, _) in [&theirs, &ours] {
        api.request("GET", "/v1/cert.pem", "").success();
        api.request("POST", "/v1/verify", "x");
        api.request("POST", "/v1/rotate", "x");
    }
    let scrape = |(_, _, metrics): &(_, _, Server)| metrics.request("GET", "/metrics", "").success();
    // Both have seen both objects, whoever wrote their status.
    let (their_text, our_text) = eventually("the conditions", || {
        let (their_text, our_text) = (scrape(&theirs), scrape(&ours));
        let is_same = conditions(&their_text).len() == 2 && conditions(&their_text) == conditions(&our_text);
        let has_failed = our_text.contains("sealed_secrets_controller_unseal_errors_total{");
        (is_same && has_failed).then_some((their_text, our_text))
    });
    let (expected, found) = (read(&their_text), read(&our_text));
    // Of Go's runtime and of Go's HTTP handler nothing is here.
    let of_go = |name: &str| name.starts_with("go_") || name.starts_with("promhttp_");
    let mut count = 0;
    for (name, (kind, help, labels)) in expected.iter().filter(|(name, _)| !of_go(name)) {
        let own = found.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((&own.0, &own.1, &own.2), (kind, help, labels), "{name}");
        count += 1;
    }
    assert!(count >= 13, "{count}: {expected:?}");
    let more: Vec<&String> = found.keys().filter(|name| !expected.contains_key(*name)).collect();
    assert!(more.len() >= 5 && more.iter().all(|name| name.starts_with("bulla_controller_")), "{more:?}");
    assert_eq!(ours.2.request("POST", "/metrics", "").status, 405);
    assert_eq!(ours.1.request("GET", "/metrics", "").status, 404, "not where everybody asks");
    home.delete("sealedsecret/bad");
    eventually("the end of its condition", || (conditions(&scrape(&ours)).len() == 1).then_some(()));
}
