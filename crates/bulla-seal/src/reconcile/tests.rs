use std::collections::BTreeMap;

use bulla_api::{ObjectMeta, OwnerReference, SealedSecret, SealedSecretStatus, Secret};
use bulla_core::SecretBytes;
use serde_json::{Value, json};

use super::*;
use crate::ring::NoKey;
use crate::unseal::{ItemError, UnsealError, owner_references};

mod settled;

const SKIP: &str = "sealedsecrets.bitnami.com/skip-set-owner-references";

fn sealed() -> SealedSecret {
    let value = json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "n", "namespace": "x", "uid": "u1", "generation": 3},
        "spec": {
            "encryptedData": {"a": "", "b": ""},
            "template": {"metadata": {"labels": {"l": "new"}}, "data": {"c": ""}},
        },
    });
    SealedSecret::from_value(&value).unwrap()
}

fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretBytes> {
    let bytes = |value: &str| SecretBytes::new(value.as_bytes().to_vec());
    pairs.iter().map(|(name, value)| ((*name).to_owned(), bytes(value))).collect()
}

/// What `sealed()` unseals to.
fn unsealed() -> Secret {
    let mut secret = Secret { data: data(&[("a", "one"), ("b", "two")]), ..Secret::default() };
    secret.metadata = sealed().template.metadata;
    secret.metadata.name = "n".into();
    secret.metadata.namespace = "x".into();
    secret.metadata.owner_references = owner_references(&sealed());
    secret
}

/// A Secret in the cluster: annotations set to `true`, UID of its controller.
fn existing(annotations: &[&str], owner: Option<(&str, &str)>) -> Secret {
    let mut secret = Secret { data: data(&[("a", "old"), ("z", "theirs")]), ..Secret::default() };
    secret.secret_type = "Opaque".into();
    secret.metadata.name = "n".into();
    secret.metadata.namespace = "x".into();
    secret.metadata.labels =
        [("l".to_owned(), "old".to_owned()), ("m".to_owned(), "theirs".to_owned())].into();
    secret.metadata.server.resource_version = "7".into();
    secret.metadata.server.managed_fields = vec![Value::Null];
    secret.metadata.finalizers = vec!["f".into()];
    for annotation in annotations {
        secret.metadata.annotations.insert((*annotation).to_owned(), "true".to_owned());
    }
    secret.metadata.owner_references = owner
        .map(|(kind, uid)| OwnerReference {
            kind: kind.into(),
            name: "o".into(),
            uid: uid.into(),
            controller: Some(true),
            ..OwnerReference::default()
        })
        .into_iter()
        .collect();
    secret
}

fn rules() -> Rules {
    Rules {
        adopts_any: false,
        allows_privileged_types: false,
        key_namespace: "keys".into(),
        key_prefix: "k".into(),
    }
}

fn run(unsealed: Secret, existing: Option<&Secret>) -> Result<Step, Failure> {
    plan(&sealed(), unsealed, existing, &rules())
}

/// The outcome in a line: data, labels, annotations, number of owners, type.
fn shown(outcome: &Result<Step, Failure>) -> String {
    let (word, secret) = match outcome {
        Ok(Step::Create(secret)) => ("create", secret),
        Ok(Step::Update(secret)) => ("update", secret),
        Ok(Step::Keep) => return "keep".to_owned(),
        Err(failure) => return failure.event_text(),
    };
    let data: Vec<String> = secret
        .data
        .iter()
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.expose())))
        .collect();
    let texts = |texts: &BTreeMap<String, String>| {
        texts
            .iter()
            .map(|(name, value)| format!("{}={value}", name.rsplit('/').next().unwrap()))
            .collect::<Vec<_>>()
            .join(",")
    };
    let metadata = &secret.metadata;
    let owners: Vec<&str> = metadata.owner_references.iter().map(|owner| owner.uid.as_str()).collect();
    format!(
        "{word} {} | {} | {} | {} | {}",
        data.join(","),
        texts(&metadata.labels),
        texts(&metadata.annotations),
        owners.join(","),
        secret.secret_type
    )
}

#[test]
fn what_becomes_of_a_secret_that_is_there() {
    let foreign = "Resource \"n\" already exists and is not managed by SealedSecret";
    for (annotations, owner, expected) in [
        (&[][..], None, foreign),
        (&[], Some(("SealedSecret", "u0")), foreign),
        (&[], Some(("Other", "u1")), "update a=one,b=two | l=new |  | u1 | Opaque"),
        (&[], Some(("SealedSecret", "u1")), "update a=one,b=two | l=new |  | u1 | Opaque"),
        (&[MANAGED], None, "update a=one,b=two | l=new |  | u1 | Opaque"),
        (&[MANAGED], Some(("SealedSecret", "u0")), "update a=one,b=two | l=new |  | u1 | Opaque"),
        (&[PATCH], None, "update a=one,b=two,z=theirs | l=new,m=theirs | patch=true |  | Opaque"),
        (
            &[PATCH],
            Some(("Other", "u9")),
            "update a=one,b=two,z=theirs | l=new,m=theirs | patch=true | u9 | Opaque",
        ),
        (
            &[MANAGED, PATCH],
            None,
            "update a=one,b=two,z=theirs | l=new,m=theirs | managed=true,patch=true | u1 | Opaque",
        ),
    ] {
        let outcome = run(unsealed(), Some(&existing(annotations, owner)));
        assert_eq!(shown(&outcome), expected, "{annotations:?} {owner:?}");
        if let Ok(Step::Update(secret)) = outcome {
            assert_eq!(secret.metadata.server.resource_version, "7", "bound to what was observed");
            assert!(secret.metadata.server.managed_fields.is_empty());
            assert_eq!(secret.metadata.finalizers, ["f"], "never updated");
        }
    }
}

#[test]
fn an_empty_secret_can_be_patched() {
    let mut empty = Secret { secret_type: "Opaque".into(), ..Secret::default() };
    empty.metadata.name = "n".into();
    empty.metadata.annotations.insert(PATCH.into(), "true".into());
    let outcome = run(unsealed(), Some(&empty));
    assert_eq!(shown(&outcome), "update a=one,b=two | l=new | patch=true |  | Opaque");
}

#[test]
fn s_13_a_secret_that_is_not_ours_is_left_alone() {
    let mut secret = existing(&[], None);
    for value in ["True", "yes", ""] {
        secret.metadata.annotations.insert(MANAGED.into(), value.into());
        secret.metadata.annotations.insert(PATCH.into(), value.into());
        assert!(matches!(run(unsealed(), Some(&secret)), Err(Failure::Unmanaged(_))), "{value}");
    }
    // The template's own annotation proves nothing.
    let mut desired = unsealed();
    desired.metadata.annotations.insert(MANAGED.into(), "true".into());
    assert!(matches!(run(desired, Some(&existing(&[], None))), Err(Failure::Unmanaged(_))));
    // An owner without UID is nobody.
    let mut nobody = sealed();
    nobody.metadata.server.uid.clear();
    let outcome = plan(&nobody, unsealed(), Some(&existing(&[], Some(("SealedSecret", "")))), &rules());
    assert!(matches!(outcome, Err(Failure::Unmanaged(_))));
}

#[test]
fn t_04_what_another_controller_has_is_not_taken_over() {
    for annotations in [&[MANAGED][..], &[MANAGED, PATCH]] {
        let outcome = run(unsealed(), Some(&existing(annotations, Some(("Certificate", "u9")))));
        assert_eq!(
            shown(&outcome),
            "Resource \"n\" is controlled by Certificate \"o\" and is not taken over"
        );
    }
    for secret_type in
        ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"]
    {
        let mut secret = existing(&[MANAGED], None);
        secret.secret_type = secret_type.into();
        assert!(matches!(run(unsealed(), Some(&secret)), Err(Failure::Unmanaged(_))), "{secret_type}");
    }
}

#[test]
fn t_04_adoption_as_in_the_reference_is_a_switch_that_leaves_sealing_keys_alone() {
    let rules = Rules { adopts_any: true, ..rules() };
    let decide = |existing: &Secret| plan(&sealed(), unsealed(), Some(existing), &rules);
    let controlled = existing(&[MANAGED], Some(("Certificate", "u9")));
    let mut release = existing(&[MANAGED], None);
    release.secret_type = "helm.sh/release.v1".into();
    for there in [controlled, release] {
        assert!(matches!(decide(&there), Ok(Step::Update(_))));
    }
    let mut key = existing(&[MANAGED], None);
    key.metadata.labels.insert(KEY_LABEL.into(), "active".into());
    assert!(matches!(decide(&key), Err(Failure::Refused(Refusal::IsKey(_)))));
    assert!(matches!(decide(&existing(&[], None)), Err(Failure::Unmanaged(_))));
}

#[test]
fn s_09_no_sealed_secret_becomes_a_sealing_key() {
    let mut labeled = unsealed();
    labeled.metadata.labels.insert(KEY_LABEL.into(), "compromised".into());
    let mut oldest = unsealed();
    oldest.metadata.namespace = "keys".into();
    oldest.metadata.name = "k".into();
    let mut key = existing(&[MANAGED, PATCH], Some(("SealedSecret", "u1")));
    key.metadata.labels.insert(KEY_LABEL.into(), "active".into());
    for (desired, there) in [(labeled, None), (oldest, None), (unsealed(), Some(&key))] {
        let outcome = run(desired, there);
        let is_refused = matches!(outcome, Err(Failure::Refused(Refusal::BecomesKey(_) | Refusal::IsKey(_))));
        assert!(is_refused, "{}", shown(&outcome));
    }
}

#[test]
fn t_03_privileged_types_are_refused_unless_allowed() {
    for secret_type in ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"] {
        let mut desired = unsealed();
        desired.secret_type = secret_type.into();
        let refused = run(desired.clone(), None);
        assert!(matches!(refused, Err(Failure::Refused(Refusal::Privileged(_)))), "{secret_type}");
        let rules = Rules { allows_privileged_types: true, ..rules() };
        assert!(matches!(plan(&sealed(), desired, None, &rules), Ok(Step::Create(_))), "{secret_type}");
    }
}

#[test]
fn f_01_a_secret_too_large_is_refused_before_the_server_is_asked() {
    let mut desired = unsealed();
    desired.data = data(&[]);
    desired.data.insert("a".into(), SecretBytes::new(vec![0; 1 << 20]));
    assert!(matches!(run(desired.clone(), None), Ok(Step::Create(_))));
    // What is merged counts as well.
    let merged = run(desired.clone(), Some(&existing(&[PATCH], None)));
    assert!(matches!(merged, Err(Failure::Refused(Refusal::TooLarge(1_048_582)))), "{}", shown(&merged));
    desired.data.insert("b".into(), SecretBytes::new(vec![0]));
    let outcome = run(desired, None);
    assert_eq!(shown(&outcome), "the Secret would hold 1048577 bytes of data; 1048576 are accepted");
}

#[test]
fn what_is_as_it_should_be_is_not_written() {
    let mut same = existing(&[], Some(("SealedSecret", "u1")));
    same.data = unsealed().data;
    same.metadata.labels = unsealed().metadata.labels;
    same.metadata.owner_references = unsealed().metadata.owner_references;
    assert_eq!(shown(&run(unsealed(), Some(&same))), "keep");
    let mut patched = existing(&[PATCH], None);
    patched.data.extend(unsealed().data);
    patched.metadata.labels.insert("l".into(), "new".into());
    patched.secret_type = "kubernetes.io/basic-auth".into();
    assert_eq!(
        shown(&run(unsealed(), Some(&patched))),
        "keep",
        "a type that the template does not name stays"
    );
    let mut desired = unsealed();
    desired.secret_type = "t".into();
    assert!(shown(&run(desired, Some(&same))).ends_with("| t"));
}

#[test]
fn what_a_server_fills_in_is_not_taken_from_templates() {
    let mut desired = unsealed();
    desired.metadata.server.resource_version = "5".into();
    desired.metadata.server.uid = "u".into();
    let Ok(Step::Create(secret)) = run(desired, None) else { panic!("it is made") };
    assert!(secret.metadata.server == bulla_api::ServerFields::default());
}

#[test]
fn t_05_only_what_the_gone_object_controlled_goes_with_it() {
    let owned = existing(&[], Some(("SealedSecret", "u1"))).metadata;
    let managed = existing(&[MANAGED], None).metadata;
    assert!(deletes("u1", &owned));
    for (uid, metadata) in [("u2", &owned), ("u1", &managed), ("", &ObjectMeta::default())] {
        assert!(!deletes(uid, metadata), "{uid}");
    }
}

fn failures() -> Vec<Failure> {
    let items = vec![("a".to_owned(), ItemError::NoKey(NoKey))];
    vec![
        Failure::Unseal(UnsealError::Items(items)),
        Failure::Malformed("m".into()),
        Failure::Unmanaged("n".into()),
        Failure::Immutable { object: "x/n".into(), text: "data: Forbidden: field is immutable".into() },
        Failure::Api("conflict".into()),
        Failure::Invalid("label".into()),
        Failure::Refused(Refusal::IsKey("n".into())),
        Failure::Refused(Refusal::BecomesKey("n".into())),
        Failure::Refused(Refusal::Controlled { name: "n".into(), owner: "ConfigMap \"cm\"".into() }),
        Failure::Refused(Refusal::Privileged("t".into())),
    ]
}

#[test]
fn texts_and_reasons_are_those_of_the_reference() {
    let immutable = "Error updating x/n: the target Secret is immutable. Once a Secret is marked as immutable, it is not possible to revert this change nor to mutate the contents of the data field. You can only delete and recreate the Secret.";
    let unmanaged = "Resource \"n\" already exists and is not managed by SealedSecret";
    let key = "Resource \"n\" is a sealing key, which no SealedSecret may be";
    let new_key = "Resource \"n\" would become a sealing key, which no SealedSecret may be";
    let controlled = "Resource \"n\" is controlled by ConfigMap \"cm\" and is not taken over";
    let privileged = "a Secret of type \"t\" is refused; --allow-privileged-secret-types accepts it";
    let expected = [
        (
            "ErrUnsealFailed",
            "Failed to unseal: no key could decrypt secret (a)",
            "no key could decrypt secret (a)",
            Retry::Later,
        ),
        ("ErrUnsealFailed", "Failed to unseal: m", "m", Retry::Later),
        ("ErrUpdateFailed", unmanaged, &format!("failed update: {unmanaged}"), Retry::Soon),
        ("ErrUpdateFailed", immutable, "data: Forbidden: field is immutable", Retry::Never),
        ("ErrUpdateFailed", "conflict", "conflict", Retry::Soon),
        ("ErrUpdateFailed", "label", "label", Retry::Later),
        ("ErrUpdateFailed", key, key, Retry::Soon),
        ("ErrUpdateFailed", new_key, new_key, Retry::Later),
        ("ErrUpdateFailed", controlled, controlled, Retry::Soon),
        ("ErrUpdateFailed", privileged, privileged, Retry::Later),
    ];
    for (failure, (reason, event, condition, retry)) in failures().iter().zip(expected) {
        let report = report(3, &SealedSecretStatus::default(), Err(failure), 0);
        let said = report.event.unwrap();
        assert_eq!((said.is_warning, said.reason, said.message.as_str()), (true, reason, event));
        let status = report.status.unwrap();
        assert_eq!((status.conditions[0].message.as_str(), report.retry), (condition, retry));
        assert_eq!(status.conditions[0].reason, "", "the reference sets none");
    }
}

#[test]
fn o_07_status_and_events_are_written_on_change_only() {
    let failed = Failure::Unmanaged("n".into());
    let first = report(1, &SealedSecretStatus::default(), Err(&failed), 10);
    let status = first.status.unwrap();
    let times = |status: &SealedSecretStatus| {
        let synced = status.condition(SYNCED).unwrap();
        (
            synced.status.clone(),
            synced.last_update_time[17..19].to_owned(),
            synced.last_transition_time[17..19].to_owned(),
        )
    };
    let row = |status: &str, update: &str, transition: &str| {
        (status.to_owned(), update.to_owned(), transition.to_owned())
    };
    assert_eq!(times(&status), row("False", "10", "10"), "both times are equal at first");
    let again = report(1, &status, Err(&failed), 20);
    assert_eq!((again.status, again.event, again.retry), (None, None, Retry::Soon));
    let other = report(1, &status, Err(&Failure::Api("x".into())), 20);
    let status = other.status.unwrap();
    assert_eq!(times(&status), row("False", "20", "10"), "another text is a change, not a transition");
    let fixed = report(1, &status, Ok(Done::Written), 30);
    assert_eq!(fixed.event.unwrap().reason, "Unsealed");
    let status = fixed.status.unwrap();
    assert_eq!((times(&status), status.observed_generation), (row("True", "30", "30"), 1));
    assert_eq!(status.conditions[0].message, "");
    let kept = report(1, &status, Ok(Done::Kept), 40);
    assert_eq!((kept.status, kept.event, kept.retry), (None, None, Retry::Never));
    let repaired = report(1, &status, Ok(Done::Written), 40);
    assert_eq!((repaired.status.is_some(), repaired.event.is_some()), (false, true));
    let changed = report(2, &status, Ok(Done::Kept), 50);
    let status = changed.status.unwrap();
    assert_eq!((times(&status), status.observed_generation), (row("True", "50", "30"), 2));
}

#[test]
fn other_conditions_stay_and_the_own_one_stands_first() {
    let before =
        SealedSecretStatus::from_value(Some(&json!({"conditions": [{"type": "Other", "status": "True"}]})));
    let after = report(1, &before, Ok(Done::Written), 0).status.unwrap();
    let kinds: Vec<&str> = after.conditions.iter().map(|condition| condition.kind.as_str()).collect();
    assert_eq!(kinds, [SYNCED, "Other"]);
}

#[test]
fn texts_are_cut_at_a_character() {
    let long = Failure::Malformed("é".repeat(40_000));
    let report = report(1, &SealedSecretStatus::default(), Err(&long), 0);
    assert!(report.event.unwrap().message.len() <= 1024);
    assert!(report.status.unwrap().conditions[0].message.len() <= 32_768);
}
