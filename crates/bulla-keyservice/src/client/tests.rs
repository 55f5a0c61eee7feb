use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;
use crate::{Ask, KeyService, Listener, Operation, serve};

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n";
const END: &str = "\n-----END AGE ENCRYPTED FILE-----";

/// "Wraps" by turning the bits around; its recipient says how it behaves.
struct Local;

const HEADER: &[u8] = b"age-encryption.org/v1\n";

impl KeyProvider for Local {
    fn serves(&self, kind: &str) -> bool {
        kind == "age"
    }

    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(async move {
            if key.text("recipient") == "age1bad" {
                return Err(ProviderError::new(Kind::InvalidConfig, "no such recipient\n\x1b[2J: below"));
            }
            let turned = secret.expose().iter().map(|byte| !byte);
            let file: Vec<u8> = HEADER.iter().copied().chain(turned).collect();
            Ok(format!("{BEGIN}{}{END}", STANDARD.encode(file)))
        })
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(async move {
            if key.text("recipient") == "age1mail" {
                return Ok(SecretBytes::new(b"a letter, not a key".to_vec()));
            }
            let file = STANDARD.decode(wrapped.trim_start_matches(BEGIN).trim_end_matches(END)).unwrap();
            Ok(SecretBytes::new(file[HEADER.len()..].iter().map(|byte| !byte).collect()))
        })
    }
}

fn age(recipient: &str) -> MasterKey {
    MasterKey::new("age", [("recipient", recipient)])
}

fn secret() -> SecretBytes {
    SecretBytes::new((100..132).collect())
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = runtime.block_on(test);
    runtime.shutdown_background();
    outcome
}

type Told = Arc<Mutex<Vec<(Operation, String, bool)>>>;

/// Starts our own server; ends when the sender is used or dropped.
fn start(listener: Listener, ask: Option<Ask>) -> (oneshot::Sender<()>, Told) {
    let told: Told = Arc::default();
    let (stop, stopped) = oneshot::channel();
    let log = Arc::clone(&told);
    let tell = move |operation, key: &MasterKey, done| {
        log.lock().unwrap().push((operation, key.text("recipient").to_owned(), done));
    };
    let service = KeyService::new(vec![Box::new(Local)], ask, Arc::new(tell));
    tokio::spawn(serve(listener, service, async {
        let _ = stopped.await;
    }));
    (stop, told)
}

fn tcp() -> (Listener, RemoteKeyService) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = remote(listener.local_addr().unwrap());
    (Listener::Tcp(listener), remote)
}

fn remote(address: SocketAddr) -> RemoteKeyService {
    RemoteKeyService::new(Address::Tcp { host: address.ip().to_string(), port: address.port() })
}

async fn round_trip(remote: &RemoteKeyService) {
    let wrapped = remote.wrap(&age("age1good"), &secret()).await.unwrap();
    let unwrapped = remote.unwrap(&age("age1good"), &wrapped).await.unwrap();
    assert_eq!(unwrapped.expose(), secret().expose());
}

#[test]
fn a_data_key_goes_there_and_back_over_tcp() {
    run(async {
        let (listener, remote) = tcp();
        let (_stop, told) = start(listener, None);
        round_trip(&remote).await;
        let told = told.lock().unwrap().clone();
        let done = |operation| (operation, "age1good".to_owned(), true);
        assert_eq!(told, [done(Operation::Encrypt), done(Operation::Decrypt)]);
    });
}

#[cfg(unix)]
#[test]
fn a_data_key_goes_there_and_back_over_a_unix_socket() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("keys.sock");
    run(async {
        let listener = Listener::Unix(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let (_stop, _) = start(listener, None);
        round_trip(&RemoteKeyService::new(Address::Unix(path.clone()))).await;
    });
}

#[test]
fn one_connection_carries_many_requests_and_many_connections_are_served() {
    run(async {
        let (listener, remote) = tcp();
        let (_stop, told) = start(listener, None);
        let remote = Arc::new(remote);
        let mut tasks = JoinSet::new();
        for _ in 0..200 {
            let remote = Arc::clone(&remote);
            tasks.spawn(async move { round_trip(&remote).await });
        }
        assert_eq!(tasks.join_all().await.len(), 200);
        assert_eq!(told.lock().unwrap().len(), 400);
    });
}

#[test]
fn reasons_of_the_service_are_passed_on_escaped() {
    run(async {
        let (listener, remote) = tcp();
        let (_stop, told) = start(listener, None);
        let error = remote.wrap(&age("age1bad"), &secret()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("key service at tcp://127.0.0.1:"), "{text}");
        assert!(text.ends_with(": no such recipient; \\u{1b}[2J: below"), "{text}");
        assert!(!told.lock().unwrap()[0].2);
        let key = MasterKey::new("hckms", [("key_id", "x")]);
        let error = remote.unwrap(&key, "AAAA").await.unwrap_err();
        assert_eq!(error.kind, Kind::Unsupported);
        assert!(error.to_string().contains("no provider for hckms keys is built in"), "{error}");
    });
}

#[test]
fn only_data_keys_are_wrapped_and_handed_out() {
    run(async {
        let (listener, remote) = tcp();
        let (_stop, told) = start(listener, None);
        let error = remote.unwrap(&age("age1mail"), "x").await.unwrap_err();
        assert!(error.to_string().contains("what was decrypted is no data key"), "{error}");
        let error = remote.wrap(&age("age1good"), &SecretBytes::new(vec![7; 31])).await.unwrap_err();
        assert!(error.to_string().contains("only data keys of 32 bytes"), "{error}");
        assert_eq!(*told.lock().unwrap(), [(Operation::Decrypt, "age1mail".to_owned(), false)]);
    });
}

#[test]
fn nothing_is_done_before_the_user_said_yes() {
    run(async {
        let (listener, remote) = tcp();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        // Yes to the first question, no to the second.
        let ask: Ask = Arc::new(move |_, _| count.fetch_add(1, Ordering::SeqCst) == 0);
        let (_stop, told) = start(listener, Some(ask));
        let wrapped = remote.wrap(&age("age1good"), &secret()).await.unwrap();
        let error = remote.unwrap(&age("age1good"), &wrapped).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.to_string().contains("Request rejected by user"), "{error}");
        assert_eq!((asked.load(Ordering::SeqCst), told.lock().unwrap().len()), (2, 1));
    });
}

#[test]
fn a_service_that_ends_lets_a_request_finish_and_takes_no_other() {
    run(async {
        let (listener, remote) = tcp();
        let (reached, waiting) = oneshot::channel();
        let reached = Mutex::new(Some(reached));
        let ask: Ask = Arc::new(move |_, _| {
            reached.lock().unwrap().take().unwrap().send(()).unwrap();
            std::thread::sleep(Duration::from_millis(300));
            true
        });
        let (stop, _) = start(listener, Some(ask));
        let (key, secret) = (age("age1good"), secret());
        let running = remote.wrap(&key, &secret);
        let ending = async {
            waiting.await.unwrap();
            stop.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(running, ending);
        assert!(answer.unwrap().starts_with(BEGIN));
        let error = remote.wrap(&key, &secret).await.unwrap_err();
        assert!(error.to_string().contains("cannot be reached: connection refused"), "{error}");
    });
}

#[test]
fn k_07_a_request_of_100_mib_is_refused_by_the_server() {
    run(async {
        let (listener, remote) = tcp();
        let (_stop, told) = start(listener, None);
        let error = remote.unwrap(&age("age1good"), &"x".repeat(100 << 20)).await.unwrap_err();
        assert!(error.to_string().contains("too large") || error.kind != Kind::NotMine, "{error}");
        assert!(told.lock().unwrap().is_empty());
        round_trip(&remote).await;
    });
}

#[test]
fn k_07_a_client_that_speaks_nonsense_stops_nobody() {
    run(async {
        let (listener, remote) = tcp();
        let (_stop, _) = start(listener, None);
        let Address::Tcp { host, port } = &remote.address else { panic!() };
        for nonsense in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\0\0\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff"]
        {
            let mut stream = tokio::net::TcpStream::connect((host.as_str(), *port)).await.unwrap();
            stream.write_all(nonsense).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        round_trip(&remote).await;
    });
}

/// A server that answers every request with these headers and bytes, and then
/// says that all went well.
async fn hostile(body: Bytes, headers: &'static [(&'static str, &'static str)]) -> RemoteKeyService {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let remote = remote(listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let body = body.clone();
            let answer = service_fn(move |_| {
                let mut response = http::Response::builder().header("content-type", "application/grpc");
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                let mut end = http::HeaderMap::new();
                end.insert("grpc-status", http::HeaderValue::from_static("0"));
                let body = Full::new(body.clone()).with_trailers(ready(Some(Ok(end))));
                let response = response.body(body).unwrap();
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = server::Builder::new(TokioExecutor::new());
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), answer));
        }
    });
    remote
}

/// A message in its frame.
fn framed(message: &[u8]) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.into()
}

/// The only field of both answers.
fn field(content: &[u8]) -> Vec<u8> {
    EncryptResponse { ciphertext: content.to_vec() }.encode_to_vec()
}

#[track_caller]
fn refused(error: &ProviderError, words: &str) {
    let text = error.to_string();
    assert!(text.starts_with("key service at tcp://127.0.0.1:") && text.contains(words), "{text}");
    assert!(text.len() < 1200 && !text.chars().any(char::is_control), "{text}");
}

#[test]
fn k_07_a_data_key_of_the_wrong_length_is_refused() {
    run(async {
        for length in [0, 1, 16, 31, 34, 64, 1000] {
            let remote = hostile(framed(&field(&vec![7; length])), &[]).await;
            let error = remote.unwrap(&age("age1x"), "x").await.unwrap_err();
            refused(&error, &format!("the answer is {length} bytes long"));
        }
        let remote = hostile(framed(&field(&[7; 32])), &[]).await;
        assert_eq!(remote.unwrap(&age("age1x"), "x").await.unwrap().expose(), [7; 32]);
    });
}

#[test]
fn k_07_an_empty_or_broken_answer_is_refused() {
    run(async {
        for body in [
            &b""[..],
            b"\0\0\0\0",
            b"\0\0\0\0\x05ab",
            b"\x01\0\0\0\x02ab",
            b"\x07\0\0\0\0",
            b"\0\0\0\0\x02\x0a\x7f",
            b"\0\0\0\0\x03\xff\xff\xff",
        ] {
            let remote = hostile(Bytes::from_static(body), &[]).await;
            let error = remote.unwrap(&age("age1x"), "x").await.unwrap_err();
            refused(&error, ": ");
        }
        let remote = hostile(framed(b""), &[]).await;
        refused(&remote.unwrap(&age("age1x"), "x").await.unwrap_err(), "the answer is 0 bytes long");
        refused(&remote.wrap(&age("age1x"), &secret()).await.unwrap_err(), "no data key wrapped with age");
    });
}

#[test]
fn c_10_a_wrapped_key_of_another_shape_is_refused() {
    run(async {
        let long = "A".repeat(70_000).into_bytes();
        for garbage in [&b"garbage"[..], b"\xff\xfe", b"vault:v1:AAAA", &long] {
            let remote = hostile(framed(&field(garbage)), &[]).await;
            let error = remote.wrap(&age("age1x"), &secret()).await.unwrap_err();
            refused(&error, "the answer is no data key wrapped with age");
        }
    });
}

#[test]
fn k_07_an_answer_of_100_mib_is_refused_before_it_is_read() {
    run(async {
        let remote = hostile(framed(&vec![0; 100 << 20]), &[]).await;
        refused(&remote.unwrap(&age("age1x"), "x").await.unwrap_err(), "too large");
        // The same without saying so: a small message, then more and more.
        let mut body = framed(&field(&[7; 5])).to_vec();
        body.resize(100 << 20, 0);
        let remote = hostile(body.into(), &[]).await;
        refused(&remote.unwrap(&age("age1x"), "x").await.unwrap_err(), ": ");
    });
}

#[test]
fn k_07_words_of_a_service_are_escaped_and_cut() {
    const WORDS: &[(&str, &str)] = &[("grpc-status", "7"), ("grpc-message", "no%1B%5B2J%0A%E2%80%AE")];
    run(async {
        let remote = hostile(Bytes::new(), WORDS).await;
        let error = remote.unwrap(&age("age1x"), "x").await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        refused(&error, "no\\u{1b}[2J; \\u{202e}");
        let long: &'static str = "x".repeat(9000).leak();
        let words: &'static [_] = vec![("grpc-status", "2"), ("grpc-message", long)].leak();
        let remote = hostile(Bytes::new(), words).await;
        refused(&remote.unwrap(&age("age1x"), "x").await.unwrap_err(), "xxx...");
    });
}

#[test]
fn k_07_words_that_repeat_the_data_key_are_not_shown() {
    const WORDS: &[(&str, &str)] = &[("grpc-status", "2"), ("grpc-message", "bad key defghijklmnop")];
    run(async {
        let remote = hostile(Bytes::new(), WORDS).await;
        let error = remote.wrap(&age("age1x"), &secret()).await.unwrap_err();
        refused(&error, "words that are not shown");
        assert!(!error.to_string().contains("defghi"), "{error}");
    });
}

#[test]
fn k_07_a_server_of_another_protocol_is_named() {
    run(async {
        for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH\r\n", b""] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let remote = remote(listener.local_addr().unwrap());
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let _ = stream.write_all(answer).await;
                }
            });
            refused(&remote.unwrap(&age("age1x"), "x").await.unwrap_err(), ": ");
        }
        let plain = hostile(Bytes::from_static(b"<html>"), &[("content-type", "text/html")]).await;
        refused(&plain.unwrap(&age("age1x"), "x").await.unwrap_err(), ": ");
    });
}

#[test]
fn a_service_that_is_down_is_named() {
    run(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = remote(listener.local_addr().unwrap());
        drop(listener);
        let error = remote.unwrap(&age("age1x"), "x").await.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        refused(&error, "cannot be reached: connection refused");
        let gone = RemoteKeyService::new(Address::Unix("/nonexistent/keys.sock".into()));
        let error = gone.unwrap(&age("age1x"), "x").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "key service at unix:///nonexistent/keys.sock: cannot be reached: no such file or directory"
        );
    });
}
