//! Source files that may be longer than [`LIMIT`] lines, each with its reason.

/// Lines a Rust file may have.
pub(super) const LIMIT: usize = 600;

/// Path from the root, and why splitting it would make it worse.
pub(super) const LONG_FILES: &[(&str, &str)] = &[];
