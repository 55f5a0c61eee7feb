//! Keys that change under a running controller, beside the original, which
//! sees most of it when it starts (`sealed-secrets.md` 5.2).

use std::time::Duration;

use bulla_testkit::Tool;
use bulla_testkit::kube::{Pod, eventually, free_port};
use serde_json::{Value, json};

use crate::home::{Home, KEYS, asked, decoded};
use crate::http::{Served, UNLIMITED};

const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/seal");

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().expect("a name")
}

/// Two keys, the newer one second, and an object sealed with each.
struct Keys<'h> {
    home: &'h Home,
    secrets: [Value; 2],
    sealed: [Value; 2],
}

/// Which certificate is served, and what verify says about each object.
type State = (Option<usize>, [u16; 2]);

impl Keys<'_> {
    fn state(&self, served: &Served) -> State {
        let certificate = served.api.request("GET", "/v1/cert.pem", "").body;
        let is_it = |key: &Value| decoded(&key["data"]["tls.crt"]) == certificate.as_bytes();
        let verified = self.sealed.each_ref().map(|sealed| served.ask("/v1/verify", &sealed.to_string()).0);
        (self.secrets.iter().position(is_it), verified)
    }

    fn label(&self, key: usize, value: &str) {
        let label = json!({"metadata": {"labels": {LABEL: value}}});
        self.home.patch(&format!("secret/{}", name(&self.secrets[key])), &label);
    }

    /// As from a backup.
    fn restore(&self, key: usize) {
        let mut key = self.secrets[key].clone();
        key["metadata"] =
            json!({"name": name(&key), "namespace": self.home.name, "labels": key["metadata"]["labels"]});
        self.home.apply(&key);
    }
}

/// Seals one value with the original kubeseal for a certificate.
fn seal(home: &Home, certificate: &[u8], name: &str) -> Value {
    home.sandbox.write("one.crt", certificate);
    let metadata = json!({"name": name, "namespace": home.name});
    let secret = json!({"metadata": metadata, "stringData": {"a": crate::home::marked("value")}});
    let seal = ["--cert", "one.crt"];
    let sealed = home.sandbox.run_with_input(&Tool::kubeseal(), &seal, secret.to_string().as_bytes());
    serde_json::from_slice(&sealed.success().stdout).expect("kubeseal prints JSON")
}

#[test]
fn q_05_keys_come_go_and_change_under_a_running_controller() {
    let home = Home::new("living");
    let ours = Served::start(&home, &Tool::controller(), &UNLIMITED);
    let first = home.list(KEYS).remove(0);
    let original = || Served::start(&home, &Tool::sealed_secrets_controller(), &UNLIMITED);
    let mut theirs = original();
    // Certificates begin at whole seconds.
    std::thread::sleep(Duration::from_secs(1));
    ours.pod.signal("USR1");
    let is_new = |key: &Value| name(key) != name(&first);
    let second = eventually("another key", || home.list(KEYS).into_iter().find(is_new));
    let keys = [first, second];
    let sealed = [("by-first", &keys[0]), ("by-second", &keys[1])]
        .map(|(name, key)| seal(&home, &decoded(&key["data"]["tls.crt"]), name));
    let keys = Keys { home: &home, secrets: keys, sealed };
    // What happens; what ours is then, what the original is, and what it is after a restart.
    type Row = (&'static str, fn(&Keys<'_>), State, State, State);
    let both = (Some(1), [200, 200]);
    let rows: [Row; 5] = [
        ("a second key", |_| {}, both, (Some(0), [200, 409]), both),
        (
            "it is compromised",
            |keys| keys.label(1, "compromised"),
            (Some(0), [200, 409]),
            both,
            (Some(0), [200, 409]),
        ),
        ("it was not", |keys| keys.label(1, "active"), both, (Some(0), [200, 409]), both),
        (
            "the first is deleted",
            |keys| keys.home.delete(&format!("secret/{}", name(&keys.secrets[0]))),
            (Some(1), [409, 200]),
            both,
            (Some(1), [409, 200]),
        ),
        ("it is restored", |keys| keys.restore(0), both, (Some(1), [409, 200]), both),
    ];
    for (what, act, own, running, restarted) in rows {
        act(&keys);
        eventually(&format!("{what}: {own:?}"), || (keys.state(&ours) == own).then_some(()));
        assert_eq!(keys.state(&theirs), running, "the original, {what}");
        theirs.pod.end_by("TERM");
        theirs = original();
        assert_eq!(keys.state(&theirs), restarted, "the original after a restart, {what}");
    }
    theirs.pod.end_by("TERM");
    // Without any key nothing is opened, and none is made: somebody took them away.
    for key in [0, 1] {
        keys.label(key, "compromised");
    }
    eventually("no key", || (keys.state(&ours) == (None, [503, 503])).then_some(()));
    home.apply(&keys.sealed[1]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((home.secret("by-second"), &home.sealed("by-second")["status"]), (None, &Value::Null));
    keys.label(1, "active");
    home.value("by-second", "a", "value");
    home.condition("by-second", "True");
    assert_eq!(keys.state(&ours), (Some(1), [409, 200]));
    assert_eq!(home.list(&format!("secret -l {LABEL}")).len(), 2);
}

#[test]
fn s_08_malformed_keys_are_passed_over_and_mended_where_the_original_dies() {
    let home = Home::new("malformed");
    let read = |file: &str| std::fs::read_to_string(format!("{FIXTURES}/{file}")).expect("a fixture");
    let secret = |name: &str, key: &str, certificate: &str| {
        let metadata = json!({"name": name, "namespace": home.name, "labels": {LABEL: "active"}});
        let data = json!({"tls.key": key, "tls.crt": certificate});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
    };
    let (key, certificate) = (read("main.key"), read("valid.crt"));
    let (words, half) = (bulla_testkit::CANARY, &key[..key.len() / 2]);
    let malformed = [
        ("bad-pem", secret("bad-pem", words, &certificate)),
        ("cut", secret("cut", half, &certificate)),
        ("elliptic", secret("elliptic", &read("ec.pem"), &read("ec.crt"))),
        ("no-certificate", secret("no-certificate", &key, "")),
        ("small", secret("small", &read("rsa_1024.pem"), &certificate)),
    ];
    // Half of it is there at the start, half of it comes later.
    malformed[..2].iter().for_each(|(_, secret)| home.apply(secret));
    let metrics = free_port();
    let further = [format!("--listen-metrics-addr=127.0.0.1:{metrics}")];
    let further = [&UNLIMITED[..], &[further[0].as_str()]].concat();
    let ours = Served::start(&home, &Tool::controller(), &further);
    malformed[2..].iter().for_each(|(_, secret)| home.apply(secret));
    for (name, _) in &malformed {
        eventually(&format!("the event about {name}"), || {
            let is_it = |event: &Value| {
                event["reason"] == "ErrKeyRejected" && event["involvedObject"]["name"] == **name
            };
            (home.list("events").iter().filter(|event| is_it(event)).count() == 1).then_some(())
        });
    }
    let counted = asked(metrics, "/metrics");
    assert!(counted.contains("\nbulla_controller_rejected_key_secrets_total 5\n"), "{counted}");
    assert_eq!(ours.pod.log().matches("Error reading key").count(), 5, "{}", ours.pod.log());
    // The others load, and what was sealed with them opens.
    let served = ours.api.request("GET", "/v1/cert.pem", "").success();
    home.apply(&seal(&home, served.as_bytes(), "one"));
    home.value("one", "a", "value");
    // The original, started beside these, ends; ours was.
    let listen = ["addr", "metrics-addr"].map(|flag| format!("--listen-{flag}=127.0.0.1:{}", free_port()));
    let arguments = ["--all-namespaces=false", &listen[0], &listen[1]];
    let tool = Tool::sealed_secrets_controller();
    let theirs = Pod::start(home.cluster, &home.name, "sealed-secrets-controller", &tool, &arguments);
    eventually("the end of the original", || theirs.has_ended().then_some(()));
    let (code, log) = theirs.end_by("TERM");
    assert!(code == 2 && log.contains("panic"), "{code} {log}");
    // Mended, and what it opens opens.
    let sealed = seal(&home, certificate.as_bytes(), "two").to_string();
    assert_eq!(ours.ask("/v1/verify", &sealed).0, 409);
    home.apply(&secret("no-certificate", &key, &certificate));
    eventually("the key", || (ours.ask("/v1/verify", &sealed).0 == 200).then_some(()));
    assert!(!ours.pod.has_ended());
}
