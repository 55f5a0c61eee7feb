//! All private keys of a cluster, and the trial of them
//! (`sealed-secrets.md` 1.6).

use std::cell::Cell;

use bulla_core::SecretBytes;

use crate::key::SealingKey;

thread_local! {
    /// Where the key stands that opened a ciphertext last; of a thread, since
    /// objects that are opened side by side are of different ages.
    static LAST: Cell<usize> = const { Cell::new(0) };
}

/// An unchanging set of keys; a new set replaces it as a whole
/// (`security.md` S-10).
#[derive(Default)]
pub struct KeyRing {
    keys: Vec<SealingKey>,
}

/// What opened a ciphertext. It holds plaintext, so it has no `Debug`.
pub struct Opened<'r> {
    /// The value.
    pub plaintext: SecretBytes,
    /// The key that opened it.
    pub key: &'r SealingKey,
}

/// No key opens the ciphertext: wrong key, label or length, or damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key could decrypt secret")]
pub struct NoKey;

impl KeyRing {
    /// Builds a ring from keys, newest first. Of keys that are equal the first
    /// stays.
    pub fn new(keys: impl IntoIterator<Item = SealingKey>) -> Self {
        let mut ring = Self::default();
        for key in keys {
            let is_new = ring.find(key.public().fingerprint()).is_none();
            if is_new {
                ring.keys.push(key);
            }
        }
        ring
    }

    /// The keys, in their order.
    pub fn keys(&self) -> &[SealingKey] {
        &self.keys
    }

    /// Finds a key by its fingerprint.
    pub fn find(&self, fingerprint: &str) -> Option<&SealingKey> {
        self.keys.iter().find(|key| key.public().fingerprint() == fingerprint)
    }

    /// Tries the keys: first the one that opened this thread's ciphertext before, since
    /// neighbours are mostly sealed alike, then newest first.
    pub fn open(&self, sealed: &[u8], label: &[u8]) -> Result<Opened<'_>, NoKey> {
        let last = LAST.get();
        let order = std::iter::once(last).chain((0..self.keys.len()).filter(|at| *at != last));
        for at in order {
            let Some(key) = self.keys.get(at) else { continue };
            if let Some(plaintext) = key.open(sealed, label) {
                LAST.set(at);
                return Ok(Opened { plaintext, key });
            }
        }
        Err(NoKey)
    }
}
