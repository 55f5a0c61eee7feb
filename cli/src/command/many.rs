//! One action on many files and directories: picked by rule and content, in
//! parallel, each file on its own (`security.md` L-07, R-04).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bulla_sops::EncryptedFile;
use ignore::WalkBuilder;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{decrypt, encrypt, rotate, updatekeys};
use crate::app::{App, format_of};
use crate::error::{Exit, Failure, cause};
use crate::file::{self, FileError};
use crate::request::{Action, Decrypt, Encrypt, Input, Many, Report, Rotate, Sink, UpdateKeys};

/// What became of one file.
enum Outcome {
    Done,
    Failed(String),
    Pending,
}

/// Runs the command: one file's failure does not stop the rest.
pub(super) fn run(app: &App<'_>, request: &Many) -> Result<(), Failure> {
    let files = pick(app, &request.paths, &|path| fits(app, path, &request.action))?;
    if request.dry_run {
        let outcomes: Vec<Outcome> = files.iter().map(|_| Outcome::Pending).collect();
        return report(app, request, &files, &outcomes);
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let registered = signal_hook::flag::register(signal, Arc::clone(&stop));
        registered.map_err(|error| Failure::new(Exit::Generic, cause(&error)))?;
    }
    let outcomes = work(app, &files, request, &stop);
    report(app, request, &files, &outcomes)?;
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::new(Exit::Generic, "stopped by a signal; every file is either old or new"));
    }
    Ok(())
}

/// As many workers as there are processors take file after file.
fn work(app: &App<'_>, files: &[PathBuf], request: &Many, stop: &AtomicBool) -> Vec<Outcome> {
    let outcomes: Mutex<Vec<Outcome>> = Mutex::new(files.iter().map(|_| Outcome::Pending).collect());
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len().max(1));
    let bar = progress_bar(app, files.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else { break };
                    let outcome = match one(app, path, &request.action) {
                        Ok(()) => Outcome::Done,
                        Err(failure) => Outcome::Failed(failure.message),
                    };
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = outcome;
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn one(app: &App<'_>, path: &Path, action: &Action) -> Result<(), Failure> {
    let input = Input { path: Some(path.to_owned()), ..Input::default() };
    let sink = Sink::InPlace;
    match action {
        Action::Decrypt { ignore_mac } => {
            let extract = String::new();
            decrypt::run(app, &Decrypt { input, sink, extract, ignore_mac: *ignore_mac })
        }
        Action::Encrypt(new_file) => {
            encrypt::run(app, &Encrypt { input, sink, new_file: (**new_file).clone() })
        }
        Action::Rotate { add, remove, aws } => {
            let (add, remove, aws) = ((**add).clone(), (**remove).clone(), aws.clone());
            rotate::run(app, &Rotate { input, sink, add, remove, aws, ignore_mac: false, needs_rule: false })
        }
        Action::UpdateKeys => {
            let request = UpdateKeys { yes: true, quiet: true, ..UpdateKeys::default() };
            updatekeys::update(app, path, &request)
        }
    }
}

/// Returns true where a file found in a directory is meant.
fn fits(app: &App<'_>, path: &Path, action: &Action) -> Result<bool, Failure> {
    // What cannot be looked into is meant, so that its failure is reported.
    Ok(match action {
        Action::Encrypt(_) => has_rule(app, path)? && !is_encrypted(app, path).unwrap_or(false),
        Action::Decrypt { .. } | Action::Rotate { .. } => is_encrypted(app, path).unwrap_or(true),
        Action::UpdateKeys => has_rule(app, path)? && is_encrypted(app, path).unwrap_or(true),
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

/// Returns true where the file holds metadata of sops, and nothing where it
/// cannot be read.
pub(super) fn is_encrypted(app: &App<'_>, path: &Path) -> Option<bool> {
    let bytes = match file::read(path, app.limits.file_size) {
        Ok(bytes) => bytes,
        Err(FileError::TooLarge { .. }) => return Some(false),
        Err(_) => return None,
    };
    // Every format spells the word; most files do not.
    let names_sops = bytes.windows(4).any(|window| window == b"sops");
    Some(names_sops && EncryptedFile::parse(&bytes, format_of("", path), &app.limits).is_ok())
}

/// Lists the files that are meant: those that were named, and those below
/// named directories that `fits` picks. Ignored files, links and `.git` are
/// left alone.
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
    files.dedup();
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

fn report(app: &App<'_>, request: &Many, files: &[PathBuf], outcomes: &[Outcome]) -> Result<(), Failure> {
    let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed(_))).count();
    let done = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done)).count();
    let verb = match request.action {
        Action::Decrypt { .. } => "decrypt",
        Action::Encrypt(_) => "encrypt",
        Action::Rotate { .. } => "rotate",
        Action::UpdateKeys => "updatekeys",
    };
    let print = |text: String| {
        app.ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, cause(&error)))
    };
    if request.report == Report::Text {
        for (path, outcome) in files.iter().zip(outcomes) {
            match outcome {
                Outcome::Done => {}
                Outcome::Failed(message) => app.ui.say(&format!("{}: {message}", path.display())),
                Outcome::Pending if request.dry_run => print(format!("would {verb} {}\n", path.display()))?,
                Outcome::Pending => app.ui.say(&format!("{}: not reached", path.display())),
            }
        }
        if !request.dry_run {
            app.ui.say(&format!("{verb}: {done} of {} files done, {failed} failed", files.len()));
        }
    } else {
        let entries: Vec<_> = files
            .iter()
            .zip(outcomes)
            .map(|(path, outcome)| match outcome {
                Outcome::Done => json!({ "path": path.to_string_lossy(), "status": "done" }),
                Outcome::Failed(message) => {
                    json!({ "path": path.to_string_lossy(), "status": "failed", "error": message })
                }
                Outcome::Pending => json!({ "path": path.to_string_lossy(), "status": "pending" }),
            })
            .collect();
        print(format!("{:#}\n", json!({ "command": verb, "dry_run": request.dry_run, "files": entries })))?;
    }
    if failed > 0 { Err(Failure::own(1, "")) } else { Ok(()) }
}
