use serde_json::{Value, json};

use bulla_seal::reconcile::{MANAGED, PATCH};

use super::*;
use crate::arguments::testing::settings;

fn of(namespace: &str, name: &str) -> Key {
    Key { namespace: namespace.into(), name: name.into() }
}

fn sealed(name: &str, uid: &str, generation: i64) -> Sealed {
    object(&json!({"metadata": {"namespace": "x", "name": name, "uid": uid, "generation": generation}}))
}

fn object(value: &Value) -> Sealed {
    let mut value = value.clone();
    value["apiVersion"] = json!("bitnami.com/v1alpha1");
    value["kind"] = json!("SealedSecret");
    serde_json::from_value(value).unwrap()
}

/// A Secret of namespace `x`: its controller's UID, annotations that say true.
fn secret(name: &str, owner: &str, annotations: &[&str]) -> Secret {
    serde_json::from_value(secret_value(name, owner, annotations)).unwrap()
}

fn secret_value(name: &str, owner: &str, annotations: &[&str]) -> Value {
    let annotations: serde_json::Map<String, Value> =
        annotations.iter().map(|name| ((*name).to_owned(), json!("true"))).collect();
    let owner = json!({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": name, "uid": owner, "controller": true});
    let metadata =
        json!({"namespace": "x", "name": name, "annotations": annotations, "ownerReferences": [owner]});
    json!({"metadata": metadata})
}

fn failed(failed: Failed) -> Outcome {
    Outcome { failed: Some(failed), ..Outcome::panicked() }
}

/// Knows `objects` and `secrets`, and is started.
fn started(objects: &[Sealed], secrets: &[Secret]) -> Known {
    let mut known = Known::new(&settings(&[]), conditions());
    list(&mut known, objects);
    list_secrets(&mut known, secrets);
    known.settle();
    known
}

fn list(known: &mut Known, objects: &[Sealed]) -> Vec<Reaction> {
    known.sealed_changed((0, Event::Init));
    let mut reactions = Vec::new();
    for object in objects {
        reactions.extend(known.sealed_changed((0, Event::InitApply(object.clone()))));
    }
    reactions.extend(known.sealed_changed((0, Event::InitDone)));
    reactions
}

fn list_secrets(known: &mut Known, secrets: &[Secret]) -> Vec<Reaction> {
    known.secret_changed((0, Event::Init));
    let mut reactions = Vec::new();
    for secret in secrets {
        reactions.extend(known.secret_changed((0, Event::InitApply(secret.clone()))));
    }
    reactions.extend(known.secret_changed((0, Event::InitDone)));
    reactions
}

fn conditions() -> Conditions {
    crate::metrics::Metrics::new(0).unwrap().conditions
}

#[test]
fn r_14_an_object_is_large_by_what_is_in_it_or_by_what_work_on_it_took() {
    let items = |count: usize, length: usize| -> serde_json::Map<String, Value> {
        (0..count).map(|at| (format!("{at}"), "A".repeat(length).into())).collect()
    };
    let is_large = |spec: Value| {
        let mut known = started(&[], &[]);
        let metadata = json!({"namespace": "x", "name": "n", "uid": "u1", "generation": 1});
        known.sealed_changed((0, Event::Apply(object(&json!({"metadata": metadata, "spec": spec})))));
        known.is_large(&of("x", "n"))
    };
    for (values, templates, expected) in
        [(100, 0, false), (101, 0, true), (60, 40, false), (60, 41, true), (0, 100, false), (0, 101, true)]
    {
        let spec = json!({"encryptedData": items(values, 2), "template": {"data": items(templates, 2)}});
        assert_eq!(is_large(spec), expected, "{values} + {templates} items");
    }
    // Some 4 KiB go to the rest of the object; labels count as well as the old form.
    for (value, old, label, expected) in [
        (120_000, 120_000, 10_000, false),
        (120_000, 120_000, 23_000, true),
        (10, 250_000, 1, false),
        (10, 262_000, 1, true),
        (262_000, 1, 1, true),
    ] {
        let template = json!({"metadata": {"labels": {"l": "A".repeat(label)}}});
        let spec = json!({"encryptedData": items(1, value), "template": template, "data": "A".repeat(old)});
        assert_eq!(is_large(spec), expected, "{value} {old} {label}");
    }
    assert!(is_large(json!({"template": {"metadata": {"x": vec![json!({"": 1}); 500]}}})), "500 maps");
    let mut known = started(&[sealed("n", "u1", 1)], &[]);
    known.ended(&of("x", "n"), failed(Failed::Unseal));
    assert!(!known.order(&of("x", "n")).is_large);
    known.ended(&of("x", "n"), Outcome { is_large: true, ..Outcome::DONE });
    known.ended(&of("x", "n"), failed(Failed::Unseal));
    assert!(known.order(&of("x", "n")).is_large);
    // Until it changes.
    known.sealed_changed((0, Event::Apply(sealed("n", "u1", 2))));
    assert!(!known.order(&of("x", "n")).is_large);
}

#[test]
fn only_what_changes_the_secret_calls_for_work() {
    let mut known = started(&[sealed("n", "u1", 1)], &[]);
    let mut changed = |object: &Sealed| known.sealed_changed((0, Event::Apply(object.clone())));
    let with = |generation: i64, name: &str, value: Value| {
        let mut metadata = json!({"namespace": "x", "name": "n", "uid": "u1", "generation": generation});
        metadata[name] = value;
        object(&json!({"metadata": metadata, "status": {"observedGeneration": 1}}))
    };
    assert_eq!(changed(&with(1, "labels", json!({"a": "b"}))), []);
    assert_eq!(changed(&sealed("n", "u1", 2)), [Reaction::Now(of("x", "n"))]);
    let wide = with(2, "annotations", json!({bulla_seal::CLUSTER_WIDE: "true"}));
    assert_eq!(changed(&wide), [Reaction::Now(of("x", "n"))]);
    assert_eq!(changed(&wide), []);
    assert_eq!(changed(&sealed("n", "u2", 1)), [Reaction::Now(of("x", "n"))], "made anew");
    assert_eq!(changed(&sealed("m", "u3", 1)), [Reaction::Now(of("x", "m"))]);
}

#[test]
fn r_08_what_a_list_no_longer_holds_was_deleted() {
    let mut known = Known::new(&settings(&["--old-gc-behavior"]), conditions());
    list(&mut known, &[sealed("a", "u1", 1), sealed("b", "u2", 1)]);
    list_secrets(&mut known, &[secret("a", "u1", &[]), secret("b", "u2", &[])]);
    known.settle();
    assert_eq!(list(&mut known, &[sealed("b", "u2", 1)]), [Reaction::Now(of("x", "a"))]);
    assert_eq!(known.order(&of("x", "a")).gone.as_deref(), Some("u1"));
    assert_eq!(list_secrets(&mut known, &[secret("a", "u1", &[])]), [Reaction::Now(of("x", "b"))]);
    assert!(known.order(&of("x", "b")).is_absent && !known.order(&of("x", "a")).is_absent);
    // Made anew before there was time for that.
    assert_eq!(list(&mut known, &[]), [Reaction::Now(of("x", "b"))]);
    list(&mut known, &[sealed("b", "u3", 1)]);
    assert_eq!(known.order(&of("x", "b")).gone, None);
    // A watch over one namespace says nothing about others.
    let mut known = Known::new(&settings(&["--additional-namespaces=x", "--old-gc-behavior"]), conditions());
    known.sealed_changed((1, Event::Apply(sealed("a", "u1", 1))));
    known.sealed_changed((0, Event::Init));
    assert_eq!(known.sealed_changed((0, Event::InitDone)), []);
    assert!(!known.has_all_sealed());
    known.sealed_changed((1, Event::Init));
    assert_eq!(known.sealed_changed((1, Event::InitDone)), [Reaction::Now(of("x", "a"))]);
    assert!(known.has_all_sealed());
}

#[test]
fn a_namespace_without_rights_holds_up_no_other() {
    let key = of("y", "a");
    let in_y = |name: &str| {
        let mut object = sealed(name, "u1", 1);
        object.metadata.namespace = Some("y".to_owned());
        object
    };
    let mut known = Known::new(&settings(&["--additional-namespaces=y,z"]), conditions());
    for watch in [0, 2, 2] {
        known.sealed_changed((watch, Event::Refused));
        assert!(!known.has_all_sealed());
    }
    known.sealed_changed((1, Event::Init));
    known.sealed_changed((1, Event::InitApply(in_y("a"))));
    known.sealed_changed((1, Event::InitDone));
    assert!(known.has_all_sealed() && !known.is_complete());
    for (watch, event) in [(1, Event::Init), (1, Event::InitDone), (0, Event::Refused)] {
        known.secret_changed((watch, event));
        assert!(!known.is_complete());
    }
    known.secret_changed((2, Event::Refused));
    assert!(known.is_complete());
    assert!(known.order(&key).is_absent && !known.order(&of("z", "a")).is_absent);
    assert_eq!(known.settle(), [key]);
    // The right comes later, and with it what was there all along.
    assert_eq!(list(&mut known, &[sealed("n", "u2", 1)]), [Reaction::Backlog(of("x", "n"))]);
    // Where no other is, it is waited for.
    let mut known = Known::new(&settings(&[]), conditions());
    known.sealed_changed((0, Event::Refused));
    assert!(!known.has_all_sealed());
}

#[test]
fn r_08_late_news_of_an_older_object_change_nothing_of_the_newer_one() {
    let mut known = started(&[sealed("n", "u2", 1)], &[secret("n", "u2", &[])]);
    assert_eq!(known.sealed_changed((0, Event::Delete(sealed("n", "u1", 1)))), []);
    assert_eq!(known.len(), 1);
    // Told twice that the Secret is gone: looked at twice, since it may be there again.
    for _ in 0..2 {
        let gone = Event::Delete(secret("n", "u2", &[]));
        assert_eq!(known.secret_changed((0, gone)), [Reaction::Now(of("x", "n"))]);
    }
    let gone = Event::Delete(sealed("n", "u2", 1));
    assert_eq!(known.sealed_changed((0, gone)), [Reaction::Gone(of("x", "n"))]);
    assert_eq!(known.len(), 0);
}

#[test]
fn deleted_objects_are_left_to_the_garbage_collector() {
    let mut known = started(&[sealed("n", "u1", 1)], &[secret("n", "u1", &[])]);
    let gone = Event::Delete(sealed("n", "u1", 1));
    assert_eq!(known.sealed_changed((0, gone)), [Reaction::Gone(of("x", "n"))]);
    assert_eq!(known.secret_changed((0, Event::Delete(secret("n", "u1", &[])))), []);
}

#[test]
fn r_13_a_deleted_secret_is_made_again_if_it_was_ours_or_in_the_way() {
    let key = of("x", "n");
    let gone = |owner: &str, annotations: &[&str], before: Option<Failed>| {
        let there = secret("n", owner, annotations);
        let mut known = started(&[sealed("n", "u1", 1)], std::slice::from_ref(&there));
        if let Some(before) = before {
            known.ended(&key, failed(before));
        }
        known.secret_changed((0, Event::Delete(there)))
    };
    assert_eq!(gone("u1", &[], None), [Reaction::Now(key.clone())]);
    assert_eq!(gone("u0", &[MANAGED], None), [Reaction::Now(key.clone())]);
    assert_eq!(gone("u0", &[PATCH], None), []);
    assert_eq!(gone("u0", &[], None), []);
    assert_eq!(gone("u0", &[], Some(Failed::Unmanaged)), [Reaction::Soon(key.clone())]);
}

#[test]
fn a_secret_that_is_opened_to_us_is_looked_at() {
    let mut known = started(&[sealed("n", "u1", 1)], &[secret("n", "u0", &[])]);
    let mut changed = |annotations: &[&str], before: Failed| {
        known.ended(&of("x", "n"), failed(before));
        known.secret_changed((0, Event::Apply(secret("n", "u0", annotations))))
    };
    assert_eq!(changed(&[], Failed::Unmanaged), []);
    assert_eq!(changed(&[MANAGED], Failed::Other), []);
    assert_eq!(changed(&[MANAGED], Failed::Unmanaged), [Reaction::Now(of("x", "n"))]);
    assert_eq!(changed(&[PATCH], Failed::Unmanaged), [Reaction::Now(of("x", "n"))]);
}

#[test]
fn q_05_new_keys_call_for_what_did_not_open() {
    let mut known = started(&[sealed("a", "u1", 1), sealed("b", "u2", 1)], &[]);
    assert_eq!(known.ended(&of("x", "a"), failed(Failed::Unseal)), Some(1));
    assert_eq!(known.ended(&of("x", "a"), failed(Failed::Unseal)), Some(2));
    known.ended(&of("x", "b"), failed(Failed::Unmanaged));
    assert_eq!(known.sealed_for_others(), [of("x", "a")]);
}

#[test]
fn at_the_start_settled_objects_are_left_alone() {
    let settled = |name: &str| {
        object(&json!({
            "metadata": {"namespace": "x", "name": name, "uid": "u1", "generation": 1},
            "spec": {"encryptedData": {"a": ""}},
            "status": {"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "True"}]},
        }))
    };
    let theirs = |name: &str, manager: &str| {
        let mut secret = secret_value(name, "u1", &[]);
        secret["metadata"]["managedFields"] = json!([{
            "manager": manager, "operation": "Update", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}}, "f:type": {}},
        }]);
        serde_json::from_value::<Secret>(secret).unwrap()
    };
    let mut known = Known::new(&settings(&[]), conditions());
    assert_eq!(list(&mut known, &["ours", "edited", "missing"].map(settled)), []);
    assert!(known.has_all_sealed() && !known.is_complete());
    assert_eq!(
        list_secrets(&mut known, &[theirs("ours", "bulla-controller"), theirs("edited", "kubectl")]),
        []
    );
    assert!(known.is_complete());
    let mut unsettled = known.settle();
    unsettled.sort();
    assert_eq!(unsettled, [of("x", "edited"), of("x", "missing")]);
    // Without a watch of Secrets nothing can be told.
    let mut known = Known::new(&settings(&["--skip-recreate"]), conditions());
    list(&mut known, &[settled("ours")]);
    assert!(known.is_complete());
    assert_eq!(known.settle(), [of("x", "ours")]);
}
