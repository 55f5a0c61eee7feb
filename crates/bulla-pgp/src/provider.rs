//! The key provider for master keys of kind `pgp`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bulla_core::{
    Answer, Clock, Environment, KeyProvider, Kind, MasterKey, ProviderError, Random, SecretBytes, SecretText,
};
use zeroize::Zeroizing;

use crate::fingerprint::Fingerprint;
use crate::gpg;
use crate::keys;
use crate::native::{KeyRing, NativeError};

const NAME: &str = "pgp";

/// Asks the user for a passphrase with the given prompt; the error says why
/// there is none.
pub type PassphrasePrompt = Arc<dyn Fn(&str) -> Result<SecretText, String> + Send + Sync>;

/// What the caller lends and allows.
#[derive(Clone)]
pub struct Options {
    /// Tells whether keys are valid.
    pub clock: Arc<dyn Clock>,
    /// Whether gpg may be started.
    pub gpg: bool,
    /// Asks for passphrases of keys in files; without it such keys stay closed.
    pub passphrase: Option<PassphrasePrompt>,
    /// Randomness for messages.
    pub random: Arc<dyn Random>,
}

impl Options {
    /// Allows nothing: no gpg, no questions.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, gpg: false, passphrase: None, random }
    }
}

/// Wraps and unwraps data keys with the keys in the files that
/// `BULLA_PGP_KEY_FILE` names, and with GnuPG for what they do not open.
///
/// The files are read when the first data key comes by, and kept. gpg is found
/// and run with the variables of an [`Environment`] only. Must be used inside a
/// Tokio runtime with its drivers for processes and time. One operation of gpg
/// takes 30 seconds at most; keys in files, and the user where a passphrase is
/// asked for, are waited for in threads of their own.
pub struct PgpProvider {
    keys: Arc<Keys>,
    deadline: Duration,
}

/// What the threads work with.
struct Keys {
    environment: Environment,
    options: Options,
    ring: OnceLock<Option<Result<KeyRing, String>>>,
}

/// What the keys in files say, where there are any.
type Native<T> = Option<Result<T, NativeError>>;

impl Keys {
    /// The keys at hand, if the user named any.
    fn ring(&self) -> Result<Option<&KeyRing>, ProviderError> {
        match self.ring.get_or_init(|| keys::load(&self.environment)) {
            None => Ok(None),
            Some(Ok(ring)) => Ok(Some(ring)),
            Some(Err(reason)) => Err(ProviderError::new(Kind::InvalidConfig, reason.clone())),
        }
    }

    fn ask(&self, prompt: &str) -> Result<SecretText, String> {
        let nobody = || "nobody can be asked; export the key without one, or leave it to gpg".to_owned();
        self.options.passphrase.as_ref().ok_or_else(nobody).and_then(|ask| ask(prompt))
    }
}

impl PgpProvider {
    /// Builds a provider; nothing is run or looked for yet.
    pub fn new(environment: Environment, options: Options) -> Self {
        Self::of(Keys { environment, options, ring: OnceLock::new() })
    }

    /// Builds a provider that knows the keys of `ring` and reads no file.
    pub fn with_ring(environment: Environment, options: Options, ring: KeyRing) -> Self {
        Self::of(Keys { environment, options, ring: OnceLock::from(Some(Ok(ring))) })
    }

    fn of(keys: Keys) -> Self {
        Self { keys: Arc::new(keys), deadline: gpg::DEADLINE }
    }

    /// Does `work` with the keys in files, if there are any.
    async fn native<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keys, &KeyRing) -> Result<T, NativeError> + Send + 'static,
    ) -> Result<Native<T>, ProviderError> {
        let keys = Arc::clone(&self.keys);
        let done = tokio::task::spawn_blocking(move || Ok(keys.ring()?.map(|ring| work(&keys, ring)))).await;
        done.unwrap_or_else(|_| Err(ProviderError::new(Kind::Unexpected, "the operation broke off")))
    }

    async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        gpg::run(&self.keys.environment, arguments, input, self.deadline).await
    }

    async fn encrypt(&self, key: &MasterKey, secret: &SecretBytes) -> Result<String, ProviderError> {
        let fingerprint = Fingerprint::parse(key.text("fp")).ok_or_else(|| {
            ProviderError::new(
                Kind::InvalidConfig,
                "the fingerprint is neither hexadecimal nor a mail address",
            )
        })?;
        let (name, part) = (fingerprint.text().to_owned(), secret.clone());
        let native = self.native(move |keys, ring| {
            let now = keys.options.clock.now();
            ring.encrypt(&name, &part, now, keys.options.random.as_ref())
        });
        match native.await? {
            Some(Ok(message)) => return Ok(message),
            // A key that is here and may not be used would not be used by gpg.
            Some(Err(error @ (NativeError::Expired(_) | NativeError::Revoked(_) | NativeError::Random))) => {
                return Err(failure(&error));
            }
            Some(Err(error)) if !self.keys.options.gpg => return Err(failure(&error)),
            Some(Err(error)) => {
                return self
                    .encrypt_with_gpg(&fingerprint, secret)
                    .await
                    .map_err(|also| joined(&error, also));
            }
            None => {}
        }
        self.allow_gpg()?;
        self.encrypt_with_gpg(&fingerprint, secret).await
    }

    async fn encrypt_with_gpg(
        &self,
        fingerprint: &Fingerprint<'_>,
        secret: &SecretBytes,
    ) -> Result<String, ProviderError> {
        let mut arguments =
            vec!["--no-default-recipient", "--yes", "--encrypt", "-a", "-r", fingerprint.text()];
        if let Some(id) = fingerprint.long_id() {
            arguments.extend(["--trusted-key", id]);
        }
        arguments.push("--no-encrypt-to");
        let output = self.run(&arguments, secret.expose()).await?;
        let text = std::str::from_utf8(&output)
            .map_err(|_| ProviderError::new(Kind::Unexpected, "gpg's output is not text"))?;
        Ok(text.trim().to_owned())
    }

    async fn decrypt(&self, message: &str) -> Result<SecretBytes, ProviderError> {
        let text = message.to_owned();
        let native = self.native(move |keys, ring| ring.decrypt(text.as_bytes(), &|prompt| keys.ask(prompt)));
        match native.await? {
            Some(Ok(secret)) => return Ok(secret),
            Some(Err(error)) if !self.keys.options.gpg => return Err(failure(&error)),
            Some(Err(error)) => {
                return self.decrypt_with_gpg(message).await.map_err(|also| joined(&error, also));
            }
            None => {}
        }
        self.allow_gpg()?;
        self.decrypt_with_gpg(message).await
    }

    async fn reopened(&self, message: &str) -> Result<Option<SecretBytes>, ProviderError> {
        let text = message.to_owned();
        let nobody = |_: &str| Err("nobody is asked".to_owned());
        match self.native(move |_, ring| ring.decrypt(text.as_bytes(), &nobody)).await? {
            Some(Ok(secret)) => Ok(Some(secret)),
            Some(Err(error @ (NativeError::Damaged | NativeError::Malformed(_)))) => Err(failure(&error)),
            _ => Ok(None),
        }
    }

    async fn decrypt_with_gpg(&self, message: &str) -> Result<SecretBytes, ProviderError> {
        let mut output = self.run(&["-d"], message.as_bytes()).await?;
        Ok(SecretBytes::new(std::mem::take(&mut *output)))
    }

    fn allow_gpg(&self) -> Result<(), ProviderError> {
        let reason = "gpg may not be started here, and there is no key file";
        if self.keys.options.gpg { Ok(()) } else { Err(ProviderError::new(Kind::InvalidConfig, reason)) }
    }
}

fn failure(error: &NativeError) -> ProviderError {
    let kind = match error {
        NativeError::NoSecretKey(_) => Kind::NotMine,
        NativeError::NoPublicKey(_)
        | NativeError::Expired(_)
        | NativeError::Revoked(_)
        | NativeError::Unusable(_) => Kind::InvalidConfig,
        NativeError::Unsupported(_) => Kind::Unsupported,
        _ => Kind::Unexpected,
    };
    ProviderError::new(kind, error.to_string())
}

/// What the keys in files could not do, and then gpg neither.
fn joined(error: &NativeError, also: ProviderError) -> ProviderError {
    ProviderError { reason: format!("with the keys in files: {error}; with gpg: {}", also.reason), ..also }
}

impl KeyProvider for PgpProvider {
    fn serves(&self, kind: &str) -> bool {
        kind == NAME
    }

    /// Wraps `secret` for the key that the field `fp` names; returns an
    /// armored OpenPGP message without a line feed at its end.
    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(async move { self.encrypt(key, secret).await.map_err(|reason| error("encrypt", reason)) })
    }

    /// Unwraps an OpenPGP message with whatever secret key there is for it.
    fn unwrap<'a>(&'a self, _: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(async move { self.decrypt(wrapped).await.map_err(|reason| error("decrypt", reason)) })
    }

    fn reopen<'a>(&'a self, _: &'a MasterKey, wrapped: &'a str) -> Answer<'a, Option<SecretBytes>> {
        Box::pin(async move { self.reopened(wrapped).await.map_err(|reason| error("decrypt", reason)) })
    }
}

fn error(operation: &str, error: ProviderError) -> ProviderError {
    error.within(&format!("failed to {operation} sops data key with pgp"))
}

#[cfg(test)]
mod tests;
