//! Recipient texts and wrapping.

use std::sync::Arc;

use crate::hybrid::HybridRecipient;
use crate::provider::Setup;
use crate::{file, plugin};
use bulla_core::Random;

/// Why a recipient text is refused. Recipients are public, so the text is
/// repeated, except where it looks like an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// An identity was given instead.
    #[error("failed to parse input, an identity (private key) is no recipient")]
    Identity,
    /// An X25519 or hybrid recipient that cannot be decoded.
    #[error("failed to parse input as Bech32-encoded age public key: malformed recipient {text:?}: {reason}")]
    Native {
        /// The recipient as given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A plugin recipient that cannot be decoded.
    #[error("failed to parse input as age key from age plugin: {0}")]
    Plugin(&'static str),
    /// An SSH public key that cannot be decoded or used.
    #[error("failed to parse input as age-ssh public key: malformed SSH recipient: {text:?}: {reason}")]
    Ssh {
        /// The recipient as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It starts like none of the known kinds.
    #[error("failed to parse input, unknown recipient type: {0:?}")]
    UnknownType(String),
}

/// A public key that data keys are wrapped for.
pub enum Recipient {
    /// `age1pq1...`
    Hybrid(Box<HybridRecipient>),
    /// `age1NAME1...`
    Plugin(age::plugin::Recipient),
    /// `ssh-ed25519 ...` or `ssh-rsa ...`
    Ssh(age::ssh::Recipient),
    /// `age1...`
    X25519(age::x25519::Recipient),
}

impl Recipient {
    /// Reads one recipient; blanks around it are ignored. Hybrid ones draw
    /// from `random` when they wrap.
    pub fn parse(text: &str, random: Arc<dyn Random>) -> Result<Self, RecipientError> {
        let text = text.trim();
        let native = |reason| RecipientError::Native { text: text.to_owned(), reason };
        if text.starts_with("age1pq1") {
            let recipient = HybridRecipient::parse(text, random).map_err(native)?;
            Ok(Self::Hybrid(Box::new(recipient)))
        } else if text.starts_with("age1") && text.matches('1').count() > 1 {
            text.parse().map(Self::Plugin).map_err(RecipientError::Plugin)
        } else if text.starts_with("age1") {
            text.parse().map(Self::X25519).map_err(native)
        } else if text.starts_with("ssh-") {
            text.parse()
                .map(Self::Ssh)
                .map_err(|error| RecipientError::Ssh { text: text.to_owned(), reason: ssh_reason(&error) })
        } else if text.to_ascii_uppercase().starts_with("AGE-") || text.contains("PRIVATE KEY") {
            Err(RecipientError::Identity)
        } else {
            Err(RecipientError::UnknownType(text.to_owned()))
        }
    }

    /// Wraps `secret` into an armored age file with a single stanza.
    pub(crate) fn wrap(&self, secret: &[u8], setup: &Arc<Setup>) -> Result<String, String> {
        let sealed = match self {
            Self::Hybrid(recipient) => file::seal(secret, &**recipient, &*setup.options.random),
            Self::Plugin(recipient) => {
                file::seal(secret, &plugin::recipient(recipient, setup)?, &*setup.options.random)
            }
            Self::Ssh(recipient) => file::seal(secret, recipient, &*setup.options.random),
            Self::X25519(recipient) => file::seal(secret, recipient, &*setup.options.random),
        };
        sealed.map_err(|error| plugin::describe_encryption(&error))
    }
}

fn ssh_reason(error: &age::ssh::ParseRecipientKeyError) -> String {
    use age::ssh::ParseRecipientKeyError as Error;
    match error {
        Error::Invalid(reason) => (*reason).to_owned(),
        Error::RsaModulusTooLarge => "the RSA key is too large".to_owned(),
        Error::RsaModulusTooSmall => "the RSA key is shorter than 2048 bits".to_owned(),
        Error::Unsupported(kind) => format!("unsupported SSH key type {kind:?}"),
        _ => "unsupported SSH key".to_owned(),
    }
}
