//! OpenPGP without gpg: of odd inputs a file of keys, which is then used; of
//! even ones a message for the fixed keys.
#![no_main]

use std::sync::LazyLock;

use bulla_core::SecretBytes;
use bulla_fuzz::Repeatable;
use bulla_pgp::native::KeyRing;

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let mut ring = KeyRing::default();
    for key in [
        &include_bytes!("../../tests/fixtures/pgp/keys/rsa2048.key.asc")[..],
        include_bytes!("../../tests/fixtures/pgp/keys/cv25519.key.asc"),
        include_bytes!("../../tests/fixtures/pgp/keys/nistp256.key.asc"),
        include_bytes!("../../tests/fixtures/pgp/keys/locked.key.asc"),
    ] {
        ring.add(key).expect("the fixtures are keys");
    }
    ring
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    if first % 2 == 0 {
        let _ = RING.decrypt(rest, &|_| Err("nobody is here".to_owned()));
        return;
    }
    let mut ring = KeyRing::default();
    if ring.add(rest).is_ok() {
        let secret = SecretBytes::new(vec![7; 32]);
        let _ = ring.encrypt("cv25519@example.org", &secret, 1_800_000_000, &Repeatable);
    }
});
