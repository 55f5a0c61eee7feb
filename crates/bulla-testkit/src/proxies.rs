//! Proxies of HTTP and SOCKS that keep what they are told: to compare how two
//! clients ask for the way to a server.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::api::{Certificates, configuration, listen, lock};
use crate::wire;

/// How long one side is listened to before the other gets its turn.
const TURN: Duration = Duration::from_millis(5);

/// What a proxy was told, one text per connection.
type Told = Arc<Mutex<Vec<String>>>;

/// A proxy that connects (`CONNECT`) to whatever it is asked for, in the log
/// of its heads.
pub struct ConnectProxy {
    /// As in `http://127.0.0.1:40000`.
    pub url: String,
    heads: Told,
}

impl ConnectProxy {
    /// Starts the proxy; every target leads to `port` on loopback. With
    /// certificates it is spoken to by TLS.
    pub fn start(certificates: Option<&Certificates>, port: u16) -> Self {
        let tls = certificates.map(configuration);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (address, heads) = start(move |client, told| match &tls {
            None => connect(client, port, told),
            Some(tls) => connect(secured(client, tls)?, port, told),
        });
        Self { url: format!("{scheme}://{address}"), heads }
    }

    /// What came so far.
    pub fn heads(&self) -> Vec<String> {
        lock(&self.heads).clone()
    }
}

/// A SOCKS proxy of version 5 that takes any user.
pub struct SocksProxy {
    /// As in `127.0.0.1:40000`.
    pub address: String,
    told: Told,
}

impl SocksProxy {
    /// Starts the proxy; every target leads to `port` on loopback, unless
    /// `reply` is another than 0: then that is all it says.
    pub fn start(port: u16, reply: u8) -> Self {
        let (address, told) = start(move |client, told| socks(client, port, reply, told));
        Self { address, told }
    }

    /// What it was told so far, per connection: the methods that were offered,
    /// user and password, the type of the address, the target.
    pub fn told(&self) -> Vec<String> {
        lock(&self.told).clone()
    }
}

fn start(
    serve: impl Fn(TcpStream, &Mutex<Vec<String>>) -> Result<()> + Send + Sync + 'static,
) -> (String, Told) {
    let (listener, address) = listen();
    let (told, serve) = (Told::default(), Arc::new(serve));
    let kept = Arc::clone(&told);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (kept, serve) = (Arc::clone(&kept), Arc::clone(&serve));
            // A client that hangs up is its own end and nobody else's.
            std::thread::spawn(move || serve(client, &kept).unwrap_or_default());
        }
    });
    (address, told)
}

/// TLS over a connection, agreed upon, with the timeout of [`relay`].
fn secured(
    mut client: TcpStream,
    tls: &Arc<ServerConfig>,
) -> Result<StreamOwned<ServerConnection, TcpStream>> {
    let mut connection = ServerConnection::new(Arc::clone(tls)).map_err(std::io::Error::other)?;
    connection.complete_io(&mut client)?;
    Ok(StreamOwned::new(connection, client))
}

trait Client: Read + Write {
    fn socket(&self) -> &TcpStream;
}

impl Client for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Client for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

fn connect(mut client: impl Client, port: u16, told: &Mutex<Vec<String>>) -> Result<()> {
    let head = wire::head(&mut client)?;
    lock(told).push(head);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    relay(client, port)
}

fn socks(mut client: TcpStream, port: u16, reply: u8, told: &Mutex<Vec<String>>) -> Result<()> {
    let methods = counted(&mut client, 1)?;
    let has_login = methods.contains(&2);
    client.write_all(&[5, if has_login { 2 } else { 0 }])?;
    let mut login = Vec::new();
    if has_login {
        login = [counted(&mut client, 1)?, b":".to_vec(), counted(&mut client, 0)?].concat();
        client.write_all(&[1, 0])?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head)?;
    let host = match head[3] {
        1 => exactly(&mut client, 4)?,
        4 => exactly(&mut client, 16)?,
        _ => counted(&mut client, 0)?,
    };
    let target = u16::from_be_bytes(exactly(&mut client, 2)?.try_into().expect("two bytes"));
    let [login, host] = [login, host].map(|text| text.escape_ascii().to_string());
    lock(told).push(format!("methods {methods:?}, login {login}, {head:?} {host} {target}"));
    client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0])?;
    if reply == 0 { relay(client, port) } else { Ok(()) }
}

/// Reads some bytes, then how many follow, then those.
fn counted(stream: &mut impl Read, before: usize) -> Result<Vec<u8>> {
    let head = exactly(stream, before + 1)?;
    exactly(stream, head[before].into())
}

fn exactly(stream: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Passes on what client and server say, in turns, until one of them ends.
fn relay(mut client: impl Client, port: u16) -> Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    client.socket().set_read_timeout(Some(TURN))?;
    server.set_read_timeout(Some(TURN))?;
    while pass(&mut client, &mut server)? && pass(&mut server, &mut client)? {}
    Ok(())
}

/// Passes on what there is; false at the end.
fn pass(from: &mut impl Read, to: &mut impl Write) -> Result<bool> {
    let mut buffer = [0; 16 << 10];
    match from.read(&mut buffer) {
        Ok(length) => {
            to.write_all(&buffer[..length])?;
            to.flush()?;
            Ok(length > 0)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ApiServer, Fake};

    #[test]
    fn a_socks_proxy_leads_to_its_port_or_refuses() {
        let server = ApiServer::start(None, |_, _| Fake::answer("200 OK", "", "here"));
        let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
        for reply in [0, 5] {
            let proxy = SocksProxy::start(port, reply);
            let mut client = TcpStream::connect(&proxy.address).unwrap();
            client.write_all(b"\x05\x02\x00\x02").unwrap();
            assert_eq!(exactly(&mut client, 2).unwrap(), [5, 2]);
            client.write_all(b"\x01\x01u\x01p").unwrap();
            assert_eq!(exactly(&mut client, 2).unwrap(), [1, 0]);
            client.write_all(b"\x05\x01\x00\x03\x01a\x00\x50").unwrap();
            assert_eq!(exactly(&mut client, 10).unwrap()[1], reply);
            assert_eq!(proxy.told(), ["methods [0, 2], login u:p, [5, 1, 0, 3] a 80"]);
            let mut answer = String::new();
            let asked = client.write_all(b"GET / HTTP/1.1\r\n\r\n");
            let read = asked.and_then(|()| client.read_to_string(&mut answer));
            assert_eq!(answer.ends_with("here"), reply == 0, "{read:?}");
        }
    }
}
