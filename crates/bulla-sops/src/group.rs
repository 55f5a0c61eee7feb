//! Key groups: wrapping a data key for every master key, and recovering it
//! from whichever keys answer (`sops.md` 3.9, 3.10). Asks providers through
//! their trait; does no I/O of its own.

mod report;

use std::borrow::Cow;
use std::collections::BTreeSet;

use bulla_core::{
    DataKey, FieldValue, KeyProvider, Kind, Limits, MasterKey, ProviderError, Random, RandomError,
    SecretBytes, wrapped_key_defect,
};
use bulla_crypto::ShamirError;
use futures_util::StreamExt as _;
use futures_util::stream::{self, FuturesUnordered};

use self::report::report_text;
use crate::keys;
use crate::metadata::{Metadata, WrappedKey};

/// The providers at hand, in the order in which they are asked: local ones
/// first, remote key services behind them.
pub type Providers<'p> = &'p [Box<dyn KeyProvider>];

/// The order in which kinds of key are tried by default; the others follow
/// in file order.
pub const DEFAULT_ORDER: [&str; 2] = ["age", "pgp"];

/// Keys of one group that are asked at the same time (`security.md` K-06).
const PARALLEL: usize = 8;

/// Kinds whose keys may need the user: one is tried after the other, so that
/// nothing is asked any more once one fits.
const ASKING: [&str; 2] = ["age", "pgp"];

/// Forms of one key that are tried for the sake of files before 3.3.0.
const OLD_CONTEXTS: usize = 16;

/// What became of one key group.
#[derive(Debug)]
pub struct GroupReport {
    /// True where a key of the group gave its part.
    pub recovered: bool,
    /// The keys that were tried, by their identity texts, and why each one
    /// failed, a text per provider asked.
    pub failures: Vec<(String, Vec<String>)>,
}

/// Why no data key could be had. The text is the one that sops prints
/// (`sops.md` 6.9).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// Too few groups could be opened.
    #[error("{}", report_text(.groups, *.needed))]
    Keys {
        /// One report per group, in file order.
        groups: Vec<GroupReport>,
        /// How many groups are needed.
        needed: usize,
    },
    /// The recovered shares do not combine.
    #[error("could not combine the recovered Shamir shares")]
    Shamir(#[source] ShamirError),
    /// What was recovered is no data key.
    #[error("the recovered data key is {0} bytes long instead of 32")]
    Length(usize),
}

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

fn not_built_in(kind: &str) -> String {
    format!("no provider for {kind} keys: not built in yet, and no remote key service given")
}

/// Recovers the data key of a file.
///
/// Groups are opened in file order until enough of them are; in a group the
/// keys are tried by `order` (kinds not in it keep the file's order), up to
/// eight of one kind at a time where nobody is asked for a passphrase, and
/// the first success ends the group.
pub async fn recover(
    metadata: &Metadata,
    order: &[String],
    providers: Providers<'_>,
) -> Result<DataKey, RecoverError> {
    let single = metadata.groups.len() == 1;
    let needed = if single {
        1
    } else if metadata.shamir_threshold == 0 {
        metadata.groups.len().max(2)
    } else {
        (metadata.shamir_threshold as usize).max(2)
    };
    let length = part_length(metadata);
    let mut reports = Vec::new();
    let mut parts = Vec::new();
    for group in &metadata.groups {
        let keys = with_old_contexts(metadata, group);
        let (part, failures) = open_group(&keys, length, order, providers).await;
        reports.push(GroupReport { recovered: part.is_some(), failures });
        parts.extend(part);
        if parts.len() == needed {
            break;
        }
    }
    if parts.len() < needed {
        return Err(RecoverError::Keys { groups: reports, needed });
    }
    let secret = if single {
        parts.swap_remove(0)
    } else {
        bulla_crypto::combine(&parts, needed).map_err(RecoverError::Shamir)?
    };
    DataKey::from_slice(secret.expose()).ok_or_else(|| RecoverError::Length(secret.expose().len()))
}

/// Whether a key at hand opens a wrapped data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// None does.
    No,
    /// None that could be asked does, and of one nobody knows: why it could
    /// not be asked.
    Unknown(String),
    /// One does.
    Yes,
}

/// Returns for every key of every group whether a provider opens it; up to
/// eight are tried at a time.
pub async fn openable(metadata: &Metadata, providers: Providers<'_>) -> Vec<Vec<Access>> {
    let length = part_length(metadata);
    let keys = stream::iter(metadata.groups.iter().flatten());
    let tried = keys.map(|wrapped| async move {
        let Err(errors) = open_one(wrapped, length, providers).await else { return Access::Yes };
        let unasked = |error: &ProviderError| matches!(error.kind, Kind::RateLimited | Kind::Unavailable);
        errors.into_iter().find(unasked).map_or(Access::No, |error| Access::Unknown(error.reason))
    });
    let mut opened = tried.buffered(PARALLEL).collect::<Vec<_>>().await.into_iter();
    metadata.groups.iter().map(|group| opened.by_ref().take(group.len()).collect()).collect()
}

/// Bytes of what the keys wrap: a share has one more than a data key.
fn part_length(metadata: &Metadata) -> usize {
    if metadata.groups.len() == 1 { 32 } else { 33 }
}

/// Adds what a key of AWS KMS may have been wrapped with before 3.3.0: one
/// value of the encryption context in place of all (`sops.md` 8.3). Nothing
/// but unwrapping depends on the version (`security.md` C-15).
fn with_old_contexts<'m>(metadata: &Metadata, group: &'m [WrappedKey]) -> Cow<'m, [WrappedKey]> {
    let mut keys = Cow::Borrowed(group);
    for wrapped in group.iter().filter(|_| metadata.is_older_than(3, 3)) {
        let Some(FieldValue::Map(context)) = wrapped.key.fields.get("context") else { continue };
        let values: BTreeSet<&String> = context.values().collect();
        for value in values.iter().filter(|_| values.len() > 1).take(OLD_CONTEXTS) {
            let context = context.keys().map(|name| (name.clone(), (*value).clone())).collect();
            let mut variant = wrapped.clone();
            variant.key.fields.insert("context", FieldValue::Map(context));
            keys.to_mut().push(variant);
        }
    }
    keys
}

async fn open_group(
    group: &[WrappedKey],
    length: usize,
    order: &[String],
    providers: Providers<'_>,
) -> (Option<SecretBytes>, Vec<(String, Vec<String>)>) {
    let rank = |kind: &str| {
        let position = if order.is_empty() {
            DEFAULT_ORDER.iter().position(|name| *name == kind)
        } else {
            order.iter().position(|name| name == kind)
        };
        position.unwrap_or(usize::MAX)
    };
    let mut sorted: Vec<&WrappedKey> = group.iter().collect();
    sorted.sort_by_key(|wrapped| rank(wrapped.key.kind));
    let mut failures = Vec::new();
    for same_kind in sorted.chunk_by(|a, b| a.key.kind == b.key.kind) {
        let at_once = if ASKING.contains(&same_kind[0].key.kind) { 1 } else { PARALLEL };
        for batch in same_kind.chunks(at_once) {
            let (part, mut failed) = open_batch(batch, length, providers).await;
            if part.is_some() {
                return (part, failures);
            }
            failures.append(&mut failed);
        }
    }
    (None, failures)
}

async fn open_batch(
    batch: &[&WrappedKey],
    length: usize,
    providers: Providers<'_>,
) -> (Option<SecretBytes>, Vec<(String, Vec<String>)>) {
    let mut running: FuturesUnordered<_> = batch
        .iter()
        .enumerate()
        .map(|(index, wrapped)| async move { (index, open_one(wrapped, length, providers).await) })
        .collect();
    let mut failed = Vec::new();
    while let Some((index, outcome)) = running.next().await {
        match outcome {
            Ok(part) => return (Some(part), Vec::new()),
            Err(errors) => failed.push((index, errors)),
        }
    }
    failed.sort_by_key(|(index, _)| *index);
    let named = |(index, errors): (usize, Vec<ProviderError>)| {
        (keys::identity(&batch[index].key), errors.into_iter().map(|error| error.reason).collect())
    };
    (None, failed.into_iter().map(named).collect())
}

/// Fails with an error per provider that was asked, or with why there is none.
async fn open_one(
    wrapped: &WrappedKey,
    length: usize,
    providers: Providers<'_>,
) -> Result<SecretBytes, Vec<ProviderError>> {
    let mut errors = Vec::new();
    for provider in providers.iter().filter(|provider| provider.serves(wrapped.key.kind)) {
        match provider.unwrap(&wrapped.key, &wrapped.enc).await {
            Ok(part) if part.expose().len() == length => return Ok(part),
            Ok(part) => {
                let text = format!("what was unwrapped is {} bytes long, not {length}", part.expose().len());
                errors.push(ProviderError::new(Kind::Unexpected, text));
            }
            Err(error) => errors.push(error),
        }
    }
    if providers.is_empty() {
        let text = "there is no key service to ask: the local one is disabled, and no other is given";
        errors.push(ProviderError::new(Kind::InvalidConfig, text));
    } else if errors.is_empty() {
        errors.push(ProviderError::new(Kind::Unsupported, not_built_in(wrapped.key.kind)));
    }
    Err(errors)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bulla_core::Answer;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::selection::Selection;

    /// Opens keys of one encryption context only.
    struct Bound(BTreeMap<String, String>);

    impl KeyProvider for Bound {
        fn serves(&self, kind: &str) -> bool {
            kind == "kms"
        }

        fn wrap<'a>(&'a self, _: &'a MasterKey, _: &'a SecretBytes) -> Answer<'a, String> {
            Box::pin(async { Ok("enc".into()) })
        }

        fn unwrap<'a>(&'a self, key: &'a MasterKey, _: &'a str) -> Answer<'a, SecretBytes> {
            let fits = key.map("context") == Some(&self.0);
            let refusal = ProviderError::new(Kind::Unexpected, "another context");
            Box::pin(async move { if fits { Ok(SecretBytes::new(vec![7; 32])) } else { Err(refusal) } })
        }
    }

    fn opens(version: &str, context: &[(&str, &str)], wrapped_with: &[(&str, &str)]) -> bool {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let key = keys::kms("arn:aws:kms:r:1:key/k", &map(context), "");
        let wrapped = WrappedKey { key, enc: "enc".into(), created_at: String::new() };
        let metadata = Metadata {
            groups: vec![vec![wrapped]],
            shamir_threshold: 0,
            last_modified: String::new(),
            mac: String::new(),
            selection: Selection::everything(),
            mac_only_encrypted: false,
            version: version.to_owned(),
            layout: None,
        };
        let providers: Vec<Box<dyn KeyProvider>> = vec![Box::new(Bound(map(wrapped_with)))];
        recover(&metadata, &[], &providers).now_or_never().expect("no waiting").is_ok()
    }

    #[test]
    fn c_15_only_files_before_3_3_0_are_tried_with_one_value_of_the_context() {
        let context = [("a", "1"), ("b", "2"), ("c", "2")];
        for value in ["1", "2"] {
            let old = [("a", value), ("b", value), ("c", value)];
            for version in ["3.2.0", "v3.0.5", "2.0.9", "1.14"] {
                assert!(opens(version, &context, &old), "{version}");
            }
            for version in ["3.3.0", "3.13.3", "4.0.0", "", "x"] {
                assert!(!opens(version, &context, &old), "{version}");
            }
        }
        assert!(opens("3.2.0", &context, &context) && opens("3.13.3", &context, &context));
        assert!(!opens("3.2.0", &context, &[("a", "3"), ("b", "3"), ("c", "3")]));
        assert!(!opens("3.2.0", &context, &[("a", "1")]));
    }
}
