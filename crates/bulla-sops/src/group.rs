//! Key groups: wrapping a data key for every master key, and recovering it
//! from whichever keys answer (`sops.md` 3.9, 3.10). Asks providers through
//! their trait; does no I/O of its own.

mod report;
mod wrap;

use std::borrow::Cow;
use std::collections::BTreeSet;

use bulla_core::{DataKey, FieldValue, KeyProvider, Kind, ProviderError, SecretBytes};
use bulla_crypto::ShamirError;
use futures_util::StreamExt as _;
use futures_util::stream::{self, FuturesUnordered};

use self::report::report_text;
pub use self::wrap::{WrapError, Wrapped, new_data_key, wrap};
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

    use bulla_core::{Answer, MasterKey};
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
