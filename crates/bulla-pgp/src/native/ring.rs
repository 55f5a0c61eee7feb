//! A ring of keys: certificates to encrypt to, secret keys to decrypt with.

use std::sync::{Mutex, PoisonError};

use bulla_core::{Random, SecretBytes, SecretText, Timestamp};
use pgp::composed::{PlainSessionKey, PublicOrSecret, SignedPublicKey, SignedSecretKey};
use pgp::packet::PublicKeyEncryptedSessionKey;
use pgp::types::{KeyDetails, Password, PkeskBytes};

use super::message::Message;
use super::session::Secret;
use super::{KEY_FILE_LIMIT, NativeError, armor, seal, usable};
use crate::fingerprint::Fingerprint;

/// Keys that are read of one file: far more than anybody exports.
const KEYS: usize = 10_000;

/// Keys out of files that gpg, or another OpenPGP program, exported.
#[derive(Default)]
pub struct KeyRing {
    certificates: Vec<SignedPublicKey>,
    secrets: Vec<Secret>,
    /// Those that opened a key: its subkeys and the next message need them too.
    passphrases: Mutex<Vec<SecretText>>,
}

impl KeyRing {
    /// Adds the keys of a file, armored (one block or several) or binary,
    /// public or secret, and returns how many there were. Keys that nothing
    /// here can read are passed over.
    ///
    /// Fails where `file` is longer than [`KEY_FILE_LIMIT`] or holds no key.
    pub fn add(&mut self, file: &[u8]) -> Result<usize, NativeError> {
        if file.len() > KEY_FILE_LIMIT {
            return Err(NativeError::TooLong(KEY_FILE_LIMIT));
        }
        let mut count = 0;
        for block in armor::read(file, &["PRIVATE KEY BLOCK", "PUBLIC KEY BLOCK"], "key")? {
            let keys = PublicOrSecret::from_bytes_many(block.as_slice());
            for key in keys.into_iter().flatten().take(KEYS).flatten() {
                count += 1;
                match key {
                    PublicOrSecret::Public(key) => self.certificates.push(key),
                    PublicOrSecret::Secret(key) => self.add_secret(key),
                }
            }
        }
        if count == 0 { Err(NativeError::Malformed("key")) } else { Ok(count) }
    }

    fn add_secret(&mut self, key: SignedSecretKey) {
        self.certificates.push(key.to_public_key());
        self.secrets.push(Secret::Primary(key.primary_key.clone()));
        let subkeys = key.secret_subkeys.iter().map(|subkey| Secret::Subkey(subkey.key.clone()));
        self.secrets.extend(subkeys);
    }

    /// Returns true where nothing was added.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Unwraps the data key in `message`, armored or binary, of at most
    /// [`MESSAGE_LIMIT`](super::MESSAGE_LIMIT) bytes.
    ///
    /// As with gpg, a key that expired or was revoked still decrypts. `ask`
    /// is given the question for a passphrase and answers it, or says why it
    /// does not; keys without passphrase are tried first.
    pub fn decrypt(
        &self,
        message: &[u8],
        ask: &dyn Fn(&str) -> Result<SecretText, String>,
    ) -> Result<SecretBytes, NativeError> {
        let message = Message::parse(message)?;
        let mut failure = None;
        for locked in [false, true] {
            for secret in
                self.secrets.iter().filter(|secret| secret.is_whole() && secret.is_locked() == locked)
            {
                for sealed in message.recipients.iter().filter(|sealed| secret.fits(sealed)) {
                    let opened = self.session_key(secret, sealed, ask).and_then(|key| message.open(&key));
                    match opened {
                        Ok(data) if data.is_empty() => failure = Some(NativeError::Damaged),
                        Ok(mut data) => return Ok(SecretBytes::new(std::mem::take(&mut *data))),
                        Err(error) => failure = Some(error),
                    }
                }
            }
        }
        Err(failure.unwrap_or_else(|| self.stranger(&message)))
    }

    fn session_key(
        &self,
        secret: &Secret,
        sealed: &PublicKeyEncryptedSessionKey,
        ask: &dyn Fn(&str) -> Result<SecretText, String>,
    ) -> Result<PlainSessionKey, NativeError> {
        if !secret.is_locked() {
            return secret.open(sealed, &Password::empty());
        }
        // One question at a time, and none that was answered.
        let mut known = self.passphrases.lock().unwrap_or_else(PoisonError::into_inner);
        for passphrase in known.iter() {
            let opened = secret.open(sealed, &Password::from(passphrase.expose()));
            if !matches!(opened, Err(NativeError::WrongPassphrase(_))) {
                return opened;
            }
        }
        let key = secret.name();
        let passphrase = ask(&format!("Enter passphrase for the OpenPGP key {key}:"))
            .map_err(|reason| NativeError::Locked { key, reason })?;
        let opened = secret.open(sealed, &Password::from(passphrase.expose()));
        if !matches!(opened, Err(NativeError::WrongPassphrase(_))) {
            known.push(passphrase);
        }
        opened
    }

    /// Says for whom a message is that no key here opens.
    fn stranger(&self, message: &Message) -> NativeError {
        let names = message.recipients.iter().map(|sealed| {
            let id = sealed
                .id()
                .map_or_else(|_| "of a newer version".to_owned(), |id| id.to_string().to_uppercase());
            let elsewhere = self.secrets.iter().any(|secret| secret.fits(sealed));
            match sealed.values() {
                Ok(PkeskBytes::Rsa { .. } | PkeskBytes::Ecdh { .. }) if elsewhere => {
                    format!("{id} (its secret part is elsewhere)")
                }
                Ok(PkeskBytes::Elgamal { .. }) => format!("{id} (ElGamal, which needs gpg)"),
                _ => id,
            }
        });
        let names = names.collect::<Vec<_>>().join(", ");
        NativeError::NoSecretKey(if names.is_empty() { "that the message names".to_owned() } else { names })
    }

    #[cfg(test)]
    pub(super) fn certificate(&self, position: usize) -> &SignedPublicKey {
        &self.certificates[position]
    }

    /// Wraps `secret` for the key that `name` names as it would for gpg: a
    /// fingerprint or key id, with `!` behind it where exactly that subkey is
    /// meant, or a mail address. Returns an armored message without a line
    /// feed at its end. The validity of the key is judged at `now`.
    pub fn encrypt(
        &self,
        name: &str,
        secret: &SecretBytes,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<String, NativeError> {
        let missing = || NativeError::NoPublicKey(name.to_owned());
        let parsed = Fingerprint::parse(name).ok_or_else(missing)?;
        let mut failure = None;
        for certificate in self.certificates.iter().filter(|found| is_named(found, &parsed)) {
            match usable::recipient(certificate, parsed.exact().as_deref(), now) {
                Ok(recipient) => return seal::seal(&recipient, secret.expose(), random),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(missing))
    }
}

fn is_named(certificate: &SignedPublicKey, name: &Fingerprint<'_>) -> bool {
    // As gpg reads hexadecimal digits: a key id, short or long, or a fingerprint.
    const LENGTHS: [usize; 3] = [8, 16, 40];
    let Some(end) = name.hex() else {
        let address = format!("<{}>", name.text().to_ascii_lowercase());
        let bare = name.text();
        return certificate.details.users.iter().any(|user| {
            user.id
                .as_str()
                .is_some_and(|id| id.eq_ignore_ascii_case(bare) || id.to_ascii_lowercase().contains(&address))
        });
    };
    let subkeys = certificate.public_subkeys.iter().map(|subkey| subkey.key.fingerprint());
    [certificate.primary_key.fingerprint()]
        .into_iter()
        .chain(subkeys)
        .any(|fingerprint| LENGTHS.contains(&end.len()) && format!("{fingerprint:X}").ends_with(&end))
}
