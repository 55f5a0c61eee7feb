use serde_json::{Value, json};

use super::*;

/// A settled object: synced, and its Secret as we left it.
fn settled() -> (SealedSecretStatus, Value) {
    let status = json!({
        "observedGeneration": 3,
        "conditions": [{"type": "Synced", "status": "True", "lastUpdateTime": "2026-01-01T00:00:05Z"}],
    });
    let secret = json!({
        "name": "n",
        "namespace": "x",
        "labels": {"l": "new"},
        "ownerReferences": [{
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "n", "uid": "u1", "controller": true,
        }],
        "managedFields": [{
            "manager": "bulla-controller", "operation": "Update", "time": "2026-01-01T00:00:09Z",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}, "f:b": {}, "f:c": {}}, "f:metadata": {}, "f:type": {}},
        }],
    });
    (SealedSecretStatus::from_value(Some(&status)), secret)
}

fn holds(sealed: &SealedSecret, secret: &Value) -> bool {
    Claim::of(sealed, &settled().0)
        .is_some_and(|claim| claim.holds(&serde_json::from_value(secret.clone()).unwrap()))
}

#[test]
fn a_secret_that_nobody_touched_is_settled() {
    let (status, mut secret) = settled();
    assert!(holds(&sealed(), &secret));
    secret["managedFields"][0]["manager"] = json!("controller");
    assert!(!holds(&sealed(), &secret), "written after the reference's last word");
    secret["managedFields"][0]["time"] = json!("2026-01-01T00:00:05Z");
    assert!(holds(&sealed(), &secret), "written by the reference");
    // Who labels or reads is no writer of data.
    let labels = json!({"manager": "kubectl-label", "operation": "Update", "fieldsV1": {"f:metadata": {}}});
    secret["managedFields"].as_array_mut().unwrap().push(labels);
    assert!(holds(&sealed(), &secret));
    let mut without_owner = sealed();
    without_owner.template.metadata.annotations.insert(SKIP.into(), "true".into());
    secret["annotations"] = json!({SKIP: "true"});
    assert!(!holds(&without_owner, &secret));
    secret["ownerReferences"] = json!([]);
    assert!(holds(&without_owner, &secret));
    let mut behind = status.clone();
    behind.observed_generation = 2;
    assert!(Claim::of(&sealed(), &behind).is_none());
    let mut failed = status;
    failed.conditions[0].status = "False".into();
    assert!(Claim::of(&sealed(), &failed).is_none());
    assert!(Claim::of(&sealed(), &SealedSecretStatus::default()).is_none());
}

#[test]
fn whatever_was_touched_is_looked_at_again() {
    type Change = (&'static str, fn(&mut Value));
    let changes: [Change; 12] = [
        ("a value was edited", |secret| {
            secret["managedFields"][0]["fieldsV1"]["f:data"].as_object_mut().unwrap().remove("f:a");
            let edit = json!({"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}}}});
            secret["managedFields"].as_array_mut().unwrap().push(edit);
        }),
        ("a value was applied beside ours", |secret| {
            let edit =
                json!({"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}});
            secret["managedFields"].as_array_mut().unwrap().push(edit);
        }),
        ("a value was removed", |secret| {
            secret["managedFields"][0]["fieldsV1"]["f:data"].as_object_mut().unwrap().remove("f:a");
        }),
        ("a value was added in our name", |secret| {
            secret["managedFields"][0]["fieldsV1"]["f:data"]["f:z"] = json!({});
        }),
        ("it was marked immutable", |secret| {
            let edit = json!({"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:immutable": {}}});
            secret["managedFields"].as_array_mut().unwrap().push(edit);
        }),
        ("our name in an apply", |secret| secret["managedFields"][0]["operation"] = json!("Apply")),
        ("nobody is named", |secret| secret["managedFields"] = json!([])),
        ("another owner", |secret| secret["ownerReferences"][0]["uid"] = json!("u0")),
        ("no owner", |secret| secret["ownerReferences"] = json!([])),
        ("a label", |secret| secret["labels"]["l"] = json!("old")),
        ("an annotation", |secret| secret["annotations"] = json!({"a": "b"})),
        ("it is being deleted", |secret| secret["deletionTimestamp"] = json!("2026-01-01T00:00:00Z")),
    ];
    for (what, change) in changes {
        let (_, mut secret) = settled();
        change(&mut secret);
        assert!(!holds(&sealed(), &secret), "{what}");
    }
    let mut old_form = sealed();
    old_form.data = Some(Vec::new());
    assert!(!holds(&old_form, &settled().1), "names of its data are not known");
}

#[test]
fn r_23_little_is_kept_of_an_owner_that_anybody_wrote() {
    let owner = |uid: String| {
        let (_, mut secret) = settled();
        secret["ownerReferences"][0]["uid"] = uid.into();
        serde_json::from_value::<Outside>(secret).unwrap().owner.len()
    };
    assert_eq!([owner("u".repeat(36)), owner("u".repeat(1_000_000))], [36, 0]);
}
