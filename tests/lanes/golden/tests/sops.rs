//! Every YAML document of the stored cases that can be encrypted comes back
//! byte for byte, and the stored attacks on SOPS files end as required.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use bulla_core::{DataKey, Limits, MasterKey};
use bulla_crypto::SystemRandom;
use bulla_sops::{
    DecryptOptions, EncryptedFile, Encryption, Format, Indent, Layouting, Purpose, Reuse, Rule, Selection,
    VERSION, WrappedKey, by_name, encrypt,
};

fn folder() -> std::path::PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the lane's one variable")]
    let folder = std::env::var_os("BULLA_GOLDEN");
    folder.expect("BULLA_GOLDEN must name the folder of stored answers; run `cargo xtask test`").into()
}

fn request<'a>(key: &'a DataKey, limits: &'a Limits) -> Encryption<'a> {
    let age = MasterKey::new("age", [("recipient", "age1test")]);
    Encryption {
        data_key: key,
        groups: vec![vec![WrappedKey { key: age, enc: "x\ny\n".to_owned(), created_at: String::new() }]],
        shamir_threshold: 0,
        selection: Selection::new(Rule::UnencryptedSuffix, "_unencrypted").unwrap(),
        mac_only_encrypted: false,
        version: VERSION.to_owned(),
        last_modified: "2026-11-24T00:00:00Z".to_owned(),
        random: &SystemRandom,
        limits,
    }
}

fn round_trip(format: &'static dyn Format, plain: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (key, limits, indent) = (DataKey::new([9; 32]), Limits::default(), Indent::default());
    let request = request(&key, &limits);
    let encrypted = encrypt(plain, format, format, Layouting::Keep, &mut Reuse::default(), &request)
        .map_err(|error| error.to_string())?;
    let file = EncryptedFile::parse(&encrypted, format, &limits).map_err(|error| error.to_string())?;
    let decrypted =
        file.decrypt(&key, DecryptOptions::default(), &indent).map_err(|error| error.to_string())?;
    let text = decrypted.text(&indent, &limits).map_err(|error| error.to_string())?;
    Ok((encrypted, text))
}

#[test]
fn every_stored_yaml_document_comes_back_byte_for_byte() {
    let yaml = by_name("yaml").unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for name in ["suite.jsonl", "mutated.jsonl"] {
        let text = std::fs::read_to_string(folder().join("yaml").join(name)).unwrap();
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(source) = row["in"].as_str() else { continue };
            if yaml.parse(source.as_bytes(), Purpose::Plain, &Limits::default()).is_err() {
                *counts.entry("not a document to encrypt").or_default() += 1;
                continue;
            }
            match round_trip(yaml, source.as_bytes()) {
                Ok((encrypted, text)) if text == source.as_bytes() => {
                    let layout = encrypted.windows(7).any(|window| window == b"layout:");
                    let kind = if layout { "back with a layout field" } else { "back without" };
                    *counts.entry(kind).or_default() += 1;
                }
                Ok((_, text)) => failures.push(format!(
                    "{}: {source:?} came back as {:?}",
                    row["f"],
                    String::from_utf8_lossy(&text)
                )),
                Err(error) if error.contains("string keys") || error.contains("unknown type") => {
                    *counts.entry("refused by the walk, as by sops").or_default() += 1;
                }
                Err(error) if error.contains("top-level entry called 'sops'") => {}
                Err(error) => failures.push(format!("{}: {source:?}: {error}", row["f"])),
            }
        }
    }
    println!("{counts:?}, {} failures", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(counts["back without"] + counts["back with a layout field"] > 500);
}
