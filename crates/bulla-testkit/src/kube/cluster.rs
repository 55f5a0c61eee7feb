//! Starting the servers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use super::egress::{self, Routes};
use super::free_port;
use super::kept::Kept;
use crate::{Sandbox, Server, Tool};

/// How long the API server may take to get ready.
const DEADLINE: Duration = Duration::from_mins(4);

/// A running Kubernetes API. Dropping it ends the servers and removes their
/// data; see the module's documentation.
pub struct Cluster {
    /// Its folder: `work` below it holds data, certificates, kubeconfigs and logs.
    pub(super) sandbox: Sandbox,
    pub(super) port: u16,
    pub(super) routes: Routes,
    /// Namespaces made so far.
    pub(super) namespaces: AtomicUsize,
    etcd: String,
    /// The administrator's.
    token: String,
    /// What leads to the API server without TLS, and its port.
    plain: OnceLock<(Kept, u16)>,
    /// etcd last: they are dropped in their order.
    servers: Vec<Kept>,
}

impl Cluster {
    /// The cluster that all tests of a program share; the first caller waits until it is ready.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts a cluster and waits until it is ready.
    ///
    /// # Panics
    /// Where a server ends or is not ready in time, with the end of its log.
    pub fn start() -> Self {
        let mut cluster = Self {
            sandbox: Sandbox::new(),
            port: free_port(),
            routes: Routes::default(),
            namespaces: AtomicUsize::new(0),
            etcd: format!("http://127.0.0.1:{}", free_port()),
            token: random_token(),
            plain: OnceLock::new(),
            servers: Vec::new(),
        };
        cluster.write_configuration();
        cluster.serve("etcd", &etcd_arguments(&cluster.etcd));
        cluster.serve("kube-apiserver", &cluster.api_server_arguments());
        cluster.wait_until_ready();
        cluster.serve_controllers();
        cluster.servers.reverse();
        cluster
    }

    /// The API server's address, as in `https://127.0.0.1:40000`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificates to trust, in PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.sandbox.path("certificates/apiserver.crt")
    }

    /// Kills the API server and starts it again after `meanwhile`. Only for a
    /// cluster of the test's own.
    pub fn without_api_server(&mut self, meanwhile: impl FnOnce()) {
        let at = self.servers.len() - 2;
        drop(self.servers.remove(at));
        meanwhile();
        self.serve("kube-apiserver", &self.api_server_arguments());
        let server = self.servers.pop().expect("it was started");
        self.servers.insert(at, server);
        self.wait_until_ready();
    }

    /// Stops etcd while `meanwhile` runs, as a disk does that answers no more.
    /// Only for a cluster of the test's own.
    pub fn with_etcd_stopped(&self, meanwhile: impl FnOnce()) {
        let etcd = self.servers.last().expect("it was started first");
        etcd.signal("STOP");
        meanwhile();
        etcd.signal("CONT");
    }

    /// The port of `kubectl proxy`, which has no credentials of its own: those
    /// of each request count.
    pub(super) fn plain_port(&self) -> u16 {
        let start = || {
            let port = free_port();
            self.sandbox.write("plain.kubeconfig", self.kubeconfig_text("default", "of-nobody"));
            let mut command = Command::new(Tool::kubernetes("kubectl").path());
            command.args(["--kubeconfig=plain.kubeconfig", "proxy", &format!("--port={port}")]);
            command.current_dir(self.sandbox.path("")).env("HOME", self.sandbox.home());
            let kept = Kept::start(&command, &self.sandbox.path("plain.log"), None);
            super::eventually("kubectl proxy", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
            (kept, port)
        };
        self.plain.get_or_init(start).1
    }

    /// The API with all rights, by plain HTTP: for requests so many that a
    /// kubectl for each would take long.
    pub fn api(&self) -> Server {
        Server::at_with(self.plain_port(), "Authorization", format!("Bearer {}", self.token))
    }

    /// A kubeconfig with all rights.
    pub fn admin(&self) -> PathBuf {
        self.sandbox.path("admin.kubeconfig")
    }

    fn write_configuration(&self) {
        let token = &self.token;
        self.sandbox.write("tokens.csv", format!("{token},admin,admin,system:masters\n"));
        self.sandbox.write("admin.kubeconfig", self.kubeconfig_text("default", token));
        let socket = self.sandbox.path("egress.sock");
        let socket = socket.to_str().expect("a path in UTF-8");
        self.sandbox.write("egress.json", egress::CONFIGURATION.replace("{socket}", socket));
        self.routes.serve(Path::new(socket));
    }

    /// A kubeconfig for a bearer of this token, with a namespace to start in.
    pub(super) fn kubeconfig_text(&self, namespace: &str, token: &str) -> String {
        self.kubeconfig_text_at(&self.url(), namespace, token)
    }

    /// The same, with another way to the server.
    pub(super) fn kubeconfig_text_at(&self, url: &str, namespace: &str, token: &str) -> String {
        let cluster = serde_json::json!({"server": url, "certificate-authority": self.ca_file()});
        let context = serde_json::json!({"cluster": "test", "user": "test", "namespace": namespace});
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": context}],
            "current-context": "test",
        });
        config.to_string()
    }

    fn serve(&mut self, name: &str, arguments: &[String]) {
        let mut command = Command::new(Tool::kubernetes(name).path());
        command.args(arguments).current_dir(self.sandbox.path("")).env("HOME", self.sandbox.home());
        let log = self.sandbox.path(&format!("{name}.log"));
        // One of the keepers removes what there is: two at once are in each other's way.
        let folder = self.servers.is_empty().then(|| self.sandbox.root());
        self.servers.push(Kept::start(&command, &log, folder));
    }

    /// The server makes its own certificate; that one's key signs the tokens of
    /// ServiceAccounts as well.
    fn api_server_arguments(&self) -> Vec<String> {
        let (port, etcd) = (self.port, &self.etcd);
        lines(&format!(
            "--etcd-servers={etcd}
            --bind-address=127.0.0.1
            --advertise-address=127.0.0.1
            --secure-port={port}
            --cert-dir=certificates
            --token-auth-file=tokens.csv
            --service-account-key-file=certificates/apiserver.key
            --service-account-signing-key-file=certificates/apiserver.key
            --service-account-issuer=https://kubernetes.default.svc
            --authorization-mode=RBAC
            --service-cluster-ip-range=10.0.0.0/24
            --allow-privileged
            --endpoint-reconciler-type=none
            --egress-selector-config-file=egress.json"
        ))
    }

    fn serve_controllers(&mut self) {
        let arguments = lines(
            "--kubeconfig=admin.kubeconfig
            --service-account-private-key-file=certificates/apiserver.key
            --root-ca-file=certificates/apiserver.crt
            --controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller,\
            root-ca-certificate-publisher-controller,serviceaccount-token-controller
            --leader-elect=false
            --bind-address=127.0.0.1
            --secure-port=0",
        );
        self.serve("kube-controller-manager", &arguments);
    }

    fn wait_until_ready(&mut self) {
        let start = Instant::now();
        loop {
            let ended = self.servers.iter().any(Kept::has_ended);
            assert!(!ended && start.elapsed() < DEADLINE, "Kubernetes does not start\n{}", self.logs());
            let listens = std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if listens && self.kubectl(&["get", "--raw=/readyz"]).out() == "ok" {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last lines of etcd and the API server.
    fn logs(&self) -> String {
        let end = |name: &str| {
            let log = std::fs::read(self.sandbox.path(&format!("{name}.log"))).unwrap_or_default();
            let log = String::from_utf8_lossy(&log).into_owned();
            let lines: Vec<&str> = log.lines().collect();
            format!("--- {name}\n{}\n", lines[lines.len().saturating_sub(20)..].join("\n"))
        };
        end("etcd") + &end("kube-apiserver")
    }
}

fn etcd_arguments(url: &str) -> Vec<String> {
    let peers = format!("http://127.0.0.1:{}", free_port());
    lines(&format!(
        "--data-dir=etcd
        --listen-client-urls={url}
        --advertise-client-urls={url}
        --listen-peer-urls={peers}
        --initial-advertise-peer-urls={peers}
        --initial-cluster=default={peers}
        --unsafe-no-fsync
        --log-level=error"
    ))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// A token nobody else on this machine knows.
fn random_token() -> String {
    let mut bytes = [0; 16];
    let random = std::fs::File::open("/dev/urandom").expect("Linux");
    std::io::Read::read_exact(&mut &random, &mut bytes).expect("it never ends");
    format!("{:032x}", u128::from_ne_bytes(bytes))
}
