//! RSA keys in the old encrypted PEM format (RFC 1421 headers, OpenSSL's
//! derivation of keys with MD5). It protects a key poorly; people still have
//! such files, and sops opens them.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use md5::{Digest as _, Md5};
use zeroize::{Zeroize as _, Zeroizing};

const BEGIN: &str = "-----BEGIN RSA PRIVATE KEY-----";
const END: &str = "-----END RSA PRIVATE KEY-----";

/// An encrypted key, taken apart.
pub(crate) struct EncryptedPem {
    /// Bytes of the AES key.
    key_length: usize,
    iv: [u8; 16],
    body: Vec<u8>,
}

impl EncryptedPem {
    /// Reads an encrypted PEM file with one of the AES ciphers.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let inner = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let inner = inner.ok_or("only RSA keys in the old encrypted PEM format are supported")?;
        let is_header = |line: &&str| line.contains(": ");
        let info = inner.lines().find_map(|line| line.strip_prefix("DEK-Info: "));
        let (cipher, iv) = info.and_then(|info| info.split_once(',')).ok_or("the PEM header is malformed")?;
        let key_length = match cipher {
            "AES-128-CBC" => 16,
            "AES-192-CBC" => 24,
            "AES-256-CBC" => 32,
            _ => return Err("unsupported cipher of an encrypted PEM file"),
        };
        let body: String = inner.lines().filter(|line| !is_header(line)).map(str::trim).collect();
        let body = BASE64_STANDARD.decode(body).map_err(|_| "the PEM body is no base64")?;
        Ok(Self { key_length, iv: iv_of(iv.trim()).ok_or("the PEM header is malformed")?, body })
    }

    /// Decrypts to a plain PEM text; `None` for a wrong passphrase.
    pub(crate) fn decrypt(&self, passphrase: &str) -> Option<Zeroizing<String>> {
        let key = self.key(passphrase.as_bytes());
        let key = &key[..self.key_length];
        let der = match self.key_length {
            16 => self.unpad::<cbc::Decryptor<aes::Aes128>>(key),
            24 => self.unpad::<cbc::Decryptor<aes::Aes192>>(key),
            _ => self.unpad::<cbc::Decryptor<aes::Aes256>>(key),
        }?;
        // A DER sequence; a wrong passphrase gives good padding once in a while.
        der.starts_with(&[0x30]).then(|| {
            let body = Zeroizing::new(BASE64_STANDARD.encode(&*der));
            Zeroizing::new(format!("{BEGIN}\n{}\n{END}\n", *body))
        })
    }

    /// Digests over the one before, the passphrase and the salt, which is the
    /// first half of the vector, put one behind the other.
    fn key(&self, passphrase: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let mut before: &[u8] = &[];
        for part in key.chunks_exact_mut(16) {
            let digest = Md5::new().chain_update(before).chain_update(passphrase);
            let mut digest = digest.chain_update(&self.iv[..8]).finalize();
            part.copy_from_slice(&digest);
            digest.as_mut_slice().zeroize();
            before = part;
        }
        key
    }

    fn unpad<D: KeyIvInit + BlockModeDecrypt>(&self, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut data = Zeroizing::new(self.body.clone());
        let length = D::new_from_slices(key, &self.iv).ok()?.decrypt_padded::<Pkcs7>(&mut data).ok()?.len();
        data.truncate(length);
        Some(data)
    }
}

fn iv_of(hex: &str) -> Option<[u8; 16]> {
    let mut iv = [0; 16];
    if hex.len() != 2 * iv.len() || !hex.is_ascii() {
        return None;
    }
    for (byte, pair) in iv.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(iv)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../tests/fixtures/age/id_rsa_pem_encrypted");

    #[test]
    fn the_right_passphrase_gives_the_key_that_was_encrypted() {
        let plain = include_str!("../../../tests/fixtures/age/id_rsa_pem");
        let bare = |text: &str| text.replace('\n', "");
        let pem = EncryptedPem::read(FILE).unwrap();
        assert_eq!(bare(&pem.decrypt("correct horse").unwrap()), bare(plain));
        assert!(pem.decrypt("wrong").is_none());
    }

    #[test]
    fn malformed_files_are_refused() {
        for (from, to) in [
            ("AES-128-CBC", "DES-CBC"),
            ("DEK-Info", "X"),
            ("AES-128-CBC,", "AES-128-CBC,\u{e9}"),
            ("RSA", "DSA"),
        ] {
            assert!(EncryptedPem::read(&FILE.replace(from, to)).is_err(), "{from}");
        }
        let cut = EncryptedPem { key_length: 16, iv: [0; 16], body: vec![1, 2, 3] };
        assert!(cut.decrypt("x").is_none());
    }
}
