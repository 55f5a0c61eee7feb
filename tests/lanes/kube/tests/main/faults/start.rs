//! What comes before all work: keys that could be read, lists that are whole
//! (Q-01, Q-02, H-02).

use bulla_testkit::kube::{Call, Fault, Proxy, eventually, free_port};

use super::replicas::{SHORT, stage};
use super::server::failure;
use super::{Stage, started};
use crate::home::{KEYS, asked};

/// Whether the keys are read whole, not merely watched.
fn reads_keys(call: &Call) -> bool {
    call.method == "GET" && call.path.contains("labelSelector") && call.accept == "application/json"
}

/// Whether the key of the oldest releases is looked for.
fn reads_oldest(call: &Call) -> bool {
    call.method == "GET" && call.path.ends_with("/secrets/sealed-secrets-key")
}

fn refused(code: u16) -> Fault {
    Fault::Answer(code, "", failure(code, "not now"))
}

#[test]
fn q_01_no_key_is_made_before_the_keys_could_be_read_nor_while_one_is_young() {
    type Case = (fn(&Call) -> bool, fn() -> Fault);
    let cases: [Case; 7] = [
        (reads_keys, || refused(403)),
        (reads_keys, || refused(404)),
        (reads_keys, || refused(500)),
        (reads_keys, || Fault::Answer(200, "", "{}".to_owned())),
        (reads_keys, || {
            Fault::Answer(200, "", r#"{"kind":"SecretList","apiVersion":"v1","items":["#.to_owned())
        }),
        (reads_keys, || Fault::CutAfter),
        (reads_oldest, || refused(500)),
    ];
    let stage = Stage::new("unread");
    for (number, (is_it, fault)) in cases.into_iter().enumerate() {
        stage.proxy.plan(move |call| if is_it(call) { fault() } else { Fault::Pass });
        let port = free_port();
        let pod = stage.begin_behind(&stage.proxy, port, &SHORT);
        eventually("the failure", || pod.log().contains("Failed to read or make keys").then_some(()));
        assert!(asked(port, "/readyz").contains("no sealing key"), "{number}");
        let (code, log) = pod.end_by("TERM");
        assert_eq!(code, 0, "{number}: {log}");
    }
    assert_eq!(stage.proxy.changes().len(), 0);
    let reads: Vec<Call> = stage.proxy.calls().into_iter().filter(reads_keys).collect();
    assert!(reads.iter().all(|call| !call.path.contains("resourceVersion=")), "with quorum: {reads:?}");
    // Now they can be read, and there are none: one is made, and is young from then on.
    stage.proxy.pass();
    for log in ["New key written", "registered private key"] {
        let pod = stage.ours(&[]);
        assert!(pod.log().contains(log), "{}", pod.log());
        assert_eq!(stage.home.list(KEYS).len(), 1);
        pod.end_by("TERM");
    }
    assert_eq!(stage.proxy.changes().len(), 1);
}

#[test]
fn q_02_two_replicas_that_renew_at_once_meet_at_one_key() {
    let stage = Stage::new("renewing");
    // Without the right to use Leases both make keys.
    let (other, ports) = (Proxy::start(stage.home.cluster), [free_port(), free_port()]);
    let proxies = [&stage.proxy, &other];
    let pods = [0, 1].map(|at| {
        let pod = stage.begin_behind(proxies[at], ports[at], &[]);
        started(&pod);
        eventually("the first key", || pod.log().contains("registered private key").then_some(()));
        pod
    });
    let first = stage.home.list(KEYS);
    for (proxy, pod) in proxies.into_iter().zip(&pods) {
        proxy.at_change(1, || Fault::Hold);
        pod.signal("USR1");
    }
    for proxy in proxies {
        proxy.wait_until_held();
    }
    let made = || proxies.map(|proxy| proxy.changes().pop().expect("a new key"));
    let [one, two] = made();
    assert_eq!(one.body["metadata"]["name"], two.body["metadata"]["name"]);
    assert_ne!(one.body["data"], two.body["data"], "each has made its own");
    for proxy in proxies {
        proxy.release();
    }
    let both = eventually("both answers", || {
        let mut both = made().map(|call| call.status);
        both.sort_unstable();
        (!both.contains(&0)).then_some(both)
    });
    assert_eq!(both, [201, 409]);
    let served = eventually("one certificate for both", || {
        let [one, two] = ports.map(|port| asked(port, "/v1/cert.pem"));
        let body = |answer: &str| answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        let is_known = pods.iter().all(|pod| pod.log().matches("registered private key").count() == 2);
        (is_known && body(&one) == body(&two)).then_some(one)
    });
    assert!(served.contains("BEGIN CERTIFICATE"));
    assert_eq!((first.len(), stage.home.list(KEYS).len()), (1, 2));
}

#[test]
fn h_02_ready_needs_a_key_and_all_objects_and_live_needs_nothing() {
    type Case = (fn(&Call) -> bool, &'static str);
    let cases: [Case; 5] = [
        (|_| true, "no sealing key"),
        (|call| call.path.contains("/sealedsecrets"), "not synced"),
        (|call| call.path.contains("/secrets?") && !call.path.contains("labelSelector"), "not synced"),
        (|_| false, "200 OK"),
        // What is known stays known.
        (|_| true, "200 OK"),
    ];
    let (stage, port) = (stage("ready"), free_port());
    let mut pod = None;
    for (number, (fails, ready)) in cases.into_iter().enumerate() {
        stage.proxy.plan(move |call| if fails(call) { refused(500) } else { Fault::Pass });
        let failed = || stage.proxy.calls().iter().filter(|call| call.status == 500).count();
        let before = failed();
        let pod = pod.get_or_insert_with(|| stage.begin_behind(&stage.proxy, port, &SHORT));
        eventually(&format!("{ready} ({number})"), || asked(port, "/readyz").contains(ready).then_some(()));
        if number != 3 {
            eventually("a request that fails", || (failed() > before).then_some(()));
        }
        assert!(asked(port, "/readyz").contains(ready), "{number}: {}", pod.log());
        assert!(asked(port, "/healthz").contains("200 OK") && !pod.has_ended(), "{number}");
    }
    stage.proxy.pass();
    let key = stage.home.list(KEYS)[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    for (label, ready) in [("compromised", "no sealing key"), ("active", "200 OK")] {
        let label = serde_json::json!({"metadata": {"labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": label}}});
        stage.home.patch(&format!("secret/{key}"), &label);
        eventually(ready, || asked(port, "/readyz").contains(ready).then_some(()));
        assert!(asked(port, "/healthz").contains("200 OK"));
    }
}
