//! The one error of every provider: what kind of failure, and a text. Never a
//! secret value, a response body or a URL with a query.

use std::error::Error;

/// What kind of failure a provider met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The service answered that the caller may not do this.
    Denied,
    /// The configuration (address, name, credentials' form) cannot work.
    InvalidConfig,
    /// The thing asked for does not exist, and the service proved it.
    NotFound,
    /// The master key belongs to somebody else: no identity here opens it.
    NotMine,
    /// The service asked to slow down.
    RateLimited,
    /// The service could not be reached or did not answer in time.
    Unavailable,
    /// This build or this provider cannot do it.
    Unsupported,
    /// Anything else, a malformed answer included.
    Unexpected,
}

/// A failure of a key service or a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ProviderError {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What is and where, lower case, without any secret in it.
    pub reason: String,
}

impl ProviderError {
    /// Builds an error.
    pub fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }

    /// Says in front of the reason what could not be done.
    #[must_use]
    pub fn within(self, what: &str) -> Self {
        Self { kind: self.kind, reason: format!("{what}: {}", self.reason) }
    }
}

/// Returns the deepest cause of an error of a connection, which speaks of
/// sockets and certificates and not of the request.
///
/// A certificate's names are its owner's choice: what is not plain ASCII
/// becomes `?`, and 200 characters are the most.
pub fn root_cause(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    deepest.to_string().chars().map(plain).take(200).collect()
}
