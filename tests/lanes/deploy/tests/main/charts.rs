//! The chart that takes the place of the original's: with the same values it
//! renders the same objects, but for what [`strip`], [`expected`] and [`EXTRA`] list.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::render::{deploy, objects, original_chart, template};

const VALUES: &str = include_str!("../../values.yaml");

/// Kind, namespace and name.
type Id = (String, String, String);

/// What only our chart renders, by the name of the set of values.
const EXTRA: &[(&str, &[&str])] = &[
    // The original cannot read its own namespace here.
    (
        "without rights in the whole cluster",
        &["Role kube-system unsealer", "RoleBinding kube-system sealed-secrets"],
    ),
    (
        "common labels and annotations on everything",
        &["Role kube-system unsealer", "RoleBinding kube-system sealed-secrets"],
    ),
    (
        "null where namespaces are listed",
        &["Role kube-system secrets-unsealer", "RoleBinding kube-system sealed-secrets"],
    ),
];

#[test]
fn our_chart_renders_what_the_originals_does() {
    let (mut compared, mut elected) = (0, 0);
    for set in VALUES.split("\n---\n") {
        let title = set.lines().rfind(|line| line.starts_with("# ")).expect("a set has a name");
        let title = title.trim_start_matches("# ");
        let ours = rendered(&template(&deploy("helm/sealed-secrets"), set));
        let theirs = expected(rendered(&template(&original_chart(), set)));
        let extra = EXTRA.iter().find(|(name, _)| *name == title).map_or(&[][..], |(_, extra)| extra);
        // The original elects no leader.
        let own = ours.keys().filter(|id| !theirs.contains_key(id) && !id.2.ends_with("-leader-election"));
        let own: Vec<String> = own.map(|(kind, space, name)| format!("{kind} {space} {name}")).collect();
        assert_eq!(own, extra, "{title}: only ours");
        let elections = ours.iter().filter(|(id, _)| id.0 == "Role" && id.2.ends_with("-leader-election"));
        for (id, role) in elections {
            elected += 1;
            let name = id.2.trim_end_matches("-leader-election");
            assert!(
                role["rules"].to_string().contains(&format!("\"resourceNames\":[\"{name}\"]")),
                "{title}: {role}"
            );
        }
        for (id, their) in &theirs {
            let our = ours.get(id).unwrap_or_else(|| panic!("{title}: {id:?} is missing"));
            let [our, their] = [our, their].map(|object| serde_json::to_string_pretty(object).expect("JSON"));
            assert_eq!(our, their, "{title}: {id:?}");
            compared += 1;
        }
    }
    assert!(compared > 200 && elected > 20, "{compared}, {elected}");
}

fn rendered(manifests: &str) -> BTreeMap<Id, Value> {
    let mut all = BTreeMap::new();
    for mut object in objects(manifests) {
        // Compared by the lane `golden`, field by field.
        if object["kind"] == "CustomResourceDefinition" {
            object = json!({"kind": object["kind"], "metadata": {"name": object["metadata"]["name"]}});
        }
        let word = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        let kind = object["kind"].as_str().expect("a kind").to_owned();
        let id = (kind, word("namespace"), word("name"));
        strip(&mut object);
        assert!(all.insert(id.clone(), prune(object)).is_none(), "{id:?} twice");
    }
    all
}

/// What ours has to be where the original's is otherwise: its own numbers where the user names none, its own Lease, and
/// the common labels and annotations on the Roles and bindings where the original forgets them.
fn expected(mut theirs: BTreeMap<Id, Value>) -> BTreeMap<Id, Value> {
    let full = theirs.iter().find(|((kind, _, name), _)| kind == "Role" && name.ends_with("-key-admin"));
    let full = full.map(|(_, role)| role["metadata"].clone()).unwrap_or_default();
    for ((kind, _, name), object) in &mut theirs {
        match kind.as_str() {
            "Role" | "RoleBinding" => {
                for part in ["labels", "annotations"] {
                    for (key, text) in full[part].as_object().into_iter().flatten() {
                        let own = &mut object["metadata"][part][key];
                        if own.is_null() {
                            *own = text.clone();
                        }
                    }
                }
            }
            "Deployment" => {
                let container = &mut object["spec"]["template"]["spec"]["containers"][0];
                if container["resources"].is_null() {
                    container["resources"] = json!({"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "2", "memory": "256Mi"}});
                }
                let flags = container["args"].as_array_mut().expect("a list");
                // The original's own command line, in which this flag always is.
                let is_default = flags.iter().any(|flag| flag.to_string().contains("--key-prefix="));
                if is_default && name != "sealed-secrets-controller" {
                    flags.push(json!(format!("--leader-elect-resource-name={name}")));
                }
                sort(&mut container["args"]);
            }
            _ => {}
        }
    }
    theirs
}

/// Takes away what may differ.
fn strip(object: &mut Value) {
    let metadata = &mut object["metadata"];
    for of_release in ["helm.sh/chart", "app.kubernetes.io/version"] {
        remove(&mut metadata["labels"], of_release);
    }
    match object["kind"].as_str().unwrap_or_default() {
        "Deployment" => strip_pod(&mut object["spec"]["template"]["spec"]["containers"][0]),
        // The program deletes no Secret, unless --old-gc-behavior is among its arguments, and reads kube-system.
        "ClusterRole" | "Role" => {
            let rules = object["rules"].as_array_mut().expect("a list");
            for rule in &mut *rules {
                let [of_secrets, of_namespaces] =
                    ["secrets", "namespaces"].map(|resource| rule["resources"] == json!([resource]));
                let verbs = rule["verbs"].as_array_mut().expect("a list");
                verbs.retain(|verb| !of_secrets || verb != "delete");
                if of_namespaces {
                    let names = rule["resourceNames"].as_array_mut().expect("a list");
                    names.retain(|name| name != "kube-system");
                }
            }
            rules.retain(|rule| rule["resourceNames"] != json!([]));
            sort(&mut object["rules"]);
        }
        // The text of the dashboard, and certificates that are new each time.
        "ConfigMap" | "Secret" if object["data"]["a"].is_null() => {
            for text in object["data"].as_object_mut().expect("a map").values_mut() {
                *text = json!("there");
            }
        }
        // Said, where the original relies on the default; and a rule for each port, which may name peers.
        "NetworkPolicy" => {
            remove(&mut object["spec"], "policyTypes");
            let rules = object["spec"]["ingress"].as_array().expect("a list").iter();
            let each = rules.flat_map(|rule| rule["ports"].as_array().expect("a list"));
            object["spec"]["ingress"] = each.cloned().collect();
        }
        _ => {}
    }
}

fn strip_pod(container: &mut Value) {
    // Of the release, but for what the user set.
    if !container["image"].as_str().is_some_and(|image| image.starts_with("registry.example")) {
        remove(container, "image");
    }
    // For Go's runtime.
    remove(container, "env");
    // Ready is not the same as alive.
    let check = &mut container["readinessProbe"]["httpGet"]["path"];
    if *check == "/readyz" {
        *check = json!("/healthz");
    }
    // Asked for by the profile "restricted".
    remove(&mut container["securityContext"], "allowPrivilegeEscalation");
    remove(&mut container["securityContext"], "seccompProfile");
    // In another order: each flag with its value.
    let arguments = container["args"].as_array().expect("a list").clone();
    let mut flags: Vec<String> = Vec::new();
    for argument in arguments.iter().filter_map(Value::as_str) {
        match flags.last_mut() {
            Some(flag) if !argument.starts_with("--") => *flag = format!("{flag}={argument}"),
            _ => flags.push(argument.to_owned()),
        }
    }
    container["args"] = json!(flags);
    sort(&mut container["args"]);
    sort(&mut container["ports"]);
}

/// Without what says nothing: null, empty texts, lists and maps.
fn prune(value: Value) -> Value {
    let says = |value: &Value| {
        !matches!(value, Value::Null) && *value != json!("") && *value != json!({}) && *value != json!([])
    };
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, prune(value)))
            .filter(|(_, value)| says(value))
            .collect(),
        Value::Array(items) => items.into_iter().map(prune).collect(),
        other => other,
    }
}

fn remove(object: &mut Value, name: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(name);
    }
}

fn sort(list: &mut Value) {
    if let Some(items) = list.as_array_mut() {
        items.sort_by_key(Value::to_string);
    }
}
