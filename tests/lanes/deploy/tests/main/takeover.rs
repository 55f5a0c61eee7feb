//! `docs/coming-from-sealed-secrets.md`, step by step.

use bulla_testkit::kube::eventually;
use bulla_testkit::{CANARY, Tool};
use serde_json::{Value, json};

use crate::release::Release;
use crate::render::{deploy, original_chart};

const OBJECTS: usize = 200;

fn secret(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": name, "namespace": "apps", "labels": {"app": name}},
        "stringData": {"user": name, "password": format!("{CANARY} of {name}")},
    })
}

/// Waits until this many SealedSecrets say that they have their Secrets.
fn synced(release: &Release, count: usize) {
    eventually(&format!("{count} Secrets"), || {
        let sealed = release.cluster.list("apps", &["sealedsecrets"]);
        let done = |object: &&Value| object["status"]["conditions"][0]["status"] == "True";
        (sealed.iter().filter(done).count() == count).then_some(())
    });
}

#[test]
fn r_25_two_hundred_objects_are_taken_over_and_given_back_without_a_write() {
    let release = Release::install(&original_chart(), "");
    let unlimited = ["--kubeclient-qps=-1"];
    let theirs = release.start(&Tool::sealed_secrets_controller(), &unlimited);
    let secrets: Vec<Value> = (0..OBJECTS).map(|number| secret(&format!("secret-{number}"))).collect();
    release.cluster.apply(&release.seal(&secrets));
    synced(&release, OBJECTS);
    theirs.end_by("TERM");
    let state =
        || [release.cluster.list("apps", &["secrets"]), release.cluster.list("apps", &["sealedsecrets"])];
    let before = state();
    assert_eq!(before[0].len(), OBJECTS);

    // There.
    release.upgrade(&deploy("helm/sealed-secrets"));
    let ours = release.start(&Tool::controller(), &[]);
    eventually("the start", || ours.log().contains("All objects are known").then_some(()));
    assert!(ours.log().contains(&format!("objects={OBJECTS} unsettled=0")), "{}", ours.log());
    release.cluster.apply(&release.seal(&[secret("of-ours")]));
    synced(&release, OBJECTS + 1);
    let made = release.cluster.get("apps", "secret/of-ours");
    let (code, log) = ours.end_by("TERM");
    assert_eq!((code, log.contains("New key written")), (0, false), "{log}");
    assert!(unchanged(&before, &state()));
    assert_eq!(release.cluster.forbidden(), [""; 0], "{log}");

    // And back.
    release.upgrade(&original_chart());
    let theirs = release.start(&Tool::sealed_secrets_controller(), &unlimited);
    eventually("all objects", || {
        let told = theirs.log().matches("reason: 'Unsealed'").count();
        (told > OBJECTS).then_some(())
    });
    let (_, log) = theirs.end_by("TERM");
    assert!(!log.contains("New key written") && !log.contains("rror unsealing"), "{log}");
    assert!(unchanged(&before, &state()));
    assert_eq!(release.cluster.get("apps", "secret/of-ours"), made);
}

/// Whether all that was there before is there, at the same resource version.
fn unchanged(before: &[Vec<Value>; 2], after: &[Vec<Value>; 2]) -> bool {
    before.iter().zip(after).all(|(before, after)| before.iter().all(|object| after.contains(object)))
}
