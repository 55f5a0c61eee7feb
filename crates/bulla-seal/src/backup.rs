//! Sealing keys on their way out of a cluster and back (`security.md` Q-06).

use bulla_api::{Secret, ServerFields, StreamError, Tree, list_items};
use bulla_core::{SecretBytes, Timestamp};

use crate::key_secret::{KeyOrder, KeySecret, KeySecretError, rank};
use crate::reconcile::{ACTIVE, KEY_LABEL};

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

    /// Whether both have the same private key, whatever their certificates.
    pub fn is_key_of(&self, other: &Self) -> bool {
        let [one, other] = [self, other].map(|entry| entry.key.as_ref().ok().map(|key| key.key.public()));
        one.zip(other).is_some_and(|(one, other)| one.fingerprint() == other.fingerprint())
    }
}

/// Looks at key Secrets. Those that a controller uses come first, the one that
/// it seals with before all (in the order that it has by default), and those
/// without a usable key last. `prefix` is how names of keys begin: the only key
/// up to release 0.8 has it for a name, and no label.
pub fn key_entries(secrets: Vec<Secret>, prefix: &str, now: Timestamp) -> Vec<KeyEntry> {
    let look = |secret: Secret| KeyEntry {
        key: KeySecret::read(&secret),
        is_sealing_key: is_sealing_key(&secret, prefix),
        secret,
        is_newest: false,
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
pub enum Restore<'t> {
    /// To be made.
    Create(Box<Secret>),
    /// To be made under a name that the server finds: another sealing key,
    /// usable or not, has its own. Names of keys mean nothing.
    Rename(Box<Secret>),
    /// The same key is there, in this Secret.
    Same(&'t Secret),
    /// Something that is no sealing key has its name, which is never overwritten.
    Other,
}

/// Decides about one Secret of a backup, where `there` are the keys of
/// `namespace`, and whatever has its name. `prefix` is how names of keys begin.
pub fn restore<'t>(secret: &Secret, there: &'t [Secret], prefix: &str, namespace: &str) -> Restore<'t> {
    let has_its_name = |other: &&Secret| other.metadata.name == secret.metadata.name;
    let namesake = there.iter().find(has_its_name);
    if let Some(same) = namesake.into_iter().chain(there).find(|other| has_same_key(secret, other)) {
        return Restore::Same(same);
    }
    let mut new = Box::new(movable(secret, namespace));
    // By a label a controller notices a key at once, by its name only at times.
    new.metadata.labels.entry(KEY_LABEL.to_owned()).or_insert_with(|| ACTIVE.to_owned());
    match namesake {
        None => Restore::Create(new),
        Some(other) if is_sealing_key(other, prefix) => {
            new.metadata.name.clear();
            prefix.clone_into(&mut new.metadata.generate_name);
            Restore::Rename(new)
        }
        Some(_) => Restore::Other,
    }
}

fn has_same_key(one: &Secret, other: &Secret) -> bool {
    ["tls.key", "tls.crt"].into_iter().all(|name| {
        let [one, other] = [one, other].map(|secret| secret.data.get(name).map(SecretBytes::expose));
        one.is_some() && one == other
    })
}

/// Whether label or name make it a sealing key.
fn is_sealing_key(secret: &Secret, prefix: &str) -> bool {
    secret.metadata.labels.contains_key(KEY_LABEL) || secret.metadata.name == prefix
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
        let text = bulla_api::json(&key_list(&secrets));
        let read = bulla_api::all_secrets(text.as_bytes()).unwrap();
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
    fn q_06_another_secret_of_the_same_name_is_never_overwritten() {
        let (one, other) = (key("a", NOW, Some("active")), key("a", NOW, Some("active")));
        let decide = |secret: &Secret, there: &[Secret]| match restore(secret, there, "a", "elsewhere") {
            Restore::Create(made) => ("create", made.metadata),
            Restore::Rename(made) => ("rename", made.metadata),
            Restore::Same(same) => ("same", same.metadata.clone()),
            Restore::Other => ("other", bulla_api::ObjectMeta::default()),
        };
        let (decided, made) = decide(&one, &[]);
        assert!(decided == "create" && made.namespace == "elsewhere" && made.server.uid.is_empty());
        let (decided, made) = decide(&key("a", NOW, None), &[]);
        assert_eq!((decided, made.labels[KEY_LABEL].as_str()), ("create", ACTIVE));
        // Another key moves aside, were it damaged; the same one is known under any name, and its own comes first.
        let mut broken = other.clone();
        broken.data.remove("tls.key");
        for there in [other.clone(), broken] {
            let (decided, made) = decide(&one, &[there]);
            assert_eq!((decided, made.name.as_str(), made.generate_name.as_str()), ("rename", "", "a"));
        }
        let mut renamed = one.clone();
        renamed.metadata.name = "b".to_owned();
        renamed.metadata.labels.insert(KEY_LABEL.to_owned(), "compromised".to_owned());
        for there in [vec![other.clone(), renamed.clone()], vec![renamed, one.clone()]] {
            let (decided, same) = decide(&one, &there);
            let named = there.iter().any(|secret| secret.metadata.name == "a" && has_same_key(secret, &one));
            assert_eq!((decided, same.name.as_str()), ("same", if named { "a" } else { "b" }));
        }
        // What is no key of the controller keeps its name, were it a key otherwise.
        let named = |name: &str, mut secret: Secret| {
            secret.metadata.name = name.to_owned();
            secret
        };
        let (one, other) = (named("c", one), named("c", other));
        let mut ingress = other;
        ingress.metadata.labels.clear();
        for there in [ingress, named("c", Secret::default())] {
            assert_eq!(decide(&one, &[there]).0, "other");
        }
        assert_eq!(decide(&Secret::default(), &[Secret::default()]).0, "other");
    }
}
