//! The way from the API server to "pods": it is told to reach the cluster's
//! network through an HTTP CONNECT proxy, and the proxy knows which address
//! stands for which loopback port. (Loopback addresses themselves are refused
//! in Endpoints.)

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::wire;

/// What `--egress-selector-config-file` says; `{socket}` stands for the proxy's socket.
pub(super) const CONFIGURATION: &str = r#"{"apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration",
"egressSelections": [{"name": "cluster", "connection":
  {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": "{socket}"}}}}]}"#;

/// The proxy's map: address to loopback port.
#[derive(Clone, Default)]
pub(super) struct Routes(Arc<Mutex<BTreeMap<String, u16>>>);

impl Routes {
    /// Makes a new address that leads to `port`.
    pub(super) fn add(&self, port: u16) -> String {
        let mut routes = self.0.lock().expect("no holder of the map panics");
        let address = format!("10.99.{}.{}", routes.len() / 200, routes.len() % 200 + 1);
        routes.insert(address.clone(), port);
        address
    }

    /// Serves the proxy on a socket for as long as this program runs.
    pub(super) fn serve(&self, socket: &Path) {
        let listener = UnixListener::bind(socket).expect("a socket in a fresh directory");
        let routes = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let routes = routes.clone();
                // A broken connection is its own end and nobody else's.
                std::thread::spawn(move || routes.connect(client).unwrap_or_default());
            }
        });
    }

    fn connect(&self, mut client: UnixStream) -> std::io::Result<()> {
        let head = wire::head(&mut client)?;
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next());
        let port = target.and_then(|address| self.0.lock().expect("no holder panics").get(address).copied());
        let Some(server) = port.and_then(|port| TcpStream::connect(("127.0.0.1", port)).ok()) else {
            return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
        };
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
        let (mut from_server, mut to_client) = (server, client);
        let upwards = std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_client, &mut to_server);
            to_server.shutdown(std::net::Shutdown::Write)
        });
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(std::net::Shutdown::Both);
        let _ = upwards.join();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    use crate::{Fake, Sandbox};

    fn connect(socket: &Path, address: &str) -> (UnixStream, String) {
        let mut client = UnixStream::connect(socket).unwrap();
        write!(client, "CONNECT {address}:8080 HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut head = [0; 12];
        client.read_exact(&mut head).unwrap();
        (client, String::from_utf8_lossy(&head).into_owned())
    }

    #[test]
    fn an_address_leads_to_its_port_and_a_strange_one_nowhere() {
        let sandbox = Sandbox::new();
        let fake = Fake::start(vec![Fake::answer("200 OK", "", "here")]);
        let port = fake.url.rsplit(':').next().unwrap().parse().unwrap();
        let (routes, socket) = (Routes::default(), sandbox.path("socket"));
        let address = routes.add(port);
        routes.serve(&socket);
        let (mut client, status) = connect(&socket, &address);
        assert_eq!(status, "HTTP/1.1 200");
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("here"));
        assert!(fake.requests()[0].starts_with("GET / "));
        assert_eq!(connect(&socket, "10.99.0.200").1, "HTTP/1.1 502");
    }
}
