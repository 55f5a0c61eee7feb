//! YAML reader, resolver, writer and span editor that agree with go-yaml v3.
//!
//! The reader works on one buffer of bytes and never copies text that stands in it unchanged: [`parse`]
//! returns a [`Stream`] whose nodes carry byte spans, so that an editor can replace one scalar and leave
//! everything else alone. Agreement means: same acceptance, tree, styles, tags, anchors, comment attachment,
//! lines and columns as go.yaml.in/yaml/v3 v3.0.4. The crate does no I/O and knows nothing of secrets.

mod error;
mod limits;
mod node;

pub use error::Error;
pub use limits::{EXPANSION_FLOOR, Limits};
pub use node::{Comment, Document, Kind, Node, NodeId, Stream, Style};
