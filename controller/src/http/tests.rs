use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bulla_api::{SealedSecret, decode_base64, encode_base64};
use bulla_crypto::SystemRandom;
use bulla_seal::{KeyRing, Scope, SealingKey, UnsealOptions, seal_value};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;

const UNLIMITED: Rate = Rate { per_second: 1000, burst: 1000 };

fn key() -> SealingKey {
    SealingKey::from_pem(include_bytes!("../../../tests/fixtures/seal/main.key")).unwrap()
}

/// An object with items that are sealed for it.
fn sealed(items: &[(&str, &str)]) -> serde_json::Value {
    let label = Scope::Strict.label("team", "app");
    let seal = |value: &str| {
        encode_base64(&seal_value(key().public(), value.as_bytes(), &label, &SystemRandom).unwrap())
    };
    let items: BTreeMap<&str, String> = items.iter().map(|(name, value)| (*name, seal(value))).collect();
    json!({
        "kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1",
        "metadata": {"name": "app", "namespace": "team"},
        "spec": {"template": {"metadata": {"name": "app", "namespace": "team"}}, "encryptedData": items},
    })
}

/// Serves with the one key.
async fn served(rate: Rate, limits: Limits) -> (SocketAddr, Arc<Metrics>) {
    let ring = watch::channel(Arc::new(Ring::of(KeyRing::new([key()])))).1;
    let desk = Desk::open(rate, UnsealOptions::default(), Arc::new(SystemRandom), ring, limits.work).unwrap();
    let (health, metrics) = (Arc::<Health>::default(), Arc::new(Metrics::new(0).unwrap()));
    let listener = address::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let api = Api { health, metrics: Arc::clone(&metrics), desk, limits };
    tokio::spawn(listen::serve(listener, limits, api, watch::channel(false).1));
    (address, metrics)
}

/// Sends a text and reads to the end: status, head and body.
async fn send(address: SocketAddr, text: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server need not wait for all of it.
    let _ = stream.write_all(text).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

async fn post(address: SocketAddr, path: &str, body: &str) -> (u16, String) {
    let (status, _, body) = send(address, &request("POST", path, "", body)).await;
    (status, body)
}

#[tokio::test]
async fn h_01_what_does_not_fit_gets_its_exact_status() {
    let (address, metrics) = served(UNLIMITED, Limits::DEFAULT).await;
    for (method, path, status, allowed) in [
        ("GET", "/healthz", 200, None),
        ("HEAD", "/readyz", 503, None),
        ("GET", "/v1/cert.pem", 500, None),
        ("GET", "/v1/other", 404, None),
        ("POST", "/healthz", 405, Some("get, head")),
        ("PUT", "/v1/cert.pem", 405, Some("get, head")),
        ("GET", "/v1/verify", 405, Some("post")),
        ("PUT", "/v1/rotate", 405, Some("post")),
    ] {
        let (found, head, _) = send(address, &request(method, path, "", "")).await;
        assert_eq!(found, status, "{method} {path}");
        let allow = head.lines().find_map(|line| line.strip_prefix("allow: "));
        assert_eq!(allow, allowed, "{method} {path}");
    }
    let long = format!("X: {}\r\n", "x".repeat(17 << 10));
    assert_eq!(send(address, &request("GET", "/healthz", &long, "")).await.0, 431);
    // Declared, and found out on the way.
    let body = " ".repeat((4 << 20) + 1);
    let (status, text) = post(address, "/v1/verify", &body).await;
    assert!(status == 413 && text.contains("4 MiB"), "{status} {text}");
    let chunked = format!(
        "POST /v1/rotate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert_eq!(send(address, chunked.as_bytes()).await.0, 413);
    assert_eq!(post(address, "/v1/verify", &body[1..]).await.0, 500, "at the limit it is read");
    let counted =
        "sealed_secrets_controller_http_requests_total{code=\"413\",method=\"post\",path=\"/v1/rotate\"} 1";
    assert!(metrics.text().unwrap().contains(counted));
}

#[tokio::test]
async fn s_06_one_bucket_for_both_whoever_a_request_claims_to_come_from() {
    let (address, _) = served(Rate { per_second: 1, burst: 2 }, Limits::DEFAULT).await;
    for (number, path) in ["/v1/verify", "/v1/rotate", "/v1/verify"].into_iter().enumerate() {
        let headers = format!("X-Forwarded-For: 10.0.0.{number}\r\n");
        let (status, head, _) = send(address, &request("POST", path, &headers, "x")).await;
        assert_eq!(status, 500, "{head}");
        assert!(head.contains("x-ratelimit-limit: 3") && !head.contains("retry-after"), "{head}");
    }
    for path in ["/v1/rotate", "/v1/verify"] {
        let (status, head, body) =
            send(address, &request("POST", path, "X-Forwarded-For: 10.0.0.9\r\n", "x")).await;
        assert_eq!((status, body.as_str()), (429, "limit exceeded\n"));
        assert!(head.contains("retry-after: 1") && head.contains("x-ratelimit-remaining: 0"), "{head}");
    }
}

#[tokio::test]
async fn answers_have_the_status_and_the_body_of_the_reference() {
    let (address, _) = served(UNLIMITED, Limits::DEFAULT).await;
    let good = sealed(&[("a", "one"), ("b", "two")]);
    let mut moved = good.clone();
    moved["metadata"]["name"] = "other".into();
    let good = good.to_string();
    let yaml = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec: {encryptedData: {}}\n";
    for (body, verified, rotated) in [
        (good.as_str(), 200, 200),
        (yaml, 200, 200),
        (&moved.to_string(), 409, 500),
        (&format!("{yaml}---\n{yaml}"), 500, 500),
        (&format!("{good}{good}"), 500, 500),
        (r#"{"kind":"Secret","apiVersion":"v1"}"#, 500, 500),
        ("", 500, 500),
    ] {
        assert_eq!(post(address, "/v1/verify", body).await, (verified, String::new()), "{body}");
        let (status, text) = post(address, "/v1/rotate", body).await;
        assert_eq!((status, text.is_empty()), (rotated, rotated == 500), "{body}");
    }
    let (_, text) = post(address, "/v1/rotate", &good).await;
    assert!(
        text.starts_with(r#"{"metadata":{"name":"app","namespace":"team"},"spec":{"template":"#),
        "{text}"
    );
    let rotated = SealedSecret::from_text(text.as_bytes()).unwrap();
    let ring = KeyRing::new([key()]);
    let label = Scope::Strict.label("team", "app");
    for (name, value) in [("a", "one"), ("b", "two")] {
        let opened = ring.open(&decode_base64(&rotated.encrypted_data[name]).unwrap(), &label).unwrap();
        assert_eq!(opened.plaintext.expose(), value.as_bytes());
        assert!(!good.contains(&rotated.encrypted_data[name]));
    }
}

#[tokio::test]
async fn s_06_what_costs_too_much_is_given_up() {
    let limits = Limits { work: Duration::from_millis(20), ..Limits::DEFAULT };
    let (address, _) = served(UNLIMITED, limits).await;
    let mut many = sealed(&[("a", "one")]);
    let item = many["spec"]["encryptedData"]["a"].clone();
    for number in 0..2000 {
        many["spec"]["encryptedData"][format!("a{number}")] = item.clone();
    }
    for path in ["/v1/verify", "/v1/rotate"] {
        let (status, text) = post(address, path, &many.to_string()).await;
        assert!(status == 413 && text.contains("2 seconds"), "{status} {text}");
        assert_eq!(post(address, path, &sealed(&[("a", "one")]).to_string()).await.0, 200);
    }
}

#[tokio::test]
async fn s_06_what_takes_much_memory_is_refused() {
    let (address, _) = served(UNLIMITED, Limits::DEFAULT).await;
    let mut dense = sealed(&[("a", "one")]);
    assert_eq!(post(address, "/v1/verify", &dense.to_string()).await.0, 200);
    dense["x"] = vec![json!({"": 1}); 60_000].into();
    let good = sealed(&[("a", "one")]).to_string();
    let good = good.strip_suffix('}').unwrap();
    let nodes = |count: usize| format!("# YAML\n{good}, x: [{}]}}", vec!["{a: b}"; count].join(","));
    let aliases = |count: usize| {
        format!("# YAML\n{good}, x: &x {}, y: [{}]}}", "x".repeat(1 << 20), vec!["*x"; count].join(","))
    };
    for (text, status) in [
        (dense.to_string(), 500),
        (nodes(10), 200),
        (nodes(30_000), 500),
        (aliases(0), 200),
        (aliases(2), 500),
    ] {
        assert_eq!(post(address, "/v1/verify", &text).await.0, status);
    }
}

#[tokio::test]
async fn s_06_long_answers_are_few_at_a_time() {
    let (address, _) = served(UNLIMITED, Limits::DEFAULT).await;
    // In JSON each becomes six letters.
    let asked = |count: usize| {
        let mut object = sealed(&[]);
        object["spec"]["template"]["data"] = json!({"a": "<".repeat(count)});
        request("POST", "/v1/rotate", "", &object.to_string())
    };
    assert_eq!(send(address, &asked(1_500_000)).await.0, 413);
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&asked(1_300_000)).await.unwrap();
        silent.push(stream);
    }
    // All are answered, and the rest of the answers waits.
    for stream in &mut silent {
        assert_eq!(stream.read_u8().await.unwrap(), b'H');
    }
    assert_eq!(post(address, "/v1/verify", "x").await.0, 429);
    drop(silent);
    while post(address, "/v1/verify", "x").await.0 != 500 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn h_01_who_drips_is_not_waited_for() {
    let short = Duration::from_millis(300);
    let limits = Limits { head: short, request: short, ..Limits::DEFAULT };
    let (address, _) = served(UNLIMITED, limits).await;
    let (status, _, _) = send(address, b"GET /healthz HTTP/1.1\r\nHost: ").await;
    assert!([0, 408].contains(&status), "a head");
    let (status, _, _) =
        send(address, b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{").await;
    assert_eq!(status, 408, "a body");
    // Nor is a connection kept for its own sake.
    let start = Instant::now();
    let (status, _, _) = send(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(status == 200 && start.elapsed() < Duration::from_secs(5));
}

/// Tells that it is asked, and answers when it is told to.
struct Waits(Arc<[Notify; 2]>);

impl Service for Waits {
    async fn answer(&self, _: Request<Incoming>) -> Reply {
        self.0[0].notify_one();
        self.0[1].notified().await;
        text(StatusCode::OK, "ok\n").into()
    }
}

#[tokio::test]
async fn r_21_who_has_asked_gets_the_answer_and_nobody_else_gets_in() {
    let listener = address::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = watch::channel(false);
    let says = Arc::new([Notify::new(), Notify::new()]);
    let served = tokio::spawn(listen::serve(listener, Limits::DEFAULT, Waits(Arc::clone(&says)), ended));
    let mut silent = TcpStream::connect(address).await.unwrap();
    let asking = tokio::spawn(async move { send(address, &request("GET", "/", "", "")).await });
    says[0].notified().await;
    end.send_replace(true);
    // The silent one is let go, and the door is shut.
    assert!(matches!(silent.read(&mut [0]).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!served.is_finished());
    says[1].notify_one();
    assert_eq!(asking.await.unwrap().0, 200);
    served.await.unwrap().unwrap();
}

/// Refuses everything, and tells.
struct Refuses(Arc<Notify>);

impl Service for Refuses {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        self.0.notify_one();
        refuse(request, "GET")
    }
}

/// Announces a body that never comes.
const NO_BODY: &[u8] = b"PUT /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";

#[tokio::test]
async fn r_21_who_is_refused_is_told_so_also_at_the_end() {
    let listener = address::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = watch::channel(false);
    let asked = Arc::new(Notify::new());
    let served = tokio::spawn(listen::serve(listener, Limits::DEFAULT, Refuses(Arc::clone(&asked)), ended));
    let asking = tokio::spawn(async move { send(address, NO_BODY).await });
    asked.notified().await;
    end.send_replace(true);
    assert_eq!(asking.await.unwrap().0, 405);
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn h_01_who_is_refused_and_sends_no_body_keeps_nobody_out() {
    let limits = Limits { connections: 8, ..Limits::DEFAULT };
    let (address, _) = served(UNLIMITED, limits).await;
    let mut crowd = Vec::new();
    for _ in 0..10 * limits.connections {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(NO_BODY).await.unwrap();
        crowd.push(stream);
    }
    let start = Instant::now();
    assert_eq!(send(address, &request("GET", "/healthz", "", "")).await.0, 200);
    // Half a second for each eight of them would be five.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// Answers everything with more than a connection holds.
struct Large;

impl Service for Large {
    async fn answer(&self, _: Request<Incoming>) -> Reply {
        typed(StatusCode::OK, "text/plain", vec![b'x'; LARGE]).into()
    }
}

const LARGE: usize = 64 << 20;

#[tokio::test]
async fn h_01_an_answer_is_not_cut_off_to_make_room_and_waits_a_while() {
    for (taking, pause, is_whole) in [(10_000, 0, true), (50, 500, false)] {
        let limits = Limits { connections: 2, taking: Duration::from_millis(taking), ..Limits::DEFAULT };
        let listener = address::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(listen::serve(listener, limits, Large, watch::channel(false).1));
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(&request("GET", "/", "", "")).await.unwrap();
        let mut answer = vec![0];
        slow.read_exact(&mut answer).await.unwrap();
        let mut crowd = Vec::new();
        for _ in 0..8 {
            crowd.push(TcpStream::connect(address).await.unwrap());
        }
        // Who is silent makes room.
        assert!(matches!(crowd[0].read(&mut [0]).await, Ok(0) | Err(_)));
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let _ = slow.read_to_end(&mut answer).await;
        assert_eq!(answer.len() > LARGE, is_whole, "{}", answer.len());
    }
}

#[tokio::test]
async fn h_01_a_thousand_silent_connections_keep_nobody_out() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let (address, _) = served(UNLIMITED, Limits::DEFAULT).await;
    let mut silent = Vec::new();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        silent.push(stream);
    }
    let start = Instant::now();
    for _ in 0..10 {
        assert_eq!(send(address, &request("GET", "/healthz", "", "")).await.0, 200);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let mut kept = 0;
    for stream in &mut silent {
        let read = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut [0; 512])).await;
        kept += usize::from(read.is_err());
    }
    assert!((1..=64).contains(&kept), "{kept} are open");
}
