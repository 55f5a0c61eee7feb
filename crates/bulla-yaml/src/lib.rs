//! YAML reader, resolver, writer and span editor that agree with go-yaml v3.
//!
//! The reader works on one buffer of bytes and never copies text that stands in it unchanged: [`parse`]
//! returns a [`Stream`] whose nodes carry byte spans, so that an editor can replace one scalar and leave
//! everything else alone. Agreement means: same acceptance, tree, styles, tags, anchors, comment attachment,
//! lines and columns as go.yaml.in/yaml/v3 v3.0.4. The crate does no I/O and knows nothing of secrets.
//!
//! The 2,442 stored documents read as in Go, and so do the generated ones of the lane `interop`, which asks Go
//! live. What differs on purpose:
//!
//! | case | Go | here | why |
//! |---|---|---|---|
//! | bytes that are no UTF-8, or no characters of YAML, behind an error of the grammar | the error of the grammar | [`Error::Encoding`] | the bytes are judged at once, before the scanner runs |
//! | an alias to an anchor that is nowhere | an error with its name | [`Error::UnknownAnchor`], by line and column | a password without quotes that begins with `*` reads as one |
//! | a duplicate key | an error with the key | [`DuplicateKey`], by its lines | no text of a file in an error (`security.md` O-02) |
//! | a scalar that its tag does not fit | an error with the scalar | [`TagMismatch`], by the tags | the same |
//! | an alias inside of the collection that carries its anchor | an error when it is decoded | [`Error::AliasCycle`] at once | no tree comes of it |
//! | nesting deeper than 128 levels, aliases replaced | 10,000 levels, an alias counts as one | [`Error::Depth`] | sources come from others (`security.md` F-02); walks may recurse |
//! | more than 1,000,000 nodes, or 100 times the source (at least 1 MiB), aliases replaced | a ratio of its own, when it is decoded | [`Error::Nodes`], [`Error::Expansion`] | the same |
//! | more than 10,000 documents | no limit | [`Error::Documents`] | the same |
//! | UTF-16 | is read | [`Error::Utf16`], then [`decode_utf16`] | spans would not be those of the source |
//!
//! The limits are those of [`Limits`], which callers may set; a source of 4 GiB is always refused
//! ([`Error::Size`]). Where the writer differs, [`emit`] says.

mod binary;
mod chars;
mod comments;
mod compose;
mod duplicates;
pub mod edit;
pub mod emit;
mod error;
mod limits;
mod node;
mod number;
mod parser;
#[cfg(test)]
mod reader_tests;
mod resolve;
mod scanner;
mod source;
mod timestamp;
pub mod tree;

pub use binary::decode_binary;
pub use compose::parse;
pub use duplicates::DuplicateKey;
pub use error::Error;
pub use limits::{EXPANSION_FLOOR, Limits};
pub use node::{Comment, Document, Kind, Node, NodeId, Stream, Style};
pub use resolve::{Dialect, Resolved, TagMismatch, resolve};
pub use source::decode_utf16;
pub use timestamp::Timestamp;
