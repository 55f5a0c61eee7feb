//! The modes of kubeseal that ask a cluster: ours and the original against the
//! original controller, through the real API server's service proxy.

use bulla_testkit::kube::{Pod, eventually};
use bulla_testkit::{Outcome, Sandbox, Tool, nobody};
use serde_json::Value;

use crate::stock::{judge, sandbox, stock, unsealed};

/// Ours, then the original.
fn both() -> [Tool; 2] {
    [Tool::bulla_as_kubeseal(), Tool::kubeseal()]
}

/// Runs both and wants the same of them; gives the answer.
#[track_caller]
fn same(sandbox: &Sandbox, line: &str, input: &[u8]) -> Outcome {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [ours, theirs] = both().map(|tool| sandbox.run_with_input(&tool, &words, input));
    assert_eq!(ours, theirs, "{line}");
    ours
}

fn object(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.stdout).expect("JSON")
}

/// The lengths of sealed values, which are chance.
fn lengths(mut sealed: Value) -> Value {
    for value in sealed["spec"]["encryptedData"].as_object_mut().expect("items").values_mut() {
        *value = value.as_str().expect("text").len().into();
    }
    sealed
}

#[test]
fn the_certificate_is_fetched_and_sealed_to_without_a_file() {
    let stock = stock();
    let space = stock.cluster.namespace("fetch");
    let sandbox = sandbox(stock, &space);
    let certificate = same(&sandbox, "--fetch-cert", b"").success();
    assert!(certificate.out().starts_with("-----BEGIN CERTIFICATE-----"));
    same(&sandbox, "--fetch-cert -w cert.pem", b"").success();
    assert_eq!(sandbox.read("cert.pem"), certificate.stdout);
    let [ours, theirs] = both().map(|tool| sandbox.run(&tool, &["-f", "secret.yaml"]).success());
    assert_eq!(lengths(object(&ours)), lengths(object(&theirs)));
    judge(&unsealed(stock, &space, &ours.out()));
}

#[test]
fn what_is_sealed_is_validated_and_sealed_again() {
    let stock = stock();
    let space = stock.cluster.namespace("modes");
    let sandbox = sandbox(stock, &space);
    let [ours, _] = both();
    let sealed = sandbox.run(&ours, &["-f", "secret.yaml", "-o", "yaml"]).success().out();
    same(&sandbox, "--validate", sealed.as_bytes()).success();
    same(&sandbox, "--validate", format!("{sealed}{sealed}").as_bytes()).success();
    let renamed = sealed.replace("name: one", "name: other");
    let refused = same(&sandbox, "--validate", renamed.as_bytes());
    assert_eq!(refused.err(), "error: unable to decrypt sealed secret: other\n");
    same(&sandbox, "--validate", b"kind: SealedSecret\nmetadata: {name: a}\nspec: {}\n");
    let again = sandbox.run_with_input(&ours, &["--re-encrypt"], sealed.as_bytes()).success();
    let theirs = sandbox.run_with_input(&Tool::kubeseal(), &["--re-encrypt"], sealed.as_bytes()).success();
    assert_eq!(lengths(object(&again)), lengths(object(&theirs)));
    assert_ne!(object(&again)["spec"]["encryptedData"], object(&theirs)["spec"]["encryptedData"]);
    same(&sandbox, "--re-encrypt", renamed.as_bytes());
    sandbox.write("own.yaml", format!("# mine\n{}", sealed.replace("---\n", "")));
    sandbox.run(&ours, &["--re-encrypt", "-f", "own.yaml"]).success();
    let own = String::from_utf8(sandbox.read("own.yaml")).expect("text");
    let values =
        |text: &str| text.lines().filter(|line| line.contains(": Ag")).map(str::to_owned).collect::<Vec<_>>();
    assert!(own.starts_with("# mine\n") && values(&own).iter().all(|line| !sealed.contains(line)), "{own}");
    judge(&unsealed(stock, &space, &own));
}

#[test]
fn what_is_missing_forbidden_or_dead_is_told_as_the_original_tells_it() {
    let stock = stock();
    let cluster = &stock.cluster;
    let space = cluster.namespace("refused");
    let sandbox = sandbox(stock, &space);
    let sealed = sandbox.run(&Tool::kubeseal(), &["-f", "secret.yaml"]).success().stdout;
    cluster
        .kubectl(&["create", "service", "clusterip", "idle", "--tcp=8080", "--namespace", &space])
        .success();
    let account = cluster.kubeconfig(&space, "default");
    let account = account.to_str().expect("a path in UTF-8");
    let dead = nobody().replace("http://", "https://");
    for further in [
        "--controller-name gone".to_owned(),
        format!("--controller-namespace {space}"),
        format!("--controller-namespace {space} --controller-name idle"),
        format!("--kubeconfig {account}"),
        format!("--kubeconfig {account} --controller-namespace {space} --controller-name idle"),
        format!("--kubeconfig {account} --as system:admin"),
        "--as joe --as-group system:masters".to_owned(),
        "--as joe".to_owned(),
        "--token nobody".to_owned(),
        format!("--server {dead}"),
        "--cluster gone".to_owned(),
        "--request-timeout 10s".to_owned(),
    ] {
        for mode in ["--fetch-cert", "--validate"] {
            same(&sandbox, &format!("{mode} {further}"), &sealed);
        }
    }
    let forbidden =
        same(&sandbox, &format!("--fetch-cert --kubeconfig {account} --controller-namespace {space}"), b"");
    assert!(forbidden.err().contains("is forbidden: User \"system:serviceaccount:"), "{forbidden:?}");
}

/// The configuration that Kubernetes hands to containers.
#[test]
fn in_a_pod_the_account_is_used() {
    let stock = stock();
    let space = stock.cluster.namespace("inside");
    let sandbox = sandbox(stock, &space);
    let certificate = sandbox.run(&Tool::kubeseal(), &["--fetch-cert"]).success().out();
    let run = |tool: &Tool, arguments: &[&str]| {
        let pod = Pod::start(&stock.cluster, &space, "default", tool, arguments);
        eventually("its end", || pod.has_ended().then_some(()));
        pod.log()
    };
    for tool in both() {
        assert_eq!(run(&tool, &["--fetch-cert"]), certificate);
        let refused = run(&tool, &["--fetch-cert", "--controller-namespace", &space]);
        assert!(refused.contains(&format!("system:serviceaccount:{space}:default")), "{refused}");
        // Without a namespace in the Secret, the pod's own is taken.
        sandbox.write("homeless.yaml", "metadata: {name: one}\nstringData: {a: x}\n");
        let file = sandbox.path("homeless.yaml");
        let sealed = run(&tool, &["-f", file.to_str().expect("a path in UTF-8"), "-o", "yaml"]);
        assert!(sealed.contains(&format!("namespace: {space}\n")), "{sealed}");
    }
}
