//! Runs the stored vectors of `tests/fixtures/crypto` (`security.md` C-01).

use bulla_core::{DataKey, SecretBytes};
use serde_json::Value;

use crate::{ValueCipher, combine};

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn bytes(row: &Value, field: &str) -> Vec<u8> {
    from_hex(row[field].as_str().unwrap())
}

fn rows(text: &str) -> Vec<Value> {
    let mut file: Value = serde_json::from_str(text).unwrap();
    let rows = file["tests"].as_array_mut().map(std::mem::take).unwrap();
    assert_eq!(rows.len() as u64, file["numberOfTests"].as_u64().unwrap());
    rows
}

#[test]
fn c_01_values_with_32_byte_nonces_open_and_damaged_ones_do_not() {
    let rows = rows(include_str!("../../../tests/fixtures/crypto/aes_256_gcm_iv256.json"));
    for row in &rows {
        let cipher = ValueCipher::new(&DataKey::from_slice(&bytes(row, "key")).unwrap());
        let (nonce, aad, plaintext) = (bytes(row, "iv"), bytes(row, "aad"), bytes(row, "msg"));
        let (ciphertext, tag) = (bytes(row, "ct"), bytes(row, "tag"));
        let opened = cipher.open(&nonce, &aad, &ciphertext, &tag);
        if row["result"] == "valid" {
            assert_eq!(opened.as_deref(), Ok(plaintext.as_slice()), "row {}", row["id"]);
            let sealed = cipher.seal(nonce[..].try_into().unwrap(), &aad, &plaintext);
            assert_eq!((sealed.ciphertext, &sealed.tag[..]), (ciphertext, &tag[..]), "row {}", row["id"]);
        } else {
            assert!(opened.is_err(), "row {}", row["id"]);
        }
    }
    assert_eq!(rows.len(), 284);
}

#[test]
fn c_01_shares_combine_as_stored() {
    let rows = rows(include_str!("../../../tests/fixtures/crypto/shamir_gf256.json"));
    for row in &rows {
        let parts = row["parts"].as_array().map_or(&[][..], Vec::as_slice);
        let shares: Vec<_> =
            parts.iter().map(|part| SecretBytes::new(from_hex(part.as_str().unwrap()))).collect();
        let combined = combine(&shares, 0);
        match row["result"].as_str().unwrap() {
            "valid" => assert_eq!(combined.unwrap().expose(), bytes(row, "secret"), "row {}", row["id"]),
            "wrong-secret" => {
                assert_ne!(combined.unwrap().expose(), bytes(row, "secret"), "row {}", row["id"]);
            }
            _ => assert!(combined.is_err(), "row {}", row["id"]),
        }
        let threshold = row["threshold"].as_u64().unwrap() as usize;
        assert!(shares.len() >= threshold || combine(&shares, threshold).is_err(), "row {}", row["id"]);
    }
    assert_eq!(rows.len(), 58);
}
