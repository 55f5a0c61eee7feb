//! RSA-OAEP with SHA-256 against Wycheproof (`security.md` S-01).

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed row")]

use bulla_seal::SealingKey;
use lane_golden::{from_hex, read};
use serde_json::Value;

const FILES: [&str; 4] = [
    "rsa_oaep_2048_sha256_mgf1sha256_test.json",
    "rsa_oaep_3072_sha256_mgf1sha256_test.json",
    "rsa_oaep_4096_sha256_mgf1sha256_test.json",
    "rsa_oaep_misc_test.json",
];

#[test]
fn s_01_wycheproof_oaep() {
    let (mut opened, mut refused) = (0, 0);
    for name in FILES {
        let file: Value = serde_json::from_slice(&read(&format!("wycheproof/{name}"))).unwrap();
        for group in file["testGroups"].as_array().unwrap() {
            // Other digests are not ours, and shorter keys are refused.
            let is_ours = group["sha"] == "SHA-256" && group["mgfSha"] == "SHA-256";
            if !is_ours || group["keySize"].as_u64().unwrap() < 2048 {
                continue;
            }
            let key = SealingKey::from_pem(group["privateKeyPem"].as_str().unwrap().as_bytes()).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let bytes = |field: &str| from_hex(test[field].as_str().unwrap());
                let answer = key.unwrap_session_key(&bytes("ct"), &bytes("label"));
                let at = format!("{name} row {}", test["tcId"]);
                match (test["result"].as_str().unwrap(), answer) {
                    ("invalid", answer) => assert!(answer.is_none(), "{at}"),
                    ("valid" | "acceptable", Some(answer)) => {
                        assert_eq!(answer.expose(), bytes("msg"), "{at}");
                        opened += 1;
                        continue;
                    }
                    ("acceptable", None) => {}
                    (result, _) => panic!("{at}: {result}, but it does not open"),
                }
                refused += 1;
            }
        }
    }
    assert_eq!(opened + refused, 3 * 37 + 28);
    assert!(refused > 50, "only {refused} rows were refused");
}
