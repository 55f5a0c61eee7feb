//! What became of the files, as lines for people and as JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bulla_core::one_line;
use serde_json::{Value, json};

use super::{Outcome, Told};
use crate::app::App;
use crate::command::updatekeys::{Diff, warn_of_removed_keys};
use crate::error::{Exit, Failure, cause};
use crate::request::Report;

/// Reports what became of each file. Fails where one of them failed.
pub(super) fn report(
    app: &App<'_>,
    told: &Told<'_>,
    files: &[PathBuf],
    outcomes: Vec<Outcome>,
) -> Result<(), Failure> {
    let verb = told.verb;
    let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let done = count(|outcome| matches!(outcome, Outcome::Done(_)));
    let same = count(|outcome| matches!(outcome, Outcome::UpToDate));
    let removes = |outcome: &Outcome| matches!(outcome, Outcome::Done(Some(diff)) if diff.removes_keys());
    let removed = outcomes.iter().any(removes);
    let print = |text: String| {
        app.ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, cause(&error)))
    };
    if told.report == Report::Text {
        for (path, outcome) in files.iter().zip(&outcomes) {
            match outcome {
                Outcome::Done(Some(diff)) => print(listed(verb, path, Some(diff)))?,
                Outcome::Done(None) | Outcome::UpToDate => {}
                Outcome::Failed(message) => app.ui.say(&format!("{}: {message}", shown(path))),
                Outcome::NotReached => app.ui.say(&format!("{}: not reached", shown(path))),
                Outcome::Pending(diff) => print(listed(&format!("would {verb}"), path, diff.as_ref()))?,
            }
        }
        if !told.dry_run || same > 0 {
            let same = if same > 0 { format!(", {same} up to date") } else { String::new() };
            app.ui.say(&format!("{verb}: {done} of {} files done, {failed} failed{same}", files.len()));
        }
    } else {
        let entries: Vec<_> =
            files.iter().zip(&outcomes).filter_map(|(path, outcome)| entry(path, outcome)).collect();
        print(format!("{:#}\n", json!({ "command": verb, "dry_run": told.dry_run, "files": entries })))?;
    }
    if removed {
        warn_of_removed_keys(app);
    }
    if failed > 0 { Err(Failure::own(1, "")) } else { Ok(()) }
}

/// The name of a file, in one line (`security.md` O-04).
fn shown(path: &Path) -> String {
    one_line(path.as_os_str().as_encoded_bytes())
}

/// The file, and below it what changes in it.
fn listed(what: &str, path: &Path, diff: Option<&Diff>) -> String {
    let mut text = format!("{what} {}\n", shown(path));
    for line in diff.map(Diff::lines).unwrap_or_default() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// A file that stays as it is has none.
fn entry(path: &Path, outcome: &Outcome) -> Option<Value> {
    let path = path.to_string_lossy();
    let with = |status: &str, diff: &Option<Diff>| match diff {
        Some(diff) => json!({ "path": path, "status": status, "changes": diff.json() }),
        None => json!({ "path": path, "status": status }),
    };
    Some(match outcome {
        Outcome::Done(diff) => with("done", diff),
        Outcome::Failed(message) => json!({ "path": path, "status": "failed", "error": message }),
        Outcome::NotReached => with("pending", &None),
        Outcome::Pending(diff) => with("pending", diff),
        Outcome::UpToDate => return None,
    })
}
