//! The HTTP API: stock kubeseal and ours on ours through the API server's service proxy,
//! our answers beside the original's, and what hostile requests get.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bulla_testkit::kube::{Cluster, Pod, eventually, free_port};
use bulla_testkit::{Answer, CANARY, Sandbox, Server, Tool};
use serde_json::{Value, json};

use crate::home::Home;
use crate::rights::manifests;

const HOSTILE: &str = include_str!("../../../../fixtures/seal/hostile_templates.json");
/// As often as a test likes.
pub(crate) const UNLIMITED: [&str; 2] = ["--rate-limit=1000", "--rate-limit-burst=10000"];

/// A controller of a home, and where it serves.
pub(crate) struct Served {
    pub(crate) pod: Pod,
    pub(crate) api: Server,
}

impl Served {
    pub(crate) fn start(home: &Home, tool: &Tool, further: &[&str]) -> Self {
        let port = free_port();
        let listen = format!("--listen-addr=127.0.0.1:{port}");
        let mut arguments = vec![listen.as_str()];
        arguments.extend(further);
        let pod = home.start(tool, &arguments);
        eventually("the API", || {
            let is_open = TcpStream::connect(("127.0.0.1", port)).is_ok();
            let ready = || Server::at(port).request("GET", "/v1/cert.pem", "").status == 200;
            (is_open && ready()).then_some(())
        });
        Self { pod, api: Server::at(port) }
    }

    pub(crate) fn ask(&self, path: &str, body: &str) -> (u16, String) {
        exchange(&self.api, path, body)
    }
}

/// Seals with the original kubeseal for a certificate of the sandbox.
fn seal(sandbox: &Sandbox, space: &str, further: &Value) -> Value {
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "namespace": space},
        "stringData": {"a": CANARY, "b": "two"},
    });
    crate::home::merge(&mut secret, further);
    let outcome =
        sandbox.run_with_input(&Tool::kubeseal(), &["--cert", "cert.pem"], secret.to_string().as_bytes());
    serde_json::from_slice(&outcome.success().stdout).expect("kubeseal prints JSON")
}

#[test]
fn both_kubeseals_work_with_our_service_through_the_api_server() {
    // Everything as we ship it, and a user who may nothing but ask the service.
    let cluster = Cluster::start();
    cluster.apply(&manifests(&cluster, "overlays/as-upstream"));
    let (account, port) = ("sealed-secrets-controller", free_port());
    let [api, metrics] = [("addr", port), ("metrics-addr", free_port())]
        .map(|(flag, port)| format!("--listen-{flag}=127.0.0.1:{port}"));
    let arguments = [api.as_str(), &metrics];
    let pod = Pod::start(&cluster, "kube-system", account, &Tool::controller(), &arguments);
    cluster.publish("kube-system", account, port);
    eventually("the key", || pod.log().contains("registered private key").then_some(()));
    for tool in [Tool::kubeseal(), Tool::bulla_as_kubeseal()] {
        let space = cluster.namespace("user");
        let mut sandbox = Sandbox::new();
        sandbox.set("KUBECONFIG", cluster.kubeconfig(&space, "default"));
        let kubeseal = |arguments: &[&str], input: &str| {
            // The limit is the shipped one; whoever asks more often waits.
            std::thread::sleep(Duration::from_millis(500));
            sandbox.run_with_input(&tool, arguments, input.as_bytes())
        };
        let certificate = kubeseal(&["--fetch-cert"], "").success().stdout;
        assert_eq!(certificate, Server::at(port).request("GET", "/v1/cert.pem", "").success().into_bytes());
        sandbox.write("cert.pem", &certificate);

        let labels = json!({"metadata": {"labels": {"l": "v"}}, "type": "example.com/login"});
        let mut sealed = seal(&sandbox, &space, &labels);
        sealed["spec"]["template"]["data"] = json!({"t": "{{ .a }}"});
        sealed["spec"]["template"]["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "u"}]);
        let text = sealed.to_string();
        assert_eq!(kubeseal(&["--validate"], &text).success().out(), "");
        let moved = text.replace("\"one\"", "\"other\"");
        let refused = kubeseal(&["--validate"], &moved);
        assert_eq!(
            (refused.code, refused.err().as_str()),
            (1, "error: unable to decrypt sealed secret: other\n")
        );
        let failed = kubeseal(&["--re-encrypt"], &moved);
        assert!(
            failed.code == 1 && failed.err().starts_with("error: cannot re-encrypt secret: "),
            "{failed:?}"
        );

        let anew = kubeseal(&["--re-encrypt"], &text).success();
        let mut rotated: Value = serde_json::from_slice(&anew.stdout).unwrap();
        assert_ne!(rotated["spec"]["encryptedData"], sealed["spec"]["encryptedData"]);
        rotated["spec"]["encryptedData"] = sealed["spec"]["encryptedData"].clone();
        assert_eq!(rotated, sealed, "S-05: nothing else changed");
        let yaml = kubeseal(&["--re-encrypt", "-o", "yaml"], &anew.out()).success().out();
        kubeseal(&["--validate"], &yaml).success();
        cluster.apply(&yaml);
        let secret = eventually("the Secret", || cluster.get(&space, "secret/one"));
        assert_eq!(secret["data"]["a"], secret["data"]["t"]);
        assert_eq!(secret["type"], "example.com/login");
    }
}

/// What is answered otherwise than by the original, as `docs/coming-from-kubeseal.md` says.
const DIFFERENT: [&str; 16] = [
    // The template is copied (S-05); the original puts the object's metadata into it.
    "/v1/rotate no spec",
    // What is in it is sealed anew as one; the original makes items of it.
    "/v1/rotate old form",
    // Templates are no part of it (S-04); the original renders them and seals what comes out.
    "/v1/rotate template",
    "/v1/rotate template over an item",
    // Nor do they decide about it.
    "/v1/verify template that fails",
    "/v1/rotate template that fails",
    "/v1/verify template that is none",
    "/v1/rotate template that is none",
    // The template's metadata stay as well (S-05).
    "/v1/rotate labels of the template",
    "/v1/rotate labels of the object",
    "/v1/rotate annotations of the template",
    "/v1/rotate name of the template",
    "/v1/rotate no metadata in the template",
    "/v1/rotate no template",
    // The original's handler panics, and the connection ends without an answer.
    "/v1/verify words",
    "/v1/verify half an object",
];

/// An object of the old form, in which one ciphertext holds the whole Secret.
fn old_form(sandbox: &Sandbox, space: &str) -> Value {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "one", "namespace": space, "labels": {"l": "v"}},
        "data": {"a": "eA=="},
    });
    sandbox.write("whole.json", secret.to_string());
    let raw = ["--raw", "--cert", "cert.pem", "--name", "one", "--namespace", space];
    let raw = sandbox.run(&Tool::kubeseal(), &[&raw[..], &["--from-file", "whole.json"]].concat());
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "one", "namespace": space}, "spec": {"data": raw.success().out()},
    })
}

/// Requests that both controllers get, by name.
fn requests(sandbox: &Sandbox, space: &str) -> Vec<(&'static str, String)> {
    let plain = seal(sandbox, space, &Value::Null);
    let edit = |path: &str, value: Value| {
        let mut object = plain.clone();
        let (parent, name) = path.rsplit_once('/').expect("a pointer");
        object.pointer_mut(parent).expect("it is there")[name] = value;
        object.to_string()
    };
    let scoped = |scope: &str, further: Value| {
        let annotations = json!({format!("sealedsecrets.bitnami.com/{scope}"): "true"});
        let mut metadata = json!({"metadata": {"annotations": annotations}});
        crate::home::merge(&mut metadata, &further);
        seal(sandbox, space, &metadata)
    };
    let wide = scoped("cluster-wide", Value::Null);
    let mut renamed = wide.clone();
    renamed["metadata"]["name"] = json!("other");
    renamed["spec"]["template"]["metadata"]["name"] = json!("other");
    let yaml = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {}\nspec: {}\n",
        plain["metadata"], plain["spec"]
    );
    let without = |name: &str| {
        let mut object = plain.clone();
        object.as_object_mut().expect("an object").remove(name);
        object.to_string()
    };
    vec![
        ("plain", plain.to_string()),
        ("plain yaml", yaml.clone()),
        ("yaml with a start and a comment", format!("---\n# x\n{yaml}")),
        ("cluster-wide", wide.to_string()),
        ("cluster-wide, renamed", renamed.to_string()),
        ("namespace-wide", scoped("namespace-wide", Value::Null).to_string()),
        ("type and immutable", seal(sandbox, space, &json!({"type": "x/y", "immutable": true})).to_string()),
        ("no items", edit("/spec/encryptedData", json!({}))),
        ("items null", edit("/spec/encryptedData", Value::Null)),
        ("no spec", without("spec")),
        ("renamed", edit("/metadata/name", json!("other"))),
        ("moved", edit("/metadata/namespace", json!("other"))),
        ("no base64", edit("/spec/encryptedData/a", json!("%"))),
        ("too short", edit("/spec/encryptedData/a", json!("AA=="))),
        ("an empty item", edit("/spec/encryptedData/a", json!(""))),
        ("a number as item", edit("/spec/encryptedData/a", json!(5))),
        (
            "claims a scope",
            edit("/metadata/annotations", json!({"sealedsecrets.bitnami.com/cluster-wide": "true"})),
        ),
        ("unknown fields", edit("/spec/strange", json!({"a": 1}))),
        ("old form", old_form(sandbox, space).to_string()),
        ("old form, moved", old_form(sandbox, space).to_string().replace("\"one\"", "\"other\"")),
        ("old form that does not open", edit("/spec/data", json!("AAAA"))),
        ("template", edit("/spec/template/data", json!({"t": "<{{ .a }}>"}))),
        ("template over an item", edit("/spec/template/data", json!({"a": "<{{ .a }}>"}))),
        ("template that fails", edit("/spec/template/data", json!({"t": "{{ fail .a }}"}))),
        ("template that is none", edit("/spec/template/data", json!({"t": "{{"}))),
        ("labels of the template", edit("/spec/template/metadata/labels", json!({"l": "v"}))),
        ("labels of the object", edit("/metadata/labels", json!({"l": "v"}))),
        ("annotations of the template", edit("/spec/template/metadata/annotations", json!({"a": "b"}))),
        ("name of the template", edit("/spec/template/metadata/name", json!("other"))),
        ("no metadata in the template", edit("/spec/template/metadata", Value::Null)),
        ("no template", edit("/spec/template", Value::Null)),
        (
            "scope of the template",
            edit(
                "/spec/template/metadata/annotations",
                json!({"sealedsecrets.bitnami.com/cluster-wide": "true"}),
            ),
        ),
        ("metadata of the wrong type", edit("/metadata/labels", json!(["x"]))),
        ("another kind", edit("/kind", json!("Secret"))),
        ("another version", edit("/apiVersion", json!("bitnami.com/v2"))),
        ("a list", json!({"kind": "List", "apiVersion": "v1", "items": [plain]}).to_string()),
        ("no kind", without("kind")),
        ("no version", without("apiVersion")),
        ("nothing", String::new()),
        ("words", "neither YAML: nor: JSON".to_owned()),
        ("half an object", plain.to_string()[..40].to_owned()),
        ("an array", "[1]".to_owned()),
        ("an object behind an object", format!("{plain}{plain}")),
    ]
}

/// Makes two answers of `rotate` comparable: ciphertexts are new each time.
fn masked(body: &str) -> String {
    let Ok(object) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    let mut body = body.to_owned();
    let items = object["spec"]["encryptedData"].as_object().into_iter().flatten().map(|(_, item)| item);
    for item in items.chain(object["spec"].get("data")) {
        body = body.replace(item.as_str().expect("a ciphertext"), "*");
    }
    body
}

#[test]
fn answers_are_those_of_the_original() {
    let home = Home::new("answers");
    let theirs = Served::start(&home, &Tool::sealed_secrets_controller(), &UNLIMITED);
    let ours = Served::start(&home, &Tool::controller(), &UNLIMITED);
    let certificate = ours.api.request("GET", "/v1/cert.pem", "").success();
    assert_eq!(certificate, theirs.api.request("GET", "/v1/cert.pem", "").success());
    home.sandbox.write("cert.pem", certificate);
    for path in ["/healthz", "/", "/v1/", "/v1/other"] {
        let ask = |served: &Served| {
            let Answer { status, body } = served.api.request("GET", path, "");
            (status, body)
        };
        assert_eq!(ask(&ours), ask(&theirs), "{path}");
    }
    let mut different = Vec::new();
    for (name, body) in requests(&home.sandbox, &home.name) {
        for path in ["/v1/verify", "/v1/rotate"] {
            let (own, other) = (ours.ask(path, &body), theirs.ask(path, &body));
            if own.0 != other.0 || masked(&own.1) != masked(&other.1) {
                different.push((format!("{path} {name}"), own, other));
            }
        }
    }
    let names: Vec<&str> = different.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, DIFFERENT, "{different:#?}");
    // What the original rotates, ours opens, and the reverse.
    let plain = seal(&home.sandbox, &home.name, &Value::Null).to_string();
    for (one, other) in [(&ours, &theirs), (&theirs, &ours)] {
        let (_, rotated) = one.ask("/v1/rotate", &plain);
        // Both leave out what the object is.
        let typed =
            rotated.replacen('{', r#"{"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1","#, 1);
        assert_eq!(other.ask("/v1/verify", &typed), (200, String::new()));
    }
}

#[test]
fn s_04_no_template_makes_an_answer_tell_of_a_value() {
    let home = Home::new("oracle");
    let ours = Served::start(&home, &Tool::controller(), &UNLIMITED);
    home.sandbox.write("cert.pem", ours.api.request("GET", "/v1/cert.pem", "").success());
    let hostile: Vec<String> = serde_json::from_str(HOSTILE).unwrap();
    let sealed = ["hunter2", "letmein"]
        .map(|value| seal(&home.sandbox, &home.name, &json!({"stringData": {"password": value}})));
    for template in &hostile {
        let told = sealed.each_ref().map(|sealed| {
            let mut object = sealed.clone();
            object["spec"]["template"]["data"] = json!({"t": template});
            let text = object.to_string();
            let (status, rotated) = ours.ask("/v1/rotate", &text);
            let after: Value = serde_json::from_str(&rotated).unwrap();
            assert_eq!(after["spec"]["template"], object["spec"]["template"], "S-05: it is copied");
            (ours.ask("/v1/verify", &text), status, rotated.len(), masked(&rotated))
        });
        assert_eq!((told[0].0.0, told[0].1), (200, 200), "{template}");
        assert_eq!(told[0], told[1], "{template}");
    }
    assert_eq!(hostile.len(), 20);
}

/// Posts without waiting until all is taken; status 0 where the connection just ends.
fn exchange(api: &Server, path: &str, body: &str) -> (u16, String) {
    let address = api.url.strip_prefix("http://").expect("plain HTTP");
    let Ok(mut stream) = TcpStream::connect(address) else { return (0, String::new()) };
    let head = format!("POST {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer.split_once("\r\n\r\n").unwrap_or_default().1.to_owned())
}

/// What becomes of a request of a flood. The work on it comes after everything
/// else, so on a busy machine it is not done in the 30 seconds that it has (408);
/// else it is (200), or it is too much work (413), or there are too many (429).
/// 0 is a connection that made room for another.
const FLOODED: [u16; 5] = [0, 200, 408, 413, 429];

#[test]
fn s_06_a_flood_of_requests_delays_no_object() {
    let home = Home::new("flood");
    // A limit so high that the thread for requests is never idle.
    let ours = Served::start(&home, &Tool::controller(), &UNLIMITED);
    home.sandbox.write("cert.pem", ours.api.request("GET", "/v1/cert.pem", "").success());
    let mut large = seal(&home.sandbox, &home.name, &Value::Null);
    let item = large["spec"]["encryptedData"]["a"].clone();
    let room = (4 << 20) / (item.as_str().unwrap().len() + 12) - 4;
    large["spec"]["encryptedData"] =
        (0..room).map(|number| (format!("i{number:05}"), item.clone())).collect();
    let (large, small) = (large.to_string(), home.seal("small", &[("a", "x")], &Value::Null).to_string());
    assert!((3_900_000..4 << 20).contains(&large.len()), "{}", large.len());
    let (over, fresh) = (AtomicBool::new(false), home.seal("fresh", &[("a", CANARY)], &Value::Null));
    let answered = AtomicU64::new(0);
    let before = ours.pod.resident() / 1024;
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (over, answered, api) = (&over, &answered, &ours.api);
            let body = if number < 4 { &large } else { &small };
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let (status, _) = exchange(api, "/v1/verify", body);
                    assert!(FLOODED.contains(&status), "{status}");
                    answered.fetch_add(u64::from(status != 0), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(8));
                }
            });
        }
        std::thread::sleep(Duration::from_secs(2));
        home.apply(&fresh);
        let start = Instant::now();
        eventually("the Secret", || home.secret("fresh"));
        let took = start.elapsed();
        over.store(true, Ordering::Relaxed);
        assert!(took < Duration::from_secs(5), "G6: {took:?}");
    });
    let answered = answered.into_inner();
    assert!(answered >= 100, "{answered} requests are no flood");
    let after = ours.pod.resident() / 1024;
    assert!(after <= before + 50, "G6: {before} MiB, then {after} MiB");
}
