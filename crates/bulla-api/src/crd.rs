//! The CustomResourceDefinition of `SealedSecret` (`sealed-secrets.md` 2): it
//! accepts, refuses and prunes what the original's does. `cargo xtask gen`
//! writes it to `deploy/crds`.

use crate::sealed_secret::{API_VERSION, KIND};
use crate::tree::Tree;

/// The CustomResourceDefinition of [`crate::SealedSecret`].
pub fn sealed_secret_crd() -> Tree {
    let (group, version) = API_VERSION.split_once('/').unwrap_or_default();
    let names = map([
        ("kind", Tree::text(KIND)),
        ("listKind", Tree::text("SealedSecretList")),
        ("plural", Tree::text("sealedsecrets")),
        ("singular", Tree::text("sealedsecret")),
    ]);
    let version = map([
        ("name", Tree::text(version)),
        ("served", Tree::Bool(true)),
        ("storage", Tree::Bool(true)),
        ("subresources", map([("status", map([]))])),
        // Argo CD and people look at the first condition.
        (
            "additionalPrinterColumns",
            Tree::List(vec![
                column("Status", "string", ".status.conditions[0].message"),
                column("Synced", "string", ".status.conditions[0].status"),
                column("Age", "date", ".metadata.creationTimestamp"),
            ]),
        ),
        ("schema", map([("openAPIV3Schema", root())])),
    ]);
    let annotations = map([("helm.sh/resource-policy", Tree::text("keep"))]);
    map([
        ("apiVersion", Tree::text("apiextensions.k8s.io/v1")),
        ("kind", Tree::text("CustomResourceDefinition")),
        (
            "metadata",
            map([("name", Tree::text(format!("sealedsecrets.{group}"))), ("annotations", annotations)]),
        ),
        (
            "spec",
            map([
                ("group", Tree::text(group)),
                ("names", names),
                ("scope", Tree::text("Namespaced")),
                ("versions", Tree::List(vec![version])),
            ]),
        ),
    ])
}

fn root() -> Tree {
    let properties = [
        ("apiVersion", text("Version of the form of this object.")),
        ("kind", text("Kind of this object.")),
        ("metadata", map([("type", Tree::text("object"))])),
        ("spec", spec()),
        ("status", status()),
    ];
    let about = "A Secret whose values only the controller of one cluster can read. Safe to be public.";
    with(object(about, properties), [required(&["spec"])])
}

fn spec() -> Tree {
    let values = texts("Values sealed one by one, in base64.");
    let properties = [
        ("data", with(text("Deprecated: a whole Secret, sealed."), [("format", Tree::text("byte"))])),
        ("encryptedData", with(values, [UNKNOWN_STAYS])),
        ("template", template()),
    ];
    with(object("What is sealed, and what becomes of it.", properties), [required(&["encryptedData"])])
}

fn template() -> Tree {
    let finalizers = map([("type", Tree::text("array")), ("items", map([("type", Tree::text("string"))]))]);
    let metadata = [
        ("annotations", texts("Annotations of the Secret.")),
        ("finalizers", finalizers),
        ("labels", texts("Labels of the Secret.")),
        ("name", text("Not used: the Secret is named as this object.")),
        ("namespace", text("Not used: the Secret lies beside this object.")),
    ];
    let metadata = object("Metadata of the Secret.", metadata);
    let data = texts("Further values: Go templates over the unsealed ones.");
    let properties = [
        ("data", with(data, [NULLABLE])),
        ("immutable", typed("boolean", "Makes the Secret immutable.")),
        ("metadata", with(metadata, [NULLABLE, UNKNOWN_STAYS])),
        ("type", text("Type of the Secret; Opaque where it is absent.")),
    ];
    object("The Secret that is made, but for the sealed values.", properties)
}

fn status() -> Tree {
    let time = |about| with(text(about), [("format", Tree::text("date-time"))]);
    let condition = [
        ("lastTransitionTime", time("When the status of the condition changed.")),
        ("lastUpdateTime", time("When the condition was written.")),
        ("message", text("What went wrong.")),
        ("reason", text("A word for machines.")),
        ("status", text("True, False or Unknown.")),
        ("type", text("Synced: whether the Secret is what this object says.")),
    ];
    let condition = with(object("One observation.", condition), [required(&["status", "type"])]);
    let conditions = map([("type", Tree::text("array")), ("items", condition)]);
    let generation = typed("integer", "The generation that the conditions are about.");
    let properties = [
        ("conditions", conditions),
        ("observedGeneration", with(generation, [("format", Tree::text("int64"))])),
    ];
    object("What the controller made of it.", properties)
}

const NULLABLE: (&str, Tree) = ("nullable", Tree::Bool(true));
const UNKNOWN_STAYS: (&str, Tree) = ("x-kubernetes-preserve-unknown-fields", Tree::Bool(true));

fn required(names: &[&str]) -> (&'static str, Tree) {
    ("required", Tree::List(names.iter().map(|name| Tree::text(*name)).collect()))
}

fn object<const N: usize>(about: &str, properties: [(&str, Tree); N]) -> Tree {
    with(typed("object", about), [("properties", map(properties))])
}

fn texts(about: &str) -> Tree {
    with(typed("object", about), [("additionalProperties", map([("type", Tree::text("string"))]))])
}

fn text(about: &str) -> Tree {
    typed("string", about)
}

fn typed(name: &str, about: &str) -> Tree {
    map([("type", Tree::text(name)), ("description", Tree::text(about))])
}

fn column(name: &str, kind: &str, path: &str) -> Tree {
    map([("name", Tree::text(name)), ("type", Tree::text(kind)), ("jsonPath", Tree::text(path))])
}

fn map<const N: usize>(pairs: [(&str, Tree); N]) -> Tree {
    with(Tree::Map(Vec::new()), pairs)
}

fn with<const N: usize>(tree: Tree, more: [(&str, Tree); N]) -> Tree {
    let Tree::Map(mut pairs) = tree else { return tree };
    pairs.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Tree::Map(pairs)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{SealedSecret, SealedSecretStatus, yaml};

    const WRITE: &str = "BULLA_REFERENCE_WRITE";

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the manifest of the repository is written anew")]
    fn the_committed_manifest_is_this_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/crds/sealedsecrets.yaml");
        let manifest = yaml(&sealed_secret_crd());
        if std::env::vars().any(|(name, _)| name == WRITE) {
            std::fs::write(&path, &manifest).unwrap();
        }
        let committed = std::fs::read(&path).unwrap_or_default();
        assert!(committed == manifest, "{} differs: run `cargo xtask gen`", path.display());
    }

    fn field<'t>(tree: &'t Tree, name: &str) -> Option<&'t Tree> {
        let Tree::Map(pairs) = tree else { return None };
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Panics where `value` has a field that the schema would prune.
    fn fits(value: &Tree, schema: &Tree, place: &str) {
        match value {
            Tree::List(items) => {
                for item in items {
                    fits(item, field(schema, "items").unwrap(), place);
                }
            }
            Tree::Map(pairs) => {
                let Some(properties) = field(schema, "properties") else {
                    assert!(field(schema, "additionalProperties").is_some(), "{place} is not open");
                    return;
                };
                for (name, value) in pairs {
                    let place = format!("{place}.{name}");
                    let known = field(properties, name).unwrap_or_else(|| panic!("{place} is not there"));
                    fits(value, known, &place);
                }
            }
            _ => assert!(field(schema, "type").is_some(), "{place} has no type"),
        }
    }

    #[test]
    fn every_field_that_our_types_write_is_in_the_schema() {
        let sealed = "metadata: {name: a}\nspec:\n  data: Zm9v\n  encryptedData: {a: Zm9v}\n  template:\n    \
                      data: {b: c}\n    immutable: true\n    type: Opaque\n    metadata: {name: a, namespace: b, \
                      labels: {c: d}, annotations: {e: f}, finalizers: [g/h]}\n";
        let sealed = SealedSecret::from_text(sealed.as_bytes()).unwrap().tree();
        fits(field(&sealed, "spec").unwrap(), &spec(), "spec");
        let condition = serde_json::json!({"type": "Synced", "status": "True", "reason": "r", "message": "m",
            "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let written = serde_json::json!({"observedGeneration": 2, "conditions": [condition]});
        let written = SealedSecretStatus::from_value(Some(&written)).tree();
        fits(&written, &status(), "status");
    }
}
