//! From one sealing key to another, and whether an object opens at all. No
//! template is executed here and nothing depends on a plaintext but success
//! (`security.md` S-04), so strangers may ask for both.

use std::collections::BTreeMap;

use bulla_api::{SealedSecret, encode_base64};
use bulla_core::Random;

use crate::hybrid::seal_value;
use crate::key::PublicKey;
use crate::ring::{KeyRing, Opened};
use crate::scope::Scope;
use crate::unseal::{UnsealError, UnsealOptions, label, old_form, open_item};

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
    let mut changed = BTreeMap::new();
    open_each(sealed, ring, &|| true, |name, opened| {
        if opened.key.public().fingerprint() != key.fingerprint() {
            let value = seal_value(key, opened.plaintext.expose(), &label, random)?;
            changed.insert(name.to_owned(), encode_base64(&value));
        }
        Ok(())
    })?;
    Ok(changed)
}

/// Seals every ciphertext of an object anew, to `key`. The template is copied
/// as it is, but for the scope that it declares, which becomes the object's
/// own; the whole-secret form stays one, and what it holds is not looked at
/// (`security.md` S-05).
///
/// Fails where one ciphertext does not open, and where `goes_on`, which is
/// asked before each, says no.
pub fn rotate(
    sealed: &SealedSecret,
    ring: &KeyRing,
    key: &PublicKey,
    options: UnsealOptions,
    random: &dyn Random,
    goes_on: &dyn Fn() -> bool,
) -> Result<SealedSecret, ResealError> {
    let label = label(sealed);
    let mut rotated = sealed.clone();
    Scope::of(&sealed.metadata.annotations).annotate(&mut rotated.template.metadata.annotations);
    if let Some(data) = old_form(sealed, options)? {
        let opened = ring.open(data, &label).map_err(UnsealError::NoKey)?;
        rotated.data = Some(seal_value(key, opened.plaintext.expose(), &label, random)?);
        return Ok(rotated);
    }
    open_each(sealed, ring, goes_on, |name, opened| {
        let value = seal_value(key, opened.plaintext.expose(), &label, random)?;
        rotated.encrypted_data.insert(name.to_owned(), encode_base64(&value));
        Ok(())
    })?;
    Ok(rotated)
}

/// Whether every ciphertext of an object opens. Fails as [`rotate`] does.
pub fn verify(
    sealed: &SealedSecret,
    ring: &KeyRing,
    options: UnsealOptions,
    goes_on: &dyn Fn() -> bool,
) -> Result<(), ResealError> {
    match old_form(sealed, options)? {
        Some(data) => {
            ring.open(data, &label(sealed)).map(drop).map_err(|error| UnsealError::NoKey(error).into())
        }
        None => open_each(sealed, ring, goes_on, |_, _| Ok(())),
    }
}

/// Hands every value of `encryptedData` to `each`; fails with all that do not open.
fn open_each(
    sealed: &SealedSecret,
    ring: &KeyRing,
    goes_on: &dyn Fn() -> bool,
    mut each: impl FnMut(&str, Opened<'_>) -> Result<(), ResealError>,
) -> Result<(), ResealError> {
    let label = label(sealed);
    let mut errors = Vec::new();
    for (name, text) in &sealed.encrypted_data {
        if !goes_on() {
            return Err(UnsealError::GaveUp.into());
        }
        match open_item(ring, text, &label) {
            Ok(opened) => each(name, opened)?,
            Err(error) => errors.push((name.clone(), error)),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(UnsealError::Items(errors).into()) }
}

/// Why an object is not resealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResealError {
    /// It does not open, or the caller did not want to go on.
    #[error(transparent)]
    Unseal(#[from] UnsealError),
    /// The cryptography failed.
    #[error(transparent)]
    Seal(#[from] crate::SealError),
}

#[cfg(test)]
mod tests {
    use bulla_api::decode_base64;
    use bulla_crypto::SystemRandom;

    use super::*;
    use crate::scope::CLUSTER_WIDE;
    use crate::{ItemError, NoKey, SealingKey};

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

    const OLD_FORM: UnsealOptions =
        UnsealOptions { accepts_v1_data: true, precedence: crate::Precedence::Template };
    const ALWAYS: &dyn Fn() -> bool = &|| true;

    /// An object of the old form, whose Secret claims to be another one.
    fn old_object(scope: Scope) -> SealedSecret {
        let mut object = SealedSecret { encrypted_data: BTreeMap::new(), ..object(&main_key()) };
        scope.annotate(&mut object.metadata.annotations);
        let inner = r#"{"kind":"Secret","metadata":{"name":"x","annotations":{"sealedsecrets.bitnami.com/cluster-wide":"true"}}}"#;
        let value = seal_value(main_key().public(), inner.as_bytes(), &label(&object), &SystemRandom);
        object.data = Some(value.unwrap());
        object
    }

    fn rotated(object: &SealedSecret) -> SealedSecret {
        let ring = KeyRing::new([main_key()]);
        rotate(object, &ring, other_key().public(), OLD_FORM, &SystemRandom, ALWAYS).unwrap()
    }

    #[test]
    fn s_05_a_template_cannot_widen_the_scope_of_what_is_rotated() {
        const SCOPES: [Scope; 3] = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide];
        let ring = KeyRing::new([other_key()]);
        for (own, claimed) in SCOPES.iter().flat_map(|own| SCOPES.map(|claimed| (*own, claimed))) {
            let mut object = object(&main_key());
            own.annotate(&mut object.metadata.annotations);
            let name = own.label("team", "app");
            let value = seal_value(main_key().public(), b"a", &name, &SystemRandom).unwrap();
            object.encrypted_data = [("a".to_owned(), encode_base64(&value))].into();
            for mut object in [object, old_object(own)] {
                claimed.annotate(&mut object.template.metadata.annotations);
                object.template.metadata.annotations.insert("k".into(), "v".into());
                object.template.data.insert("t".into(), "{{ .a }}".into());
                let after = rotated(&object);
                let pair = format!("{own} under {claimed}");
                assert_eq!(verify(&after, &ring, OLD_FORM, ALWAYS), Ok(()), "{pair}");
                assert_eq!(Scope::of(&after.metadata.annotations), own, "{pair}");
                assert_eq!(Scope::of(&after.template.metadata.annotations), own, "{pair}");
                // Nothing else changes: with the old ciphertexts and the claim it is what it was.
                let mut back = after.clone();
                back.encrypted_data.clone_from(&object.encrypted_data);
                back.data.clone_from(&object.data);
                claimed.annotate(&mut back.template.metadata.annotations);
                assert!(back == object, "{pair}");
                let opens_for = |other: Scope| {
                    let mut moved = after.clone();
                    other.annotate(&mut moved.metadata.annotations);
                    verify(&moved, &ring, OLD_FORM, ALWAYS).is_ok()
                };
                assert_eq!(SCOPES.map(opens_for), SCOPES.map(|scope| scope == own), "{pair}");
            }
        }
    }

    #[test]
    fn every_value_is_sealed_anew_and_the_old_form_only_where_it_is_accepted() {
        let object = object(&main_key());
        let ring = KeyRing::new([main_key()]);
        let again = rotate(&object, &ring, main_key().public(), OLD_FORM, &SystemRandom, ALWAYS).unwrap();
        assert!(object.encrypted_data.iter().all(|(name, text)| again.encrypted_data[name] != *text));
        let mut both = old_object(Scope::Strict);
        let refuses = UnsealOptions::default();
        assert_eq!(verify(&both, &ring, refuses, ALWAYS), Err(UnsealError::OldForm.into()));
        both.encrypted_data.insert("a".into(), String::new());
        assert_eq!(verify(&both, &ring, OLD_FORM, ALWAYS), Err(UnsealError::BothForms.into()));
        both.encrypted_data.clear();
        both.metadata.name = "moved".into();
        let failed = rotate(&both, &ring, main_key().public(), OLD_FORM, &SystemRandom, ALWAYS);
        assert_eq!(failed.err(), Some(UnsealError::NoKey(NoKey).into()));
    }

    #[test]
    fn s_06_who_does_not_go_on_gets_no_part() {
        let (object, ring) = (object(&main_key()), KeyRing::new([main_key()]));
        let left = std::cell::Cell::new(1);
        let once = || left.replace(0) == 1;
        assert_eq!(verify(&object, &ring, OLD_FORM, &once), Err(UnsealError::GaveUp.into()));
        let never = || false;
        let failed = rotate(&object, &ring, other_key().public(), OLD_FORM, &SystemRandom, &never);
        assert_eq!(failed.err(), Some(UnsealError::GaveUp.into()));
    }

    #[test]
    fn s_04_no_template_is_executed_and_success_is_all_that_shows() {
        let hostile = crate::vectors::hostile_templates();
        assert_eq!(hostile.len(), 20);
        let ring = KeyRing::new([main_key()]);
        let of = |value: &str, template: &str| {
            let mut object = object(&main_key());
            let sealed = seal_value(main_key().public(), value.as_bytes(), &label(&object), &SystemRandom);
            object.encrypted_data = [("password".to_owned(), encode_base64(&sealed.unwrap()))].into();
            object.template.data.insert("t".into(), template.into());
            object
        };
        for template in &hostile {
            let told = ["hunter2", "letmein"].map(|value| {
                let object = of(value, template);
                assert_eq!(verify(&object, &ring, OLD_FORM, ALWAYS), Ok(()), "{template}");
                let mut after = rotated(&object);
                let sealed = after.encrypted_data.insert("password".into(), String::new());
                (bulla_api::json_line(&after.tree()), sealed.map(|text| text.len()))
            });
            assert_eq!(told[0], told[1], "{template}");
            let mut damaged = of("hunter2", template);
            damaged.metadata.name = "moved".into();
            let error = verify(&damaged, &ring, OLD_FORM, ALWAYS).unwrap_err();
            let expected = vec![("password".to_owned(), ItemError::NoKey(NoKey))];
            assert_eq!(error, UnsealError::Items(expected).into(), "{template}");
        }
    }
}
