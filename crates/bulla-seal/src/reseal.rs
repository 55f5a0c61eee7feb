//! From one sealing key to another, without a cluster.

use std::collections::BTreeMap;

use bulla_api::{SealedSecret, decode_base64, encode_base64};
use bulla_core::Random;

use crate::hybrid::seal_value;
use crate::key::PublicKey;
use crate::ring::KeyRing;
use crate::unseal::{ItemError, UnsealError, label};

/// Opens the values of an object with the keys of `ring` and seals them to
/// `key`; returns those that changed, by name. Name, namespace, scope and
/// template stay (`security.md` S-05). A value that opens with `key` itself,
/// where the ring holds it, stays too.
///
/// Fails, for all values at once, where one does not open, and for the
/// whole-secret form of old, which has nothing to be kept apart.
pub fn reseal(
    sealed: &SealedSecret,
    ring: &KeyRing,
    key: &PublicKey,
    random: &dyn Random,
) -> Result<BTreeMap<String, String>, ResealError> {
    if sealed.data.is_some() {
        return Err(UnsealError::OldForm.into());
    }
    let label = label(sealed);
    let (mut changed, mut errors) = (BTreeMap::new(), Vec::new());
    for (name, text) in &sealed.encrypted_data {
        let bytes = decode_base64(text).map_err(ItemError::from);
        match bytes.and_then(|bytes| Ok(ring.open(&bytes, &label)?)) {
            Ok(opened) if opened.key.public().fingerprint() == key.fingerprint() => {}
            Ok(opened) => {
                let value = seal_value(key, opened.plaintext.expose(), &label, random)?;
                changed.insert(name.clone(), encode_base64(&value));
            }
            Err(error) => errors.push((name.clone(), error)),
        }
    }
    if errors.is_empty() { Ok(changed) } else { Err(UnsealError::Items(errors).into()) }
}

/// Why an object is not resealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResealError {
    /// It does not open.
    #[error(transparent)]
    Unseal(#[from] UnsealError),
    /// The cryptography failed.
    #[error(transparent)]
    Seal(#[from] crate::SealError),
}

#[cfg(test)]
mod tests {
    use bulla_crypto::SystemRandom;

    use super::*;
    use crate::SealingKey;
    use crate::scope::{CLUSTER_WIDE, Scope};

    fn main_key() -> SealingKey {
        SealingKey::from_pem(include_bytes!("../../../tests/fixtures/seal/main.key")).unwrap()
    }

    fn other_key() -> SealingKey {
        SealingKey::from_pem(include_bytes!("../../../tests/fixtures/cmd/kubeseal/files/other.key")).unwrap()
    }

    fn object(key: &SealingKey) -> SealedSecret {
        let mut object = SealedSecret::default();
        object.metadata.name = "app".into();
        object.metadata.namespace = "team".into();
        object.template.metadata.annotations.insert(CLUSTER_WIDE.into(), "true".into());
        let label = Scope::Strict.label("team", "app");
        for name in ["a", "b"] {
            let value = seal_value(key.public(), name.as_bytes(), &label, &SystemRandom).unwrap();
            object.encrypted_data.insert(name.into(), encode_base64(&value));
        }
        object
    }

    #[test]
    fn s_05_values_move_to_the_new_key_under_the_scope_of_the_object() {
        let mut object = object(&main_key());
        let changed =
            reseal(&object, &KeyRing::new([main_key()]), other_key().public(), &SystemRandom).unwrap();
        object.encrypted_data = changed;
        let label = Scope::Strict.label("team", "app");
        let ring = KeyRing::new([other_key()]);
        for (name, text) in &object.encrypted_data {
            let bytes = decode_base64(text).unwrap();
            assert_eq!(ring.open(&bytes, &label).unwrap().plaintext.expose(), name.as_bytes());
            assert!(ring.open(&bytes, b"").is_err(), "the template does not widen the scope");
        }
    }

    #[test]
    fn what_the_new_key_opens_stays() {
        let ring = KeyRing::new([main_key(), other_key()]);
        let object = object(&main_key());
        assert_eq!(reseal(&object, &ring, main_key().public(), &SystemRandom), Ok(BTreeMap::new()));
        assert_eq!(reseal(&object, &ring, other_key().public(), &SystemRandom).unwrap().len(), 2);
    }

    #[test]
    fn one_value_that_does_not_open_fails_the_object_by_name() {
        let mut object = object(&main_key());
        object.encrypted_data.insert("b".into(), "AAAA".into());
        let ring = KeyRing::new([main_key()]);
        let error = reseal(&object, &ring, other_key().public(), &SystemRandom).unwrap_err();
        assert_eq!(error.to_string(), "no key could decrypt secret (b)");
        object.data = Some(Vec::new());
        let error = reseal(&object, &ring, other_key().public(), &SystemRandom).unwrap_err();
        assert_eq!(error, UnsealError::OldForm.into());
    }
}
