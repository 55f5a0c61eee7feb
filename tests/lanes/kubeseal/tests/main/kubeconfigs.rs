//! Kubeconfigs: their lists, variables, plugins, and those that cannot be used.

use bulla_testkit::{ApiServer, Certificates};
use serde_json::Value;

use crate::cluster::{CA, SELF, SERVER, compare, essence, masked, sandbox, with, works};
use crate::pair::{both, run};

const OWN: Certificates =
    Certificates { certificate: SELF, key: include_str!("../../../../fixtures/kube/self.key"), clients: CA };

#[test]
fn lists_of_kubeconfigs_are_merged_as_the_original_merges_them() {
    let first =
        "contexts: [{name: one, context: {cluster: a, user: u}}]\nusers: [{name: u, user: {token: first}}]\n";
    let second = "current-context: one\nclusters: [{name: a, cluster: {server: '{url}', insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: {token: second, as: joe}}]\n";
    let third = "current-context: two\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:1', tls-server-name: x}}]\ncontexts: [{name: two, context: {cluster: a, user: u}}]\nusers: null\n";
    for (files, line) in [
        ("first second third", ""),
        ("third second first", ""),
        ("second first gone third", ""),
        ("first first second", "--context two"),
        ("first broken second garbage", ""),
        ("gone", ""),
        ("second twice", ""),
    ] {
        let [ours, theirs] = both().map(|tool| {
            let server = ApiServer::start(Some(&SERVER), with(works));
            let mut sandbox = sandbox(&server.url);
            for (name, text) in [
                ("first", first),
                ("second", second),
                ("third", third),
                ("broken", "a: ["),
                ("twice", "users: [{name: a}, {name: a}]"),
            ] {
                sandbox.write(name, text.replace("{url}", &server.url));
            }
            sandbox.write("garbage", "users: [{name: u, user: {token: [canary]}}]\n");
            let paths = files.split(' ').map(|name| sandbox.path(name));
            sandbox.set("KUBECONFIG", std::env::join_paths(paths).expect("paths"));
            let outcome = run(&sandbox, &tool, &format!("--fetch-cert {line}"));
            let (code, out, err) = masked(&sandbox, &server.url, &outcome);
            // How a file is broken is said in other words, and never quoted.
            let err = if err.contains("broken") || err.contains("twice") { String::new() } else { err };
            (code, out, err, server.asked().iter().map(essence).collect::<Vec<_>>())
        });
        assert_eq!(ours, theirs, "{files} {line}");
    }
}

#[test]
fn variables_stand_for_flags_and_home_for_the_kubeconfig() {
    for (variables, line) in [
        (
            vec![
                ("SEALED_SECRETS_CONTROLLER_NAME", "mine"),
                ("SEALED_SECRETS_CONTROLLER_NAMESPACE", "there"),
            ],
            "",
        ),
        (vec![("SEALED_SECRETS_TOKEN", "env"), ("SEALED_SECRETS_AS", "joe")], "--as ann"),
        (vec![("SEALED_SECRETS_FETCH_CERT", "true"), ("SEALED_SECRETS_CONTEXT", "cert")], ""),
        (vec![("KUBECONFIG", ""), ("KUBERNETES_MASTER", "http://127.0.0.1:1")], ""),
        (vec![("HTTPS_PROXY", "http://127.0.0.1:1")], ""),
    ] {
        let [ours, theirs] = both().map(|tool| {
            let server = ApiServer::start(Some(&SERVER), with(works));
            let mut sandbox = sandbox(&server.url);
            let home = sandbox.home().join(".kube");
            std::fs::create_dir(&home).expect("a folder");
            for file in ["ca.crt", "client.crt", "client.key"] {
                std::fs::copy(sandbox.path(file), home.join(file)).expect("a copy");
            }
            std::fs::copy(sandbox.path("config.yaml"), home.join("config")).expect("a copy");
            for (name, value) in &variables {
                sandbox.set(name, value);
            }
            let outcome = run(&sandbox, &tool, &format!("--fetch-cert {line}"));
            (masked(&sandbox, &server.url, &outcome), server.asked().iter().map(essence).collect::<Vec<_>>())
        });
        assert_eq!(ours, theirs, "{variables:?} {line}");
    }
}

#[test]
fn plugins_are_told_the_same_and_called_as_often() {
    for line in ["--user plugin --cluster told", "--user plain", "--user old", "--user plugin --cluster skip"]
    {
        let [ours, theirs] = both().map(|tool| {
            let server = ApiServer::start(Some(&SERVER), with(works));
            let sandbox = sandbox(&server.url);
            run(&sandbox, &tool, &format!("--fetch-cert {line}")).success();
            let told =
                String::from_utf8(sandbox.read("told.json")).expect("text").replace(&server.url, "URL");
            let told: Value = serde_json::from_str(&told).expect("JSON");
            let home = sandbox.home().display().to_string();
            let seen = String::from_utf8_lossy(&sandbox.read("seen")).replace(&home, "HOME");
            (told, seen, sandbox.read("calls").len())
        });
        assert_eq!(ours, theirs, "{line}");
    }
}

/// The original asks four times for two requests.
#[test]
fn a_token_that_is_over_is_asked_for_again() {
    let server = ApiServer::start(Some(&SERVER), with(works));
    let sandbox = sandbox(&server.url);
    let [ours, _] = both();
    run(&sandbox, &ours, "--fetch-cert --user expired").success();
    assert_eq!(sandbox.read("calls"), b"called\ncalled\n");
}

/// The kubeconfig is judged before anything is sealed.
#[test]
fn a_kubeconfig_that_cannot_be_used_is_told_offline_as_well() {
    for line in [
        "--raw --cert cert.pem --name a --from-file token --user certless",
        "--raw --cert cert.pem --name a --from-file token --user keyless",
        "--raw --cert cert.pem --name a --from-file token --user modeless",
        "--raw --cert cert.pem --name a --from-file token --user gone --cluster gone",
        "--raw --cert cert.pem --name a --from-file token --cluster missing",
        "--raw --cert cert.pem --name a --from-file token --context gone",
        "--raw --cert cert.pem --name a --from-file token --cluster both --user twice",
        "--raw --cert cert.pem --name a --from-file token --kubeconfig gone",
        "--raw --cert cert.pem --name a --from-file token --kubeconfig /dev/null",
        "--raw --cert cert.pem -n ns/ --from-file token",
    ] {
        let [ours, theirs] = compare(Some(&SERVER), works, line, "");
        assert_eq!((ours.0, &ours.2), (theirs.0, &theirs.2), "{line}");
        assert_eq!(ours.0, 1, "{line} {ours:?}");
    }
    let [ours, theirs] =
        compare(Some(&SERVER), works, "--cert cert.pem -f secret.yaml -n Namespace/shop", "");
    assert!(
        ours.1.contains("\"namespace\": \"shop\"") && theirs.1.contains("\"namespace\": \"shop\""),
        "{ours:?}"
    );
}

#[test]
fn a_server_that_trusts_its_own_certificate_is_trusted_too() {
    let [ours, theirs] = compare(Some(&OWN), works, "--fetch-cert --cluster wrong", "");
    assert_eq!((ours.0, &ours), (0, &theirs));
    let [ours, theirs] =
        compare(Some(&OWN), works, "--fetch-cert --cluster wrong --tls-server-name a.example", "");
    assert_eq!((ours.0, &ours), (1, &theirs));
}
