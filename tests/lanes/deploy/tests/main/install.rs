//! Charts on a real API server: accepted, exchanged for one another, and the program under their rights.

use std::collections::BTreeMap;

use bulla_testkit::kube::eventually;
use bulla_testkit::{CANARY, Tool, shows_canary};
use serde_json::{Value, json};

use crate::release::Release;
use crate::render::{ALL, EVERYTHING, Source, deploy, objects, original_chart};

/// What a release of the original may hold, the user's values included.
const USED: &str = "
fullnameOverride: sealed-secrets-controller
keyrenewperiod: 720h
privateKeyLabels: {team: a}
pdb: {create: true}
networkPolicy: {enabled: true, egress: {enabled: true}}
";
const KINDS: &str = "deployments,services,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,\
                     poddisruptionbudgets,networkpolicies";

/// Kind and name of each object of the release, with what makes it the same one.
fn identities(release: &Release) -> BTreeMap<String, Value> {
    let own = ["-A", "-l", "app.kubernetes.io/instance=sealed-secrets"];
    let all = release.cluster.list("kube-system", &[&[KINDS], &own[..]].concat());
    let identity = |object: &Value| {
        let name = format!("{} {}", object["kind"], object["metadata"]["name"]);
        (name, json!([object["metadata"]["uid"], object["spec"]["selector"], object["spec"]["ports"]]))
    };
    all.iter().map(identity).collect()
}

#[test]
fn helm_upgrade_from_the_originals_chart_and_back_makes_nothing_anew() {
    let release = Release::install(&original_chart(), USED);
    let before = identities(&release);
    assert_eq!(before.len(), 12, "{before:?}");
    let image =
        |release: &Release| release.deployment()["spec"]["template"]["spec"]["containers"][0]["image"].take();
    let original = image(&release);
    release.upgrade(&deploy("helm/sealed-secrets"));
    let mut ours = identities(&release);
    ours.retain(|name, _| !name.contains("-leader-election"));
    assert_eq!(ours, before);
    assert_eq!(image(&release), "bulla-controller:0.1.0");
    release.upgrade(&original_chart());
    assert_eq!(identities(&release), before);
    assert_eq!(image(&release), original);
    release.upgrade(&deploy("helm/sealed-secrets"));
    release.uninstall();
    assert!(identities(&release).is_empty());
    release.cluster.get("default", "crd/sealedsecrets.bitnami.com").expect("P-04: it stays");
}

#[test]
fn everything_is_accepted_by_a_real_api_server() {
    let cluster = bulla_testkit::kube::Cluster::shared();
    cluster.apply(include_str!("../../../../../deploy/crds/sealedsecrets.yaml"));
    for source in ALL {
        let all = objects(&source.render(EVERYTHING));
        // The operator's kinds are not there.
        let known = all.iter().filter(|object| object["apiVersion"] != "monitoring.coreos.com/v1");
        let known: Vec<String> = known.map(Value::to_string).collect();
        let create = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
        let outcome = cluster.kubectl_with_input(&create, known.join("\n---\n").as_bytes());
        assert_eq!((outcome.code, outcome.err()), (0, String::new()), "{source:?}");
        assert_eq!(outcome.out().lines().count(), known.len(), "{source:?}");
    }
}

/// Installs a chart, runs the program as its Deployment says, and sees it unseal in `apps`.
fn runs_under_its_rights(chart: &str, values: &str) {
    let release = Release::install(&deploy(&format!("helm/{chart}")), values);
    let pod = release.start(&Tool::controller(), &["--key-size=2048"]);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "namespace": "apps"}, "stringData": {"a": CANARY}});
    release.cluster.apply(&release.seal(&[secret]));
    eventually("the Secret", || release.cluster.get("apps", "secret/one"));
    // The only one that it may use.
    let name = release.deployment()["metadata"]["name"].take();
    let leases = release.cluster.list("kube-system", &["leases"]);
    assert!(leases.iter().any(|lease| lease["metadata"]["name"] == name), "{name}: {leases:?}");
    eventually("the status", || {
        let sealed = release.cluster.get("apps", "sealedsecret/one")?;
        (sealed["status"]["conditions"][0]["status"] == "True").then_some(())
    });
    eventually("the event", || {
        let events = release.cluster.list("apps", &["events"]);
        events.iter().any(|event| event["reason"] == "Unsealed").then_some(())
    });
    release.cluster.kubectl(&["delete", "-n", "apps", "secret", "one"]).success();
    eventually("the Secret again", || release.cluster.get("apps", "secret/one"));
    let (code, log) = pod.end_by("TERM");
    assert_eq!(code, 0, "{log}");
    assert_eq!(shows_canary(log.as_bytes()), None, "{log}");
    assert_eq!(release.cluster.forbidden(), [""; 0], "{log}");
}

#[test]
fn p_02_the_program_runs_under_the_rights_of_the_chart_alone() {
    runs_under_its_rights("bulla", "");
}

#[test]
fn p_02_it_runs_without_any_cluster_role() {
    let values = "{additionalNamespaces: [apps], rbac: {clusterRole: false, namespacedRoles: true}}";
    let rendered = objects(&Source::Chart("sealed-secrets").render(values));
    assert!(
        !rendered
            .iter()
            .any(|object| object["kind"].as_str().is_some_and(|kind| kind.starts_with("ClusterRole")))
    );
    runs_under_its_rights("sealed-secrets", values);
}
