//! SSH private keys as identities.

use std::sync::{Arc, OnceLock};

use age::DecryptError;
use age::secrecy::SecretString;
use age::ssh::{EncryptedKey, Identity, UnsupportedKey};
use age_core::format::{FileKey, Stanza};
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine as _};
use bulla_core::SecretText;
use sha2_age::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::BoxedIdentity;
use crate::pem::EncryptedPem;
use crate::provider::Setup;

/// Largest SSH private key in bytes (`security.md` 4.1).
pub(crate) const SIZE_LIMIT: usize = 16 << 10;

/// The file that a key was read from.
pub(crate) struct KeyFile<'f> {
    /// What the user is asked by.
    pub(crate) shown: &'f str,
    /// Reads the public key beside it, `PATH.pub`.
    pub(crate) public: &'f dyn Fn() -> Option<String>,
}

/// Reads an SSH private key in OpenSSH's or PKCS#1 format. Encrypted ones are
/// opened when a file is found to be wrapped for them. Without a file (the
/// output of a command) they are refused.
pub(crate) fn parse(
    content: &[u8],
    file: Option<&KeyFile<'_>>,
    setup: &Arc<Setup>,
) -> Result<BoxedIdentity, &'static str> {
    if content.len() > SIZE_LIMIT {
        return Err("file too long");
    }
    let text = str::from_utf8(content).map_err(|_| "ssh: no key found")?.trim_start();
    match Identity::from_buffer(text.as_bytes(), None).map_err(|_| "ssh: no key found")? {
        Identity::Encrypted(key) => {
            let file = file.ok_or("the key is encrypted")?;
            let blob = public_blob(text).or_else(|| blob_of(&(file.public)()?));
            EncryptedSsh::boxed(Encrypted::OpenSsh(key), blob, file, setup)
        }
        Identity::Unsupported(UnsupportedKey::EncryptedPem) => {
            let file = file.ok_or("the key is encrypted")?;
            // Nothing in such a file is readable.
            let blob = (file.public)().and_then(|line| blob_of(&line));
            EncryptedSsh::boxed(Encrypted::Pem(EncryptedPem::read(text)?), blob, file, setup)
        }
        Identity::Unsupported(UnsupportedKey::EncryptedSsh(_)) => Err("unsupported cipher"),
        Identity::Unsupported(UnsupportedKey::Hardware(_)) => {
            Err("keys on hardware tokens are not supported")
        }
        Identity::Unsupported(UnsupportedKey::Type(_)) => Err("unsupported key type"),
        key @ Identity::Unencrypted(_) => Ok(Box::new(key)),
    }
}

/// The forms of encrypted keys.
enum Encrypted {
    OpenSsh(EncryptedKey),
    Pem(EncryptedPem),
}

impl Encrypted {
    fn decrypt(&self, passphrase: &SecretText) -> Option<Identity> {
        match self {
            Self::OpenSsh(key) => {
                key.decrypt(SecretString::from(passphrase.expose())).ok().map(Identity::from)
            }
            Self::Pem(key) => {
                let plain = key.decrypt(passphrase.expose())?;
                Identity::from_buffer(plain.as_bytes(), None).ok()
            }
        }
    }
}

/// An encrypted key, opened once when it is needed.
struct EncryptedSsh {
    key: Encrypted,
    /// The key's identifier in stanzas: 4 bytes of its digest.
    tag: String,
    path: String,
    setup: Arc<Setup>,
    opened: OnceLock<Result<Identity, String>>,
}

impl EncryptedSsh {
    fn boxed(
        key: Encrypted,
        blob: Option<Vec<u8>>,
        file: &KeyFile<'_>,
        setup: &Arc<Setup>,
    ) -> Result<BoxedIdentity, &'static str> {
        let blob = blob.ok_or("the public key is neither in the file nor beside it (.pub)")?;
        let tag = BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(blob)[..4]);
        let (path, setup) = (file.shown.to_owned(), Arc::clone(setup));
        Ok(Box::new(Self { key, tag, path, setup, opened: OnceLock::new() }))
    }

    fn open(&self) -> Result<Identity, String> {
        let passphrase = self.setup.ask(&format!("Enter passphrase for {:?}:", self.path))?;
        let opened = self.key.decrypt(&passphrase);
        opened.ok_or_else(|| format!("failed to decrypt SSH key file {:?}", self.path))
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

/// Takes the key out of a line `TYPE BASE64 [COMMENT]`.
fn blob_of(line: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(line.split_whitespace().nth(1)?).ok()
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
