//! An etcd that stands still, as on a disk that answers no more.

use std::time::{Duration, Instant};

use bulla_testkit::Tool;
use bulla_testkit::kube::{Call, Fault, Pod, Proxy, eventually, free_port};
use bulla_testkit::soak::told;

use super::server::{Alone, versions, with_rights};
use super::{ACCOUNT, size};

/// Requests each second that one replica may send while nothing is answered.
const PATIENT: usize = 5;
/// Requests for one object that are no storm: it is read, made, reported, and
/// some of that a second time.
const FOR_ONE: usize = 12;

#[test]
fn r_10_an_etcd_that_stands_still_loses_nothing_and_lets_nobody_else_write() {
    let cluster = with_rights();
    let proxies = [Proxy::start(&cluster), Proxy::start(&cluster)];
    let begin_behind = |proxy: &Proxy| {
        let listen = format!("--listen-addr=127.0.0.1:{}", free_port());
        let metrics = format!("--listen-metrics-addr=127.0.0.1:{}", free_port());
        let arguments = ["--key-size=2048", &listen, &metrics];
        Pod::behind(proxy, &cluster, "kube-system", ACCOUNT, &Tool::controller(), &arguments)
    };
    let first = begin_behind(&proxies[0]);
    eventually("the leader", || first.log().contains("Leading").then_some(()));
    let second = begin_behind(&proxies[1]);
    eventually("the wait of the second", || second.log().contains("Standing by").then_some(()));
    // They end before their cluster.
    let (alone, second) = (Alone::with(cluster, first), second);
    let cluster = &alone.cluster;
    let count = size(20, 300);
    let apply = |prefix: &str| {
        let objects: Vec<String> =
            (0..count).map(|number| alone.sealed("default", &format!("{prefix}-{number}"))).collect();
        cluster.apply(&format!(
            "{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{}]}}",
            objects.join(",")
        ));
    };
    let made = |prefix: &str| -> Vec<serde_json::Value> {
        let mut secrets = cluster.list("default", &["secrets"]);
        secrets.retain(|secret| {
            secret["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(prefix))
        });
        secrets
    };
    apply("before");
    eventually("the first Secrets", || (made("before").len() == count).then_some(()));
    let before = versions(&made("before"));
    // In the midst of work.
    let makes = |call: &Call| call.method == "POST" && call.body["kind"] == "Secret";
    proxies[0].plan(move |call| if makes(call) { Fault::Hold } else { Fault::Pass });
    apply("during");
    let asked = || proxies.each_ref().map(|proxy| proxy.calls().len());
    let outage = size(12, 60);
    let stopped = asked();
    proxies[0].wait_until_held();
    cluster.with_etcd_stopped(|| {
        proxies[0].pass();
        proxies[0].release();
        std::thread::sleep(Duration::from_secs(outage as u64));
        let count_made = proxies[0].calls().iter().filter(|call| makes(call) && call.status == 201).count();
        assert_eq!(count_made, count + 1, "the first ones and the key: etcd stands still");
    });
    let (back, during) = (Instant::now(), asked());
    let within = |(before, after): (&usize, &usize)| after - before <= PATIENT * outage + FOR_ONE * 20;
    assert!(stopped.iter().zip(&during).all(within), "a storm: {stopped:?}, {during:?}");
    eventually("all Secrets", || (made("during").len() == count).then_some(()));
    let took = back.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    eventually("all words", || {
        let synced = |object: &&serde_json::Value| object["status"]["conditions"][0]["status"] == "True";
        (cluster.list("default", &["sealedsecrets"]).iter().filter(synced).count() == 2 * count).then_some(())
    });
    let after: usize = asked().iter().sum::<usize>() - during.iter().sum::<usize>();
    assert!(after <= FOR_ONE * count + PATIENT * 60, "a storm: {after} requests");
    assert_eq!(versions(&made("before")), before, "no needless write");
    one_writes_at_a_time(&proxies);
    let leading =
        [&alone.pod, &second].iter().filter(|pod| !pod.has_ended() && pod.log().contains("Leading")).count();
    assert_eq!(leading, 1, "{}\n{}", alone.pod.log(), second.log());
    told(
        "R-10",
        &format!("etcd stopped for {outage} s amid {count} objects, two replicas"),
        &format!("0 lost, one writer, 0 needless writes, all there {:.0} s after", took.as_secs_f64()),
    );
}

/// Whoever changes something did so from then on alone, and overwrites nothing unseen.
fn one_writes_at_a_time(proxies: &[Proxy; 2]) {
    let of = |number: usize| -> Vec<(Instant, usize)> {
        let done = |call: &&Call| (200..300).contains(&call.status) && !call.path.contains("/events");
        let changes = proxies[number].changes();
        assert!(
            changes
                .iter()
                .filter(|call| !call.path.contains("/events"))
                .all(|call| call.is_guarded() && call.method != "DELETE")
        );
        changes.iter().filter(done).map(|call| (call.at, number)).collect()
    };
    let mut changes = [of(0), of(1)].concat();
    changes.sort_unstable();
    let turns = changes.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert!(turns <= 1, "{turns} turns of the writer");
}
