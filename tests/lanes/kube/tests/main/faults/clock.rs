//! A clock that jumps: the program runs under a wall clock that is
//! off by as much as a file says.

use std::time::Duration;

use bulla_testkit::kube::{Call, Pod, eventually, free_port};
use bulla_testkit::soak::told;
use bulla_testkit::{Sandbox, Tool};
use serde_json::{Value, json};

use super::replicas::{SHORT, stage};
use super::server::versions;
use super::{ACCOUNT, Stage, size, started};
use crate::home::{KEYS, asked};

const HOUR: i64 = 3600;
/// More than the ten years for which a certificate holds.
const TEN_YEARS: i64 = 3653 * 24 * HOUR;

/// The clock, and what makes a program read it.
struct Clock {
    sandbox: Sandbox,
}

impl Clock {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("shift.c", include_str!("shift.c"));
        sandbox.run(&Tool::cc(), &["-shared", "-fPIC", "-O2", "-o", "shift.so", "shift.c"]).success();
        let clock = Self { sandbox };
        clock.set(0);
        clock
    }

    /// Puts the clock off by seconds.
    fn set(&self, seconds: i64) {
        let new = self.sandbox.write("shift.new", seconds.to_string());
        std::fs::rename(new, self.sandbox.path("shift")).expect("one directory");
    }

    /// Our controller under this clock, as arguments of `env`.
    fn controller(&self, further: &[&str]) -> Vec<String> {
        let listen = format!("--listen-metrics-addr=127.0.0.1:{}", free_port());
        let path = |name: &str| self.sandbox.path(name).display().to_string();
        let program = Tool::controller().path().display().to_string();
        let mut all = vec![
            format!("LD_PRELOAD={}", path("shift.so")),
            format!("CLOCK_SHIFT={}", path("shift")),
            program,
            "--all-namespaces=false".to_owned(),
            "--key-size=2048".to_owned(),
            listen,
        ];
        all.extend(SHORT.iter().chain(further).map(|&argument| argument.to_owned()));
        all
    }

    /// Our controller under this clock and behind the proxy: what it does is
    /// its own doing, not that of TLS, to which such a clock is none.
    fn start(&self, stage: &Stage, port: u16) -> Pod {
        let all = self.controller(&[&format!("--listen-addr=127.0.0.1:{port}")]);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let home = &stage.home;
        let tool = Tool::at("/usr/bin/env").judged();
        let pod = Pod::behind(&stage.proxy, home.cluster, &home.name, ACCOUNT, &tool, &all);
        started(&pod);
        pod
    }
}

/// The names of the keys, the oldest first.
fn keys(stage: &Stage) -> Vec<String> {
    let mut keys = stage.home.list(KEYS);
    keys.sort_by_key(|key| key["metadata"]["creationTimestamp"].as_str().map(str::to_owned));
    keys.iter().map(|key| key["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

/// Changes a key in no way that matters and waits until all keys were read anew.
fn wake(stage: &Stage, key: &str, number: usize) {
    let reads = || {
        let is_read = |call: &&Call| call.path.contains("labelSelector") && call.accept == "application/json";
        stage.proxy.calls().iter().filter(is_read).count()
    };
    let before = reads();
    let note = json!({"metadata": {"annotations": {"note": number.to_string()}}});
    stage.home.patch(&format!("secret/{key}"), &note);
    eventually("a look at the keys", || (reads() > before).then_some(()));
}

#[test]
fn r_19_a_clock_that_jumps_costs_one_key_at_most_and_no_object() {
    let (clock, stage, port) = (Clock::new(), stage("clock"), free_port());
    let mut pod = clock.start(&stage, port);
    stage.home.certificate();
    let first = keys(&stage).remove(0);
    let jumps = [HOUR, -HOUR, TEN_YEARS, -TEN_YEARS, 0].repeat(size(2, 20));
    // All of it is sealed with the key whose certificate will be over.
    let seal = |number: usize| stage.home.seal(&format!("at-{number}"), &[("a", "value")], &Value::Null);
    let objects: Vec<Value> = (0..=jumps.len()).map(seal).collect();
    stage.home.apply(&objects[jumps.len()]);
    stage.home.condition(&format!("at-{}", jumps.len()), "True");
    let before = versions(&stage.home.list("secrets"));
    for (number, &jump) in jumps.iter().enumerate() {
        clock.set(jump);
        wake(&stage, &first, number);
        if jump == TEN_YEARS {
            eventually("the key that is due", || (keys(&stage).len() == 2).then_some(()));
        }
        if number == 2 || number == 3 {
            // A start is no other matter.
            let (code, log) = pod.end_by("TERM");
            assert_eq!(code, 0, "{log}");
            pod = clock.start(&stage, port);
        }
        stage.home.apply(&objects[number]);
        stage.home.value(&format!("at-{number}"), "a", "value");
        stage.home.condition(&format!("at-{number}"), "True");
        assert!(asked(port, "/readyz").contains("200 OK"), "{jump}");
    }
    assert_eq!(keys(&stage).len(), 2, "one more in all");
    let (calls, changes) = (stage.proxy.calls(), stage.proxy.changes());
    assert!(changes.iter().all(|call| call.method != "DELETE" && call.is_guarded()));
    let after = versions(&stage.home.list("secrets"));
    let is_there = |one: &&(String, String)| after.iter().any(|(name, _)| *name == one.0);
    assert!(before.iter().all(|one| is_there(&one)));
    for number in 0..=jumps.len() {
        let name = format!("at-{number}");
        let looks =
            |call: &&Call| call.method == "GET" && call.path.ends_with(&format!("sealedsecrets/{name}"));
        let looks = calls.iter().filter(looks).count();
        // Its own arrival, and one start that could not know yet: in seconds, so far less than one a second.
        assert!(looks <= 2, "{looks} looks at {name}");
        eventually("its event", || (stage.home.events(&name).len() == 1).then_some(()));
    }
    let unchanged =
        |name: &str| before.iter().find(|one| one.0 == name) == after.iter().find(|one| one.0 == name);
    assert!(unchanged(&format!("at-{}", jumps.len())), "no needless write");
    assert_eq!(pod.log().matches("Leading").count(), 1, "{}", pod.log());
    assert!(!pod.has_ended());
    told(
        "R-19",
        &format!("{} jumps of an hour and ten years, two starts among them", jumps.len()),
        "1 extra key, 0 deletions, each object looked at twice at most, expired certificates open",
    );
}

#[test]
fn r_19_who_starts_under_a_wrong_clock_waits_until_it_is_right() {
    let (clock, stage) = (Clock::new(), stage("late"));
    // Ten years from now nothing that the API server shows is valid any more.
    clock.set(TEN_YEARS);
    let port = free_port();
    let all = clock.controller(&[&format!("--listen-addr=127.0.0.1:{port}")]);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let (home, tool) = (&stage.home, Tool::at("/usr/bin/env").judged());
    let pod = Pod::start(home.cluster, &home.name, ACCOUNT, &tool, &all);
    eventually("a complaint", || pod.log().contains("will retry").then_some(()));
    std::thread::sleep(Duration::from_secs(3));
    assert!(asked(port, "/healthz").contains("200 OK") && asked(port, "/readyz").contains("no sealing key"));
    let log = pod.log();
    assert!(!pod.has_ended() && log.lines().count() < 20, "{log}");
    assert!(pod.processor_time() < 2.0, "{} s", pod.processor_time());
    assert_eq!(keys(&stage), [""; 0], "no key on doubt");
    clock.set(0);
    started(&pod);
    stage.seal("one", "value");
    home.value("one", "a", "value");
    assert_eq!(keys(&stage).len(), 1);
}
