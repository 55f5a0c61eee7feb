//! A server of HTTP or HTTPS that keeps what it is asked: to compare what two
//! clients of one cluster send.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::wire;

/// A request as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The first line, without its end.
    pub line: String,
    /// Names in small letters, and values, sorted.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// What the client proved to be: its certificate in DER.
    pub client: Option<Vec<u8>>,
    /// The name that TLS was asked for.
    pub server_name: Option<String>,
}

impl Asked {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// PEM files of a server that speaks TLS.
pub struct Certificates {
    /// Its certificate.
    pub certificate: &'static str,
    /// Its key.
    pub key: &'static str,
    /// Whose client certificates it takes; none is taken as well.
    pub clients: &'static str,
}

/// A server on loopback that answers until the test ends.
pub struct ApiServer {
    /// As in `https://127.0.0.1:40000`.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ApiServer {
    /// Starts a server. `answer` makes the text of an answer, as
    /// [`Fake::answer`](crate::Fake::answer) does, from a request and the
    /// number of those before it.
    pub fn start(
        certificates: Option<&Certificates>,
        answer: impl Fn(&Asked, usize) -> String + Send + Sync + 'static,
    ) -> Self {
        let (listener, address) = listen();
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let configuration = certificates.map(configuration);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer, configuration) =
                    (Arc::clone(&kept), Arc::clone(&answer), configuration.clone());
                // A client that hangs up is its own end and nobody else's.
                std::thread::spawn(move || serve(stream, configuration, &kept, &*answer).unwrap_or_default());
            }
        });
        Self { url: format!("{scheme}://{address}"), asked }
    }

    /// What came so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

pub(crate) fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound port").to_string();
    (listener, address)
}

pub(crate) fn configuration(certificates: &Certificates) -> Arc<ServerConfig> {
    let chain = |pem: &str| {
        CertificateDer::pem_slice_iter(pem.as_bytes())
            .map(|der| der.expect("a certificate"))
            .collect::<Vec<_>>()
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(chain(certificates.clients));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let clients = clients.allow_unauthenticated().build().expect("authorities");
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("versions of TLS").with_client_cert_verifier(clients);
    let key = PrivateKeyDer::from_pem_slice(certificates.key.as_bytes()).expect("a key");
    Arc::new(builder.with_single_cert(chain(certificates.certificate), key).expect("they belong together"))
}

fn serve(
    mut stream: TcpStream,
    configuration: Option<Arc<ServerConfig>>,
    kept: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked, usize) -> String,
) -> std::io::Result<()> {
    let Some(configuration) = configuration else {
        let asked = receive(&mut stream)?;
        return stream.write_all(reply(asked, kept, answer).as_bytes());
    };
    let connection = ServerConnection::new(configuration).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut asked = receive(&mut stream)?;
    asked.client = stream.conn.peer_certificates().and_then(|chain| chain.first()).map(|der| der.to_vec());
    asked.server_name = stream.conn.server_name().map(str::to_owned);
    stream.write_all(reply(asked, kept, answer).as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn reply(asked: Asked, kept: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked, usize) -> String) -> String {
    let mut kept = lock(kept);
    let text = answer(&asked, kept.len());
    kept.push(asked);
    text
}

fn receive(stream: &mut impl Read) -> std::io::Result<Asked> {
    let request = wire::request(stream)?;
    let (head, body) = request.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let mut headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    headers.sort();
    Ok(Asked { line, headers, body: body.to_owned(), client: None, server_name: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fake;

    #[test]
    fn what_is_asked_is_kept_and_answered() {
        let server = ApiServer::start(None, |asked, number| {
            Fake::answer("200 OK", "", &format!("{number} {}", asked.line))
        });
        let ask = |body: &str| {
            let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
            let length = body.len();
            write!(stream, "POST /x HTTP/1.1\r\nB: 1\r\nContent-Length: {length}\r\na: 2\r\n\r\n{body}")
                .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(ask("one").ends_with("\r\n\r\n0 POST /x HTTP/1.1"));
        assert!(ask("").ends_with("\r\n\r\n1 POST /x HTTP/1.1"));
        let asked = server.asked();
        assert_eq!((asked.len(), asked[0].body.as_str(), asked[0].header("b")), (2, "one", vec!["1"]));
    }
}
