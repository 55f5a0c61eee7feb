//! `filestatus`: encrypted or not, without any key.

use bulla_sops::{EncryptedFile, MetadataError, ReadError};

use crate::app::{App, format_of, reading};
use crate::error::{Exit, Failure};
use crate::file;
use crate::request::FileStatus;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &FileStatus) -> Result<(), Failure> {
    app.indent(&app.absolute(&request.path))?;
    let bytes = file::read(&request.path, app.limits.file_size)
        .map_err(|error| unknown(&format!("Error reading file: {error}")))?;
    let format = format_of(&request.input_type, &request.path);
    let encrypted = match EncryptedFile::parse(&bytes, format, &app.limits) {
        Ok(file) => !file.metadata.version.is_empty() && !file.metadata.mac.is_empty(),
        Err(ReadError::Metadata(MetadataError::Missing)) => false,
        Err(error) => return Err(unknown(&reading(&error).message)),
    };
    let text = format!("{{\"encrypted\":{encrypted}}}\n");
    app.ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, crate::error::cause(&error)))
}

fn unknown(reason: &str) -> Failure {
    Failure::logged(format!("cannot check file status: cannot load encrypted file: {reason}"))
}
