//! The original controller, in a cluster of its own, under the rights that the
//! original's manifest gives it: that the lane is good for what it is for.

use std::sync::OnceLock;

use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{CANARY, Sandbox, Tool};
use serde_json::Value;

use crate::rights::manifests;

pub(crate) struct Stock {
    pub(crate) cluster: Cluster,
    controller: Pod,
}

/// The controller behind its Service.
pub(crate) fn stock() -> &'static Stock {
    static STOCK: OnceLock<Stock> = OnceLock::new();
    STOCK.get_or_init(|| {
        let cluster = Cluster::start();
        cluster.apply(&manifests(&cluster, "overlays/as-upstream"));
        let port = free_port();
        let listen = [format!("--listen-addr=127.0.0.1:{port}"), metrics()];
        let listen = listen.each_ref().map(String::as_str);
        let (account, tool) = ("sealed-secrets-controller", Tool::sealed_secrets_controller());
        let controller = Pod::start(&cluster, "kube-system", account, &tool, &listen);
        cluster.publish("kube-system", account, port);
        eventually("the controller", || {
            assert!(!controller.has_ended(), "{}", controller.log());
            controller.log().contains("HTTP server serving").then_some(())
        });
        Stock { cluster, controller }
    })
}

fn metrics() -> String {
    format!("--listen-metrics-addr=127.0.0.1:{}", free_port())
}

/// A directory with a Secret for a namespace and the kubeconfig of an administrator.
pub(crate) fn sandbox(stock: &Stock, space: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("KUBECONFIG", stock.cluster.admin());
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: one, namespace: {space}, labels: {{a: b}}}}\n\
         stringData: {{word: {CANARY}, number: \"1\"}}\n"
    );
    sandbox.write("secret.yaml", secret);
    sandbox
}

/// Applies a SealedSecret `one` and waits for its Secret; gives both.
pub(crate) fn unsealed(stock: &Stock, space: &str, sealed: &str) -> [Value; 2] {
    let cluster = &stock.cluster;
    cluster.apply(sealed);
    let secret = eventually("the Secret", || cluster.get(space, "secret/one"));
    let sealed = eventually("its status", || {
        let sealed = cluster.get(space, "sealedsecret/one")?;
        (sealed["status"]["conditions"][0]["status"] == "True").then_some(sealed)
    });
    [sealed, secret]
}

pub(crate) fn judge([sealed, secret]: &[Value; 2]) {
    use base64::Engine as _;
    let word = base64::engine::general_purpose::STANDARD.encode(CANARY);
    assert_eq!(secret["data"], serde_json::json!({"word": word, "number": "MQ=="}));
    assert_eq!(secret["metadata"]["labels"]["a"], "b");
    let owner = &secret["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["uid"]), (&"SealedSecret".into(), &sealed["metadata"]["uid"]));
    assert_eq!(sealed["status"]["observedGeneration"], 1);
}

#[test]
fn what_stock_kubeseal_seals_for_the_cluster_becomes_a_secret() {
    let stock = stock();
    let space = stock.cluster.namespace("stock");
    let sandbox = sandbox(stock, &space);
    // The certificate comes through the API server's service proxy.
    let sealed = sandbox.run(&Tool::kubeseal(), &["-f", "secret.yaml", "-o", "yaml"]).success();
    judge(&unsealed(stock, &space, &sealed.out()));
    eventually("the event", || {
        let events = stock.cluster.get(&space, "events")?;
        events["items"].as_array()?.iter().any(|event| event["reason"] == "Unsealed").then_some(())
    });
    stock.cluster.kubectl(&["delete", "sealedsecret", "one", "--namespace", &space]).success();
    eventually("the end of the Secret", || stock.cluster.get(&space, "secret/one").is_none().then_some(()));
    assert!(!stock.controller.log().contains("forbidden"), "{}", stock.controller.log());
}

#[test]
fn what_our_kubeseal_seals_becomes_a_secret() {
    let stock = stock();
    let space = stock.cluster.namespace("ours");
    let sandbox = sandbox(stock, &space);
    let certificate = sandbox.run(&Tool::kubeseal(), &["--fetch-cert"]).success();
    sandbox.write("cert.pem", certificate.stdout);
    let seal = ["--cert", "cert.pem", "-f", "secret.yaml", "-o", "yaml"];
    let sealed = sandbox.run(&Tool::bulla_as_kubeseal(), &seal).success();
    judge(&unsealed(stock, &space, &sealed.out()));
    // And the original says of it what it says of its own.
    sandbox.run_with_input(&Tool::kubeseal(), &["--validate"], &sealed.stdout).success();
}
