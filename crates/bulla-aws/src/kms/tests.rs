use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bulla_core::FieldValue;
use bulla_testkit::{Fake, Silent, nobody};

use super::*;

const ARN: &str = "arn:aws:kms:eu-west-1:123456789012:key/one";
const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const OPENED: &str = r#"{"KeyId":"one","Plaintext":"aHVudGVyMg=="}"#;

/// A provider that knows nothing but these variables and asks once.
fn provider(variables: &[(&str, &str)]) -> KmsProvider {
    let alone = [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_MAX_ATTEMPTS", "1"), ("HOME", "/nonexistent")];
    let all = alone.iter().chain(variables).map(|(name, value)| (name.into(), value.into()));
    KmsProvider::new(Environment::new(all, PathBuf::new()))
}

/// A provider with credentials, whose AWS is at `url`.
fn at(url: &str, more: &[(&str, &str)]) -> KmsProvider {
    let own = [
        ("AWS_ACCESS_KEY_ID", "AKIDOFENV"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
        ("AWS_SESSION_TOKEN", "canary-token"),
        ("AWS_ENDPOINT_URL", url),
    ];
    provider(&own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn key(more: &[(&'static str, &str)]) -> MasterKey {
    let mut key = MasterKey::new("kms", [("arn", ARN)]);
    key.fields.extend(more.iter().map(|(name, text)| (*name, FieldValue::Text((*text).to_owned()))));
    key
}

fn json(status: &str, body: &str) -> String {
    Fake::answer(status, "Content-Type: application/x-amz-json-1.1\r\n", body)
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
}

fn unwrap(provider: &KmsProvider, key: &MasterKey) -> Result<Vec<u8>, ProviderError> {
    wait(provider.unwrap(key, "AQID")).map(|secret| secret.expose().to_vec())
}

fn failure(provider: &KmsProvider, key: &MasterKey) -> (Kind, String) {
    let error = unwrap(provider, key).unwrap_err();
    let all = format!("{error} {error:?}");
    assert!(!all.contains("canary"), "{all}");
    let text = error.to_string();
    let reason = text.strip_prefix("failed to decrypt sops data key with AWS KMS: ");
    (error.kind, reason.unwrap_or_else(|| panic!("{text}")).to_owned())
}

#[test]
fn requests_are_those_of_kms() {
    let wrapped = r#"{"KeyId":"one","CiphertextBlob":"AQIDBA==","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#;
    let fake = Fake::start(vec![json("200 OK", wrapped), json("200 OK", OPENED)]);
    let provider = at(&fake.url, &[]);
    let mut key = key(&[]);
    let context = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
    key.fields.insert("context", FieldValue::Map(context));
    let wrapped = wait(provider.wrap(&key, &SecretBytes::new(b"hunter2".to_vec()))).unwrap();
    assert_eq!(wrapped, "AQIDBA==");
    // As in files whose writer broke long lines.
    let opened = wait(provider.unwrap(&key, "AQID\r\nBA==\n")).unwrap();
    assert_eq!(opened.expose(), b"hunter2");
    let requests = fake.requests();
    for (request, operation, (field, value)) in [
        (&requests[0], "Encrypt", ("Plaintext", "aHVudGVyMg==")),
        (&requests[1], "Decrypt", ("CiphertextBlob", "AQIDBA==")),
    ] {
        assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("x-amz-target: TrentService.{operation}\r\n")), "{request}");
        assert!(request.contains("Credential=AKIDOFENV/"), "{request}");
        assert!(request.contains("/eu-west-1/kms/aws4_request"), "{request}");
        for part in [
            &format!(r#""KeyId":"{ARN}""#),
            &format!(r#""{field}":"{value}""#),
            r#""EncryptionContext":{"app":"web"}"#,
        ] {
            assert!(request.contains(part), "{part} in {request}");
        }
        assert!(!request.contains("canary-secret"));
    }
}

#[test]
fn refusals_give_their_kind_and_code_but_not_their_text() {
    let cases = [
        ("400 Bad Request", "AccessDeniedException", Kind::Denied),
        ("400 Bad Request", "UnrecognizedClientException", Kind::Denied),
        ("400 Bad Request", "NotFoundException", Kind::NotFound),
        ("400 Bad Request", "DisabledException", Kind::InvalidConfig),
        ("400 Bad Request", "KMSInvalidStateException", Kind::InvalidConfig),
        ("400 Bad Request", "InvalidCiphertextException", Kind::Unexpected),
        ("400 Bad Request", "IncorrectKeyException", Kind::Unexpected),
        ("400 Bad Request", "ThrottlingException", Kind::RateLimited),
        ("500 Internal Server Error", "KMSInternalException", Kind::Unavailable),
        ("503 Service Unavailable", "", Kind::Unavailable),
        ("403 Forbidden", "", Kind::Denied),
        ("418 I'm a teapot", "", Kind::Unexpected),
    ];
    let body = |code: &str| format!(r#"{{"__type":"{code}","message":"canary","Plaintext":"canary"}}"#);
    let fake = Fake::start(cases.iter().map(|(status, code, _)| json(status, &body(code))).collect());
    for (status, code, kind) in cases {
        let (got, reason) = failure(&at(&fake.url, &[]), &key(&[]));
        assert_eq!(got, kind, "{status} {code}: {reason}");
        let separator = if code.is_empty() { "" } else { ", " };
        let end = format!("({code}{separator}status {})", &status[..3]);
        assert!(reason.ends_with(&end), "{reason}");
    }
}

#[test]
fn answers_that_are_not_of_kms_are_errors_without_their_text() {
    let bodies = [
        "",
        "canary",
        "{}",
        "[]",
        "<html>canary</html>",
        r#"{"Plaintext":7}"#,
        r#"{"Plaintext":"canary!"}"#,
        r#"{"Plaintext":""}"#,
        r#"{"Plaintext":null}"#,
        r#"{"CiphertextBlob":"canary=="}"#,
    ];
    let fake = Fake::start(bodies.iter().map(|body| json("200 OK", body)).collect());
    for body in bodies {
        let (kind, reason) = failure(&at(&fake.url, &[]), &key(&[]));
        assert_eq!(kind, Kind::Unexpected, "{body}: {reason}");
    }
    let answers = [r#"{"CiphertextBlob":""}"#, "{}"];
    let fake = Fake::start(answers.iter().map(|body| json("200 OK", body)).collect());
    for _ in answers {
        let error = wait(at(&fake.url, &[]).wrap(&key(&[]), &SecretBytes::new(b"x".to_vec()))).unwrap_err();
        assert!(error.to_string().ends_with(": the answer holds no wrapped key"), "{error}");
    }
}

#[test]
fn what_is_not_base64_is_not_sent() {
    let server = Silent::new();
    let error = wait(at(&server.url, &[]).unwrap(&key(&[]), "can ary!")).unwrap_err();
    assert!(error.to_string().ends_with(": the wrapped data key is not base64"), "{error}");
    assert!(!server.was_called());
}

#[test]
fn k_03_a_malformed_arn_is_told_and_nothing_is_sent() {
    let server = Silent::new();
    for arn in ["", "alias/one", "arn:aws:kms:evil.example.org/:1:key/one", "arn:aws:kms:eu-west-1:a:key/one"]
    {
        let (kind, reason) = failure(&at(&server.url, &[]), &MasterKey::new("kms", [("arn", arn)]));
        assert_eq!(kind, Kind::InvalidConfig);
        assert!(reason.starts_with(&format!("no valid ARN found in {arn:?}: ")), "{reason}");
    }
    assert!(!server.was_called());
}

#[test]
fn k_04_the_profile_of_a_key_comes_before_the_variables() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("credentials");
    let section = |name, id| format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = canary\n");
    put(&file, &[section("default", "AKIDDEFAULT"), section("other", "AKIDOTHER")].concat());
    let credentials = [("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())];
    let fake = Fake::start(vec![json("200 OK", OPENED); 2]);
    let provider = at(&fake.url, &credentials);
    for profile in ["other", ""] {
        assert_eq!(unwrap(&provider, &key(&[("aws_profile", profile)])).unwrap(), b"hunter2");
    }
    let (kind, reason) = failure(&provider, &key(&[("aws_profile", "third")]));
    assert_eq!((kind, reason.as_str()), (Kind::InvalidConfig, "there is no AWS profile \"third\""));
    let requests = fake.requests();
    assert!(requests[0].contains("Credential=AKIDOTHER/"), "{}", requests[0]);
    assert!(!requests[0].contains("x-amz-security-token"), "{}", requests[0]);
    assert!(requests[1].contains("Credential=AKIDOFENV/"), "{}", requests[1]);
}

#[test]
fn k_04_the_role_of_a_key_is_assumed_once_and_used() {
    let assumed = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
        <Credentials><AccessKeyId>AKIDOFROLE</AccessKeyId><SecretAccessKey>canary</SecretAccessKey>\
        <SessionToken>token-of-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
        </AssumeRoleResult></AssumeRoleResponse>";
    let assumed = Fake::answer("200 OK", "Content-Type: text/xml\r\n", assumed);
    let fake = Fake::start(vec![assumed, json("200 OK", OPENED), json("200 OK", OPENED)]);
    let provider = at(&fake.url, &[]);
    for _ in 0..2 {
        assert_eq!(unwrap(&provider, &key(&[("role", ROLE)])).unwrap(), b"hunter2");
    }
    let requests = fake.requests();
    let role = ROLE.replace(':', "%3A").replace('/', "%2F");
    for part in
        ["Action=AssumeRole", &format!("RoleArn={role}"), "RoleSessionName=sops%40", "/eu-west-1/sts/"]
    {
        assert!(requests[0].contains(part), "{part} in {}", requests[0]);
    }
    assert!(requests[0].contains("Credential=AKIDOFENV/"), "{}", requests[0]);
    for request in &requests[1..] {
        assert!(request.contains("Credential=AKIDOFROLE/"), "{request}");
        assert!(request.contains("x-amz-security-token: token-of-role\r\n"), "{request}");
    }
}

#[test]
fn a_role_that_is_refused_is_named() {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: \
        arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on canary</Message>\
        </Error></ErrorResponse>";
    let fake = Fake::start(vec![Fake::answer("403 Forbidden", "Content-Type: text/xml\r\n", body)]);
    let (kind, reason) = failure(&at(&fake.url, &[]), &key(&[("role", ROLE)]));
    let expected = format!(
        "failed to assume role '{ROLE}': access is denied to arn:aws:iam::123456789012:user/ann (AccessDenied, \
         status 403)"
    );
    assert_eq!((kind, reason), (Kind::Denied, expected));
    let (kind, reason) = failure(&at(&nobody(), &[]), &key(&[("role", "deploy")]));
    assert_eq!((kind, reason.as_str()), (Kind::InvalidConfig, "the role \"deploy\" is not an ARN"));
}

#[test]
fn without_credentials_nothing_is_sent() {
    let server = Silent::new();
    let (kind, reason) = failure(&provider(&[("AWS_ENDPOINT_URL", &server.url)]), &key(&[]));
    let expected = "there are no AWS credentials in the environment, in a profile or on this host";
    assert_eq!((kind, reason.as_str()), (Kind::InvalidConfig, expected));
    let (_, reason) = failure(&provider(&[("AWS_ENDPOINT_URL", &server.url)]), &key(&[("role", ROLE)]));
    assert_eq!(reason, format!("failed to assume role '{ROLE}': {expected}"));
    assert!(!server.was_called());
}

#[test]
fn a_program_that_gives_no_credentials_is_not_quoted() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config");
    put(&file, "[profile tool]\ncredential_process = sh -c 'echo canary; echo canary >&2; exit 1'\n");
    let variables = [("AWS_CONFIG_FILE", file.to_str().unwrap()), ("PATH", "/usr/bin:/bin")];
    let (_, reason) = failure(&at(&nobody(), &variables), &key(&[("aws_profile", "tool")]));
    assert_eq!(reason, "no AWS credentials could be had");
}

#[test]
fn settings_that_cannot_be_used_are_told_by_name() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (name, value, end) in [
        ("AWS_ENDPOINT_URL_KMS", "127.0.0.1:5000", "AWS_ENDPOINT_URL_KMS is not an http or https URL"),
        ("AWS_CA_BUNDLE", here, "AWS_CA_BUNDLE: it does not hold certificates in PEM"),
        ("AWS_CA_BUNDLE", "/nonexistent", "AWS_CA_BUNDLE: No such file or directory (os error 2)"),
        ("HTTPS_PROXY", "ftp://canary@proxy", "HTTPS_PROXY is not the URL of a proxy"),
    ] {
        let (kind, reason) = failure(&at(&nobody(), &[(name, value)]), &key(&[]));
        assert_eq!((kind, reason.as_str()), (Kind::InvalidConfig, end));
    }
}

#[test]
fn k_06_a_silent_server_is_given_up() {
    let server = Silent::new();
    let mut provider = at(&server.url, &[]);
    assert_eq!(provider.deadline, Duration::from_secs(30));
    provider.deadline = Duration::from_millis(300);
    let start = Instant::now();
    let (kind, reason) = failure(&provider, &key(&[]));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!((kind, reason.as_str()), (Kind::Unavailable, "there was no answer in time"));
}

#[test]
fn an_answer_without_end_is_given_up() {
    let long = format!(r#"{{"Plaintext":"{}"}}"#, "A".repeat(9 << 20));
    let fake = Fake::start(vec![json("200 OK", &long)]);
    let (kind, reason) = failure(&at(&fake.url, &[]), &key(&[]));
    assert_eq!((kind, reason.as_str()), (Kind::Unexpected, "the answer is not one of AWS"));
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let (kind, reason) = failure(&at(&nobody(), &[]), &key(&[]));
    assert_eq!(kind, Kind::Unavailable);
    assert!(reason.starts_with("the server cannot be reached: Connection refused"), "{reason}");
}

#[test]
fn a_redirect_is_not_followed() {
    let target = Silent::new();
    let location = format!("Location: {}/\r\n", target.url);
    let statuses = ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"];
    let fake = Fake::start(statuses.iter().map(|status| Fake::answer(status, &location, "")).collect());
    for status in statuses {
        let (kind, reason) = failure(&at(&fake.url, &[]), &key(&[]));
        assert_eq!(kind, Kind::Unexpected, "{status}: {reason}");
    }
    assert_eq!(fake.requests().len(), statuses.len());
    assert!(!target.was_called(), "the redirect was followed");
}

#[test]
fn aws_is_reached_through_the_proxy_of_the_environment() {
    let proxy = Fake::start(vec![Fake::answer("403 Forbidden", "", "canary")]);
    let mut provider = at("", &[("https_proxy", &proxy.url)]);
    provider.deadline = Duration::from_secs(10);
    let (kind, reason) = failure(&provider, &key(&[]));
    assert_eq!(kind, Kind::Unavailable, "{reason}");
    let requests = proxy.requests();
    assert!(
        requests[0].starts_with("CONNECT kms.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
}

#[expect(clippy::disallowed_methods, reason = "a file of a temporary directory")]
fn put(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
