//! Editing an object as the Secret that it becomes, without a cluster.

use std::collections::{BTreeMap, BTreeSet};

use bulla_api::{ObjectMeta, SealedSecret, Secret, encode_base64};
use bulla_core::{Random, SecretBytes};

use crate::hybrid::seal_value;
use crate::key::PublicKey;
use crate::ring::KeyRing;
use crate::scope::Scope;
use crate::seal::{SecretError, refuse_plaintext};
use crate::unseal::{UnsealError, label, open_items};

/// Why an edited Secret does not become the object again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Something else was changed than what can be.
    #[error(
        "only name, namespace, labels, annotations, type, immutable, data and stringData can be edited here"
    )]
    Fields,
    /// It cannot be sealed.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The Secret that an object is edited as: its values opened, and of its
/// template name, namespace, labels, annotations, type and `immutable`. The
/// scope is the one of the object itself, whatever the template says
/// (`security.md` S-05). Templates of further data are no part of it.
///
/// Fails where a value does not open, and for the whole-secret form of old.
pub fn editable(sealed: &SealedSecret, ring: &KeyRing) -> Result<Secret, UnsealError> {
    if sealed.data.is_some() {
        return Err(UnsealError::OldForm);
    }
    let template = &sealed.template;
    let mut metadata = ObjectMeta {
        name: sealed.metadata.name.clone(),
        namespace: sealed.metadata.namespace.clone(),
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        ..ObjectMeta::default()
    };
    Scope::of(&sealed.metadata.annotations).annotate(&mut metadata.annotations);
    let mut errors = Vec::new();
    let data = open_items(sealed, ring, &label(sealed), &|| true, &mut errors)?;
    if !errors.is_empty() {
        return Err(UnsealError::Items(errors));
    }
    Ok(Secret {
        metadata,
        data,
        secret_type: template.secret_type.clone(),
        immutable: template.immutable,
        ..Secret::default()
    })
}

/// What an object becomes whose Secret was edited: `before` is what
/// [`editable`] gave, `after` what the user made of it. Values that are as
/// they were keep their ciphertext, unless name, namespace or scope changed,
/// which all of them are bound to. All else of the object stays.
///
/// Fails as sealing does, and where `after` says more than can be edited.
pub fn edit(
    sealed: &SealedSecret,
    before: &Secret,
    after: &Secret,
    key: &PublicKey,
    random: &dyn Random,
) -> Result<SealedSecret, EditError> {
    let ObjectMeta { name, namespace, labels, annotations, .. } = after.metadata.clone();
    let shown = ObjectMeta { name, namespace, labels, annotations, ..ObjectMeta::default() };
    let is_secret = after.kind == "Secret" && after.api_version == "v1";
    if !is_secret || shown != after.metadata {
        return Err(EditError::Fields);
    }
    let scope = Scope::of(&shown.annotations);
    if shown.name.is_empty() {
        return Err(SecretError::NoName.into());
    }
    if shown.namespace.is_empty() && scope != Scope::ClusterWide {
        return Err(SecretError::NoNamespace.into());
    }
    refuse_plaintext(after, &shown)?;
    let mut new = sealed.clone();
    if scope != Scope::of(&sealed.metadata.annotations) {
        scope.annotate(&mut new.metadata.annotations);
    }
    for (own, template, shown) in [
        (&mut new.metadata.name, &mut new.template.metadata.name, &shown.name),
        (&mut new.metadata.namespace, &mut new.template.metadata.namespace, &shown.namespace),
    ] {
        if template == own {
            template.clone_from(shown);
        }
        own.clone_from(shown);
    }
    let template = &mut new.template;
    carry_over(&mut template.metadata.labels, &before.metadata.labels, &shown.labels);
    carry_over(&mut template.metadata.annotations, &before.metadata.annotations, &shown.annotations);
    template.secret_type.clone_from(&after.secret_type);
    template.immutable = after.immutable;
    let is_bound_elsewhere = label(&new) != label(sealed);
    let values = values(after);
    new.encrypted_data.retain(|name, _| values.contains_key(name.as_str()));
    for (name, value) in values {
        let old = before.data.get(name).map(SecretBytes::expose);
        if is_bound_elsewhere || old != Some(value) {
            let text = seal_value(key, value, &label(&new), random).map_err(SecretError::from)?;
            new.encrypted_data.insert(name.to_owned(), encode_base64(&text));
        }
    }
    Ok(new)
}

/// The values of a Secret by name. Of a name in both `data` and `stringData`
/// the text is what Kubernetes takes.
pub fn values(secret: &Secret) -> BTreeMap<&str, &[u8]> {
    let bytes = secret.data.iter().map(|(name, value)| (name.as_str(), value.expose()));
    let texts = secret.string_data.iter().map(|(name, text)| (name.as_str(), text.expose().as_bytes()));
    bytes.chain(texts).collect()
}

/// Does to `map` what was done to `before` to make `after` of it.
fn carry_over(
    map: &mut BTreeMap<String, String>,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names.into_iter().filter(|name| before.get(*name) != after.get(*name)) {
        match after.get(name) {
            Some(value) => map.insert(name.clone(), value.clone()),
            None => map.remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use bulla_core::SecretText;
    use bulla_crypto::SystemRandom;

    use super::*;
    use crate::scope::{CLUSTER_WIDE, NAMESPACE_WIDE};
    use crate::vectors::known_key;
    use crate::{SealOptions, seal};

    fn sealed() -> SealedSecret {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: app, namespace: x, labels: {l: v}}\nstringData: {a: one, b: two}\ntype: t\n";
        let secret = bulla_api::secrets(text.as_bytes()).unwrap().remove(0);
        seal(&secret, known_key().public(), &SealOptions::default(), &SystemRandom).unwrap()
    }

    /// The object after a change of its Secret.
    fn edited(sealed: &SealedSecret, change: impl FnOnce(&mut Secret)) -> Result<SealedSecret, EditError> {
        let ring = KeyRing::new([known_key()]);
        let before = editable(sealed, &ring).unwrap_or_else(|error| panic!("{error}"));
        let mut after = before.clone();
        after.kind = "Secret".to_owned();
        after.api_version = "v1".to_owned();
        change(&mut after);
        edit(sealed, &before, &after, known_key().public(), &SystemRandom)
    }

    fn opened(sealed: &SealedSecret) -> Vec<(String, Vec<u8>)> {
        let secret = editable(sealed, &KeyRing::new([known_key()])).unwrap_or_else(|error| panic!("{error}"));
        secret.data.iter().map(|(name, value)| (name.clone(), value.expose().to_vec())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    #[test]
    fn nothing_changed_is_the_same_object() {
        let object = sealed();
        assert!(edited(&object, |_| {}).unwrap() == object);
    }

    #[test]
    fn only_what_changed_is_sealed_anew() {
        let object = sealed();
        let new = edited(&object, |secret| {
            secret.data.remove("a");
            secret.string_data.insert("b".into(), SecretText::new("three".into()));
            secret.string_data.insert("c".into(), SecretText::new(String::new()));
        });
        assert_eq!(opened(&new.unwrap()), pairs(&[("b", "three"), ("c", "")]));
        let new = edited(&object, |secret| {
            secret.string_data.insert("a".into(), SecretText::new("one".into()));
            secret.string_data.insert("b".into(), SecretText::new("three".into()));
            secret.metadata.labels =
                [("l".to_owned(), "w".to_owned()), ("m".to_owned(), String::new())].into();
            secret.secret_type = String::new();
            secret.immutable = Some(true);
        });
        let new = new.unwrap();
        assert_eq!(new.encrypted_data["a"], object.encrypted_data["a"]);
        assert_ne!(new.encrypted_data["b"], object.encrypted_data["b"]);
        assert_eq!(new.template.metadata.labels["l"], "w");
        assert_eq!((new.template.metadata.labels.len(), new.template.immutable), (2, Some(true)));
        assert_eq!(new.template.secret_type, "");
    }

    #[test]
    fn a_new_name_or_scope_moves_all_values() {
        let object = sealed();
        let renamed = edited(&object, |secret| secret.metadata.name = "other".into()).unwrap();
        assert_eq!(
            (renamed.metadata.name.as_str(), renamed.template.metadata.name.as_str()),
            ("other", "other")
        );
        assert_eq!(opened(&renamed), pairs(&[("a", "one"), ("b", "two")]));
        let wide = edited(&object, |secret| {
            secret.metadata.annotations.insert(NAMESPACE_WIDE.into(), "true".into());
        });
        let wide = wide.unwrap();
        for annotations in [&wide.metadata.annotations, &wide.template.metadata.annotations] {
            assert_eq!(Scope::of(annotations), Scope::NamespaceWide);
        }
        assert_eq!(opened(&wide).len(), 2);
    }

    #[test]
    fn s_05_an_annotation_of_the_template_widens_nothing() {
        let mut object = sealed();
        object.template.metadata.annotations.insert(CLUSTER_WIDE.into(), "true".into());
        let new = edited(&object, |secret| {
            assert_eq!(Scope::of(&secret.metadata.annotations), Scope::Strict);
            secret.string_data.insert("a".into(), SecretText::new("new".into()));
        });
        let new = new.unwrap();
        assert_eq!(Scope::of(&new.metadata.annotations), Scope::Strict);
        assert_eq!(opened(&new), pairs(&[("a", "new"), ("b", "two")]));
    }

    #[test]
    fn what_cannot_be_edited_is_refused() {
        let object = sealed();
        type Change = Box<dyn FnOnce(&mut Secret)>;
        let cases: [(Change, EditError); 5] = [
            (Box::new(|secret| secret.kind = "ConfigMap".into()), EditError::Fields),
            (Box::new(|secret| secret.metadata.finalizers = vec!["f".into()]), EditError::Fields),
            (Box::new(|secret| secret.metadata.server.uid = "u".into()), EditError::Fields),
            (Box::new(|secret| secret.metadata.name.clear()), SecretError::NoName.into()),
            (Box::new(|secret| secret.metadata.namespace.clear()), SecretError::NoNamespace.into()),
        ];
        for (change, error) in cases {
            assert_eq!(edited(&object, change).err(), Some(error));
        }
        let error = edited(&object, |secret| {
            secret.string_data.insert("a".into(), SecretText::new("canary-1".into()));
            secret.metadata.annotations.insert("note".into(), encode_base64(b"canary-1"));
        });
        let text = error.err().unwrap().to_string();
        assert!(text.contains("\"note\"") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn what_does_not_open_is_not_edited() {
        let mut object = sealed();
        object.encrypted_data.insert("b".into(), "AAAA".into());
        let ring = KeyRing::new([known_key()]);
        let error = editable(&object, &ring).err().unwrap();
        assert_eq!(error.to_string(), "no key could decrypt secret (b)");
        object.data = Some(Vec::new());
        assert_eq!(editable(&object, &ring).err(), Some(UnsealError::OldForm));
    }
}
