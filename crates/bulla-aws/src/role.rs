//! Credentials of a role that a master key names (`sops.md` 4.3).

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_sts::Client;
use aws_sdk_sts::config::IdentityCache;
use bulla_core::{Kind, ProviderError};

use crate::failure;

/// Longest name of a session.
const SESSION_LENGTH: usize = 64;

/// Assumes a role with the credentials of a configuration.
#[derive(Debug)]
pub(crate) struct AssumedRole {
    client: Client,
    role: String,
    session: String,
}

impl AssumedRole {
    pub(crate) fn new(config: &SdkConfig, role: &str) -> Result<Self, ProviderError> {
        if !role.starts_with("arn:") {
            return Err(ProviderError::new(Kind::InvalidConfig, format!("the role {role:?} is not an ARN")));
        }
        // What the role gives is cached by whoever asks for it.
        let config = config.clone().into_builder().identity_cache(IdentityCache::no_cache()).build();
        Ok(Self { client: Client::new(&config), role: role.to_owned(), session: session(&host()) })
    }

    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let request = self.client.assume_role().role_arn(&self.role).role_session_name(&self.session);
        let answer = request.send().await.map_err(|error| self.failed(failure::of_call(&error)))?;
        let incomplete =
            || self.failed(ProviderError::new(Kind::Unexpected, "the answer holds no credentials"));
        let given = answer.credentials.ok_or_else(incomplete)?;
        let expiry = SystemTime::try_from(given.expiration).map_err(|_| incomplete())?;
        let token = Some(given.session_token);
        Ok(Credentials::new(given.access_key_id, given.secret_access_key, token, Some(expiry), "role"))
    }

    fn failed(&self, error: ProviderError) -> CredentialsError {
        CredentialsError::provider_error(error.within(&format!("failed to assume role '{}'", self.role)))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// The name that the kernel gives this host.
#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A session without the name of the host.
#[cfg(not(unix))]
fn host() -> String {
    String::new()
}

/// Builds the session's name of sops: `sops@HOST` with what is not in
/// `[a-zA-Z0-9=,.@-_]` left out, where `@-_` is a range, 64 bytes at most.
fn session(host: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || "=,.".contains(*c) || ('@'..='_').contains(c);
    "sops@".chars().chain(host.chars().filter(kept)).take(SESSION_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_as_sops_names_it() {
        for (host, name) in [
            ("build_7.example", "sops@build_7.example"),
            ("ip-10-0-0-1", "sops@ip10001"),
            ("a b\u{e4}+c", "sops@abc"),
            ("", "sops@"),
        ] {
            assert_eq!(session(host), name);
        }
        assert_eq!(session(&"x".repeat(100)).len(), 64);
    }
}
