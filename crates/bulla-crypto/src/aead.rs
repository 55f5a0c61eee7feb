//! AES-256-GCM (NIST SP 800-38D) with the 32-byte nonces of SOPS values
//! (`sops.md` 3.2).
//!
//! Values are sealed with 32-byte nonces only, through `aes-gcm`. A file may
//! hold a nonce of any other length, which that crate fixes at compile time;
//! [`FreeNonce`] covers those.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::U32;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, InnerIvInit, StreamCipher, StreamCipherCoreWrapper};
use aes_gcm::{AesGcm, Nonce, Tag};
use bulla_core::DataKey;
use ctr::CtrCore;
use ctr::flavors::Ctr32BE;
use ghash::universal_hash::UniversalHash;
use ghash::{Block, GHash};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Length in bytes of the nonces that we write.
pub const NONCE_LENGTH: usize = 32;

/// Length in bytes of every tag, written or read (`security.md` C-02).
pub const TAG_LENGTH: usize = 16;

/// A sealed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// As many bytes as the plaintext has.
    pub ciphertext: Vec<u8>,
    /// Authenticates ciphertext, nonce and additional data.
    pub tag: [u8; TAG_LENGTH],
}

/// Why a value could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Wrong key, or ciphertext, nonce, tag or additional data were changed.
    #[error("message authentication failed")]
    Authentication,
    /// GCM has no empty nonce.
    #[error("the nonce is empty")]
    EmptyNonce,
    /// The tag does not have exactly 16 bytes.
    #[error("the tag is {0} bytes long instead of 16")]
    TagLength(usize),
}

/// The cipher of one file's values: holds the key schedule of its data key,
/// so build it once per file.
pub struct ValueCipher {
    aes: Aes256,
    gcm: AesGcm<Aes256, U32>,
}

impl ValueCipher {
    /// Prepares the cipher of `key`.
    pub fn new(key: &DataKey) -> Self {
        let aes = Aes256::new(key.expose().into());
        let gcm = AesGcm::from(aes.clone());
        Self { aes, gcm }
    }

    /// Encrypts `plaintext` and authenticates it together with `aad`.
    ///
    /// A nonce must never be used for a second (plaintext, `aad`) pair.
    ///
    /// # Panics
    /// Where the plaintext has 64 GiB or more.
    pub fn seal(&self, nonce: &[u8; NONCE_LENGTH], aad: &[u8], plaintext: &[u8]) -> Sealed {
        let mut ciphertext = Vec::with_capacity(plaintext.len());
        let tag = self.seal_into(nonce, aad, plaintext, &mut ciphertext);
        Sealed { ciphertext, tag }
    }

    /// Does what [`Self::seal`] does, but appends the ciphertext to `output`.
    ///
    /// # Panics
    /// Where the plaintext has 64 GiB or more.
    pub fn seal_into(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        aad: &[u8],
        plaintext: &[u8],
        output: &mut Vec<u8>,
    ) -> [u8; TAG_LENGTH] {
        let start = output.len();
        output.extend_from_slice(plaintext);
        self.gcm
            .encrypt_inout_detached(nonce.into(), aad, (&mut output[start..]).into())
            .expect("the plaintext has less than GCM's 64 GiB")
            .into()
    }

    /// Checks and decrypts one value.
    ///
    /// `nonce` may have any length from 1 byte, `tag` must have 16 bytes
    /// (`security.md` C-02).
    pub fn open(
        &self,
        nonce: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let mut buffer = ciphertext.to_vec();
        self.open_in_place(nonce, aad, &mut buffer, tag)?;
        Ok(buffer)
    }

    /// Does what [`Self::open`] does in the caller's buffer, which is left as
    /// it was where the check fails.
    pub fn open_in_place(
        &self,
        nonce: &[u8],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8],
    ) -> Result<(), OpenError> {
        let tag: &[u8; TAG_LENGTH] = tag.try_into().map_err(|_| OpenError::TagLength(tag.len()))?;
        if nonce.is_empty() {
            return Err(OpenError::EmptyNonce);
        }
        match <&Nonce<U32>>::try_from(nonce) {
            Ok(nonce) => self
                .gcm
                .decrypt_inout_detached(nonce, aad, buffer.into(), &Tag::from(*tag))
                .map_err(|_| OpenError::Authentication),
            Err(_) => FreeNonce::new(&self.aes).open(nonce, aad, buffer, tag),
        }
    }
}

/// GCM decryption with a nonce length known at run time only, step by step as
/// in SP 800-38D, section 7.2.
struct FreeNonce<'a> {
    aes: &'a Aes256,
    ghash: GHash,
}

impl<'a> FreeNonce<'a> {
    fn new(aes: &'a Aes256) -> Self {
        let mut hash_key = Block::default();
        aes.encrypt_block(&mut hash_key);
        let ghash = GHash::new(&hash_key);
        hash_key.zeroize();
        Self { aes, ghash }
    }

    fn open(
        &self,
        nonce: &[u8],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_LENGTH],
    ) -> Result<(), OpenError> {
        let counter = CtrCore::<_, Ctr32BE>::inner_iv_init(self.aes, &self.first_counter(nonce));
        let mut stream = StreamCipherCoreWrapper::from_core(counter);
        let mut expected = self.hash(aad, buffer);
        stream.apply_keystream(&mut expected);
        if !bool::from(expected.as_slice().ct_eq(tag)) {
            return Err(OpenError::Authentication);
        }
        stream.apply_keystream(buffer);
        Ok(())
    }

    /// Derives the block J0.
    fn first_counter(&self, nonce: &[u8]) -> Block {
        if nonce.len() == 12 {
            let mut block = Block::default();
            block[..12].copy_from_slice(nonce);
            block[15] = 1;
            return block;
        }
        self.hash(&[], nonce)
    }

    /// Hashes two zero-padded parts and the block of their lengths in bits.
    fn hash(&self, first: &[u8], second: &[u8]) -> Block {
        let mut ghash = self.ghash.clone();
        ghash.update_padded(first);
        ghash.update_padded(second);
        let mut lengths = Block::default();
        lengths[..8].copy_from_slice(&(first.len() as u64 * 8).to_be_bytes());
        lengths[8..].copy_from_slice(&(second.len() as u64 * 8).to_be_bytes());
        ghash.update(&[lengths]);
        ghash.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher() -> ValueCipher {
        ValueCipher::new(&DataKey::new([7; 32]))
    }

    #[test]
    fn the_free_nonce_path_equals_aes_gcm_for_32_bytes() {
        let cipher = cipher();
        for length in [0, 1, 15, 16, 17, 100] {
            let plaintext: Vec<u8> = (0..length).collect();
            let nonce = [length; 32];
            let sealed = cipher.seal(&nonce, b"a:b:", &plaintext);
            let mut buffer = sealed.ciphertext.clone();
            FreeNonce::new(&cipher.aes).open(&nonce, b"a:b:", &mut buffer, &sealed.tag).unwrap();
            assert_eq!(buffer, plaintext);
        }
    }

    #[test]
    fn sealing_into_a_buffer_keeps_what_is_there() {
        let cipher = cipher();
        let mut output = b"before".to_vec();
        let tag = cipher.seal_into(&[1; 32], b":", b"value", &mut output);
        let sealed = cipher.seal(&[1; 32], b":", b"value");
        assert_eq!(output, [b"before".as_slice(), &sealed.ciphertext].concat());
        assert_eq!(tag, sealed.tag);
    }

    #[test]
    fn c_02_a_tag_of_another_length_is_refused() {
        let cipher = cipher();
        let sealed = cipher.seal(&[1; 32], b":", b"value");
        let tag = [sealed.tag.as_slice(), &[0]].concat();
        for length in (0..16).chain([17]) {
            let opened = cipher.open(&[1; 32], b":", &sealed.ciphertext, &tag[..length]);
            assert_eq!(opened, Err(OpenError::TagLength(length)));
        }
    }

    #[test]
    fn an_empty_nonce_is_refused() {
        assert_eq!(cipher().open(&[], b":", b"value", &[0; 16]), Err(OpenError::EmptyNonce));
    }

    #[test]
    fn a_refused_value_leaves_the_buffer_as_it_was() {
        for nonce in [[1; 32].as_slice(), &[1; 12], &[1]] {
            let mut buffer = b"value".to_vec();
            let opened = cipher().open_in_place(nonce, b":", &mut buffer, &[0; 16]);
            assert_eq!(opened, Err(OpenError::Authentication));
            assert_eq!(buffer, b"value");
        }
    }
}
