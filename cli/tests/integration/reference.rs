//! The committed reference pages, and the forms they promise.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::Sandbox;

const WRITE: &str = "BULLA_REFERENCE_WRITE";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference")
}

/// All files below `folder`, relative to it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
#[allow(clippy::disallowed_methods, reason = "pages of the repository are written anew")]
fn the_committed_reference_is_what_the_program_says() {
    let pages = bulla::reference::pages();
    if std::env::vars().any(|(name, _)| name == WRITE) {
        let _ = std::fs::remove_dir_all(folder());
        for page in &pages {
            let path = folder().join(&page.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &page.text).unwrap();
        }
    }
    for page in &pages {
        let committed = std::fs::read_to_string(folder().join(&page.path)).unwrap_or_default();
        assert!(committed == page.text, "{} differs: run `cargo xtask gen` and look at the diff", page.path);
    }
    let named: BTreeSet<String> = pages.into_iter().map(|page| page.path).collect();
    let mut found = files(&folder());
    // Written and compared by a test of the controller.
    found.remove("help/bulla-controller.txt");
    assert_eq!(found, named, "pages without a source");
}

/// As much of JSON Schema as the schema of `verify` uses.
fn validate(value: &Value, schema: &Value, place: &str) {
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{place}: {value} is not in {allowed:?}");
    }
    match schema["type"].as_str() {
        Some("integer") => assert!(value.is_u64(), "{place}: {value}"),
        Some("string") => assert!(value.is_string(), "{place}: {value}"),
        Some("array") => {
            for (number, element) in value.as_array().expect(place).iter().enumerate() {
                validate(element, &schema["items"], &format!("{place}[{number}]"));
            }
        }
        Some("object") => {
            let object = value.as_object().expect(place);
            for name in schema["required"].as_array().unwrap() {
                assert!(object.contains_key(name.as_str().unwrap()), "{place}: {name} is missing");
            }
            for (name, value) in object {
                let below = &schema["properties"][name];
                assert!(!below.is_null(), "{place}: {name} is not in the schema");
                validate(value, below, &format!("{place}.{name}"));
            }
        }
        _ => assert!(schema["enum"].is_array(), "{place}: the schema says nothing"),
    }
}

#[test]
fn the_findings_of_verify_have_the_form_of_their_schema() {
    let pages = bulla::reference::pages();
    let page = pages.iter().find(|page| page.path == "verify.schema.json").unwrap();
    let schema: Value = serde_json::from_str(&page.text).unwrap();
    let sandbox = Sandbox::new();
    let outcome = sandbox.bulla(&["verify", "--output", "json", "plain.yaml", "enc.yaml", "broken.yaml"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert!(report["findings"].as_array().unwrap().len() >= 2, "{report}");
    validate(&report, &schema, "report");
}
