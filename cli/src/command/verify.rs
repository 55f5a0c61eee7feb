//! `verify`: are the files encrypted that the rules say must be, as the rules
//! say? For continuous integration: needs no key, shows no secret.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bulla_sops::{EncryptedFile, Indent, MetadataError, ReadError, keys};
use serde_json::{Value, json};

use super::many::{has_rule, pick};
use crate::app::{App, format_of};
use crate::error::{Exit, Failure, cause};
use crate::file;
use crate::request::{Report, Verify};

/// What kind of thing is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    EmptyValue,
    KeysDiffer,
    MacBroken,
    MacMissing,
    NotEncrypted,
    PlainValue,
    ThresholdDiffers,
    Unreadable,
}

/// Every rule, its name, and whether it fails the check.
const RULES: &[(Rule, &str, bool)] = &[
    (Rule::EmptyValue, "empty-value", false),
    (Rule::KeysDiffer, "keys-differ", true),
    (Rule::MacBroken, "mac-broken", true),
    (Rule::MacMissing, "mac-missing", true),
    (Rule::NotEncrypted, "not-encrypted", true),
    (Rule::PlainValue, "plain-value", true),
    (Rule::ThresholdDiffers, "threshold-differs", true),
    (Rule::Unreadable, "unreadable", true),
];

impl Rule {
    fn row(self) -> (&'static str, bool) {
        RULES.iter().find(|(rule, ..)| *rule == self).map_or(("", true), |(_, name, fails)| (name, *fails))
    }
}

struct Finding {
    path: PathBuf,
    rule: Rule,
    message: String,
}

/// Runs the command: exit 0 clean, 1 findings, 2 could not check.
pub(super) fn run(app: &App<'_>, request: &Verify) -> Result<(), Failure> {
    let files = pick(app, &request.paths, &|path| has_rule(app, path) || looks_encrypted(app, path))?;
    let mut findings = Vec::new();
    for path in &files {
        check(app, path, request.with_keys, &mut findings)?;
    }
    let text = match request.report {
        Report::Text => text(&files, &findings),
        Report::Json => format!("{:#}\n", json_of(&files, &findings)),
        Report::Sarif => format!("{:#}\n", sarif(&findings)),
    };
    app.ui.data(text.as_bytes()).map_err(|error| Failure::own(2, cause(&error)))?;
    let fails = findings.iter().any(|finding| finding.rule.row().1);
    if fails { Err(Failure::own(1, "")) } else { Ok(()) }
}

fn looks_encrypted(app: &App<'_>, path: &Path) -> bool {
    file::read(path, app.limits.file_size).is_ok_and(|bytes| {
        bytes.windows(4).any(|window| window == b"sops")
            && EncryptedFile::parse(&bytes, format_of("", path), &app.limits).is_ok()
    })
}

fn check(app: &App<'_>, path: &Path, with_keys: bool, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let mut find = |rule, message: String| {
        findings.push(Finding { path: path.to_owned(), rule, message });
    };
    let bytes = match file::read(path, app.limits.file_size) {
        Ok(bytes) => bytes,
        Err(error) => {
            find(Rule::Unreadable, error.to_string());
            return Ok(());
        }
    };
    let file = match EncryptedFile::parse(&bytes, format_of("", path), &app.limits) {
        Ok(file) => file,
        Err(ReadError::Metadata(MetadataError::Missing)) => {
            find(Rule::NotEncrypted, "the file is not encrypted".to_owned());
            return Ok(());
        }
        Err(error) => {
            find(Rule::Unreadable, error.to_string());
            return Ok(());
        }
    };
    if file.metadata.mac.is_empty() {
        find(Rule::MacMissing, "the file has no MAC".to_owned());
    }
    match file.plain_values() {
        Ok(plain) => {
            for place in plain.readable {
                find(Rule::PlainValue, format!("the value at {place} is not encrypted"));
            }
            for place in plain.empty {
                find(Rule::EmptyValue, format!("the value at {place} is empty, and so never encrypted"));
            }
        }
        Err(error) => find(Rule::Unreadable, error.to_string()),
    }
    compare_with_rule(app, path, &file, &mut find)?;
    if with_keys {
        let opened = app.data_key(&file.metadata).and_then(|data_key| {
            let options = bulla_sops::DecryptOptions { values_only: true, ..Default::default() };
            let decrypted = file.decrypt(&data_key, options, &Indent::default());
            decrypted.map(|_| ()).map_err(|error| Failure::new(Exit::Mac, error.to_string()))
        });
        if let Err(failure) = opened {
            find(Rule::MacBroken, failure.message.lines().next().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

/// Recipients and threshold must be those of the creation rule.
fn compare_with_rule(
    app: &App<'_>,
    path: &Path,
    file: &EncryptedFile<'_>,
    find: &mut dyn FnMut(Rule, String),
) -> Result<(), Failure> {
    let unusable = |failure: Failure| Failure::own(2, failure.message);
    let Some(loaded) = app.configuration().find(app, path).map_err(unusable)? else { return Ok(()) };
    let Ok(Some(rule)) = loaded.creation_rule(path) else { return Ok(()) };
    let sorted = |mut group: Vec<String>| {
        group.sort();
        group.dedup();
        group
    };
    let wanted: Vec<Vec<String>> = rule
        .key_groups(&std::collections::BTreeMap::new())
        .iter()
        .map(|group| sorted(group.iter().map(keys::identity).collect()))
        .collect();
    let found: Vec<Vec<String>> = file
        .metadata
        .groups
        .iter()
        .map(|group| sorted(group.iter().map(|wrapped| keys::identity(&wrapped.key)).collect()))
        .collect();
    if wanted != found {
        let text = "the master keys are not those of the creation rule; `bulla updatekeys` changes them";
        find(Rule::KeysDiffer, text.to_owned());
    }
    let wanted = match rule.shamir_threshold {
        0 if wanted.len() > 1 => wanted.len() as u32,
        threshold => threshold,
    };
    if wanted != file.metadata.shamir_threshold {
        let text =
            format!("the Shamir threshold is {}, the rule says {wanted}", file.metadata.shamir_threshold);
        find(Rule::ThresholdDiffers, text);
    }
    Ok(())
}

fn text(files: &[PathBuf], findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let (name, fails) = finding.rule.row();
        let level = if fails { "error" } else { "note" };
        let _ = writeln!(out, "{}: {level}: {} [{name}]", finding.path.display(), finding.message);
    }
    let errors = findings.iter().filter(|finding| finding.rule.row().1).count();
    let _ = writeln!(out, "{} files checked, {errors} findings", files.len());
    out
}

fn json_of(files: &[PathBuf], findings: &[Finding]) -> Value {
    let entries: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let (name, fails) = finding.rule.row();
            let level = if fails { "error" } else { "note" };
            json!({ "path": finding.path, "rule": name, "level": level, "message": finding.message })
        })
        .collect();
    json!({ "files": files.len(), "findings": entries })
}

/// SARIF 2.1.0, as code scanning reads it.
fn sarif(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = RULES.iter().map(|(_, name, _)| json!({ "id": name })).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let (name, fails) = finding.rule.row();
            json!({
                "ruleId": name,
                "level": if fails { "error" } else { "note" },
                "message": { "text": finding.message },
                "locations": [{ "physicalLocation": { "artifactLocation": { "uri": finding.path } } }],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "bulla verify", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
        }],
    })
}
