//! Where results go: standard output as they come, or a file once all are
//! there.

use bulla_core::Context;
use zeroize::Zeroizing;

use crate::error::cause;
use crate::file::Target;
use crate::ui::Ui;

/// A place for results.
pub enum Sink {
    /// Standard output.
    Stdout,
    /// A file, which stays as it is until [`Sink::finish`].
    File(Box<Target>, Zeroizing<Vec<u8>>),
}

impl Sink {
    /// Opens the file at `path`; an empty path means standard output.
    pub fn open(context: &Context, path: &str) -> Result<Self, String> {
        if path.is_empty() {
            return Ok(Self::Stdout);
        }
        let path = context.environment.directory().join(path);
        let target = Target::output(&path).map_err(|error| error.to_string())?;
        target.check_directory().map_err(|error| error.to_string())?;
        Ok(Self::File(Box::new(target), Zeroizing::default()))
    }

    /// Takes a result.
    pub fn write(&mut self, ui: &Ui, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::Stdout => ui.data(bytes).map_err(|error| cause(&error)),
            Self::File(_, content) => {
                content.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Puts the file in its place.
    pub fn finish(self, context: &Context) -> Result<(), String> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(target, content) => {
                target.replace(&content, &*context.random).map(drop).map_err(|error| error.to_string())
            }
        }
    }
}
