//! What must happen when a signal ends this process: the program that we
//! started ends too, and the directory with plaintext vanishes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::system;

/// A private directory that does not outlive this process, unless it is
/// killed outright.
pub(super) struct Guard {
    path: PathBuf,
    /// Open and locked for as long as we live, so that nobody sweeps it.
    _held: Option<File>,
    child: Arc<Mutex<Option<u32>>>,
    ending: Arc<AtomicBool>,
    kept: bool,
}

impl Guard {
    /// Watches for signals from now on. `farewell` is called before the
    /// process ends by one.
    pub(super) fn new(path: PathBuf, farewell: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let held = File::open(&path).ok().filter(|held| held.try_lock().is_ok());
        let child = Arc::new(Mutex::new(None));
        let ending = Arc::new(AtomicBool::new(false));
        let (directory, running, noted) = (path.clone(), Arc::clone(&child), Arc::clone(&ending));
        system::at_first_signal(move || {
            noted.store(true, Ordering::SeqCst);
            end(&directory, &running, &farewell);
        })?;
        Ok(Self { path, _held: held, child, ending, kept: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes the program that is running, or that it ended. Where a signal
    /// ended it, the process is about to end as well: nothing more is said.
    pub(super) fn set_child(&self, child: Option<u32>) {
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = child;
        while child.is_none() && self.ending.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Leaves the directory in place.
    pub(super) fn keep(mut self) -> PathBuf {
        self.kept = true;
        self.path.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// Removes the directories that killed processes of ours left in `parent`:
/// they are called `prefix`, a process id, `-` and something random.
pub(super) fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process =
            name.to_str().and_then(|name| name.strip_prefix(prefix)?.split_once('-')?.0.parse().ok());
        let Some(process) = process else { continue };
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_directory || is_running(process) {
            continue;
        }
        // Those of other users stay: the system refuses. Those of another
        // container have a foreign id, and a lock.
        if File::open(entry.path()).is_ok_and(|directory| directory.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn is_running(process: u32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

#[cfg(not(unix))]
fn is_running(_: u32) -> bool {
    true
}

/// Plaintext that stays although it should not is worth a word.
fn remove(directory: &Path) {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => crate::ui::show(&format!(
            "{} could not be removed and may hold plaintext: {}",
            directory.display(),
            crate::error::cause(&error)
        )),
        _ => {}
    }
}

#[allow(clippy::exit, reason = "a signal ends the process; the main thread is waiting for the child")]
fn end(directory: &Path, running: &Mutex<Option<u32>>, farewell: &dyn Fn()) {
    let child = || *running.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(id) = child() {
        terminate(id);
        // It may write once more before it ends.
        for _ in 0..50 {
            if child().is_none() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    remove(directory);
    farewell();
    std::process::exit(1);
}

#[cfg(unix)]
fn terminate(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(_: u32) {}
