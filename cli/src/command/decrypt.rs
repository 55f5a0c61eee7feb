//! `decrypt`: print a file's plaintext, or a part of it.

use bulla_sops::path::{self, PathError};
use bulla_sops::{DecryptedFile, Format, FormatError, Indent, Step, Value, into_owned};

use crate::app::{App, Opening, format_of};
use crate::error::{Exit, Failure};
use crate::request::Decrypt;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Decrypt) -> Result<(), Failure> {
    if let Some(path) = &request.input.path {
        app.check_exists(path)?;
    }
    let name = app.judged_name(&request.input);
    let (indent, asked) = app.indent(&name)?;
    let formats = &request.input.formats;
    let input = format_of(&formats.input, &name);
    let output = format_of(&formats.output, &name);
    app.decryption_order()?;
    let extract = extract_path(&request.extract)?;
    let path = request.input.path.as_ref().map(|path| app.absolute(path));
    let opened = app.take(path.as_deref(), &request.sink)?;
    let opening = Opening { ignore_mac: request.ignore_mac, values_only: !extract.is_empty() };
    let (file, _) = app.open(&opened.bytes, input, opening, &indent)?;
    let text = match extract.as_slice() {
        [] => plaintext(app, &file, output, &indent, asked || !formats.output.is_empty())?,
        path => part(&file, path, output, &indent)?,
    };
    app.put(&text, opened.target)
}

/// Returns the plaintext in the format `output`: the file's own layout unless
/// another one is asked for.
pub(super) fn plaintext(
    app: &App<'_>,
    file: &DecryptedFile<'_>,
    output: &'static dyn Format,
    indent: &Indent,
    asked: bool,
) -> Result<Vec<u8>, Failure> {
    // A binary file is one value, which has no layout.
    let text = if asked || output.name() != file.format().name() || output.name() == "binary" {
        output.emit(file.branches(), None, indent)
    } else {
        file.text(indent, &app.limits)
    };
    text.map_err(|error| dumping(&error, output))
}

fn dumping(error: &FormatError, output: &'static dyn Format) -> Failure {
    let failure = Failure::new(Exit::Dump, format!("Error dumping file: {error}"));
    if output.name() == "binary" {
        return failure.hint("this is probably no encrypted binary file: choose a format with --output-type");
    }
    failure
}

fn extract_path(text: &str) -> Result<Vec<Step>, Failure> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    path::parse(text)
        .map_err(|error| Failure::new(Exit::ExtractPath, format!("error parsing --extract path: {error}")))
}

/// A string comes as it is, a map as a document, anything else in the
/// format's form for values.
fn part(
    file: &DecryptedFile<'_>,
    path: &[Step],
    output: &'static dyn Format,
    indent: &Indent,
) -> Result<Vec<u8>, Failure> {
    let missing = |error: PathError| Failure::new(Exit::Generic, format!("error truncating tree: {error}"));
    let (first, others) = file
        .branches()
        .split_first()
        .ok_or_else(|| missing(PathError::KeyNotFound("the file has no document".to_owned())))?;
    match path::get(first, path).map_err(missing)? {
        Value::Text(text) => Ok(text.to_vec()),
        Value::Map(items) => {
            // The documents behind the first one are printed as well.
            let branches = core::iter::once(items.clone()).chain(others.iter().cloned()).collect();
            output.emit(&into_owned(branches), None, indent).map_err(|error| dumping(&error, output))
        }
        value => output
            .emit_value(value, indent)
            .map_err(|error| Failure::new(Exit::Dump, format!("Error dumping tree: {error}"))),
    }
}
