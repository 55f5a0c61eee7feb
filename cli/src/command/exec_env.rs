//! `exec-env`: run a program with a file's values in its environment.

use std::ffi::OsString;

use bulla_core::{SecretBytes, shortest_float};
use bulla_sops::{Item, Key, Value};

use crate::app::{App, Opening, format_of};
use crate::error::{Exit, Failure};
use crate::process::exec::{Program, is_variable_name, selects_code};
use crate::request::ExecEnv;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &ExecEnv) -> Result<(), Failure> {
    let name = app.absolute(&request.path);
    let (indent, _) = app.indent(&name)?;
    app.decryption_order()?;
    let opened = app.take(Some(&request.path), &crate::request::Sink::Stdout)?;
    let (file, _) = app.open(&opened.bytes, format_of("", &name), Opening::default(), &indent)?;
    let mut secrets = Vec::new();
    for item in file.branches().first().map_or(&[][..], Vec::as_slice) {
        if let Some(variable) = variable(app, item, file.metadata().mac_only_encrypted)? {
            secrets.push(variable);
        }
    }
    drop(file);
    drop(opened);
    let program = Program {
        command: &request.command,
        background: request.background,
        pristine: request.pristine,
        same_process: request.same_process,
        user: &request.user,
    };
    program.run_with_environment(&secrets, &app.context.environment)
}

/// Turns an item of the first document into a variable; comments are none.
fn variable(
    app: &App<'_>,
    item: &Item<'_>,
    mac_only_encrypted: bool,
) -> Result<Option<(OsString, SecretBytes)>, Failure> {
    let refuse = |text: String| Err(Failure::new(Exit::Generic, text));
    let name = match &item.key {
        Key::Comment(_) => return Ok(None),
        Key::Other(kind) => return refuse(format!("cannot use non-string keys in environment, got {kind}")),
        Key::Text(name) => String::from_utf8_lossy(name).into_owned(),
    };
    let shown = name.escape_debug().to_string();
    let Some(value) = scalar(&item.node.value) else {
        return refuse(format!("cannot use complex value in environment; offending key {shown}"));
    };
    if name.contains('=') {
        return refuse(format!("cannot use keys with '=' in environment: {shown}"));
    }
    if !is_variable_name(&name) {
        app.ui.warn(&format!("{shown} is no name that a shell takes as a variable; it is left out"));
        return Ok(None);
    }
    // Whoever can write to such a file can change what is not encrypted.
    if mac_only_encrypted && !item.node.changed && selects_code(&name) {
        return refuse(format!(
            "{shown} decides what code runs, but is neither encrypted nor covered by the MAC"
        ));
    }
    if value.expose().contains(&0) {
        return refuse(format!("the value of {shown} contains a NUL byte"));
    }
    Ok(Some((name.into(), value)))
}

/// Writes a scalar as sops puts it into variables; `None` for a map or list.
fn scalar(value: &Value<'_>) -> Option<SecretBytes> {
    let text = match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Comment(comment) => String::from_utf8_lossy(&comment.text).into_owned(),
        Value::Float(number) => float(*number),
        Value::Int(number) => number.to_string(),
        Value::List(_) | Value::Map(_) => return None,
        Value::Null => "<nil>".to_owned(),
        Value::Text(text) => return Some(SecretBytes::new(text.to_vec())),
        Value::Time(time) => time.to_rfc3339_nano(),
        Value::Unsigned(number) => number.to_string(),
    };
    Some(SecretBytes::new(text.into_bytes()))
}

/// Go's `%G` with a mark that it is a float.
fn float(number: f64) -> String {
    let text = shortest_float(number, 'E', EXPONENT_FROM);
    if number.is_finite() && !text.contains(['.', 'E']) { format!("{text}.0") } else { text }
}

/// Decimal exponent from which Go writes an exponent.
const EXPONENT_FROM: i32 = 21;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_sops_writes_them() {
        for (number, text) in [
            (1.0, "1.0"),
            (1.5, "1.5"),
            (100_000.0, "100000.0"),
            (1e-5, "1E-05"),
            (-0.0, "-0.0"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float(number), text);
        }
    }
}
