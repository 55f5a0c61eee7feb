use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bulla_testkit::{Fake, Silent, nobody};

use super::*;

const TOKEN: &str = "s.canary-token";

fn provider(variables: &[(&str, &str)]) -> VaultProvider {
    let token = [("VAULT_TOKEN".into(), TOKEN.into())];
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    VaultProvider::new(Environment::new(token.into_iter().chain(variables), PathBuf::new()), None)
}

fn key(address: &str) -> MasterKey {
    MasterKey::new(
        "hc_vault",
        [("vault_address", address), ("engine_path", "a/transit"), ("key_name", "one")],
    )
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
}

fn unwrap(provider: &VaultProvider, address: &str) -> Result<Vec<u8>, ProviderError> {
    wait(provider.unwrap(&key(address), "vault:v1:x")).map(|secret| secret.expose().to_vec())
}

#[test]
fn requests_are_those_of_transit() {
    let fake = Fake::start(vec![
        Fake::answer(
            "200 OK",
            "",
            r#"{"request_id":"1","data":{"ciphertext":"vault:v3:abc","key_version":3}}"#,
        ),
        Fake::answer("200 OK", "", r#"{"data":{"plaintext":"aHVudGVyMg=="}}"#),
    ]);
    let provider = provider(&[("VAULT_NAMESPACE", "team/a")]);
    let key = key(&fake.url);
    let wrapped = wait(provider.wrap(&key, &SecretBytes::new(b"hunter2".to_vec()))).unwrap();
    assert_eq!(wrapped, "vault:v3:abc");
    let opened = wait(provider.unwrap(&key, &wrapped)).unwrap();
    assert_eq!(opened.expose(), b"hunter2");
    let requests = fake.requests();
    assert!(requests[0].starts_with("PUT /v1/a/transit/encrypt/one HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].ends_with("\r\n\r\n{\"plaintext\":\"aHVudGVyMg==\"}"), "{}", requests[0]);
    assert!(requests[1].starts_with("PUT /v1/a/transit/decrypt/one HTTP/1.1\r\n"), "{}", requests[1]);
    assert!(requests[1].ends_with("\r\n\r\n{\"ciphertext\":\"vault:v3:abc\"}"), "{}", requests[1]);
    for request in &requests {
        assert!(request.contains("\r\nx-vault-token: s.canary-token\r\n"), "{request}");
        assert!(request.contains("\r\nx-vault-namespace: team/a\r\n"), "{request}");
    }
}

#[test]
fn statuses_decide_the_kind_and_bodies_stay_out_of_the_text() {
    let cases = [
        ("400 Bad Request", Kind::Unexpected),
        ("403 Forbidden", Kind::Denied),
        ("404 Not Found", Kind::InvalidConfig),
        ("418 I'm a teapot", Kind::Unexpected),
        ("429 Too Many Requests", Kind::RateLimited),
        ("500 Internal Server Error", Kind::Unavailable),
        ("503 Service Unavailable", Kind::Unavailable),
    ];
    let body = r#"{"errors":["canary"],"data":{"plaintext":"canary"}}"#;
    let fake = Fake::start(cases.iter().map(|(status, _)| Fake::answer(status, "", body)).collect());
    for (status, kind) in cases {
        let error = unwrap(&provider(&[]), &fake.url).unwrap_err();
        assert_eq!(error.kind, kind, "{status}");
        assert!(error.to_string().contains(&format!("(status {})", &status[..3])), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn replies_that_are_not_transits_are_errors_without_their_text() {
    let bodies = [
        "",
        "canary",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{"plaintext":7}}"#,
        r#"{"data":{"plaintext":"canary!"}}"#,
        r#"{"data":{"plaintext":""}}"#,
        r#"{"data":{"ciphertext":"canary"}}"#,
    ];
    let fake = Fake::start(bodies.iter().map(|body| Fake::answer("200 OK", "", body)).collect());
    for body in bodies {
        let error = unwrap(&provider(&[]), &fake.url).unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{body}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn k_01_names_that_lead_elsewhere_send_nothing() {
    let server = Silent::new();
    for (engine, name) in
        [("transit", "../../sys/seal"), ("../sys", "seal"), ("transit", "%2e%2e"), ("", "x")]
    {
        let fields = [("vault_address", &*server.url), ("engine_path", engine), ("key_name", name)];
        let key = MasterKey::new("hc_vault", fields);
        let error = wait(provider(&[]).unwrap(&key, "x")).unwrap_err();
        assert_eq!(error.kind, Kind::InvalidConfig);
        assert!(!error.to_string().contains("sys"), "{error}");
    }
    assert!(!server.was_called(), "something connected");
}

#[test]
fn k_02_a_server_that_is_not_allowed_is_not_connected_to() {
    let server = Silent::new();
    for variables in [
        [("SOPS_HC_VAULT_ALLOWLIST", "none")],
        [("SOPS_HC_VAULT_ALLOWLIST", "https://vault.example.org")],
        [("SOPS_HC_VAULT_ALLOWLIST", "https://vault.example.org,")],
        [("VAULT_ADDR", "https://vault.example.org")],
    ] {
        let error = unwrap(&provider(&variables), &server.url).unwrap_err();
        assert_eq!(error.kind, Kind::InvalidConfig, "{error}");
    }
    let with_password = server.url.replace("http://", "http://user:canary@");
    let error = unwrap(&provider(&[]), &with_password).unwrap_err();
    assert!(!error.to_string().contains("canary"), "{error}");
    assert!(!server.was_called(), "something connected");
}

#[test]
fn k_02_a_token_does_not_follow_a_redirect() {
    let target = Silent::new();
    let location = format!("Location: {}/v1/a\r\n", target.url);
    let statuses =
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"];
    let fake = Fake::start(statuses.iter().map(|status| Fake::answer(status, &location, "")).collect());
    for status in statuses {
        let error = unwrap(&provider(&[]), &fake.url).unwrap_err();
        assert!(error.to_string().contains("redirects"), "{status}: {error}");
    }
    assert_eq!(fake.requests().len(), statuses.len());
    assert!(!target.was_called(), "the redirect was followed");
}

#[test]
fn k_02_the_user_is_told_once_about_a_server_of_the_file() {
    let reply = Fake::answer("200 OK", "", r#"{"data":{"plaintext":"eA=="}}"#);
    let fake = Fake::start(vec![reply; 3]);
    let shown = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&shown);
    let mut provider = provider(&[]);
    provider.message = Some(Arc::new(move |text: &str| record.lock().unwrap().push(text.to_owned())));
    for _ in 0..3 {
        assert_eq!(unwrap(&provider, &fake.url).unwrap(), b"x");
    }
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].contains(&fake.url) && !shown[0].contains(TOKEN), "{shown:?}");
}

#[test]
fn k_06_a_silent_server_is_given_up() {
    let server = Silent::new();
    let start = Instant::now();
    let error = unwrap(&provider(&[("VAULT_CLIENT_TIMEOUT", "300ms")]), &server.url).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.to_string().ends_with("the server did not answer in time"), "{error}");
}

#[test]
fn a_reply_without_end_is_given_up() {
    let long = format!(r#"{{"data":{{"plaintext":"{}"}}}}"#, "A".repeat(9 << 20));
    let fake = Fake::start(vec![Fake::answer("200 OK", "", &long)]);
    let error = unwrap(&provider(&[]), &fake.url).unwrap_err();
    assert!(error.to_string().ends_with("the reply is too long"), "{error}");
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let address = nobody();
    let error = unwrap(&provider(&[]), &address).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    let expected =
        format!("failed to decrypt sops data key with Vault at {address}: the server cannot be reached: ");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn without_a_token_a_denial_says_so() {
    let fake = Fake::start(vec![Fake::answer("403 Forbidden", "", "{}")]);
    let provider = VaultProvider::new(Environment::default(), None);
    let error = unwrap(&provider, &fake.url).unwrap_err();
    assert!(error.to_string().ends_with("there is no token in VAULT_TOKEN or ~/.vault-token"), "{error}");
    assert!(!fake.requests()[0].contains("x-vault-token"));
}

#[test]
fn what_no_header_can_carry_is_not_sent_and_not_shown() {
    for (name, what) in [("VAULT_TOKEN", "token"), ("VAULT_NAMESPACE", "namespace")] {
        let error = unwrap(&provider(&[(name, "canary\r\nX: y")]), "http://127.0.0.1:9").unwrap_err();
        assert!(error.to_string().ends_with(&format!("the {what} cannot be sent in a header")), "{error}");
    }
}

#[test]
fn a_loopback_server_is_not_reached_through_a_proxy() {
    let fake = Fake::start(vec![Fake::answer("200 OK", "", r#"{"data":{"plaintext":"eA=="}}"#)]);
    let proxies = [("HTTP_PROXY", "http://127.0.0.1:9"), ("https_proxy", "http://127.0.0.1:9")];
    assert_eq!(unwrap(&provider(&proxies), &fake.url).unwrap(), b"x");
}
