//! This process and the ones that it starts: no core dumps with secrets in
//! them, programs found on PATH only, other users, exit codes.

mod account;
mod cleanup;
pub mod edit;
pub mod exec;
pub mod listen;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "portable.rs")]
mod system;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bulla_core::Environment;

use crate::error::Failure;
#[cfg(unix)]
pub(crate) use system::ignores_hangups;

/// The core limit that children get back.
#[cfg(target_os = "linux")]
static CORE_LIMIT: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Keeps secrets out of core dumps and other processes' sight (`security.md`
/// C-14), and makes a file-size limit an error instead of a death.
pub fn harden() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit};
        // What the system refuses here it refuses to everybody; the program
        // works without.
        let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let before = rustix::process::getrlimit(Resource::Core);
        let none = Rlimit { current: Some(0), maximum: before.maximum };
        if rustix::process::setrlimit(Resource::Core, none).is_ok() {
            let _ = CORE_LIMIT.set(before);
        }
    }
    #[cfg(unix)]
    {
        static LIMIT_REACHED: std::sync::OnceLock<Arc<AtomicBool>> = std::sync::OnceLock::new();
        let flag = LIMIT_REACHED.get_or_init(Default::default);
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::clone(flag));
    }
}

/// Has the first signal that asks this process to end set `flag`. The second
/// one ends it at once: whoever sends it does not want to wait. A hangup that
/// is ignored stays so.
pub fn stop_on_signals(flag: &Arc<AtomicBool>) -> io::Result<()> {
    use signal_hook::{consts, flag};
    let signals = [
        consts::SIGINT,
        consts::SIGTERM,
        #[cfg(unix)]
        consts::SIGHUP,
    ];
    for signal in signals {
        #[cfg(unix)]
        if signal == consts::SIGHUP && ignores_hangups() {
            continue;
        }
        flag::register_conditional_default(signal, Arc::clone(flag))?;
        flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// `SIGXFSZ` of Linux and the BSDs, which signal-hook does not name.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

/// How many threads can work beside one without waiting for each other.
pub fn helpers() -> usize {
    std::thread::available_parallelism().map_or(0, |processors| processors.get() - 1)
}

/// Starts a program with the core limit that we found ourselves.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    set_core_limit(true);
    let child = command.spawn();
    set_core_limit(false);
    child
}

/// Gives back the core limit that we found, for the program that replaces
/// this one; or takes it away again.
pub fn set_core_limit(restored: bool) {
    #[cfg(target_os = "linux")]
    if let Some(before) = CORE_LIMIT.get() {
        let current = if restored { before.current } else { Some(0) };
        let limit = rustix::process::Rlimit { current, maximum: before.maximum };
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, limit);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = restored;
}

/// Finds a program: a path as it is, a name on PATH. Directories of PATH that
/// depend on where we stand are left out (`security.md` K-05).
pub fn find_program(name: &OsStr, environment: &Environment) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 || path.is_absolute() {
        return Some(environment.directory().join(path));
    }
    let directories = environment.os("PATH")?;
    std::env::split_paths(directories)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// Turns how a child ended into what we end with.
pub fn outcome(status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    match status.code() {
        Some(code) => Err(Failure::child(code as u8, format!("exit status {code}"))),
        // Go gives -1 for a child that a signal ended.
        None => Err(Failure::child(255, format!("signal: {}", signal_name(status)))),
    }
}

/// Names a signal as Go does.
#[cfg(unix)]
pub(crate) fn signal_name(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    let number = status.signal().unwrap_or_default();
    let name = match number {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        6 => "aborted",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        _ => return format!("signal {number}"),
    };
    format!("{name}{}", if status.core_dumped() { " (core dumped)" } else { "" })
}

#[cfg(not(unix))]
pub(crate) fn signal_name(status: ExitStatus) -> String {
    status.to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn k_05_programs_of_the_current_directory_are_not_run() {
        let directory = tempfile::TempDir::new().unwrap();
        let decoy = directory.path().join("vim");
        std::fs::File::create_new(&decoy).unwrap();
        std::fs::set_permissions(&decoy, std::fs::Permissions::from_mode(0o755)).unwrap();
        let find = |path: &str| {
            let variables = [("PATH".into(), path.into())];
            find_program(OsStr::new("vim"), &Environment::new(variables, directory.path().to_owned()))
        };
        for path in [".", "", ":", "sub:.", "./"] {
            assert_eq!(find(path), None, "{path}");
        }
        assert_eq!(find(directory.path().to_str().unwrap()), Some(decoy));
    }
}
