//! Keys from passwords (RFC 7292 B, RFC 8018) and the ciphers for them.

use std::cell::Cell;
use std::num::NonZeroU32;

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, InnerIvInit, KeyInit, KeyIvInit};
use aws_lc_rs::{digest, hmac, pbkdf2};

use crate::crypto::der::{self, Reader};
use crate::crypto::{Error, oid};

/// How many iterations all key derivations of a key store may take together.
/// Programs write 2,048 to 10,000 for each of two to four.
pub(crate) const MAX_ITERATIONS: u32 = 200_000;

/// A password in the two forms that a key store needs, and how much may still
/// be derived from it.
pub(super) struct Password {
    /// UTF-8.
    text: Vec<u8>,
    /// UTF-16, big-endian, with a terminating zero.
    wide: Vec<u8>,
    /// Iterations left.
    left: Cell<u32>,
}

impl Password {
    /// Refuses characters outside of the Basic Multilingual Plane, as go-pkcs12.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        if text.chars().any(|character| u32::from(character) > 0xffff) {
            return Err(Error::Argument("a password with characters beyond UCS-2"));
        }
        let wide = text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
        Ok(Self { text: text.into(), wide, left: Cell::new(MAX_ITERATIONS) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// No password at all: some programs make that of an empty one.
    pub(super) fn into_none(self) -> Self {
        Self { text: Vec::new(), wide: Vec::new(), left: self.left }
    }

    /// Takes the iterations of a derivation of so many blocks.
    fn spend(&self, count: u32, blocks: usize) -> Result<NonZeroU32, Error> {
        let spent = u32::try_from(blocks).ok().and_then(|blocks| count.checked_mul(blocks));
        let left = spent.and_then(|spent| self.left.get().checked_sub(spent)).ok_or(Error::Iterations)?;
        self.left.set(left);
        NonZeroU32::new(count).ok_or(Error::Der)
    }
}

/// A hash that a MAC may use.
#[derive(Clone, Copy)]
struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

const SHA1: Hash = Hash {
    digest: &digest::SHA1_FOR_LEGACY_USE_ONLY,
    hmac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    pbkdf2: pbkdf2::PBKDF2_HMAC_SHA1,
};
const SHA256: Hash =
    Hash { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256 };
const SHA512: Hash =
    Hash { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA512 };

/// What a key is for (RFC 7292 B.3).
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Vector = 2,
    Mac = 3,
}

/// The derivation of RFC 7292 B.2.
fn derive(
    hash: Hash,
    purpose: Purpose,
    password: &Password,
    salt: &[u8],
    count: u32,
    length: usize,
) -> Result<Vec<u8>, Error> {
    let count = password.spend(count, length.div_ceil(hash.digest.output_len()))?.get();
    let block = hash.digest.block_len();
    let fill = |text: &[u8]| -> Vec<u8> {
        text.iter().copied().cycle().take(text.len().div_ceil(block) * block).collect()
    };
    let purpose = vec![purpose as u8; block];
    let mut input = [fill(salt), fill(&password.wide)].concat();
    let mut out = Vec::with_capacity(length);
    loop {
        let mut round = digest::digest(hash.digest, &[&purpose[..], &input].concat());
        for _ in 1..count {
            round = digest::digest(hash.digest, round.as_ref());
        }
        out.extend_from_slice(round.as_ref());
        if out.len() >= length {
            out.truncate(length);
            return Ok(out);
        }
        // Every block of the input grows by the digest (repeated) and one.
        for part in input.chunks_mut(block) {
            let mut carry = 1;
            for (at, byte) in part.iter_mut().enumerate().rev() {
                carry += u16::from(*byte) + u16::from(round.as_ref()[at % round.as_ref().len()]);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
    }
}

/// PBKDF2 from its parameters; `length` where these name none.
fn pbkdf2(parameters: Reader<'_>, password: &Password, length: Option<usize>) -> Result<Vec<u8>, Error> {
    let mut fields = parameters;
    if fields.expect(der::OID)? != oid::PBKDF2 {
        return Err(Error::Unsupported("the key derivation of the key store"));
    }
    let mut fields = fields.sequence()?;
    let salt = fields.expect(der::OCTET_STRING)?;
    let count = fields.small()?;
    let own =
        if fields.clone().optional(der::INTEGER)?.is_some() { Some(fields.small()? as usize) } else { None };
    let hash = match fields.optional(der::SEQUENCE)? {
        Some(function) => hmac_hash(Reader::new(function).expect(der::OID)?)?,
        None => SHA1,
    };
    // The bounds of RFC 9579 for a MAC's key.
    let Some(length @ 1..=64) = length.or(own) else { return Err(Error::Der) };
    let count = password.spend(count, length.div_ceil(hash.digest.output_len()))?;
    let mut key = vec![0; length];
    pbkdf2::derive(hash.pbkdf2, count, salt, &password.text, &mut key);
    Ok(key)
}

fn hmac_hash(kind: &[u8]) -> Result<Hash, Error> {
    match kind {
        oid::HMAC_SHA1 => Ok(SHA1),
        oid::HMAC_SHA256 => Ok(SHA256),
        oid::HMAC_SHA512 => Ok(SHA512),
        _ => Err(Error::Unsupported("the key derivation of the key store")),
    }
}

/// Decrypts `data` by the AlgorithmIdentifier in front of it.
pub(super) fn decrypt(mut algorithm: Reader<'_>, password: &Password, data: &[u8]) -> Result<Vec<u8>, Error> {
    let kind = algorithm.expect(der::OID)?;
    let mut parameters = algorithm.sequence()?;
    if kind == oid::PBES2 {
        let derivation = parameters.sequence()?;
        let mut scheme = parameters.sequence()?;
        let cipher = scheme.expect(der::OID)?;
        let vector = scheme.expect(der::OCTET_STRING)?;
        let length = match cipher {
            oid::AES_128_CBC => 16,
            oid::AES_192_CBC => 24,
            oid::AES_256_CBC => 32,
            _ => return Err(Error::Unsupported("the cipher of the key store")),
        };
        let key = pbkdf2(derivation, password, Some(length))?;
        return match length {
            16 => unpad::<cbc::Decryptor<aes::Aes128>>(&key, vector, data),
            24 => unpad::<cbc::Decryptor<aes::Aes192>>(&key, vector, data),
            _ => unpad::<cbc::Decryptor<aes::Aes256>>(&key, vector, data),
        };
    }
    let salt = parameters.expect(der::OCTET_STRING)?;
    let count = parameters.small()?;
    let part = |purpose, length| derive(SHA1, purpose, password, salt, count, length);
    match kind {
        oid::PBE_TRIPLE_DES => {
            let (key, vector) = (part(Purpose::Key, 24)?, part(Purpose::Vector, 8)?);
            unpad::<cbc::Decryptor<des::TdesEde3>>(&key, &vector, data)
        }
        oid::PBE_RC2_128 => rc2(&part(Purpose::Key, 16)?, &part(Purpose::Vector, 8)?, data),
        oid::PBE_RC2_40 => rc2(&part(Purpose::Key, 5)?, &part(Purpose::Vector, 8)?, data),
        _ => Err(Error::Unsupported("the cipher of the key store")),
    }
}

fn unpad<C: KeyIvInit + BlockModeDecrypt>(key: &[u8], vector: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
    let cipher = C::new_from_slices(key, vector).map_err(|_| Error::Der)?;
    cipher.decrypt_padded_vec::<Pkcs7>(data).map_err(|_| Error::Password)
}

fn rc2(key: &[u8], vector: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
    let cipher = rc2::Rc2::new_from_slice(key).map_err(|_| Error::Der)?;
    let cipher = cbc::Decryptor::inner_iv_slice_init(cipher, vector).map_err(|_| Error::Der)?;
    cipher.decrypt_padded_vec::<Pkcs7>(data).map_err(|_| Error::Password)
}

/// The MAC of `data` by the AlgorithmIdentifier, salt and iterations of MacData.
fn mac(algorithm: Reader<'_>, salt: &[u8], count: u32, password: &Password) -> Result<hmac::Key, Error> {
    let mut algorithm = algorithm;
    let hash = match algorithm.expect(der::OID)? {
        oid::SHA1 => SHA1,
        oid::SHA256 => SHA256,
        oid::SHA512 => SHA512,
        oid::PBMAC1 => {
            let mut parameters = algorithm.sequence()?;
            let derivation = parameters.sequence()?;
            let hash = hmac_hash(parameters.sequence()?.expect(der::OID)?)?;
            let key = pbkdf2(derivation, password, None)?;
            // RFC 9579 5 has shorter keys refused.
            return if key.len() < 20 { Err(Error::Der) } else { Ok(hmac::Key::new(hash.hmac, &key)) };
        }
        _ => return Err(Error::Unsupported("the MAC of the key store")),
    };
    let key = derive(hash, Purpose::Mac, password, salt, count, hash.digest.output_len())?;
    Ok(hmac::Key::new(hash.hmac, &key))
}

/// Checks MacData over the content of the store.
pub(super) fn verify(mac_data: Reader<'_>, password: &Password, data: &[u8]) -> Result<(), Error> {
    let mut fields = mac_data;
    let mut info = fields.sequence()?;
    let algorithm = info.sequence()?;
    let tag = info.expect(der::OCTET_STRING)?;
    let salt = fields.expect(der::OCTET_STRING)?;
    let count = if fields.is_empty() { 1 } else { fields.small()? };
    let key = mac(algorithm, salt, count, password)?;
    hmac::verify(&key, data, tag).map_err(|_| Error::Password)
}

/// HMAC-SHA-256 over the content of the store, by RFC 7292.
pub(super) fn sign(salt: &[u8], count: u32, password: &Password, data: &[u8]) -> Result<Vec<u8>, Error> {
    let key = derive(SHA256, Purpose::Mac, password, salt, count, 32)?;
    Ok(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), data).as_ref().to_vec())
}

/// The PBES2 key of the profile: PBKDF2-HMAC-SHA-256, 256 bits.
pub(super) fn pbes2_key(salt: &[u8], count: u32, password: &Password) -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    let count = password.spend(count, 1)?;
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, count, salt, &password.text, &mut key);
    Ok(key)
}
