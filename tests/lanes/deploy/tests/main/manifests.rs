//! Rows P-01 to P-04 over everything that can be rendered, and other programs' judgements of it.

use bulla_testkit::kube::Cluster;
use bulla_testkit::{Sandbox, Tool, required};
use serde_json::{Value, json};

use crate::render::{
    ALL, EVERYTHING, Source, deploy, lint, objects, of_kind, original_chart, template, text,
};

/// Kinds that are not Kubernetes' own.
const FOREIGN: [&str; 2] = ["PrometheusRule", "ServiceMonitor"];

/// Every combination that is shipped, with its name.
fn shipped() -> Vec<(String, Vec<Value>)> {
    let charts = ALL.into_iter().filter(|source| matches!(source, Source::Chart(_)));
    let full =
        charts.map(|source| (format!("{source:?} with everything"), objects(&source.render(EVERYTHING))));
    let plain = ALL.into_iter().map(|source| (format!("{source:?}"), objects(&source.render(""))));
    plain.chain(full).collect()
}

#[test]
fn charts_pass_the_lint_of_helm() {
    for chart in ["sealed-secrets", "bulla"] {
        let outcome = lint(chart).success().out();
        assert!(outcome.contains("1 chart(s) linted, 0 chart(s) failed"), "{outcome}");
    }
}

#[test]
fn all_manifests_fit_the_schemas_of_kubernetes() {
    let sandbox = Sandbox::new();
    let validator = Tool::at(required("BULLA_LANE_KUBERNETES_VALIDATE"));
    for (name, objects) in shipped() {
        let own: Vec<String> =
            objects.iter().filter(|object| !FOREIGN.contains(&kind(object))).map(Value::to_string).collect();
        let file = sandbox.write("all.yaml", own.join("\n---\n"));
        // The oldest that the charts are for, and the newest that is tested.
        for version in ["1.25", "1.36"] {
            let outcome = sandbox.run(&validator, &["--strict", "-k", version, text(&file)]);
            assert_eq!(outcome.code, 0, "{name}, {version}: {outcome:?}");
        }
    }
    let wrong =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"port": 1}});
    let file = sandbox.write("wrong.yaml", wrong.to_string());
    assert_ne!(sandbox.run(&validator, &["--strict", "-k", "1.36", text(&file)]).code, 0);
}

#[test]
fn p_01_pods_pass_the_restricted_profile() {
    let cluster = Cluster::shared();
    let space = cluster.namespace("restricted");
    let label = "pod-security.kubernetes.io/enforce=restricted";
    cluster.kubectl(&["label", "namespace", &space, label]).success();
    for (name, objects) in shipped() {
        let deployments = of_kind(&objects, "Deployment");
        assert_eq!(deployments.len(), 1, "{name}");
        let mut spec = deployments[0]["spec"]["template"]["spec"].clone();
        spec["serviceAccountName"] = json!("default");
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": space}, "spec": spec});
        let create = ["create", "--dry-run=server", "-f", "-"];
        let outcome = cluster.kubectl_with_input(&create, pod.to_string().as_bytes());
        assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
        // What the profile does not ask for.
        let container = &spec["containers"][0];
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{name}");
        for part in ["requests", "limits"] {
            assert!(container["resources"][part]["memory"].is_string(), "{name}: {part}");
        }
        let user = [&spec["securityContext"]["runAsUser"], &container["securityContext"]["runAsUser"]];
        assert!(user.iter().any(|user| user.as_u64() == Some(1001)), "{name}");
    }
    let root = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root", "namespace": space},
        "spec": {"containers": [{"name": "a", "image": "a"}]}});
    let refused = cluster.kubectl_with_input(&["create", "-f", "-"], root.to_string().as_bytes());
    assert!(refused.err().contains("violates PodSecurity"), "{refused:?}");
}

#[test]
fn p_02_no_role_holds_a_wildcard_or_a_right_to_give_rights() {
    let mut rules = 0;
    for (name, objects) in shipped() {
        for role in objects.iter().filter(|object| ["ClusterRole", "Role"].contains(&kind(object))) {
            for rule in role["rules"].as_array().expect("a list") {
                rules += 1;
                let words = rule.to_string();
                for barred in ["\"*\"", "\"escalate\"", "\"bind\"", "\"impersonate\"", "\"deletecollection\""]
                {
                    assert!(!words.contains(barred), "{name}: {words}");
                }
                let deletes = words.contains("\"secrets\"") && words.contains("\"delete\"");
                assert!(!deletes || name.contains("as-upstream"), "{name}: {words}");
            }
        }
    }
    assert!(rules > 40, "{rules}");
    let old = objects(&Source::Chart("sealed-secrets").render("args: [--old-gc-behavior]"));
    assert!(of_kind(&old, "ClusterRole")[0].to_string().contains("\"delete\""));
}

#[test]
fn p_02_the_charts_give_the_rights_of_the_base() {
    let base = rules(&objects(&Source::Kustomize("base").render("")));
    assert!(base.len() >= 6, "{base:?}");
    for chart in ["sealed-secrets", "bulla"] {
        assert_eq!(rules(&objects(&Source::Chart(chart).render(""))), base, "{chart}");
    }
    // With additional namespaces, as the original's manifest lets read every namespace.
    let original = rules(&objects(&template(&original_chart(), "additionalNamespaces: [a]")));
    assert_eq!(rules(&objects(&Source::Kustomize("overlays/as-upstream").render(""))), original);
    assert_ne!(original, base);
}

/// What the program may, in the cluster and for its keys, in an order that does not matter. The right to read the key
/// without a label, by its name, is the charts' alone; names of namespaces are, too.
fn rules(objects: &[Value]) -> Vec<String> {
    let roles = objects.iter().filter(|object| {
        let is_of_keys = object["metadata"]["name"].as_str().is_some_and(|name| name.ends_with("-key-admin"));
        kind(object) == "ClusterRole" || kind(object) == "Role" && is_of_keys
    });
    let mut all = Vec::new();
    for role in roles {
        for mut rule in role["rules"].as_array().expect("a list").clone() {
            let names = rule.as_object_mut().expect("an object").remove("resourceNames");
            if rule["resources"] == json!(["secrets"]) && names.is_some() {
                continue;
            }
            rule["verbs"].as_array_mut().expect("a list").sort_by_key(Value::to_string);
            all.push(format!("{} {rule}", kind(role)));
        }
    }
    all.sort();
    all
}

#[test]
fn p_03_doors_are_closed_and_the_proxy_is_nobodys() {
    for (source, values) in [(Source::Kustomize("overlays/unsealer"), ""), (Source::Chart("bulla"), "")] {
        let objects = objects(&source.render(values));
        let policies = of_kind(&objects, "NetworkPolicy");
        let spec = &policies[0]["spec"];
        assert_eq!(spec["policyTypes"], json!(["Ingress", "Egress"]), "{source:?}");
        for direction in ["ingress", "egress"] {
            let rules = spec[direction].as_array().expect("a list");
            let closed = |rule: &Value| {
                let peers = rule.get("from").or(rule.get("to")).and_then(Value::as_array);
                peers.is_some_and(|peers| !peers.is_empty()) && rule["ports"].is_array()
            };
            assert!(rules.len() == 2 && rules.iter().all(closed), "{source:?}: {rules:?}");
        }
        assert!(!spec.to_string().contains("0.0.0.0/0"));
        let proxied = |binding: &&Value| binding.to_string().contains("service-proxier");
        assert_eq!(of_kind(&objects, "RoleBinding").into_iter().find(proxied), None, "{source:?}");
        assert!(!Value::Array(objects).to_string().contains("system:authenticated"), "{source:?}");
    }
}

#[test]
fn p_04_crds_stay_and_the_image_has_no_shell() {
    for (name, objects) in shipped() {
        let crds = of_kind(&objects, "CustomResourceDefinition");
        assert_eq!(crds.len(), 1, "{name}");
        let policy = &crds[0]["metadata"]["annotations"]["helm.sh/resource-policy"];
        assert_eq!(policy, "keep", "{name}");
    }
    let dockerfile = std::fs::read_to_string(deploy("Dockerfile")).expect("it is there");
    let images: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert_eq!(images, ["gcr.io/distroless/cc-debian12:nonroot"]);
    assert!(!dockerfile.contains("RUN ") && dockerfile.contains("USER 1001:1001"));
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap_or_default()
}

#[test]
fn p_03_the_readme_narrows_the_policy_to_the_api_server() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink(deploy(""), sandbox.path("deploy")).expect("a link in a fresh directory");
    let readme = String::from_utf8(sandbox.read("deploy/README.md")).expect("text");
    let example = readme.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```")).expect("one");
    sandbox.write("kustomization.yaml", example.0);
    let rendered = sandbox.run(&Tool::kubernetes("kubectl"), &["kustomize", "."]).success().out();
    let objects = objects(&rendered);
    let spec = &of_kind(&objects, "NetworkPolicy")[0]["spec"];
    let server = json!([{"ipBlock": {"cidr": "203.0.113.7/32"}}]);
    assert_eq!((&spec["ingress"][0]["from"], &spec["egress"][0]["to"]), (&server, &server));
    assert!(!rendered.contains("10.0.0.0/8") && !rendered.contains("192.168.0.0/16"), "{rendered}");
}
