//! Sealing keys as a cluster keeps them: Secrets with a label
//! (`sealed-secrets.md` 1.5, 5.2), which of them is the newest, and when the
//! next one is due.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use bulla_api::{ObjectMeta, Secret};
use bulla_core::civil::parse_rfc3339;
use bulla_core::{Random, SecretBytes, Timestamp};
use bulla_template::{CryptoError, sealing_key};

use crate::certificate::{Certificate, CertificateError};
use crate::key::{KeyError, SealingKey};
use crate::reconcile::{ACTIVE, KEY_LABEL};

/// How far ahead the start of a certificate may be, in seconds; clocks differ
/// (`security.md` S-09).
const AHEAD: i64 = 3600;
/// How long the certificate of a new key holds where nothing else is asked for,
/// in seconds: ten years, as in the reference.
pub const KEY_VALIDITY: i64 = 87_600 * 3600;
/// Characters of the names that API servers make up.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many of them follow the prefix.
const SUFFIX: usize = 5;

/// Why a Secret gives no sealing key (`security.md` S-08).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySecretError {
    /// Its certificate.
    #[error("tls.crt: {0}")]
    Certificate(#[from] CertificateError),
    /// Its key.
    #[error("tls.key: {0}")]
    Key(#[from] KeyError),
}

/// Which time says how new a key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// The start of its certificate.
    #[default]
    CertNotBefore,
    /// The creation of its Secret.
    SecretCreationTimestamp,
}

/// A sealing key with its certificate. It has no `Debug`.
pub struct KeySecret {
    /// The name of its Secret.
    pub name: String,
    /// The private key.
    pub key: SealingKey,
    /// Its certificate.
    pub certificate: Certificate,
    created: Timestamp,
}

impl KeySecret {
    /// Reads the key of a Secret. Whether key and certificate belong together
    /// is not looked at, as in the reference.
    pub fn read(secret: &Secret) -> Result<Self, KeySecretError> {
        let item = |name| secret.data.get(name).map_or(&[][..], SecretBytes::expose);
        let created = secret.metadata.server.creation_timestamp.as_deref().and_then(parse_rfc3339);
        Ok(Self {
            name: secret.metadata.name.clone(),
            key: SealingKey::from_pem(item("tls.key"))?,
            certificate: Certificate::from_pem(item("tls.crt"))?,
            created: created.unwrap_or_default(),
        })
    }

    /// How new the key is.
    pub fn time(&self, order: KeyOrder) -> Timestamp {
        match order {
            KeyOrder::CertNotBefore => self.certificate.not_before(),
            KeyOrder::SecretCreationTimestamp => self.created,
        }
    }
}

/// Sorts keys: the one to seal with first, which is the newest whose
/// certificate begins before or at most an hour after `now`. Of equally new
/// ones the one whose Secret is older stays first.
pub fn newest_first(keys: &mut [KeySecret], order: KeyOrder, now: Timestamp) {
    keys.sort_by_key(|key| rank(key, order, now));
}

/// When the next of the keys that [`newest_first`] puts behind the others, since
/// they begin later, will have its place among them.
pub fn next_start(keys: &[KeySecret], now: Timestamp) -> Option<Timestamp> {
    let starts = keys.iter().map(|key| key.certificate.not_before().saturating_sub(AHEAD));
    starts.filter(|start| *start > now).min()
}

/// What [`newest_first`] sorts by.
pub(crate) fn rank(key: &KeySecret, order: KeyOrder, now: Timestamp) -> (bool, i64, Timestamp) {
    let is_ahead = key.certificate.not_before() > now.saturating_add(AHEAD);
    (is_ahead, -key.time(order), key.created)
}

/// When new keys are made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renewal {
    /// How old the newest key may become, in seconds; 0 never renews.
    pub period: i64,
    /// At the start a newest key from before this time is replaced.
    pub cutoff: Option<Timestamp>,
}

impl Renewal {
    /// Whether a key is to be made when the controller starts; `newest` is the
    /// time of the newest key.
    pub fn is_due_at_start(&self, newest: Option<Timestamp>) -> bool {
        match newest {
            None => true,
            Some(newest) => self.cutoff.is_some_and(|cutoff| newest < cutoff),
        }
    }

    /// Seconds until the next key is to be made.
    pub fn next(&self, newest: Timestamp, now: Timestamp) -> Option<i64> {
        // A key from the future, or a clock that jumped, is no reason to hurry
        // nor to wait for longer than a period (`security.md` R-19).
        (self.period > 0)
            .then(|| newest.saturating_add(self.period).saturating_sub(now).clamp(0, self.period))
    }
}

/// The name of the key that comes after what `before` says (the fingerprint of
/// the newest key), so that two controllers that renew at once meet at one name
/// (`security.md` Q-02). `attempt` leads on where that name is taken by
/// something else.
pub fn key_name(prefix: &str, cluster: &str, before: &str, attempt: u32) -> String {
    let text = format!("{cluster}\n{before}\n{attempt}");
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let suffix = digest
        .as_ref()
        .iter()
        .take(SUFFIX)
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
    prefix.chars().chain(suffix).collect()
}

/// What the next key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Length of its modulus in bits: 2048, 3072, 4096 or 8192.
    pub bits: usize,
    /// How long its certificate holds, in seconds.
    pub validity: i64,
    /// The common name of its certificate; may be empty.
    pub common_name: String,
    /// Further labels of its Secret.
    pub labels: BTreeMap<String, String>,
    /// Annotations of its Secret.
    pub annotations: BTreeMap<String, String>,
}

impl NewKey {
    /// Makes a key and the Secret to keep it in. Takes a second or more.
    pub fn generate(
        &self,
        namespace: &str,
        name: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Secret, CryptoError> {
        let pair = sealing_key(random, now, self.validity, &self.common_name, self.bits)?;
        let mut labels = self.labels.clone();
        labels.insert(KEY_LABEL.to_owned(), ACTIVE.to_owned());
        let metadata = ObjectMeta {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            labels,
            annotations: self.annotations.clone(),
            ..ObjectMeta::default()
        };
        let data = [("tls.key", pair.key), ("tls.crt", pair.cert)];
        let data = data.map(|(name, pem)| (name.to_owned(), SecretBytes::new(pem.into_bytes())));
        Ok(Secret {
            metadata,
            data: data.into(),
            secret_type: "kubernetes.io/tls".to_owned(),
            ..Secret::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use bulla_crypto::SystemRandom;

    use super::*;
    use crate::vectors::KNOWN_ANSWERS_KEY;

    fn new_key() -> NewKey {
        NewKey {
            bits: 2048,
            validity: 3650 * 86_400,
            common_name: String::new(),
            labels: [("a".to_owned(), "b".to_owned()), (KEY_LABEL.to_owned(), "other".to_owned())].into(),
            annotations: BTreeMap::new(),
        }
    }

    fn stored(name: &str, now: Timestamp, created: &str) -> KeySecret {
        let mut secret = new_key().generate("ns", name, now, &SystemRandom).unwrap();
        secret.metadata.server.creation_timestamp = Some(created.to_owned());
        KeySecret::read(&secret).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_new_key_has_the_form_of_the_reference() {
        let secret = new_key().generate("ns", "n", 1_800_000_000, &SystemRandom).unwrap();
        assert_eq!(secret.metadata.labels[KEY_LABEL], "active");
        assert_eq!((secret.metadata.labels.len(), secret.secret_type.as_str()), (2, "kubernetes.io/tls"));
        assert!(secret.data["tls.key"].expose().starts_with(b"-----BEGIN RSA PRIVATE KEY-----\n"));
        let read = KeySecret::read(&secret).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.key.public().fingerprint(), read.certificate.key().fingerprint());
        assert_eq!(read.certificate.not_after() - read.certificate.not_before(), 3650 * 86_400);
        let der = pem::parse(read.certificate.to_pem()).unwrap();
        let usage = [0x06, 3, 0x55, 0x1d, 0x0f, 1, 1, 0xff, 4, 4, 3, 2, 0, 1];
        let authority = [0x06, 3, 0x55, 0x1d, 0x13, 1, 1, 0xff, 4, 5, 0x30, 3, 1, 1, 0xff];
        let has = |part: &[u8]| der.contents().windows(part.len()).any(|window| window == part);
        assert!(has(&usage) && has(&authority), "extensions of the reference");
        assert!(new_key().generate("ns", "n", i64::MAX, &SystemRandom).is_err());
        assert!(NewKey { bits: 1024, ..new_key() }.generate("ns", "n", 0, &SystemRandom).is_err());
    }

    #[test]
    fn s_08_a_malformed_key_secret_is_an_error() {
        let certificate = include_bytes!("../../../tests/fixtures/seal/valid.crt");
        let curve = include_bytes!("../../../tests/fixtures/seal/ec.pem");
        let key = KNOWN_ANSWERS_KEY.as_bytes();
        for (key, certificate, text) in [
            (&b""[..], &certificate[..], "tls.key: data does not contain a valid RSA or ECDSA private key"),
            (key, b"", "tls.crt: data does not contain any valid RSA or ECDSA certificates"),
            (curve, certificate, "tls.key: private key is not an RSA key"),
            (
                key,
                b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
                "tls.crt: the certificate is malformed",
            ),
        ] {
            let mut secret = Secret::default();
            secret.data.insert("tls.key".into(), SecretBytes::new(key.to_vec()));
            secret.data.insert("tls.crt".into(), SecretBytes::new(certificate.to_vec()));
            assert_eq!(KeySecret::read(&secret).err().map(|error| error.to_string()).as_deref(), Some(text));
        }
        assert!(KeySecret::read(&Secret::default()).is_err());
    }

    #[test]
    fn s_09_the_newest_certificate_comes_first_unless_it_is_from_the_future() {
        let now = 1_800_000_000;
        let mut keys = vec![
            stored("old", now - 100, "2026-01-03T00:00:00Z"),
            stored("future", now + 7200, "2026-01-01T00:00:00Z"),
            stored("new", now, "2026-01-02T00:00:00Z"),
        ];
        let mut names = |order| {
            newest_first(&mut keys, order, now);
            keys.iter().map(|key| key.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(KeyOrder::CertNotBefore), ["new", "old", "future"]);
        assert_eq!(names(KeyOrder::SecretCreationTimestamp), ["old", "new", "future"]);
        let start = next_start(&keys, now).unwrap();
        assert_eq!((start, next_start(&keys, start)), (now + 3600, None));
        newest_first(&mut keys, KeyOrder::CertNotBefore, start);
        assert_eq!(keys[0].name, "future");
    }

    #[test]
    fn keys_are_due_by_age_and_at_the_start_by_cutoff() {
        let off = Renewal::default();
        assert!(off.is_due_at_start(None) && !off.is_due_at_start(Some(0)));
        assert_eq!(off.next(0, 100), None);
        let on = Renewal { period: 30, cutoff: Some(50) };
        assert!(on.is_due_at_start(Some(49)) && !on.is_due_at_start(Some(50)));
        for (newest, now, wait) in
            [(100, 100, 30), (100, 120, 10), (100, 200, 0), (500, 100, 30), (i64::MAX, 0, 30)]
        {
            assert_eq!(on.next(newest, now), Some(wait), "{newest} {now}");
        }
    }

    #[test]
    fn q_02_two_controllers_meet_at_one_name() {
        let name = key_name("p-", "uid", "SHA256:x", 0);
        assert_eq!(name, key_name("p-", "uid", "SHA256:x", 0));
        assert_eq!(name.len(), 7);
        for other in [
            key_name("p-", "uid2", "SHA256:x", 0),
            key_name("p-", "uid", "SHA256:y", 0),
            key_name("p-", "uid", "", 0),
            key_name("p-", "uid", "SHA256:x", 1),
        ] {
            assert_ne!(name, other);
        }
    }
}
