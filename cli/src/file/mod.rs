//! Reading and replacing files. Every write of this program goes through
//! [`Target::replace`], so that a kill or a full disk at any moment leaves
//! the old or the new file, complete (`security.md` L-01 to L-03, R-01 to
//!

mod leftovers;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use portable as platform;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bulla_core::Random;

use crate::error::cause;

pub use leftovers::is_temporary;

/// Why a file could not be read or replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be opened or read.
    #[error("open {}: {}", path.display(), cause(source))]
    Open {
        /// The file as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than the limit.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
    /// Somebody changed it after it was read.
    #[error("{} changed while it was being worked on; nothing was written", .0.display())]
    Changed(PathBuf),
    /// It is a symbolic link that others may have put there.
    #[error("{} is a symbolic link in a directory that others may write to", .0.display())]
    SharedLink(PathBuf),
    /// Its directory takes no new file.
    #[error("open {}: {}", path.display(), cause(source))]
    Directory {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writing failed; the file is as it was.
    #[error("write {}: {}", path.display(), cause(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new file is in its place, but a power cut might undo that.
    #[error("sync the directory of {}, which was replaced: {}", path.display(), cause(source))]
    Sync {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    /// Returns true where the file does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// What is left to say after a file was replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Replaced {
    /// Other names of the file still lead to the old content.
    pub had_hard_links: bool,
    /// The new file could not be given the old one's owner.
    pub lost_owner: bool,
}

/// Reads all of `path`, at most `limit` bytes.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    read_all(&mut file, path, limit)
}

/// Reads all of standard input, at most `limit` bytes.
pub fn read_stdin(limit: usize) -> Result<Vec<u8>, FileError> {
    read_all(&mut io::stdin().lock(), Path::new("standard input"), limit)
}

fn read_all(source: &mut dyn Read, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    // Most files fit, so that one read sees their end.
    let mut bytes = Vec::with_capacity(16 << 10);
    source
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::Open { path: path.to_owned(), source })?;
    if bytes.len() > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Returns true where `word` stands somewhere in a file of whatever size.
pub fn holds(path: &Path, word: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut window = vec![0; 1 << 16];
    let mut kept = 0;
    loop {
        let read = file.read(&mut window[kept..])?;
        let filled = kept + read;
        if memchr::memmem::find(&window[..filled], word).is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        // The word may go on in the next piece.
        kept = filled.min(word.len().saturating_sub(1));
        window.copy_within(filled - kept..filled, 0);
    }
}

/// A file that is going to be replaced, or a name where there will be one.
pub struct Target {
    named: PathBuf,
    resolved: PathBuf,
    kind: Kind,
}

enum Kind {
    /// No file yet.
    New,
    /// A pipe, a device: written to as it is.
    Special,
    /// A file, open, with what it held when it was read.
    Regular(Box<Original>),
}

struct Original {
    file: File,
    metadata: Metadata,
    content: Option<Vec<u8>>,
}

impl Target {
    /// Opens an existing file that will be replaced.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |source| FileError::Open { path: path.to_owned(), source };
        let resolved = path.canonicalize().map_err(failed)?;
        refuse_shared_link(path)?;
        let file = File::open(&resolved).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let kind = if metadata.is_file() {
            Kind::Regular(Box::new(Original { file, metadata, content: None }))
        } else {
            Kind::Special
        };
        Ok(Self { named: path.to_owned(), resolved, kind })
    }

    /// As [`Target::open`], but waits until nobody else works on the file
    /// in this way, and keeps it until the target is dropped.
    pub fn open_locked(path: &Path) -> Result<Self, FileError> {
        loop {
            let target = Self::open(path)?;
            let Kind::Regular(original) = &target.kind else { return Ok(target) };
            platform::lock(&original.file);
            // The one we waited for may have replaced the file.
            match std::fs::metadata(&target.resolved) {
                Ok(now) if platform::stamp(&now) == platform::stamp(&original.metadata) => return Ok(target),
                Ok(_) => {}
                Err(source) => return Err(FileError::Open { path: path.to_owned(), source }),
            }
        }
    }

    /// Names a file that will be written whether it exists or not.
    pub fn output(path: &Path) -> Result<Self, FileError> {
        // The names of the process's own streams are written to, not replaced.
        if path.starts_with("/dev") || path.starts_with("/proc") {
            return Ok(Self { named: path.to_owned(), resolved: path.to_owned(), kind: Kind::Special });
        }
        match Self::open(path) {
            Err(error) if error.is_missing() => Self::create(path),
            result => result,
        }
    }

    /// Names a file that does not exist yet. A dangling symbolic link is
    /// followed by one step.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        refuse_shared_link(path)?;
        let resolved = match path.read_link() {
            Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => path.to_owned(),
        };
        Ok(Self { named: path.to_owned(), resolved, kind: Kind::New })
    }

    /// Reads the file, at most `limit` bytes. What is read is what
    /// [`Target::replace`] expects to find later.
    pub fn read(&mut self, limit: usize) -> Result<&[u8], FileError> {
        match &mut self.kind {
            Kind::New => Ok(&[]),
            Kind::Special => {
                let error = io::Error::other("not a regular file");
                Err(FileError::Open { path: self.named.clone(), source: error })
            }
            Kind::Regular(original) => {
                let bytes = read_all(&mut original.file, &self.named, limit)?;
                Ok(original.content.insert(bytes))
            }
        }
    }

    /// Returns what [`Target::read`] read.
    pub fn content(&self) -> &[u8] {
        match &self.kind {
            Kind::Regular(original) => original.content.as_deref().unwrap_or_default(),
            Kind::New | Kind::Special => &[],
        }
    }

    /// Fails where a later replacement would fail for the directory's sake,
    /// or go against the file's mode, so that nobody's keys are used for
    /// nothing (`security.md` R-03).
    pub fn check_directory(&self) -> Result<(), FileError> {
        let checked = match self.kind {
            Kind::Special => Ok(()),
            Kind::New => platform::check_directory(directory(&self.resolved)),
            Kind::Regular(_) => platform::check_directory(directory(&self.resolved))
                .and_then(|()| platform::check_file(&self.resolved)),
        };
        checked.map_err(|source| FileError::Directory { path: self.named.clone(), source })
    }

    /// Puts `bytes` in the file's place: a nameless or randomly named file in
    /// the same directory, written, given mode, owner and attributes of the
    /// old one, synced, renamed over it; then the directory is synced.
    pub fn replace(self, bytes: &[u8], random: &dyn Random) -> Result<Replaced, FileError> {
        let path = self.named.clone();
        let failed = |source| FileError::Write { path: path.clone(), source };
        match self.kind {
            Kind::Special => {
                let mut file = OpenOptions::new().write(true).open(&self.resolved).map_err(failed)?;
                file.write_all(bytes).map_err(failed)?;
                Ok(Replaced::default())
            }
            Kind::New => {
                write_new(&self.resolved, bytes, None, random)
                    .map_err(failed)?
                    .sync()
                    .map_err(|source| FileError::Sync { path: path.clone(), source })?;
                Ok(Replaced::default())
            }
            Kind::Regular(original) => {
                platform::lock(&original.file);
                if !is_unchanged(&self.resolved, &original) {
                    return Err(FileError::Changed(self.named));
                }
                let written = write_new(&self.resolved, bytes, Some(&original), random).map_err(failed)?;
                let lost_owner = written.lost_owner;
                written.sync().map_err(|source| FileError::Sync { path: path.clone(), source })?;
                Ok(Replaced { had_hard_links: platform::links(&original.metadata) > 1, lost_owner })
            }
        }
    }
}

/// True where the name still leads to the file that was opened, and nothing
/// wrote to it since. Two writes within one tick of the file system's clock
/// look alike, so the content is compared as well.
fn is_unchanged(path: &Path, original: &Original) -> bool {
    let Ok(now) = std::fs::metadata(path) else { return false };
    if platform::stamp(&now) != platform::stamp(&original.metadata) {
        return false;
    }
    match &original.content {
        Some(content) => std::fs::read(path).is_ok_and(|bytes| bytes == *content),
        None => true,
    }
}

/// A file in its place, in a directory that is not synced yet.
struct Written {
    lost_owner: bool,
    directory: Option<File>,
}

impl Written {
    fn sync(self) -> io::Result<()> {
        self.directory.as_ref().map_or(Ok(()), platform::sync_directory)
    }
}

/// Writes a new file and puts it at `path`. Whatever can fail does so before
/// the rename.
fn write_new(
    path: &Path,
    bytes: &[u8],
    original: Option<&Original>,
    random: &dyn Random,
) -> io::Result<Written> {
    let parent = directory(path);
    let directory = platform::open_directory(parent)?;
    leftovers::sweep(parent);
    let mut temporary = platform::Temporary::create(parent, random)?;
    temporary.file().write_all(bytes)?;
    let mut lost_owner = false;
    if let Some(original) = original {
        lost_owner = !temporary.adopt(&original.file, &original.metadata)?;
    }
    temporary.file().sync_all()?;
    temporary.publish(path, original.is_none(), random)?;
    Ok(Written { lost_owner, directory })
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whoever may write to a directory may put a link there and choose what we
/// overwrite (`security.md` L-03).
fn refuse_shared_link(path: &Path) -> Result<(), FileError> {
    let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    if is_link && directory(path).metadata().is_ok_and(|metadata| platform::is_shared(&metadata)) {
        return Err(FileError::SharedLink(path.to_owned()));
    }
    Ok(())
}

/// A name that nobody can guess.
fn random_name(random: &dyn Random) -> io::Result<String> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).map_err(io::Error::other)?;
    Ok(leftovers::name(u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests;
