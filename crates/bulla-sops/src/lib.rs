//! The SOPS document: formats, tree, value envelope, MAC, metadata, layout,
//! key groups and creation rules (`sops.md`).
//!
//! Data flows one way: bytes, document, tree, envelope, bytes. The crate does
//! no I/O and knows no cloud: callers hand in bytes, randomness, times and
//! the providers that wrap data keys.

mod ahead;
mod alias;
mod audit;
mod columns;
mod compare;
mod crypt;
mod document;
mod edit;
mod encrypt;
mod file;
mod format;
pub mod group;
pub mod keys;
mod layout;
mod metadata;
mod pairing;
pub mod path;
mod replace;
pub mod rules;
mod selection;
mod time;
mod tree;
mod value;
mod walk;

pub use audit::{Place, Plain};
pub use crypt::{CryptError, DecryptOptions, Reuse};
pub use document::{Document, MetadataPlace, Slot, Splice, Style, apply};
pub use edit::{EditError, json_value, reencrypt, set, unset};
pub use encrypt::{EncryptError, Encryption, Layouting, encrypt, encrypt_tree, replace_metadata, rotate};
pub use file::{DecryptedFile, EncryptedFile, ReadError};
pub use format::{FORMATS, Format, FormatError, Indent, Purpose, Step, by_name, by_path};
pub use metadata::{Metadata, MetadataError, VERSION, WrappedKey};
pub use selection::{DEFAULT_SUFFIX, Rule, Selection, SelectionError};
pub use tree::{Branch, Comment, Item, Key, Node, Value, into_owned};
pub use value::{float_text, is_envelope};
pub use walk::WalkError;
