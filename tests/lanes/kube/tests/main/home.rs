//! A namespace with a controller of its own, under exactly the rights that the
//! original has, so that no test sees the objects of another.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use base64::Engine;
use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{CANARY, Sandbox, Tool};
use serde_json::{Value, json};

use crate::crd::CRD;
use crate::rights::of_the_original;

pub(crate) const KEYS: &str = "secret -l sealedsecrets.bitnami.com/sealed-secrets-key=active";

/// A value as it is sealed: pods of ours are searched for it (`security.md` O-01).
pub(crate) fn marked(value: &str) -> String {
    if value.contains(CANARY) { value.to_owned() } else { format!("{CANARY} {value}") }
}

/// A namespace with a controller of its own.
pub(crate) struct Home {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: String,
    pub(crate) sandbox: Sandbox,
}

impl Home {
    pub(crate) fn new(name: &str) -> Self {
        let cluster = Cluster::shared();
        cluster.apply(CRD);
        let name = cluster.namespace(name);
        cluster.apply(&of_the_original(cluster, &name));
        Self { cluster, name, sandbox: Sandbox::new() }
    }

    pub(crate) fn start(&self, tool: &Tool, further: &[&str]) -> Pod {
        let (listen, metrics) = (free_port(), free_port());
        let listen = format!("--listen-addr=127.0.0.1:{listen}");
        let metrics = format!("--listen-metrics-addr=127.0.0.1:{metrics}");
        let mut arguments = vec!["--all-namespaces=false", "--key-size=2048", &listen, &metrics];
        arguments.extend(further);
        let pod = Pod::start(self.cluster, &self.name, "sealed-secrets-controller", tool, &arguments);
        eventually("its first words", || (pod.has_ended() || !pod.log().is_empty()).then_some(()));
        assert!(!pod.has_ended(), "{}", pod.log());
        pod
    }

    pub(crate) fn ours(&self) -> Pod {
        self.start(&Tool::controller(), &[])
    }

    /// The objects of a kind, as kubectl selects them.
    pub(crate) fn list(&self, what: &str) -> Vec<Value> {
        self.cluster.list(&self.name, &what.split(' ').collect::<Vec<_>>())
    }

    pub(crate) fn secret(&self, name: &str) -> Option<Value> {
        self.cluster.get(&self.name, &format!("secret/{name}"))
    }

    pub(crate) fn sealed(&self, name: &str) -> Value {
        self.cluster.get(&self.name, &format!("sealedsecret/{name}")).expect("it was applied")
    }

    /// Waits for the one active key and gives its certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        let key = eventually("the key", || self.list(KEYS).pop());
        self.sandbox.write("tls.crt", decoded(&key["data"]["tls.crt"]))
    }

    /// Seals values, marked, with the original kubeseal and gives the manifest.
    pub(crate) fn seal(&self, name: &str, values: &[(&str, &str)], further: &Value) -> Value {
        let marked: Vec<(&str, String)> = values.iter().map(|(item, value)| (*item, marked(value))).collect();
        self.seal_plain(name, &marked, further)
    }

    /// The same with the values as they are.
    pub(crate) fn seal_plain(&self, name: &str, values: &[(&str, String)], further: &Value) -> Value {
        let certificate = self.certificate();
        let mut secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": self.name},
            "stringData": values.iter().cloned().collect::<BTreeMap<_, _>>(),
        });
        merge(&mut secret, further);
        let seal = ["--cert", certificate.to_str().expect("a path in UTF-8")];
        let outcome = self.sandbox.run_with_input(&Tool::kubeseal(), &seal, secret.to_string().as_bytes());
        serde_json::from_slice(&outcome.success().stdout).expect("kubeseal prints JSON")
    }

    pub(crate) fn apply(&self, object: &Value) {
        self.cluster.apply(&object.to_string());
    }

    pub(crate) fn patch(&self, what: &str, patch: &Value) {
        let patch = patch.to_string();
        self.cluster
            .kubectl(&["patch", "--namespace", &self.name, what, "--type=merge", "--patch", &patch])
            .success();
    }

    pub(crate) fn delete(&self, what: &str) {
        self.cluster.kubectl(&["delete", "--namespace", &self.name, what, "--wait=false"]).success();
    }

    /// Waits until the object's condition is `status` at its generation; gives its message.
    pub(crate) fn condition(&self, name: &str, status: &str) -> String {
        eventually(&format!("Synced={status} of {name}"), || {
            let object = self.sealed(name);
            let condition = &object["status"]["conditions"][0];
            let is_current = object["status"]["observedGeneration"] == object["metadata"]["generation"];
            (is_current && condition["type"] == "Synced" && condition["status"] == status)
                .then(|| condition["message"].as_str().unwrap_or_default().to_owned())
        })
    }

    /// Waits for an event about the object with this text.
    pub(crate) fn event(&self, name: &str, reason: &str, message: &str) {
        eventually(&format!("event {reason} {message}"), || {
            let found = |event: &Value| event["reason"] == reason && event["message"] == message;
            self.events(name).iter().any(found).then_some(())
        });
    }

    pub(crate) fn events(&self, name: &str) -> Vec<Value> {
        let mut events = self.list("events");
        events.retain(|event| {
            event["involvedObject"]["name"] == name && event["involvedObject"]["kind"] == "SealedSecret"
        });
        events
    }

    /// Waits for a value of a Secret, as [`Self::seal`] marked it.
    pub(crate) fn value(&self, name: &str, item: &str, value: &str) {
        eventually(&format!("{item}={value} of {name}"), || {
            let secret = self.secret(name)?;
            (decoded(&secret["data"][item]) == marked(value).as_bytes()).then_some(())
        });
    }
}

pub(crate) fn merge(object: &mut Value, further: &Value) {
    match (object, further) {
        (Value::Object(object), Value::Object(further)) => {
            for (name, value) in further {
                merge(object.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (object, further) => *object = further.clone(),
    }
}

pub(crate) fn decoded(value: &Value) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap_or_default()).expect("base64")
}

/// An answer of a health check.
pub(crate) fn asked(port: u16, path: &str) -> String {
    let mut answer = String::new();
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return answer };
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it reads");
    let _ = stream.read_to_string(&mut answer);
    answer
}
