//! Where a key service is: `tcp://HOST:PORT` or `unix:///PATH`.

use core::fmt;
use std::path::PathBuf;

/// The port where an address names none, as everywhere in gRPC.
const DEFAULT_PORT: u16 = 443;

/// The address of a key service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A host and a port.
    Tcp {
        /// Name or IP address, without the brackets of IPv6.
        host: String,
        /// Port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a text is no address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a key service's address looks like tcp://HOST:PORT or unix:///PATH")]
pub struct AddressError;

impl Address {
    /// Reads `tcp://HOST[:PORT]`, `unix:///PATH` or `unix:PATH`. A path behind
    /// a host means nothing.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once(':').ok_or(AddressError)?;
        match scheme {
            "tcp" => tcp(rest.strip_prefix("//").ok_or(AddressError)?),
            "unix" => unix(rest),
            _ => Err(AddressError),
        }
    }
}

fn tcp(rest: &str) -> Result<Address, AddressError> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').ok_or(AddressError)?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.parse().map_err(|_| AddressError)?,
        None if port.is_empty() => DEFAULT_PORT,
        None => return Err(AddressError),
    };
    let is_clean = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
    if host.is_empty() || !host.chars().all(is_clean) {
        return Err(AddressError);
    }
    Ok(Address::Tcp { host: host.to_owned(), port })
}

fn unix(rest: &str) -> Result<Address, AddressError> {
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err(AddressError),
        None => rest,
    };
    if path.is_empty() || path.contains('\0') {
        return Err(AddressError);
    }
    Ok(Address::Unix(PathBuf::from(path)))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_sops_are_read() {
        for (text, shown) in [
            ("tcp://127.0.0.1:5000", "tcp://127.0.0.1:5000"),
            ("tcp://keys.example.org:5000/ignored?x#y", "tcp://keys.example.org:5000"),
            ("tcp://[::1]:5000", "tcp://[::1]:5000"),
            ("tcp://keys", "tcp://keys:443"),
            ("unix:///run/keys.sock", "unix:///run/keys.sock"),
            ("unix:/run/keys.sock", "unix:///run/keys.sock"),
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Address::parse("unix:keys.sock").unwrap(), Address::Unix("keys.sock".into()));
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for text in [
            "",
            "keys",
            "keys:5000",
            "http://keys:5000",
            "tcp:keys:5000",
            "tcp://",
            "tcp://:5000",
            "tcp://a:b",
            "tcp://a:65536",
            "tcp://[::1",
            "tcp://[::1]x",
            "tcp://user@keys:1",
            "tcp://a b:1",
            "unix:",
            "unix://",
            "unix://host/path",
            "unix:a\0b",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError), "{text:?}");
        }
    }
}
