//! Sealing keys on their way out of a cluster and back (`security.md` Q-06).

use bulla_api::{Secret, ServerFields, StreamError, Tree, list_items};
use bulla_core::{SecretBytes, Timestamp};

use crate::key_secret::{KeyOrder, KeySecret, KeySecretError, rank};
use crate::reconcile::KEY_LABEL;

/// What a key Secret's label says of it where a controller uses it.
const ACTIVE: &str = "active";

/// A Secret that should be a sealing key, looked at. It holds a private key, so it has no `Debug`.
pub struct KeyEntry {
    /// The Secret.
    pub secret: Secret,
    /// Its key and certificate.
    pub key: Result<KeySecret, KeySecretError>,
    /// Whether label or name make it a sealing key.
    pub is_sealing_key: bool,
    /// Whether it is the one that is sealed with.
    pub is_newest: bool,
}

impl KeyEntry {
    /// What its label says: `active`, or for example `compromised`; nothing
    /// where it has none, as keys of releases before 0.9.
    pub fn state(&self) -> &str {
        self.secret.metadata.labels.get(KEY_LABEL).map_or("", String::as_str)
    }

    /// Whether a controller opens with it.
    pub fn is_used(&self) -> bool {
        self.key.is_ok() && self.is_sealing_key && matches!(self.state(), ACTIVE | "")
    }
}

/// Looks at key Secrets. Those that a controller uses come first, the one that
/// it seals with before all (in the order that it has by default), and those
/// without a usable key last. `prefix` is how names of keys begin: the only key
/// up to release 0.8 has it for a name, and no label.
pub fn key_entries(secrets: Vec<Secret>, prefix: &str, now: Timestamp) -> Vec<KeyEntry> {
    let look = |secret: Secret| {
        let metadata = &secret.metadata;
        let is_sealing_key = metadata.labels.contains_key(KEY_LABEL) || metadata.name == prefix;
        KeyEntry { key: KeySecret::read(&secret), is_sealing_key, secret, is_newest: false }
    };
    let mut entries: Vec<KeyEntry> = secrets.into_iter().map(look).collect();
    entries.sort_by_cached_key(|entry| {
        let rank = entry.key.as_ref().ok().map(|key| rank(key, KeyOrder::default(), now));
        (!entry.is_used(), rank.is_none(), rank, entry.secret.metadata.name.clone())
    });
    if let Some(first) = entries.first_mut() {
        first.is_newest = first.is_used();
    }
    entries
}

/// The Secrets that the reference finds in a file of private keys: a `List`, or
/// documents one after another, in JSON or YAML. What it cannot read it passes
/// over; [`bulla_api::all_secrets`] is for who must not lose a key.
pub fn key_secrets(text: &[u8]) -> Result<Vec<Secret>, StreamError> {
    let Ok(items) = list_items(text) else { return bulla_api::secrets(text) };
    let mut secrets = Vec::new();
    for item in items {
        secrets.extend(bulla_api::secrets(item.expose())?);
    }
    Ok(secrets)
}

/// A `List` of key Secrets that any cluster takes: without what a server wrote
/// and without owners.
pub fn key_list(secrets: &[Secret]) -> Tree {
    let items = secrets.iter().map(|secret| movable(secret, &secret.metadata.namespace).tree());
    let fields = [
        ("apiVersion", Tree::text("v1")),
        ("kind", Tree::text("List")),
        ("items", Tree::List(items.collect())),
    ];
    Tree::Map(fields.map(|(name, tree)| (name.to_owned(), tree)).into())
}

/// What is to be done about one Secret of a backup.
pub enum Restore {
    /// To be made.
    Create(Box<Secret>),
    /// The same key is there.
    Same,
    /// Something else has its name, which is never overwritten.
    Other,
}

/// Decides about one Secret of a backup, where `existing` has its name in
/// `namespace`.
pub fn restore<'s>(secret: &'s Secret, existing: Option<&'s Secret>, namespace: &str) -> Restore {
    match existing {
        None => {
            let mut secret = movable(secret, namespace);
            // By a label a controller notices a key at once, by its name only at times.
            secret.metadata.labels.entry(KEY_LABEL.to_owned()).or_insert_with(|| ACTIVE.to_owned());
            Restore::Create(Box::new(secret))
        }
        Some(existing) => {
            let item = |secret: &'s Secret, name| secret.data.get(name).map(SecretBytes::expose);
            let same = ["tls.key", "tls.crt"].into_iter().all(|name| {
                let ours = item(secret, name);
                ours.is_some() && ours == item(existing, name)
            });
            if same { Restore::Same } else { Restore::Other }
        }
    }
}

fn movable(secret: &Secret, namespace: &str) -> Secret {
    let mut secret = secret.clone();
    secret.metadata.server = ServerFields::default();
    secret.metadata.owner_references.clear();
    secret.metadata.finalizers.clear();
    namespace.clone_into(&mut secret.metadata.namespace);
    secret
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bulla_api::OwnerReference;
    use bulla_crypto::SystemRandom;

    use super::*;
    use crate::{NewKey, values};

    const NOW: Timestamp = 1_800_000_000;

    fn key(name: &str, made: Timestamp, state: Option<&str>) -> Secret {
        let new = NewKey {
            bits: 2048,
            validity: 86_400,
            common_name: String::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        };
        let mut secret = new.generate("kube-system", name, made, &SystemRandom).unwrap();
        match state {
            Some(state) => secret.metadata.labels.insert(KEY_LABEL.to_owned(), state.to_owned()),
            None => secret.metadata.labels.remove(KEY_LABEL),
        };
        secret.metadata.server.uid = "u".to_owned();
        secret.metadata.owner_references = vec![OwnerReference::default()];
        secret.metadata.finalizers = vec!["a/b".to_owned()];
        secret
    }

    #[test]
    fn the_key_that_is_sealed_with_comes_first_and_broken_ones_last() {
        let mut broken = key("broken", NOW, Some("active"));
        broken.data.remove("tls.key");
        let secrets = vec![
            broken,
            key("first", NOW - 200, None),
            key("ingress", NOW - 10, None),
            key("newer", NOW - 50, Some("compromised")),
            key("new", NOW - 100, Some("active")),
            key("future", NOW + 7200, Some("active")),
        ];
        let entries = key_entries(secrets, "first", NOW);
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| {
                (entry.secret.metadata.name.as_str(), entry.state(), entry.is_used(), entry.is_newest)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("new", "active", true, true),
                ("first", "", true, false),
                ("future", "active", true, false),
                ("ingress", "", false, false),
                ("newer", "compromised", false, false),
                ("broken", "active", false, false),
            ]
        );
    }

    #[test]
    fn q_06_a_backup_holds_all_of_the_keys_and_nothing_of_the_cluster() {
        let secrets = [key("a", NOW, Some("active")), key("b", NOW, Some("compromised"))];
        let text = bulla_api::yaml(&key_list(&secrets));
        let read = bulla_api::all_secrets(&text).unwrap();
        assert_eq!(read.len(), 2);
        for (old, new) in secrets.iter().zip(&read) {
            assert!(values(new) == values(old) && new.metadata.labels == old.metadata.labels);
            assert_eq!((&new.secret_type, &new.metadata.name), (&old.secret_type, &old.metadata.name));
            assert!(
                new.metadata.server == ServerFields::default() && new.metadata.owner_references.is_empty()
            );
            assert!(new.metadata.finalizers.is_empty());
        }
        let documents = secrets.iter().flat_map(|secret| bulla_api::json(&secret.tree()).into_bytes());
        assert_eq!(key_secrets(&documents.collect::<Vec<_>>()).unwrap().len(), 2);
    }

    #[test]
    fn q_06_another_key_of_the_same_name_is_never_overwritten() {
        let (one, other) = (key("a", NOW, Some("active")), key("a", NOW, Some("active")));
        let Restore::Create(made) = restore(&one, None, "elsewhere") else { panic!("there is none") };
        assert!(made.metadata.namespace == "elsewhere" && made.metadata.server.uid.is_empty());
        assert!(matches!(restore(&one, Some(&one), "kube-system"), Restore::Same));
        let Restore::Create(made) = restore(&key("a", NOW, None), None, "n") else { panic!("there is none") };
        assert_eq!(made.metadata.labels[KEY_LABEL], ACTIVE);
        for existing in [other, Secret::default()] {
            assert!(matches!(restore(&one, Some(&existing), "kube-system"), Restore::Other));
        }
        assert!(matches!(restore(&Secret::default(), Some(&Secret::default()), ""), Restore::Other));
    }
}
