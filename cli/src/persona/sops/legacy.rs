//! The flag style without a subcommand: `sops [flags] FILE`.

use std::ffi::OsString;

use super::Invocation;
use super::goflag::Values;
use super::requests::{aws, first, input, keys, new_file, session, sink, surplus};
use crate::error::{Exit, Failure};
use crate::request::{Decrypt, Edit, Encrypt, Request, Rotate, Set, ValueSource};

const SEVERAL: &str = "More than one command (--encrypt, --decrypt, --rotate, --set) has been specified. \
    Only the changes made by the last one will be visible. Note that this behavior is deprecated and will \
    cause an error eventually.";

/// Builds the request of the flag style.
pub(super) fn invocation(values: &Values, positionals: Vec<OsString>) -> Invocation {
    let mut warnings = surplus(&positionals);
    let modes = [
        values.flag("encrypt"),
        values.flag("decrypt"),
        values.flag("rotate"),
        !values.text("set").is_empty(),
    ];
    match request(values, positionals, modes) {
        Ok(request) => {
            if modes.iter().filter(|mode| **mode).count() > 1 {
                warnings.push(SEVERAL.to_owned());
            }
            Invocation::Run { warnings, session: session(values, values), request: Box::new(request) }
        }
        Err(failure) => Invocation::Fail(warnings, failure),
    }
}

/// Of several modes the last one counts.
fn request(values: &Values, positionals: Vec<OsString>, modes: [bool; 4]) -> Result<Request, Failure> {
    let input = input(values, Some(first(positionals)?));
    let sink = sink(values)?;
    let ignore_mac = values.flag("ignore-mac");
    Ok(match modes {
        [_, _, _, true] => {
            let (index, value) = split(values.text("set"))?;
            let value = ValueSource::Argument(value);
            Request::Set(Set { input, index, value, ignore_mac, idempotent: false, needs_rule: true })
        }
        [_, _, true, _] => Request::Rotate(Rotate {
            input,
            sink,
            add: keys(values, "add-"),
            remove: keys(values, "rm-"),
            aws: aws(values),
            ignore_mac,
            needs_rule: true,
        }),
        [_, true, _, _] => {
            let extract = values.text("extract").to_owned();
            Request::Decrypt(Decrypt { input, sink, extract, ignore_mac })
        }
        [true, ..] => Request::Encrypt(Encrypt { input, sink, new_file: new_file(values) }),
        [false, false, false, false] => Request::Edit(Edit {
            input,
            new_file: new_file(values),
            show_keys: values.flag("show-master-keys"),
            ignore_mac,
            needs_rule: true,
            changes_keys: !(keys(values, "add-").is_empty() && keys(values, "rm-").is_empty()),
            sealed: None,
        }),
    })
}

/// `--set 'INDEX VALUE'` splits behind the first `]` that a blank follows.
fn split(text: &str) -> Result<(String, String), Failure> {
    match text.split_once("] ") {
        Some((index, value)) => Ok((format!("{index}]"), value.to_owned())),
        None => Err(Failure::new(Exit::SetFormat, "Invalid --set format")),
    }
}
