//! Lane `faults`: what remains of a file when our program is killed or the
//! system refuses at any moment (`security.md` 5, R-01 to R-06, H2).
#![allow(
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "tests lay out files in a directory of their own and panic where they fail"
)]

mod call;
mod fault;
mod scene;
mod work;

pub use call::{Call, points};
pub use fault::{Fault, KILL_POINTS, errors_of, failing_calls};
pub use scene::{Fate, Scene};
pub use work::{State, Work, plaintext, work};

/// Whether the complete matrix was asked for (`--full`, `cargo xtask soak`).
pub fn full() -> bool {
    std::env::var_os("BULLA_FULL").is_some()
}

/// How long a test of the full size may repeat itself.
pub fn budget() -> std::time::Duration {
    let seconds = std::env::var("BULLA_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    std::time::Duration::from_secs(seconds.unwrap_or(60))
}

/// Tells the soak what was done; `cargo xtask soak` collects these lines.
#[allow(clippy::print_stdout, reason = "the soak reads it")]
pub fn told(row: &str, what: &str, result: &str) {
    println!("soak | {row} | {what} | {result}");
}
