//! Our CRDs against those of the originals, which lie beside the stored answers.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use bulla_testkit::kube::Cluster;
use bulla_testkit::{Outcome, required};
use serde_json::Value;

const OURS: &str = include_str!("../../../../deploy/crds/sealedsecrets.yaml");
const OBJECTS: &str = include_str!("../../../fixtures/crd/sealedsecrets.yaml");

fn original() -> String {
    let path = required("BULLA_GOLDEN").join("../crds/sealed-secrets/bitnami.com_sealedsecrets.yaml");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `spec` of the CRD as the server holds it, without descriptions.
fn held(cluster: &Cluster) -> Value {
    fn strip(value: &mut Value) {
        if let Value::Object(fields) = value {
            fields.retain(|name, value| name != "description" || !value.is_string());
        }
        match value {
            Value::Object(fields) => fields.values_mut().for_each(strip),
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut crd = cluster.get("default", "crd/sealedsecrets.bitnami.com").unwrap();
    strip(&mut crd["spec"]);
    crd["spec"].take()
}

/// What the server makes of an object: the message, or the object without what differs in any case.
fn answer(outcome: &Outcome) -> Result<Value, String> {
    if outcome.code != 0 {
        return Err(outcome.err());
    }
    let mut object: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    object["metadata"].take();
    Ok(object)
}

#[test]
fn the_sealed_secret_crd_accepts_refuses_and_prunes_as_the_originals() {
    let clusters = [Cluster::start(), Cluster::start()];
    clusters[0].apply(OURS);
    clusters[1].apply(&original());
    assert_eq!(held(&clusters[0]), held(&clusters[1]));
    for object in OBJECTS.split("---\n") {
        let create = ["create", "--dry-run=server", "--output=json", "--validate=false", "-f", "-"];
        let [ours, theirs] = clusters
            .each_ref()
            .map(|cluster| answer(&cluster.kubectl_with_input(&create, object.as_bytes())));
        assert_eq!(ours, theirs, "{object}");
    }
}
