//! New key pairs.

use std::sync::Arc;

use age_core::secrecy::ExposeSecret as _;
use bulla_core::{Random, RandomError, SecretText};

use crate::hybrid::HybridIdentity;

/// An identity and the recipient that belongs to it, as key files hold them.
pub struct KeyPair {
    /// The private text, `AGE-SECRET-KEY-...`.
    pub identity: SecretText,
    /// The public text, `age1...`.
    pub recipient: String,
}

/// Draws an X25519 key pair from the operating system.
pub fn generate() -> KeyPair {
    let identity = age::x25519::Identity::generate();
    KeyPair {
        identity: SecretText::new(identity.to_string().expose_secret().to_owned()),
        recipient: identity.to_public().to_string(),
    }
}

/// Draws a hybrid post-quantum key pair from `random`.
pub fn generate_hybrid(random: &Arc<dyn Random>) -> Result<KeyPair, RandomError> {
    let identity = HybridIdentity::generate(&**random)?;
    let recipient = identity.to_recipient(Arc::clone(random)).to_string();
    Ok(KeyPair { identity: identity.to_text(), recipient })
}
