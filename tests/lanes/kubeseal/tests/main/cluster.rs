//! Modes that ask a cluster: both programs with the same kubeconfig against a
//! server that keeps what arrives.

use std::os::unix::fs::PermissionsExt;

use bulla_testkit::{ApiServer, Asked, Certificates, Fake, Outcome, Sandbox};
use serde_json::{Value, json};

use crate::pair::{both, run};

pub(crate) const CA: &str = include_str!("../../../../fixtures/kube/ca.crt");
const CLIENT: &str = include_str!("../../../../fixtures/kube/client.crt");
const CLIENT_KEY: &str = include_str!("../../../../fixtures/kube/client.key");
pub(crate) const SELF: &str = include_str!("../../../../fixtures/kube/self.crt");
pub(crate) const SERVER: Certificates = Certificates {
    certificate: include_str!("../../../../fixtures/kube/server.crt"),
    key: include_str!("../../../../fixtures/kube/server.key"),
    clients: CA,
};
const SEALED: &str = include_str!("../../../../fixtures/cmd/kubeseal/files/sealed.yaml");

/// What a server answers to requests for the controller.
pub(crate) type Mode = fn(&Asked) -> String;

/// The Service, with a name for its port, and what `controller` answers.
pub(crate) fn with(controller: Mode) -> impl Fn(&Asked, usize) -> String + Send + Sync + 'static {
    move |asked, _| {
        if asked.line.contains("/proxy/") {
            return controller(asked);
        }
        let ports = json!([{"name": "web", "port": 8080}, {"name": "other", "port": 8081}]);
        let service = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "x"}, "spec": {"ports": ports}});
        Fake::answer("200 OK", "Content-Type: application/json\r\n", &service.to_string())
    }
}

/// The controller when all is well; what is to be sealed again comes back as
/// it went.
pub(crate) fn works(asked: &Asked) -> String {
    if asked.line.contains("/v1/cert.pem ") {
        let certificate = include_str!("../../../../fixtures/seal/valid.crt");
        return Fake::answer("200 OK", "Content-Type: application/x-pem-file\r\n", certificate);
    }
    Fake::answer("200 OK", "Content-Type: text/plain; charset=utf-8\r\n", &asked.body)
}

/// A directory with kubeconfig, certificates and plugin.
pub(crate) fn sandbox(url: &str) -> Sandbox {
    let mut sandbox = crate::pair::sandbox();
    let encoded = |pem: &str| bulla_api::encode_base64(pem.as_bytes());
    let config = include_str!("../../../../fixtures/kube/config.yaml")
        .replace("{url}", url)
        .replace("{port}", url.rsplit(':').next().expect("a port"))
        .replace("{ca}", &encoded(CA))
        .replace("{crt}", &encoded(CLIENT))
        .replace("{key}", &encoded(CLIENT_KEY));
    for (name, content) in [
        ("config.yaml", config.as_str()),
        ("ca.crt", CA),
        ("client.crt", CLIENT),
        ("client.key", CLIENT_KEY),
        ("self.crt", SELF),
        ("server.crt", SERVER.certificate),
        ("token", "  newer\n"),
        ("empty", "\n"),
        ("secret.yaml", "metadata: {name: app}\nstringData: {a: x}\n"),
        ("sealed.yaml", SEALED),
    ] {
        sandbox.write(name, content);
    }
    let plugin = sandbox.write("plugin", include_str!("../../../../fixtures/kube/plugin"));
    std::fs::set_permissions(plugin, PermissionsExt::from_mode(0o755)).expect("a mode");
    sandbox.set("KUBECONFIG", sandbox.path("config.yaml"));
    sandbox
}

/// What of a request must be the same.
pub(crate) fn essence(asked: &Asked) -> Value {
    let mut headers: Vec<&(String, String)> = asked
        .headers
        .iter()
        .filter(|(name, _)| {
            let own = ["user-agent", "accept-encoding", "connection", "host"];
            !own.contains(&name.as_str())
        })
        .collect();
    // The original asks for its binary form, which only the API server knows.
    let is_binary = |value: &str| value.starts_with("application/vnd.kubernetes.protobuf");
    headers.retain(|(name, value)| name != "accept" || !is_binary(value));
    if asked.line.contains("/services/") && !asked.line.contains("/proxy/") {
        headers.retain(|(name, _)| name != "accept");
    }
    let client = asked.client.as_ref().map(Vec::len);
    json!({
        "line": asked.line, "headers": headers, "body": asked.body, "client": client,
        "name": asked.server_name,
    })
}

/// Runs both programs, each with a server of its own; returns exit code,
/// standard output, standard error and requests of each.
pub(crate) fn compare(
    certificates: Option<&Certificates>,
    controller: Mode,
    line: &str,
    input: &str,
) -> [(i32, String, String, Vec<Value>); 2] {
    both().map(|tool| {
        let server = ApiServer::start(certificates, with(controller));
        let sandbox = sandbox(&server.url);
        let words: Vec<&str> = line.split_whitespace().collect();
        let outcome = sandbox.run_with_input(&tool, &words, input.as_bytes());
        let (code, out, err) = masked(&sandbox, &server.url, &outcome);
        (code, out, err, server.asked().iter().map(essence).collect())
    })
}

pub(crate) fn masked(sandbox: &Sandbox, url: &str, outcome: &Outcome) -> (i32, String, String) {
    let directory = sandbox.path("").display().to_string();
    let address = url.split_once("://").expect("a URL").1;
    let mask =
        |text: String| text.replace(directory.trim_end_matches('/'), "DIR").replace(address, "ADDRESS");
    (outcome.code, mask(outcome.out()), mask(outcome.err()))
}

#[track_caller]
fn assert_same(line: &str, controller: Mode, input: &str) {
    let [ours, theirs] = compare(Some(&SERVER), controller, line, input);
    assert_eq!(ours, theirs, "{line}");
}

/// Lines that fetch the certificate, or fail the same way.
const LINES: &[&str] = &[
    "",
    "--context cert",
    "--context nowhere",
    "--context gone",
    "--cluster data",
    "--cluster wrong",
    "--cluster wrong --insecure-skip-tls-verify",
    "--cluster wrong --certificate-authority ca.crt",
    "--cluster pinned",
    "--cluster pinned --tls-server-name other.example",
    "--cluster skip",
    "--cluster skip --certificate-authority ca.crt",
    "--cluster named",
    "--cluster named --tls-server-name other.example",
    "--cluster prefix",
    "--cluster none",
    "--cluster dead",
    "--cluster both",
    "--cluster missing",
    "--cluster empty",
    "--cluster ftp",
    "--cluster gone",
    "--tls-server-name api.example",
    "--tls-server-name other.example",
    "--proxy-url ftp://a",
    "--proxy-url socks5h://127.0.0.1:1",
    "--proxy-url socks5://127.0.0.1:1",
    "--proxy-url http://127.0.0.1:1",
    "--user file",
    "--user nofile",
    "--user basic",
    "--user twice",
    "--user cert",
    "--user certdata",
    "--user keyless",
    "--user certless",
    "--user certboth",
    "--user certboth --client-certificate client.crt --client-key client.key",
    "--user mixed",
    "--user acting",
    "--user acting --as ann --as-group x",
    "--user umlauts",
    "--as jörg --as-group Förster",
    "--token tökön",
    "--user groups",
    "--user gone",
    "--user plugin",
    "--user plugin --cluster told",
    "--user plugin --token mine",
    "--user plugin --client-certificate client.crt --client-key client.key",
    "--user old",
    "--user plugincert",
    "--user expired",
    "--user half",
    "--user nothing",
    "--user nostatus",
    "--user otherversion",
    "--user fails",
    "--user uninstalled",
    "--user nopath",
    "--user always",
    "--user modeless",
    "--user badmode",
    "--user alpha",
    "--user incomplete",
    "--user gcp",
    "--user azure",
    "--user unknown",
    "--user issuerless",
    "--token mine",
    "--token mine --user cert",
    "--username ann --password pw --user cert",
    "--as joe",
    "--as joe --as-uid 7 --as-group devs --as-group ops,more",
    "--as-group devs",
    "--client-certificate client.crt --client-key client.key",
    "--client-certificate gone.crt --client-key client.key",
    "--client-certificate client.crt",
    "--client-key client.key",
    "--controller-name mine --controller-namespace there",
    "--controller-name a/b",
    "--controller-name a%b --controller-namespace ..",
    "--controller-name=",
    "--controller-namespace=",
    "--request-timeout 30",
    "--request-timeout 1m30s",
    "--request-timeout soon",
    "--kubeconfig gone.yaml",
    "--kubeconfig /dev/null",
    "--kubeconfig config.yaml --context cert",
    "--disable-compression -n elsewhere",
];

#[test]
fn every_way_to_a_cluster_is_that_of_the_original() {
    for line in LINES {
        assert_same(&format!("--fetch-cert {line}"), works, "");
    }
    // The original makes a header of the line break, and says of that that it cannot be.
    let [ours, theirs] = compare(Some(&SERVER), works, "--fetch-cert --user emptyfile", "");
    assert_eq!((ours.0, ours.2.as_str()), (theirs.0, "error: read empty token from file \"DIR/empty\"\n"));
}

#[test]
fn a_certificate_is_fetched_where_none_is_given() {
    for line in [
        "-f secret.yaml -o yaml",
        "--raw --name app --from-file token",
        "--raw --scope cluster-wide --from-file token",
    ] {
        let [ours, theirs] = compare(Some(&SERVER), works, line, "");
        assert_eq!(
            (ours.0, ours.1.len(), &ours.2, &ours.3),
            (theirs.0, theirs.1.len(), &theirs.2, &theirs.3),
            "{line}"
        );
        assert_eq!(ours.0, 0, "{ours:?}");
    }
}

#[test]
fn validating_and_sealing_again_send_and_say_the_same() {
    for line in [
        "--validate",
        "--re-encrypt",
        "--re-encrypt -o yaml",
        "--rotate -w out.yaml",
        "--validate --re-encrypt",
        "--re-encrypt -o xml",
        "--re-encrypt -f gone",
        "--validate --user none --token t",
    ] {
        assert_same(line, works, SEALED);
    }
    let several = format!("{SEALED}---\n# nothing\n---\n{SEALED}");
    let labelled = SEALED.replacen(
        "metadata:\n",
        "metadata:\n  generation: 4\n  creationTimestamp: \"2026-01-01T00:00:00Z\"\n",
        1,
    );
    for input in [&several, &labelled, "", "garbage", "metadata: [a]\n"] {
        for line in ["--validate", "--re-encrypt"] {
            assert_same(line, works, input);
        }
    }
    for input in ["kind: Secret\nmetadata: {name: a}\n", "metadata: {name: a}\nspec: {}\n"] {
        assert_same("--validate", works, input);
    }
}

#[test]
fn refusals_are_told_as_the_original_tells_them() {
    let modes: [Mode; 9] = [
        |_| Fake::answer("409 Conflict", "Content-Type: text/plain\r\n", ""),
        |_| Fake::answer("500 Internal Server Error", "", ""),
        |_| Fake::answer("500 Internal Server Error", "Content-Type: text/plain\r\n", " a \"reason\"\n"),
        |_| Fake::answer("429 Too Many Requests", "Retry-After: 0\r\n", "limit exceeded"),
        |_| Fake::answer("404 Not Found", "Content-Type: text/plain\r\n", "404 page not found"),
        |_| Fake::answer("401 Unauthorized", "Content-Type: application/json\r\n", "{}"),
        |_| {
            Fake::answer(
                "403 Forbidden",
                "Content-Type: application/json\r\n",
                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"services is forbidden\",\"code\":403}",
            )
        },
        |_| {
            Fake::answer(
                "503 Service Unavailable",
                "Content-Type: application/json\r\n",
                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"no endpoints available for service \\\"http:x:\\\"\",\"reason\":\"ServiceUnavailable\",\"code\":503}",
            )
        },
        |_| Fake::answer("418 I'm a teapot", "Content-Type: text/html\r\n", "<p>"),
    ];
    for mode in modes {
        for line in ["--fetch-cert", "--validate", "--re-encrypt"] {
            assert_same(line, mode, SEALED);
        }
    }
}

#[test]
fn a_service_that_is_refused_is_told_with_a_hint() {
    for answer in [
        "404 Not Found|{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"services \\\"sealed-secrets-controller\\\" not found\",\"reason\":\"NotFound\",\"code\":404}",
        "403 Forbidden|{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"no\",\"reason\":\"Forbidden\",\"code\":403}",
        "401 Unauthorized|",
    ] {
        let (status, body) = answer.split_once('|').expect("a status and a body");
        let [ours, theirs] = both().map(|tool| {
            let text = Fake::answer(status, "Content-Type: application/json\r\n", body);
            let server = ApiServer::start(Some(&SERVER), move |_, _| text.clone());
            let sandbox = sandbox(&server.url);
            let outcome = run(&sandbox, &tool, "--fetch-cert");
            let asked: Vec<Value> = server.asked().iter().map(essence).collect();
            (masked(&sandbox, &server.url, &outcome), asked)
        });
        assert_eq!(ours, theirs, "{answer}");
        assert!(ours.0.2.contains("Please, use the flag --controller-name and --controller-namespace"));
    }
}

#[test]
fn credentials_do_not_travel_in_the_clear() {
    for line in [
        "--fetch-cert",
        "--fetch-cert --user acting",
        "--fetch-cert --user plugin",
        "--fetch-cert --token mine",
        "--fetch-cert --cluster bare",
    ] {
        let [ours, theirs] = compare(None, works, line, "");
        assert_eq!(ours, theirs, "{line}");
        assert!(ours.0 == 0 && !format!("{:?}", ours.3).contains("authorization"), "{ours:?}");
    }
}

#[test]
fn n_02_no_credential_follows_a_redirect() {
    for (at, tool) in both().iter().enumerate() {
        let other = ApiServer::start(Some(&SERVER), with(works));
        let answer = Fake::answer("302 Found", &format!("Location: {}/there\r\n", other.url), "");
        let server = ApiServer::start(Some(&SERVER), move |_, _| answer.clone());
        let outcome = run(&sandbox(&server.url), tool, "--fetch-cert");
        assert_eq!(outcome.code == 0, at == 1, "{outcome:?}");
        let told = other.asked().iter().any(|asked| asked.header("authorization") == ["Bearer t0ken"]);
        assert_eq!(told, at == 1, "{:?}", other.asked());
    }
}

#[test]
fn a_file_sealed_again_keeps_its_layout_and_the_original_loses_it() {
    let commented = SEALED.replace("apiVersion:", "# mine\napiVersion:");
    let changes: Mode = |asked| Fake::answer("200 OK", "", &asked.body.replace("\":\"AQ", "\":\"Ag"));
    for (at, tool) in both().iter().enumerate() {
        let server = ApiServer::start(Some(&SERVER), with(changes));
        let sandbox = sandbox(&server.url);
        sandbox.write("own.yaml", &commented);
        run(&sandbox, tool, "--re-encrypt -f own.yaml").success();
        let text = String::from_utf8(sandbox.read("own.yaml")).expect("text");
        assert_eq!(text.contains("# mine"), at == 0, "{text}");
        assert!(text.contains(": Ag") && !text.contains(": AQ"), "{text}");
        // Nothing to seal is no reason to lose a file.
        sandbox.write("own.yaml", "garbage");
        let code = run(&sandbox, tool, "--re-encrypt -f own.yaml").code;
        assert_eq!((code, sandbox.read("own.yaml").is_empty()), if at == 0 { (1, false) } else { (0, true) });
    }
}

#[test]
fn a_service_without_ports_and_a_user_without_credentials_are_no_crash_and_no_prompt() {
    for (at, tool) in both().iter().enumerate() {
        let service = "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"spec\":{}}";
        let answer = Fake::answer("200 OK", "Content-Type: application/json\r\n", service);
        let server = ApiServer::start(Some(&SERVER), move |_, _| answer.clone());
        let sandbox = sandbox(&server.url);
        let outcome = run(&sandbox, tool, "--fetch-cert");
        assert_eq!(
            (outcome.code, outcome.err().contains("panic")),
            [(1, false), (2, true)][at],
            "{outcome:?}"
        );
        let outcome = run(&sandbox, tool, "--fetch-cert --user none");
        assert_eq!(outcome.out().contains("Please enter Username"), at == 1, "{outcome:?}");
    }
}
