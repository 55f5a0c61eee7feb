//! The key provider for master keys of kind `pgp`.

use std::time::Duration;

use bulla_core::{Answer, Environment, KeyProvider, Kind, MasterKey, ProviderError, SecretBytes};
use zeroize::Zeroizing;

use crate::fingerprint::Fingerprint;
use crate::gpg::{self, Failure};

const NAME: &str = "pgp";

/// Wraps and unwraps data keys with GnuPG, found and run with the variables
/// of an [`Environment`] only.
///
/// Must be used inside a Tokio runtime with its drivers for processes and
/// time. One operation takes 30 seconds at most.
pub struct PgpProvider {
    environment: Environment,
    deadline: Duration,
}

impl PgpProvider {
    /// Builds a provider; nothing is run or looked for yet.
    pub fn new(environment: Environment) -> Self {
        Self { environment, deadline: gpg::DEADLINE }
    }

    async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        gpg::run(&self.environment, arguments, input, self.deadline).await
    }

    async fn encrypt(&self, key: &MasterKey, secret: &SecretBytes) -> Result<String, Failure> {
        let fingerprint = Fingerprint::parse(key.text("fp")).ok_or_else(|| {
            Failure::new(Kind::InvalidConfig, "the fingerprint is neither hexadecimal nor a mail address")
        })?;
        let mut arguments =
            vec!["--no-default-recipient", "--yes", "--encrypt", "-a", "-r", fingerprint.text()];
        if let Some(id) = fingerprint.long_id() {
            arguments.extend(["--trusted-key", id]);
        }
        arguments.push("--no-encrypt-to");
        let output = self.run(&arguments, secret.expose()).await?;
        let text = std::str::from_utf8(&output)
            .map_err(|_| Failure::new(Kind::Unexpected, "gpg's output is not text"))?;
        Ok(text.trim().to_owned())
    }
}

impl KeyProvider for PgpProvider {
    fn serves(&self, kind: &str) -> bool {
        kind == NAME
    }

    /// Wraps `secret` for the key that the field `fp` names; returns an
    /// armored OpenPGP message without a line feed at its end.
    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(async move { self.encrypt(key, secret).await.map_err(|failure| error("encrypt", failure)) })
    }

    /// Unwraps an OpenPGP message with whatever secret key gpg has for it.
    fn unwrap<'a>(&'a self, _: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(async move {
            let output = self.run(&["-d"], wrapped.as_bytes()).await;
            let mut output = output.map_err(|failure| error("decrypt", failure))?;
            Ok(SecretBytes::new(std::mem::take(&mut *output)))
        })
    }
}

fn error(operation: &str, failure: Failure) -> ProviderError {
    let text = format!("failed to {operation} sops data key with pgp: {}", failure.reason);
    ProviderError::new(failure.kind, NAME, text)
}

#[cfg(test)]
mod tests;
