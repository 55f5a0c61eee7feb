//! `updatekeys`: give files the master keys of their creation rule. The data
//! key stays the same.

use std::fmt::Write as _;
use std::path::Path;

use bulla_core::MasterKey;
use bulla_sops::{Metadata, keys};

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
pub(super) fn update(app: &App<'_>, path: &Path, request: &UpdateKeys) -> Result<(), Failure> {
    let progress = |text: &str| {
        if !request.quiet {
            progress(app, text);
        }
    };
    let name = app.absolute(path);
    let metadata = name.metadata().map_err(|error| {
        Failure::new(Exit::Generic, format!("stat {}: {}", name.display(), cause(&error)))
    })?;
    if metadata.is_dir() {
        return Err(Failure::new(Exit::Generic, "can't operate on a directory"));
    }
    app.indent(&name)?;
    let format = format_of(&request.input_type, &name);
    progress(&format!("Syncing keys for file {}", name.display()));
    let read = |error| Failure::new(Exit::Read, format!("Error reading file: {error}"));
    let mut target = Target::open(&name).map_err(read)?;
    let source = target.read(app.limits.file_size).map_err(read)?.to_vec();
    let file = app.parse(&source, format)?;
    let (wanted, config) = wanted_groups(app, &name)?;
    let threshold = file.metadata.shamir_threshold.min(wanted.len() as u32);
    let diff = Diff::new(&file.metadata, &wanted);
    if !diff.changes_keys && threshold == file.metadata.shamir_threshold {
        progress(&format!("File {} already up to date", name.display()));
        return Ok(());
    }
    let mut text = "The following changes will be made to the file's groups:\n".to_owned();
    threshold_text(&mut text, file.metadata.shamir_threshold, threshold);
    text.push_str(&diff.text);
    if !request.quiet {
        print(app, &text)?;
    }
    if !request.yes && !confirmed(app)? {
        progress(&format!("File {} left unchanged", name.display()));
        return Ok(());
    }
    target.check_directory().map_err(|error| writing(&error))?;
    let data_key = app.data_key(&file.metadata)?;
    let text = with_groups(app, &source, format, &file.metadata, &wanted, threshold, &data_key)
        .map_err(|failure| failure.hint(format!("the keys come from {}", config.display())))?;
    let replaced = target.replace(&text, &*app.context.random).map_err(|error| writing(&error))?;
    app.report(replaced);
    progress(&format!("File {} synced with new keys", name.display()));
    if diff.removes_keys {
        app.ui.warn(
            "The data key stays the same: whoever could read the file before still can, until `rotate`",
        );
    }
    Ok(())
}

fn wanted_groups(app: &App<'_>, name: &Path) -> Result<(Vec<Vec<MasterKey>>, std::path::PathBuf), Failure> {
    let loaded = app
        .configuration()
        .find(app, name)?
        .ok_or_else(|| Failure::new(Exit::Generic, "config file not found"))?;
    let rule = loaded.creation_rule(name)?.ok_or_else(|| {
        let text = format!("The config file {} does not contain any creation rule", loaded.path.display());
        Failure::new(Exit::Generic, text)
    })?;
    Ok((rule.key_groups(&std::collections::BTreeMap::new()), loaded.path.clone()))
}

/// What would change, group by group: as sets of identities, in the order of
/// the rule.
struct Diff {
    text: String,
    changes_keys: bool,
    removes_keys: bool,
}

impl Diff {
    fn new(metadata: &Metadata, wanted: &[Vec<MasterKey>]) -> Self {
        let mut diff = Self { text: String::new(), changes_keys: false, removes_keys: false };
        let groups = metadata.groups.len().max(wanted.len());
        for number in 0..groups {
            let before: Vec<String> = metadata
                .groups
                .get(number)
                .map(|group| group.iter().map(|wrapped| keys::identity(&wrapped.key)).collect())
                .unwrap_or_default();
            let after: Vec<String> = wanted
                .get(number)
                .map(|group| group.iter().map(keys::identity).collect())
                .unwrap_or_default();
            diff.group(number, &before, &after);
        }
        diff
    }

    fn group(&mut self, number: usize, before: &[String], after: &[String]) {
        let _ = writeln!(self.text, "Group {}", number + 1);
        for key in after.iter().filter(|key| before.contains(key)) {
            let _ = writeln!(self.text, "    {key}");
        }
        for key in after.iter().filter(|key| !before.contains(key)) {
            self.changes_keys = true;
            let _ = writeln!(self.text, "+++ {key}");
        }
        for key in before.iter().filter(|key| !after.contains(key)) {
            self.changes_keys = true;
            self.removes_keys = true;
            let _ = writeln!(self.text, "--- {key}");
        }
    }
}

fn threshold_text(text: &mut String, before: u32, after: u32) {
    if before > 0 && before == after {
        let _ = writeln!(text, "shamir_threshold: {after}");
        return;
    }
    if after > 0 {
        let _ = writeln!(text, "+++ shamir_threshold: {after}");
    }
    if before > 0 {
        let _ = writeln!(text, "--- shamir_threshold: {before}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_print_as_in_sops() {
        for (before, after, expected) in [
            (2, 2, "shamir_threshold: 2\n"),
            (3, 2, "+++ shamir_threshold: 2\n--- shamir_threshold: 3\n"),
            (0, 2, "+++ shamir_threshold: 2\n"),
            (0, 0, ""),
        ] {
            let mut text = String::new();
            threshold_text(&mut text, before, after);
            assert_eq!(text, expected);
        }
    }
}
