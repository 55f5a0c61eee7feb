//! The forms of the findings: lines for people, JSON, SARIF 2.1.0. None shows
//! a value of a file.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use bulla_core::one_line;
use serde_json::{Value, json};

use super::{Finding, RULES, Row, Weight};
use crate::percent;

fn level(weight: Weight) -> &'static str {
    if weight == Weight::Note { "note" } else { "error" }
}

pub(super) fn text(files: &[PathBuf], findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let row = finding.rule.row();
        let (path, message) = (one_line(finding.path.as_os_str().as_encoded_bytes()), &finding.message);
        let line = finding.line.map_or_else(String::new, |line| format!("{line}:"));
        let _ = writeln!(out, "{path}:{line} {}: {message} [{}]", level(finding.weight), row.1);
    }
    let errors = findings.iter().filter(|finding| finding.weight > Weight::Note).count();
    let plural = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let _ = writeln!(out, "{} checked, {}", plural(files.len(), "file"), plural(errors, "finding"));
    out
}

pub(super) fn json(files: &[PathBuf], findings: &[Finding]) -> Value {
    let entries: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let mut entry = json!({
                "path": finding.path.to_string_lossy(),
                "rule": finding.rule.row().1,
                "level": level(finding.weight),
                "message": finding.message,
            });
            if let Some(line) = finding.line {
                entry["line"] = line.into();
            }
            entry
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
                        "level": { "enum": ["error", "note"], "description": "a note, which an empty value is with --allow-empty, does not fail the check" },
                        "line": { "type": "integer", "minimum": 1, "description": "where it is known" },
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
                "defaultConfiguration": { "level": level(row.2) },
            })
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let row = finding.rule.row();
            let mut location = json!({ "artifactLocation": { "uri": uri(&finding.path, directory) } });
            if let Some(line) = finding.line {
                location["region"] = json!({ "startLine": line });
            }
            json!({
                "ruleId": row.1,
                "ruleIndex": RULES.iter().position(|other| other.1 == row.1),
                "level": level(finding.weight),
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

/// What [`sarif`] makes of one finding of each rule, every other one with a
/// line.
pub(crate) fn sarif_example() -> Value {
    let finding = |(number, row): (usize, &Row)| Finding {
        path: format!("/repo/secrets/{}.yaml", row.1).into(),
        line: (number % 2 == 0).then_some(number + 1),
        rule: row.0,
        weight: row.2,
        message: "what was found".to_owned(),
    };
    let findings: Vec<Finding> = RULES.iter().enumerate().map(finding).collect();
    sarif(&findings, Path::new("/repo"))
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
        out.push_str(&percent::encoded(name.as_encoded_bytes(), b"-._~"));
    }
    out
}

#[cfg(test)]
mod tests {
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
}
