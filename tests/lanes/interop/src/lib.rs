//! Lane `interop`: the same files and the same command lines given to our
//! program, called as `sops`, and to the original.

pub mod generate;
mod oracle;
mod twins;

pub use oracle::Oracle;
pub use twins::Twins;

/// Whether the complete matrix was asked for (`cargo xtask test --lane interop --full`).
pub fn full() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the runner passes its options by variable")]
    let full = std::env::var_os("BULLA_FULL");
    full.is_some()
}
