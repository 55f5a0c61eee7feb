//! Wrapping a data key for every master key of every group.

use bulla_core::{DataKey, Limits, MasterKey, Random, RandomError, SecretBytes, wrapped_key_defect};
use bulla_crypto::ShamirError;

use super::{Providers, not_built_in};
use crate::keys;
use crate::metadata::WrappedKey;

/// Why a data key could not be wrapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// Nobody is there to ask.
    #[error("no key services provided, cannot update master keys")]
    NoProvider,
    /// There is no key group, or an empty one.
    #[error("empty key group provided")]
    EmptyGroup,
    /// The threshold does not fit the groups (`security.md` C-09).
    #[error(
        "the Shamir threshold {threshold} does not fit {groups} key groups; it must be between 2 and {groups}"
    )]
    Threshold {
        /// Threshold asked for.
        threshold: u32,
        /// Number of groups.
        groups: usize,
    },
    /// More keys than a file may have (`security.md` K-06).
    #[error("there are {0} master keys; a file can have {limit} at most", limit = Limits::MASTER_KEYS)]
    TooMany(usize),
    /// Splitting failed.
    #[error("could not split the data key")]
    Shamir(#[from] ShamirError),
    /// No provider could wrap for a key.
    #[error("{}", wrap_text(.identity, .reasons))]
    Key {
        /// Identity text of the key.
        identity: String,
        /// What each provider answered.
        reasons: Vec<String>,
    },
    /// Randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Makes a fresh data key.
pub fn new_data_key(random: &dyn Random) -> Result<DataKey, RandomError> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes)?;
    if bytes == [0; 32] {
        return Err(RandomError);
    }
    Ok(DataKey::new(bytes))
}

/// Groups of wrapped keys, and the threshold to store with them.
pub type Wrapped = (Vec<Vec<WrappedKey>>, u32);

/// Wraps `data_key` for all keys of all groups.
///
/// With two or more groups each gets a Shamir share; a threshold of 0 means
/// all groups. `created_at` is the RFC 3339 time that dated kinds get.
pub async fn wrap(
    groups: &[Vec<MasterKey>],
    threshold: u32,
    data_key: &DataKey,
    created_at: &str,
    providers: Providers<'_>,
    random: &dyn Random,
) -> Result<Wrapped, WrapError> {
    if providers.is_empty() {
        return Err(WrapError::NoProvider);
    }
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err(WrapError::EmptyGroup);
    }
    let keys = groups.iter().map(Vec::len).sum();
    if keys > Limits::MASTER_KEYS {
        return Err(WrapError::TooMany(keys));
    }
    let (parts, threshold) = split(groups.len(), threshold, data_key, random)?;
    let mut wrapped = Vec::with_capacity(groups.len());
    for (group, part) in groups.iter().zip(&parts) {
        let mut keys = Vec::with_capacity(group.len());
        for key in group {
            keys.push(wrap_one(key, part, created_at, providers).await?);
        }
        wrapped.push(keys);
    }
    Ok((wrapped, threshold))
}

fn split(
    groups: usize,
    threshold: u32,
    data_key: &DataKey,
    random: &dyn Random,
) -> Result<(Vec<SecretBytes>, u32), WrapError> {
    if groups == 1 {
        return Ok((vec![SecretBytes::new(data_key.expose().to_vec())], threshold));
    }
    let wanted = if threshold == 0 { groups } else { threshold as usize };
    if wanted < 2 || wanted > groups || groups > 255 {
        return Err(WrapError::Threshold { threshold, groups });
    }
    let secret = SecretBytes::new(data_key.expose().to_vec());
    Ok((bulla_crypto::split(&secret, groups, wanted, random)?, wanted as u32))
}

async fn wrap_one(
    key: &MasterKey,
    part: &SecretBytes,
    created_at: &str,
    providers: Providers<'_>,
) -> Result<WrappedKey, WrapError> {
    let mut reasons = Vec::new();
    for provider in providers.iter().filter(|provider| provider.serves(key.kind)) {
        match provider.wrap(key, part).await {
            Ok(enc) => {
                if let Some(defect) = wrapped_key_defect(key.kind, &enc, part) {
                    reasons.push(format!("what came back is no wrapped key: {defect}"));
                    continue;
                }
                if let Some(reason) = differs(key, &enc, part, providers).await {
                    reasons.push(reason);
                    continue;
                }
                let dated = keys::kind(key.kind).is_some_and(|kind| kind.dated);
                let created_at = if dated { created_at.to_owned() } else { String::new() };
                return Ok(WrappedKey { key: key.clone(), enc, created_at });
            }
            Err(error) => reasons.push(error.reason),
        }
    }
    if reasons.is_empty() {
        reasons.push(not_built_in(key.kind));
    }
    Err(WrapError::Key { identity: keys::identity(key), reasons })
}

/// Opens a freshly wrapped key where somebody can do so quietly, and says what
/// is wrong with it (`security.md` C-10).
async fn differs(key: &MasterKey, enc: &str, part: &SecretBytes, providers: Providers<'_>) -> Option<String> {
    for provider in providers.iter().filter(|provider| provider.serves(key.kind)) {
        match provider.reopen(key, enc).await {
            Ok(Some(opened)) if opened.expose() == part.expose() => return None,
            Ok(Some(_)) => return Some("what came back holds another key".to_owned()),
            Ok(None) => {}
            Err(error) => return Some(format!("what came back does not open: {error}")),
        }
    }
    None
}

/// The texts of sops, one for each provider that was asked.
fn wrap_text(identity: &str, reasons: &[String]) -> String {
    let text =
        |reason: &String| format!("failed to encrypt new data key with master key {identity:?}: {reason}");
    reasons.iter().map(text).collect::<Vec<_>>().join(" ")
}
