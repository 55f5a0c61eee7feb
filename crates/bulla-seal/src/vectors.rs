//! Known answers of the reference, stored vectors, and properties of the
//! ciphertext (`security.md` S-01, S-03, S-07).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use bulla_api::decode_base64 as decode;
use bulla_core::{Random, RandomError};
use bulla_crypto::SystemRandom;
use serde_json::Value;

use crate::{KeyRing, Scope, SealError, SealingKey, seal_value};

pub(crate) const KNOWN_ANSWERS_KEY: &str = include_str!("../../../tests/fixtures/seal/main.key");
const KNOWN_ANSWERS: &str = include_str!("../../../tests/fixtures/seal/known_answers.json");

/// Templates that show something of `.password`, or cost much, if executed.
pub(crate) fn hostile_templates() -> Vec<String> {
    serde_json::from_str(include_str!("../../../tests/fixtures/seal/hostile_templates.json")).unwrap()
}

pub(crate) fn known_key() -> SealingKey {
    SealingKey::from_pem(KNOWN_ANSWERS_KEY.as_bytes()).unwrap()
}

#[test]
fn s_01_stored_vectors_open_or_fail_as_they_say() {
    let file: Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/crypto/sealed_hybrid.json")).unwrap();
    let keys: Vec<(&str, KeyRing)> = file["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| {
            let read = SealingKey::from_pem(key["pkcs1Pem"].as_str().unwrap().as_bytes()).unwrap();
            (key["keyId"].as_str().unwrap(), KeyRing::new([read]))
        })
        .collect();
    let rows = file["tests"].as_array().unwrap();
    assert_eq!(rows.len(), 77);
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let (_, ring) = keys.iter().find(|(id, _)| *id == text("keyId")).unwrap();
        let scope: Scope = text("scope").parse().unwrap();
        let label = scope.label(text("namespace"), text("name"));
        let opened = decode(text("ciphertext")).ok().and_then(|sealed| ring.open(&sealed, &label).ok());
        let expected = (text("result") == "valid").then(|| decode(text("plaintext")).unwrap());
        assert_eq!(
            opened.map(|opened| opened.plaintext.expose().to_vec()),
            expected,
            "row {} {}",
            row["id"],
            text("comment")
        );
    }
}

#[test]
fn known_answers_of_the_reference_open() {
    let ring = KeyRing::new([known_key()]);
    let answers: Value = serde_json::from_str(KNOWN_ANSWERS).unwrap();
    for row in answers.as_array().unwrap() {
        let scope: Scope = row["scope"].as_str().unwrap().parse().unwrap();
        let sealed = decode(row["ciphertext"].as_str().unwrap()).unwrap();
        let opened = ring.open(&sealed, &scope.label("mynamespace", "mysecret")).unwrap();
        assert_eq!(opened.plaintext.expose(), row["plaintext"].as_str().unwrap().as_bytes());
    }
}

/// Counts what is drawn, so that a session key used twice would show.
struct Recorder(AtomicU64);

impl Random for Recorder {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        assert_eq!(buffer.len(), 32, "a session key and nothing else");
        self.0.fetch_add(1, Ordering::Relaxed);
        SystemRandom.fill(buffer)
    }
}

#[test]
fn s_03_every_value_draws_a_session_key_of_its_own() {
    let key = known_key();
    let random = Recorder(AtomicU64::new(0));
    let mut bodies = BTreeSet::new();
    for _ in 0..500 {
        let sealed = seal_value(key.public(), b"the same value", b"ns/n", &random).unwrap();
        assert_eq!(sealed.len(), 2 + 256 + 14 + 16);
        // Equal session keys would give equal bodies, because the nonce is fixed.
        bodies.insert(sealed[258..].to_vec());
    }
    assert_eq!((bodies.len(), random.0.into_inner()), (500, 500));
}

#[test]
fn c_12_without_randomness_nothing_is_sealed() {
    struct Broken;
    impl Random for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    assert_eq!(seal_value(known_key().public(), b"v", b"", &Broken), Err(SealError::Random));
}

#[test]
fn s_07_every_reason_is_one_error() {
    let key = known_key();
    let good = seal_value(key.public(), b"value", b"ns/n", &SystemRandom).unwrap();
    let ring = KeyRing::new([key]);
    assert_eq!(
        ring.open(&good, b"ns/n").map(|opened| opened.plaintext.expose().to_vec()),
        Ok(b"value".to_vec())
    );
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (good.clone(), &b"ns/m"[..]),
        (changed(0), b"ns/n"),
        (changed(1), b"ns/n"),
        (changed(40), b"ns/n"),
        (changed(good.len() - 1), b"ns/n"),
        (good[..good.len() - 1].to_vec(), b"ns/n"),
        (good[..100].to_vec(), b"ns/n"),
        (good[..1].to_vec(), b"ns/n"),
        (Vec::new(), b"ns/n"),
    ];
    for (sealed, label) in cases {
        assert!(ring.open(&sealed, label).is_err());
    }
    assert!(KeyRing::default().open(&good, b"ns/n").is_err());
}

#[test]
fn the_ring_tries_the_key_that_opened_the_last_one_first() {
    let file: Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/crypto/sealed_hybrid.json")).unwrap();
    let other = SealingKey::from_pem(file["keys"][0]["pkcs1Pem"].as_str().unwrap().as_bytes()).unwrap();
    let ring = KeyRing::new([other, known_key(), known_key()]);
    assert_eq!(ring.keys().len(), 2, "equal keys are one");
    let sealed = seal_value(ring.keys()[1].public(), b"v", b"", &SystemRandom).unwrap();
    for _ in 0..2 {
        let opened = ring.open(&sealed, b"").unwrap();
        assert_eq!(opened.key.public().fingerprint(), known_key().public().fingerprint());
    }
}

/// A clock that stands still.
pub(crate) struct Noon;

impl bulla_core::Clock for Noon {
    fn now(&self) -> bulla_core::Timestamp {
        1_800_000_000
    }
}
