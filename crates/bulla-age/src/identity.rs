//! Identity texts: one private key per word, comments on lines of their own.

use std::sync::Arc;

use age::secrecy::SecretString;
use bulla_core::SecretText;

use crate::hybrid::HybridIdentity;
use crate::plugin::PluginIdentity;
use crate::provider::Setup;

/// Largest scrypt work factor that is computed (`security.md` 4.1).
pub(crate) const WORK_FACTOR_LIMIT: u8 = 22;

/// Anything that may open an age file.
pub type BoxedIdentity = Box<dyn age::Identity + Send + Sync>;

/// Why an identity text is refused. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// It starts like an identity, but cannot be decoded.
    #[error("malformed secret key: {0}")]
    Malformed(&'static str),
    /// It needs a plugin, and plugins are switched off.
    #[error("age plugins are switched off")]
    PluginsOff,
    /// It starts like none of the known kinds.
    #[error("unknown identity type")]
    UnknownType,
}

/// Reads the X25519 and hybrid identities in `text`, separated by blanks or
/// newlines. Lines that start with `#` are skipped; one bad word refuses all.
pub fn parse_identities(text: &str) -> Result<Vec<BoxedIdentity>, IdentityError> {
    parse(text, None)
}

/// Does what [`parse_identities`] does, with plugins where `setup` has them.
pub(crate) fn parse(text: &str, setup: Option<&Arc<Setup>>) -> Result<Vec<BoxedIdentity>, IdentityError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|word| parse_word(word, setup)).collect()
}

fn parse_word(word: &str, setup: Option<&Arc<Setup>>) -> Result<BoxedIdentity, IdentityError> {
    if word.starts_with("AGE-PLUGIN-") {
        let setup = setup.filter(|setup| setup.options.plugins).ok_or(IdentityError::PluginsOff)?;
        let identity = word.parse().map_err(IdentityError::Malformed)?;
        Ok(Box::new(PluginIdentity::new(identity, Arc::clone(setup))))
    } else if word.starts_with("AGE-SECRET-KEY-PQ-1") {
        let identity: HybridIdentity = word.parse().map_err(IdentityError::Malformed)?;
        Ok(Box::new(identity))
    } else if word.starts_with("AGE-SECRET-KEY-1") {
        let identity: age::x25519::Identity = word.parse().map_err(IdentityError::Malformed)?;
        Ok(Box::new(identity))
    } else {
        Err(IdentityError::UnknownType)
    }
}

/// Makes an identity of a passphrase. It refuses files that demand a work
/// factor above 22 (`security.md` 4.1).
pub fn passphrase_identity(passphrase: &SecretText) -> BoxedIdentity {
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose()));
    identity.set_max_work_factor(WORK_FACTOR_LIMIT);
    Box::new(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1W2YH4FP0A0KKPLGUFZSR4KH7SWTDXP4GUS3QDQ6GCP77EWXE3YLQL3Z5FF";

    fn count(text: &str) -> Result<usize, IdentityError> {
        parse_identities(text).map(|identities| identities.len())
    }

    #[test]
    fn identities_are_separated_by_blanks_or_newlines() {
        assert_eq!(count(""), Ok(0));
        assert_eq!(count("# only a comment\n\n"), Ok(0));
        assert_eq!(count(&format!("  # created\r\n{KEY}\r\n\t{KEY} {KEY}")), Ok(3));
    }

    #[test]
    fn one_bad_word_refuses_the_text_without_repeating_it() {
        assert_eq!(count(&format!("{KEY} canary")), Err(IdentityError::UnknownType));
        let damaged = KEY.replace('W', "X");
        let error = count(&damaged).unwrap_err();
        assert_eq!(error.to_string(), "malformed secret key: invalid Bech32 encoding");
        assert_eq!(count(&KEY.to_lowercase()), Err(IdentityError::UnknownType));
    }

    #[test]
    fn k_05_plugin_identities_are_refused_where_plugins_are_off() {
        assert_eq!(count("AGE-PLUGIN-FOO-1QQQQQQ"), Err(IdentityError::PluginsOff));
    }
}
