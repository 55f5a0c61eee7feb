//! Where a listener is, as Go reads and takes it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens at an address such as `:8080`; an error says why that cannot be.
pub(crate) async fn bind(address: &str) -> Result<TcpListener, String> {
    listen(address).await.map_err(|error| format!("cannot listen at {address}: {error}"))
}

async fn listen(address: &str) -> io::Result<TcpListener> {
    let address = resolve(address).await?;
    if address.ip().is_unspecified() {
        everywhere(address.port(), TcpSocket::new_v6().and_then(of_both_families))
    } else {
        TcpListener::bind(address).await
    }
}

/// The address that a text means: without a host every one, of a name that of
/// IPv4 if there is one.
async fn resolve(text: &str) -> io::Result<SocketAddr> {
    let wrong = || io::Error::other("not an address such as :8080 or 127.0.0.1:8080");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = match port {
        "http" => 80,
        "https" => 443,
        number => number.parse().map_err(|_| wrong())?,
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Ok((Ipv6Addr::UNSPECIFIED, port).into());
    }
    let mut all: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    all.sort_by_key(SocketAddr::is_ipv6);
    all.first().copied().ok_or_else(wrong)
}

/// Has a socket of IPv6 take IPv4 as well, whatever the machine's default.
fn of_both_families(socket: TcpSocket) -> io::Result<TcpSocket> {
    set_ipv6_v6only(&socket, false)?;
    Ok(socket)
}

/// Listens at all addresses: those of IPv4 alone where the kernel has no other.
fn everywhere(port: u16, of_both_families: io::Result<TcpSocket>) -> io::Result<TcpListener> {
    let (socket, address) = match of_both_families {
        Ok(socket) => (socket, (Ipv6Addr::UNSPECIFIED, port).into()),
        Err(_) => (TcpSocket::new_v4()?, (Ipv4Addr::UNSPECIFIED, port).into()),
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn without_a_host_it_is_every_address_also_where_there_is_no_ipv6() {
        for address in [":0", "0.0.0.0:0", "[::]:0"] {
            let port = bind(address).await.unwrap().local_addr().unwrap().port();
            assert_ne!(port, 0, "{address}");
        }
        // The machine of the test may have none, either.
        let of_one = TcpSocket::new_v6().inspect(|socket| set_ipv6_v6only(socket, true).unwrap());
        for socket in [of_one.and_then(of_both_families), Err(rustix::io::Errno::AFNOSUPPORT.into())] {
            let listener = everywhere(0, socket).unwrap();
            let port = listener.local_addr().unwrap().port();
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn names_of_hosts_and_ports_are_those_of_go() {
        for (text, address) in [
            (":8080", "[::]:8080"),
            (":http", "[::]:80"),
            ("127.0.0.1:https", "127.0.0.1:443"),
            ("localhost:1", "127.0.0.1:1"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(resolve(text).await.unwrap(), address.parse().unwrap(), "{text}");
        }
        for text in ["", "8080", "localhost", ":x", ":70000"] {
            let error = bind(text).await.unwrap_err();
            assert!(error.starts_with(&format!("cannot listen at {text}: ")), "{error}");
        }
    }
}
