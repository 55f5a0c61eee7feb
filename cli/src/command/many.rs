//! One action on many files and directories: picked by rule and content, in
//! parallel, each file on its own (`security.md` L-07, R-04).

mod report;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bulla_core::parallel;
use bulla_sops::{EncryptedFile, FormatError, MetadataError, ReadError};
use ignore::WalkBuilder;
use indicatif::{ProgressBar, ProgressStyle};

use super::updatekeys::{self, Diff, Threshold};
use super::{decrypt, encrypt, rotate};
use crate::app::{App, format_of};
use crate::error::{Exit, Failure, cause};
use crate::file::{self, FileError};
use crate::process::helpers;
use crate::request::{Action, Decrypt, Encrypt, Input, Many, Report, Rotate, Sink};

/// How every encrypted value starts.
const ENVELOPE: &[u8] = b"ENC[AES256_GCM,";

/// What became of one file; where its master keys change, how.
pub(super) enum Outcome {
    Done(Option<Diff>),
    Failed(String),
    NotReached,
    Pending(Option<Diff>),
    UpToDate,
}

/// What a report says of the command.
pub(super) struct Told<'a> {
    /// The verb.
    pub(super) verb: &'a str,
    /// Nothing was changed.
    pub(super) dry_run: bool,
    /// The form.
    pub(super) report: Report,
}

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Many) -> Result<(), Failure> {
    let verb = match request.action {
        Action::Decrypt { .. } => "decrypt",
        Action::Encrypt(_) => "encrypt",
        Action::Rotate { .. } => "rotate",
        Action::UpdateKeys => "updatekeys",
    };
    let told = Told { verb, dry_run: request.dry_run, report: request.report };
    each(app, &request.paths, &|path| fits(app, path, &request.action), &told, &|path| {
        one(app, path, request).unwrap_or_else(|failure| Outcome::Failed(failure.message))
    })
}

/// Does `one` with each file that is meant and reports what became of it: one
/// file's failure does not stop the rest.
pub(super) fn each(
    app: &App<'_>,
    paths: &[PathBuf],
    fits: &dyn Fn(&Path) -> Result<bool, Failure>,
    told: &Told<'_>,
    one: &(dyn Fn(&Path) -> Outcome + Sync),
) -> Result<(), Failure> {
    let files = pick(app, paths, fits)?;
    let stop = app.stop_on_signals()?;
    let outcomes = work(app, &files, stop, one);
    let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::NotReached)).collect();
    report::report(app, told, &files, outcomes)?;
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::new(Exit::Generic, "stopped by a signal; every file is either old or new"));
    }
    Ok(())
}

/// All processors work on the files, each on one at a time. Returns what `one`
/// made of each; `None` where `stop` came first.
pub(super) fn work<T: Send>(
    app: &App<'_>,
    files: &[PathBuf],
    stop: &AtomicBool,
    one: &(dyn Fn(&Path) -> T + Sync),
) -> Vec<Option<T>> {
    let bar = progress_bar(app, files.len());
    app.remember_data_keys();
    let work = |path: &PathBuf| {
        let outcome = (!stop.load(Ordering::Relaxed)).then(|| one(path));
        bar.inc(u64::from(outcome.is_some()));
        outcome
    };
    let outcomes = parallel::map(files, 1, helpers(), work, |outcomes| outcomes.collect());
    bar.finish_and_clear();
    outcomes
}

fn one(app: &App<'_>, path: &Path, request: &Many) -> Result<Outcome, Failure> {
    let input = Input { path: Some(path.to_owned()), ..Input::default() };
    let sink = Sink::InPlace;
    match &request.action {
        Action::UpdateKeys => return update_keys(app, path, request.dry_run),
        _ if request.dry_run => return Ok(Outcome::Pending(None)),
        Action::Decrypt { ignore_mac } => {
            let extract = String::new();
            decrypt::run(app, &Decrypt { input, sink, extract, ignore_mac: *ignore_mac })?;
        }
        Action::Encrypt(new_file) => {
            encrypt::run(app, &Encrypt { input, sink, new_file: (**new_file).clone() })?;
        }
        Action::Rotate { add, remove, aws } => {
            let (add, remove, aws) = ((**add).clone(), (**remove).clone(), aws.clone());
            rotate::run(
                app,
                &Rotate { input, sink, add, remove, aws, ignore_mac: false, needs_rule: false },
            )?;
        }
    }
    Ok(Outcome::Done(None))
}

fn update_keys(app: &App<'_>, path: &Path, dry_run: bool) -> Result<Outcome, Failure> {
    let update = updatekeys::plan(app, path, "", Threshold::OfRule)?;
    if update.diff.is_empty() {
        return Ok(Outcome::UpToDate);
    }
    if dry_run {
        return Ok(Outcome::Pending(Some(update.diff)));
    }
    update.apply(app).map(|diff| Outcome::Done(Some(diff)))
}

/// Returns true where a file found in a directory is meant. What is broken or
/// cannot be looked into is meant, so that its failure is reported.
fn fits(app: &App<'_>, path: &Path, action: &Action) -> Result<bool, Failure> {
    Ok(match action {
        Action::Encrypt(_) => has_rule(app, path)? && content(app, path) != Content::Encrypted,
        Action::Decrypt { .. } | Action::Rotate { .. } => content(app, path) != Content::Plain,
        Action::UpdateKeys => has_rule(app, path)? && content(app, path) != Content::Plain,
    })
}

/// Returns true where a creation rule is for the file. Rules that cannot be
/// read are no reason to pass over files in silence.
pub(super) fn has_rule(app: &App<'_>, path: &Path) -> Result<bool, Failure> {
    let could_not_start = |failure: Failure| Failure::own(2, failure.message);
    let loaded = app.configuration().find(app, path).map_err(could_not_start)?;
    let Some(loaded) = loaded else { return Ok(false) };
    Ok(loaded.rule_if_any(path).map_err(could_not_start)?.is_some())
}

/// What a file looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// It was encrypted once and is damaged or too large, or cannot be read.
    Broken,
    /// It holds metadata of sops.
    Encrypted,
    /// Anything else.
    Plain,
}

/// Looks into a file.
pub(super) fn content(app: &App<'_>, path: &Path) -> Content {
    let bytes = match file::read(path, app.limits.file_size) {
        Ok(bytes) => bytes,
        Err(FileError::TooLarge { .. }) if file::holds(path, ENVELOPE).is_ok_and(|holds| !holds) => {
            return Content::Plain;
        }
        Err(_) => return Content::Broken,
    };
    let holds = |word: &[u8]| memchr::memmem::find(&bytes, word).is_some();
    // Every format spells the word; most files do not.
    if !holds(b"sops") {
        return Content::Plain;
    }
    let format = format_of("", path);
    match EncryptedFile::parse(&bytes, format, &app.limits) {
        Ok(_) => Content::Encrypted,
        Err(ReadError::Metadata(MetadataError::Missing)) => Content::Plain,
        Err(ReadError::Metadata(_) | ReadError::Format(FormatError::Metadata(_))) => Content::Broken,
        // A text that quotes an encrypted file is none; an encrypted binary
        // file is JSON.
        Err(_) if format.name() == "binary" && !bytes.trim_ascii_start().starts_with(b"{") => Content::Plain,
        Err(_) => {
            if holds(ENVELOPE) {
                Content::Broken
            } else {
                Content::Plain
            }
        }
    }
}

/// Lists the files that are meant, each once: those that were named, and those
/// below named directories that `fits` picks. Ignored files, links and `.git`
/// are left alone.
pub(super) fn pick(
    app: &App<'_>,
    paths: &[PathBuf],
    fits: &dyn Fn(&Path) -> Result<bool, Failure>,
) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let path = app.absolute(path);
        let metadata = path.metadata().map_err(|error| {
            Failure::own(2, format!("cannot look at {}: {}", path.display(), cause(&error)))
        })?;
        if !metadata.is_dir() {
            files.push(path);
            continue;
        }
        let mut walk = WalkBuilder::new(&path);
        walk.hidden(false).follow_links(false).require_git(false).sort_by_file_name(Ord::cmp);
        walk.filter_entry(|entry| entry.file_name() != ".git");
        for entry in walk.build() {
            let entry = entry.map_err(|error| Failure::own(2, format!("cannot look at {error}")))?;
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let is_ours = entry.file_name() == ".sops.yaml" || file::is_temporary(entry.file_name());
            if is_file && !is_ours && fits(entry.path())? {
                files.push(entry.into_path());
            }
        }
    }
    let mut known = HashSet::new();
    files.retain(|path| known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    Ok(files)
}

fn progress_bar(app: &App<'_>, files: usize) -> ProgressBar {
    if !app.ui.is_watched() || files < 2 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {eta} left");
    if let Ok(style) = style { bar.with_style(style) } else { bar }
}
