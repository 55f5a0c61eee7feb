//! Passphrases from gpg-agent, over its socket (the Assuan protocol of
//! GnuPG's manual, "Agent's Assuan Protocol").

#[cfg(test)]
#[cfg(unix)]
mod tests;
#[cfg(unix)]
mod unix;

use bulla_core::{Environment, SecretText};

/// What the agent is asked for.
#[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has the agent's socket"))]
pub(crate) struct Request<'a> {
    /// Name under which the agent remembers the passphrase.
    pub(crate) cache_id: &'a str,
    /// What the user is shown.
    pub(crate) description: &'a str,
}

/// Asks the agent; `None` where there is none to be reached, an error where
/// it answered with one (the user cancelled, for instance).
#[cfg(unix)]
pub(crate) fn passphrase(
    request: &Request<'_>,
    environment: &Environment,
) -> Option<Result<SecretText, String>> {
    let mut connection = unix::Connection::open(environment)?;
    Some(connection.passphrase(request, environment))
}

/// Makes the agent forget a passphrase that turned out to be wrong.
#[cfg(unix)]
pub(crate) fn forget(cache_id: &str, environment: &Environment) {
    if let Some(mut connection) = unix::Connection::open(environment) {
        // An agent that fails here still remembers; the user will see that.
        drop(connection.command(&format!("CLEAR_PASSPHRASE {cache_id}")));
    }
}

#[cfg(not(unix))]
pub(crate) fn passphrase(_: &Request<'_>, _: &Environment) -> Option<Result<SecretText, String>> {
    None
}

#[cfg(not(unix))]
pub(crate) fn forget(_: &str, _: &Environment) {}
