//! Lane `golden`: compares the crates with stored answers of the reference
//! libraries, which lie in the folder named by `BULLA_GOLDEN`.

pub mod yaml;

use std::path::PathBuf;

/// Returns the path of `name` in the golden folder.
///
/// # Panics
/// Where `BULLA_GOLDEN` names no folder: this lane cannot pass without data.
#[expect(clippy::disallowed_methods, reason = "the lane's only input, read in this one place")]
pub fn path(name: &str) -> PathBuf {
    let folder = std::env::var_os("BULLA_GOLDEN").expect("BULLA_GOLDEN names the folder of golden data");
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} does not exist", path.display());
    path
}

/// Reads the golden file `name`.
///
/// # Panics
/// Where it cannot be read.
pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).expect("the golden file can be read")
}

/// Decodes hexadecimal text.
///
/// # Panics
/// Where it is none.
pub fn from_hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
