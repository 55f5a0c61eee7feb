//! The command line of sops (`sops.md` 6): urfave/cli over Go's `flag`.

pub mod commands;
pub mod flags;
pub mod goflag;
mod help;
mod legacy;
mod requests;

use std::ffi::OsString;

use bulla_core::Environment;

use crate::error::{Exit, Failure};
use crate::request::{Request, Session};
use commands::{Command, ROOT, Verb};
use goflag::{UsageError, Values};

/// The release of sops whose command line this is.
pub const VERSION: &str = "3.13.3";

/// What a command line means.
pub enum Invocation {
    /// Do something, after these warnings.
    Run {
        /// Warnings about the command line.
        warnings: Vec<String>,
        /// What every command shares.
        session: Session,
        /// What to do.
        request: Box<Request>,
    },
    /// Print this on standard output, then fail if there is a failure.
    Show(String, Option<Failure>),
    /// Fail, after these warnings.
    Fail(Vec<String>, Failure),
}

/// A command with its flags and positionals, on the way to a request.
pub(crate) struct Call<'a> {
    verb: Verb,
    global: &'a Values,
    values: &'a Values,
    positionals: Vec<OsString>,
}

/// Understands a command line; `arguments` are without the program's name.
pub fn parse(mut arguments: Vec<OsString>, environment: &Environment) -> Invocation {
    static COMMANDS: Command = ROOT;
    if arguments.last().is_some_and(|last| last == "--generate-bash-completion") {
        arguments.pop();
        let described = environment.text("_CLI_ZSH_AUTOCOMPLETE_HACK") == Some("1");
        return Invocation::Show(complete(&COMMANDS, &arguments, described), None);
    }
    let parsed = match goflag::parse(ROOT.flags, arguments, environment) {
        Ok(parsed) => parsed,
        Err(error) => return misused(&COMMANDS, "sops", ". ", &error),
    };
    if parsed.values.flag("help") {
        return Invocation::Show(help::text(&COMMANDS, "sops"), None);
    }
    if parsed.values.flag("version") {
        return Invocation::Show(version(parsed.values.flag("disable-version-check")), None);
    }
    let command = parsed.rest.first().and_then(|name| name.to_str()).and_then(|name| COMMANDS.find(name));
    match command {
        Some(command) => {
            let rest = parsed.rest[1..].to_vec();
            below(command, &COMMANDS, "sops", &parsed.values, rest, environment)
        }
        None => legacy::invocation(&parsed.values, parsed.rest),
    }
}

/// Runs a subcommand's own parser, down to the command that does something.
fn below(
    command: &'static Command,
    parent: &'static Command,
    prefix: &str,
    global: &Values,
    arguments: Vec<OsString>,
    environment: &Environment,
) -> Invocation {
    let path = format!("{prefix} {}", command.names[0]);
    let arguments = match command.verb {
        Verb::Subcommands => arguments,
        _ => goflag::reorder(command.flags, arguments),
    };
    let parsed = match goflag::parse(command.flags, arguments, environment) {
        Ok(parsed) => parsed,
        Err(error) if command.verb == Verb::Subcommands => return misused(command, &path, ". ", &error),
        Err(error) => return misused(command, &path, ": ", &error),
    };
    if parsed.values.flag("help") {
        return Invocation::Show(help::text(command, &path), None);
    }
    match command.verb {
        Verb::CompletionBash => return Invocation::Show(help::BASH.to_owned(), None),
        Verb::CompletionZsh => return Invocation::Show(help::ZSH.to_owned(), None),
        Verb::Help => return topic(parent, prefix, parsed.rest.first()),
        Verb::Subcommands => {
            let found =
                parsed.rest.first().and_then(|name| name.to_str()).and_then(|name| command.find(name));
            return match found {
                Some(found) => below(found, command, &path, global, parsed.rest[1..].to_vec(), environment),
                None => topic(command, &path, parsed.rest.first()),
            };
        }
        _ => {}
    }
    requests::invocation(Call {
        verb: command.verb,
        global,
        values: &parsed.values,
        positionals: parsed.rest,
    })
}

/// `help`, `help COMMAND`, or a command that does not exist.
fn topic(command: &'static Command, path: &str, name: Option<&OsString>) -> Invocation {
    let Some(name) = name.map(|name| name.to_string_lossy()) else {
        return Invocation::Show(help::text(command, path), None);
    };
    match command.find(&name) {
        Some(found) => Invocation::Show(help::text(found, &format!("{path} {}", found.names[0])), None),
        None => {
            Invocation::Fail(Vec::new(), Failure::new(Exit::Write, format!("No help topic for '{name}'")))
        }
    }
}

fn misused(command: &'static Command, path: &str, separator: &str, error: &UsageError) -> Invocation {
    if matches!(error, UsageError::Variable(_)) {
        return Invocation::Fail(Vec::new(), Failure::logged(error.to_string()));
    }
    let text = format!("Incorrect Usage{separator}{error}\n\n{}", help::text(command, path));
    Invocation::Show(text, Some(Failure::logged(error.to_string())))
}

/// The first line is what tools parse, and what sops prints where it is told
/// not to look for newer versions.
fn version(alone: bool) -> String {
    let ours = format!("provided by bulla {}\n", env!("CARGO_PKG_VERSION"));
    format!("sops {VERSION}\n{}", if alone { "" } else { &ours })
}

fn complete(root: &'static Command, arguments: &[OsString], described: bool) -> String {
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command = root;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        if let Some(found) = command.find(word) {
            command = found;
        }
    }
    help::suggestions(command, words.last().map_or("", String::as_str), described)
}

#[cfg(test)]
mod tests;
