//! The files of a run: how they are named, read and written.

use std::path::{Path, PathBuf};

use crate::error::{Exit, Failure};
use crate::file::{self, FileError, Replaced, Target};
use crate::request::{Input, Sink};

use super::App;
use super::failure::{writing, writing_output};

/// A plain or encrypted file's bytes and where its successor goes.
pub struct Opened {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What will be replaced or written, unless that is standard output.
    pub target: Option<Target>,
}

impl App<'_> {
    /// Makes a path absolute, as it was typed otherwise.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        let joined = self.context.environment.directory().join(path);
        let mut clean = PathBuf::new();
        for component in joined.components() {
            match component {
                std::path::Component::ParentDir => {
                    clean.pop();
                }
                std::path::Component::CurDir => {}
                other => clean.push(other),
            }
        }
        clean
    }

    /// Names a file that is going to be made; one that is there is refused.
    pub fn new_file(&self, path: &Path) -> Result<Target, Failure> {
        let path = self.absolute(path);
        if path.exists() {
            let text = format!("{} exists already; it is not overwritten", path.display());
            return Err(Failure::new(Exit::Write, text));
        }
        let target = Target::create(&path).map_err(|error| writing(&error))?;
        target.check_directory().map_err(|error| writing(&error))?;
        Ok(target)
    }

    /// The name that a file is judged by, as an absolute path; empty for
    /// standard input without a name.
    pub fn judged_name(&self, input: &Input) -> PathBuf {
        match (&input.path, input.filename.as_str()) {
            (_, name) if !name.is_empty() => self.absolute(Path::new(name)),
            (Some(path), _) => self.absolute(path),
            (None, _) => PathBuf::new(),
        }
    }

    /// Fails where the file that was named does not exist.
    pub fn check_exists(&self, path: &Path) -> Result<(), Failure> {
        let path = self.absolute(path);
        if path.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            let shown = crate::go::quote(&path.to_string_lossy());
            let text = format!("Error: cannot operate on non-existent file {shown}");
            return Err(Failure::new(Exit::NoFile, text));
        }
        Ok(())
    }

    /// Reads what a command works on and prepares the place of the result, so
    /// that a place that cannot be written fails before any key is used.
    pub fn take(&self, path: Option<&Path>, sink: &Sink) -> Result<Opened, Failure> {
        let read = |error: FileError| {
            let what = if path.is_some() { "file" } else { "from stdin" };
            Failure::new(Exit::Read, format!("Error reading {what}: {error}"))
        };
        let limit = self.limits.file_size;
        let mut opened = match (path, sink) {
            (Some(path), Sink::InPlace) => {
                let mut target = Target::open(path).map_err(read)?;
                let bytes = target.read(limit).map_err(read)?.to_vec();
                Opened { bytes, target: Some(target) }
            }
            (Some(path), _) => Opened { bytes: file::read(path, limit).map_err(read)?, target: None },
            (None, _) => Opened { bytes: file::read_stdin(limit).map_err(read)?, target: None },
        };
        if let Sink::File(path) = sink {
            let target = Target::output(path).map_err(|error| writing_output(&error))?;
            target.check_directory().map_err(|error| writing_output(&error))?;
            opened.target = Some(target);
        }
        if let Some(target) = &opened.target {
            target.check_directory().map_err(|error| writing(&error))?;
        }
        Ok(opened)
    }

    /// Writes a result where it belongs.
    pub fn put(&self, bytes: &[u8], target: Option<Target>) -> Result<(), Failure> {
        match target {
            None => {
                let failed = |error: std::io::Error| Failure::new(Exit::Generic, crate::error::cause(&error));
                self.ui.data(bytes).map_err(failed)
            }
            Some(target) => {
                let replaced =
                    target.replace(bytes, &*self.context.random).map_err(|error| writing(&error))?;
                self.report(replaced);
                Ok(())
            }
        }
    }

    /// Says what is left to say about a replaced file.
    pub fn report(&self, replaced: Replaced) {
        if replaced.had_hard_links {
            self.ui.warn("The file had other names (hard links), which still lead to the old content");
        }
        if replaced.lost_owner {
            self.ui.warn("The file's owner could not be kept");
        }
        self.ui.info("File written successfully");
    }
}
