//! What a listener bears (H-01), of the program as it is shipped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bulla_testkit::Tool;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::home::Home;
use crate::http::Served;

/// How many come and ask nothing.
const CROWD: usize = 1000;

/// Sends a text and reads to the end: the status, 0 where there is no answer.
fn status(port: u16, text: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    // It need not take all of it.
    let _ = stream.write_all(text);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

#[test]
fn h_01_a_crowd_that_asks_nothing_keeps_nobody_out_and_statuses_are_exact() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).expect("up to the maximum");
    let home = Home::new("crowd");
    let ours = Served::start(&home, &Tool::controller(), &[]);
    let port: u16 = ours.api.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let begin = Instant::now();
    // Half a head each, and then nothing.
    let mut crowd: Vec<TcpStream> = Vec::new();
    for _ in 0..CROWD {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nX: ").expect("it reads");
        crowd.push(stream);
    }
    let long = format!("X: {}\r\n", "x".repeat(17 << 10));
    let large = " ".repeat((4 << 20) + 1);
    for (method, path, headers, body, expected) in [
        ("GET", "/healthz", "", "", 200),
        ("GET", "/v1/cert.pem", "", "", 200),
        ("GET", "/v1/other", "", "", 404),
        ("POST", "/v1/cert.pem", "", "", 405),
        ("GET", "/v1/verify", "", "", 405),
        ("PUT", "/v1/rotate", "", "", 405),
        ("GET", "/healthz", &long, "", 431),
        ("POST", "/v1/rotate", "", &large, 413),
    ] {
        let found = status(port, &request(method, path, headers, body));
        assert_eq!(found, expected, "{method} {path} {}", headers.len());
    }
    let asked = |number: usize| {
        let from = format!("X-Forwarded-For: 10.0.0.{number}\r\n");
        status(port, &request("POST", ["/v1/verify", "/v1/rotate"][number % 2], &from, "x"))
    };
    let asked: Vec<u16> = (0..30).map(asked).collect();
    assert!(asked.contains(&429) && asked.iter().all(|status| [429, 500].contains(status)), "{asked:?}");
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    // Meanwhile it did its work.
    home.apply(&home.seal("one", &[("a", "value")], &serde_json::Value::Null));
    home.value("one", "a", "value");
    // Nobody is waited for; the last of the crowd came latest.
    let mut last = crowd.pop().expect("a crowd");
    last.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
    let read = last.read_to_end(&mut Vec::new());
    let is_late = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
    assert!(!read.is_err_and(|error| is_late(&error)), "the last one is still waited for");
    let resident = ours.pod.resident() / 1024;
    assert!(resident <= 50, "{resident} MiB");
}
