//! YAML reader, resolver, writer and span editor that agree with go-yaml v3.
//!
//! The reader works on one buffer of bytes and never copies text that stands in it unchanged: [`parse`]
//! returns a [`Stream`] whose nodes carry byte spans, so that an editor can replace one scalar and leave
//! everything else alone. Agreement means: same acceptance, tree, styles, tags, anchors, comment attachment,
//! lines and columns as go.yaml.in/yaml/v3 v3.0.4. The crate does no I/O and knows nothing of secrets.

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
