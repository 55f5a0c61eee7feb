//! From a SealedSecret to a Secret: the controller as a process, under exactly the
//! rights that the original has (the overlay `as-upstream`), on a real API server.

use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{CANARY, Sandbox, Tool};
use serde_json::{Value, json};

use crate::crd::CRD;
use crate::home::{Home, KEYS, asked, decoded, marked};
use crate::rights::of_the_original;

#[test]
fn a_life_under_the_rights_of_the_original() {
    // A cluster of its own: the controller looks after all namespaces here.
    let cluster = Cluster::start();
    cluster.apply(&of_the_original(&cluster, "kube-system"));
    let port = free_port();
    let arguments =
        [&*format!("--listen-addr=127.0.0.1:{port}"), "--kubeclient-qps=-1", "--watch-for-secrets"];
    let pod =
        Pod::start(&cluster, "kube-system", "sealed-secrets-controller", &Tool::controller(), &arguments);
    eventually("the wait for the kind", || pod.log().contains("does not know this kind").then_some(()));
    assert!(asked(port, "/healthz").contains("200 OK"));
    assert!(asked(port, "/readyz").contains("503"), "not without the kind");
    cluster.apply(CRD);
    eventually("readiness", || asked(port, "/readyz").contains("200 OK").then_some(()));
    for words in ["does not know this kind", "works again"] {
        assert_eq!(pod.log().matches(words).count(), 1, "{}", pod.log());
    }
    let keys = || -> Vec<Value> {
        let list = [
            "get",
            "secret",
            "-n",
            "kube-system",
            "-l",
            "sealedsecrets.bitnami.com/sealed-secrets-key=active",
            "-o",
            "json",
        ];
        let list: Value = serde_json::from_slice(&cluster.kubectl(&list).success().stdout).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    let key = &keys()[0];
    let name = key["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("sealed-secrets-key") && name.len() == "sealed-secrets-key".len() + 5, "{name}");
    assert_eq!((key["type"].as_str(), keys().len()), (Some("kubernetes.io/tls"), 1));
    assert!(decoded(&key["data"]["tls.key"]).starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    let certificate = asked(port, "/v1/cert.pem");
    assert!(certificate.contains("application/x-pem-file"));
    assert!(certificate.ends_with(&String::from_utf8(decoded(&key["data"]["tls.crt"])).unwrap()));

    let sandbox = Sandbox::new();
    let file = sandbox.write("tls.crt", decoded(&key["data"]["tls.crt"]));
    let secret = |value: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth",
            "metadata": {"name": "login", "namespace": "default", "labels": {"app": "web"}},
            "stringData": {"password": value, "username": "me"},
        })
    };
    let seal = |value: &str| {
        let arguments = ["--cert", file.to_str().unwrap(), "--format=yaml"];
        let sealed =
            sandbox.run_with_input(&Tool::kubeseal(), &arguments, secret(value).to_string().as_bytes());
        cluster.apply(&sealed.success().out());
    };
    let found = || cluster.get("default", "secret/login");
    seal(CANARY);
    let made = eventually("the Secret", found);
    let sealed = eventually("the status", || {
        let sealed = cluster.get("default", "sealedsecret/login").unwrap();
        sealed["status"].is_object().then_some(sealed)
    });
    assert_eq!(decoded(&made["data"]["password"]), CANARY.as_bytes());
    assert_eq!(
        (made["type"].as_str(), made["metadata"]["labels"]["app"].as_str()),
        (Some("kubernetes.io/basic-auth"), Some("web"))
    );
    let owner = json!([{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "login", "uid": sealed["metadata"]["uid"], "controller": true}]);
    assert_eq!(made["metadata"]["ownerReferences"], owner);
    let condition = &sealed["status"]["conditions"][0];
    assert_eq!((condition["status"].as_str(), condition["message"].as_str()), (Some("True"), None));
    assert_eq!(condition["lastUpdateTime"], condition["lastTransitionTime"]);
    assert_eq!(sealed["status"]["observedGeneration"], 1);

    let changed = marked("changed");
    seal(&changed);
    eventually("the change", || (decoded(&found()?["data"]["password"]) == changed.as_bytes()).then_some(()));
    eventually("its status", || {
        (cluster.get("default", "sealedsecret/login")?["status"]["observedGeneration"] == 2).then_some(())
    });
    let events = eventually("the events", || {
        let mut events = cluster.list("default", &["events"]);
        events.retain(|event| event["involvedObject"]["name"] == "login");
        (events.len() >= 2).then_some(events)
    });
    assert_eq!(events.len(), 2, "one per change: {events:?}");
    let event = &events[0];
    assert_eq!(
        (event["reason"].as_str(), event["message"].as_str()),
        (Some("Unsealed"), Some("SealedSecret unsealed successfully"))
    );
    assert_eq!(
        (event["source"]["component"].as_str(), event["type"].as_str()),
        (Some("sealed-secrets"), Some("Normal"))
    );

    cluster.kubectl(&["delete", "sealedsecret", "login", "-n", "default"]).success();
    eventually("the end of the Secret", || found().is_none().then_some(()));
    let (code, log) = pod.end_by("TERM");
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("registered private key") && log.contains("Certificate generated"), "{log}");
    assert_eq!(cluster.forbidden(), [""; 0], "P-02: nothing was asked for that is not allowed");
}

#[test]
fn s_13_a_secret_of_others_stays_until_it_is_given_to_us() {
    let home = Home::new("foreign");
    let _pod = home.ours();
    let text = "Resource \"mine\" already exists and is not managed by SealedSecret";
    home.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"own": "value"},
        "metadata": {"name": "mine", "namespace": home.name, "labels": {"of": "others"}},
    }));
    let before = home.secret("mine").unwrap();
    home.apply(&home.seal("mine", &[("a", CANARY)], &Value::Null));
    assert_eq!(home.condition("mine", "False"), format!("failed update: {text}"));
    home.event("mine", "ErrUpdateFailed", text);
    assert_eq!(home.secret("mine").unwrap(), before);
    home.patch(
        "secret/mine",
        &json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/patch": "true"}}}),
    );
    home.condition("mine", "True");
    let patched = home.secret("mine").unwrap();
    assert_eq!(decoded(&patched["data"]["own"]), b"value");
    assert_eq!(decoded(&patched["data"]["a"]), CANARY.as_bytes());
    assert_eq!(
        (patched["metadata"]["labels"]["of"].as_str(), &patched["metadata"]["ownerReferences"]),
        (Some("others"), &Value::Null)
    );
    home.patch(
        "secret/mine",
        &json!({"metadata": {"annotations": {
            "sealedsecrets.bitnami.com/patch": null, "sealedsecrets.bitnami.com/managed": "true",
        }}}),
    );
    home.apply(&home.seal("mine", &[("a", "new")], &Value::Null));
    home.value("mine", "a", "new");
    let taken = home.secret("mine").unwrap();
    assert_eq!((&taken["data"]["own"], &taken["metadata"]["labels"]), (&Value::Null, &Value::Null));
    assert_eq!(taken["metadata"]["ownerReferences"][0]["kind"], "SealedSecret");
}

#[test]
fn s_12_what_does_not_unseal_says_so_and_shows_nothing() {
    let home = Home::new("broken");
    let _pod = home.ours();
    let good = home.seal("good", &[("a", CANARY), ("b", CANARY)], &Value::Null);
    let mut moved = good.clone();
    moved["metadata"]["name"] = json!("moved");
    let mut wide = home.seal("wide", &[("a", CANARY)], &Value::Null);
    wide["metadata"]["annotations"] = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
    let mut damaged = home.seal("damaged", &[("a", CANARY), ("b", CANARY)], &Value::Null);
    damaged["spec"]["encryptedData"]["b"] = json!("%");
    let mut failing = home.seal("failing", &[("a", CANARY)], &Value::Null);
    failing["spec"]["template"]["data"] = json!({"t": "x\n{{ fail .a }}"});
    for (object, text) in [
        (&moved, "no key could decrypt secret (a, b)"),
        (&wide, "no key could decrypt secret (a)"),
        (&damaged, "illegal base64 data at input byte 0 (b)"),
    ] {
        let name = object["metadata"]["name"].as_str().unwrap();
        home.apply(object);
        assert_eq!(home.condition(name, "False"), text);
        home.event(name, "ErrUnsealFailed", &format!("Failed to unseal: {text}"));
        assert_eq!(home.secret(name), None);
    }
    home.apply(&failing);
    let text = home.condition("failing", "False");
    assert!(text.starts_with("template: t:2:"), "{text}");
    home.apply(&good);
    home.condition("good", "True");
    // The annotation is part of what is sealed: taking it away repairs the object.
    home.patch("sealedsecret/wide", &json!({"metadata": {"annotations": null}}));
    home.value("wide", "a", CANARY);
    assert_eq!(home.events("moved").len(), 1, "told once");
}

#[test]
fn r_25_keys_and_secrets_of_the_original_are_taken_over_without_a_write() {
    let home = Home::new("takeover");
    let theirs = home.start(&Tool::sealed_secrets_controller(), &[]);
    for name in ["one", "two"] {
        home.apply(&home.seal(name, &[("a", name)], &json!({"metadata": {"labels": {"l": "v"}}})));
        home.value(name, "a", name);
        home.condition(name, "True");
    }
    theirs.end_by("TERM");
    let state = || {
        (
            home.list("secrets"),
            home.list("sealedsecrets"),
            home.events("one").len() + home.events("two").len(),
        )
    };
    let before = state();
    let pod = home.ours();
    eventually("the start", || pod.log().contains("All objects are known").then_some(()));
    assert!(pod.log().contains("objects=2 unsettled=0"), "no key is needed: {}", pod.log());
    home.apply(&home.seal("three", &[("a", "three")], &Value::Null));
    home.value("three", "a", "three");
    home.delete("sealedsecret/three");
    eventually("its end", || home.secret("three").is_none().then_some(()));
    assert_eq!(state(), before);
    let (code, log) = pod.end_by("TERM");
    assert_eq!((code, log.contains("New key written")), (0, false), "{log}");

    // Changed while nobody looked: repaired at the start, as the original does.
    home.patch("secret/one", &json!({"stringData": {"a": "edited"}}));
    home.delete("secret/two");
    let again = home.ours();
    home.value("one", "a", "one");
    home.value("two", "a", "two");
    assert!(again.log().contains("objects=2 unsettled=2"), "{}", again.log());
}

#[test]
fn a_deleted_secret_is_made_again_and_an_immutable_one_is_named() {
    let home = Home::new("again");
    let _pod = home.ours();
    home.apply(&home.seal("one", &[("a", CANARY)], &Value::Null));
    home.value("one", "a", CANARY);
    let uid = home.secret("one").unwrap()["metadata"]["uid"].clone();
    home.delete("secret/one");
    eventually("another Secret", || (home.secret("one")?["metadata"]["uid"] != uid).then_some(()));
    let fixed = json!({"immutable": true});
    home.apply(&home.seal("fixed", &[("a", "x")], &fixed));
    home.condition("fixed", "True");
    home.apply(&home.seal("fixed", &[("a", CANARY)], &fixed));
    let text = home.condition("fixed", "False");
    assert!(text.ends_with("field is immutable when `immutable` is set"), "{text}");
    let object = format!("{}/fixed", home.name);
    home.event("fixed", "ErrUpdateFailed", &format!("Error updating {object}: the target Secret is immutable. Once a Secret is marked as immutable, it is not possible to revert this change nor to mutate the contents of the data field. You can only delete and recreate the Secret."));
    home.delete("secret/fixed");
    home.value("fixed", "a", CANARY);
    home.condition("fixed", "True");
}

#[test]
fn a_status_changes_nothing_else_and_takes_no_field_from_its_owner() {
    let home = Home::new("owners");
    let pod = home.ours();
    let mut object = home.seal("one", &[("a", CANARY)], &Value::Null);
    object["metadata"]["annotations"]["note"] = "mine".into();
    pod.end_by("TERM");
    home.apply(&object);
    home.cluster.kubectl(&["label", "-n", &home.name, "sealedsecret/one", "team=shop"]).success();
    let found = || home.list("sealedsecret --show-managed-fields").remove(0);
    // What may differ: the status, whose it is, and the resource version.
    let rest = |mut object: Value| {
        object["metadata"]["managedFields"]
            .as_array_mut()
            .expect("owners")
            .retain(|entry| entry["subresource"] != "status");
        object["metadata"]["resourceVersion"].take();
        object["status"].take();
        object
    };
    let before = found();
    assert_eq!(before["metadata"]["managedFields"].as_array().map(Vec::len), Some(2), "{before}");
    let _pod = home.ours();
    home.condition("one", "True");
    let after = found();
    let status = after["metadata"]["managedFields"].as_array().unwrap().iter();
    let status: Vec<&Value> = status.filter(|entry| entry["subresource"] == "status").collect();
    assert_eq!(status.len(), 1, "{after}");
    assert_eq!(status[0]["manager"], "bulla-controller");
    assert_eq!(status[0]["fieldsV1"].as_object().unwrap().keys().collect::<Vec<_>>(), ["f:status"]);
    assert_eq!(rest(after), rest(before));
}

#[test]
fn q_05_a_key_that_comes_later_opens_what_waited_for_it() {
    let home = Home::new("restored");
    let pod = home.ours();
    home.apply(&home.seal("one", &[("a", CANARY)], &Value::Null));
    home.value("one", "a", CANARY);
    let mut key = home.list(KEYS).remove(0);
    let name = key["metadata"]["name"].as_str().unwrap().to_owned();
    pod.end_by("TERM");
    home.delete(&format!("secret/{name}"));
    home.delete("secret/one");
    eventually("the loss", || home.secret("one").is_none().then_some(()));
    let pod = home.ours();
    assert_eq!(home.condition("one", "False"), "no key could decrypt secret (a)");
    assert!(pod.log().contains("restore the keys from a backup"), "Q-04: {}", pod.log());
    assert_ne!(home.list(KEYS)[0]["metadata"]["name"], name.as_str(), "a backup overwrites nothing");
    let malformed = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"tls.key": CANARY, "tls.crt": CANARY},
        "metadata": {"name": "bad", "namespace": home.name, "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}},
    });
    home.apply(&malformed);
    eventually("the refusal", || pod.log().contains("Error reading key").then_some(()));
    key["metadata"] = json!({"name": name, "namespace": home.name, "labels": key["metadata"]["labels"]});
    home.apply(&key);
    home.value("one", "a", CANARY);
    home.condition("one", "True");
}

#[test]
fn s_09_keys_come_from_the_own_namespace_and_no_sealed_secret_plants_one() {
    let home = Home::new("planted");
    let _pod = home.ours();
    let own = home.seal("own", &[("a", "value")], &Value::Null);
    let label = json!({"sealedsecrets.bitnami.com/sealed-secrets-key": "active"});
    // A good key, elsewhere.
    let elsewhere = home.cluster.namespace("elsewhere");
    let [key, certificate] = [
        include_str!("../../../../fixtures/seal/main.key"),
        include_str!("../../../../fixtures/seal/valid.crt"),
    ];
    home.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"tls.key": key, "tls.crt": certificate},
        "metadata": {"name": "key", "namespace": elsewhere, "labels": label},
    }));
    home.sandbox.write("elsewhere.crt", certificate);
    let secret =
        json!({"metadata": {"name": "strange", "namespace": home.name}, "stringData": {"a": CANARY}});
    let seal = ["--cert", "elsewhere.crt"];
    let strange = home.sandbox.run_with_input(&Tool::kubeseal(), &seal, secret.to_string().as_bytes());
    home.cluster.apply(&strange.success().out());
    assert_eq!(home.condition("strange", "False"), "no key could decrypt secret (a)");
    home.apply(&own);
    home.value("own", "a", "value");
    let label = json!({"metadata": {"labels": label}});
    home.apply(&home.seal("planted", &[("tls.key", "k"), ("tls.crt", "c")], &label));
    home.apply(&home.seal("sealed-secrets-key", &[("tls.key", "k"), ("tls.crt", "c")], &Value::Null));
    for name in ["planted", "sealed-secrets-key"] {
        let text = home.condition(name, "False");
        assert!(text.contains("sealing key"), "{text}");
        assert_eq!(home.secret(name), None);
    }
}
