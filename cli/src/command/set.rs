//! `set`: put one value into a file.

use std::path::Path;

use bulla_sops::path;
use bulla_sops::{EditError, Step, Value};

use super::rotate::require_rule;
use crate::app::{App, Opening, encrypting, format_of, writing};
use crate::error::{Exit, Failure};
use crate::file::{self, FileError, Target};
use crate::request::{Input, Set, ValueSource};

/// How often a change is tried anew when somebody else wrote to the file.
pub(super) const ATTEMPTS: usize = 5;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Set) -> Result<(), Failure> {
    let name = app.judged_name(&request.input);
    if request.needs_rule {
        require_rule(app, &name)?;
    }
    app.indent(&name)?;
    let steps =
        path::parse(&request.index).map_err(|_| Failure::new(Exit::SetFormat, "Invalid set index format"))?;
    let value = value(app, &request.value)?;
    app.decryption_order()?;
    let opening = Opening { ignore_mac: request.ignore_mac, values_only: true };
    change(app, &request.input, &mut |target| {
        let (indent, asked) = app.indent(&name)?;
        let formats = &request.input.formats;
        let (file, data_key) =
            app.open(target.content(), format_of(&formats.input, &name), opening, &indent)?;
        if request.idempotent && is_there(&file, &steps, &value) {
            return Ok(None);
        }
        let encryption = app.encryption(file.metadata(), &data_key);
        let layouting = app.layouting(indent, asked, &formats.output);
        let changed = bulla_sops::set(file, &steps, value.clone(), layouting, &encryption);
        changed.map(Some).map_err(|error| changing(&error))
    })
}

/// Makes the new text of a file, or nothing where there is nothing to write.
pub(super) type Change<'c> = &'c mut dyn FnMut(&Target) -> Result<Option<Vec<u8>>, Failure>;

/// Reads, changes and replaces a file while nobody else of ours does.
pub(super) fn change(app: &App<'_>, input: &Input, edit: Change<'_>) -> Result<(), Failure> {
    let path = input.path.as_deref().unwrap_or(Path::new(""));
    let read = |error: FileError| Failure::new(Exit::Read, format!("Error reading file: {error}"));
    let path = app.absolute(path);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut target = Target::open_locked(&path).map_err(read)?;
        target.read(app.limits.file_size).map_err(read)?;
        target.check_directory().map_err(|error| writing(&error))?;
        let Some(text) = edit(&target)? else {
            app.ui.info("File not written due to no change");
            return Ok(());
        };
        match target.replace(&text, &*app.context.random) {
            Ok(replaced) => {
                app.report(replaced);
                return Ok(());
            }
            Err(FileError::Changed(_)) if attempt < ATTEMPTS => {}
            Err(error) => return Err(writing(&error)),
        }
    }
}

/// Says why a change failed.
pub(super) fn changing(error: &EditError) -> Failure {
    match error {
        EditError::Encrypt(error) => encrypting(error),
        EditError::Format(error) => Failure::new(Exit::Dump, format!("Could not marshal tree: {error}")),
        EditError::Path(_) => Failure::new(Exit::SetFormat, error.to_string()),
        error => Failure::new(Exit::Generic, error.to_string()),
    }
}

fn is_there(file: &bulla_sops::DecryptedFile<'_>, steps: &[Step], value: &Value<'_>) -> bool {
    let found = file.branches().first().and_then(|branch| path::get(branch, steps).ok());
    found.is_some_and(|found| found == value)
}

fn value(app: &App<'_>, source: &ValueSource) -> Result<Value<'static>, Failure> {
    let limit = app.limits.file_size;
    let failed = |error: FileError| Failure::new(Exit::Generic, error.to_string());
    let bytes = match source {
        ValueSource::Argument(text) => text.clone().into_bytes(),
        ValueSource::File(path) => file::read(path, limit).map_err(failed)?,
        ValueSource::Stdin => file::read_stdin(limit).map_err(failed)?,
    };
    let text = String::from_utf8(bytes).map_err(|_| no_json())?;
    bulla_sops::json_value(&text, &app.limits).map_err(|_| no_json())
}

fn no_json() -> Failure {
    Failure::new(Exit::SetFormat, "Value for --set is not valid JSON")
        .hint("a text needs quotes of its own: '\"text\"'")
}
