//! Secrets that hold sealing keys, as clusters and backups give them: of odd
//! inputs the text as it stands, of even ones a real Secret with a damaged key
//! or certificate. What is read can be used, and a backup of it reads back.
#![no_main]

use std::collections::BTreeMap;

use bulla_api::{Secret, all_secrets};
use bulla_core::SecretBytes;
use bulla_crypto::SystemRandom;
use bulla_seal::{KeySecret, key_entries, key_list, key_secrets, seal_value, values};

const KEY: &[u8] = include_bytes!("../../tests/fixtures/seal/main.key");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/fixtures/seal/valid.crt");
const NOW: bulla_core::Timestamp = 1_800_000_000;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let secrets = match first % 2 {
        1 => all_secrets(rest).or_else(|_| key_secrets(rest)).unwrap_or_default(),
        _ => vec![damaged(rest)],
    };
    for secret in secrets.iter().take(4) {
        let Ok(read) = KeySecret::read(secret) else { continue };
        let sealed = seal_value(read.key.public(), b"value", b"label", &SystemRandom).expect("sealing works");
        assert_eq!(read.key.open(&sealed, b"label").expect("its own opens").expose(), b"value");
        let _ = read.certificate.key_at(NOW);
    }
    let count = secrets.len();
    let text = bulla_api::json(&key_list(&secrets));
    let entries = key_entries(secrets, "sealed-secrets-key", NOW);
    assert_eq!(entries.len(), count);
    assert!(entries.iter().skip(1).all(|entry| !entry.is_newest));
    let Ok(again) = all_secrets(text.as_bytes()) else { panic!("a backup does not read") };
    // Secrets with nothing in them are passed over by the reader.
    for entry in entries.iter().filter(|entry| !entry.secret.data.is_empty()) {
        assert!(again.iter().any(|read| values(read) == values(&entry.secret)));
    }
});

/// The fixture's Secret, with bytes of key and certificate changed: pairs of
/// where and what.
fn damaged(changes: &[u8]) -> Secret {
    let mut items = [KEY.to_vec(), CERTIFICATE.to_vec()];
    for change in changes.chunks_exact(4) {
        let item = &mut items[usize::from(change[0] % 2)];
        let at = usize::from(u16::from_be_bytes([change[1], change[2]])) % item.len();
        item[at] = change[3];
    }
    let [key, certificate] = items.map(SecretBytes::new);
    let data: BTreeMap<_, _> = [("tls.key".to_owned(), key), ("tls.crt".to_owned(), certificate)].into();
    Secret { data, ..Secret::default() }
}
