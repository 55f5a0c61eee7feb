//! A real Kubernetes API on loopback: etcd, kube-apiserver and
//! kube-controller-manager as their repositories build them
//! (`BULLA_LANE_KUBERNETES`), but no node: programs of a test play the pods.
//!
//! ```no_run
//! use bulla_testkit::Tool;
//! use bulla_testkit::kube::{Cluster, Pod, eventually};
//!
//! let cluster = Cluster::shared();           // one per test program, up in about five seconds
//! let space = cluster.namespace("adoption"); // a namespace of the test's own
//! cluster.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: one, namespace: default}\n");
//! let file = cluster.kubeconfig(&space, "default"); // with a token of that ServiceAccount, for our own clients
//! let pod = Pod::start(cluster, &space, "default", &Tool::sealed_secrets_controller(), &["--key-size=2048"]);
//! let secret = eventually("the Secret", || cluster.get(&space, "secret/one"));
//! println!("{file:?} {} {}", secret["data"], pod.log());
//! ```
//!
//! What it has: everything of the API (CRDs, RBAC, admission, TokenRequest,
//! server-side apply), garbage collection by owner, deletion of namespaces,
//! a ServiceAccount `default` and `kube-root-ca.crt` in each namespace, the
//! service proxy ([`Cluster::publish`]). What it has not: scheduler, kubelet,
//! the controllers of workloads, DNS.
//!
//! A [`Pod`] is a process that sees the in-cluster configuration of its
//! ServiceAccount where containers do. It listens on loopback ports that the
//! test hands it ([`free_port`]).
//!
//! A program of ours that shows a secret fails the test that started it
//! ([`Pod`]); for that, the values that tests seal hold [`crate::CANARY`].
//!
//! A [`Proxy`] stands between a pod ([`Pod::behind`]) and the API server, counts
//! requests, and refuses, loses, delays or holds those that a test says.
//!
//! Everything ends when it is dropped, and also when the test program is gone
//! in whatever way, `kill -9` included.

mod cluster;
mod egress;
mod kept;
mod leaks;
mod objects;
mod pod;
mod proxy;

use std::time::{Duration, Instant};

pub use cluster::Cluster;
pub use pod::{Pod, processor_time};
pub use proxy::{Call, Fault, Proxy};

/// How long [`eventually`] waits; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks again and again until there is an answer.
///
/// # Panics
/// After a minute, naming what it waited for.
#[track_caller]
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, ask).unwrap_or_else(|| panic!("{what}: not there after {} s", PATIENCE.as_secs()))
}

/// A loopback port that nobody listened on a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    listener.local_addr().expect("it is bound").port()
}

fn within<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || start.elapsed() > patience {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
