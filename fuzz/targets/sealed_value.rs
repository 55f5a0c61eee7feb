//! One sealed value: of odd inputs the ciphertext as it stands, of even ones a
//! real one, damaged. Whatever opens after damage is a finding.
#![no_main]

use std::sync::LazyLock;

use bulla_crypto::SystemRandom;
use bulla_seal::{KeyRing, SealingKey, seal_value};

const KEY: &[u8] = include_bytes!("../../tests/fixtures/seal/main.key");
static RING: LazyLock<KeyRing> =
    LazyLock::new(|| KeyRing::new([SealingKey::from_pem(KEY).expect("the fixture is a key")]));

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    if first % 2 == 1 {
        let _ = bulla_api::decode_base64(&String::from_utf8_lossy(rest));
        let _ = SealingKey::from_pem(rest);
        let _ = bulla_seal::Certificate::from_pem(rest);
        let _ = RING.open(rest, b"");
        return;
    }
    let label = &rest[..rest.len().min(8)];
    let mut sealed = seal_value(RING.keys()[0].public(), rest, label, &SystemRandom).expect("sealing works");
    assert_eq!(RING.open(&sealed, label).expect("what was sealed opens").plaintext.expose(), rest);
    let at = usize::from(*first) * 7 % sealed.len();
    sealed[at] ^= 1 + first / 2;
    assert!(RING.open(&sealed, label).is_err());
});
