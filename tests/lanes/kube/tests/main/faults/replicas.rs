//! Several replicas, one leader.

use std::time::{Duration, Instant};

use bulla_testkit::kube::{Fault, Proxy, eventually, free_port};
use bulla_testkit::soak::{full, told};
use serde_json::Value;

use super::{ACCOUNT, Stage, size, started};
use crate::home::{KEYS, asked};

const LEASES: &str = include_str!("../../../../../../deploy/kustomize/base/leases.yaml");
pub(super) const SHORT: [&str; 3] = [
    "--leader-elect-lease-duration=4s",
    "--leader-elect-renew-deadline=2500ms",
    "--leader-elect-retry-period=500ms",
];

/// A stage whose ServiceAccount may use the Lease.
pub(super) fn stage(name: &str) -> Stage {
    let stage = Stage::new(name);
    let own = LEASES.replace("namespace: kube-system", &format!("namespace: {}", stage.home.name));
    let own = own.replace("metadata:\n", &format!("metadata:\n  namespace: {}\n", stage.home.name));
    stage.home.cluster.apply(&own);
    let account = format!("--as=system:serviceaccount:{}:{ACCOUNT}", stage.home.name);
    let update = [
        "auth",
        "can-i",
        &account,
        "update",
        "leases/sealed-secrets-controller",
        "--namespace",
        &stage.home.name,
    ];
    eventually("the right", || (stage.home.cluster.kubectl(&update).code == 0).then_some(()));
    stage
}

fn holder(stage: &Stage) -> String {
    let lease = stage.home.cluster.get(&stage.home.name, "lease/sealed-secrets-controller");
    lease.unwrap_or_default()["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

/// Names and versions of all that the controller may write.
fn versions(stage: &Stage) -> Vec<(String, String)> {
    ["secrets", "sealedsecrets"].map(|kind| super::server::versions(&stage.home.list(kind))).concat()
}

#[test]
fn r_20_a_stopped_leader_is_replaced_writes_nothing_more_and_ends() {
    // Nearly all of the full size is waiting: so many at once.
    let (at_once, times) = (size(1, 10), size(1, 5));
    let stops = || (0..times).map(|_| stop_the_leader()).min();
    let shortest = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..at_once).map(|_| scope.spawn(stops)).collect();
        runs.into_iter().filter_map(|run| run.join().expect("it passes")).min().expect("there are runs")
    });
    told(
        "R-20",
        &format!(
            "leader stopped for {:.0} s at least in the midst of work, {} runs",
            shortest.as_secs_f64(),
            at_once * times
        ),
        "one writer, 0 lost, the old one ends",
    );
}

/// Gives how long it was stopped.
fn stop_the_leader() -> Duration {
    let stage = stage("stopped");
    let (second, port) = (Proxy::start(stage.home.cluster), free_port());
    // At full size the durations of production, and as long a stop as the row says.
    let (flags, stop) = if full() { (&[][..], Duration::from_mins(1)) } else { (&SHORT[..], Duration::ZERO) };
    let old = stage.ours(flags);
    let new = stage.begin_behind(&second, port, flags);
    eventually("the wait of the second", || new.log().contains("Standing by").then_some(()));
    // It serves the certificate, so it is ready, but neither works nor makes keys.
    eventually("readiness", || asked(port, "/readyz").contains("200 OK").then_some(()));
    assert!(asked(port, "/v1/cert.pem").contains("BEGIN CERTIFICATE"));
    new.signal("USR1");
    eventually("the refusal", || new.log().contains("no key is made here").then_some(()));
    let count = 12;
    // In the midst of work.
    stage.proxy.plan(
        |call| {
            if call.is_change() { Fault::Wait(Duration::from_millis(100)) } else { Fault::Pass }
        },
    );
    stage.seal_many("first", count);
    old.signal("STOP");
    let begin = Instant::now();
    eventually("the new leader", || new.log().contains("Leading").then_some(()));
    let took = begin.elapsed();
    started(&new);
    stage.seal_many("second", count);
    stage.all_there("first", count);
    stage.all_there("second", count);
    std::thread::sleep(stop.saturating_sub(begin.elapsed()));
    let before = versions(&stage);
    let stopped = begin.elapsed();
    old.signal("CONT");
    eventually("its end", || old.has_ended().then_some(()));
    let (code, log) = old.end_by("TERM");
    assert!(code == 2 && log.contains("the lease is lost"), "{code} {log}");
    // What stood on its way out when it was stopped may still leave; it is based on a version
    // that is gone, and changes nothing.
    assert_eq!(versions(&stage), before);
    let (firsts, seconds) = (stage.proxy.changes(), second.changes());
    assert!(firsts.iter().chain(&seconds).all(bulla_testkit::kube::Call::is_guarded));
    assert_eq!(stage.home.list(KEYS).len(), 1);
    stage.all_there("first", count);
    let holder = holder(&stage);
    assert!(!holder.is_empty() && new.log().contains(&format!("identity={holder}")), "{holder}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    stopped
}

#[test]
fn r_21_told_to_end_the_leader_finishes_releases_the_lease_and_leaves_with_0() {
    let stage = stage("ended");
    // The durations of production: only a release lets the second one lead this soon.
    let first = stage.ours(&[]);
    let second = stage.begin_behind(
        &Proxy::start(stage.home.cluster),
        free_port(),
        &["--leader-elect-retry-period=500ms"],
    );
    eventually("the wait of the second", || second.log().contains("Standing by").then_some(()));
    stage.proxy.plan(|call| if call.is_change() { Fault::Wait(Duration::from_secs(1)) } else { Fault::Pass });
    let seen = stage.proxy.changes().len();
    stage.seal("one", "value");
    eventually("work", || (stage.proxy.changes().len() > seen).then_some(()));
    let begin = Instant::now();
    let (code, log) = first.end_by("TERM");
    assert!(code == 0 && begin.elapsed() < Duration::from_secs(20), "{code} {log}");
    assert!(log.contains("The lease is released"), "{log}");
    eventually("the second", || second.log().contains("Leading").then_some(()));
    assert!(begin.elapsed() < Duration::from_secs(14), "{:?}", begin.elapsed());
    started(&second);
    stage.home.value("one", "a", "value");
    assert_eq!(stage.home.condition("one", "True"), "");
    assert_eq!(second.end_by("TERM").0, 0);
    assert_eq!(holder(&stage), "");
}

#[test]
fn r_09_replicas_that_start_at_once_make_one_key_with_and_without_leases() {
    for stage in [stage("leased"), Stage::new("unleased")] {
        let pods: Vec<_> = (0..3)
            .map(|_| {
                let port = free_port();
                (stage.begin_behind(&stage.proxy, port, &SHORT), port)
            })
            .collect();
        let certificates: Vec<String> = pods
            .iter()
            .map(|(_, port)| {
                eventually("the certificate", || {
                    asked(*port, "/v1/cert.pem")
                        .split_once("\r\n\r\n")
                        .map(|(_, body)| body.to_owned())
                        .filter(|body| body.contains("BEGIN"))
                })
            })
            .collect();
        assert!(certificates.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(stage.home.list(KEYS).len(), 1);
        let warned = |log: &str| log.matches("No right to use leases").count();
        let expected = usize::from(holder(&stage).is_empty());
        assert!(pods.iter().all(|(pod, _)| warned(&pod.log()) == expected));
        let refused: Vec<_> = stage.proxy.calls().into_iter().filter(|call| call.status == 403).collect();
        assert!(refused.is_empty(), "{refused:?}");
        stage.seal("one", "value");
        stage.home.value("one", "a", "value");
        stage.home.condition("one", "True");
        let leaders = pods.iter().filter(|(pod, _)| pod.log().contains("Leading")).count();
        assert_eq!(leaders, 1 - expected);
        assert_eq!(
            stage.home.list("sealedsecrets")[0]["status"]["conditions"].as_array().map(Vec::len),
            Some(1)
        );
        assert_ne!(stage.home.list(KEYS)[0]["data"]["tls.key"], Value::Null);
    }
}
