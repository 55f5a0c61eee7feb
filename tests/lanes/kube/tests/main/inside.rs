//! kubeseal in a pod: when the pod's account is used, and to whom it goes.

use bulla_testkit::kube::{Cluster, Pod, eventually};
use bulla_testkit::{ApiServer, Certificates, Fake, Sandbox, Tool};

const SERVER: Certificates = Certificates {
    certificate: include_str!("../../../../fixtures/kube/server.crt"),
    key: include_str!("../../../../fixtures/kube/server.key"),
    clients: include_str!("../../../../fixtures/kube/ca.crt"),
};

/// The commands of both programs: ours, then the original.
fn both() -> [String; 2] {
    let path = |tool: Tool| tool.path().display().to_string();
    [format!("{} kubeseal", path(Tool::bulla())), path(Tool::kubeseal())]
}

/// Has `command` fetch a certificate in a pod where `KUBERNETES_MASTER` is a
/// server; gives back what that server was told about who asks, per request.
fn told(certificates: Option<&Certificates>, command: &str, kubeconfig: Option<&str>) -> Vec<String> {
    let cluster = Cluster::shared();
    let space = cluster.namespace("inside");
    let server = ApiServer::start(certificates, |_, _| Fake::answer("404 Not Found", "", ""));
    let (url, sandbox) = (&server.url, Sandbox::new());
    let config = kubeconfig.map(|text| sandbox.write("config.yaml", text.replace("{url}", url)));
    let config = config.map_or_else(|| "/dev/null".to_owned(), |path| path.display().to_string());
    let script = format!(
        "export KUBECONFIG={config} KUBERNETES_MASTER={url}; {command} --fetch-cert --server {url}; echo over"
    );
    let pod = Pod::start(cluster, &space, "default", &Tool::at("/bin/sh"), &["-c", &script]);
    eventually("its end", || pod.log().contains("over").then_some(()));
    server.asked().iter().map(|asked| asked.header("authorization").concat()).collect()
}

#[test]
fn the_pods_token_does_not_travel_in_the_clear() {
    let [ours, theirs] = both().map(|command| told(None, &command, None));
    assert_eq!(ours, [""]);
    // The original sends it; so the way is the one that it is about.
    assert!(theirs[0].starts_with("Bearer ey"), "{theirs:?}");
}

#[test]
fn a_kubeconfig_for_the_default_server_is_not_passed_over_for_the_pods_account() {
    let config = "current-context: a\n\
        contexts: [{name: a, context: {cluster: a, user: a}}]\n\
        clusters: [{name: a, cluster: {server: '{url}', insecure-skip-tls-verify: true}}]\n\
        users: [{name: a, user: {token: mine}}]\n";
    for command in both() {
        assert_eq!(told(Some(&SERVER), &command, Some(config)), ["Bearer mine"], "{command}");
    }
}
