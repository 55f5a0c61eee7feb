//! What the tests of the crate share: a fixed data key and plain calls.

use bulla_core::{DataKey, Limits, MasterKey};
use bulla_crypto::SystemRandom;
use bulla_sops::{
    DecryptOptions, EncryptedFile, Encryption, Format, Indent, Layouting, Reuse, Rule, Selection, VERSION,
    WrappedKey, by_name, encrypt,
};

pub(crate) fn format(name: &str) -> &'static dyn Format {
    by_name(name).unwrap()
}

pub(crate) fn data_key() -> DataKey {
    DataKey::new(core::array::from_fn(|i| i as u8))
}

pub(crate) fn request<'a>(key: &'a DataKey, limits: &'a Limits) -> Encryption<'a> {
    let age = MasterKey::new("age", [("recipient", "age1test")]);
    let enc = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n".to_owned();
    Encryption {
        data_key: key,
        groups: vec![vec![WrappedKey { key: age, enc, created_at: String::new() }]],
        shamir_threshold: 0,
        selection: Selection::new(Rule::UnencryptedSuffix, "_unencrypted").unwrap(),
        mac_only_encrypted: false,
        version: VERSION.to_owned(),
        last_modified: "2026-11-24T00:00:00Z".to_owned(),
        random: &SystemRandom,
        limits,
    }
}

/// Encrypts with the fixed key, in the user's layout.
pub(crate) fn seal(name: &str, plain: &[u8]) -> Vec<u8> {
    let (key, limits) = (data_key(), Limits::default());
    let format = format(name);
    encrypt(plain, format, format, Layouting::Keep, &mut Reuse::default(), &request(&key, &limits)).unwrap()
}

/// Decrypts with the fixed key.
pub(crate) fn open(name: &str, encrypted: &[u8]) -> Vec<u8> {
    let limits = Limits::default();
    let file = EncryptedFile::parse(encrypted, format(name), &limits).unwrap();
    let indent = Indent::default();
    let decrypted = file.decrypt(&data_key(), DecryptOptions::default(), &indent).unwrap();
    decrypted.text(&indent, &limits).unwrap()
}
