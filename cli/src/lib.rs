//! The command line of bulla, as a library so that it can be tested. It also
//! speaks the grammar of sops.

pub mod app;
pub mod command;
pub mod env;
pub mod error;
pub mod file;
pub mod persona;
pub mod process;
pub mod request;
pub mod ui;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use bulla_core::Context;
use bulla_crypto::SystemRandom;

use app::{App, SystemClock};
use error::{Exit, Failure};
use persona::sops::Invocation;
use ui::{Level, Ui};

/// Runs the program and returns its exit code. `arguments` start with the
/// name that it was called by.
pub fn run(arguments: Vec<OsString>) -> u8 {
    process::harden();
    let clock = Arc::new(SystemClock);
    let environment = match env::snapshot() {
        Ok(environment) => environment,
        Err(error) => {
            let ui = Ui::new(&bulla_core::Environment::default(), clock);
            ui.fail(&Failure::new(Exit::Generic, format!("no working directory: {}", error::cause(&error))));
            return Exit::Generic as u8;
        }
    };
    let mut ui = Ui::new(&environment, Arc::clone(&clock) as _);
    let context = Context { environment, clock, random: Arc::new(SystemRandom) };
    let speaks_sops = speaks_sops(&arguments);
    if !speaks_sops {
        ui.give_hints();
    }
    match invoke(arguments, speaks_sops, &context, &mut ui) {
        Ok(()) => 0,
        Err(failure) => {
            ui.fail(&failure);
            if speaks_sops || failure.is_childs { failure.code } else { persona::bulla::exit_code(&failure) }
        }
    }
}

/// Which grammar it is: that of sops where the program is called so, or told
/// so by its first argument.
fn speaks_sops(arguments: &[OsString]) -> bool {
    let name = arguments.first().and_then(|path| Path::new(path).file_stem());
    name.is_some_and(|name| name == "sops") || arguments.get(1).is_some_and(|first| first == "sops")
}

fn invoke(
    mut arguments: Vec<OsString>,
    speaks_sops: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), Failure> {
    let invocation = if speaks_sops {
        let called_sops = arguments.get(1).is_none_or(|first| first != "sops");
        arguments.drain(..arguments.len().min(if called_sops { 1 } else { 2 }));
        persona::sops::parse(arguments, &context.environment)
    } else {
        persona::bulla::parse(arguments)
    };
    match invocation {
        Invocation::Show(text, failure) => {
            ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, error::cause(&error)))?;
            failure.map_or(Ok(()), Err)
        }
        Invocation::Fail(warnings, failure) => {
            ui.warn_all(&warnings);
            Err(failure)
        }
        Invocation::Run { warnings, session, request } => {
            if session.verbose {
                ui.set_level(Level::Debug);
            }
            ui.warn_all(&warnings);
            command::run(&App::new(context, ui, &session)?, *request)
        }
    }
}
