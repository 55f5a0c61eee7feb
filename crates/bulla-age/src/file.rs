//! age files as a whole: armor, header checks, decryption, and encryption of
//! small payloads to one recipient.

use std::cell::RefCell;
use std::io::{Read as _, Write as _};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, EncryptError};
use age_core::format::{FileKey, Stanza};
use age_core::primitives::hkdf as derive;
use age_core::secrecy::ExposeSecret as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use bulla_core::Random;
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hkdf::hmac::{Hmac, Mac as _};
use sha2_age::Sha256;
use zeroize::Zeroizing;

use crate::BoxedIdentity;

/// Largest payload of one STREAM chunk in bytes; [`seal`] writes no second one.
const CHUNK_SIZE: usize = 64 << 10;

const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Why an age file could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The text around the binary file is malformed.
    #[error("failed to read header: invalid armor")]
    Armor,
    /// The header is malformed, or demands more work than allowed.
    #[error("failed to read header: malformed age header")]
    Header,
    /// The header was changed.
    #[error("bad header MAC")]
    HeaderMac,
    /// An identity failed, and no other fits. The text comes from this crate
    /// or from a plugin.
    #[error("{0}")]
    Identity(String),
    /// No identity fits.
    #[error("identity did not match any of the recipients: incorrect identity for recipient block")]
    NoMatch,
    /// The payload is cut off or was changed.
    #[error("failed to decrypt and authenticate payload chunk")]
    Payload,
}

/// How the bytes of an age file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As text between `BEGIN` and `END` lines; blanks around it are ignored.
    Armored,
    /// As it is.
    Binary,
}

/// Decrypts `file` with the first of `identities` that fits and appends the
/// plaintext to `output`.
///
/// After [`FileError::Payload`], `output` holds the chunks before the damaged
/// one; they are authentic but not complete.
pub fn open(
    file: &[u8],
    form: Form,
    identities: &[BoxedIdentity],
    output: &mut Vec<u8>,
) -> Result<(), FileError> {
    let dearmored;
    let binary = match form {
        Form::Binary => file,
        Form::Armored => {
            dearmored = dearmor(file)?;
            &dearmored
        }
    };
    check_stanzas(binary)?;
    let decryptor = Decryptor::new_buffered(binary).map_err(header_error)?;
    let failures = RefCell::new(Vec::new());
    let attempts: Vec<_> =
        identities.iter().map(|identity| Attempt { identity, failures: &failures }).collect();
    let opened = decryptor.decrypt(attempts.iter().map(|attempt| attempt as &dyn age::Identity));
    let mut reader = opened.map_err(|error| match header_error(error) {
        FileError::NoMatch if !failures.borrow().is_empty() => {
            FileError::Identity(failures.borrow().join("; "))
        }
        error => error,
    })?;
    reader.read_to_end(output).map_err(|_| FileError::Payload)?;
    Ok(())
}

pub(crate) fn dearmor(file: &[u8]) -> Result<Vec<u8>, FileError> {
    let file = file.trim_ascii();
    if !file.starts_with(BEGIN) {
        return Err(FileError::Armor);
    }
    let mut binary = Vec::with_capacity(file.len());
    ArmoredReader::new(file).read_to_end(&mut binary).map_err(|_| FileError::Armor)?;
    Ok(binary)
}

/// Refuses a stanza whose body does not end in a short line, which the `age`
/// crate still accepts because early versions wrote such files.
fn check_stanzas(binary: &[u8]) -> Result<(), FileError> {
    let mut open_body = false;
    for line in binary.split(|byte| *byte == b'\n').skip(1) {
        let (stanza, last) = (line.starts_with(b"-> "), line.starts_with(b"---"));
        if open_body && (stanza || last) {
            return Err(FileError::Header);
        }
        if last {
            break;
        }
        open_body = stanza || (open_body && line.len() >= 64);
    }
    Ok(())
}

fn header_error(error: DecryptError) -> FileError {
    match error {
        DecryptError::InvalidMac => FileError::HeaderMac,
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed => FileError::NoMatch,
        _ => FileError::Header,
    }
}

/// Lets an identity that fails for reasons of its own (a wrong passphrase, a
/// missing plugin) step aside for the next one; the reason is kept.
struct Attempt<'a> {
    identity: &'a BoxedIdentity,
    failures: &'a RefCell<Vec<String>>,
}

impl age::Identity for Attempt<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let failure = match self.identity.unwrap_stanzas(stanzas)? {
            Ok(file_key) => return Some(Ok(file_key)),
            Err(DecryptError::DecryptionFailed) => return None,
            Err(DecryptError::Io(error)) => error.to_string(),
            Err(DecryptError::KeyDecryptionFailed) => "failed to decrypt the identity".to_owned(),
            Err(DecryptError::Plugin(errors)) => crate::plugin::describe(&errors),
            Err(DecryptError::PluginResolve(_)) => "the age plugin was not found".to_owned(),
            Err(error) => return Some(Err(error)),
        };
        self.failures.borrow_mut().push(failure);
        None
    }
}

/// Encrypts `payload`, at most 64 KiB, to one recipient; returns the armored
/// file, which ends with a newline.
///
/// The `age` crate would add a stanza of random content; each file of sops
/// has exactly one stanza, and so have these.
pub(crate) fn seal(
    payload: &[u8],
    recipient: &dyn age::Recipient,
    random: &dyn Random,
) -> Result<String, EncryptError> {
    let failed = |_| EncryptError::Io(std::io::Error::other("the operating system's random source failed"));
    let mut key = Box::new([0; 16]);
    random.fill(&mut *key).map_err(failed)?;
    let mut nonce = [0; 16];
    random.fill(&mut nonce).map_err(failed)?;
    let file_key = FileKey::new(key);
    let (stanzas, _) = recipient.wrap_file_key(&file_key)?;

    let mut file = header(&stanzas, &file_key).into_bytes();
    file.extend(nonce);
    let payload_key = Zeroizing::new(derive(&nonce, b"payload", file_key.expose_secret()));
    file.extend(encrypt_chunk(&payload_key, payload)?);
    let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    writer.write_all(&file)?;
    Ok(String::from_utf8(writer.finish()?).expect("armor is ASCII"))
}

fn header(stanzas: &[Stanza], file_key: &FileKey) -> String {
    let mut header = String::from("age-encryption.org/v1\n");
    for stanza in stanzas {
        header.push_str("-> ");
        header.push_str(&stanza.tag);
        for argument in &stanza.args {
            header.push(' ');
            header.push_str(argument);
        }
        header.push('\n');
        let mut body = BASE64_STANDARD_NO_PAD.encode(&stanza.body);
        while body.len() >= 64 {
            let rest = body.split_off(64);
            header.push_str(&body);
            header.push('\n');
            body = rest;
        }
        header.push_str(&body);
        header.push('\n');
    }
    header.push_str("---");
    let mac_key = Zeroizing::new(derive(&[], b"header", file_key.expose_secret()));
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(&*mac_key).expect("HMAC takes keys of any length");
    mac.update(header.as_bytes());
    header.push(' ');
    BASE64_STANDARD_NO_PAD.encode_string(mac.finalize().into_bytes(), &mut header);
    header.push('\n');
    header
}

/// Encrypts the only chunk of a STREAM: counter 0, marked as the last.
fn encrypt_chunk(key: &[u8; 32], payload: &[u8]) -> Result<Vec<u8>, EncryptError> {
    if payload.len() > CHUNK_SIZE {
        return Err(EncryptError::Io(std::io::Error::other("the payload is larger than 64 KiB")));
    }
    let mut nonce = Nonce::default();
    nonce[11] = 1;
    let encrypted = ChaCha20Poly1305::new(key.into()).encrypt(&nonce, payload);
    Ok(encrypted.expect("a chunk is far below the cipher's limit"))
}
