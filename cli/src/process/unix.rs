//! What programs get with secrets, on Unix: private files and directories,
//! pipes with a name, the shell.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// Makes a directory that only we may enter.
pub(super) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Opens new files that only we may read and write.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

/// Opens a file for reading unless a link stands there; does not wait for the
/// other end of a pipe.
pub(super) fn open_no_follow(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

/// Returns true where one user owns both.
pub(super) fn same_owner(one: &Metadata, other: &Metadata) -> bool {
    one.uid() == other.uid()
}

/// Returns true for a directory that nobody but its owner may enter.
pub(super) fn is_private(metadata: &Metadata) -> bool {
    metadata.is_dir() && metadata.mode().trailing_zeros() >= 6
}

/// Makes a pipe with a name.
#[cfg(target_os = "linux")]
pub(super) fn make_fifo(path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    Ok(mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
}

/// Makes a pipe with a name; rustix has no call for it on every system.
#[cfg(not(target_os = "linux"))]
pub(super) fn make_fifo(path: &Path) -> io::Result<()> {
    let status = Command::new("/usr/bin/mkfifo").args(["-m", "600"]).arg(path).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("mkfifo failed")) }
}

/// Returns true where this process was started by `nohup` or the like: the end
/// of the terminal is not to be its own. Where the system does not say it, it
/// was not.
pub(crate) fn ignores_hangups() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (SIGHUP - 1) & 1 == 1)
}

/// Calls `act`, once, when a signal asks this process to end. A hangup
/// that is ignored stays so.
pub(super) fn at_first_signal(act: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM])?;
    if !ignores_hangups() {
        signals.add_signal(SIGHUP)?;
    }
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            act();
        }
    });
    Ok(())
}

/// The shell, given `text`.
pub(super) fn shell(text: &OsStr) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(text);
    command
}

/// Becomes the program; returns why it could not.
pub(super) fn replace_process(command: &mut Command) -> io::Error {
    command.exec()
}

/// A value as the environment takes it: any bytes.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it must be text")]
pub(super) fn os_text(value: &[u8]) -> io::Result<Cow<'_, OsStr>> {
    Ok(Cow::Borrowed(OsStr::from_bytes(value)))
}

/// Puts the path in place of every `{}`.
pub(super) fn with_path(command: &OsStr, path: &Path) -> OsString {
    let (mut rest, path) = (command.as_bytes(), path.as_os_str().as_bytes());
    let mut out = Vec::with_capacity(rest.len() + path.len());
    while let Some((first, behind)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(b"{}") {
            out.extend_from_slice(path);
            rest = behind;
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    OsString::from_vec(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_replaced() {
        let replaced = with_path(OsStr::new("cat {} {} {"), Path::new("/t/f"));
        assert_eq!(replaced, "cat /t/f /t/f {");
    }
}
