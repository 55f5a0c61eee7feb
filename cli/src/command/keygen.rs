//! `keygen`: make an age key.

use std::path::Path;
use std::sync::Arc;

use bulla_core::SecretBytes;

use crate::app::{App, writing};
use crate::error::{Exit, Failure, cause};
use crate::request::Keygen;

/// Runs the command. The public part goes to standard error where the
/// identity does not stand beside it on a terminal.
pub(super) fn run(app: &App<'_>, request: &Keygen) -> Result<(), Failure> {
    let pair = bulla_providers::generate_age_key(&Arc::clone(&app.context.random), request.post_quantum)
        .map_err(|error| Failure::new(Exit::Generic, error.to_string()))?;
    let text =
        format!("# created: {}\n# public key: {}\n{}\n", app.now(), pair.recipient, pair.identity.expose());
    let text = SecretBytes::new(text.into_bytes());
    let Some(path) = &request.to else {
        return app.ui.data(text.expose()).map_err(|error| Failure::new(Exit::Generic, cause(&error)));
    };
    let path = app.absolute(path);
    make_parent(&path)?;
    // An identity that is overwritten takes its files with it.
    let target = app.new_file(&path)?;
    target.replace(text.expose(), &*app.context.random).map_err(|error| writing(&error))?;
    app.ui
        .data(format!("{}\n", pair.recipient).as_bytes())
        .map_err(|error| Failure::new(Exit::Generic, cause(&error)))
}

/// The usual place, `~/.config/sops/age/`, need not exist yet.
fn make_parent(path: &Path) -> Result<(), Failure> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(parent).map_err(|error| {
        Failure::new(Exit::Write, format!("cannot make {}: {}", parent.display(), cause(&error)))
    })
}
