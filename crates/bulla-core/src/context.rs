//! What a process lends to the code below it: environment, clock, randomness.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A snapshot of the process environment, taken once in `main`, or made by
/// hand in tests.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    directory: PathBuf,
}

impl Environment {
    /// Builds an environment from variables and the working directory.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, directory: PathBuf) -> Self {
        Self { variables: variables.into_iter().collect(), directory }
    }

    /// Returns the variable `name` where it is set, non-empty and UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.os(name).and_then(OsStr::to_str)
    }

    /// Returns the variable `name` where it is set and non-empty.
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Returns all variables.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Returns the working directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the home directory, if `HOME` names one.
    pub fn home(&self) -> Option<PathBuf> {
        self.os("HOME").map(PathBuf::from)
    }

    /// Returns the user's configuration directory (`sops.md` 4.1): on macOS
    /// `$XDG_CONFIG_HOME` or `~/Library/Application Support`, elsewhere
    /// `$XDG_CONFIG_HOME` or `~/.config`.
    pub fn config_directory(&self) -> Option<PathBuf> {
        let fallback = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
        self.os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| self.home().map(|home| home.join(fallback)))
    }
}

/// The proxies that an environment names, in the form that HTTP clients take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// URL of the proxy for `https` (`HTTPS_PROXY`).
    pub https: Option<String>,
    /// URL of the proxy for `http` (`HTTP_PROXY`).
    pub http: Option<String>,
    /// Hosts and networks that are reached directly, separated by commas:
    /// those of `NO_PROXY`, and always the loopback addresses.
    pub direct: String,
}

impl Proxies {
    /// Reads the variables; names in capitals go before those in small
    /// letters, and an address without a scheme is one of `http`.
    pub fn of(environment: &Environment) -> Self {
        let either = |upper: &str, lower: &str| environment.text(upper).or_else(|| environment.text(lower));
        let url = |upper, lower| {
            either(upper, lower)
                .map(|url| if url.contains("://") { url.to_owned() } else { format!("http://{url}") })
        };
        let direct = either("NO_PROXY", "no_proxy").unwrap_or_default();
        Self {
            https: url("HTTPS_PROXY", "https_proxy"),
            http: url("HTTP_PROXY", "http_proxy"),
            direct: format!("{direct},localhost,127.0.0.0/8,::1"),
        }
    }
}

/// Seconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

/// The random source failed: nothing may be encrypted (`security.md` C-12).
#[derive(Debug, thiserror::Error)]
#[error("the operating system's random source failed")]
pub struct RandomError;

/// Gives unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills `buffer` completely.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError>;
}

/// The seams that operations take together.
#[derive(Clone)]
pub struct Context {
    /// Environment snapshot.
    pub environment: Environment,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Random source.
    pub random: Arc<dyn Random>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_in_either_case_and_given_a_scheme() {
        let read = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            Proxies::of(&Environment::new(variables, PathBuf::new()))
        };
        let always = ",localhost,127.0.0.0/8,::1";
        assert_eq!(read(&[]), Proxies { direct: always.to_owned(), ..Proxies::default() });
        let proxies = read(&[
            ("https_proxy", "small"),
            ("HTTPS_PROXY", "p:1"),
            ("http_proxy", "http://q"),
            ("NO_PROXY", "a"),
        ]);
        assert_eq!(
            (proxies.https.as_deref(), proxies.http.as_deref()),
            (Some("http://p:1"), Some("http://q"))
        );
        assert_eq!(proxies.direct, format!("a{always}"));
    }
}
