//! Why a source is refused.

/// A refused source. Syntax errors read as go-yaml's do; the rest are limits of ours.
///
/// No text contains scalar content. The name of an unknown anchor is none of an anchor: a password without quotes that
/// starts with an asterisk reads as one, so it is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An alias inside the collection that carries its anchor.
    #[error("yaml: anchor '{name}' value contains itself (line {line}, column {column})")]
    AliasCycle {
        /// The anchor.
        name: String,
        /// Line of the alias, from 1.
        line: usize,
        /// Column of the alias in characters, from 1.
        column: usize,
    },
    /// More nesting than [`Limits::depth`](crate::Limits::depth).
    #[error("yaml: nesting exceeds the limit of {limit} levels (line {line}, column {column})")]
    Depth {
        /// The limit.
        limit: usize,
        /// Line of the first node that is too deep, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// More documents than [`Limits::documents`](crate::Limits::documents).
    #[error("yaml: more than {limit} documents (line {line})")]
    Documents {
        /// The limit.
        limit: usize,
        /// Line of the first document too many, from 1.
        line: usize,
    },
    /// The bytes are not UTF-8, or hold a character YAML does not allow.
    #[error("yaml: {problem}")]
    Encoding {
        /// go-yaml's words.
        problem: &'static str,
        /// Line of the bad byte, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// Aliases blow the stream up beyond [`Limits::expansion`](crate::Limits::expansion).
    #[error("yaml: document expands beyond its limit by aliases or tags (line {line}, column {column})")]
    Expansion {
        /// Line of the alias that was one too many, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// More nodes than [`Limits::nodes`](crate::Limits::nodes), aliases replaced.
    #[error("yaml: more than {limit} nodes (line {line}, column {column})")]
    Nodes {
        /// The limit.
        limit: usize,
        /// Line of the node that was one too many, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// The source has 4 GiB or more.
    #[error("yaml: source of {size} bytes exceeds the limit of 4294967295")]
    Size {
        /// Its size in bytes.
        size: usize,
    },
    /// The text is not YAML as go-yaml accepts it.
    #[error("yaml: {}{problem}", at_line(*.reference_line))]
    Syntax {
        /// go-yaml's words.
        problem: &'static str,
        /// The line go-yaml names: that of the enclosing construct where there is one, sometimes one less
        /// than the true line; 0 where it names none.
        reference_line: usize,
        /// Line of the problem itself, from 1.
        line: usize,
        /// Column of the problem in characters, from 1.
        column: usize,
    },
    /// An alias to an anchor not yet seen.
    #[error("yaml: unknown anchor referenced (line {line}, column {column})")]
    UnknownAnchor {
        /// The anchor.
        name: String,
        /// Line of the alias, from 1.
        line: usize,
        /// Column of the alias in characters, from 1.
        column: usize,
    },
    /// The source starts with the byte-order mark of UTF-16. It can be read after
    /// [`decode_utf16`](crate::decode_utf16), but spans then do not index the original bytes.
    #[error("yaml: source is UTF-16")]
    Utf16,
}

impl Error {
    /// Line and column of the problem, both from 1, if it has a place.
    pub fn position(&self) -> Option<(usize, usize)> {
        match *self {
            Self::AliasCycle { line, column, .. }
            | Self::Depth { line, column, .. }
            | Self::Encoding { line, column, .. }
            | Self::Expansion { line, column }
            | Self::Nodes { line, column, .. }
            | Self::Syntax { line, column, .. }
            | Self::UnknownAnchor { line, column, .. } => Some((line, column)),
            Self::Documents { line, .. } => Some((line, 1)),
            Self::Size { .. } | Self::Utf16 => None,
        }
    }
}

fn at_line(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}
