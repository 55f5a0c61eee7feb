//! `bulla keys`, and sealing to the certificate of a cluster: the drill of
//! losing all that a cluster held.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_testkit::kube::{Pod, eventually, free_port};
use bulla_testkit::{AgeKey, CANARY, Outcome, Sandbox, Tool};
use serde_json::{Value, json};

use crate::home::{Home, decoded};

const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// Whatever its label says.
const ALL: &str = "secret -l sealedsecrets.bitnami.com/sealed-secrets-key";

/// Where somebody works on the keys of a home, as an administrator.
struct Desk<'h> {
    home: &'h Home,
    sandbox: Sandbox,
    age: AgeKey,
}

impl<'h> Desk<'h> {
    fn new(home: &'h Home) -> Self {
        let mut sandbox = Sandbox::new();
        let age = AgeKey::install(&mut sandbox);
        sandbox.set("KUBECONFIG", home.cluster.admin());
        sandbox.set("SEALED_SECRETS_CONTROLLER_NAMESPACE", &home.name);
        Self { home, sandbox, age }
    }

    /// Whatever becomes of it, nothing private shows (`security.md` O-01).
    fn bulla(&self, line: &str) -> Outcome {
        let outcome = self.sandbox.run(&Tool::bulla(), &line.split(' ').collect::<Vec<_>>());
        let shown = outcome.out() + &outcome.err();
        for secret in self.home.list(ALL) {
            let encoded = secret["data"]["tls.key"].as_str().unwrap_or_default().to_owned();
            let pem = String::from_utf8(decoded(&json!(encoded))).expect("PEM");
            let parts = pem.lines().filter(|line| !line.starts_with('-')).chain([encoded.as_str()]);
            for part in parts.filter(|part| !part.is_empty()) {
                assert!(!shown.contains(part), "{line} shows a private key");
            }
        }
        outcome
    }

    fn good(&self, line: &str) -> String {
        self.bulla(line).success().out()
    }

    /// Fails with this code and text, and prints nothing.
    #[track_caller]
    fn bad(&self, line: &str, code: i32, text: &str) {
        let outcome = self.bulla(line);
        assert!(outcome.code == code && outcome.err().contains(text), "{line}: {outcome:?}");
        assert!(outcome.stdout.is_empty(), "{line}: {outcome:?}");
    }

    /// The keys of the home, as `keys list` tells.
    fn keys(&self) -> Vec<Value> {
        serde_json::from_str(&self.good("keys list --output json")).expect("it prints JSON")
    }

    fn names(&self) -> Vec<String> {
        let name = |key: &Value| key["name"].as_str().expect("a name").to_owned();
        self.keys().iter().map(name).collect()
    }

    fn back_up(&self, file: &str) {
        self.good(&format!("keys backup --age {} --to {file}", self.age.recipient));
    }

    /// Seals without a certificate at hand, so that the cluster's is fetched.
    fn seal(&self, name: &str, scope: &str) {
        let space = &self.home.name;
        self.good(&format!(
            "seal --name {name} --namespace {space} --scope {scope} --from-literal word={CANARY} --to {name}.yaml"
        ));
    }

    fn apply(&self, name: &str) {
        // What is cluster-wide names no namespace.
        let apply = ["apply", "--server-side", "--namespace", &self.home.name, "--filename", "-"];
        self.home.cluster.kubectl_with_input(&apply, &self.sandbox.read(&format!("{name}.yaml"))).success();
    }
}

/// A controller behind a Service, once it has a key.
fn serve(home: &Home) -> Pod {
    let port = free_port();
    let pod = home.start(&Tool::controller(), &[&format!("--listen-addr=127.0.0.1:{port}")]);
    home.cluster.publish(&home.name, "sealed-secrets-controller", port);
    eventually("a key", || pod.log().contains("registered private key").then_some(()));
    pod
}

#[test]
fn q_06_keys_of_a_lost_cluster_come_back_and_everything_unseals() {
    let home = Home::new("lost");
    let service = ["create", "service", "clusterip", "sealed-secrets-controller", "--tcp=8080"];
    home.cluster.kubectl(&[&service[..], &["--namespace", &home.name]].concat()).success();
    let desk = Desk::new(&home);
    let lost = serve(&home);
    desk.seal("one", "strict");
    desk.seal("two", "cluster-wide");
    let first = desk.good("kubeseal --fetch-cert");
    let said = desk.good("keys renew --key-size 2048");
    eventually("the new key", || (desk.good("kubeseal --fetch-cert") != first).then_some(()));
    let keys = desk.keys();
    let told = format!("{} {}\n", keys[0]["name"], keys[0]["fingerprint"]).replace('"', "");
    assert_eq!((keys.len(), said), (2, told));
    assert_eq!((&keys[0]["newest"], &keys[1]["newest"]), (&json!(true), &json!(false)));
    desk.seal("three", "namespace-wide");
    desk.back_up("keys.age");
    // What was sealed to the old key moves to the newest, which the cluster tells.
    desk.good("reseal two.yaml --recovery-keys keys.age");
    let opens = desk.good("inspect two.yaml --recovery-keys keys.age");
    assert!(opens.contains(keys[0]["fingerprint"].as_str().expect("text")), "{opens}");
    for name in ["one", "two", "three"] {
        desk.apply(name);
        home.value(name, "word", CANARY);
    }
    lost.end_by("KILL");

    // All Secrets are lost, keys and others; the next controller makes a key of its own.
    home.cluster.kubectl(&["delete", "secrets", "--all", "--namespace", &home.name]).success();
    let new = serve(&home);
    for name in ["one", "two", "three"] {
        assert!(home.condition(name, "False").contains("no key could decrypt"));
    }
    // The original age program and kubectl could do it as well.
    let plain = ["--decrypt", "--identity", &desk.age.file, "keys.age"];
    let plain = desk.sandbox.run(&Tool::age("age"), &plain).success();
    assert!(plain.stdout.starts_with(b"{"), "a backup is JSON");
    let create = ["create", "--dry-run=server", "-f", "-"];
    let would = home.cluster.kubectl_with_input(&create, &plain.stdout).success();
    assert_eq!(would.out().lines().count(), 2);
    assert_eq!(desk.good("keys restore keys.age --dry-run").matches("would restore ").count(), 2);
    assert_eq!(desk.names().len(), 1);
    assert_eq!(desk.good("keys restore keys.age").matches("restored ").count(), 2);
    // `value` waits for a minute, and the controller goes on as it is.
    for name in ["one", "two", "three"] {
        home.value(name, "word", CANARY);
        home.condition(name, "True");
    }
    assert!(!new.has_ended());
    assert_eq!(desk.names().len(), 3);
    let again = desk.bulla("keys restore keys.age").success();
    assert_eq!((again.out().as_str(), again.err().matches("it is there already\n").count()), ("", 2));

    // What was marked meanwhile stays so, and that is said.
    let kubectl = |words: &str| {
        let words: Vec<&str> = words.split(' ').chain(["--namespace", &home.name]).collect();
        home.cluster.kubectl(&words).success();
    };
    let [one, two] = [&keys[0], &keys[1]].map(|key| key["name"].as_str().expect("a name"));
    kubectl(&format!("label --overwrite secret {one} {KEY_LABEL}=compromised"));
    let marked = desk.bulla("keys restore keys.age").success().err();
    let told =
        "it is there already, labeled \"compromised\", and stays so; in the backup it is labeled \"active\"";
    assert!(marked.contains(&format!("{one}: {told}")), "{marked}");
    // A name means nothing: where another key has it, the key comes back under a new one, once.
    kubectl(&format!("delete secret {two}"));
    let mut other = home.secret(one).expect("it is there");
    other["metadata"] = json!({"name": two, "labels": {KEY_LABEL: "active"}});
    let create = ["create", "--namespace", &home.name, "-f", "-"];
    home.cluster.kubectl_with_input(&create, other.to_string().as_bytes()).success();
    let said = desk.good("keys restore keys.age --dry-run");
    assert_eq!(said, format!("would restore {two} under another name: another key has that one\n"));
    let said = desk.good("keys restore keys.age");
    assert!(said.starts_with(&format!("restored {two} as sealed-secrets-key")), "{said}");
    assert_eq!(desk.names().len(), 4);
    let again = desk.bulla("keys restore keys.age").success();
    assert!(again.out().is_empty() && again.err().contains(&format!("{two}: it is there already, as ")));
}

#[test]
fn q_06_what_cannot_be_backed_up_or_restored_changes_nothing() {
    let home = Home::new("refused");
    let kubectl = |words: &str| {
        let words: Vec<&str> = words.split(' ').chain(["--namespace", &home.name]).collect();
        home.cluster.kubectl(&words).success();
    };
    let mut desk = Desk::new(&home);
    let backup = format!("keys backup --age {} --to keys.age", desk.age.recipient);
    desk.bad(&backup, 1, "there is no sealing key in namespace");
    // Keys are made without a controller, and that of a release before 0.9 has no label.
    desk.bad("keys renew --key-size 2048", 1, "--first");
    desk.good("keys renew --key-size 2048 --first");
    desk.good("keys renew --key-size 2048");
    let folder = format!("{}/../../fixtures/seal", env!("CARGO_MANIFEST_DIR"));
    kubectl(&format!(
        "create secret generic sealed-secrets-key --from-file=tls.key={folder}/main.key --from-file=tls.crt={folder}/valid.crt"
    ));
    let keys = desk.keys();
    let states: Vec<&str> = keys.iter().map(|key| key["state"].as_str().expect("text")).collect();
    assert_eq!(states, ["active", "active", ""]);
    let names = desk.names();
    desk.back_up("keys.age");
    let kept = desk.sandbox.read("keys.age");
    desk.bad(&backup, 1, "exists already");
    assert_eq!(desk.sandbox.read("keys.age"), kept);
    desk.bad(&backup.replace("keys.age", "none/keys.age"), 1, "none/keys.age");
    desk.bad("keys backup --age age1nobody", 1, "age1nobody");

    for name in &names {
        kubectl(&format!("delete secret {name}"));
    }
    desk.sandbox.write("cut.age", &kept[..kept.len() / 2]);
    desk.bad("keys restore cut.age", 2, "cut.age: ");
    AgeKey::generate(&desk.sandbox, "other.txt");
    desk.sandbox.set("SOPS_AGE_KEY_FILE", desk.sandbox.path("other.txt"));
    desk.bad("keys restore keys.age", 2, "keys.age: ");
    desk.sandbox.set("SOPS_AGE_KEY_FILE", desk.sandbox.path(&desk.age.file));
    // One of the names was taken by something else meanwhile.
    kubectl(&format!("create secret generic {} --from-literal=a={CANARY}", names[1]));
    let text = format!("nothing was restored: these names are taken by other Secrets: {}", names[1]);
    desk.bad("keys restore keys.age", 1, &text);
    assert_eq!(home.secret(&names[0]), None);
    let other = home.secret(&names[1]).expect("it is there");
    assert_eq!(other["data"].as_object().map(serde_json::Map::len), Some(1));
    kubectl(&format!("delete secret {}", names[1]));

    desk.sandbox.set("KUBECONFIG", home.cluster.kubeconfig(&home.name, "default"));
    for line in ["keys list", "keys renew --key-size 2048 --first", "keys restore keys.age"] {
        desk.bad(line, 1, "is forbidden: User \"system:serviceaccount:");
    }
    desk.bad(&backup.replace("keys.age", "new.age"), 1, "is forbidden");
    assert!(!desk.sandbox.path("new.age").exists());
    desk.sandbox.set("KUBECONFIG", home.cluster.admin());
    assert_eq!(desk.names(), [""; 0]);
    assert_eq!(desk.good("keys restore keys.age").lines().count(), 3);
    assert_eq!(desk.names(), names);
    // A controller that runs shall notice the one without a label, too.
    assert!(desk.keys().iter().all(|key| key["state"] == "active"));
    // Another certificate is no sealing key, whatever file it comes in.
    let ingress = home.secret("sealed-secrets-key").expect("it is there").to_string();
    let ingress = ingress.replace("\"sealed-secrets-key\"", "\"ingress\"").replace(KEY_LABEL, "other");
    desk.sandbox.write("ingress.json", &ingress);
    desk.bad("keys restore ingress.json", 1, "1 passed over");
    assert_eq!(home.secret("ingress"), None);
}

#[test]
fn q_06_a_key_that_stands_twice_keeps_what_was_said_against_it_and_a_damaged_one_steps_aside() {
    let home = Home::new("twice");
    let kubectl = |words: &[&str], input: &Value| {
        let line = [words, &["--namespace", &home.name]].concat();
        home.cluster.kubectl_with_input(&line, input.to_string().as_bytes()).success();
    };
    let desk = Desk::new(&home);
    desk.good("keys renew --key-size 2048 --first");
    let key = home.secret(&desk.names()[0]).expect("it is there")["data"].clone();
    kubectl(&["delete", "secret", "--all"], &Value::Null);
    let item = |name: &str, label: &str, data: &Value| {
        let metadata = json!({"name": name, "labels": {KEY_LABEL: label}});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    };
    kubectl(
        &["create", "-f", "-"],
        &item("b", "active", &json!({"tls.key": STANDARD.encode("no key at all")})),
    );
    let list = json!({"kind": "List", "items": [item("b", "compromised", &key), item("a", "active", &key)]});
    desk.sandbox.write("twice.json", list.to_string());
    let said = desk.bulla("keys restore twice.json").success();
    assert_eq!(
        said.err(),
        "a: the file holds this key once more, as b, labeled \"compromised\": that one counts\n"
    );
    assert!(said.out().starts_with("restored b as sealed-secrets-key"), "{}", said.out());
    let states: Vec<_> = desk.keys().iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, ["compromised", "active"]);
}
