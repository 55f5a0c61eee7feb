//! What the fuzz targets share: fixed keys and nonces, so that a finding can be
//! repeated, and the properties that more than one of them asserts.

use bulla_core::{DataKey, Limits, MasterKey, Random, RandomError};
use bulla_sops::{
    CryptError, DecryptOptions, EncryptError, EncryptedFile, Encryption, Format, Indent, Layouting, Reuse,
    Rule, Selection, VERSION, WrappedKey, by_name, encrypt,
};

/// Limits under which one run stays fast.
pub fn limits() -> Limits {
    Limits { file_size: 1 << 20, nodes: 20_000, ..Limits::default() }
}

/// The key of every file here.
pub fn data_key() -> DataKey {
    DataKey::new(core::array::from_fn(|position| position as u8))
}

/// The format of this name.
pub fn format(name: &str) -> &'static dyn Format {
    by_name(name).expect("a format that users can name")
}

/// Randomness that can be repeated.
pub struct Repeatable;

impl Random for Repeatable {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(7);
        Ok(())
    }
}

/// Encrypts with the fixed key, in the user's layout.
pub fn seal(format: &'static dyn Format, plain: &[u8]) -> Result<Vec<u8>, EncryptError> {
    let (data_key, limits) = (data_key(), limits());
    let key = MasterKey::new("age", [("recipient", "age1test")]);
    let enc = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n".to_owned();
    let request = Encryption {
        data_key: &data_key,
        groups: vec![vec![WrappedKey { key, enc, created_at: String::new() }]],
        shamir_threshold: 0,
        selection: Selection::new(Rule::UnencryptedSuffix, "_unencrypted").expect("a plain suffix"),
        mac_only_encrypted: false,
        version: VERSION.to_owned(),
        last_modified: "2026-11-24T00:00:00Z".to_owned(),
        random: &Repeatable,
        limits: &limits,
    };
    encrypt(plain, format, format, Layouting::Keep, &mut Reuse::default(), &request)
}

/// Decrypts with the fixed key; `None` where the file is refused.
pub fn open(format: &'static dyn Format, encrypted: &[u8], options: DecryptOptions) -> Option<Vec<u8>> {
    let limits = limits();
    let file = EncryptedFile::parse(encrypted, format, &limits).ok()?;
    let decrypted: Result<_, CryptError> = file.decrypt(&data_key(), options, &Indent::default());
    decrypted.ok()?.text(&Indent::default(), &limits).ok()
}

/// What is accepted comes back byte for byte.
pub fn round_trip(name: &str, plain: &[u8]) {
    let format = format(name);
    match seal(format, plain) {
        Ok(encrypted) => {
            let decrypted = open(format, &encrypted, DecryptOptions::default());
            assert_eq!(decrypted.as_deref(), Some(plain), "{}", String::from_utf8_lossy(&encrypted));
        }
        Err(EncryptError::Check) => panic!("accepted, but the result does not decrypt to it"),
        Err(_) => {}
    }
}
