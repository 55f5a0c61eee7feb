//! Ways to a server: directly or through a proxy, in the clear or by TLS.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::SecretText;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Proxy, ProxyKind, Server};
use super::tls;
use crate::error::cause;

/// How long it may take until somebody listens (as Go's dialer).
const DIAL: Duration = Duration::from_secs(30);
/// How long TLS may take to agree.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a proxy may take until the connection is through. (Go gives one of
/// HTTP a minute, and one of SOCKS for ever.)
const THROUGH: Duration = Duration::from_mins(1);
/// Bytes of a proxy's answer before the connection is through.
const HEAD: usize = 16 << 10;

/// A connection of whatever kind.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
pub(super) type Stream = Box<dyn Io>;

/// Connects to `server`. With TLS, which is how `configuration` says, it must
/// have the certificate of `name`.
pub(super) async fn open(
    server: &Server,
    name: &str,
    proxy: Option<&Proxy>,
    configuration: Option<&Arc<ClientConfig>>,
) -> Result<Stream, String> {
    let stream = match proxy {
        None => dial(&server.host, server.port).await?,
        Some(proxy) => through(proxy, server, THROUGH).await?,
    };
    match configuration {
        None => Ok(stream),
        Some(configuration) => secure(stream, name, configuration).await,
    }
}

async fn secure(stream: Stream, name: &str, configuration: &Arc<ClientConfig>) -> Result<Stream, String> {
    let name =
        ServerName::try_from(name.to_owned()).map_err(|_| format!("{name:?} is no name of a server"))?;
    let connector = TlsConnector::from(Arc::clone(configuration));
    match timeout(HANDSHAKE, connector.connect(name, stream)).await {
        Err(_) => Err("net/http: TLS handshake timeout".to_owned()),
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(tls::behind(&error).map_or_else(|| reading(&error), tls::say)),
    }
}

/// What an error of an open connection means.
fn reading(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        _ => cause(error),
    }
}

async fn dial(host: &str, port: u16) -> Result<Stream, String> {
    let addresses = within(DIAL, lookup_host((host, port))).await;
    let addresses = addresses.map_err(|_| format!("dial tcp: lookup {host}: no such host"))?;
    let mut first = None;
    for address in addresses {
        match within(DIAL, TcpStream::connect(address)).await {
            Ok(stream) => {
                // Small requests are not held back; that they would be is no failure.
                let _ = stream.set_nodelay(true);
                return Ok(Box::new(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                first.get_or_insert(format!("dial tcp {address}: i/o timeout"));
            }
            Err(error) => {
                first.get_or_insert(format!("dial tcp {address}: connect: {}", cause(&error)));
            }
        }
    }
    Err(first.unwrap_or_else(|| format!("dial tcp: lookup {host}: no such host")))
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Through a proxy to a server. Where the server speaks plain HTTP, a proxy of
/// HTTP is spoken to as if it were the server. From when it listens it has
/// `limit` to get through.
async fn through(proxy: &Proxy, server: &Server, limit: Duration) -> Result<Stream, String> {
    let dialed = dial(&proxy.host, proxy.port).await;
    let mut stream = dialed.map_err(|error| format!("proxyconnect tcp: {error}"))?;
    if proxy.kind == ProxyKind::Socks {
        let place = |error: String| {
            let (proxy, server) = (format!("{}:{}", proxy.host, proxy.port), target(server));
            format!("socks connect tcp {proxy}->{server}: {error}")
        };
        return in_time(limit, socks(stream, proxy, server)).await.map_err(place);
    }
    if proxy.kind == ProxyKind::Https {
        let configuration = Arc::new(tls::configuration(None, false, None)?);
        let secured = secure(stream, &proxy.host, &configuration).await;
        stream = secured.map_err(|error| format!("proxyconnect tcp: {error}"))?;
    }
    if !server.is_secure {
        return Ok(stream);
    }
    in_time(limit, tunnel(stream, proxy, server)).await
}

/// What a proxy does, unless it takes too long.
async fn in_time(
    limit: Duration,
    work: impl Future<Output = Result<Stream, String>>,
) -> Result<Stream, String> {
    timeout(limit, work).await.unwrap_or_else(|_| Err("context deadline exceeded".to_owned()))
}

/// Name and port of a server; an address of version 6 in brackets.
fn target(server: &Server) -> String {
    let (host, port) = (&server.host, server.port);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The value of `Proxy-Authorization`, where the proxy wants one.
pub(super) fn proxy_authorization(proxy: &Proxy) -> Option<SecretText> {
    proxy.login.as_ref().map(|(user, password)| basic(user, password))
}

/// The value of a header for a user and a password.
pub(super) fn basic(user: &str, password: &SecretText) -> SecretText {
    let pair = SecretText::new(format!("{user}:{}", password.expose()));
    SecretText::new(format!("Basic {}", bulla_api::encode_base64(pair.expose().as_bytes())))
}

async fn tunnel(mut stream: Stream, proxy: &Proxy, server: &Server) -> Result<Stream, String> {
    let target = target(server);
    let mut request =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {}\r\n", super::AGENT);
    if let Some(value) = proxy_authorization(proxy) {
        request.push_str("Proxy-Authorization: ");
        request.push_str(value.expose());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| reading(&error))?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD {
            return Err("the proxy's answer has no end".to_owned());
        }
        head.push(stream.read_u8().await.map_err(|error| reading(&error))?);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    let status = line.split_once(' ').map_or("", |(_, status)| status);
    match status.split_once(' ') {
        Some(("200", _)) => Ok(stream),
        _ if status == "200" => Ok(stream),
        Some((_, reason)) => Err(reason.to_owned()),
        None => Err("unknown status code".to_owned()),
    }
}

/// SOCKS version 5 (RFC 1928, RFC 1929); the proxy looks names up.
async fn socks(mut stream: Stream, proxy: &Proxy, server: &Server) -> Result<Stream, String> {
    let failed = |error: io::Error| reading(&error);
    let greeting: &[u8] = if proxy.login.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    stream.write_all(greeting).await.map_err(failed)?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.map_err(failed)?;
    is_version_5(answer[0])?;
    match (answer[1], &proxy.login) {
        (0, _) => {}
        (2, Some((user, password))) => {
            let mut login = zeroize::Zeroizing::new(vec![1]);
            for part in [user.as_bytes(), password.expose().as_bytes()] {
                login.push(u8::try_from(part.len()).map_err(|_| "invalid username/password".to_owned())?);
                login.extend_from_slice(part);
            }
            stream.write_all(&login).await.map_err(failed)?;
            stream.read_exact(&mut answer).await.map_err(failed)?;
            if answer[1] != 0 {
                return Err("username/password authentication failed".to_owned());
            }
        }
        _ => return Err("no acceptable authentication methods".to_owned()),
    }
    let mut request = vec![5, 1, 0];
    match server.host.parse() {
        Ok(std::net::IpAddr::V4(address)) => request.extend([&[1][..], &address.octets()].concat()),
        Ok(std::net::IpAddr::V6(address)) => request.extend([&[4][..], &address.octets()].concat()),
        Err(_) => {
            let length = u8::try_from(server.host.len()).map_err(|_| "FQDN too long".to_owned())?;
            request.extend([&[3, length][..], server.host.as_bytes()].concat());
        }
    }
    request.extend(server.port.to_be_bytes());
    stream.write_all(&request).await.map_err(failed)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(failed)?;
    is_version_5(head[0])?;
    if head[1] != 0 {
        return Err(format!("unknown error {}", socks_reply(head[1])));
    }
    let rest = match head[3] {
        1 => 4,
        3 => usize::from(stream.read_u8().await.map_err(failed)?),
        4 => 16,
        other => return Err(format!("unknown address type {other}")),
    };
    stream.read_exact(&mut vec![0; rest + 2]).await.map_err(failed)?;
    Ok(stream)
}

fn is_version_5(version: u8) -> Result<(), String> {
    if version == 5 { Ok(()) } else { Err(format!("unexpected protocol version {version}")) }
}

/// Go's words for the reply of a SOCKS server.
fn socks_reply(code: u8) -> String {
    let words = match code {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => return format!("unknown code: {code}"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_proxy_that_says_nothing_is_not_waited_for_for_ever() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let server = Server::parse("https://a.example").unwrap();
        for (scheme, before) in [("http", ""), ("socks5", "socks connect tcp {}->a.example:443: ")] {
            let proxy = Proxy::parse(&format!("{scheme}://{address}")).unwrap();
            let error = through(&proxy, &server, Duration::from_millis(50)).await.err().unwrap();
            let expected = format!("{before}context deadline exceeded").replace("{}", &address.to_string());
            assert_eq!(error, expected);
        }
    }
}
