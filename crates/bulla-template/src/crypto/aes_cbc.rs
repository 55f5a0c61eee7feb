//! sprig's `encryptAES` and `decryptAES`: AES-256-CBC with PKCS#7 padding and
//! the first 32 bytes of the password as key.

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding};
use base64::Engine as _;
use bulla_core::Random;

use super::random::bytes;
use super::{BASE64, Error};

type Encryptor = cbc::Encryptor<aes::Aes256>;
type Decryptor = cbc::Decryptor<aes::Aes256>;

fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

/// `encryptAES`: base64 of a random initialization vector and the ciphertext;
/// nothing for an empty text.
pub(crate) fn encrypt_aes(random: &dyn Random, password: &[u8], text: &[u8]) -> Result<String, Error> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let vector = bytes::<16>(random)?;
    let cipher = Encryptor::new(&key(password).into(), &vector.into());
    let mut out = vector.to_vec();
    out.extend(cipher.encrypt_padded_vec::<block_padding::Pkcs7>(text));
    Ok(BASE64.encode(out))
}

/// `decryptAES`: the inverse. Of the padding only the last byte is looked at,
/// as in sprig, so that a wrong password may give garbage.
pub(crate) fn decrypt_aes(password: &[u8], text: &[u8]) -> Result<Vec<u8>, Error> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let data = super::base64_lenient(text)?;
    let (vector, data) = data.split_first_chunk::<16>().ok_or(Error::Ciphertext)?;
    let cipher = Decryptor::new(&key(password).into(), &(*vector).into());
    let mut out =
        cipher.decrypt_padded_vec::<block_padding::NoPadding>(data).map_err(|_| Error::Ciphertext)?;
    let padding = usize::from(*out.last().ok_or(Error::Ciphertext)?);
    let length = out.len().checked_sub(padding).ok_or(Error::Ciphertext)?;
    out.truncate(length);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counter;
    use super::*;

    #[test]
    fn what_is_encrypted_can_be_decrypted() {
        for text in [&b""[..], b"a", b"sixteen bytes ab", b"more than sixteen bytes"] {
            let sealed = encrypt_aes(&Counter::default(), b"password", text).unwrap();
            assert_eq!(decrypt_aes(b"password", sealed.as_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn a_text_of_sprig_can_be_decrypted() {
        let sealed = b"30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=";
        assert_eq!(decrypt_aes(b"secretkey", sealed).unwrap(), b"plaintext");
    }

    #[test]
    fn what_is_no_ciphertext_is_refused() {
        for text in ["A", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAA="] {
            assert!(decrypt_aes(b"", text.as_bytes()).is_err(), "{text}");
        }
    }
}
