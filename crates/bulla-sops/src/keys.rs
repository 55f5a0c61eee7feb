//! The kinds of master key as data: names and order of their metadata fields
//! and the text that identifies a key (`sops.md` 2.3, 4). A file stays
//! readable without the provider of a kind. Adding a kind: a row here, and
//! its provider in `bulla-providers`.

use std::collections::BTreeMap;

use bulla_core::{FieldValue, MasterKey};

/// One kind of master key.
pub struct KeyKind {
    /// Name of the metadata list, such as `age`.
    pub name: &'static str,
    /// Identifying text fields that are always written.
    pub required: &'static [&'static str],
    /// Identifying fields that are written only when not empty.
    pub optional: &'static [&'static str],
    /// True where an entry has a `created_at`.
    pub dated: bool,
    /// True where a member of `key_groups` writes the list even when empty
    /// (`sops.md` 2.4).
    pub always_in_groups: bool,
    /// Builds the text that messages print and key comparisons use.
    pub identity: fn(&MasterKey) -> String,
}

/// Every kind, in the order in which a group read from a file holds its keys
/// (`sops.md` 2.4).
pub const KINDS: &[KeyKind] = &[
    KeyKind {
        name: "kms",
        required: &["arn", "aws_profile"],
        optional: &["context", "role"],
        dated: true,
        always_in_groups: false,
        identity: kms_identity,
    },
    KeyKind {
        name: "gcp_kms",
        required: &["resource_id"],
        optional: &[],
        dated: true,
        always_in_groups: false,
        identity: |key| key.text("resource_id").to_owned(),
    },
    KeyKind {
        name: "hckms",
        required: &["key_id"],
        optional: &[],
        dated: true,
        always_in_groups: false,
        identity: |key| key.text("key_id").to_owned(),
    },
    KeyKind {
        name: "azure_kv",
        required: &["name", "vault_url", "version"],
        optional: &[],
        dated: true,
        always_in_groups: false,
        identity: |key| {
            format!(
                "{}/keys/{}/{}",
                without_user(key.text("vault_url")),
                key.text("name"),
                key.text("version")
            )
        },
    },
    KeyKind {
        name: "hc_vault",
        required: &["engine_path", "key_name", "vault_address"],
        optional: &[],
        dated: true,
        always_in_groups: true,
        identity: |key| {
            let (address, engine) = (without_user(key.text("vault_address")), key.text("engine_path"));
            format!("{address}/v1/{engine}/keys/{}", key.text("key_name"))
        },
    },
    KeyKind {
        name: "pgp",
        required: &["fp"],
        optional: &[],
        dated: true,
        always_in_groups: false,
        identity: |key| key.text("fp").to_owned(),
    },
    KeyKind {
        name: "age",
        required: &["recipient"],
        optional: &[],
        dated: false,
        always_in_groups: true,
        identity: |key| key.text("recipient").to_owned(),
    },
];

/// Drops user name and password from a URL (`security.md` O-05).
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

/// Finds the row of a kind.
pub fn kind(name: &str) -> Option<&'static KeyKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Where the keys of a kind stand among those of a group that is read from a
/// file, whatever order they were given in.
pub fn file_rank(name: &str) -> usize {
    KINDS.iter().position(|kind| kind.name == name).unwrap_or(KINDS.len())
}

/// Returns the text that identifies `key` in messages and comparisons.
pub fn identity(key: &MasterKey) -> String {
    kind(key.kind).map_or_else(String::new, |kind| (kind.identity)(key))
}

/// `ARN[+ROLE]`, then `|context|profile` where a profile is set, else
/// `|context` where there is one.
fn kms_identity(key: &MasterKey) -> String {
    let mut text = key.text("arn").to_owned();
    if !key.text("role").is_empty() {
        text = format!("{text}+{}", key.text("role"));
    }
    let context = key.map("context").map_or_else(String::new, context_text);
    if !key.text("aws_profile").is_empty() {
        return format!("{text}|{context}|{}", key.text("aws_profile"));
    }
    if context.is_empty() { text } else { format!("{text}|{context}") }
}

fn context_text(context: &BTreeMap<String, String>) -> String {
    context.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(",")
}

/// Why a key cannot be built from what the user typed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyTextError {
    /// A Vault URI has the wrong form.
    #[error("invalid Vault transit URI {0:?}: it must look like https://host:port/v1/ENGINE/keys/NAME")]
    Vault(String),
    /// A Vault URI has a path before `/v1/`.
    #[error("running Vault with a prefixed URL is not supported: {0:?}")]
    VaultPrefix(String),
    /// An Azure Key Vault URL has the wrong form.
    #[error("invalid Azure Key Vault key URL {0:?}: it must look like https://VAULT/keys/NAME/VERSION")]
    Azure(String),
    /// A Huawei key id has the wrong form.
    #[error("invalid Huawei Cloud KMS key id {0:?}: it must look like REGION:UUID")]
    Hckms(String),
}

/// Builds an age key from a recipient.
pub fn age(recipient: &str) -> MasterKey {
    MasterKey::new("age", [("recipient", recipient.trim())])
}

/// Builds a PGP key from a fingerprint; blanks in it are dropped.
pub fn pgp(fingerprint: &str) -> MasterKey {
    MasterKey::new("pgp", [("fp", fingerprint.replace(' ', "").as_str())])
}

/// Builds an AWS KMS key from `ARN` or `ARN+ROLE_ARN` (`sops.md` 4.3).
pub fn kms(text: &str, context: &BTreeMap<String, String>, profile: &str) -> MasterKey {
    let text = text.replace(' ', "");
    let (arn, role) = match text.find("+arn:") {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text.as_str(), ""),
    };
    let mut key = MasterKey::new("kms", [("arn", arn), ("aws_profile", profile)]);
    if !role.is_empty() {
        key.fields.insert("role", FieldValue::Text(role.to_owned()));
    }
    if !context.is_empty() {
        key.fields.insert("context", FieldValue::Map(context.clone()));
    }
    key
}

/// Builds a GCP KMS key from its resource id.
pub fn gcp_kms(resource: &str) -> MasterKey {
    MasterKey::new("gcp_kms", [("resource_id", resource.replace(' ', "").as_str())])
}

/// Builds a Huawei Cloud KMS key from `region:uuid`.
pub fn hckms(text: &str) -> Result<MasterKey, KeyTextError> {
    match text.trim().split_once(':') {
        Some((region, id)) if !region.is_empty() && !id.is_empty() => {
            Ok(MasterKey::new("hckms", [("key_id", text.trim())]))
        }
        _ => Err(KeyTextError::Hckms(text.to_owned())),
    }
}

/// Builds an Azure Key Vault key from `https://VAULT/keys/NAME[/VERSION]`.
pub fn azure_kv(url: &str) -> Result<MasterKey, KeyTextError> {
    let invalid = || KeyTextError::Azure(url.to_owned());
    let rest = url.trim().strip_prefix("https://").ok_or_else(invalid)?;
    let mut parts = rest.split('/');
    let (host, keys, name) = (parts.next(), parts.next(), parts.next());
    let version = parts.next().unwrap_or("");
    match (host, keys, name, parts.next()) {
        (Some(host), Some("keys"), Some(name), None) if !host.is_empty() && !name.is_empty() => {
            Ok(azure_kv_parts(&format!("https://{host}"), name, version))
        }
        _ => Err(invalid()),
    }
}

/// Builds an Azure Key Vault key from its parts.
pub fn azure_kv_parts(vault_url: &str, name: &str, version: &str) -> MasterKey {
    MasterKey::new("azure_kv", [("vault_url", vault_url), ("name", name), ("version", version)])
}

/// Builds a Vault transit key from its URI (`sops.md` 4.6). Whether the
/// engine and key names are safe is checked again where they are used (K-01).
pub fn hc_vault(uri: &str) -> Result<MasterKey, KeyTextError> {
    let invalid = || KeyTextError::Vault(uri.to_owned());
    let uri = uri.trim();
    let (scheme, rest) = uri.split_once("://").ok_or_else(invalid)?;
    let (host, path) = rest.split_once('/').ok_or_else(invalid)?;
    if scheme.is_empty() || host.is_empty() {
        return Err(invalid());
    }
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let is_version = |text: &str| {
        text.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    if !is_version(segments[0]) {
        let prefixed = segments.iter().any(|segment| is_version(segment));
        return Err(if prefixed { KeyTextError::VaultPrefix(uri.to_owned()) } else { invalid() });
    }
    let [engine @ .., _, name] = &segments[1..] else { return Err(invalid()) };
    if engine.is_empty() || name.is_empty() {
        return Err(invalid());
    }
    let address = format!("{scheme}://{host}");
    let engine = engine.join("/");
    Ok(MasterKey::new(
        "hc_vault",
        [("vault_address", &address), ("engine_path", &engine), ("key_name", name)],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_what_sops_prints() {
        let context = BTreeMap::from([("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())]);
        let arn = "arn:aws:kms:eu-west-1:123:key/x";
        let role = "arn:aws:iam::123:role/r";
        assert_eq!(identity(&kms(arn, &BTreeMap::new(), "")), arn);
        assert_eq!(identity(&kms(&format!("{arn}+{role}"), &context, "")), format!("{arn}+{role}|a:1,b:2"));
        assert_eq!(identity(&kms(arn, &BTreeMap::new(), "dev")), format!("{arn}||dev"));
        let vault = hc_vault("https://vault:8200/v1/a/b/keys/k").unwrap();
        assert_eq!(identity(&vault), "https://vault:8200/v1/a/b/keys/k");
        assert_eq!(identity(&pgp("AB CD")), "ABCD");
    }

    #[test]
    fn o_05_an_identity_shows_no_password() {
        let fields = |address| [("vault_address", address), ("engine_path", "transit"), ("key_name", "one")];
        for (address, shown) in [
            ("http://user:pass@host:8200", "http://host:8200"),
            ("https://a@b@host", "https://host"),
            ("https://host/p@th", "https://host/p@th"),
            ("host", "host"),
        ] {
            let key = MasterKey::new("hc_vault", fields(address));
            assert_eq!(identity(&key), format!("{shown}/v1/transit/keys/one"));
        }
    }

    #[test]
    fn keys_of_a_file_stand_in_the_order_of_their_kinds() {
        assert!(file_rank("kms") < file_rank("pgp") && file_rank("pgp") < file_rank("age"));
        assert!(file_rank("age") < file_rank("other"));
    }

    #[test]
    fn malformed_key_texts_are_refused() {
        assert!(matches!(hc_vault("https://v/x/v1/transit/keys/k"), Err(KeyTextError::VaultPrefix(_))));
        for text in ["vault:8200/v1/t/keys/k", "https://v/v1/keys/k", "https://v", "https:///v1/t/keys/k"] {
            assert!(hc_vault(text).is_err(), "{text}");
        }
        assert!(azure_kv("http://v/keys/n/1").is_err());
        assert!(azure_kv("https://v/keys/n").is_ok());
        assert!(hckms("x").is_err());
    }
}
