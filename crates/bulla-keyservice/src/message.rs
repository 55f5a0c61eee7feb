//! The messages, written by hand from the table in `sops.md` 6.8.

use core::fmt;
use std::collections::BTreeMap;

use bulla_core::{FieldValue, MasterKey};
use prost::{Message, Oneof};
use zeroize::Zeroize as _;

/// A master key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Key {
    #[prost(oneof = "KeyType", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub(crate) key_type: Option<KeyType>,
}

/// A master key of a kind.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum KeyType {
    #[prost(message, tag = "1")]
    Kms(KmsKey),
    #[prost(message, tag = "2")]
    Pgp(PgpKey),
    #[prost(message, tag = "3")]
    GcpKms(GcpKmsKey),
    #[prost(message, tag = "4")]
    AzureKeyVault(AzureKeyVaultKey),
    #[prost(message, tag = "5")]
    Vault(VaultKey),
    #[prost(message, tag = "6")]
    Age(AgeKey),
    #[prost(message, tag = "7")]
    Hckms(HckmsKey),
}

/// A key of AWS KMS.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KmsKey {
    #[prost(string, tag = "1")]
    pub(crate) arn: String,
    #[prost(string, tag = "2")]
    pub(crate) role: String,
    #[prost(btree_map = "string, string", tag = "3")]
    pub(crate) context: BTreeMap<String, String>,
    #[prost(string, tag = "4")]
    pub(crate) aws_profile: String,
}

/// An OpenPGP key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PgpKey {
    #[prost(string, tag = "1")]
    pub(crate) fingerprint: String,
}

/// A key of GCP KMS.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GcpKmsKey {
    #[prost(string, tag = "1")]
    pub(crate) resource_id: String,
}

/// A key of Azure Key Vault.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AzureKeyVaultKey {
    #[prost(string, tag = "1")]
    pub(crate) vault_url: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) version: String,
}

/// A transit key of Vault.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct VaultKey {
    #[prost(string, tag = "1")]
    pub(crate) vault_address: String,
    #[prost(string, tag = "2")]
    pub(crate) engine_path: String,
    #[prost(string, tag = "3")]
    pub(crate) key_name: String,
}

/// An age recipient.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AgeKey {
    #[prost(string, tag = "1")]
    pub(crate) recipient: String,
}

/// A key of Huawei Cloud KMS.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HckmsKey {
    #[prost(string, tag = "1")]
    pub(crate) key_id: String,
}

/// Wrap this data key.
#[derive(Message)]
#[prost(skip_debug)]
pub(crate) struct EncryptRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) key: Option<Key>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) plaintext: Vec<u8>,
}

/// A wrapped data key: the bytes of the field `enc`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EncryptResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) ciphertext: Vec<u8>,
}

/// Unwrap this data key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DecryptRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) key: Option<Key>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) ciphertext: Vec<u8>,
}

/// A data key.
#[derive(Message)]
#[prost(skip_debug)]
pub(crate) struct DecryptResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) plaintext: Vec<u8>,
}

impl fmt::Debug for EncryptRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptRequest(redacted)")
    }
}

impl Drop for EncryptRequest {
    fn drop(&mut self) {
        self.plaintext.zeroize();
    }
}

impl fmt::Debug for DecryptResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptResponse(redacted)")
    }
}

impl Drop for DecryptResponse {
    fn drop(&mut self) {
        self.plaintext.zeroize();
    }
}

/// Writes a master key as a message; `None` for a kind that the protocol does
/// not know.
pub(crate) fn to_message(key: &MasterKey) -> Option<Key> {
    let text = |name: &str| key.text(name).to_owned();
    let key_type = match key.kind {
        "kms" => KeyType::Kms(KmsKey {
            arn: text("arn"),
            role: text("role"),
            context: key.map("context").cloned().unwrap_or_default(),
            aws_profile: text("aws_profile"),
        }),
        "pgp" => KeyType::Pgp(PgpKey { fingerprint: text("fp") }),
        "gcp_kms" => KeyType::GcpKms(GcpKmsKey { resource_id: text("resource_id") }),
        "azure_kv" => KeyType::AzureKeyVault(AzureKeyVaultKey {
            vault_url: text("vault_url"),
            name: text("name"),
            version: text("version"),
        }),
        "hc_vault" => KeyType::Vault(VaultKey {
            vault_address: text("vault_address"),
            engine_path: text("engine_path"),
            key_name: text("key_name"),
        }),
        "age" => KeyType::Age(AgeKey { recipient: text("recipient") }),
        "hckms" => KeyType::Hckms(HckmsKey { key_id: text("key_id") }),
        _ => return None,
    };
    Some(Key { key_type: Some(key_type) })
}

/// Reads the master key of a request; `None` where it names none, or one of a
/// kind that is not known here.
pub(crate) fn from_message(key: Option<&Key>) -> Option<MasterKey> {
    Some(match key?.key_type.as_ref()? {
        KeyType::Kms(key) => {
            let mut master =
                MasterKey::new("kms", [("arn", key.arn.as_str()), ("aws_profile", &key.aws_profile)]);
            if !key.role.is_empty() {
                master.fields.insert("role", FieldValue::Text(key.role.clone()));
            }
            if !key.context.is_empty() {
                master.fields.insert("context", FieldValue::Map(key.context.clone()));
            }
            master
        }
        KeyType::Pgp(key) => MasterKey::new("pgp", [("fp", key.fingerprint.as_str())]),
        KeyType::GcpKms(key) => MasterKey::new("gcp_kms", [("resource_id", key.resource_id.as_str())]),
        KeyType::AzureKeyVault(key) => MasterKey::new(
            "azure_kv",
            [("vault_url", key.vault_url.as_str()), ("name", &key.name), ("version", &key.version)],
        ),
        KeyType::Vault(key) => MasterKey::new(
            "hc_vault",
            [
                ("vault_address", key.vault_address.as_str()),
                ("engine_path", &key.engine_path),
                ("key_name", &key.key_name),
            ],
        ),
        KeyType::Age(key) => MasterKey::new("age", [("recipient", key.recipient.as_str())]),
        KeyType::Hckms(key) => MasterKey::new("hckms", [("key_id", key.key_id.as_str())]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_comes_back_from_its_message() {
        let mut kms = MasterKey::new("kms", [("arn", "arn:aws:kms:r:1:key/k"), ("aws_profile", "dev")]);
        kms.fields.insert("role", FieldValue::Text("arn:aws:iam::1:role/r".into()));
        kms.fields.insert("context", FieldValue::Map(BTreeMap::from([("a".into(), "1".into())])));
        let keys = [
            kms,
            MasterKey::new("kms", [("arn", "a"), ("aws_profile", "")]),
            MasterKey::new("pgp", [("fp", "ABCD")]),
            MasterKey::new("gcp_kms", [("resource_id", "projects/p")]),
            MasterKey::new("azure_kv", [("vault_url", "https://v"), ("name", "n"), ("version", "1")]),
            MasterKey::new(
                "hc_vault",
                [("vault_address", "https://v"), ("engine_path", "transit"), ("key_name", "k")],
            ),
            MasterKey::new("age", [("recipient", "age1x")]),
            MasterKey::new("hckms", [("key_id", "r:u")]),
        ];
        for key in keys {
            let bytes = to_message(&key).unwrap().encode_to_vec();
            let read = Key::decode(bytes.as_slice()).unwrap();
            assert_eq!(from_message(Some(&read)), Some(key));
        }
        assert!(to_message(&MasterKey::new("other", [])).is_none());
    }

    #[test]
    fn a_request_for_age_has_the_bytes_of_the_protocol() {
        let key = to_message(&MasterKey::new("age", [("recipient", "ab")]));
        let request = DecryptRequest { key, ciphertext: b"xyz".to_vec() };
        assert_eq!(request.encode_to_vec(), b"\x0a\x06\x32\x04\x0a\x02ab\x12\x03xyz");
    }

    #[test]
    fn a_key_of_an_unknown_kind_is_none() {
        // Field 15, a message of two bytes.
        let read = Key::decode(b"\x7a\x02\x08\x01".as_slice()).unwrap();
        assert!(from_message(Some(&read)).is_none() && from_message(None).is_none());
    }

    #[test]
    fn debug_output_holds_no_data_key() {
        let request = EncryptRequest { key: None, plaintext: b"canary".to_vec() };
        let response = DecryptResponse { plaintext: b"canary".to_vec() };
        let shown = format!("{request:?} {response:?}");
        assert!(!shown.contains("canary") && !shown.contains("99"), "{shown}");
    }
}
