//! SSH private keys as identities.

use std::sync::{Arc, OnceLock};

use age::DecryptError;
use age::secrecy::SecretString;
use age::ssh::{EncryptedKey, Identity, UnsupportedKey};
use age_core::format::{FileKey, Stanza};
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine as _};
use sha2_age::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::BoxedIdentity;
use crate::provider::Setup;

/// Largest SSH private key in bytes (`security.md` 4.1).
pub(crate) const SIZE_LIMIT: usize = 16 << 10;

/// Reads an SSH private key in OpenSSH's or PKCS#1 format. Encrypted ones are
/// opened when a file is found to be wrapped for them; `path` is what the user
/// is asked by. Without a path (the output of a command) they are refused.
pub(crate) fn parse(
    content: &[u8],
    path: Option<&str>,
    setup: &Arc<Setup>,
) -> Result<BoxedIdentity, &'static str> {
    if content.len() > SIZE_LIMIT {
        return Err("file too long");
    }
    let text = str::from_utf8(content).map_err(|_| "ssh: no key found")?.trim_start();
    match Identity::from_buffer(text.as_bytes(), None).map_err(|_| "ssh: no key found")? {
        Identity::Encrypted(key) => {
            let path = path.ok_or("the key is encrypted")?.to_owned();
            let blob = public_blob(text).ok_or("the public key cannot be found")?;
            Ok(Box::new(EncryptedSsh::new(key, &blob, path, Arc::clone(setup))))
        }
        Identity::Unsupported(UnsupportedKey::EncryptedPem) => {
            Err("keys in the old encrypted PEM format are not supported")
        }
        Identity::Unsupported(UnsupportedKey::EncryptedSsh(_)) => Err("unsupported cipher"),
        Identity::Unsupported(UnsupportedKey::Hardware(_)) => {
            Err("keys on hardware tokens are not supported")
        }
        Identity::Unsupported(UnsupportedKey::Type(_)) => Err("unsupported key type"),
        key @ Identity::Unencrypted(_) => Ok(Box::new(key)),
    }
}

/// An encrypted key, opened once when it is needed.
struct EncryptedSsh {
    key: EncryptedKey,
    /// The key's identifier in stanzas: 4 bytes of its digest.
    tag: String,
    path: String,
    setup: Arc<Setup>,
    opened: OnceLock<Result<Identity, String>>,
}

impl EncryptedSsh {
    fn new(key: EncryptedKey, blob: &[u8], path: String, setup: Arc<Setup>) -> Self {
        let tag = BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(blob)[..4]);
        Self { key, tag, path, setup, opened: OnceLock::new() }
    }

    fn open(&self) -> Result<Identity, String> {
        let passphrase = self.setup.ask(&format!("Enter passphrase for {:?}:", self.path))?;
        let opened = self.key.decrypt(SecretString::from(passphrase.expose()));
        opened.map(Identity::from).map_err(|_| format!("failed to decrypt SSH key file {:?}", self.path))
    }
}

impl age::Identity for EncryptedSsh {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let ours = stanza.tag.starts_with("ssh-") && stanza.args.first() == Some(&self.tag);
        if !ours {
            return None;
        }
        match self.opened.get_or_init(|| self.open()) {
            Ok(identity) => age::Identity::unwrap_stanza(identity, stanza),
            Err(text) => Some(Err(DecryptError::Io(std::io::Error::other(text.clone())))),
        }
    }
}

/// Takes the public key out of an OpenSSH private key file, where it stands
/// unencrypted (OpenSSH's `PROTOCOL.key`).
fn public_blob(text: &str) -> Option<Vec<u8>> {
    let body = text.strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----")?.split("-----END").next()?;
    let body: String = body.split_whitespace().collect();
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(body).ok()?);
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    for _cipher_kdf_and_options in 0..3 {
        (_, rest) = ssh_string(rest)?;
    }
    let rest = rest.strip_prefix(&1u32.to_be_bytes())?; // one key
    ssh_string(rest).map(|(blob, _)| blob.to_vec())
}

fn ssh_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
