//! The licences of everything that a program is linked from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// How names of files with licences begin.
const NAMES: [&str; 5] = ["COPYING", "COPYRIGHT", "LICENCE", "LICENSE", "NOTICE"];

/// All texts, each once, under the names of the packages that come with it. `metadata` is cargo's.
pub(super) fn texts(metadata: &Value, program: &str) -> Result<String, Failure> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let linked = linked(metadata, program);
    let mut titles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages.filter(|package| package["source"].is_string()) {
        if !package["id"].as_str().is_some_and(|id| linked.contains(id)) {
            continue;
        }
        let word = |name: &str| package[name].as_str().unwrap_or_default();
        let title = format!("{} {} ({})", word("name"), word("version"), word("license"));
        let folder = Path::new(word("manifest_path")).parent().unwrap_or(Path::new("."));
        for text in of_folder(folder)? {
            titles.entry(text).or_default().insert(title.clone());
        }
    }
    let mut parts: Vec<(Vec<String>, String)> =
        titles.into_iter().map(|(text, titles)| (titles.into_iter().collect(), text)).collect();
    parts.sort();
    let parts = parts.iter().map(|(titles, text)| format!("{}\n\n{}\n", titles.join("\n"), text.trim_end()));
    Ok(parts.collect::<Vec<_>>().join(&format!("\n{}\n\n", "=".repeat(80))))
}

/// Ids of all packages below a program that are not for building or testing only.
fn linked(metadata: &Value, program: &str) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
    let nodes: BTreeMap<&str, &Value> = nodes.filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let own = packages.filter(|package| package["name"] == program && package["source"].is_null());
    let mut open: Vec<&str> = own.filter_map(|package| package["id"].as_str()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.to_owned()) {
            continue;
        }
        let below = nodes.get(id).and_then(|node| node["deps"].as_array()).into_iter().flatten();
        let normal = |dependency: &&Value| {
            dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null())
        };
        open.extend(below.filter(normal).filter_map(|dependency| dependency["pkg"].as_str()));
    }
    seen
}

fn of_folder(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut texts = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if NAMES.iter().any(|start| name.starts_with(start)) && entry.path().is_file() {
            texts.insert(String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned());
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_text_stands_once_under_all_that_come_with_it() {
        let places =
            [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let package = |number: usize| {
            let folder = places[number].path();
            std::fs::write(folder.join("LICENSE-MIT"), "be free\n").unwrap();
            json!({"id": number.to_string(), "name": format!("p{number}"), "version": "1.0.0", "license": "MIT",
                "source": "registry", "manifest_path": folder.join("Cargo.toml")})
        };
        let own = json!({"id": "own", "name": "bulla", "version": "0.1.0", "source": null});
        let edge = |to: &str, kind: Value| json!({"pkg": to, "dep_kinds": [{"kind": kind}]});
        let nodes = json!([
            {"id": "own", "deps": [edge("0", Value::Null), edge("2", json!("build"))]},
            {"id": "0", "deps": [edge("1", Value::Null)]},
            {"id": "1", "deps": []}, {"id": "2", "deps": []},
        ]);
        let packages = [vec![own], (0..3).map(package).collect()].concat();
        let metadata = json!({"packages": packages, "resolve": {"nodes": nodes}});
        let text = texts(&metadata, "bulla").unwrap();
        assert_eq!(text, "p0 1.0.0 (MIT)\np1 1.0.0 (MIT)\n\nbe free\n");
    }
}
