//! Digests, passwords, keys, certificates and key stores: what the functions
//! of sprig's crypto family and External Secrets' own functions compute
//! (`external-secrets.md` 6.2, 6.3). Plain types in and out; the function
//! table of the engine converts values and charges the budget (D-02).
//!
//! Randomness comes through [`bulla_core::Random`]. Two libraries take only
//! their own source, the one of the operating system: the generation of RSA
//! and ECDSA keys and the salt of ECDSA signatures (aws-lc). The time is a
//! parameter, in seconds since 1970.
//!
//! | template function, arguments | here |
//! |---|---|
//! | `sha1sum` `sha256sum` `sha512sum` `adler32sum` s | [`digest::sha1sum`] ... `(&[u8]) -> String` |
//! | `bcrypt` s | `password::bcrypt(&dyn Random, &[u8]) -> Result<String>` |
//! | `htpasswd` user password algorithm | `password::htpasswd(&dyn Random, user: &str, password: &[u8], algorithm: &str) -> Result<String>`; algorithm `sha`, anything else is bcrypt (External Secrets' sprig has three arguments, sprig 3.2 two: pass `""`) |
//! | `derivePassword` counter type password user site | `password::derive_password(u32, kind: &str, password: &[u8], user: &[u8], site: &[u8]) -> Result<String>` |
//! | `uuidv4` | `random::uuidv4(&dyn Random) -> Result<String>` |
//! | `randBytes` n | `random::rand_bytes(&dyn Random, i64) -> Result<String>` (base64) |
//! | `randAlpha` `randAlphaNum` `randAscii` `randNumeric` n | `random::rand_alpha` ... `(&dyn Random, i64) -> Result<String>` |
//! | `randInt` min max | `random::rand_int(&dyn Random, i64, i64) -> Result<i64>` |
//! | `encryptAES` `decryptAES` password text | `aes_cbc::encrypt_aes(&dyn Random, &[u8], &[u8]) -> Result<String>`, `aes_cbc::decrypt_aes(&[u8], &[u8]) -> Result<Vec<u8>>` |
//! | `genPrivateKey` type | `issue::gen_private_key(&dyn Random, &str) -> Result<String>` |
//! | `buildCustomCert` cert key | `issue::build_custom_cert(&[u8], &[u8]) -> Result<Pair>` |
//! | `genCA` cn days | `issue::gen_ca(&dyn Random, now: i64, cn: &str, days: i64) -> Result<Pair>` |
//! | `genCAWithKey` cn days key | `issue::gen_ca_with_key(.., key: &[u8]) -> Result<Pair>` |
//! | `genSelfSignedCert` cn ips dns days | `issue::gen_self_signed_cert(&dyn Random, now: i64, &Subject, days: i64) -> Result<Pair>` |
//! | `genSelfSignedCertWithKey` cn ips dns days key | `issue::gen_self_signed_cert_with_key(.., key: &[u8]) -> Result<Pair>` |
//! | `genSignedCert` cn ips dns days ca | `issue::gen_signed_cert(&dyn Random, now: i64, &Subject, days: i64, ca: &Pair) -> Result<Pair>` |
//! | `genSignedCertWithKey` cn ips dns days ca key | `issue::gen_signed_cert_with_key(.., ca: &Pair, key: &[u8]) -> Result<Pair>` |
//! | `filterPEM` type input | `pem::filter_pem(kind: &str, &[u8]) -> Result<Vec<u8>>` |
//! | `filterCertChain` kind input | `chain::filter_cert_chain(kind: &str, &[u8]) -> Result<String>` |
//! | `certSANs` pem | `certificate::cert_sans(&[u8]) -> Result<Vec<String>>` |
//! | `pkcs12key` data, `pkcs12keyPass` pass data | `pkcs12::pkcs12_key(pass: &str, &[u8]) -> Result<String>` (pass `""` for the first) |
//! | `pkcs12cert` data, `pkcs12certPass` pass data | `pkcs12::pkcs12_cert(pass: &str, &[u8]) -> Result<String>` |
//! | `pemToPkcs12` cert key, `pemToPkcs12Pass` cert key pass | `pkcs12::pem_to_pkcs12(&dyn Random, cert: &[u8], key: &[u8], pass: &str) -> Result<String>` (base64) |
//! | `fullPemToPkcs12` cert key, `fullPemToPkcs12Pass` cert key pass | `pkcs12::full_pem_to_pkcs12(..)`, the same arguments |
//! | `pemTruststoreToPKCS12` certs, `pemTruststoreToPKCS12Pass` certs pass | `pkcs12::pem_truststore_to_pkcs12(&dyn Random, certs: &[u8], pass: &str) -> Result<String>` |
//! | `jwkPublicKeyPem` `jwkPrivateKeyPem` json | `jwk::jwk_public_key_pem(&[u8]) -> Result<String>`, `jwk::jwk_private_key_pem` |
//! | `rsaDecrypt` scheme hash data key | `rsa::rsa_decrypt(scheme: &str, hash: &str, &[u8], key: &[u8]) -> Result<Vec<u8>>` |
//!
//! `Pair { cert: String, key: String }` is sprig's certificate value (fields
//! `Cert`, `Key`); `Subject { common_name: &str, ips: &[&str], names: &[&str] }`.
//!
//! What takes long: RSA key generation (2048 bits: `genCA`, `gen*Cert` without
//! key; 4096 bits: `genPrivateKey "rsa"`), `bcrypt` and `htpasswd`,
//! `derivePassword` (and 32 MiB), and reading a PKCS#12 file, which may ask for
//! [`MAX_ITERATIONS`] rounds.

pub mod aes_cbc;
pub mod certificate;
pub mod chain;
mod der;
pub mod digest;
pub mod issue;
pub mod jwk;
mod keys;
mod name;
mod oid;
pub mod password;
pub mod pem;
pub mod pkcs12;
pub mod random;
pub mod rsa;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use bulla_core::RandomError;

pub use issue::{Pair, Subject};
pub use pkcs12::MAX_ITERATIONS;

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
