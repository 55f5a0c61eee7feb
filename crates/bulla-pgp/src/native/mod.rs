//! OpenPGP without gpg: keys from files, messages that hold one data key
//! (RFC 4880 with ECDH of RFC 6637, as GnuPG 2.2 and Go's libraries write
//! them). Bytes in, bytes out; the caller reads the files.
//!
//! RSA private operations are aws-lc's, in constant time, so that a message
//! of a stranger may be opened on a server too (`security.md` 10).

mod armor;
mod message;
mod ring;
mod rsa;
mod seal;
mod session;
mod usable;

pub use ring::KeyRing;

/// Largest file of keys in bytes (`security.md` 4.1).
pub const KEY_FILE_LIMIT: usize = 16 << 20;

/// Largest message in bytes, armor included, and largest content of one: a
/// data key is 32 bytes long and its message below 2 KiB.
pub const MESSAGE_LIMIT: usize = 64 << 10;

/// Why keys could not be read, or a data key not be wrapped or unwrapped.
/// Names of keys are public; nothing else of a key or message is in a text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NativeError {
    /// The message's integrity check fails, or what it holds is malformed.
    #[error("the message is damaged, or was not made for this key")]
    Damaged,
    /// The key's validity has ended.
    #[error("the key {0} has expired")]
    Expired(String),
    /// What should be text between `BEGIN PGP` and `END PGP` lines, or binary
    /// OpenPGP, is neither.
    #[error("no OpenPGP {0} in it")]
    Malformed(&'static str),
    /// The content of a message is not protected against changes.
    #[error("the message has no integrity protection")]
    NoIntegrity,
    /// No key of that name.
    #[error("no public key {0}")]
    NoPublicKey(String),
    /// The message is for other keys.
    #[error("no secret key {0}")]
    NoSecretKey(String),
    /// The passphrase was not given.
    #[error("the key {key} is protected by a passphrase: {reason}")]
    Locked {
        /// Fingerprint.
        key: String,
        /// Why there is no passphrase.
        reason: String,
    },
    /// The system's random source failed.
    #[error("{}", bulla_core::RandomError)]
    Random,
    /// The owner withdrew the key.
    #[error("the key {0} was revoked")]
    Revoked(String),
    /// More bytes than the limit.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// None of the key's parts may be encrypted to.
    #[error("the key {0} is not for encryption")]
    Unusable(String),
    /// An algorithm that only gpg may know.
    #[error("{0} is not supported without gpg")]
    Unsupported(String),
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the key {0}")]
    WrongPassphrase(String),
}

#[cfg(test)]
mod tests;
