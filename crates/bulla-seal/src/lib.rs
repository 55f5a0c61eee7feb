//! Sealed Secrets without a cluster: the hybrid ciphertext of one value, the
//! scopes that it is bound to, sealing keys and their certificates, and the two
//! ways between Secret and SealedSecret (`sealed-secrets.md` 1 to 4).
//!
//! The crate does no I/O. Session keys come from the random source that the
//! caller lends; the padding of RSA-OAEP takes its seed from aws-lc itself.
//! No error holds a value, and all reasons for which a ciphertext does not
//! open are one (`security.md` S-07).

mod backup;
mod blocks;
mod certificate;
mod edit;
mod hybrid;
mod key;
mod key_secret;
pub mod reconcile;
mod reseal;
mod ring;
mod scope;
mod seal;
mod unseal;
#[cfg(test)]
mod vectors;

pub use backup::{KeyEntry, Restore, key_entries, key_list, key_secrets, restore};
pub use certificate::{Certificate, CertificateError};
pub use edit::{EditError, edit, editable, values};
pub use hybrid::{SealError, seal_value};
pub use key::{KeyError, PublicKey, SealingKey};
pub use key_secret::{
    KEY_VALIDITY, KeyOrder, KeySecret, KeySecretError, NewKey, Renewal, key_name, newest_first, next_start,
};
pub use reseal::{ResealError, reseal, rotate, verify};
pub use ring::{KeyRing, NoKey, Opened};
pub use scope::{CLUSTER_WIDE, NAMESPACE_WIDE, Scope, UnknownScope};
pub use seal::{SealOptions, SecretError, seal};
pub use unseal::{ItemError, Precedence, UnsealError, UnsealOptions, collisions, label, unseal};
