//! The key provider for master keys of kind `age`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bulla_core::{
    Answer, Environment, KeyProvider, Kind, MasterKey, ProviderError, Random, SecretBytes, SecretText,
};
use zeroize::Zeroizing;

use crate::file::{self, FileError, Form};
use crate::recipient::Recipient;
use crate::sources::{self, Identities};

const NAME: &str = "age";

/// Why the user gave no passphrase: there is no terminal, or they declined.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct PromptError(pub String);

/// Asks the user for a passphrase with the given prompt.
pub type PassphrasePrompt = Arc<dyn Fn(&str) -> Result<SecretText, PromptError> + Send + Sync>;

/// Shows the user a message.
pub type MessageDisplay = Arc<dyn Fn(&str) + Send + Sync>;

/// What the caller lends and allows.
#[derive(Clone)]
pub struct Options {
    /// Whether gpg-agent may be asked for passphrases of identity files.
    pub agent: bool,
    /// Shows a message of a plugin, "touch the key" for example.
    pub message: Option<MessageDisplay>,
    /// Asks for a passphrase; without it encrypted identities stay closed.
    pub passphrase: Option<PassphrasePrompt>,
    /// Whether plugins may be started (`security.md` K-05: never in the
    /// controller).
    pub plugins: bool,
    /// Randomness for new age files.
    pub random: Arc<dyn Random>,
}

impl Options {
    /// Allows nothing: no agent, no questions, no plugins.
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self { agent: false, message: None, passphrase: None, plugins: false, random }
    }
}

/// What all parts of the crate are handed.
pub(crate) struct Setup {
    pub(crate) environment: Environment,
    pub(crate) options: Options,
}

impl Setup {
    /// Asks the user for a passphrase.
    pub(crate) fn ask(&self, prompt: &str) -> Result<SecretText, String> {
        match &self.options.passphrase {
            Some(ask) => ask(prompt).map_err(|error| error.to_string()),
            None => Err("a passphrase is needed, and nobody can be asked".to_owned()),
        }
    }
}

/// Wraps and unwraps data keys with age.
///
/// Identities are looked for when the first data key is unwrapped, and kept.
/// Must be used inside a Tokio runtime: files, the programs that the
/// environment names, and the user are waited for in threads of their own.
pub struct AgeProvider(Arc<Keys>);

/// What the threads work with.
struct Keys {
    setup: Arc<Setup>,
    /// By recipient where it matters, else under the empty name.
    identities: Mutex<BTreeMap<String, Arc<Identities>>>,
    /// Those that need neither a program nor the user.
    at_hand: OnceLock<Identities>,
}

impl AgeProvider {
    /// Builds a provider that looks for identities in `environment`.
    pub fn new(environment: Environment, options: Options) -> Self {
        let setup = Arc::new(Setup { environment, options });
        Self(Arc::new(Keys { setup, identities: Mutex::default(), at_hand: OnceLock::new() }))
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keys) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let keys = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&keys)).await;
        done.unwrap_or_else(|_| Err(ProviderError::new(Kind::Unexpected, "the operation broke off")))
    }
}

impl Keys {
    fn identities(&self, recipient: &str) -> Arc<Identities> {
        let name = if sources::depend_on_recipient(&self.setup) { recipient } else { "" };
        let mut loaded = self.identities.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = loaded.entry(name.to_owned());
        Arc::clone(entry.or_insert_with(|| Arc::new(sources::load(recipient, &self.setup))))
    }

    fn at_hand(&self) -> &Identities {
        self.at_hand.get_or_init(|| {
            let environment = sources::without_commands(&self.setup.environment);
            let options = Options::new(Arc::clone(&self.setup.options.random));
            sources::load("", &Arc::new(Setup { environment, options }))
        })
    }

    fn wrap(&self, key: &MasterKey, secret: &SecretBytes) -> Result<String, ProviderError> {
        let text = key.text("recipient");
        let recipient = Recipient::parse(text, Arc::clone(&self.setup.options.random))
            .map_err(|error| ProviderError::new(Kind::InvalidConfig, error.to_string()))?;
        recipient.wrap(secret.expose(), &self.setup).map_err(|reason| {
            let text = format!("failed to create writer for encrypting sops data key with age: {reason}");
            ProviderError::new(Kind::Unexpected, text)
        })
    }

    fn unwrap(&self, key: &MasterKey, wrapped: &str) -> Result<SecretBytes, ProviderError> {
        let identities = self.identities(key.text("recipient"));
        if identities.found.is_empty() {
            let text = identities.explain("failed to load age identities");
            return Err(ProviderError::new(Kind::NotMine, text));
        }
        open(wrapped, &identities).map_err(|error| unwrap_error(&error, &identities))
    }

    fn reopen(&self, wrapped: &str) -> Result<Option<SecretBytes>, ProviderError> {
        let identities = self.at_hand();
        if identities.found.is_empty() {
            return Ok(None);
        }
        match open(wrapped, identities) {
            Ok(secret) => Ok(Some(secret)),
            // An identity that would have to ask is none here.
            Err(FileError::NoMatch | FileError::Identity(_)) => Ok(None),
            Err(error) => Err(unwrap_error(&error, identities)),
        }
    }
}

fn open(wrapped: &str, identities: &Identities) -> Result<SecretBytes, FileError> {
    // Large enough for a data key or a share, so that it never moves.
    let mut secret = Zeroizing::new(Vec::with_capacity(1 << 10));
    file::open(wrapped.as_bytes(), Form::Armored, &identities.found, &mut secret)?;
    Ok(SecretBytes::new(secret.as_slice().to_vec()))
}

fn unwrap_error(error: &FileError, identities: &Identities) -> ProviderError {
    let kind = match error {
        FileError::NoMatch => Kind::NotMine,
        _ => Kind::Unexpected,
    };
    let text = match error {
        FileError::Payload => format!("failed to copy age decrypted data into bytes.Buffer: {error}"),
        error => identities
            .explain(&format!("failed to create reader for decrypting sops data key with age: {error}")),
    };
    ProviderError::new(kind, text)
}

impl KeyProvider for AgeProvider {
    fn serves(&self, kind: &str) -> bool {
        kind == NAME
    }

    /// Wraps `secret` for the recipient in the field `recipient`.
    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        let (key, secret) = (key.clone(), secret.clone());
        Box::pin(self.apart(move |keys| keys.wrap(&key, &secret)))
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        let (key, wrapped) = (key.clone(), wrapped.to_owned());
        Box::pin(self.apart(move |keys| keys.unwrap(&key, &wrapped)))
    }

    fn reopen<'a>(&'a self, _: &'a MasterKey, wrapped: &'a str) -> Answer<'a, Option<SecretBytes>> {
        let wrapped = wrapped.to_owned();
        Box::pin(self.apart(move |keys| keys.reopen(&wrapped)))
    }
}
