//! Manifests: streams of Secrets, and SealedSecrets that are unsealed,
//! templates included. Written objects read back as themselves.
#![no_main]

use std::sync::LazyLock;

use bulla_api::SealedSecret;
use bulla_crypto::SystemRandom;
use bulla_seal::{KeyRing, SealOptions, SealingKey, UnsealOptions, seal, unseal};

const KEY: &[u8] = include_bytes!("../../tests/fixtures/seal/main.key");
static RING: LazyLock<KeyRing> =
    LazyLock::new(|| KeyRing::new([SealingKey::from_pem(KEY).expect("the fixture is a key")]));

struct Noon;

impl bulla_core::Clock for Noon {
    fn now(&self) -> bulla_core::Timestamp {
        1_800_000_000
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = bulla_api::list_items(input);
    if let Ok(sealed) = SealedSecret::from_text(input) {
        let options = UnsealOptions { accepts_v1_data: true, ..UnsealOptions::default() };
        let _ = unseal(&sealed, &RING, options, &Noon, &SystemRandom, &|| true);
        round_trip(&sealed);
    }
    for secret in bulla_api::secrets(input).unwrap_or_default().iter().take(2) {
        if let Ok(sealed) = seal(secret, RING.keys()[0].public(), &SealOptions::default(), &SystemRandom) {
            let options = UnsealOptions::default();
            let opened = unseal(&sealed, &RING, options, &Noon, &SystemRandom, &|| true);
            assert!(opened.is_ok_and(|opened| opened.data.len() == sealed.encrypted_data.len()));
        }
    }
});

fn round_trip(sealed: &SealedSecret) {
    let tree = sealed.tree();
    let json = SealedSecret::from_text(bulla_api::json(&tree).as_bytes());
    let yaml = SealedSecret::from_text(&bulla_api::yaml(&tree));
    for read in [json, yaml] {
        let Ok(read) = read else { panic!("a written object does not read") };
        assert!(read.encrypted_data == sealed.encrypted_data && read.template.data == sealed.template.data);
    }
}
