//! The forms of the findings: lines for people, JSON, SARIF 2.1.0. None shows
//! a value of a file.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::{Finding, RULES, Row};

fn level(row: &Row) -> &'static str {
    if row.2 { "error" } else { "note" }
}

pub(super) fn text(files: &[PathBuf], findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let row = finding.rule.row();
        let (path, message) = (finding.path.display(), &finding.message);
        let _ = writeln!(out, "{path}: {}: {message} [{}]", level(row), row.1);
    }
    let errors = findings.iter().filter(|finding| finding.rule.row().2).count();
    let plural = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let _ = writeln!(out, "{} checked, {}", plural(files.len(), "file"), plural(errors, "finding"));
    out
}

pub(super) fn json(files: &[PathBuf], findings: &[Finding]) -> Value {
    let entries: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let row = finding.rule.row();
            json!({
                "path": finding.path.to_string_lossy(),
                "rule": row.1,
                "level": level(row),
                "message": finding.message,
            })
        })
        .collect();
    json!({ "files": files.len(), "findings": entries })
}

/// The JSON schema of [`json`].
pub(crate) fn schema() -> Value {
    let names: Vec<&str> = RULES.iter().map(|row| row.1).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bulla verify --output json",
        "type": "object",
        "required": ["files", "findings"],
        "additionalProperties": false,
        "properties": {
            "files": { "type": "integer", "minimum": 0, "description": "how many files were checked" },
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["path", "rule", "level", "message"],
                    "additionalProperties": false,
                    "properties": {
                        "path": { "type": "string", "description": "absolute path of the file" },
                        "rule": { "enum": names },
                        "level": { "enum": ["error", "note"], "description": "a note does not fail the check" },
                        "message": { "type": "string" },
                    },
                },
            },
        },
    })
}

/// SARIF 2.1.0, as code scanning reads it: paths relative to `directory`.
pub(super) fn sarif(findings: &[Finding], directory: &Path) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|row| {
            json!({
                "id": row.1,
                "shortDescription": { "text": row.3 },
                "defaultConfiguration": { "level": level(row) },
            })
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let row = finding.rule.row();
            let location = json!({ "artifactLocation": { "uri": uri(&finding.path, directory) } });
            json!({
                "ruleId": row.1,
                "ruleIndex": RULES.iter().position(|other| other.1 == row.1),
                "level": level(row),
                "message": { "text": finding.message },
                "locations": [{ "physicalLocation": location }],
            })
        })
        .collect();
    let driver = json!({ "name": "bulla verify", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "results": results }],
    })
}

/// A path as a URI reference (RFC 3986): relative below `directory`, a file
/// URI elsewhere.
fn uri(path: &Path, directory: &Path) -> String {
    let (prefix, path) = match path.strip_prefix(directory) {
        Ok(relative) => ("", relative),
        Err(_) => ("file://", path),
    };
    let mut out = prefix.to_owned();
    for component in path.components() {
        let Component::Normal(name) = component else { continue };
        if out.len() > prefix.len() || !prefix.is_empty() {
            out.push('/');
        }
        for byte in name.as_encoded_bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
                out.push(char::from(*byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Rule;
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        let directory = Path::new("/repo");
        for (path, expected) in [
            ("/repo/a/b.yaml", "a/b.yaml"),
            ("/repo/a b/\u{e9}:%.yaml", "a%20b/%C3%A9%3A%25.yaml"),
            ("/other/c.yaml", "file:///other/c.yaml"),
        ] {
            assert_eq!(uri(Path::new(path), directory), expected);
        }
    }

    /// What the standard requires of every object that is written here.
    #[test]
    fn the_findings_are_sarif_2_1_0() {
        let finding = |rule| Finding { path: "/repo/x.yaml".into(), rule, message: "m".to_owned() };
        let findings: Vec<_> = RULES.iter().map(|row| finding(row.0)).collect();
        let log = sarif(&findings, Path::new("/repo"));
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert!(run["tool"]["driver"]["name"].is_string());
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), RULES.len());
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            assert!(result["message"]["text"].is_string());
            let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            assert_eq!(location["uri"], "x.yaml");
        }
        assert!(sarif(&[], Path::new("/"))["runs"][0]["results"].as_array().unwrap().is_empty());
        assert!(!Rule::EmptyValue.row().2);
    }
}
