//! That a program of ours which shows a secret fails the test that started it
//! (`security.md` O-01), wherever it shows it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_testkit::kube::{Cluster, Pod, eventually};
use bulla_testkit::{CANARY, Fake, Tool};
use serde_json::{Value, json};

use crate::crd::CRD;

/// A program that shows something, judged as ours are: what becomes of its end.
fn verdict(cluster: &Cluster, space: &str, script: &str, further: &[&str]) -> Result<(), String> {
    let script = format!("{script}; exec sleep 60");
    let arguments = [&["-c", &script, "--all-namespaces=false"], further].concat();
    let pod = Pod::start(cluster, space, "default", &Tool::at("/bin/sh").judged(), &arguments);
    // The script is no argument any more.
    let arguments = || std::fs::read_to_string(format!("/proc/{}/cmdline", pod.pid())).unwrap_or_default();
    eventually("its sleep", || {
        (arguments().contains("sleep") && !arguments().contains("exec")).then_some(())
    });
    catch_unwind(AssertUnwindSafe(|| drop(pod)))
        .map_err(|panic| panic.downcast_ref::<String>().expect("a text").clone())
}

/// An event with a text.
fn event(space: &str, message: &str) -> Value {
    let metadata = json!({"name": "told", "namespace": space});
    let about = json!({"kind": "Secret", "name": "x", "namespace": space});
    json!({"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, "message": message})
}

#[test]
fn o_01_what_a_pod_of_ours_shows_is_found_wherever_it_shows() {
    let cluster = Cluster::shared();
    cluster.apply(CRD);
    let space = cluster.namespace("leaks");
    let pem = include_str!("../../../../fixtures/seal/main.key");
    let label = json!({"sealedsecrets.bitnami.com/sealed-secrets-key": "active"});
    let metadata = json!({"name": "key", "namespace": space, "labels": label});
    let key =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"tls.key": pem}});
    cluster.apply(&key.to_string());
    let line = pem.lines().nth(3).expect("it has many");
    let encoded = STANDARD.encode(pem);
    let token = "cat /var/run/secrets/kubernetes.io/serviceaccount/token";
    for (script, what) in [
        (format!("echo value={CANARY}"), "the log shows the canary (raw)"),
        (format!("echo {}", STANDARD.encode(CANARY)), "the log shows the canary (base64)"),
        (format!("export A={CANARY}"), "environ shows the canary"),
        (format!("exec sh -c 'sleep 60; :' {CANARY}"), "cmdline shows the canary"),
        (format!("echo {CANARY} >$TMPDIR/x"), "/tmp/x shows the canary"),
        (format!("echo {CANARY} >x"), "work/x shows the canary"),
        (format!("echo {line}"), "the log shows a private key"),
        (format!("echo {}", &encoded[..80]), "the log shows a private key"),
        (token.to_owned(), "the log shows the token"),
    ] {
        let said = verdict(cluster, &space, &script, &[]).expect_err(&script);
        assert!(said.starts_with("O-01: ") && said.contains(what), "{script}: {said}");
    }
    let page = Fake::start(vec![Fake::answer("200 OK", "", CANARY)]);
    let port = page.url.rsplit(':').next().expect("a port");
    let said = verdict(cluster, &space, "true", &[&format!("--listen-metrics-addr=127.0.0.1:{port}")]);
    assert!(said.expect_err("metrics").contains("metrics shows the canary"));
    // Of the cluster, what its namespace holds.
    cluster.apply(&event(&space, CANARY).to_string());
    let said = verdict(cluster, &space, "true", &[]).expect_err("an event");
    assert!(said.contains("/events shows the canary"), "{said}");
    assert_eq!(verdict(cluster, &cluster.namespace("silent"), "echo nothing", &[]), Ok(()));
}
