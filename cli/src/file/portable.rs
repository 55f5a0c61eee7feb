//! Replacing files with what every system has: a randomly named file in the
//! same directory and a rename.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bulla_core::Random;

use super::random_name;

/// Identifies one state of a file as well as a portable program can.
pub(super) fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

/// Number of names of a file: not known here.
pub(super) fn links(_: &Metadata) -> u64 {
    1
}

/// True for a directory that everybody may write to: not known here.
pub(super) fn is_shared(_: &Metadata) -> bool {
    false
}

/// Waits for the lock of an open file, where there are locks.
pub(super) fn lock(file: &File) {
    let _ = file.lock();
}

/// Fails where `directory` is marked as read-only.
pub(super) fn check_directory(directory: &Path) -> io::Result<()> {
    check_file(directory)
}

/// Fails where `file` is marked as read-only.
pub(super) fn check_file(file: &Path) -> io::Result<()> {
    if file.metadata()?.permissions().readonly() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    Ok(())
}

/// Opens a directory whose renames will be made permanent, where directories
/// can be opened.
pub(super) fn open_directory(directory: &Path) -> io::Result<Option<File>> {
    if cfg!(unix) { File::open(directory).map(Some) } else { Ok(None) }
}

/// Makes a rename in a directory survive a power cut.
pub(super) fn sync_directory(directory: &File) -> io::Result<()> {
    directory.sync_all()
}

/// A file that is not in its place yet; removed when dropped before, and
/// locked for as long as we live.
pub(super) struct Temporary {
    file: File,
    name: Option<PathBuf>,
}

impl Temporary {
    /// Makes an empty file in `directory` that only its owner may read.
    pub(super) fn create(directory: &Path, random: &dyn Random) -> io::Result<Self> {
        let name = directory.join(random_name(random)?);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&name)?;
        lock(&file);
        Ok(Self { file, name: Some(name) })
    }

    /// The file, open for writing.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Takes over the permissions of the original.
    pub(super) fn adopt(&mut self, _: &File, metadata: &Metadata) -> io::Result<bool> {
        self.file.set_permissions(metadata.permissions())?;
        Ok(true)
    }

    /// Gives the file its name. A `new` file must not find another one there.
    pub(super) fn publish(mut self, path: &Path, new: bool, _: &dyn Random) -> io::Result<()> {
        let name = self.name.as_deref().unwrap_or(path);
        if new {
            return std::fs::hard_link(name, path);
        }
        std::fs::rename(name, path)?;
        self.name = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = std::fs::remove_file(name);
        }
    }
}
