//! Encrypting and decrypting the leaves of a tree, with the MAC over them
//! (`sops.md` 3.3 to 3.8).

mod strays;

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;

use bulla_core::{DataKey, Random, RandomError};
use bulla_crypto::ValueCipher;
use sha2::{Digest as _, Sha512};
use subtle::ConstantTimeEq as _;

use crate::ahead::{Ahead, Job, Opened, ToOpen, ToSeal};
use crate::document::Document;
use crate::metadata::Metadata;
use crate::selection::Selection;
use crate::tree::{Branch, Value};
use crate::value::{self, ValueError};
use crate::walk::{self, Leaf, Target, WalkError, path_text};
use strays::Lost;
pub(crate) use strays::Strays;

/// Fed to the hash first where the MAC covers encrypted leaves only, so that
/// the two modes never give the same MAC (SHA-256 of "sops").
const MAC_ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b,
    0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// Why a tree could not be encrypted or decrypted. Texts hold paths, never
/// values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CryptError {
    /// The tree cannot be walked.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// A value cannot be decrypted.
    #[error("could not decrypt the value at {path}: {source}")]
    Value {
        /// Path of the value.
        path: String,
        /// What is wrong with it.
        source: ValueError,
    },
    /// A value that should be encrypted is none.
    #[error("expected an encrypted value as string at {path}, but got {kind}")]
    Plain {
        /// Path of the value.
        path: String,
        /// Type found.
        kind: &'static str,
    },
    /// An encrypted comment would match the rule that keeps comments plain.
    #[error(
        "an encrypted comment at {path} matches unencrypted_comment_regex; \
         use an expression that cannot match an encrypted comment"
    )]
    CommentRule {
        /// Path of the comment.
        path: String,
    },
    /// The MAC is missing, broken or another one. The digests are not shown:
    /// they are an unkeyed hash of the plaintext.
    #[error("MAC mismatch. {0}")]
    Mac(&'static str),
    /// Randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Nonces from the random source, taken in blocks.
struct Nonces<'r> {
    random: &'r dyn Random,
    block: Box<[u8; 8192]>,
    used: usize,
}

impl<'r> Nonces<'r> {
    fn new(random: &'r dyn Random) -> Self {
        Self { random, block: Box::new([0; 8192]), used: 8192 }
    }

    fn next(&mut self) -> Result<[u8; 32], RandomError> {
        if self.used == self.block.len() {
            self.random.fill(&mut *self.block)?;
            self.used = 0;
        }
        let mut nonce = [0; 32];
        nonce.copy_from_slice(&self.block[self.used..self.used + 32]);
        self.used += 32;
        Ok(nonce)
    }
}

/// A ciphertext of the old file that may stand again in the new one.
#[derive(Clone)]
pub struct Reusable {
    /// The envelope's text.
    pub envelope: Vec<u8>,
    /// Text that stood at the slot in the encrypted file, quotes and all.
    pub raw: Option<Vec<u8>>,
    /// Text that stood at the slot in the decrypted file.
    pub plain_raw: Option<Vec<u8>>,
}

/// Ciphertexts that may be used again: only for the identical data key,
/// additional data, type and plaintext (`security.md` C-03).
#[derive(Default)]
pub struct Reuse(HashMap<Vec<u8>, VecDeque<Reusable>>);

impl Reuse {
    fn key(aad: &[u8], kind: &str, plaintext: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(aad.len() + plaintext.len() + 24);
        key.extend_from_slice(&(aad.len() as u64).to_le_bytes());
        key.extend_from_slice(aad);
        key.extend_from_slice(kind.as_bytes());
        key.push(0);
        key.extend_from_slice(plaintext);
        key
    }

    /// Notes that `value` under `aad` stood encrypted as `reusable`.
    pub fn note(&mut self, aad: &[u8], value: &Value<'_>, reusable: Reusable) {
        if let Some((plaintext, kind)) = value::plaintext(value) {
            self.0.entry(Self::key(aad, kind, &plaintext)).or_default().push_back(reusable);
        }
    }

    fn take(&mut self, aad: &[u8], kind: &str, plaintext: &[u8]) -> Option<Reusable> {
        if self.0.is_empty() { None } else { self.0.get_mut(&Self::key(aad, kind, plaintext))?.pop_front() }
    }
}

/// What encryption gave besides the changed tree.
pub(crate) struct Encrypted {
    /// The MAC in upper-case hexadecimal: a secret, since it is an unkeyed
    /// hash of the plaintext.
    pub mac: String,
    /// By start of the slot: old text of the encrypted file that may stand
    /// there again, with the plain text that it stood for.
    pub kept: HashMap<u32, Reusable>,
}

/// Encrypts the selected leaves of `branches` in place.
pub(crate) fn encrypt(
    branches: &mut [Branch<'_>],
    data_key: &DataKey,
    selection: &Selection,
    mac_only_encrypted: bool,
    reuse: &mut Reuse,
    random: &dyn Random,
    helpers: usize,
) -> Result<Encrypted, CryptError> {
    let cipher = ValueCipher::new(data_key);
    let mut nonces = Nonces::new(random);
    // Where most envelopes stand again, there is little to seal.
    let helpers = if reuse.0.is_empty() { helpers } else { 0 };
    let to_seal = ToSeal::collect(branches, selection, helpers, &mut || nonces.next());
    to_seal.seal(&cipher, helpers, |sealed| {
        let mut hash = Mac::new(mac_only_encrypted);
        let mut kept = HashMap::new();
        let mut visit = |leaf: Leaf<'_, '_>| -> Result<(), CryptError> {
            hash.add(&leaf);
            let Some((plaintext, kind)) = leaf.to_seal() else { return Ok(()) };
            let envelope = match reuse.take(leaf.aad, kind, &plaintext) {
                Some(reusable) => {
                    let envelope = reusable.envelope.clone();
                    if let Some(start) = leaf.slot_start {
                        kept.insert(start, reusable);
                    }
                    envelope
                }
                None => match sealed(Job { aad: leaf.aad, text: &plaintext, kind }) {
                    Some(envelope) => envelope.into_bytes(),
                    None => value::seal(&cipher, &nonces.next()?, leaf.aad, &plaintext, kind).into_bytes(),
                },
            };
            drop(plaintext);
            *leaf.changed = true;
            match leaf.target {
                Target::Comment(comment) => {
                    if selection.skips_encrypted_comment(&envelope) {
                        return Err(CryptError::CommentRule { path: path_text(leaf.aad) });
                    }
                    comment.text = Cow::Owned(envelope);
                }
                Target::Value(value) => *value = Value::Text(Cow::Owned(envelope)),
            }
            Ok(())
        };
        walk::walk(branches, selection, &mut visit)?;
        Ok(Encrypted { mac: hash.finish(), kept })
    })
}

/// What [`encrypt_one`] gives.
pub(crate) struct EncryptedOne {
    /// The MAC over the whole tree, as in [`Encrypted`].
    pub mac: String,
    /// The envelope of the leaf; `None` where the leaf stays plain.
    pub envelope: Option<String>,
}

/// Encrypts the one leaf of a plain tree that stands at `slot_start`, and
/// leaves the tree as it is. `None` where no leaf stands there.
pub(crate) fn encrypt_one(
    branches: &mut [Branch<'_>],
    slot_start: u32,
    data_key: &DataKey,
    selection: &Selection,
    mac_only_encrypted: bool,
    random: &dyn Random,
) -> Result<Option<EncryptedOne>, CryptError> {
    let mut hash = Mac::new(mac_only_encrypted);
    let mut found = None;
    let mut visit = |leaf: Leaf<'_, '_>| -> Result<(), CryptError> {
        hash.add(&leaf);
        if let Target::Value(value) = &leaf.target
            && leaf.slot_start == Some(slot_start)
            && let Some((plaintext, kind)) = value::plaintext(value)
        {
            let envelope = if leaf.selected && !plaintext.is_empty() {
                let nonce = Nonces::new(random).next()?;
                Some(value::seal(&ValueCipher::new(data_key), &nonce, leaf.aad, &plaintext, kind))
            } else {
                None
            };
            found = Some(envelope);
        }
        Ok(())
    };
    walk::walk(branches, selection, &mut visit)?;
    Ok(found.map(|envelope| EncryptedOne { mac: hash.finish(), envelope }))
}

/// How a file is decrypted.
#[derive(Clone, Copy, Default, Debug)]
pub struct DecryptOptions {
    /// Do not compare the MAC (`--ignore-mac`). Values are authenticated all
    /// the same.
    pub ignore_mac: bool,
    /// The caller wants the values and not the text, so that a look at the
    /// layout can wait until the text is asked for.
    pub values_only: bool,
}

/// Decrypts the selected leaves of `document` in place and compares the MAC.
/// Up to `helpers` threads take part; what `look` sees is still encrypted.
///
/// Returns what became of comments that do not decrypt where they stand, and
/// what `look` returned.
pub(crate) fn decrypt<T>(
    document: &mut Document<'_>,
    metadata: &Metadata,
    data_key: &DataKey,
    options: DecryptOptions,
    helpers: usize,
    look: impl FnOnce(&Document<'_>) -> T,
) -> Result<(Strays, T), CryptError> {
    let cipher = ValueCipher::new(data_key);
    let to_open = ToOpen::collect(&mut document.branches, &metadata.selection, helpers);
    to_open.open(&cipher, helpers, |opened| {
        let seen = look(document);
        let mut hash = Mac::new(metadata.mac_only_encrypted);
        let mut strays = Strays::default();
        let mut lost = Lost::default();
        let mut visit = |mut leaf: Leaf<'_, '_>| -> Result<(), CryptError> {
            if leaf.selected && !decrypt_leaf(&cipher, &mut leaf, opened)? {
                strays.plain += 1;
                lost.comment(&leaf);
            }
            lost.pass(&leaf);
            hash.add(&leaf);
            Ok(())
        };
        walk::walk(&mut document.branches, &metadata.selection, &mut visit)?;
        if !options.ignore_mac {
            check_mac(&cipher, metadata, &hash.finish())?;
        }
        if strays.plain > 0 {
            lost.find(&mut document.branches, metadata, &cipher, &mut strays)?;
        }
        Ok((strays, seen))
    })
}

/// Returns false for a comment that does not decrypt, and leaves it as it is.
fn decrypt_leaf(
    cipher: &ValueCipher,
    leaf: &mut Leaf<'_, '_>,
    opened: Ahead<'_, Opened>,
) -> Result<bool, CryptError> {
    let failed = |source| CryptError::Value { path: path_text(leaf.aad), source };
    let mut open = |text: &[u8]| {
        let job = Job { aad: leaf.aad, text, kind: "" };
        opened(job).unwrap_or_else(|| value::open(cipher, leaf.aad, text))
    };
    match &mut leaf.target {
        Target::Comment(comment) => match open(&comment.text) {
            Ok(Value::Text(text)) if text.is_empty() => {}
            Ok(Value::Text(text) | Value::Comment(crate::tree::Comment { text, .. })) => {
                comment.text = text;
                // As sops: where it lays out the text itself, a comment that
                // was encrypted comes back above its value.
                comment.inline = false;
                *leaf.changed = true;
            }
            Ok(_) | Err(_) => return Ok(false),
        },
        Target::Value(value) => {
            let Value::Text(text) = &**value else {
                return Err(CryptError::Plain { path: path_text(leaf.aad), kind: value.type_name() });
            };
            let plain = open(text).map_err(failed)?;
            if matches!(plain, Value::Comment(_)) && !leaf.in_list {
                return Err(failed(ValueError::CommentAsValue));
            }
            if !text.is_empty() {
                *leaf.changed = true;
            }
            **value = plain;
        }
    }
    Ok(true)
}

/// The running hash over the plaintext of all leaves.
struct Mac {
    hash: Sha512,
    only_encrypted: bool,
}

impl Mac {
    fn new(only_encrypted: bool) -> Self {
        let mut hash = Sha512::new();
        if only_encrypted {
            hash.update(MAC_ONLY_ENCRYPTED);
        }
        Self { hash, only_encrypted }
    }

    /// Adds a leaf whose value is the plaintext. Comments never count, not
    /// even those that sops stored as elements of a list.
    fn add(&mut self, leaf: &Leaf<'_, '_>) {
        if self.only_encrypted && !leaf.selected {
            return;
        }
        if let Target::Value(value) = &leaf.target
            && !matches!(value, Value::Comment(_))
            && let Some((plaintext, _)) = value::plaintext(value)
        {
            self.hash.update(&*plaintext);
        }
    }

    fn finish(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().fold(String::with_capacity(128), |mut text, byte| {
            let _ = write!(text, "{byte:02X}");
            text
        })
    }
}

/// Encrypts a MAC for storing.
pub(crate) fn seal_mac(
    mac: &str,
    last_modified: &str,
    data_key: &DataKey,
    random: &dyn Random,
) -> Result<String, RandomError> {
    let nonce = Nonces::new(random).next()?;
    let cipher = ValueCipher::new(data_key);
    Ok(value::seal(&cipher, &nonce, last_modified.as_bytes(), mac.as_bytes(), "str"))
}

fn check_mac(cipher: &ValueCipher, metadata: &Metadata, computed: &str) -> Result<(), CryptError> {
    if metadata.mac.is_empty() {
        return Err(CryptError::Mac("File has no MAC"));
    }
    let stored = value::open(cipher, metadata.last_modified.as_bytes(), metadata.mac.as_bytes());
    let Ok(Value::Text(stored)) = stored else {
        return Err(CryptError::Mac("The MAC of the file cannot be decrypted"));
    };
    if bool::from(stored.as_ref().ct_eq(computed.as_bytes())) {
        Ok(())
    } else {
        Err(CryptError::Mac("The file was altered: its content does not fit its MAC"))
    }
}
