//! Tests that repeat themselves when more than the gate is asked for.

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
