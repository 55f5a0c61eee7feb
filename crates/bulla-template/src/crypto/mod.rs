//! Digests, passwords, keys, certificates and key stores: what the functions
//! of sprig's crypto family and External Secrets' own functions compute
//! (`external-secrets.md` 6.2, 6.3). Plain types in and out; the function
//! table of the engine (`functions/crypto.rs`, `functions/external.rs`) converts
//! values and charges the budget (D-02).
//!
//! Randomness comes through [`bulla_core::Random`]. One library takes only its
//! own source, the one of the operating system: aws-lc for RSA keys and for the
//! salt of ECDSA signatures. The time is a parameter, in seconds since 1970.
//!
//! What takes long: RSA key generation (2048 bits: `genCA`, `gen*Cert` without
//! key; 4096 bits: `genPrivateKey "rsa"`), `bcrypt` and `htpasswd`,
//! `derivePassword` (and 32 MiB), and reading a PKCS#12 file, which may ask for
//! [`MAX_ITERATIONS`] rounds.

pub(crate) mod aes_cbc;
pub(crate) mod certificate;
pub(crate) mod chain;
mod der;
pub(crate) mod digest;
pub(crate) mod issue;
pub(crate) mod jwk;
mod keys;
mod name;
mod oid;
pub(crate) mod password;
pub(crate) mod pem;
pub(crate) mod pkcs12;
pub(crate) mod random;
pub(crate) mod rsa;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use bulla_core::RandomError;

pub(crate) use issue::{Pair, Subject};
pub(crate) use pkcs12::MAX_ITERATIONS;

/// Why a function refuses its input. The text never holds any of it
/// (`security.md` O-02).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument out of range.
    #[error("{0} cannot be used")]
    Argument(&'static str),
    /// Not base64.
    #[error("the input is not base64")]
    Base64,
    /// Not an X.509 certificate.
    #[error("the certificate is malformed")]
    Certificate,
    /// Certificates whose identifiers form no single chain.
    #[error("{0}")]
    Chain(&'static str),
    /// A ciphertext of a wrong length or with a wrong padding.
    #[error("the ciphertext is malformed")]
    Ciphertext,
    /// Decryption with the private key failed.
    #[error("error decrypting data with RSA")]
    Decrypt,
    /// Not DER.
    #[error("the DER structure is malformed")]
    Der,
    /// Text without a single PEM block.
    #[error("error filtering pem: found junk")]
    Junk,
    /// Not a JSON web key.
    #[error("the JSON web key is malformed: {0}")]
    Jwk(&'static str),
    /// Not a private key, or one that contradicts itself.
    #[error("the private key is malformed")]
    Key,
    /// The key does not belong to the certificate.
    #[error("the private key does not match the certificate")]
    Mismatch,
    /// Too many iterations of a key derivation.
    #[error("the key store asks for too many iterations")]
    Iterations,
    /// No PEM block.
    #[error("failed to decode PEM block")]
    NoPem,
    /// A wrong password, or a damaged key store.
    #[error("the password is wrong or the key store is damaged")]
    Password,
    /// See [`RandomError`].
    #[error("no random bytes")]
    Random(#[from] RandomError),
    /// Something that exists and is not read or made here.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
}

/// Base64 as Go's `StdEncoding` has it: padded, its last bits not checked.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Decodes base64, line breaks ignored, as Go does.
fn base64_lenient(text: &[u8]) -> Result<Vec<u8>, Error> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    BASE64.decode(text).map_err(|_| Error::Base64)
}

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests;
