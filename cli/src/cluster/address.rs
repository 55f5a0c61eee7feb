//! Addresses of servers and proxies.

use bulla_core::{Environment, Proxies, SecretText};
use hyper_util::client::proxy::matcher::Matcher;

use crate::go;
use crate::percent::decoded;

/// An API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// Whether it speaks TLS.
    pub(super) is_secure: bool,
    /// Name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port as they were given.
    pub(super) authority: String,
    /// What stands in front of every path; empty, or begins with `/` and does
    /// not end with it.
    pub(super) prefix: String,
}

/// A URL as it may be shown: without who asks and the password (O-05).
pub(super) fn redacted(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let Some((_, rest)) = rest.rsplit_once('@') else { return url.to_owned() };
    let border = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{border}xxxxx@{rest}")
}

impl Server {
    /// Reads a URL, or a host that may have a port, which is one of plain HTTP.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let misfit = || format!("host must be a URL or a host:port pair: {}", go::quote(&redacted(text)));
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if !rest.is_empty() && !rest.starts_with('/') => (scheme, rest),
            _ => ("http", text),
        };
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => return Err(format!("unsupported protocol scheme {}", go::quote(other))),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if !text.contains("://") && path.len() > 1 {
            return Err(misfit());
        }
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let default = if is_secure { 443 } else { 80 };
        let (host, port) = host_and_port(authority, default).ok_or_else(misfit)?;
        let prefix = path.trim_end_matches('/').to_owned();
        Ok(Self { is_secure, host, port, authority: authority.to_owned(), prefix })
    }

    /// The whole address of a path.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{}{path}", self.authority, self.prefix)
    }
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyKind {
    Http,
    Https,
    Socks,
}

/// A proxy. It may hold credentials, so it has no `Debug`.
pub(super) struct Proxy {
    pub(super) kind: ProxyKind,
    pub(super) host: String,
    pub(super) port: u16,
    /// User and password.
    pub(super) login: Option<(String, SecretText)>,
}

impl Proxy {
    /// Reads the URL of a proxy.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (kind, default) = match scheme {
            "http" => (ProxyKind::Http, 80),
            "https" => (ProxyKind::Https, 443),
            "socks5" => (ProxyKind::Socks, 1080),
            other => {
                let other = go::quote(other);
                return Err(format!("unsupported scheme {other}, must be http, https, or socks5"));
            }
        };
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, authority) = rest.rsplit_once('@').map_or((None, rest), |(login, at)| (Some(login), at));
        let (host, port) = host_and_port(authority, default)
            .ok_or_else(|| format!("could not parse: {scheme}://{authority}"))?;
        let login = login.map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            (decoded(user), SecretText::new(decoded(password)))
        });
        Ok(Self { kind, host, port, login })
    }

    /// The proxy that the environment names for a server, if any.
    pub(super) fn of_environment(environment: &Environment, server: &Server) -> Result<Option<Self>, String> {
        let proxies = Proxies::of(environment);
        let Some(url) = (if server.is_secure { proxies.https } else { proxies.http }) else {
            return Ok(None);
        };
        let any = "http://proxy";
        let matcher = Matcher::builder().http(any).https(any).no(proxies.direct).build();
        let address: Result<http::Uri, _> = server.url("/").parse();
        let is_meant = address.is_ok_and(|address| matcher.intercept(&address).is_some());
        if !is_meant {
            return Ok(None);
        }
        // socks5h is what socks5 always is here: names are looked up by the proxy.
        Self::parse(&url.replacen("socks5h://", "socks5://", 1)).map(Some)
    }
}

fn host_and_port(authority: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some(""))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let port = if port.is_empty() { default } else { port.parse().ok()? };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_05_urls_are_shown_without_passwords() {
        for (url, shown) in [
            ("socks5h://user:hunter2@h:1/p", "socks5h://xxxxx@h:1/p"),
            ("user:hunter2@@h", "xxxxx@h"),
            ("ftp://host/p", "ftp://host/p"),
        ] {
            assert_eq!(redacted(url), shown);
        }
        let error = Server::parse("https://user:hunter2@host:port:x").map(|_| ()).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn servers_are_urls_or_hosts() {
        let server =
            |text: &str| Server::parse(text).map(|server| (server.url("/api"), server.host, server.port));
        let found = |url: &str, host: &str, port| Ok((url.to_owned(), host.to_owned(), port));
        assert_eq!(server("https://a"), found("https://a/api", "a", 443));
        assert_eq!(server("https://a:6443/k8s/c1/?x#y"), found("https://a:6443/k8s/c1/api", "a", 6443));
        assert_eq!(server("HTTPS://[::1]:6443"), found("https://[::1]:6443/api", "::1", 6443));
        assert_eq!(server("a:8080"), found("http://a:8080/api", "a", 8080));
        assert_eq!(server("a/b").unwrap_err(), "host must be a URL or a host:port pair: \"a/b\"");
        assert!(server("https://a:port").is_err() && server("ftp://a").is_err() && server("").is_err());
    }

    #[test]
    fn proxies_are_urls_of_three_schemes() {
        let proxy = Proxy::parse("http://u:p%40w@h:3128/").unwrap();
        let (user, password) = proxy.login.unwrap();
        assert_eq!(
            (proxy.host.as_str(), proxy.port, user.as_str(), password.expose()),
            ("h", 3128, "u", "p@w")
        );
        assert_eq!(
            Proxy::parse("socks5://h").map(|proxy| (proxy.kind, proxy.port)).ok(),
            Some((ProxyKind::Socks, 1080))
        );
        let error = Proxy::parse("ftp://h").err().unwrap();
        assert_eq!(error, "unsupported scheme \"ftp\", must be http, https, or socks5");
    }

    #[test]
    fn the_environment_names_proxies_and_exceptions() {
        let variables = [("HTTPS_PROXY", "p:1"), ("NO_PROXY", ".corp,10.0.0.0/8")];
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let environment = Environment::new(variables, "/".into());
        let proxy = |url: &str| {
            let proxy = Proxy::of_environment(&environment, &Server::parse(url).unwrap()).unwrap();
            proxy.map(|proxy| (proxy.host, proxy.port))
        };
        assert_eq!(proxy("https://a.example:6443"), Some(("p".to_owned(), 1)));
        for direct in ["https://a.corp", "https://10.1.2.3", "https://127.0.0.1:6443", "http://a.example"] {
            assert_eq!(proxy(direct), None, "{direct}");
        }
    }
}
