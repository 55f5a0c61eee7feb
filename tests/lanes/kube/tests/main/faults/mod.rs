//! What happens to the controller when it is killed, stopped or contradicted
//! (`security.md` 4.10, 4.12 and 5, R-07 to R-24): small in the gate, at full size in
//! `cargo xtask soak`.

mod clock;
mod etcd;
mod kills;
mod load;
mod news;
mod objects;
mod replicas;
mod server;
mod start;

use bulla_testkit::Tool;
use bulla_testkit::kube::{Pod, Proxy, eventually, free_port};
use bulla_testkit::soak::full;
use serde_json::Value;

use crate::home::Home;

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
