//! Master keys and the trait of the services that wrap data keys with them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use crate::{ProviderError, SecretBytes};

/// One value among the fields that identify a master key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldValue {
    /// A text.
    Text(String),
    /// A map of texts: the encryption context of AWS KMS.
    Map(BTreeMap<String, String>),
}

/// Names one master key: its kind and the public fields that identify it.
///
/// The kind is the name of the metadata list that holds such keys (`age`,
/// `pgp`, `kms`, `gcp_kms`, `azure_kv`, `hc_vault`, `hckms`), the fields are
/// those of `sops.md` 2.3 without `enc` and `created_at`. Nothing in here is
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterKey {
    /// Name of the kind, such as `age`.
    pub kind: &'static str,
    /// Identifying fields by name.
    pub fields: BTreeMap<&'static str, FieldValue>,
}

impl MasterKey {
    /// Builds a key of `kind` from text fields.
    pub fn new<const N: usize>(kind: &'static str, fields: [(&'static str, &str); N]) -> Self {
        let fields =
            fields.into_iter().map(|(name, text)| (name, FieldValue::Text(text.to_owned()))).collect();
        Self { kind, fields }
    }

    /// Returns the text field `name`, or the empty string where it is absent.
    pub fn text(&self, name: &str) -> &str {
        match self.fields.get(name) {
            Some(FieldValue::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns the map field `name`, if there is one.
    pub fn map(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        match self.fields.get(name) {
            Some(FieldValue::Map(map)) => Some(map),
            _ => None,
        }
    }
}

/// What a provider's operation returns: a future that borrows its arguments.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// A service that wraps and unwraps data keys (or Shamir shares of one) with
/// master keys of one kind.
///
/// An answer never blocks the thread that polls it; one that is dropped is no
/// longer wanted.
pub trait KeyProvider: Send + Sync {
    /// Returns true for the kinds of master key that it serves. A vendor's
    /// provider serves one; a remote key service serves them all.
    fn serves(&self, kind: &str) -> bool;

    /// Wraps `secret` (32 or 33 bytes) for `key`; returns the text of the
    /// metadata field `enc`.
    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String>;

    /// Unwraps the `enc` text of `key`.
    ///
    /// Fails with [`Kind::NotMine`](crate::Kind::NotMine) where no identity at
    /// hand fits, which is not the same as a service that failed.
    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes>;

    /// Unwraps what was just wrapped, to compare it (`security.md` C-10):
    /// only with keys that lie at hand. Nobody is asked, no program started
    /// and no service called for it.
    ///
    /// `None` where there is no such key. Fails where there is one and the
    /// text is broken.
    fn reopen<'a>(&'a self, _key: &'a MasterKey, _wrapped: &'a str) -> Answer<'a, Option<SecretBytes>> {
        Box::pin(async { Ok(None) })
    }
}
