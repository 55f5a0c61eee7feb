//! Temporary files of runs that were killed between making one and renaming
//! it. Nobody else removes them, and those of `decrypt -i` hold plaintext.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const PREFIX: &str = ".bulla-";
const SUFFIX: &str = ".tmp";
const DIGITS: usize = 32;

/// Directories that this run has looked through.
static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The name of a temporary file.
pub(super) fn name(number: u128) -> String {
    format!("{PREFIX}{number:0DIGITS$x}{SUFFIX}")
}

/// Returns true for the name of a temporary file of ours.
pub fn is_temporary(name: &OsStr) -> bool {
    let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    number.is_some_and(|number| {
        number.len() == DIGITS && number.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Removes the temporary files of dead processes from `directory`, once per
/// run. A living one holds the lock of its file, whatever machine or
/// container it lives in.
pub(super) fn sweep(directory: &Path) {
    if SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.to_owned()) {
        remove(directory);
    }
}

/// As [`sweep`], whatever was looked through before.
pub(super) fn remove(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten().filter(|entry| is_temporary(&entry.file_name())) {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let Some(file) = File::open(entry.path()).ok().filter(|_| is_file) else { continue };
        if file.try_lock().is_ok() {
            // Somebody else may have swept as well.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
