//! Identity files that are themselves age files under a passphrase.

use std::sync::{Arc, OnceLock};

use age::DecryptError;
use age_core::format::{FileKey, Stanza};
use sha2_age::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::file::{self, FileError, Form};
use crate::provider::Setup;
use crate::{BoxedIdentity, agent, identity};

/// An encrypted identity file, opened when no earlier identity fits, and then
/// once.
pub(crate) struct EncryptedIdentities {
    file: Vec<u8>,
    form: Form,
    location: String,
    setup: Arc<Setup>,
    opened: OnceLock<Result<Vec<BoxedIdentity>, String>>,
}

/// Tells from its start whether `content` is an age file, and of which form.
pub(crate) fn form(content: &[u8]) -> Option<Form> {
    if content.starts_with(b"age-encryption") {
        Some(Form::Binary)
    } else if content.starts_with(b"-----BEGIN AGE") {
        Some(Form::Armored)
    } else {
        None
    }
}

impl EncryptedIdentities {
    pub(crate) fn new(file: Vec<u8>, form: Form, location: String, setup: Arc<Setup>) -> Self {
        Self { file, form, location, setup, opened: OnceLock::new() }
    }

    fn open(&self) -> Result<Vec<BoxedIdentity>, String> {
        let failed =
            |reason: String| format!("failed to decrypt identity file '{}': {reason}", self.location);
        let binary = match self.form {
            Form::Armored => file::dearmor(&self.file).map_err(|error| failed(error.to_string()))?,
            Form::Binary => self.file.clone(),
        };
        let cache_id = cache_id(&binary);
        let description = format!("Enter passphrase for identity '{}':", self.location);
        let request = agent::Request { cache_id: &cache_id, description: &description };
        let environment = &self.setup.environment;
        let from_agent =
            if self.setup.options.agent { agent::passphrase(&request, environment) } else { None };
        let agent_used = from_agent.is_some();
        let passphrase = match from_agent {
            Some(answer) => answer,
            None => self.setup.ask(&description),
        };
        let identity = identity::passphrase_identity(&passphrase.map_err(failed)?);
        let mut text = Zeroizing::new(Vec::with_capacity(self.file.len()));
        file::open(&binary, Form::Binary, &[identity], &mut text).map_err(|error| {
            if agent_used {
                agent::forget(&cache_id, environment);
            }
            failed(match error {
                FileError::NoMatch => "incorrect passphrase".to_owned(),
                error => error.to_string(),
            })
        })?;
        let text = str::from_utf8(&text).map_err(|_| failed("it is not text".to_owned()))?;
        identity::parse(text, Some(&self.setup)).map_err(|error| failed(error.to_string()))
    }
}

impl age::Identity for EncryptedIdentities {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        match self.opened.get_or_init(|| self.open()) {
            Ok(identities) => identities.iter().find_map(|identity| identity.unwrap_stanzas(stanzas)),
            Err(text) => Some(Err(DecryptError::Io(std::io::Error::other(text.clone())))),
        }
    }
}

/// The name under which sops keeps the passphrase of a file in gpg-agent:
/// 25 bytes of the file's digest in Base32 (RFC 4648).
fn cache_id(binary: &[u8]) -> String {
    let digest = Sha256::digest(binary);
    let mut id = String::from("SopsAge");
    for group in digest[..25].chunks_exact(5) {
        let bits = group.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let symbols =
            (0..8).rev().map(|i| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> (5 * i) & 31) as usize]);
        id.extend(symbols.map(char::from));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_id_is_the_one_of_sops() {
        // base32(sha256("abc")[..25])
        assert_eq!(cache_id(b"abc"), "SopsAgeXJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFU");
    }
}
