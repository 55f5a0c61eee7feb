//! Sealing keys: RSA, from PEM (`sealed-secrets.md` 1.4, 1.5).

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bulla_core::SecretBytes;
use x509_parser::asn1_rs::Sequence;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use crate::blocks::blocks;
use crate::hybrid;

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block holds a private key that can be read.
    #[error("data does not contain a valid RSA or ECDSA private key")]
    NoKey,
    /// A key of another algorithm.
    #[error("private key is not an RSA key")]
    NotRsa,
    /// An RSA key that the cryptographic library refuses: fewer than 2048
    /// bits, more than 8192, or not a key at all.
    #[error("the RSA key is malformed or not between 2048 and 8192 bits long")]
    Refused,
}

/// The public half of a sealing key.
#[derive(Clone)]
pub struct PublicKey {
    key: std::sync::Arc<OaepPublicEncryptingKey>,
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
    fingerprint: String,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in DER.
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let (_, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| KeyError::Refused)?;
        let Ok(ParsedKey::RSA(numbers)) = info.parsed() else { return Err(KeyError::NotRsa) };
        let fingerprint = fingerprint(numbers.exponent, numbers.modulus);
        let key = PublicEncryptingKey::from_der(der).map_err(|_| KeyError::Refused)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Refused)?;
        let modulus = digits(numbers.modulus).to_vec();
        Ok(Self { key: key.into(), modulus, fingerprint })
    }

    /// The fingerprint that `ssh-keygen -l` shows: `SHA256:` and base64.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.key.key_size_bits()
    }

    /// Returns true where a ciphertext was certainly sealed to another key: its
    /// RSA block has another length than the modulus, or is no number below it
    /// (RFC 8017, 5.1.2). The format names no key, so false says nothing.
    pub fn excludes(&self, sealed: &[u8]) -> bool {
        let Some((wrapped, _)) = hybrid::split(sealed) else { return true };
        wrapped.len() != self.modulus.len() || wrapped >= self.modulus.as_slice()
    }

    /// Encrypts a session key; `None` where the library refuses.
    pub(crate) fn wrap(&self, session: &[u8], label: &[u8]) -> Option<Vec<u8>> {
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let length =
            self.key.encrypt(&OAEP_SHA256_MGF1SHA256, session, &mut wrapped, Some(label)).ok()?.len();
        wrapped.truncate(length);
        Some(wrapped)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.fingerprint)
    }
}

/// A private sealing key. It has no `Debug`.
pub struct SealingKey {
    private: OaepPrivateDecryptingKey,
    public: PublicKey,
}

impl SealingKey {
    /// Reads the first block of a PEM text that is a private key: PKCS#1,
    /// PKCS#8 or an elliptic curve's, which is refused by name.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let mut refused = KeyError::NoKey;
        for block in blocks(text) {
            let tag = block.tag().to_owned();
            let der = Zeroizing::new(block.into_contents());
            let read = match tag.as_str() {
                "EC PRIVATE KEY" => Err(KeyError::NotRsa),
                "RSA PRIVATE KEY" => Self::from_pkcs8(&pkcs8(&der)),
                "PRIVATE KEY" => Self::from_pkcs8(&der),
                _ => continue,
            };
            match read {
                Err(KeyError::NotRsa) if Sequence::from_der(&der).is_ok() => return Err(KeyError::NotRsa),
                // What is no key at all may be followed by one.
                Err(error) => refused = error,
                read => return read,
            }
        }
        Err(refused)
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if !names_rsa(der) {
            return Err(KeyError::NotRsa);
        }
        let private = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError::Refused)?;
        let public: PublicKeyX509Der<'_> = private.public_key().as_der().map_err(|_| KeyError::Refused)?;
        let public = PublicKey::from_spki(public.as_ref())?;
        let private = OaepPrivateDecryptingKey::new(private).map_err(|_| KeyError::Refused)?;
        Ok(Self { private, public })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Opens a ciphertext; `None` whatever the reason (`security.md` S-07).
    pub fn open(&self, sealed: &[u8], label: &[u8]) -> Option<SecretBytes> {
        hybrid::open(&self.private, sealed, label)
    }

    /// Opens the RSA block of a ciphertext alone, which gives the session key;
    /// `None` whatever the reason.
    pub fn unwrap_session_key(&self, wrapped: &[u8], label: &[u8]) -> Option<SecretBytes> {
        hybrid::unwrap(&self.private, wrapped, label)
    }
}

/// The OpenSSH fingerprint of an RSA key (RFC 4253, 6.6).
fn fingerprint(exponent: &[u8], modulus: &[u8]) -> String {
    let mut wire = Vec::with_capacity(modulus.len() + 32);
    for part in [b"ssh-rsa".as_slice(), &integer(exponent), &integer(modulus)] {
        wire.extend_from_slice(&(part.len() as u32).to_be_bytes());
        wire.extend_from_slice(part);
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &wire);
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest.as_ref()))
}

/// A big-endian number without leading zeros.
fn digits(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

/// A positive integer as SSH writes it: no leading zeros but the one that
/// keeps the sign.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let digits = digits(bytes);
    let mut out = Vec::with_capacity(digits.len() + 1);
    if digits.first().is_some_and(|byte| byte & 0x80 != 0) {
        out.push(0);
    }
    out.extend_from_slice(digits);
    out
}

/// rsaEncryption with its NULL parameter (RFC 8017, A.1).
const RSA: [u8; 15] = [0x30, 13, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 1, 1, 1, 5, 0];

/// Wraps a PKCS#1 key into PKCS#8 (RFC 5208, 5), which alone the library reads.
fn pkcs8(pkcs1: &[u8]) -> Zeroizing<Vec<u8>> {
    let octets = header(0x04, pkcs1.len());
    let length = 3 + RSA.len() + octets.len() + pkcs1.len();
    let mut der = Zeroizing::new(header(0x30, length));
    der.reserve_exact(length);
    der.extend_from_slice(&[2, 1, 0]);
    der.extend_from_slice(&RSA);
    der.extend_from_slice(&octets);
    der.extend_from_slice(pkcs1);
    der
}

fn header(tag: u8, length: usize) -> Vec<u8> {
    let bytes = length.to_be_bytes();
    let digits = digits(&bytes);
    if length < 0x80 {
        return vec![tag, length as u8];
    }
    let mut out = vec![tag, 0x80 | digits.len() as u8];
    out.extend_from_slice(digits);
    out
}

/// True unless the algorithm named near the start is certainly another one.
fn names_rsa(pkcs8: &[u8]) -> bool {
    let start = &pkcs8[..pkcs8.len().min(32)];
    start.windows(RSA.len() - 4).any(|window| window == &RSA[2..RSA.len() - 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{KNOWN_ANSWERS_KEY, known_key};

    #[test]
    fn a_key_excludes_what_cannot_be_its_own() {
        let key = known_key();
        let sealed = hybrid::seal_value(key.public(), b"x", b"", &bulla_crypto::SystemRandom).unwrap();
        assert!(!key.public().excludes(&sealed));
        let mut too_large = sealed.clone();
        too_large[2..258].fill(0xff);
        let mut shorter = sealed.clone();
        shorter[..2].copy_from_slice(&255_u16.to_be_bytes());
        for other in [&too_large[..], &shorter, &sealed[..100], b""] {
            assert!(key.public().excludes(other));
        }
    }

    #[test]
    fn the_fingerprint_is_that_of_ssh() {
        assert_eq!(known_key().public().fingerprint(), "SHA256:2SSfwMZWAvighgTQVvr5HQIJLof4YCSH8L0YSOlwtl8");
        assert_eq!(known_key().public().bits(), 2048);
    }

    #[test]
    fn the_first_private_key_of_a_text_counts() {
        for before in [
            "junk",
            "-----BEGIN X-----\nAA==\n-----END X-----",
            "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\n!!\n-----END RSA PRIVATE KEY-----",
        ] {
            let text = format!("{before}\n{KNOWN_ANSWERS_KEY}");
            assert!(SealingKey::from_pem(text.as_bytes()).is_ok(), "{before}");
        }
        for curve in [
            include_str!("../../../tests/fixtures/seal/ec.pem"),
            include_str!("../../../tests/fixtures/seal/ec_sec1.pem"),
        ] {
            let text = format!("{curve}\n{KNOWN_ANSWERS_KEY}");
            assert_eq!(SealingKey::from_pem(text.as_bytes()).err(), Some(KeyError::NotRsa));
        }
    }

    #[test]
    fn s_08_malformed_keys_are_errors() {
        let short = include_str!("../../../tests/fixtures/seal/rsa_1024.pem");
        let curve = include_str!("../../../tests/fixtures/seal/ec.pem");
        let sec1 = include_str!("../../../tests/fixtures/seal/ec_sec1.pem");
        let certificate = include_str!("../../../tests/fixtures/seal/valid.crt");
        for (text, error) in [
            ("", KeyError::NoKey),
            ("-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n", KeyError::Refused),
            ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", KeyError::NotRsa),
            ("-----BEGIN RSA PRIVATE KEY-----\n!\n-----END RSA PRIVATE KEY-----\n", KeyError::NoKey),
            (certificate, KeyError::NoKey),
            (short, KeyError::Refused),
            (curve, KeyError::NotRsa),
            (sec1, KeyError::NotRsa),
        ] {
            assert_eq!(SealingKey::from_pem(text.as_bytes()).err(), Some(error), "{text}");
        }
    }
}
