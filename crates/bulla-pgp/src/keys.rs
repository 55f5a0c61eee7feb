//! The key files that the user names.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use bulla_core::Environment;
use zeroize::Zeroizing;

use crate::native::{KEY_FILE_LIMIT, KeyRing, NativeError};

/// Names files of exported keys, separated as in `PATH`.
pub(crate) const VARIABLE: &str = "BULLA_PGP_KEY_FILE";

/// Reads all files that the environment names; `None` where it names none.
/// An unreadable file is an error: who names it means it.
pub(crate) fn load(environment: &Environment) -> Option<Result<KeyRing, String>> {
    let list = environment.os(VARIABLE)?;
    let mut ring = KeyRing::default();
    for path in std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()) {
        let added = read(&environment.directory().join(&path))
            .map_err(|error| error.to_string())
            .and_then(|file| ring.add(&file).map_err(|error| error.to_string()));
        if let Err(reason) = added {
            return Some(Err(format!("{VARIABLE}: {}: {reason}", path.display())));
        }
    }
    if ring.is_empty() { None } else { Some(Ok(ring)) }
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > KEY_FILE_LIMIT as u64 {
        return Err(io::Error::other(NativeError::TooLong(KEY_FILE_LIMIT)));
    }
    // The buffer does not grow while a regular file is read: copies would not be wiped.
    let mut content = Zeroizing::new(Vec::with_capacity(length as usize + 1));
    file.take(KEY_FILE_LIMIT as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}
