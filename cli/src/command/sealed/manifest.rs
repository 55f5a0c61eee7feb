//! Files of manifests: their documents, and edits that leave the rest of the
//! file alone.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use bulla_api::{API_VERSION, KIND, SealedSecret};
use bulla_yaml::Stream;
use bulla_yaml::edit::{self, Splice, Step};
use bulla_yaml::tree::Node;

/// Returns true for a file of YAML or JSON by its name.
pub fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(extension, "yaml" | "yml" | "json")
}

/// Returns true where a text speaks of SealedSecrets.
pub fn speaks_of_sealed(text: &[u8]) -> bool {
    [KIND, API_VERSION].iter().all(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

/// The text of each document; together they are the whole text.
pub fn documents(text: &str) -> Result<Vec<&str>, String> {
    Ok(parse(text)?.documents().iter().map(|document| &text[document.span()]).collect())
}

/// The SealedSecrets of a text, each with the number of its document.
///
/// Fails where the text is no YAML or JSON, and where something that says it is
/// a SealedSecret cannot be read as one.
pub fn sealed_secrets(text: &str) -> Result<Vec<(usize, SealedSecret)>, String> {
    let mut found = Vec::new();
    for (number, document) in documents(text)?.into_iter().enumerate() {
        let value = bulla_api::parse(document.as_bytes()).map_err(|error| error.to_string())?;
        if value.get("kind").and_then(|kind| kind.as_str()) == Some(KIND) {
            let sealed = SealedSecret::from_value(&value).map_err(|error| error.to_string())?;
            found.push((number, sealed));
        }
    }
    Ok(found)
}

/// Sets entries of a map of document `number`, each where it stands, or adds
/// them.
pub fn set_entries(
    mut text: String,
    number: usize,
    path: &[&str],
    entries: &BTreeMap<String, String>,
) -> Result<String, String> {
    for (name, value) in entries {
        let splices = set(&parse(&text)?, number, path, name, value)?;
        text = edit::apply(&text, &splices);
    }
    Ok(text)
}

fn set(
    stream: &Stream<'_>,
    number: usize,
    path: &[&str],
    name: &str,
    value: &str,
) -> Result<Vec<Splice>, String> {
    let steps: Vec<Step<'_>> =
        path.iter().chain(std::iter::once(&name)).map(|part| Step::Key(part)).collect();
    let limits = bulla_yaml::Limits::default();
    edit::set(stream, number, &steps, &Node::text(value), &limits).map_err(|error| error.to_string())
}

fn parse(text: &str) -> Result<Stream<'_>, String> {
    bulla_yaml::parse(text.as_bytes(), &bulla_yaml::Limits::default()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# two objects
apiVersion: v1
kind: ConfigMap
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: app, namespace: x}
spec:
  encryptedData:
    a: AAAA # why
";

    #[test]
    fn objects_are_found_and_changed_where_they_stand() {
        let found = sealed_secrets(FILE).unwrap();
        assert_eq!((found.len(), found[0].0, found[0].1.metadata.name.as_str()), (1, 1, "app"));
        let entries = BTreeMap::from([("a".to_owned(), "BBBB".to_owned())]);
        let changed = set_entries(FILE.to_owned(), 1, &["spec", "encryptedData"], &entries).unwrap();
        assert_eq!(changed, FILE.replace("AAAA", "BBBB"));
    }

    #[test]
    fn json_keeps_its_layout_too() {
        let text = "{\n  \"kind\": \"SealedSecret\",\n  \"spec\": {\"encryptedData\": {\"a\":\"AAAA\"}}\n}\n";
        let entries = BTreeMap::from([("a".to_owned(), "BBBB".to_owned())]);
        let changed = set_entries(text.to_owned(), 0, &["spec", "encryptedData"], &entries).unwrap();
        assert_eq!(changed, text.replace("AAAA", "BBBB"));
    }

    #[test]
    fn what_says_it_is_one_and_is_none_is_an_error() {
        assert!(sealed_secrets("kind: SealedSecret\nspec: 5\n").is_err());
        assert!(sealed_secrets("{{ if .x }}\n").is_err());
        assert_eq!(sealed_secrets("kind: Other\n").unwrap().len(), 0);
    }
}
