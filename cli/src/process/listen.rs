//! Places to listen on, said as Go's `net.Listen` says them.

#[cfg(unix)]
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::path::{Path, PathBuf};

use bulla_providers::key_service::Listener;

use crate::error::cause;

/// A place that was looked up, but where nobody listens yet.
#[derive(Debug)]
pub enum Place {
    /// Addresses of one port, and the text that they come from.
    Tcp(Vec<SocketAddr>, String),
    /// The path of a socket.
    #[cfg(unix)]
    Unix(PathBuf),
}

/// What must be cleaned up when nobody listens any more.
#[derive(Debug, Default)]
pub struct SocketFile {
    #[cfg(unix)]
    bound: Option<(PathBuf, u64, u64)>,
}

impl Place {
    /// Looks up a place.
    pub fn find(network: &str, address: &str) -> Result<Self, String> {
        match network {
            "tcp" | "tcp4" | "tcp6" => {
                let found = resolve(network, address).map_err(|text| format!("listen {network}: {text}"))?;
                Ok(Self::Tcp(found, format!("listen {network} {address}: bind")))
            }
            #[cfg(unix)]
            "unix" if address.is_empty() => Err("listen unix: missing address".to_owned()),
            #[cfg(unix)]
            "unix" => Ok(Self::Unix(address.into())),
            _ => Err(format!("listen {network}: unknown network {network}")),
        }
    }

    /// Returns true where only this machine reaches it.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Tcp(addresses, _) => addresses.iter().all(|address| address.ip().is_loopback()),
            #[cfg(unix)]
            Self::Unix(_) => true,
        }
    }

    /// Starts to listen. A socket belongs to its owner alone.
    pub fn listen(self) -> Result<(Listener, SocketFile), String> {
        match self {
            Self::Tcp(addresses, prefix) => {
                let listener = TcpListener::bind(addresses.as_slice());
                let listener = listener.map_err(|error| format!("{prefix}: {}", cause(&error)))?;
                Ok((Listener::Tcp(listener), SocketFile::default()))
            }
            #[cfg(unix)]
            Self::Unix(path) => socket(&path)
                .map_err(|error| format!("listen unix {}: bind: {}", path.display(), cause(&error))),
        }
    }
}

/// Looks up host and port; no host means every address of this machine.
fn resolve(network: &str, address: &str) -> Result<Vec<SocketAddr>, String> {
    let missing = || format!("address {address}: missing port in address");
    let (host, port) = address.rsplit_once(':').ok_or_else(missing)?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bracketed.is_none() && host.contains(':') {
        return Err(format!("address {address}: too many colons in address"));
    }
    let number: u16 = port.parse().map_err(|_| format!("lookup tcp/{port}: unknown port"))?;
    let host = match bracketed.unwrap_or(host) {
        "" if network == "tcp4" => "0.0.0.0",
        "" => "::",
        host => host,
    };
    let found = (host, number).to_socket_addrs().map_err(|_| format!("lookup {host}: no such host"))?;
    let wanted = |address: &SocketAddr| match network {
        "tcp4" => address.is_ipv4(),
        "tcp6" => address.is_ipv6(),
        _ => true,
    };
    let found: Vec<SocketAddr> = found.filter(wanted).collect();
    if found.is_empty() { Err(format!("address {host}: no suitable address found")) } else { Ok(found) }
}

#[cfg(unix)]
fn socket(path: &Path) -> io::Result<(Listener, SocketFile)> {
    use std::os::unix::fs::MetadataExt as _;
    let listener = match bind_private(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path) => {
            std::fs::remove_file(path)?;
            bind_private(path)?
        }
        result => result?,
    };
    let metadata = path.symlink_metadata()?;
    let path = std::path::absolute(path)?;
    Ok((Listener::Unix(listener), SocketFile { bound: Some((path, metadata.dev(), metadata.ino())) }))
}

/// Binds a socket with mode 0600 from its first moment on. The mask is the
/// process's; nothing else makes files here meanwhile.
#[cfg(unix)]
fn bind_private(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    use rustix::fs::Mode;
    let before = rustix::process::umask(Mode::from_raw_mode(0o177));
    let listener = std::os::unix::net::UnixListener::bind(path);
    rustix::process::umask(before);
    listener
}

/// Returns true for a socket on which nobody listens: its process was killed.
#[cfg(unix)]
fn is_left_over(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let is_socket = path.symlink_metadata().is_ok_and(|metadata| metadata.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    is_socket && std::os::unix::net::UnixStream::connect(path).is_err_and(refused)
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some((path, device, inode)) = &self.bound {
            use std::os::unix::fs::MetadataExt as _;
            // By now it may be somebody else's.
            let is_ours = path
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.dev() == *device && metadata.ino() == *inode);
            if is_ours {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn refusal(network: &str, address: &str) -> String {
        Place::find(network, address).and_then(Place::listen).unwrap_err()
    }

    #[test]
    fn places_that_cannot_be_listened_on_are_told_as_go_tells_them() {
        for (network, address, text) in [
            ("foo", "x", "listen foo: unknown network foo"),
            ("tcp", "127.0.0.1:xx", "listen tcp: lookup tcp/xx: unknown port"),
            ("tcp", "localhost", "listen tcp: address localhost: missing port in address"),
            ("tcp", "::1:5", "listen tcp: address ::1:5: too many colons in address"),
            ("unix", "/nonexistent/x", "listen unix /nonexistent/x: bind: no such file or directory"),
        ] {
            assert_eq!(refusal(network, address), text);
        }
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        assert_eq!(refusal("tcp", &address), format!("listen tcp {address}: bind: address already in use"));
    }

    #[test]
    fn k_07_only_loopback_addresses_and_sockets_are_private() {
        for (network, address, private) in [
            ("tcp", "127.0.0.1:0", true),
            ("tcp", "[::1]:0", true),
            ("tcp4", "127.0.0.2:0", true),
            ("unix", "/x", true),
            ("tcp", ":0", false),
            ("tcp", "0.0.0.0:0", false),
            ("tcp4", ":0", false),
        ] {
            assert_eq!(Place::find(network, address).unwrap().is_private(), private, "{network} {address}");
        }
    }

    #[test]
    fn k_07_a_socket_is_private_and_vanishes_with_its_service() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("s");
        let text = path.to_str().unwrap();
        let open = || Place::find("unix", text).unwrap().listen();
        let (listener, file) = open().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let busy = open().unwrap_err();
        assert!(busy.ends_with(": bind: address already in use"), "{busy}");
        // Killed: the file stays, and does not stop the next one.
        drop(listener);
        std::mem::forget(file);
        let (_listener, file) = open().unwrap();
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_no_socket_or_not_ours_stays() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("s");
        std::fs::File::create_new(&path).unwrap();
        let text = path.to_str().unwrap();
        assert!(refusal("unix", text).contains("address already in use"));
        std::fs::remove_file(&path).unwrap();
        let (_listener, file) = Place::find("unix", text).unwrap().listen().unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::File::create_new(&path).unwrap();
        drop(file);
        assert!(path.exists());
    }
}
