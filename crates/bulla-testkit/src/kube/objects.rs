//! Asking and changing what the API holds, with kubectl.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Cluster, eventually};
use crate::{Outcome, Tool};

impl Cluster {
    /// Runs kubectl with all rights.
    #[track_caller]
    pub fn kubectl(&self, arguments: &[&str]) -> Outcome {
        self.kubectl_with_input(arguments, b"")
    }

    /// Runs kubectl with all rights and this standard input.
    #[track_caller]
    pub fn kubectl_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut all = vec!["--kubeconfig", "admin.kubeconfig"];
        all.extend(arguments);
        self.sandbox.run_with_input(&Tool::kubernetes("kubectl"), &all, input)
    }

    /// Applies manifests (server-side, field manager `test`) and waits until
    /// all CRDs are served, where they hold one.
    ///
    /// # Panics
    /// With the server's message where it refuses one.
    #[track_caller]
    pub fn apply(&self, manifests: &str) {
        self.try_apply(manifests).success();
        if manifests.contains("kind: CustomResourceDefinition") {
            let wait = ["wait", "--for=condition=Established", "--timeout=50s", "crd", "--all"];
            // It fails where there are no conditions yet.
            eventually("all kinds", || (self.kubectl(&wait).code == 0).then_some(()));
        }
    }

    /// As [`Self::apply`], where refusal is an answer: standard error holds the server's message.
    #[track_caller]
    pub fn try_apply(&self, manifests: &str) -> Outcome {
        let apply = ["apply", "--server-side", "--field-manager=test", "--validate=ignore", "-f", "-"];
        self.kubectl_with_input(&apply, manifests.as_bytes())
    }

    /// An object such as `secret/one`, or all of a kind as a list; `None` where it does not exist.
    ///
    /// # Panics
    /// Where the server answers anything else.
    #[track_caller]
    pub fn get(&self, namespace: &str, what: &str) -> Option<Value> {
        let outcome = self.kubectl(&["get", "--namespace", namespace, what, "--output=json"]);
        if outcome.code != 0 && outcome.err().contains("(NotFound)") {
            return None;
        }
        Some(serde_json::from_slice(&outcome.success().stdout).expect("kubectl prints JSON"))
    }

    /// Objects of kinds, or what else kubectl selects with these arguments.
    #[track_caller]
    pub fn list(&self, namespace: &str, what: &[&str]) -> Vec<Value> {
        let all = [&["get", "-n", namespace, "-o", "json"], what].concat();
        let mut list: Value =
            serde_json::from_slice(&self.kubectl(&all).success().stdout).expect("kubectl prints JSON");
        let Value::Array(items) = list["items"].take() else { panic!("no list: {list}") };
        items
    }

    /// What the API server counts of requests that it refused.
    #[track_caller]
    pub fn forbidden(&self) -> Vec<String> {
        let metrics = self.kubectl(&["get", "--raw", "/metrics"]).success().out();
        let no = |line: &&str| line.starts_with("apiserver_request_total{") && line.contains("code=\"403\"");
        metrics.lines().filter(no).map(str::to_owned).collect()
    }

    /// Makes a namespace of this name and a number, with its ServiceAccount `default`.
    #[track_caller]
    pub fn namespace(&self, name: &str) -> String {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{number}");
        self.kubectl(&["create", "namespace", &name]).success();
        eventually("the ServiceAccount default", || self.get(&name, "serviceaccount/default"));
        name
    }

    /// A token of a ServiceAccount, by TokenRequest, for a day.
    #[track_caller]
    pub fn token(&self, namespace: &str, account: &str) -> String {
        let create = ["create", "token", account, "--namespace", namespace, "--duration=24h"];
        self.kubectl(&create).success().out().trim().to_owned()
    }

    /// A kubeconfig with a token of a ServiceAccount; it starts in that namespace.
    #[track_caller]
    pub fn kubeconfig(&self, namespace: &str, account: &str) -> PathBuf {
        let text = self.kubeconfig_text(namespace, &self.token(namespace, account));
        self.sandbox.write(&format!("{namespace}.{account}.kubeconfig"), text)
    }

    /// Puts what listens on a loopback port behind a Service that exists, as
    /// its only ready pod; the Service has one port and no selector that
    /// matters. From then on the API server's service proxy leads there.
    #[track_caller]
    pub fn publish(&self, namespace: &str, service: &str, port: u16) {
        let object = self.get(namespace, &format!("service/{service}")).expect("the Service exists");
        let name = &object["spec"]["ports"][0]["name"];
        let address = self.routes.add(port);
        let pod = format!("{service}-{}", address.replace('.', "-"));
        let container = json!({"name": "test", "image": "test"});
        let spec =
            json!({"nodeName": "test", "containers": [container], "automountServiceAccountToken": false});
        let metadata = json!({"name": pod, "namespace": namespace});
        self.apply_object(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}));
        let status = json!({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}});
        let status = status.to_string();
        let mut patch = vec!["patch", "--namespace", namespace, "pod", &pod, "--subresource=status"];
        patch.extend(["--type=merge", "--patch", &status]);
        self.kubectl(&patch).success();
        let target = json!({"kind": "Pod", "name": pod, "namespace": namespace});
        let mut port = json!({"port": port});
        if name.is_string() {
            port["name"] = name.clone();
        }
        let subset = json!({"addresses": [{"ip": address, "targetRef": target}], "ports": [port]});
        let metadata = json!({"name": service, "namespace": namespace});
        self.apply_object(
            &json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": [subset]}),
        );
    }

    #[track_caller]
    fn apply_object(&self, object: &Value) {
        self.try_apply(&object.to_string()).success();
    }
}
