//! Limits that every parser takes (`security.md` 4.1).

/// Upper bounds for one input. There is no "unlimited" outside tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size of an encrypted or plain file in bytes.
    pub file_size: usize,
    /// Nesting depth of maps and lists.
    pub depth: usize,
    /// Nodes after the expansion of YAML aliases.
    pub nodes: usize,
    /// Expanded bytes of YAML aliases, as a multiple of the source's length.
    pub expansion: usize,
    /// Documents in one file.
    pub documents: usize,
    /// Master keys in one file.
    pub master_keys: usize,
    /// Threads that may work on one file beside the one that is given it.
    pub helpers: usize,
}

impl Limits {
    /// Master keys of one file at most (`security.md` K-06).
    pub const MASTER_KEYS: usize = 1_000;
}

impl Default for Limits {
    /// The limits of the command line: files up to 256 MiB; no helpers.
    fn default() -> Self {
        Self {
            file_size: 256 << 20,
            depth: 128,
            nodes: 1_000_000,
            expansion: 100,
            documents: 10_000,
            master_keys: Self::MASTER_KEYS,
            helpers: 0,
        }
    }
}
