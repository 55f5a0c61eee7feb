//! `updatekeys`: give files the master keys of their creation rule. The data
//! key stays the same.

mod diff;

pub(super) use diff::Diff;

use std::path::{Path, PathBuf};

use bulla_core::MasterKey;
use bulla_sops::rules::CreationRule;
use bulla_sops::{Format, Metadata};

use super::groups::with_groups;
use crate::app::{App, format_of, writing};
use crate::error::{Exit, Failure, cause};
use crate::file::Target;
use crate::request::UpdateKeys;
use crate::ui::Level;

/// Runs the command: all files are tried.
pub(super) fn run(app: &App<'_>, request: &UpdateKeys) -> Result<(), Failure> {
    let first = request.paths.first().map_or_else(|| app.absolute(Path::new(".")), |path| app.absolute(path));
    if app.configuration().path_of(app, &first).is_none() {
        return Err(Failure::new(Exit::Generic, "config file not found"));
    }
    if let [path] = request.paths.as_slice() {
        return update(app, path, request);
    }
    if request.paths.is_empty() {
        return Err(Failure::new(Exit::NoFile, "Error: no file specified"));
    }
    let mut failed = 0;
    for path in &request.paths {
        if let Err(failure) = update(app, path, request) {
            failed += 1;
            app.ui.log("CMD", Level::Error, &failure.message, &[]);
        }
    }
    if failed > 0 {
        return Err(Failure::new(Exit::Generic, format!("failed updating {failed} key(s)")));
    }
    Ok(())
}

/// Updates one file.
fn update(app: &App<'_>, path: &Path, request: &UpdateKeys) -> Result<(), Failure> {
    let name = app.absolute(path);
    let metadata = name.metadata().map_err(|error| {
        Failure::new(Exit::Generic, format!("stat {}: {}", name.display(), cause(&error)))
    })?;
    if metadata.is_dir() {
        return Err(Failure::new(Exit::Generic, "can't operate on a directory"));
    }
    app.indent(&name)?;
    progress(app, &format!("Syncing keys for file {}", name.display()));
    let update = plan(app, &name, &request.input_type, Threshold::OfFile)?;
    if update.diff.is_empty() {
        progress(app, &format!("File {} already up to date", name.display()));
        return Ok(());
    }
    let text = format!("The following changes will be made to the file's groups:\n{}", update.diff.text());
    print(app, &text)?;
    if !request.yes && !confirmed(app)? {
        progress(app, &format!("File {} left unchanged", name.display()));
        return Ok(());
    }
    let diff = update.apply(app)?;
    progress(app, &format!("File {} synced with new keys", name.display()));
    if diff.removes_keys() {
        warn_of_removed_keys(app);
    }
    Ok(())
}

/// Says what removing a key does not do.
pub(super) fn warn_of_removed_keys(app: &App<'_>) {
    app.ui.warn("The data key stays the same: whoever could read the file before still can, until `rotate`");
}

/// Whose Shamir threshold a file gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Threshold {
    /// It keeps its own as far as there are groups for it, as in sops.
    OfFile,
    /// That of the creation rule.
    OfRule,
}

/// A file and what its creation rule makes of it.
pub(super) struct Update {
    /// What changes.
    pub(super) diff: Diff,
    target: Target,
    source: Vec<u8>,
    format: &'static dyn Format,
    metadata: Metadata,
    wanted: Vec<Vec<MasterKey>>,
    config: PathBuf,
}

/// Finds out what the creation rule of a file changes in it. Needs no key.
pub(super) fn plan(
    app: &App<'_>,
    name: &Path,
    input_type: &str,
    threshold: Threshold,
) -> Result<Update, Failure> {
    let format = format_of(input_type, name);
    let read = |error| Failure::new(Exit::Read, format!("Error reading file: {error}"));
    let mut target = Target::open(name).map_err(read)?;
    let source = target.read(app.limits.file_size).map_err(read)?.to_vec();
    let metadata = app.parse(&source, format)?.metadata;
    let loaded = app
        .configuration()
        .find(app, name)?
        .ok_or_else(|| Failure::new(Exit::Generic, "config file not found"))?;
    let rule = loaded.creation_rule(name)?.ok_or_else(|| {
        let text = format!("The config file {} does not contain any creation rule", loaded.path.display());
        Failure::new(Exit::Generic, text)
    })?;
    let wanted = rule.key_groups(&std::collections::BTreeMap::new());
    let threshold = match threshold {
        Threshold::OfFile => metadata.shamir_threshold.min(wanted.len() as u32),
        Threshold::OfRule => threshold_of(rule, wanted.len()),
    };
    let diff = Diff::new(&metadata, &wanted, threshold);
    Ok(Update { diff, target, source, format, metadata, wanted, config: loaded.path.clone() })
}

/// The Shamir threshold of a new file with `groups` groups.
pub(super) fn threshold_of(rule: &CreationRule, groups: usize) -> u32 {
    if rule.shamir_threshold == 0 && groups > 1 { groups as u32 } else { rule.shamir_threshold }
}

impl Update {
    /// Writes the file; returns what changed.
    pub(super) fn apply(self, app: &App<'_>) -> Result<Diff, Failure> {
        self.target.check_directory().map_err(|error| writing(&error))?;
        let data_key = app.data_key(&self.metadata)?;
        let threshold = self.diff.threshold.1;
        let text =
            with_groups(app, &self.source, self.format, &self.metadata, &self.wanted, threshold, &data_key)
                .map_err(|failure| failure.hint(format!("the keys come from {}", self.config.display())))?;
        let replaced = self.target.replace(&text, &*app.context.random).map_err(|error| writing(&error))?;
        app.report(replaced);
        Ok(self.diff)
    }
}

fn confirmed(app: &App<'_>) -> Result<bool, Failure> {
    let failed = |text: &str| Failure::new(Exit::Generic, text);
    loop {
        let answer = app.ui.ask("Is this okay? (y/n):").map_err(|error| failed(&cause(&error)))?;
        match answer.as_deref() {
            None => return Err(failed("EOF")),
            Some("") => return Err(failed("unexpected newline")),
            Some("y") => return Ok(true),
            Some("n") => return Ok(false),
            Some(_) => {}
        }
    }
}

/// Lines with the local form of Go's `log` package: here in UTC.
fn progress(app: &App<'_>, text: &str) {
    let now = app.now();
    let (date, time) = now.trim_end_matches('Z').split_once('T').unwrap_or((&now, ""));
    app.ui.say(&format!("{} {time} {text}", date.replace('-', "/")));
}

fn print(app: &App<'_>, text: &str) -> Result<(), Failure> {
    app.ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, cause(&error)))
}
