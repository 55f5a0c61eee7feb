//! What `cargo xtask demo` runs in the end: a Kubernetes API on loopback, our
//! controller beside it, and `examples/quickstart` on its way from files to
//! Secrets. All of it lies in one directory, which goes with this program.
#![allow(clippy::print_stdout, reason = "it is there to be read")]
#![allow(clippy::disallowed_methods, reason = "it lays out files in a directory of its own")]

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{Tool, required};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
const CONTROLLER: &str = "sealed-secrets-controller";
/// The Secrets of the example, and the files that become them.
const SECRETS: [&str; 2] = ["orders-database", "orders-environment"];
const SEALED: [&str; 2] = ["sealed-database.yaml", "sealed-environment.yaml"];

fn main() {
    let once = std::env::args().any(|argument| argument == "--once");
    let waits = !once && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let demo = Demo::start();
    demo.seal();
    demo.arrive();
    demo.renew();
    demo.try_lines();
    if waits {
        println!("\nCtrl-C ends all of it and removes its directory.");
        if let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) {
            signals.forever().next();
        }
    }
    let folder = demo.folder.clone();
    drop(demo);
    assert!(!folder.exists(), "{} was to be gone", folder.display());
    println!("\nEnded; {} is gone.", folder.display());
}

/// Its fields end in their order: the controller before the cluster.
struct Demo {
    controller: Pod,
    cluster: Cluster,
    folder: PathBuf,
}

impl Demo {
    /// A cluster with the objects of `deploy/`, and the controller.
    fn start() -> Self {
        println!("== A Kubernetes API on loopback: etcd, kube-apiserver, kube-controller-manager");
        let start = Instant::now();
        let cluster = Cluster::start();
        let folder = cluster.admin().parent().expect("it lies in a folder").join("git");
        std::fs::create_dir(&folder).expect("the folder is ours");
        println!("(ready after {} s, in {})", start.elapsed().as_secs(), folder.display());
        println!("\n$ kubectl apply -k deploy/kustomize/base   # the CRD, and what the controller may do");
        let base = format!("{ROOT}/deploy/kustomize/base");
        cluster.apply(&cluster.kubectl(&["kustomize", &base]).success().out());
        println!("$ kubectl create namespace shop");
        cluster.kubectl(&["create", "namespace", "shop"]).success();
        println!("$ bulla-controller                         # beside it, with these rights and no more");
        let port = free_port();
        let listen = [
            format!("--listen-addr=127.0.0.1:{port}"),
            format!("--listen-metrics-addr=127.0.0.1:{}", free_port()),
        ];
        let listen = listen.each_ref().map(String::as_str);
        let controller = Pod::beside(&cluster, "kube-system", CONTROLLER, &Tool::controller(), &listen);
        cluster.publish("kube-system", CONTROLLER, port);
        eventually("the sealing key", || {
            assert!(!controller.has_ended(), "{}", controller.log());
            controller.log().contains("registered private key").then_some(())
        });
        Self { controller, cluster, folder }
    }

    /// Runs our program as typed, shows the line, and gives its output.
    fn bulla(&self, line: &str) -> String {
        println!("$ bulla {line}");
        let mut command = Command::new(required("BULLA_BIN"));
        command.args(line.split_whitespace()).current_dir(&self.folder).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", &self.folder);
        command.env("KUBECONFIG", self.cluster.admin()).env("SOPS_AGE_KEY_FILE", "key.txt");
        let output = command.output().expect("our program was built");
        assert!(output.status.success(), "bulla {line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).expect("it was written")
    }

    /// The example becomes SealedSecrets, which may lie in Git.
    fn seal(&self) {
        println!("\n== examples/quickstart is sealed to the certificate of the cluster");
        let example = Path::new(ROOT).join("examples/quickstart");
        for name in ["database.yaml", "app.env"] {
            std::fs::copy(example.join(name), self.folder.join(name)).expect("the example is there");
        }
        self.bulla(&format!("seal database.yaml --to {}", SEALED[0]));
        let [_, name] = SECRETS;
        self.bulla(&format!(
            "seal --name {name} --namespace shop --from-env-file app.env --to {}",
            SEALED[1]
        ));
        println!("$ cat {}", SEALED[0]);
        for line in self.read(SEALED[0]).lines() {
            println!("{}", line.get(..90).map_or_else(|| line.to_owned(), |start| format!("{start}...")));
        }
    }

    fn apply(&self) {
        println!("$ kubectl apply -f {} -f {}", SEALED[0], SEALED[1]);
        for name in SEALED {
            self.cluster.apply(&self.read(name));
        }
    }

    fn get(&self, kind: &str, name: &str) -> Option<Value> {
        self.cluster.get("shop", &format!("{kind}/{name}"))
    }

    /// They become Secrets.
    fn arrive(&self) {
        println!("\n== The controller unseals");
        self.apply();
        let start = Instant::now();
        for name in SECRETS {
            let secret = eventually(name, || self.get("secret", name));
            println!("secret/{name} is there after {:.1} s", start.elapsed().as_secs_f64());
            for item in secret["data"].as_object().into_iter().flat_map(|data| data.keys()) {
                println!("    {item}: ********");
            }
        }
    }

    /// The newest certificate of the controller, through the API server.
    fn certificate(&self) -> String {
        let path = format!("/api/v1/namespaces/kube-system/services/http:{CONTROLLER}:/proxy/v1/cert.pem");
        self.cluster.kubectl(&["get", "--raw", &path]).success().out()
    }

    fn versions(&self) -> [Option<Value>; 2] {
        SECRETS.map(|name| Some(self.get("secret", name)?["metadata"]["resourceVersion"].clone()))
    }

    /// A new sealing key, to which the files move; the Secrets stay.
    fn renew(&self) {
        println!("\n== The sealing key is renewed and backed up, and the files in Git move to the new one");
        let (old, before) = (self.certificate(), self.versions());
        self.bulla("keys renew");
        eventually("the new certificate", || {
            assert!(!self.controller.has_ended(), "{}", self.controller.log());
            (self.certificate() != old).then_some(())
        });
        let recipient = self.bulla("keygen --to key.txt");
        self.bulla(&format!("keys backup --age {} --to keys.age", recipient.trim()));
        print!("{}", self.bulla("keys list"));
        self.bulla(&format!("reseal {} {} --recovery-keys keys.age", SEALED[0], SEALED[1]));
        print!("{}", self.bulla(&format!("inspect {} --recovery-keys keys.age", SEALED[0])));
        self.apply();
        for name in SECRETS {
            eventually("its status", || {
                let object = self.get("sealedsecret", name)?;
                (object["status"]["observedGeneration"] == 2).then_some(())
            });
        }
        let same = if self.versions() == before { "did not change" } else { "were written" };
        println!("(unsealed again; the Secrets {same})");
    }

    fn try_lines(&self) {
        let programs = required("BULLA_BIN");
        let programs = programs.parent().expect("it lies in a folder").display();
        let kubernetes = required("BULLA_LANE_KUBERNETES");
        println!("\n== Try it in another terminal");
        println!("export KUBECONFIG={} SOPS_AGE_KEY_FILE=key.txt", self.cluster.admin().display());
        println!("export PATH={}:{programs}:$PATH; cd {}", kubernetes.display(), self.folder.display());
        println!("kubectl get sealedsecrets,secrets --namespace shop");
        println!("bulla seal --name mine --namespace shop --from-literal word=hello | kubectl apply -f -");
        println!("bulla edit {} --recovery-keys keys.age", SEALED[0]);
    }
}
