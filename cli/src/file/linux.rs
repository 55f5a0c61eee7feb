//! What Linux offers for replacing files: nameless files, owners and
//! extended attributes.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bulla_core::Random;
use rustix::fs::{Access, AtFlags, CWD, Gid, Mode, OFlags, Uid, XattrFlags};

use super::random_name;

/// Identifies one state of one file.
pub(super) fn stamp(metadata: &Metadata) -> [i64; 7] {
    [
        metadata.dev() as i64,
        metadata.ino() as i64,
        metadata.len() as i64,
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ]
}

/// Number of names of a file.
pub(super) fn links(metadata: &Metadata) -> u64 {
    metadata.nlink()
}

/// True for a directory that everybody may write to.
pub(super) fn is_shared(metadata: &Metadata) -> bool {
    metadata.mode() & 0o002 != 0
}

/// Waits for the advisory lock of an open file. File systems without locks
/// leave us with the comparison before the replacement.
pub(super) fn lock(file: &File) {
    let _ = file.lock();
}

/// Fails where no file can be made in `directory`.
pub(super) fn check_directory(directory: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Fails where `file` is marked as not to be written to.
pub(super) fn check_file(file: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(file, Access::WRITE_OK)?)
}

/// Opens a directory whose renames will be made permanent. One that may be
/// written to but not read cannot be opened; the rename works all the same.
pub(super) fn open_directory(directory: &Path) -> io::Result<Option<File>> {
    match File::open(directory) {
        Ok(directory) => Ok(Some(directory)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a rename in a directory survive a power cut, where the file system
/// knows how to.
pub(super) fn sync_directory(directory: &File) -> io::Result<()> {
    match directory.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// A file that is not in its place yet. Without a name it vanishes with the
/// process; with one it is removed when dropped. It is locked for as long as
/// we live: whoever finds one that is not may remove it.
pub(super) struct Temporary {
    file: File,
    directory: PathBuf,
    name: Option<PathBuf>,
}

impl Temporary {
    /// Makes an empty file of mode 0600 on the file system of `directory`.
    pub(super) fn create(directory: &Path, random: &dyn Random) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        // A nameless file gets its name through /proc.
        let nameless = rustix::fs::openat(CWD, directory, flags, Mode::RUSR | Mode::WUSR);
        match nameless {
            Ok(descriptor) if Path::new("/proc/self/fd").exists() => {
                let file = File::from(descriptor);
                lock(&file);
                Ok(Self { file, directory: directory.to_owned(), name: None })
            }
            _ => Self::create_named(directory, random),
        }
    }

    /// Makes it with a random name, for file systems without nameless files.
    pub(super) fn create_named(directory: &Path, random: &dyn Random) -> io::Result<Self> {
        let name = directory.join(random_name(random)?);
        let no_follow = OFlags::NOFOLLOW.bits() as i32;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(no_follow)
            .open(&name)?;
        lock(&file);
        Ok(Self { file, directory: directory.to_owned(), name: Some(name) })
    }

    /// The file, open for writing.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Takes over owner, mode and extended attributes of `original`. Returns
    /// false where the owner could not be kept.
    pub(super) fn adopt(&mut self, original: &File, metadata: &Metadata) -> io::Result<bool> {
        let mine = self.file.metadata()?;
        let (mut same_owner, mut same_group) = (mine.uid() == metadata.uid(), mine.gid() == metadata.gid());
        if !same_group {
            let group = Gid::from_raw(metadata.gid());
            same_group = rustix::fs::fchown(&self.file, None, Some(group)).is_ok();
        }
        if !same_owner {
            let owner = Uid::from_raw(metadata.uid());
            same_owner = rustix::fs::fchown(&self.file, Some(owner), None).is_ok();
        }
        copy_attributes(original, &self.file);
        // Another group must not inherit the rights of the old one.
        let mut mode = metadata.mode() & 0o7777;
        if !same_group {
            mode &= !0o2070;
        }
        if !same_owner {
            mode &= !0o4000;
        }
        rustix::fs::fchmod(&self.file, Mode::from_raw_mode(mode))?;
        Ok(same_owner && same_group)
    }

    /// Gives the file its name. A `new` file must not find another one there.
    pub(super) fn publish(mut self, path: &Path, new: bool, random: &dyn Random) -> io::Result<()> {
        if self.name.is_none() {
            let source = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.file));
            let link = |to: &Path| rustix::fs::linkat(CWD, source.as_str(), CWD, to, AtFlags::SYMLINK_FOLLOW);
            if new {
                return Ok(link(path)?);
            }
            let name = self.directory.join(random_name(random)?);
            link(&name)?;
            self.name = Some(name);
        }
        let name = self.name.as_deref().unwrap_or(path);
        if new {
            rustix::fs::linkat(CWD, name, CWD, path, AtFlags::empty())?;
            return Ok(());
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

/// Copies what may be copied: labels that only the system may set stay away.
fn copy_attributes(from: &File, to: &File) {
    let Ok(size) = rustix::fs::flistxattr_query(from) else { return };
    let mut names = vec![0_u8; size];
    let Ok(size) = rustix::fs::flistxattr(from, names.as_mut_slice()) else { return };
    for name in names[..size].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; 65_536];
        if let Ok(size) = rustix::fs::fgetxattr(from, name, value.as_mut_slice()) {
            let _ = rustix::fs::fsetxattr(to, name, &value[..size], XattrFlags::empty());
        }
    }
}
