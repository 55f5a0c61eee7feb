//! `unset`: remove one value from a file.

use bulla_sops::EditError;
use bulla_sops::path::{self, UnsetError};

use super::set::{change, changing};
use crate::app::{App, Opening, format_of};
use crate::error::{Exit, Failure};
use crate::request::Unset;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Unset) -> Result<(), Failure> {
    let name = app.judged_name(&request.input);
    let (indent, asked) = app.indent(&name)?;
    let steps = path::parse(&request.index)
        .map_err(|_| Failure::new(Exit::SetFormat, "Invalid unset index format"))?;
    app.decryption_order()?;
    let opening = Opening { ignore_mac: request.ignore_mac, ..Opening::default() };
    let formats = &request.input.formats;
    let layouting = app.layouting(indent, asked, &formats.output);
    change(app, &request.input, &mut |target| {
        let (file, data_key) =
            app.open(target.content(), format_of(&formats.input, &name), opening, &indent)?;
        let encryption = app.encryption(file.metadata(), &data_key);
        match bulla_sops::unset(&file, &steps, layouting, &encryption) {
            Ok(text) => Ok(Some(text)),
            Err(EditError::Unset(UnsetError::Key(_) | UnsetError::Index(_))) if request.idempotent => {
                Ok(None)
            }
            Err(EditError::Unset(error)) => Err(Failure::new(Exit::Generic, error.to_string())),
            Err(error) => Err(changing(&error)),
        }
    })
}
