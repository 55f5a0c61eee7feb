//! The cluster itself: what the other tests rest on.

use std::path::Path;

use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{Fake, Tool};

/// A shell that shows what a container finds.
fn shell(cluster: &Cluster, space: &str, script: &str) -> Pod {
    Pod::start(cluster, space, "default", &Tool::at("/bin/sh"), &["-c", script])
}

#[test]
fn a_token_of_a_service_account_has_its_rights_and_no_more() {
    let cluster = Cluster::shared();
    let space = cluster.namespace("rights");
    let config = cluster.kubeconfig(&space, "default");
    let config = config.to_str().unwrap();
    let who = cluster.kubectl(&["--kubeconfig", config, "auth", "whoami", "--output=json"]).success();
    assert!(who.out().contains(&format!("system:serviceaccount:{space}:default")));
    let read = ["--kubeconfig", config, "get", "secrets"];
    assert!(cluster.kubectl(&read).err().contains("is forbidden"));
    let role = ["create", "role", "see", "--verb=list", "--resource=secrets", "--namespace", &space];
    cluster.kubectl(&role).success();
    let account = format!("--serviceaccount={space}:default");
    let bind = ["create", "rolebinding", "see", "--role=see", "--namespace", &space, &account];
    cluster.kubectl(&bind).success();
    eventually("the right to read", || (cluster.kubectl(&read).code == 0).then_some(()));
    assert_eq!(cluster.kubectl(&["--kubeconfig", config, "get", "nodes"]).code, 1);
}

#[test]
fn what_an_owner_leaves_behind_is_collected_and_namespaces_go() {
    let cluster = Cluster::shared();
    let space = cluster.namespace("owned");
    cluster.kubectl(&["create", "configmap", "owner", "--namespace", &space]).success();
    let owner = cluster.get(&space, "configmap/owner").unwrap()["metadata"]["uid"].clone();
    cluster.apply(&format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: owned\n  namespace: {space}\n  ownerReferences:\n  \
         - {{apiVersion: v1, kind: ConfigMap, name: owner, uid: {owner}}}\n"
    ));
    cluster.kubectl(&["delete", "configmap", "owner", "--namespace", &space]).success();
    eventually("the end of the Secret", || cluster.get(&space, "secret/owned").is_none().then_some(()));
    cluster.kubectl(&["delete", "namespace", &space, "--timeout=30s"]).success();
}

#[test]
fn a_pod_sees_its_account_where_containers_do() {
    let cluster = Cluster::shared();
    let space = cluster.namespace("pod");
    let script = "cd /var/run/secrets/kubernetes.io/serviceaccount; cat namespace; grep -c BEGIN ca.crt; \
                  wc -c <token; echo $KUBERNETES_SERVICE_HOST; exec sleep 60";
    let pod = shell(cluster, &space, script);
    eventually("its words", || pod.log().contains("127.0.0.1").then_some(()));
    let (code, log) = pod.end_by("TERM");
    assert_eq!(code, 128 + 15);
    assert!(log.starts_with(&format!("{space}2\n")), "{log}");
    assert!(!Path::new("/run/secrets/kubernetes.io/serviceaccount/token").exists());
    let mut ended = shell(cluster, &space, "exit 3");
    eventually("its end", || ended.has_ended().then_some(()));
    ended = shell(cluster, &space, "exec sleep 60");
    assert!(!ended.has_ended());
}

#[test]
fn the_service_proxy_leads_to_a_port_of_ours() {
    let cluster = Cluster::shared();
    let space = cluster.namespace("proxy");
    let fake = Fake::start(vec![Fake::answer("200 OK", "", "hello")]);
    let port = fake.url.rsplit(':').next().unwrap().parse().unwrap();
    cluster
        .kubectl(&["create", "service", "clusterip", "web", "--tcp=8080", "--namespace", &space])
        .success();
    let name = cluster.get(&space, "service/web").unwrap()["spec"]["ports"][0]["name"].clone();
    cluster.publish(&space, "web", port);
    let path = format!("/api/v1/namespaces/{space}/services/http:web:{}/proxy/where", name.as_str().unwrap());
    assert_eq!(cluster.kubectl(&["get", "--raw", &path]).success().out(), "hello");
    assert!(fake.requests()[0].starts_with("GET /where "));
}

#[test]
fn a_cluster_that_is_dropped_leaves_nothing() {
    let cluster = Cluster::start();
    let (folder, url) = (cluster.admin().parent().unwrap().to_owned(), cluster.url());
    let of_cluster = || {
        let own = |path: std::path::PathBuf| std::fs::read(path.join("cmdline")).unwrap_or_default();
        let processes = std::fs::read_dir("/proc").unwrap().map(|entry| own(entry.unwrap().path()));
        let port = url.rsplit(':').next().unwrap().to_owned();
        processes.filter(|line| String::from_utf8_lossy(line).contains(&format!("-port={port}"))).count()
    };
    assert_ne!(of_cluster(), 0);
    let died = std::thread::spawn(move || {
        let _cluster = cluster;
        panic!("as a failing test does");
    });
    assert!(died.join().is_err());
    assert_eq!(of_cluster(), 0);
    assert!(!folder.exists());
    assert_ne!(free_port(), 0);
}
