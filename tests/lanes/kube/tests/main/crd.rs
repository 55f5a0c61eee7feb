//! Our CRD on the real server. The lane `golden` compares it with the original's.

use bulla_testkit::kube::Cluster;
use serde_json::json;

pub(crate) const CRD: &str = include_str!("../../../../../deploy/crds/sealedsecrets.yaml");
const OBJECTS: &str = include_str!("../../../../fixtures/crd/sealedsecrets.yaml");

#[test]
fn objects_are_accepted_pruned_and_refused_as_their_names_say() {
    let cluster = Cluster::shared();
    cluster.apply(CRD);
    let space = cluster.namespace("crd");
    for object in OBJECTS.split("---\n") {
        let name = object.split(['{', '}']).nth(1).and_then(|name| name.strip_prefix("name: ")).unwrap();
        let create = ["create", "--namespace", &space, "--validate=false", "-f", "-"];
        let outcome = cluster.kubectl_with_input(&create, object.as_bytes());
        assert_eq!(outcome.code, i32::from(name.starts_with("refused-")), "{name}: {outcome:?}");
        assert!(outcome.code == 0 || outcome.err().contains("is invalid"), "{name}: {outcome:?}");
    }
    let pruned = cluster.get(&space, "sealedsecret/pruned-unknown-fields").unwrap();
    let metadata = json!({"creationTimestamp": null, "strange": {"kept": 3}});
    assert_eq!(pruned["spec"], json!({"encryptedData": {"foo": "AgBy"}, "template": {"metadata": metadata}}));
    assert!(pruned["strange"].is_null());
    // Status is a subresource: a creation cannot set it.
    let full = cluster.get(&space, "sealedsecret/accepted-full").unwrap();
    assert!(full["status"].is_null() && full["metadata"]["generation"] == 1);
}

#[test]
fn the_columns_of_kubectl_show_the_first_condition() {
    let cluster = Cluster::shared();
    cluster.apply(CRD);
    let space = cluster.namespace("columns");
    let object = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: one, namespace: {space}}}\n\
         spec: {{encryptedData: {{}}}}\n"
    );
    cluster.apply(&object);
    let status =
        r#"{"status": {"conditions": [{"type": "Synced", "status": "False", "message": "no key"}]}}"#;
    let patch = ["patch", "sealedsecret", "one", "--namespace", &space, "--subresource=status"];
    cluster.kubectl(&[&patch[..], &["--type=merge", "--patch", status]].concat()).success();
    let table = cluster.kubectl(&["get", "sealedsecrets", "--namespace", &space]).success().out();
    let words: Vec<&str> = table.split_whitespace().collect();
    assert_eq!(words[..8], ["NAME", "STATUS", "SYNCED", "AGE", "one", "no", "key", "False"]);
}
