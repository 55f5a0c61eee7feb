//! From lists of keys on the command line to master keys.

use std::collections::BTreeMap;

use bulla_core::MasterKey;
use bulla_sops::keys;

use crate::error::{Exit, Failure};
use crate::go;
use crate::request::{Aws, KeyTexts};

/// Reads the `key:value` pairs of an encryption context; `None` where one of
/// them is malformed.
pub fn encryption_context(text: &str) -> Option<BTreeMap<String, String>> {
    let mut context = BTreeMap::new();
    for pair in text.split(',').filter(|_| !text.is_empty()) {
        let (key, value) = pair.split_once(':').filter(|(_, value)| !value.contains(':'))?;
        context.insert(key.to_owned(), value.to_owned());
    }
    Some(context)
}

/// Builds the keys of `texts` in the order in which sops puts them into one
/// group.
pub fn master_keys(texts: &KeyTexts, aws: &Aws) -> Result<Vec<MasterKey>, Failure> {
    let failed = |error: keys::KeyTextError| Failure::new(Exit::Generic, error.to_string());
    let context = encryption_context(&aws.context).unwrap_or_default();
    let mut found = Vec::new();
    found.extend(entries(&texts.kms).map(|text| keys::kms(text, &context, &aws.profile)));
    found.extend(entries(&texts.gcp_kms).map(keys::gcp_kms));
    for text in entries(&texts.hckms) {
        found.push(keys::hckms(text).map_err(failed)?);
    }
    for text in entries(&texts.azure_kv) {
        found.push(keys::azure_kv(text).map_err(failed)?);
    }
    found.extend(entries(&texts.pgp).map(keys::pgp));
    for text in entries(&texts.hc_vault) {
        found.push(keys::hc_vault(text).map_err(failed)?);
    }
    for text in entries(&texts.age) {
        if !["age1", "ssh-"].iter().any(|prefix| text.starts_with(prefix)) {
            let text = format!("failed to parse input, unknown recipient type: {}", go::quote(text));
            return Err(Failure::new(Exit::Generic, text));
        }
        found.push(keys::age(text));
    }
    Ok(found)
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_contexts_are_pairs() {
        assert_eq!(encryption_context(""), Some(BTreeMap::new()));
        let pairs = encryption_context("a:1,b:2").unwrap();
        assert_eq!(
            pairs.into_iter().collect::<Vec<_>>(),
            [("a".into(), "1".into()), ("b".into(), "2".into())]
        );
        for text in ["a", "a:b:c", "a:1,", ","] {
            assert_eq!(encryption_context(text), None, "{text}");
        }
    }

    #[test]
    fn one_group_holds_all_kinds_in_the_order_of_sops() {
        let texts = KeyTexts {
            age: "age1x, age1y".into(),
            pgp: "AB CD".into(),
            kms: "arn:aws:kms:r:1:key/k".into(),
            ..KeyTexts::default()
        };
        let keys = master_keys(&texts, &Aws::default()).unwrap();
        assert_eq!(keys.iter().map(|key| key.kind).collect::<Vec<_>>(), ["kms", "pgp", "age", "age"]);
        let wrong = KeyTexts { age: "foo".into(), ..KeyTexts::default() };
        let failure = master_keys(&wrong, &Aws::default()).unwrap_err();
        assert_eq!(failure.message, "failed to parse input, unknown recipient type: \"foo\"");
    }
}
