//! What must happen when a signal ends this process: the program that we
//! started ends too, and the directory with plaintext vanishes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// A private directory that does not outlive this process, unless it is
/// killed outright.
pub(super) struct Guard {
    path: PathBuf,
    child: Arc<Mutex<Option<u32>>>,
    ending: Arc<AtomicBool>,
    kept: bool,
}

impl Guard {
    /// Watches for signals from now on. `farewell` is called before the
    /// process ends by one.
    pub(super) fn new(path: PathBuf, farewell: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let child = Arc::new(Mutex::new(None));
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
        let ending = Arc::new(AtomicBool::new(false));
        let (directory, running, noted) = (path.clone(), Arc::clone(&child), Arc::clone(&ending));
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                noted.store(true, Ordering::SeqCst);
                end(&directory, &running, &farewell);
            }
        });
        Ok(Self { path, child, ending, kept: false })
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
