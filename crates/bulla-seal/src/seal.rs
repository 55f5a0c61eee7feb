//! From a Secret to a SealedSecret (`sealed-secrets.md` 4.5).

use std::collections::BTreeMap;

use bulla_api::{ObjectMeta, SealedSecret, Secret, SecretTemplate, ServerFields, encode_base64};
use bulla_core::Random;
use zeroize::Zeroizing;

use crate::edit::values;
use crate::hybrid::{SealError, seal_value};
use crate::key::PublicKey;
use crate::scope::Scope;

/// Annotations in which tools keep a copy of the whole object, plaintext
/// included.
const COPIES: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "kubecfg.ksonnet.io/last-applied-configuration"];

/// What is taken instead of what the Secret says.
#[derive(Clone, Debug, Default)]
pub struct SealOptions {
    /// Name of the result; empty takes the Secret's.
    pub name: String,
    /// Namespace of the result, whatever the Secret says; empty takes the
    /// Secret's.
    pub namespace: String,
    /// Namespace that the user asked for by name: another one in the Secret
    /// is an error. Empty asks for none.
    pub demanded_namespace: String,
    /// Namespace where there is no other; empty means none.
    pub default_namespace: String,
    /// Scope of the result; `strict` leaves what the Secret's annotations say.
    pub scope: Scope,
    /// Whether a Secret without data is sealed.
    pub allow_empty: bool,
}

/// Why a Secret is not sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// There is nothing in it.
    #[error(
        "secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used"
    )]
    Empty,
    /// It has no name.
    #[error("missing metadata.name in input Secret")]
    NoName,
    /// It belongs elsewhere than the user said.
    #[error("namespace mismatch: input secret is in namespace {found:?} but {wanted:?} was specified")]
    NamespaceMismatch {
        /// What the Secret says.
        found: String,
        /// What the user said.
        wanted: String,
    },
    /// It has no namespace, and its scope needs one.
    #[error("secret must declare a namespace")]
    NoNamespace,
    /// An annotation holds the plaintext of an item, which would be printed
    /// (`security.md` S-11).
    #[error(
        "annotation {annotation:?} of the input Secret holds the plaintext of item {item:?}; remove it before sealing"
    )]
    Plaintext {
        /// The annotation.
        annotation: String,
        /// The item.
        item: String,
    },
    /// The cryptography failed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Seals every value of a Secret. The template gets its metadata without what
/// a server wrote and without copies of the object (`security.md` S-11).
pub fn seal(
    secret: &Secret,
    key: &PublicKey,
    options: &SealOptions,
    random: &dyn Random,
) -> Result<SealedSecret, SecretError> {
    let metadata = prepare(secret, options)?;
    refuse_plaintext(secret, &metadata)?;
    let scope = Scope::of(&metadata.annotations);
    let label = scope.label(&metadata.namespace, &metadata.name);
    let mut encrypted_data = BTreeMap::new();
    for (name, value) in values(secret) {
        let sealed = seal_value(key, value, &label, random)?;
        encrypted_data.insert(name.to_owned(), encode_base64(&sealed));
    }
    let mut own = ObjectMeta {
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        ..ObjectMeta::default()
    };
    scope.annotate(&mut own.annotations);
    Ok(SealedSecret {
        metadata: own,
        template: SecretTemplate {
            metadata,
            secret_type: secret.secret_type.clone(),
            immutable: secret.immutable,
            data: BTreeMap::new(),
        },
        encrypted_data,
        ..SealedSecret::default()
    })
}

/// The metadata to seal with, checked in the reference's order.
fn prepare(secret: &Secret, options: &SealOptions) -> Result<ObjectMeta, SecretError> {
    if secret.data.is_empty() && secret.string_data.is_empty() && !options.allow_empty {
        return Err(SecretError::Empty);
    }
    let mut metadata = secret.metadata.clone();
    if !options.name.is_empty() {
        metadata.name.clone_from(&options.name);
    }
    if metadata.name.is_empty() {
        return Err(SecretError::NoName);
    }
    if !options.namespace.is_empty() {
        metadata.namespace.clone_from(&options.namespace);
    }
    if options.scope != Scope::Strict {
        options.scope.annotate(&mut metadata.annotations);
    }
    if Scope::of(&metadata.annotations) != Scope::ClusterWide {
        let demanded = &options.demanded_namespace;
        if metadata.namespace.is_empty() {
            let fallback = if demanded.is_empty() { &options.default_namespace } else { demanded };
            metadata.namespace.clone_from(fallback);
        } else if !demanded.is_empty() && metadata.namespace != *demanded {
            let (found, wanted) = (metadata.namespace, demanded.clone());
            return Err(SecretError::NamespaceMismatch { found, wanted });
        }
        if metadata.namespace.is_empty() {
            return Err(SecretError::NoNamespace);
        }
    }
    metadata.server = ServerFields::default();
    metadata.owner_references.clear();
    for copy in COPIES {
        metadata.annotations.remove(copy);
    }
    Ok(metadata)
}

/// Values shorter than this in bytes stand in annotations by chance.
const TELLING: usize = 8;

/// Refuses annotations that show a value (`security.md` S-11).
pub(crate) fn refuse_plaintext(secret: &Secret, metadata: &ObjectMeta) -> Result<(), SecretError> {
    if metadata.annotations.is_empty() {
        return Ok(());
    }
    let texts = secret.string_data.iter().map(|(name, text)| (name, text.expose().as_bytes()));
    let bytes = secret.data.iter().map(|(name, value)| (name, value.expose()));
    for (item, value) in bytes.chain(texts).filter(|(_, value)| value.len() >= TELLING) {
        let encoded = Zeroizing::new(encode_base64(value));
        for (annotation, text) in &metadata.annotations {
            let plain = std::str::from_utf8(value).is_ok_and(|value| text.contains(value));
            if plain || text.contains(encoded.as_str()) {
                let (annotation, item) = (annotation.clone(), item.clone());
                return Err(SecretError::Plaintext { annotation, item });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bulla_crypto::SystemRandom;

    use super::*;
    use crate::scope::{CLUSTER_WIDE, NAMESPACE_WIDE};
    use crate::vectors::known_key;
    use crate::{KeyRing, UnsealOptions, unseal};

    fn secret(text: &str) -> Secret {
        bulla_api::secrets(text.as_bytes()).unwrap().remove(0)
    }

    fn sealed(text: &str, options: &SealOptions) -> Result<SealedSecret, SecretError> {
        seal(&secret(text), known_key().public(), options, &SystemRandom)
    }

    fn opened(sealed: &SealedSecret) -> Vec<(String, Vec<u8>)> {
        let ring = KeyRing::new([known_key()]);
        let options = UnsealOptions::default();
        let secret = unseal(sealed, &ring, options, &crate::vectors::Noon, &SystemRandom, &|| true);
        let secret = secret.unwrap_or_else(|error| panic!("{error}"));
        secret.data.iter().map(|(name, value)| (name.clone(), value.expose().to_vec())).collect()
    }

    #[test]
    fn a_text_wins_over_bytes_of_the_same_name() {
        let result = sealed(
            "metadata: {name: app, namespace: x}\ndata: {a: Zm9v, b: Zm9v}\nstringData: {a: bar}\n",
            &SealOptions::default(),
        );
        let opened = opened(&result.unwrap());
        assert_eq!(opened, [("a".to_owned(), b"bar".to_vec()), ("b".to_owned(), b"foo".to_vec())]);
    }

    #[test]
    fn s_11_what_a_server_wrote_and_copies_of_the_object_are_dropped() {
        let text = "metadata: {name: app, namespace: x, uid: u, selfLink: s, resourceVersion: '1', generation: 3,
          creationTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 1,
          managedFields: [{manager: m}], ownerReferences: [{name: o}], finalizers: [f], generateName: g,
          labels: {l: v}, annotations: {k: v, kubectl.kubernetes.io/last-applied-configuration: canary,
          kubecfg.ksonnet.io/last-applied-configuration: canary}}\nstringData: {a: canary}\ntype: t\nimmutable: true\n";
        let result = sealed(text, &SealOptions::default()).unwrap();
        let expected = "{\"metadata\":{\"name\":\"app\",\"generateName\":\"g\",\"namespace\":\"x\",\"labels\":{\"l\":\"v\"},\"annotations\":{\"k\":\"v\"},\"finalizers\":[\"f\"]},\"type\":\"t\",\"immutable\":true}";
        let written = bulla_api::json_line(&result.tree());
        assert!(written.contains(expected) && !written.contains("canary"), "{written}");
    }

    #[test]
    fn s_11_an_annotation_with_plaintext_is_refused() {
        for (annotation, is_refused) in
            [("xx canary-1 xx", true), ("Y2FuYXJ5LTE=", true), ("canary", false), ("", false)]
        {
            let text = format!(
                "metadata: {{name: app, namespace: x, annotations: {{k: '{annotation}'}}}}\nstringData: {{a: canary-1, b: ca}}\n"
            );
            let error = sealed(&text, &SealOptions::default()).err();
            assert_eq!(error.is_some(), is_refused, "{annotation}");
            assert!(!error.is_some_and(|error| error.to_string().contains("canary")));
        }
    }

    #[test]
    fn the_scope_comes_from_the_option_or_from_the_annotations() {
        let base = |annotation: &str| {
            format!(
                "metadata: {{name: app, namespace: x, annotations: {{{annotation}}}}}\ndata: {{a: Zm9v}}\n"
            )
        };
        let cluster = format!("{CLUSTER_WIDE}: 'true'");
        let namespace = format!("{NAMESPACE_WIDE}: 'true'");
        for (annotation, option, expected) in [
            ("", Scope::Strict, Scope::Strict),
            (&cluster, Scope::Strict, Scope::ClusterWide),
            (&namespace, Scope::Strict, Scope::NamespaceWide),
            (&cluster, Scope::NamespaceWide, Scope::NamespaceWide),
            (&namespace, Scope::ClusterWide, Scope::ClusterWide),
            ("", Scope::ClusterWide, Scope::ClusterWide),
        ] {
            let options = SealOptions { scope: option, ..SealOptions::default() };
            let result = sealed(&base(annotation), &options).unwrap();
            assert_eq!(Scope::of(&result.metadata.annotations), expected);
            assert_eq!(Scope::of(&result.template.metadata.annotations), expected);
            assert_eq!(opened(&result)[0].1, b"foo");
        }
    }

    #[test]
    fn checks_come_in_the_order_of_the_reference() {
        let demand = SealOptions { demanded_namespace: "y".into(), ..SealOptions::default() };
        let fallback = SealOptions { default_namespace: "d".into(), ..SealOptions::default() };
        let none = SealOptions::default();
        for (text, options, error) in [
            ("kind: x", &none, SecretError::Empty),
            ("data: {a: ''}", &none, SecretError::NoName),
            ("metadata: {name: app}\ndata: {a: ''}", &none, SecretError::NoNamespace),
            (
                "metadata: {name: app, namespace: x}\ndata: {a: ''}",
                &demand,
                SecretError::NamespaceMismatch { found: "x".into(), wanted: "y".into() },
            ),
        ] {
            assert_eq!(sealed(text, options).err(), Some(error), "{text}");
        }
        for (options, namespace) in [(&demand, "y"), (&fallback, "d")] {
            let result = sealed("metadata: {name: app}\ndata: {a: ''}", options).unwrap();
            assert_eq!((result.metadata.namespace.as_str(), opened(&result)[0].1.len()), (namespace, 0));
        }
        let wide =
            format!("metadata: {{name: app, annotations: {{{CLUSTER_WIDE}: 'true'}}}}\ndata: {{a: ''}}");
        assert_eq!(sealed(&wide, &fallback).unwrap().metadata.namespace, "");
    }
}
