use bulla_crypto::SystemRandom;

use super::*;
use crate::vectors::{Noon, known_key};
use crate::{CLUSTER_WIDE, NAMESPACE_WIDE, PublicKey, SealingKey, seal_value};

fn item(key: &PublicKey, value: &str, label: &str) -> String {
    bulla_api::encode_base64(&seal_value(key, value.as_bytes(), label.as_bytes(), &SystemRandom).unwrap())
}

fn object() -> SealedSecret {
    let mut sealed = SealedSecret { kind: "SealedSecret".into(), ..SealedSecret::default() };
    sealed.api_version = bulla_api::API_VERSION.into();
    sealed.metadata.name = "n".into();
    sealed.metadata.namespace = "x".into();
    for (name, value) in [("a", "one"), ("b", "two")] {
        sealed.encrypted_data.insert(name.into(), item(known_key().public(), value, "x/n"));
    }
    sealed
}

fn run(sealed: &SealedSecret, options: UnsealOptions) -> Result<Secret, UnsealError> {
    unseal(sealed, &KeyRing::new([known_key()]), options, &Noon, &SystemRandom, &|| true)
}

fn values(secret: &Secret) -> Vec<(&str, &[u8])> {
    secret.data.iter().map(|(name, value)| (name.as_str(), value.expose())).collect()
}

fn text(sealed: &SealedSecret) -> String {
    run(sealed, UnsealOptions::default()).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn metadata_comes_from_the_template_but_for_name_namespace_and_owner() {
    let mut sealed = object();
    sealed.metadata.server.uid = "u".into();
    sealed.template.metadata.name = "other".into();
    sealed.template.metadata.namespace = "other".into();
    sealed.template.metadata.labels.insert("l".into(), "v".into());
    sealed.template.secret_type = "t".into();
    sealed.template.immutable = Some(true);
    let secret = run(&sealed, UnsealOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values(&secret), [("a", &b"one"[..]), ("b", b"two")]);
    let written = bulla_api::json_line(&secret.tree());
    assert!(
        written.starts_with("{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"namespace\":\"x\",\"labels\":{\"l\":\"v\"},\"ownerReferences\":[{\"apiVersion\":\"bitnami.com/v1alpha1\",\"kind\":\"SealedSecret\",\"name\":\"n\",\"uid\":\"u\",\"controller\":true}]},\"immutable\":true,"),
        "{written}"
    );
    sealed.template.metadata.annotations.insert(SKIP_OWNER.into(), "true".into());
    let secret = run(&sealed, UnsealOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(secret.metadata.owner_references.is_empty());
}

#[test]
fn r_14_before_each_value_it_is_asked_whether_to_go_on() {
    let (ring, asked) = (KeyRing::new([known_key()]), std::cell::Cell::new(0));
    for (allowed, is_given_up) in [(0, true), (1, true), (2, false)] {
        asked.set(0);
        let goes_on = || asked.replace(asked.get() + 1) < allowed;
        let secret = unseal(&object(), &ring, UnsealOptions::default(), &Noon, &SystemRandom, &goes_on);
        assert_eq!(secret.err() == Some(UnsealError::GaveUp), is_given_up, "{allowed}");
        assert_eq!(asked.get(), 2.min(allowed + 1));
    }
}

#[test]
fn r_14_all_templates_of_an_object_share_one_budget_and_are_asked_about() {
    let mut sealed = object();
    sealed.encrypted_data.clear();
    let text = "{{ repeat 20000 \"a\" }}".to_owned();
    sealed.template.data = (0..50).map(|number| (format!("t{number}"), text.clone())).collect();
    assert!(run(&sealed, UnsealOptions::default()).is_ok());
    sealed.template.data = (0..60).map(|number| (format!("t{number}"), text.clone())).collect();
    let Err(UnsealError::Items(errors)) = run(&sealed, UnsealOptions::default()) else {
        panic!("it is too much")
    };
    let [(_, ItemError::Template(TemplateError::Budget { .. }))] = errors.as_slice() else {
        panic!("{errors:?}")
    };
    let gives_up = || false;
    let unsealed =
        unseal(&sealed, &KeyRing::new([]), UnsealOptions::default(), &Noon, &SystemRandom, &gives_up);
    assert_eq!(unsealed.err(), Some(UnsealError::GaveUp));
}

#[test]
fn r_14_a_hundred_thousand_errors_are_one_text() {
    let mut sealed = object();
    sealed.template.data = (0..100_000).map(|number| (format!("t{number}"), "{{".to_owned())).collect();
    assert_eq!(text(&sealed).lines().count(), 100_000);
}

#[test]
fn t_01_a_secret_lands_in_the_namespace_of_its_object() {
    for namespace in ["", "x", "other", "../other"] {
        let mut sealed = object();
        sealed.template.metadata.namespace = namespace.into();
        let secret = run(&sealed, UnsealOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(secret.metadata.namespace, "x");
    }
}

#[test]
fn d_04_a_template_makes_nobody_else_the_owner() {
    let mut sealed = object();
    sealed.metadata.server.uid = "u".into();
    let other = OwnerReference { kind: "Other".into(), uid: "o".into(), ..OwnerReference::default() };
    sealed.template.metadata.owner_references.push(other);
    let owners = |sealed: &SealedSecret| -> Vec<String> {
        let secret = run(sealed, UnsealOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        secret.metadata.owner_references.into_iter().map(|owner| owner.uid).collect()
    };
    assert_eq!(owners(&sealed), ["u"]);
    sealed.template.metadata.annotations.insert(SKIP_OWNER.into(), "true".into());
    assert_eq!(owners(&sealed), [""; 0], "none where none is wanted");
}

#[test]
fn s_02_the_label_comes_from_the_objects_own_metadata() {
    for scope in [CLUSTER_WIDE, NAMESPACE_WIDE] {
        let mut sealed = object();
        sealed.template.metadata.annotations.insert(scope.into(), "true".into());
        assert_eq!(text(&sealed), "", "the template's scope changes nothing");
        sealed.metadata.annotations.insert(scope.into(), "true".into());
        assert_eq!(text(&sealed), "no key could decrypt secret (a, b)");
    }
    let mut sealed = object();
    sealed.metadata.name = "m".into();
    sealed.template.metadata.name = "n".into();
    assert_eq!(text(&sealed), "no key could decrypt secret (a, b)");
}

#[test]
fn values_of_one_object_may_be_sealed_to_different_keys() {
    let other = include_bytes!("../../../../tests/fixtures/cmd/kubeseal/files/other.key");
    let other = || SealingKey::from_pem(other).unwrap();
    let mut sealed = object();
    sealed.encrypted_data.insert("b".into(), item(other().public(), "two", "x/n"));
    for keys in [[known_key(), other()], [other(), known_key()]] {
        let (ring, options) = (KeyRing::new(keys), UnsealOptions::default());
        let secret = unseal(&sealed, &ring, options, &Noon, &SystemRandom, &|| true);
        let secret = secret.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(values(&secret), [("a", &b"one"[..]), ("b", b"two")]);
    }
    assert_eq!(text(&sealed), "no key could decrypt secret (b)");
}

#[test]
fn errors_are_gathered_by_text_and_name_the_items() {
    let mut sealed = object();
    sealed.encrypted_data.insert("c".into(), "%".into());
    sealed.encrypted_data.insert("d".into(), "AAA=".into());
    sealed.encrypted_data.insert("e".into(), String::new());
    assert_eq!(text(&sealed), "illegal base64 data at input byte 0 (c)\nno key could decrypt secret (d, e)");
}

#[test]
fn s_12_template_errors_hold_no_value() {
    for template in [
        "{{ fail .a }}",
        "{{ .a.b }}",
        "{{ index .a \"x\" }}",
        "{{ mustToDate \"2006\" .a }}",
        "{{ fromJson .a | atoi }}",
        "{{ template \"x\" .a }}",
        "{{ genCAWithKey .a 5 .a }}",
        "{{ .a | nope }}",
    ] {
        let mut sealed = object();
        sealed.encrypted_data.insert("a".into(), item(known_key().public(), "canary", "x/n"));
        sealed.template.data.insert("z".into(), template.into());
        let text = text(&sealed);
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn d_03_an_error_of_a_template_is_its_position() {
    for template in
        ["{{ fail .a }}", "{{ index .a \"x\" }}", "{{ fromJson .a | atoi }}", "{{ .a | toDecimal | date }}"]
    {
        let mut sealed = object();
        sealed.template.data.insert("z".into(), template.into());
        let text = text(&sealed);
        assert!(text.starts_with("template: z:1:") && !text.contains("one"), "{text}");
    }
}

#[test]
fn templates_see_the_values_and_the_flag_says_who_wins() {
    let mut sealed = object();
    sealed.template.data.insert("c".into(), "{{ .a }}-{{ index . \"b\" }}-{{ .none }}".into());
    sealed.template.data.insert("a".into(), "<{{ .a | upper }}>".into());
    assert_eq!(collisions(&sealed).collect::<Vec<_>>(), ["a"]);
    let old = run(&sealed, UnsealOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values(&old), [("a", &b"<ONE>"[..]), ("b", b"two"), ("c", b"one-two-<no value>")]);
    let options = UnsealOptions { precedence: Precedence::Encrypted, ..UnsealOptions::default() };
    let new = run(&sealed, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values(&new), [("a", &b"one"[..]), ("b", b"two"), ("c", b"one-two-<no value>")]);
}

#[test]
fn templates_alone_make_a_secret() {
    let mut sealed = object();
    sealed.encrypted_data.clear();
    sealed.template.data.insert("c".into(), "plain".into());
    let secret = run(&sealed, UnsealOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values(&secret), [("c", &b"plain"[..])]);
}

#[test]
fn the_whole_secret_form_needs_the_flag_and_stands_alone() {
    let answers: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/seal/known_answers.json")).unwrap();
    let mut sealed = SealedSecret::default();
    sealed.metadata.name = "mysecret".into();
    sealed.metadata.namespace = "mynamespace".into();
    sealed.data = Some(decode_base64(answers[4]["ciphertext"].as_str().unwrap()).unwrap());
    assert_eq!(text(&sealed), "using deprecated 'data' field, use 'encryptedData' or flip the feature flag");
    let options = UnsealOptions { accepts_v1_data: true, ..UnsealOptions::default() };
    let secret = run(&sealed, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values(&secret), [("foo", &b"bar"[..])]);
    assert_eq!(secret.metadata.owner_references.len(), 1);
    sealed.encrypted_data.insert("a".into(), "AAAA".into());
    assert_eq!(run(&sealed, options).err(), Some(UnsealError::BothForms));
    sealed.encrypted_data.clear();
    sealed.metadata.name = "other".into();
    assert_eq!(run(&sealed, options).err(), Some(UnsealError::NoKey(NoKey)));
}

#[test]
fn texts_of_the_whole_secret_form_are_data() {
    let whole = r#"{"kind":"Secret","apiVersion":"v1","data":{"a":"YQ==","b":"Yg=="},"stringData":{"b":"wins","c":"c"}}"#;
    let mut sealed = object();
    sealed.encrypted_data.clear();
    sealed.data = Some(seal_value(known_key().public(), whole.as_bytes(), b"x/n", &SystemRandom).unwrap());
    let options = UnsealOptions { accepts_v1_data: true, ..UnsealOptions::default() };
    let secret = run(&sealed, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values(&secret), [("a", &b"a"[..]), ("b", b"wins"), ("c", b"c")]);
    assert!(secret.string_data.is_empty());
}
