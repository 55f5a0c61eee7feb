//! The same on systems that are not Unix, as far as they have it.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::process::Command;

/// Makes a directory; who may enter it follows from where it is.
pub(super) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().create(path)
}

/// Opens new files; who may read them follows from where they are.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}

/// Opens a file for reading unless a link stands there.
pub(super) fn open_no_follow(path: &Path) -> io::Result<File> {
    if path.symlink_metadata()?.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    File::open(path)
}

/// There is no owner to be compared.
pub(super) fn same_owner(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// There are no permission bits to be judged.
pub(super) fn is_private(metadata: &Metadata) -> bool {
    metadata.is_dir()
}

/// There are no pipes with a name in the file system.
pub(super) fn make_fifo(_: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no named pipes: use --no-fifo"))
}

/// Ctrl-C ends the process at once: what it leaves is swept by the next run.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn at_first_signal(_: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// The shell, given `text`, as sops calls it on Windows.
pub(super) fn shell(text: &OsStr) -> Command {
    let mut command = Command::new("cmd.exe");
    command.arg("/C").arg(text);
    command
}

/// One program cannot become another.
pub(super) fn replace_process(_: &mut Command) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "--same-process does not exist on this system")
}

/// A value as the environment takes it: text.
pub(super) fn os_text(value: &[u8]) -> io::Result<Cow<'_, OsStr>> {
    let text = std::str::from_utf8(value);
    text.map(|text| Cow::Borrowed(OsStr::new(text)))
        .map_err(|_| io::Error::other("a value that is not text cannot be put into the environment"))
}

/// Puts the path in place of every `{}`.
pub(super) fn with_path(command: &OsStr, path: &Path) -> OsString {
    command.to_string_lossy().replace("{}", &path.to_string_lossy()).into()
}
