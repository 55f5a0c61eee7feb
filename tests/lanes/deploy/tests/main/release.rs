//! A release of Helm on a real Kubernetes API, and its program as a process.

use std::path::Path;

use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{Outcome, Sandbox, Tool};
use serde_json::Value;

use crate::render::{judge, text};

const NAME: &str = "sealed-secrets";
const SPACE: &str = "kube-system";

/// The release `sealed-secrets` in `kube-system`.
pub(crate) struct Release {
    pub(crate) cluster: Cluster,
    pub(crate) sandbox: Sandbox,
}

impl Release {
    /// Installs a chart into a cluster of its own.
    pub(crate) fn install(chart: &Path, values: &str) -> Self {
        let release = Self { cluster: Cluster::start(), sandbox: Sandbox::new() };
        release.sandbox.write("values.yaml", values);
        // For SealedSecrets; where there is no ClusterRole, the chart has rights for it.
        release.cluster.kubectl(&["create", "namespace", "apps"]).success();
        release.helm(&["install", NAME, text(chart), "-f", "values.yaml"]).success();
        release
    }

    /// Goes to another chart with the same values.
    pub(crate) fn upgrade(&self, chart: &Path) {
        self.helm(&["upgrade", NAME, text(chart), "-f", "values.yaml"]).success();
    }

    pub(crate) fn uninstall(&self) {
        self.helm(&["uninstall", NAME]).success();
    }

    fn helm(&self, arguments: &[&str]) -> Outcome {
        let config = self.cluster.admin();
        let all = [arguments, &["-n", SPACE, "--kubeconfig", text(&config)]].concat();
        self.sandbox.run(&judge("helm"), &all)
    }

    /// The release's Deployment.
    pub(crate) fn deployment(&self) -> Value {
        let mut objects = self.cluster.list(SPACE, &["deployments"]);
        assert_eq!(objects.len(), 1, "{objects:?}");
        objects.remove(0)
    }

    /// Runs a program as the Deployment says: with its arguments and its ServiceAccount.
    pub(crate) fn start(&self, tool: &Tool, further: &[&str]) -> Pod {
        let spec = self.deployment()["spec"]["template"]["spec"].take();
        let account = spec["serviceAccountName"].as_str().expect("a name");
        let own = spec["containers"][0]["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let listen = ["listen-addr", "listen-metrics-addr"];
        let listen = listen.map(|flag| format!("--{flag}=127.0.0.1:{}", free_port()));
        let arguments: Vec<&str> =
            own.chain(listen.iter().map(String::as_str)).chain(further.iter().copied()).collect();
        let pod = Pod::start(&self.cluster, SPACE, account, tool, &arguments);
        eventually("its first words", || (pod.has_ended() || !pod.log().is_empty()).then_some(()));
        assert!(!pod.has_ended(), "{}", pod.log());
        pod
    }

    /// Seals Secrets with the original kubeseal for the newest key of the cluster.
    pub(crate) fn seal(&self, secrets: &[Value]) -> String {
        let keys = ["secrets", "-l", "sealedsecrets.bitnami.com/sealed-secrets-key=active"];
        let mut key = eventually("the key", || self.cluster.list(SPACE, &keys).pop());
        let certificate = key["data"]["tls.crt"].take();
        let certificate = bulla_api::decode_base64(certificate.as_str().expect("a text")).expect("base64");
        let certificate = self.sandbox.write("tls.crt", certificate);
        let input: Vec<String> = secrets.iter().map(Value::to_string).collect();
        let seal = ["--cert", text(&certificate), "-o", "yaml"];
        self.sandbox.run_with_input(&Tool::kubeseal(), &seal, input.join("\n").as_bytes()).success().out()
    }
}
