//! The API server, the objects, and the controllers before it.

use std::net::TcpStream;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_testkit::kube::{Cluster, Pod, free_port};
use bulla_testkit::{Sandbox, Server, Tool};
use serde_json::{Value, json};

/// The namespace of the objects.
const SPACE: &str = "bench";
const ACCOUNT: &str = "sealed-secrets-controller";
/// The rights of the original's manifest, for both.
const MANIFESTS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../deploy/kustomize/overlays/as-upstream");
const KEYS: &str =
    "/api/v1/namespaces/kube-system/secrets?labelSelector=sealedsecrets.bitnami.com/sealed-secrets-key";
/// What controllers write. Secrets are removed first: nothing is left then
/// that the garbage collector would have to look after.
const KINDS: [&str; 3] = ["secrets", "sealedsecrets", "events"];
/// How long one measurement may take.
const PATIENCE: Duration = Duration::from_mins(30);
/// Between two questions; what is measured is not more exact than this.
const PAUSE: Duration = Duration::from_millis(20);
/// Connections at once on which objects are made.
const CONNECTIONS: usize = 4;
/// Without a write for so long everything is over.
const QUIET: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Who {
    Original,
    Ours,
}

pub(crate) struct Stage {
    cluster: Cluster,
    api: Server,
    sandbox: Sandbox,
}

/// A controller with default flags but for where it listens and those that a row adds.
pub(crate) struct Controller {
    who: Who,
    pub(crate) pod: Pod,
    /// The port of its metrics.
    metrics: u16,
    started: Instant,
}

impl Stage {
    /// An API server with the CRD, the rights, and one sealing key of the default size.
    pub(crate) fn new() -> Self {
        let cluster = Cluster::start();
        cluster.kubectl(&["apply", "--server-side", "-k", MANIFESTS]).success();
        cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=50s", "crd", "--all"]).success();
        cluster.kubectl(&["create", "namespace", SPACE]).success();
        let stage = Self { api: cluster.api(), cluster, sandbox: Sandbox::new() };
        let ours = stage.start(Who::Ours, &[]);
        wait("the first key", || !stage.keys().is_empty());
        stage.sandbox.write("cert.pem", decoded(&stage.keys()[0]["data"]["tls.crt"]));
        ours.end();
        stage
    }

    /// Starts a controller.
    pub(crate) fn start(&self, who: Who, flags: &[&str]) -> Controller {
        let tool = match who {
            Who::Original => Tool::sealed_secrets_controller(),
            Who::Ours => Tool::controller(),
        };
        let metrics = free_port();
        let listen = format!("--listen-addr=127.0.0.1:{}", free_port());
        let listens = format!("--listen-metrics-addr=127.0.0.1:{metrics}");
        let arguments = [&[listen.as_str(), &listens], flags].concat();
        let started = Instant::now();
        let pod = Pod::start(&self.cluster, "kube-system", ACCOUNT, &tool, &arguments);
        Controller { who, pod, metrics, started }
    }

    /// SealedSecrets of two values each, as our kubeseal seals them with the first key.
    pub(crate) fn objects(&self, count: usize) -> Vec<Value> {
        let secret = |number: usize| {
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name(number), "namespace": SPACE},
                "stringData": {"username": "app", "password": name(number)},
            })
        };
        let secrets: Vec<String> = (0..count).map(|number| format!("---\n{}\n", secret(number))).collect();
        let sealed = self.sandbox.run_with_input(
            &Tool::bulla_as_kubeseal(),
            &["--cert", "cert.pem"],
            secrets.concat().as_bytes(),
        );
        let sealed = sealed.success().stdout;
        let objects: Result<Vec<Value>, _> =
            serde_json::Deserializer::from_slice(&sealed).into_iter().collect();
        let objects = objects.expect("kubeseal prints JSON");
        assert_eq!(objects.len(), count);
        objects
    }

    /// Makes them.
    pub(crate) fn create(&self, objects: &[Value]) {
        let create = |objects: &[Value]| {
            for object in objects {
                self.api.request("POST", &path("sealedsecrets"), object.to_string()).success();
            }
        };
        let share = objects.len().div_ceil(CONNECTIONS);
        scope(|scope| objects.chunks(share).for_each(|chunk| drop(scope.spawn(move || create(chunk)))));
    }

    /// Removes all objects; no controller may run.
    pub(crate) fn clear(&self) {
        for kind in KINDS {
            wait("the end of the objects", || {
                self.api.request("DELETE", &path(kind), "");
                self.count(kind) == 0
            });
        }
    }

    /// How many objects of a kind there are.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let list = self.list(&format!("{}?limit=1", path(kind)));
        let here = list["items"].as_array().map_or(0, Vec::len);
        here + list["metadata"]["remainingItemCount"].as_u64().unwrap_or_default() as usize
    }

    /// Waits until there are so many Secrets.
    pub(crate) fn all_there(&self, count: usize) {
        wait("the Secrets", || self.count("secrets") == count);
    }

    /// Every object says that it is synced, and has its own values.
    pub(crate) fn check(&self, count: usize) {
        let sealed = self.list(&path("sealedsecrets"));
        let sealed = sealed["items"].as_array().expect("a list");
        let synced = sealed.iter().filter(|object| object["status"]["conditions"][0]["status"] == "True");
        assert_eq!(synced.count(), count);
        let secrets = self.list(&path("secrets"));
        for secret in secrets["items"].as_array().expect("a list") {
            let name = secret["metadata"]["name"].as_str().unwrap_or_default();
            assert_eq!(decoded(&secret["data"]["password"]), name.as_bytes());
        }
    }

    /// Requests to change objects of these kinds that the API server has answered so far.
    pub(crate) fn writes(&self, kinds: &[&str]) -> f64 {
        let metrics = self.api.request("GET", "/metrics", "").success();
        let has = |line: &str, label: &str, values: &[&str]| {
            values.iter().any(|value| line.contains(&format!("{label}=\"{value}\"")))
        };
        let writes = metrics.lines().filter(|line| {
            line.starts_with("apiserver_request_total{")
                && has(line, "verb", &["POST", "PUT", "PATCH", "DELETE"])
                && has(line, "resource", kinds)
        });
        writes.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Waits until nothing of a controller's is written any more.
    pub(crate) fn settle(&self) {
        let mut before = self.writes(&KINDS);
        wait("the end of all writes", || {
            sleep(QUIET);
            let now = self.writes(&KINDS);
            std::mem::replace(&mut before, now) >= now
        });
    }

    /// Has our controller make keys until there are `count`.
    pub(crate) fn make_keys(&self, count: usize) {
        let ours = self.start(Who::Ours, &[]);
        ours.works(self);
        while self.keys().len() < count {
            let before = self.keys().len();
            ours.pod.signal("USR1");
            wait("another key", || self.keys().len() > before);
        }
        ours.end();
    }

    fn keys(&self) -> Vec<Value> {
        let Value::Array(keys) = self.list(KEYS)["items"].take() else { panic!("no list") };
        keys
    }

    fn list(&self, path: &str) -> Value {
        serde_json::from_str(&self.api.request("GET", path, "").success()).expect("the API speaks JSON")
    }
}

impl Controller {
    /// Waits until it works and what it does at its start is over.
    pub(crate) fn works(&self, stage: &Stage) {
        let said = if self.who == Who::Original { "HTTP server serving" } else { "All objects are known" };
        wait("the start", || self.pod.log().contains(said));
        stage.settle();
    }

    /// Waits until it has been through all objects after its start; gives the seconds since that.
    pub(crate) fn been_through(&self, count: usize) -> f64 {
        wait("all objects", || match self.who {
            Who::Original => self.unsealed() >= count,
            Who::Ours => self.pod.log().contains("All objects are known"),
        });
        self.started.elapsed().as_secs_f64()
    }

    /// Ends it.
    pub(crate) fn end(self) {
        self.pod.end_by("TERM");
    }

    /// How often it began to unseal an object.
    fn unsealed(&self) -> usize {
        // Nobody listens yet at the start.
        if TcpStream::connect(("127.0.0.1", self.metrics)).is_err() {
            return 0;
        }
        let metrics = Server::at(self.metrics).request("GET", "/metrics", "").success();
        let name = "sealed_secrets_controller_unseal_requests_total ";
        let count = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        count.unwrap_or_default()
    }
}

fn name(number: usize) -> String {
    format!("database-{number}")
}

/// The collection of a kind in the namespace.
fn path(kind: &str) -> String {
    let group = if kind == "sealedsecrets" { "apis/bitnami.com/v1alpha1" } else { "api/v1" };
    format!("/{group}/namespaces/{SPACE}/{kind}")
}

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or_default()).expect("base64")
}

fn wait(what: &str, mut is_there: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_there() {
        assert!(begin.elapsed() < PATIENCE, "{what}: not there after {} s", PATIENCE.as_secs());
        sleep(PAUSE);
    }
}
