//! `verify`: are the files encrypted that the rules say must be, as the rules
//! say? For continuous integration: needs no key, shows no secret.

mod report;

pub(crate) use report::{sarif_example, schema};

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use bulla_core::one_line;
use bulla_sops::group::RecoverError;
use bulla_sops::rules::CreationRule;
use bulla_sops::{
    CryptError, DecryptOptions, EncryptedFile, Indent, MetadataError, Place, Plain, ReadError, Selection,
    WalkError, keys,
};

use super::many::{Content, content, has_rule, pick, work};
use super::updatekeys::threshold_of;
use crate::app::{App, format_of};
use crate::error::{Failure, cause};
use crate::file;
use crate::request::{Report, Verify};

/// What kind of thing is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    EmptyValue,
    KeysDiffer,
    MacBroken,
    MacMissing,
    NoKey,
    NotEncrypted,
    PlainValue,
    ThresholdDiffers,
    Unparsable,
    Unreadable,
}

/// What a finding of a rule means for the whole check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Weight {
    /// It passes.
    Note,
    /// It fails.
    Fails,
    /// It could not be made.
    Unchecked,
}

/// One rule: its name, what follows from a finding, and what it says.
struct Row(Rule, &'static str, Weight, &'static str);

const RULES: &[Row] = {
    use Weight::{Fails, Unchecked};
    &[
        Row(
            Rule::EmptyValue,
            "empty-value",
            Fails,
            "A value is empty, so it is not encrypted, and one that was blanked looks the same",
        ),
        Row(Rule::KeysDiffer, "keys-differ", Fails, "The master keys are not those of the creation rule"),
        Row(Rule::MacBroken, "mac-broken", Fails, "The file does not decrypt, or its MAC does not fit"),
        Row(Rule::MacMissing, "mac-missing", Fails, "The file has no MAC"),
        Row(Rule::NoKey, "no-key", Unchecked, "No key gave the data key, so the MAC was not checked"),
        Row(
            Rule::NotEncrypted,
            "not-encrypted",
            Fails,
            "A creation rule is for the file, and it is not encrypted",
        ),
        Row(Rule::PlainValue, "plain-value", Fails, "A value is readable that must be encrypted"),
        Row(
            Rule::ThresholdDiffers,
            "threshold-differs",
            Fails,
            "The threshold is not that of the creation rule",
        ),
        Row(Rule::Unparsable, "unparsable", Fails, "The file is not in the format that its name says"),
        Row(
            Rule::Unreadable,
            "unreadable",
            Unchecked,
            "The file or its creation rule could not be read, so it was not checked",
        ),
    ]
};

impl Rule {
    fn row(self) -> &'static Row {
        // Every rule has its row, which a test checks.
        RULES.iter().find(|row| row.0 == self).unwrap_or(&RULES[0])
    }
}

struct Finding {
    path: PathBuf,
    /// Where it is known, from 1.
    line: Option<usize>,
    rule: Rule,
    weight: Weight,
    message: String,
}

/// What was found in one file.
struct Findings<'p> {
    path: &'p Path,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, rule: Rule, line: Option<usize>, message: impl Into<String>) {
        self.weigh(rule, rule.row().2, line, message.into());
    }

    fn weigh(&mut self, rule: Rule, weight: Weight, line: Option<usize>, message: String) {
        self.list.push(Finding { path: self.path.to_owned(), line, rule, weight, message });
    }
}

/// Runs the command: exit 0 clean, 1 findings, 2 could not check.
pub(super) fn run(app: &App<'_>, request: &Verify) -> Result<(), Failure> {
    let files =
        pick(app, &request.paths, &|path| Ok(has_rule(app, path)? || content(app, path) != Content::Plain))?;
    // Nothing is written, so a signal may end the process.
    let never = AtomicBool::new(false);
    let findings = work(app, &files, &never, &|path| {
        let mut findings = Findings { path, list: Vec::new() };
        check(app, request, &mut findings);
        findings.list
    });
    let findings: Vec<Finding> = findings.into_iter().flatten().flatten().collect();
    let text = match request.report {
        Report::Text => report::text(&files, &findings),
        Report::Json => format!("{:#}\n", report::json(&files, &findings)),
        Report::Sarif => format!("{:#}\n", report::sarif(&findings, app.context.environment.directory())),
    };
    app.ui.data(text.as_bytes()).map_err(|error| Failure::own(2, cause(&error)))?;
    match findings.iter().map(|finding| finding.weight).max() {
        None | Some(Weight::Note) => Ok(()),
        Some(Weight::Fails) => Err(Failure::own(1, "")),
        Some(Weight::Unchecked) => Err(Failure::own(2, "")),
    }
}

fn check(app: &App<'_>, request: &Verify, findings: &mut Findings<'_>) {
    let path = findings.path;
    let bytes = match file::read(path, app.limits.file_size) {
        Ok(bytes) => bytes,
        Err(error) => return findings.add(Rule::Unreadable, None, error.to_string()),
    };
    let format = format_of("", path);
    // An encrypted binary file is JSON.
    let is_json = format.name() != "binary" || bytes.trim_ascii_start().starts_with(b"{");
    let file = match EncryptedFile::parse(&bytes, format, &app.limits) {
        Ok(file) => file,
        Err(error) if !is_json || matches!(error, ReadError::Metadata(MetadataError::Missing)) => {
            return findings.add(Rule::NotEncrypted, None, "the file is not encrypted");
        }
        Err(error) => return findings.add(Rule::Unparsable, None, error.to_string()),
    };
    if file.metadata.mac.is_empty() {
        findings.add(Rule::MacMissing, file.metadata_line(), "the file has no MAC");
    }
    let rule_of = || -> Result<_, Failure> {
        let Some(loaded) = app.configuration().find(app, path)? else { return Ok(None) };
        Ok(loaded.rule_if_any(path)?.cloned())
    };
    let mut empty = Vec::new();
    match rule_of() {
        Ok(rule) => {
            empty = check_values(&file, rule.as_ref(), findings);
            if let Some(rule) = &rule {
                compare_with_rule(rule, &file, findings);
            }
        }
        Err(failure) => findings.add(Rule::Unreadable, None, failure.message),
    }
    if request.with_keys {
        check_mac(app, file, &mut empty, findings);
    }
    for place in empty {
        let weight = if request.allow_empty { Weight::Note } else { Rule::EmptyValue.row().2 };
        findings.weigh(Rule::EmptyValue, weight, place.line, empty_text(&place));
    }
}

/// Adds what is readable, and returns what is empty.
fn check_values(
    file: &EncryptedFile<'_>,
    rule: Option<&CreationRule>,
    findings: &mut Findings<'_>,
) -> Vec<Place> {
    let plain = plain_values(file, rule).unwrap_or_else(|error| {
        findings.add(Rule::Unparsable, None, error.to_string());
        Plain::default()
    });
    for place in plain.readable {
        let text = format!("the value at {} is not encrypted", place.path);
        findings.add(Rule::PlainValue, place.line, text);
    }
    plain.empty
}

fn empty_text(place: &Place) -> String {
    format!(
        "the value at {} is empty, as one that was blanked would be; --with-keys asks the MAC, --allow-empty accepts both",
        place.path
    )
}

/// Removes from `empty` what the MAC shows to have been empty when the file
/// was encrypted (as far as it can, `docs/security.md` C-04).
fn check_mac(app: &App<'_>, file: EncryptedFile<'_>, empty: &mut Vec<Place>, findings: &mut Findings<'_>) {
    let line = file.metadata_line();
    let data_key = match app.recover(&file.metadata) {
        Ok(Ok(data_key)) => data_key,
        Ok(Err(error)) => return findings.add(Rule::NoKey, line, no_key(&error)),
        Err(failure) => return findings.add(Rule::NoKey, line, failure.message),
    };
    // A MAC of the encrypted values only says nothing of those that the
    // creation rule alone would encrypt.
    let covered = file.metadata.mac_only_encrypted.then(|| file.plain_values(&file.metadata.selection));
    let options = DecryptOptions { values_only: true, ..DecryptOptions::default() };
    match file.decrypt(&data_key, options, &Indent::default()) {
        Ok(_) => empty.retain(|place| {
            let covered =
                covered.as_ref().map(|plain| plain.as_ref().is_ok_and(|it| it.empty.contains(place)));
            !covered.unwrap_or(true)
        }),
        Err(error) => {
            // Values name their place themselves.
            let line = line.filter(|_| matches!(error, CryptError::Mac(_)));
            findings.add(Rule::MacBroken, line, error.to_string());
        }
    }
}

/// Why there is no data key, in one line: the reason of the first key stands
/// for all.
fn no_key(error: &RecoverError) -> String {
    let RecoverError::Keys { groups, .. } = error else { return error.to_string() };
    let first = groups.iter().flat_map(|group| &group.failures).next();
    let first = first.and_then(|(key, reasons)| Some(format!("{key}: {}", reasons.first()?)));
    let first = first.map_or_else(String::new, |text| format!(", such as {}", one_line(text.as_bytes())));
    format!("no key at hand gives the data key{first}")
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
fn compare_with_rule(rule: &CreationRule, file: &EncryptedFile<'_>, findings: &mut Findings<'_>) {
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
    let cure = "`bulla updatekeys` changes that";
    if wanted != found {
        let text = format!("the master keys are not those of the creation rule; {cure}");
        findings.add(Rule::KeysDiffer, file.metadata_line(), text);
    }
    let (found, wanted) = (file.metadata.shamir_threshold, threshold_of(rule, wanted.len()));
    if wanted != found {
        let text = format!("the Shamir threshold is {found}, the rule says {wanted}; {cure}");
        findings.add(Rule::ThresholdDiffers, file.metadata_line(), text);
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
