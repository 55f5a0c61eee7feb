//! SIGKILL at every change that the controller makes.

use bulla_testkit::kube::{Fault, Pod, eventually};
use bulla_testkit::soak::told;
use serde_json::{Value, json};

use super::{Stage, size, started};
use crate::home::KEYS;

/// What is done to an object `name` before the controller is there to see it.
struct Scenario {
    name: &'static str,
    /// Done while a controller runs that nothing happens to.
    before: fn(&Stage, &str, &Value),
    /// Done while none runs.
    act: fn(&Stage, &str, &Value),
}

const NOTHING: fn(&Stage, &str, &Value) = |_, _, _| {};

fn seal(stage: &Stage, name: &str, value: &str, further: &Value) {
    stage.home.apply(&stage.home.seal(name, &[("a", value)], further));
}

fn first(stage: &Stage, name: &str, further: &Value) {
    seal(stage, name, "old", further);
    stage.home.condition(name, "True");
}

/// A Secret of somebody else's, of the type that the object asks for: that never changes.
fn foreign(stage: &Stage, name: &str, annotation: &str, further: &Value) {
    let annotations = json!({format!("sealedsecrets.bitnami.com/{annotation}"): "true"});
    stage.home.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"own": "value"}, "type": further["type"],
        "metadata": {"name": name, "namespace": stage.home.name, "annotations": annotations},
    }));
}

static SCENARIOS: [Scenario; 6] = [
    Scenario {
        name: "create",
        before: NOTHING,
        act: |stage, name, further| seal(stage, name, "new", further),
    },
    Scenario { name: "update", before: first, act: |stage, name, further| seal(stage, name, "new", further) },
    Scenario {
        name: "again",
        before: first,
        act: |stage, name, _| {
            stage.home.delete(&format!("secret/{name}"));
            eventually("its end", || stage.home.secret(name).is_none().then_some(()));
        },
    },
    Scenario {
        name: "patch",
        before: |stage, name, further| foreign(stage, name, "patch", further),
        act: |stage, name, further| seal(stage, name, "new", further),
    },
    Scenario {
        name: "take",
        before: |stage, name, further| foreign(stage, name, "managed", further),
        act: |stage, name, further| seal(stage, name, "new", further),
    },
    Scenario {
        name: "fail",
        before: NOTHING,
        act: |stage, name, further| {
            let mut object = stage.home.seal(name, &[("a", "new")], further);
            object["spec"]["encryptedData"]["a"] = "AgAA".into();
            stage.home.apply(&object);
        },
    },
];

/// What the objects say in further respects, for the full size.
fn variants() -> Vec<Value> {
    let annotated = |name: &str| json!({"metadata": {"annotations": {format!("sealedsecrets.bitnami.com/{name}"): "true"}}});
    let all = vec![
        Value::Null,
        annotated("namespace-wide"),
        annotated("cluster-wide"),
        json!({"metadata": {"labels": {"l": "v"}}}),
        json!({"metadata": {"annotations": {"n": "v"}}}),
        json!({"metadata": {"labels": {"l": "v"}, "annotations": {"n": "v"}}, "type": "example.com/u"}),
        json!({"type": "example.com/t"}),
    ];
    all.into_iter().take(size(1, 7)).collect()
}

/// Everything of an object and its Secret that a fault may not change: no
/// times, no versions, no UIDs.
fn state(stage: &Stage, name: &str) -> Value {
    let (object, secret) = (stage.home.sealed(name), stage.home.secret(name).unwrap_or_default());
    let (condition, metadata) = (&object["status"]["conditions"][0], &secret["metadata"]);
    let owner = &metadata["ownerReferences"][0];
    json!({
        "synced": condition["status"], "message": condition["message"],
        "is_current": object["status"]["observedGeneration"] == object["metadata"]["generation"],
        "data": secret["data"], "type": secret["type"], "labels": metadata["labels"], "annotations": metadata["annotations"],
        "is_owner": owner["uid"].is_null() || owner["uid"] == object["metadata"]["uid"],
        "owner": owner["kind"], "owners": metadata["ownerReferences"].as_array().map(Vec::len),
    })
}

fn kill(pod: Pod, stage: &Stage) {
    let (code, log) = pod.end_by("KILL");
    assert_eq!(code, 128 + 9, "{log}");
    stage.proxy.pass();
    stage.proxy.release();
}

#[test]
fn r_07_killed_at_any_change_it_ends_as_if_nothing_had_happened() {
    let stage = Stage::new("killed");
    let scenarios = &SCENARIOS[..size(2, 6)];
    let mut points = 0;
    for scenario in scenarios {
        for (number, variant) in variants().iter().enumerate() {
            let of = |what: &str| format!("{}-{number}-{what}", scenario.name);
            let names = |changes: usize| -> Vec<(String, usize, bool)> {
                let both = (1..=changes).flat_map(|change| [(change, false), (change, true)]);
                both.map(|(change, after)| {
                    (of(&format!("{change}{}", if after { "b" } else { "a" })), change, after)
                })
                .collect()
            };
            // Nothing happens: the state to come to, and the number of changes.
            let pod = stage.ours(&[]);
            let model = of("model");
            (scenario.before)(&stage, &model, variant);
            for (name, _, _) in names(3) {
                (scenario.before)(&stage, &name, variant);
            }
            pod.end_by("TERM");
            (scenario.act)(&stage, &model, variant);
            let seen = stage.proxy.changes().len();
            let pod = stage.ours(&[]);
            let is_good = |name: &str| {
                let state = state(&stage, name);
                let is_done =
                    state["is_current"] == true && (scenario.name == "fail" || !state["data"].is_null());
                (is_done && state["is_owner"] == true).then_some(state)
            };
            let expected = eventually(&model, || is_good(&model));
            // It ends what it has begun.
            pod.end_by("TERM");
            let changes = stage.proxy.changes().len() - seen;
            assert!((2..=3).contains(&changes), "{model}: {changes}");
            for (name, change, after) in names(changes) {
                (scenario.act)(&stage, &name, variant);
                stage
                    .proxy
                    .at_change(change, move || if after { Fault::HoldAfter } else { Fault::HoldBefore });
                let pod = stage.begin(&[]);
                stage.proxy.wait_until_held();
                kill(pod, &stage);
                let pod = stage.ours(&[]);
                eventually(&name, || is_good(&name).filter(|state| *state == expected).map(drop));
                pod.end_by("TERM");
                points += 1;
            }
        }
    }
    let calls = stage.proxy.changes();
    assert!(calls.iter().all(|call| call.method != "DELETE" && call.is_guarded()));
    let text = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    let keys: Vec<String> = stage.home.list(KEYS).iter().map(text).collect();
    let sealed: Vec<String> = stage.home.list("sealedsecrets").iter().map(text).collect();
    let is_meant = |name: String| keys.contains(&name) || sealed.contains(&name);
    assert!(keys.len() == 1 && stage.home.list("secrets").iter().map(text).all(is_meant), "no extra object");
    told(
        "R-07",
        &format!("SIGKILL before or after each change, {points} points"),
        "all as without a kill, 0 deletions",
    );
}

#[test]
fn r_09_killed_while_a_key_is_made_it_loses_none_and_makes_one_more_at_most() {
    let rounds = size(1, 50);
    for round in 0..rounds {
        let stage = Stage::new("renewed");
        let names = || -> Vec<String> {
            let keys = stage.home.list(KEYS);
            keys.iter().map(|key| key["metadata"]["name"].as_str().unwrap().to_owned()).collect()
        };
        // The first key: not yet stored, then stored without having heard so.
        for (fault, keys) in [(true, 0), (false, 1)] {
            stage.proxy.at_change(1, move || if fault { Fault::HoldBefore } else { Fault::HoldAfter });
            let pod = stage.begin(&[]);
            stage.proxy.wait_until_held();
            kill(pod, &stage);
            assert_eq!(names().len(), keys);
        }
        let pod = stage.ours(&[]);
        stage.seal("one", "value");
        stage.home.value("one", "a", "value");
        let before = names();
        assert_eq!(before.len(), 1);
        pod.end_by("TERM");
        for (fault, keys) in [(true, 1), (false, 2)] {
            let pod = stage.ours(&[]);
            stage.proxy.at_change(1, move || if fault { Fault::HoldBefore } else { Fault::HoldAfter });
            pod.signal("USR1");
            stage.proxy.wait_until_held();
            kill(pod, &stage);
            assert_eq!(names().len(), keys);
        }
        assert!(before.iter().all(|name| names().contains(name)));
        let pod = stage.begin(&[]);
        started(&pod);
        stage.seal("two", "value");
        stage.home.value("two", "a", "value");
        assert_eq!(names().len(), 2, "round {round}");
        pod.end_by("TERM");
    }
    told("R-09", &format!("SIGKILL while a key is made, {} kills", 4 * rounds), "0 keys lost, 0 extra");
}
