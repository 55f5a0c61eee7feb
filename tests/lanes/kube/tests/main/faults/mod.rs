//! What happens to the controller when it is killed, stopped or contradicted
//! (`security.md` 4.10, 4.12 and 5, R-07 to R-24): small in the gate, at full size in
//! `cargo xtask soak`.

mod clock;
mod etcd;
mod kills;
mod objects;
mod replicas;
mod server;
mod start;

use std::time::Instant;

use bulla_testkit::Tool;
use bulla_testkit::kube::{Call, Pod, Proxy, eventually, free_port};
use bulla_testkit::soak::full;
use serde_json::{Value, json};

use crate::unseal::{Home, decoded, marked};

const ACCOUNT: &str = "sealed-secrets-controller";

/// A namespace with a proxy before the API server.
struct Stage {
    home: Home,
    proxy: Proxy,
}

impl Stage {
    fn new(name: &str) -> Self {
        let home = Home::new(name);
        let proxy = Proxy::start(home.cluster);
        Self { home, proxy }
    }

    /// Our controller behind the proxy, just started.
    fn begin(&self, further: &[&str]) -> Pod {
        self.begin_behind(&self.proxy, free_port(), further)
    }

    fn begin_behind(&self, proxy: &Proxy, port: u16, further: &[&str]) -> Pod {
        let listen = format!("--listen-addr=127.0.0.1:{port}");
        let metrics = format!("--listen-metrics-addr=127.0.0.1:{}", free_port());
        let mut arguments = vec!["--all-namespaces=false", "--key-size=2048", &listen, &metrics];
        arguments.extend(further);
        let home = &self.home;
        Pod::behind(proxy, home.cluster, &home.name, ACCOUNT, &Tool::controller(), &arguments)
    }

    /// The same, with everything listed and a key.
    fn ours(&self, further: &[&str]) -> Pod {
        let pod = self.begin(further);
        started(&pod);
        self.home.certificate();
        pod
    }

    /// Applies an object with one value, sealed.
    fn seal(&self, name: &str, value: &str) {
        self.home.apply(&self.home.seal(name, &[("a", value)], &Value::Null));
    }

    /// Applies many objects at once, named `PREFIX-0` and on; gives when that began.
    fn seal_many(&self, prefix: &str, count: usize) -> Instant {
        self.apply(&self.sealed_many(prefix, count))
    }

    /// Applies objects; gives when that began.
    fn apply(&self, objects: &Value) -> Instant {
        let begin = Instant::now();
        self.home.apply(objects);
        begin
    }

    /// A list of many objects, named `PREFIX-0` and on.
    fn sealed_many(&self, prefix: &str, count: usize) -> Value {
        let object = |number: usize| {
            let name = format!("{prefix}-{number}");
            self.home.seal(&name, &[("a", &name)], &Value::Null)
        };
        let items: Vec<Value> = (0..count).map(object).collect();
        json!({"apiVersion": "v1", "kind": "List", "items": items})
    }

    /// Seconds since `begin` after which 99 of 100 of these objects had their Secret.
    fn p99(&self, prefix: &str, begin: Instant) -> f64 {
        let is_one = |call: &&Call| {
            let name = call.body["metadata"]["name"].as_str().unwrap_or_default();
            call.method == "POST" && call.body["kind"] == "Secret" && name.starts_with(prefix)
        };
        let calls = self.proxy.calls();
        let made = calls.iter().filter(is_one).map(|call| call.at.duration_since(begin).as_secs_f64());
        let mut made: Vec<f64> = made.collect();
        made.sort_by(f64::total_cmp);
        made[made.len() * 99 / 100]
    }

    /// Waits until all of them are there with their own values.
    fn all_there(&self, prefix: &str, count: usize) {
        eventually(&format!("all {count} of {prefix}"), || {
            let secrets = self.home.list("secrets");
            let is_right = |secret: &&Value| {
                let name = secret["metadata"]["name"].as_str().unwrap_or_default();
                name.starts_with(prefix) && decoded(&secret["data"]["a"]) == marked(name).as_bytes()
            };
            let sealed = self.home.list("sealedsecrets");
            let is_synced = |object: &&Value| {
                object["metadata"]["name"].as_str().unwrap_or_default().starts_with(prefix)
                    && object["status"]["conditions"][0]["status"] == "True"
            };
            let there = secrets.iter().filter(is_right).count().min(sealed.iter().filter(is_synced).count());
            (there == count).then_some(())
        });
    }
}

fn started(pod: &Pod) {
    eventually("the start", || {
        assert!(!pod.has_ended(), "{}", pod.log());
        pod.log().contains("All objects are known").then_some(())
    });
}

/// One number in the gate, another in the soak.
fn size(gate: usize, soak: usize) -> usize {
    if full() { soak } else { gate }
}
