//! An API server that is away, overloaded or contradicts.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bulla_testkit::kube::{Call, Cluster, Fault, Pod, eventually, free_port};
use bulla_testkit::soak::{full, told};
use bulla_testkit::{CANARY, Sandbox, Tool};
use serde_json::{Value, json};

use super::{ACCOUNT, Stage, size, started};
use crate::crd::CRD;
use crate::home::{KEYS, decoded};
use crate::rights::{manifests, may};

pub(super) fn failure(code: u16, message: &str) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message})
        .to_string()
}

/// Names and versions of objects.
pub(super) fn versions(objects: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    objects
        .iter()
        .map(|object| (text(&object["metadata"]["name"]), text(&object["metadata"]["resourceVersion"])))
        .collect()
}

#[test]
fn r_12_one_object_that_fails_for_long_succeeds_soon_after() {
    let stage = Stage::new("failing");
    stage.proxy.plan(|call| {
        let is_its =
            call.method == "POST" && call.body["metadata"]["name"] == "down" && call.body["kind"] == "Secret";
        if is_its {
            Fault::Answer(500, "", failure(500, "etcdserver: request timed out"))
        } else {
            Fault::Pass
        }
    });
    let _pod = stage.ours(&[]);
    stage.seal("down", "value");
    assert_eq!(stage.home.condition("down", "False"), "etcdserver: request timed out");
    let outage = Duration::from_secs(size(5, 600) as u64);
    let begin = Instant::now();
    let mut other = 0;
    while begin.elapsed() < outage {
        stage.seal(&format!("up-{other}"), "value");
        stage.home.value(&format!("up-{other}"), "a", "value");
        other += 1;
        std::thread::sleep(Duration::from_secs(1));
    }
    let tries = stage.proxy.changes().iter().filter(|call| call.status == 500).count();
    assert!(tries > 5, "more than the original's: {tries}");
    stage.proxy.pass();
    let back = Instant::now();
    stage.home.value("down", "a", "value");
    stage.home.condition("down", "True");
    assert!(back.elapsed() < Duration::from_mins(1), "{:?}", back.elapsed());
    assert!(stage.home.events("down").len() <= 3, "told once");
    told(
        "R-12",
        &format!("one object refused for {} s", outage.as_secs()),
        &format!("{tries} attempts, others untouched, there {} s after", back.elapsed().as_secs()),
    );
}

#[test]
fn r_11_conflicts_and_overload_lose_nothing_and_waits_are_obeyed() {
    let stage = Stage::new("refused");
    let _pod = stage.ours(&[]);
    // So many that the seconds for which the server asks are not all that there is to measure.
    let many = size(20, 1000);
    let (mut calm, mut among) = (f64::INFINITY, f64::INFINITY);
    for round in 0..size(1, 3) {
        let time = |prefix: &str| {
            let prefix = format!("{prefix}{round}");
            let fed = stage.seal_many(&prefix, many);
            stage.all_told(&prefix, &fed);
            stage.all_there(&prefix, many);
            stage.until_last_change(&prefix, &fed)
        };
        stage.proxy.pass();
        // What else the machine does only adds to either.
        calm = calm.min(time("calm"));
        let mut count = 0;
        stage.proxy.plan(move |call| {
            count += usize::from(call.is_change());
            if call.is_change() { refusal(count) } else { Fault::Pass }
        });
        among = among.min(time("many"));
    }
    let waits = put_off(&stage);
    told(
        "R-11",
        &format!(
            "{many} objects, of 20 changes 6 refused by 409, and one each by 429, 503, 500 and a lost answer"
        ),
        &format!(
            "all there after {among:.1} s, {calm:.1} s without: x {:.2}; nothing lost, {waits} times Retry-After obeyed",
            among / calm
        ),
    );
    assert!(waits > 0);
    assert!(!full() || among <= 2.0 * calm, "{among:.1} s, {calm:.1} s without faults");
}

#[test]
fn r_11_a_change_put_off_many_times_is_made_and_what_others_write_between_stays() {
    let stage = Stage::new("between");
    let _pod = stage.ours(&[]);
    // However often in a row.
    let mut left = 6;
    stage.proxy.plan(move |call| {
        if left > 0 && call.method == "PUT" && call.path.contains("/patient/status") {
            left -= 1;
            return Fault::Answer(429, "Retry-After: 1\r\n", "Too many requests.".into());
        }
        Fault::Pass
    });
    stage.seal("patient", "value");
    stage.home.condition("patient", "True");
    assert_eq!(put_off(&stage), 6);
    // What others write between reading and writing stays.
    stage.proxy.pass();
    stage.home.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"own": "value"},
        "metadata": {"name": "shared", "namespace": stage.home.name, "annotations": {"sealedsecrets.bitnami.com/patch": "true"}},
    }));
    let is_its = |call: &Call| call.method == "PUT" && call.path.contains("/secrets/shared");
    let mut is_first = true;
    stage.proxy.plan(
        move |call| {
            if is_its(call) && std::mem::take(&mut is_first) { Fault::Hold } else { Fault::Pass }
        },
    );
    stage.seal("shared", "sealed");
    stage.proxy.wait_until_held();
    stage.home.patch("secret/shared", &json!({"metadata": {"labels": {"of": "others"}}}));
    stage.proxy.release();
    stage.home.value("shared", "a", "sealed");
    let shared = stage.home.secret("shared").unwrap();
    assert_eq!(
        (shared["metadata"]["labels"]["of"].as_str(), decoded(&shared["data"]["own"])),
        (Some("others"), b"value".to_vec())
    );
    let answers: Vec<u16> =
        stage.proxy.changes().iter().filter(|call| is_its(call)).map(|call| call.status).collect();
    assert_eq!(answers, [409, 200]);
    stage.home.event("shared", "Unsealed", "SealedSecret unsealed successfully");
    assert_eq!(stage.home.events("shared").len(), 1, "a conflict is no failure");
}

/// What becomes of the change of this number: of ten, three are refused as
/// conflicts; of twenty, one is put off, and three fail in the server or on their
/// way back.
fn refusal(number: usize) -> Fault {
    match number % 20 {
        1 | 4 | 7 | 11 | 14 | 17 => Fault::Answer(409, "", failure(409, "the object has been modified")),
        5 => {
            let text = "Too many requests, please try again later.";
            Fault::Answer(429, "Retry-After: 1\r\n", text.into())
        }
        9 => Fault::Answer(503, "", failure(503, "apiserver is shutting down")),
        13 => Fault::Answer(500, "", failure(500, "etcdserver: request timed out")),
        19 => Fault::CutAfter,
        _ => Fault::Pass,
    }
}

/// How many changes were put off by 429 and came again, none before its second
/// was over; nothing was deleted or overwritten unseen.
fn put_off(stage: &Stage) -> usize {
    let mut waits: HashMap<(String, String, Value), Instant> = HashMap::new();
    let mut count = 0;
    for call in stage.proxy.changes() {
        let own = (call.method.clone(), call.path.clone(), call.body["metadata"]["name"].clone());
        if let Some(since) = waits.remove(&own) {
            assert!(call.at.duration_since(since) >= Duration::from_millis(990), "{call:?}");
            count += 1;
        }
        if call.status == 429 {
            waits.insert(own, call.at);
        }
        assert!(call.is_guarded() && call.method != "DELETE", "{call:?}");
    }
    count
}

/// A cluster of the test's own, with our controller under the rights of `deploy/kustomize/base`.
/// The controller ends before its cluster.
pub(super) struct Alone {
    pub(super) pod: Pod,
    pub(super) cluster: Cluster,
    sandbox: Sandbox,
}

/// A cluster where our controller has the rights of `deploy/kustomize/base`.
pub(super) fn with_rights() -> Cluster {
    let cluster = Cluster::start();
    cluster.apply(&manifests(&cluster, "base"));
    let update = "update leases/sealed-secrets-controller -n kube-system";
    eventually("the right", || may(&cluster, update).then_some(()));
    cluster
}

impl Alone {
    fn start() -> Self {
        let cluster = with_rights();
        let listen = format!("--listen-addr=127.0.0.1:{}", free_port());
        let metrics = format!("--listen-metrics-addr=127.0.0.1:{}", free_port());
        let arguments = [listen.as_str(), &metrics, "--key-size=2048"];
        let pod = Pod::start(&cluster, "kube-system", ACCOUNT, &Tool::controller(), &arguments);
        Self::with(cluster, pod)
    }

    /// Waits until the controller has started and has a key.
    pub(super) fn with(cluster: Cluster, pod: Pod) -> Self {
        started(&pod);
        let list: Vec<&str> = ["get"]
            .into_iter()
            .chain(KEYS.split(' '))
            .chain(["--namespace=kube-system", "--output=json"])
            .collect();
        let key = eventually("the key", || {
            let list: Value = serde_json::from_slice(&cluster.kubectl(&list).success().stdout).expect("JSON");
            list["items"].get(0).cloned()
        });
        let sandbox = Sandbox::new();
        sandbox.write("tls.crt", decoded(&key["data"]["tls.crt"]));
        Self { pod, cluster, sandbox }
    }

    fn seal(&self, space: &str, name: &str) {
        self.cluster.apply(&self.sealed(space, name));
    }

    /// An object with one value, as JSON.
    pub(super) fn sealed(&self, space: &str, name: &str) -> String {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": {"a": CANARY},
            "metadata": {"name": name, "namespace": space},
        });
        let seal = ["--cert", "tls.crt"];
        let sealed = self.sandbox.run_with_input(&Tool::kubeseal(), &seal, secret.to_string().as_bytes());
        sealed.success().out()
    }

    /// Waits for the Secret.
    fn there(&self, space: &str, name: &str) -> Value {
        eventually(name, || self.cluster.get(space, &format!("secret/{name}")))
    }
}

#[test]
fn r_10_a_server_that_went_and_came_again_ends_nothing() {
    let mut alone = Alone::start();
    alone.seal("default", "before");
    let before = alone.there("default", "before");
    eventually("its status", || {
        let object = alone.cluster.get("default", "sealedsecret/before")?;
        (object["status"]["observedGeneration"] == 1).then_some(())
    });
    // Longer than the leader may write without renewal: nobody else is there, so it goes on.
    let outage = Duration::from_secs(size(12, 600) as u64);
    alone.cluster.without_api_server(|| std::thread::sleep(outage));
    let back = Instant::now();
    alone.seal("default", "after");
    alone.there("default", "after");
    assert!(back.elapsed() < Duration::from_secs(30) && !alone.pod.has_ended(), "{:?}", back.elapsed());
    assert_eq!(alone.there("default", "before"), before, "no needless write");
    assert_eq!(alone.pod.log().matches("Leading").count(), 1, "{}", alone.pod.log());
    told(
        "R-10",
        &format!("API server away for {} s", outage.as_secs()),
        &format!("process lives, caught up {} s after, 0 needless writes", back.elapsed().as_secs()),
    );
}

#[test]
fn r_24_a_namespace_and_a_kind_that_vanish_end_nothing() {
    let alone = Alone::start();
    let (cluster, pod) = (&alone.cluster, &alone.pod);
    let space = cluster.namespace("gone");
    alone.seal(&space, "inside");
    alone.there(&space, "inside");
    let begin = Instant::now();
    cluster.kubectl(&["delete", "namespace", &space, "--timeout=50s"]).success();
    let took = begin.elapsed();
    // The kind goes and comes again.
    alone.seal("default", "before");
    alone.there("default", "before");
    cluster.kubectl_with_input(&["delete", "--timeout=50s", "-f", "-"], CRD.as_bytes()).success();
    let warnings = || pod.log().matches("does not know this kind").count();
    eventually("the warning", || (warnings() > 0).then_some(()));
    // Long enough for several attempts.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(warnings(), 1, "{}", pod.log());
    cluster.apply(CRD);
    alone.seal("default", "again");
    alone.there("default", "again");
    let (code, log) = alone.pod.end_by("TERM");
    assert_eq!(code, 0, "{log}");
    told(
        "R-24",
        "namespace and CRD removed while running",
        &format!("goes on; namespace gone after {} s", took.as_secs()),
    );
}
