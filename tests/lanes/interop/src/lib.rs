//! Lane `interop`: the same files and the same command lines given to our
//! program, called as `sops`, and to the original.

pub mod generate;
pub mod matrix;
mod oracle;
pub mod paths;
pub mod patterns;
pub mod templates;
mod twins;

pub use oracle::Oracle;
pub use twins::Twins;

/// Whether the complete matrix was asked for (`cargo xtask test --lane interop --full`).
pub fn full() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the runner passes its options by variable")]
    let full = std::env::var_os("BULLA_FULL");
    full.is_some()
}

/// The text that Go's JSON encoder makes of bytes: every byte that is not part
/// of UTF-8 becomes the replacement character.
pub fn go_text(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => return text + rest,
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(good));
                text.push('\u{FFFD}');
                bytes = &bad[1..];
            }
        }
    }
}
