//! How much a source may ask for.

/// Limits on one stream, beside those of go-yaml itself (flow depth and indentation depth 10,000, implicit
/// key 1,024 characters) and the source size of 4 GiB - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of collections, counted as if every alias were replaced by what it stands for.
    pub depth: usize,
    /// Nodes of the stream, counted as if every alias were replaced by what it stands for.
    pub nodes: usize,
    /// Size of the stream with every alias replaced, as a multiple of the source size; up to
    /// [`EXPANSION_FLOOR`] is always allowed. A node counts one byte, its scalar text and its tag written out.
    pub expansion: usize,
    /// Documents of the stream.
    pub documents: usize,
}

/// Expanded size in bytes that a source of any size may have.
pub const EXPANSION_FLOOR: usize = 1 << 20;

impl Limits {
    /// Those of [`Limits::default`].
    pub const DEFAULT: Self = Self { depth: 128, nodes: 1_000_000, expansion: 100, documents: 10_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
