//! AES-256-GCM against Wycheproof and NIST CAVP (`security.md` C-01).

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed row")]

use std::collections::BTreeMap;

use bulla_core::DataKey;
use bulla_crypto::ValueCipher;
use lane_golden::{from_hex, read};
use serde_json::Value;

/// Key sizes of Wycheproof groups that are left out, and why.
const SKIPPED_KEY_SIZES: [(u64, &str); 2] =
    [(128, "data keys have 256 bits; there is no AES-128 here"), (192, "AES-192")];

#[test]
fn c_01_wycheproof_aes_gcm() {
    let file: Value = serde_json::from_slice(&read("wycheproof/aes_gcm_test.json")).unwrap();
    let (mut passed, mut skipped) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let tests = group["tests"].as_array().unwrap();
        if let Some((_, reason)) =
            SKIPPED_KEY_SIZES.iter().find(|(size, _)| group["keySize"].as_u64() == Some(*size))
        {
            println!("{} rows of {}-bit IVs left out: {reason}", tests.len(), group["ivSize"]);
            skipped += tests.len();
            continue;
        }
        for test in tests {
            wycheproof_row(test);
            passed += 1;
        }
    }
    println!("{passed} rows equal, {skipped} left out");
    assert_eq!(passed + skipped, 316);
    assert!(passed > 100, "only {passed} rows ran");
}

fn wycheproof_row(test: &Value) {
    let bytes = |field: &str| from_hex(test[field].as_str().unwrap());
    let cipher = ValueCipher::new(&DataKey::from_slice(&bytes("key")).unwrap());
    let opened = cipher.open(&bytes("iv"), &bytes("aad"), &bytes("ct"), &bytes("tag"));
    match test["result"].as_str().unwrap() {
        "valid" => assert_eq!(opened.unwrap(), bytes("msg"), "row {}", test["tcId"]),
        "invalid" => assert!(opened.is_err(), "row {}", test["tcId"]),
        other => panic!("row {}: unknown result {other}", test["tcId"]),
    }
}

#[test]
fn c_01_nist_gcm_decrypt_256() {
    let text = String::from_utf8(read("nist/gcmDecrypt256_tag128.rsp")).unwrap();
    let (mut rows, mut refused) = (0, 0);
    for block in text.replace('\r', "").split("\n\n") {
        let fields: BTreeMap<&str, &str> =
            block.lines().filter_map(|line| line.split_once('=')).map(trim).collect();
        if !fields.contains_key("Count") {
            continue;
        }
        let bytes = |field: &str| from_hex(fields[field]);
        let cipher = ValueCipher::new(&DataKey::from_slice(&bytes("Key")).unwrap());
        let opened = cipher.open(&bytes("IV"), &bytes("AAD"), &bytes("CT"), &bytes("Tag"));
        rows += 1;
        if block.lines().any(|line| line == "FAIL") {
            assert!(opened.is_err(), "{block}");
            refused += 1;
        } else {
            assert_eq!(opened.unwrap(), bytes("PT"), "{block}");
        }
    }
    assert_eq!((rows, refused), (1125, 566));
}

fn trim<'a>((name, value): (&'a str, &'a str)) -> (&'a str, &'a str) {
    (name.trim(), value.trim())
}
