//! The ciphertext of one value (`sealed-secrets.md` 1.1):
//! length of R as two big-endian bytes, R, A, where R is the session key under
//! RSA-OAEP with SHA-256 and the label of the scope (RFC 8017, 7.1), and A the
//! value under AES-256-GCM with that key and a nonce of zeros.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey};
use bulla_core::{Random, RandomError, SecretBytes};
use zeroize::Zeroizing;

use crate::key::PublicKey;

/// Bytes of a session key; no other length is written or read.
const SESSION_KEY: usize = 32;

/// Why a value could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// No unpredictable bytes, no session key.
    #[error("the operating system's random source failed")]
    Random,
    /// The cryptographic library refused: a defect, or a modulus beyond 16 KiB.
    #[error("the session key could not be encrypted to the certificate's key")]
    Encrypt,
}

impl From<RandomError> for SealError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

/// Seals `plaintext` to the holder of `key`, for objects whose scope gives
/// `label`. Each call draws a session key of its own, because the nonce never
/// changes (`security.md` S-03).
pub fn seal_value(
    key: &PublicKey,
    plaintext: &[u8],
    label: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, SealError> {
    let mut session = Zeroizing::new([0; SESSION_KEY]);
    random.fill(session.as_mut())?;
    let wrapped = key.wrap(session.as_ref(), label).ok_or(SealError::Encrypt)?;
    let length = u16::try_from(wrapped.len()).map_err(|_| SealError::Encrypt)?;
    let mut sealed = Zeroizing::new(plaintext.to_vec());
    sealed.reserve_exact(AES_256_GCM.tag_len());
    cipher(session.as_ref())
        .and_then(|cipher| cipher.seal_in_place_append_tag(nonce(), Aad::empty(), &mut *sealed).ok())
        .ok_or(SealError::Encrypt)?;
    let mut out = Vec::with_capacity(2 + wrapped.len() + sealed.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&wrapped);
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens a ciphertext with one private key; `None` for every reason.
pub(crate) fn open(key: &OaepPrivateDecryptingKey, sealed: &[u8], label: &[u8]) -> Option<SecretBytes> {
    let (wrapped, body) = split(sealed)?;
    let session = unwrap(key, wrapped, label)?;
    let mut body = Zeroizing::new(body.to_vec());
    let plaintext = cipher(session.expose())?.open_in_place(nonce(), Aad::empty(), &mut body).ok()?;
    Some(SecretBytes::new(plaintext.to_vec()))
}

/// R and A of a ciphertext; `None` where it is too short for its own length of R.
pub(crate) fn split(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = sealed.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Opens R; `None` for every reason.
pub(crate) fn unwrap(key: &OaepPrivateDecryptingKey, wrapped: &[u8], label: &[u8]) -> Option<SecretBytes> {
    if wrapped.len() != key.key_size_bytes() {
        return None;
    }
    let mut session = Zeroizing::new(vec![0; key.min_output_size()]);
    let session = key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut session, Some(label)).ok()?;
    Some(SecretBytes::new(session.to_vec()))
}

/// `None` unless the key is exactly 32 bytes long (`security.md` S-01).
fn cipher(session: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, session).ok().map(LessSafeKey::new)
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
