//! `verify`: are the files encrypted that the rules say must be, as the rules
//! say? For continuous integration: needs no key, shows no secret.

mod report;

pub(crate) use report::schema;

use std::path::{Path, PathBuf};

use bulla_sops::rules::CreationRule;
use bulla_sops::{
    DecryptOptions, EncryptedFile, Indent, MetadataError, Plain, ReadError, Selection, WalkError, keys,
};

use super::many::{has_rule, is_encrypted, pick};
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
    Unparsable,
    Unreadable,
}

/// One rule: its name, whether it fails the check, and what it says.
struct Row(Rule, &'static str, bool, &'static str);

const RULES: &[Row] = &[
    Row(Rule::EmptyValue, "empty-value", false, "A value is empty: the format never encrypts those"),
    Row(Rule::KeysDiffer, "keys-differ", true, "The master keys are not those of the creation rule"),
    Row(Rule::MacBroken, "mac-broken", true, "The file does not decrypt, or its MAC does not fit"),
    Row(Rule::MacMissing, "mac-missing", true, "The file has no MAC"),
    Row(
        Rule::NotEncrypted,
        "not-encrypted",
        true,
        "A creation rule is for the file, and it is not encrypted",
    ),
    Row(Rule::PlainValue, "plain-value", true, "A value is readable that must be encrypted"),
    Row(Rule::ThresholdDiffers, "threshold-differs", true, "The threshold is not that of the creation rule"),
    Row(Rule::Unparsable, "unparsable", true, "The file is not in the format that its name says"),
    Row(Rule::Unreadable, "unreadable", true, "The file could not be read, so it was not checked"),
];

impl Rule {
    fn row(self) -> &'static Row {
        // Every rule has its row, which a test checks.
        RULES.iter().find(|row| row.0 == self).unwrap_or(&RULES[0])
    }
}

struct Finding {
    path: PathBuf,
    rule: Rule,
    message: String,
}

/// Runs the command: exit 0 clean, 1 findings, 2 could not check.
pub(super) fn run(app: &App<'_>, request: &Verify) -> Result<(), Failure> {
    let files = pick(app, &request.paths, &|path| {
        Ok(has_rule(app, path)? || is_encrypted(app, path).unwrap_or(true))
    })?;
    let mut findings = Vec::new();
    for path in &files {
        check(app, path, request.with_keys, &mut findings)?;
    }
    let text = match request.report {
        Report::Text => report::text(&files, &findings),
        Report::Json => format!("{:#}\n", report::json(&files, &findings)),
        Report::Sarif => format!("{:#}\n", report::sarif(&findings, app.context.environment.directory())),
    };
    app.ui.data(text.as_bytes()).map_err(|error| Failure::own(2, cause(&error)))?;
    if findings.iter().any(|finding| finding.rule == Rule::Unreadable) {
        return Err(Failure::own(2, ""));
    }
    let fails = findings.iter().any(|finding| finding.rule.row().2);
    if fails { Err(Failure::own(1, "")) } else { Ok(()) }
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
            find(Rule::Unparsable, error.to_string());
            return Ok(());
        }
    };
    if file.metadata.mac.is_empty() {
        find(Rule::MacMissing, "the file has no MAC".to_owned());
    }
    let loaded = app.configuration().find(app, path).map_err(unusable)?;
    let rule = match &loaded {
        Some(loaded) => loaded.rule_if_any(path).map_err(unusable)?,
        None => None,
    };
    match plain_values(&file, rule) {
        Ok(plain) => {
            for place in plain.readable {
                find(Rule::PlainValue, format!("the value at {place} is not encrypted"));
            }
            for place in plain.empty {
                find(Rule::EmptyValue, format!("the value at {place} is empty, and so never encrypted"));
            }
        }
        Err(error) => find(Rule::Unparsable, error.to_string()),
    }
    if let Some(rule) = rule {
        compare_with_rule(rule, &file, &mut find);
    }
    if with_keys {
        let opened = app.data_key(&file.metadata).and_then(|data_key| {
            let options = DecryptOptions { values_only: true, ..DecryptOptions::default() };
            let decrypted = file.decrypt(&data_key, options, &Indent::default());
            decrypted.map(|_| ()).map_err(|error| Failure::new(Exit::Mac, error.to_string()))
        });
        if let Err(failure) = opened {
            find(Rule::MacBroken, failure.message.lines().next().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

fn unusable(failure: Failure) -> Failure {
    Failure::own(2, failure.message)
}

/// What the file's own selection rule encrypts must be encrypted, and what
/// the creation rule selects, where it says so.
fn plain_values(file: &EncryptedFile<'_>, rule: Option<&CreationRule>) -> Result<Plain, WalkError> {
    let mut plain = file.plain_values(&file.metadata.selection)?;
    let asked = rule.and_then(|rule| rule.selection.as_ref()).filter(|_| file.format.name() != "binary");
    if let Some((rule, text)) = asked {
        let asked = file.plain_values(&Selection::of_file(*rule, text))?;
        plain.readable.extend(asked.readable);
        plain.empty.extend(asked.empty);
        for list in [&mut plain.readable, &mut plain.empty] {
            list.sort();
            list.dedup();
        }
    }
    Ok(plain)
}

/// Recipients and threshold must be those of the creation rule.
fn compare_with_rule(rule: &CreationRule, file: &EncryptedFile<'_>, find: &mut dyn FnMut(Rule, String)) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_row() {
        for row in RULES {
            assert_eq!(row.0.row().1, row.1);
        }
        assert_eq!(RULES.len(), Rule::Unreadable as usize + 1);
    }
}
