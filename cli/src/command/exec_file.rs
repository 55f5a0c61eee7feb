//! `exec-file`: run a program with a file's plaintext in a temporary file.

use bulla_core::SecretBytes;

use super::decrypt::plaintext;
use crate::app::{App, Opening, format_of};
use crate::error::Failure;
use crate::process::exec::{Program, Temporary};
use crate::request::{ExecFile, Sink};

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &ExecFile) -> Result<(), Failure> {
    let name = app.absolute(&request.path);
    let (indent, asked) = app.indent(&name)?;
    app.decryption_order()?;
    let output = format_of(&request.formats.output, &name);
    let opened = app.take(Some(&request.path), &Sink::Stdout)?;
    let input = format_of(&request.formats.input, &name);
    let (file, _) = app.open(&opened.bytes, input, Opening::default(), &indent)?;
    let asked = asked || !request.formats.output.is_empty();
    let text = SecretBytes::new(plaintext(app, &file, output, &indent, asked)?);
    drop(file);
    if request.background {
        app.ui.warn(
            "exec-file's --background option is deprecated and will be removed in a future version of sops",
        );
    }
    let program = Program {
        command: &request.command,
        background: request.background,
        pristine: false,
        same_process: false,
        user: &request.user,
    };
    let temporary = Temporary { name: &request.filename, no_fifo: request.no_fifo };
    program.run_with_file(text, &temporary, app.context)
}
