//! The command line of bulla, as a library so that it can be tested. It also
//! speaks the grammars of sops and kubeseal.

pub mod app;
pub mod cluster;
pub mod command;
pub mod env;
pub mod error;
pub mod file;
pub mod go;
mod percent;
pub mod persona;
pub mod process;
pub mod reference;
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
    let persona = persona(&arguments);
    if matches!(persona, Persona::Bulla) {
        ui.speak_plainly();
    }
    match invoke(arguments, persona, &context, &mut ui) {
        Ok(()) => 0,
        Err(failure) => {
            ui.fail(&failure);
            if matches!(persona, Persona::Bulla) && !failure.is_childs {
                persona::bulla::exit_code(&failure)
            } else {
                failure.code
            }
        }
    }
}

/// Whose grammar a command line has.
#[derive(Clone, Copy)]
enum Persona {
    Bulla,
    Kubeseal,
    Sops,
}

/// That of another program where ours is called so, or told so by its first
/// argument.
fn persona(arguments: &[OsString]) -> Persona {
    let program = arguments.first().and_then(|path| Path::new(path).file_stem());
    let words = [program, arguments.get(1).map(OsString::as_os_str)];
    for word in words.into_iter().flatten() {
        match word.to_str() {
            Some("kubeseal") => return Persona::Kubeseal,
            Some("sops") => return Persona::Sops,
            _ => {}
        }
    }
    Persona::Bulla
}

fn invoke(
    mut arguments: Vec<OsString>,
    persona: Persona,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), Failure> {
    // The persona's name may be the program's or an argument.
    let mut own_arguments = |name: &str| {
        let is_argument = arguments.get(1).is_some_and(|first| first == name);
        arguments.drain(..arguments.len().min(if is_argument { 2 } else { 1 }));
        std::mem::take(&mut arguments)
    };
    let invocation = match persona {
        Persona::Sops => persona::sops::parse(own_arguments("sops"), &context.environment),
        Persona::Kubeseal => return persona::kubeseal::run(&own_arguments("kubeseal"), context, ui),
        Persona::Bulla => persona::bulla::parse(arguments),
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
            app::check_environment(context)?;
            command::run(&App::new(context, ui, &session)?, *request)
        }
    }
}
