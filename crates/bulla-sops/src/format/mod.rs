//! The five file formats. Adding one: a file here and a line in [`FORMATS`].

mod binary;
mod dotenv;
mod flatten;
mod ini;
mod json;
mod text;
mod yaml;

use bulla_core::Limits;

use crate::document::{Document, Slot, Splice};
use crate::tree::{Branch, Item, Node, Value};

/// Every format, in the order in which help texts list them.
pub const FORMATS: &[&dyn Format] = &[&yaml::Yaml, &json::Json, &dotenv::Dotenv, &ini::Ini, &binary::Binary];

/// What a document is read for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To be encrypted: duplicate keys and bytes behind the document are
    /// refused, metadata stays in the tree (the caller refuses it).
    Plain,
    /// To be decrypted: what sops tolerates is tolerated with a warning, and
    /// the metadata is taken out of the tree.
    Encrypted,
}

/// The layout that the user asked for (`stores` of `.sops.yaml`, `--indent`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indent {
    /// Columns of YAML; `None` and 0 mean 4.
    pub yaml: Option<i64>,
    /// Blanks of JSON; `None` and -1 mean one tab.
    pub json: Option<i64>,
    /// Blanks of the JSON that holds encrypted binary files.
    pub json_binary: Option<i64>,
}

/// One step into a tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A key of a map.
    Key(Vec<u8>),
    /// A position in a list, comments not counted out (as in SOPS).
    Index(usize),
}

/// A file format: bytes to document and back, without I/O.
pub trait Format: Sync {
    /// The name users type, such as `yaml`.
    fn name(&self) -> &'static str;

    /// Returns true where a file called `path` is of this format by default
    /// (`sops.md` 6.1). Binary is what is left and returns false.
    fn claims(&self, path: &str) -> bool;

    /// Parses `source`. Every leaf and comment with a place of its own gets a
    /// slot; `Document::places` has one entry per document.
    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError>;

    /// Writes a tree in SOPS' own layout, byte-equal to sops 3.13.3. The
    /// metadata, when given, is a nested tree; the format places it (and
    /// flattens it where it must).
    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        indent: &Indent,
    ) -> Result<Vec<u8>, FormatError>;

    /// Writes the text that stands at `slot` of `document` once `node` is its
    /// value, in the style found there as far as the value permits. `node` is
    /// a leaf, a comment (given as `Value::Comment`), or for an alias slot a
    /// whole subtree.
    fn render(&self, node: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError>;

    /// Returns the edits that put `metadata` into every document in place of
    /// what is there.
    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError>;

    /// Writes one value alone, as `--extract` prints it (`sops.md` 6.5).
    /// `branches` are given for formats that print whole documents.
    fn emit_value(&self, value: &Value<'_>, indent: &Indent) -> Result<Vec<u8>, FormatError>;

    /// Returns the edits on the plain `source` that put `value` at `path`,
    /// creating what is missing on the way (`sops.md` 6.5).
    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError>;

    /// Returns the edits on the plain `source` that remove what is at `path`.
    fn unset(&self, source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError>;

    /// Names the reserved top-level key of `branch`, if it has one
    /// (`sops.md` 2.1).
    fn reserved_key(&self, branch: &[Item<'_>]) -> Option<String> {
        branch.iter().any(|item| item.name() == Some(b"sops")).then(|| "sops".to_owned())
    }

    /// What a new file holds before its first edit (`sops.md` 6.6).
    fn example(&self) -> Vec<u8>;
}

impl core::fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// Finds a format by the name that users type.
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// Finds the format of a file by its name (`sops.md` 6.1); binary is what no
/// other format claims.
pub fn by_path(path: &str) -> &'static dyn Format {
    FORMATS.iter().copied().find(|format| format.claims(path)).unwrap_or(&binary::Binary)
}

/// Why a document could not be read or written. Texts name places and kinds,
/// never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The source has no document at all (exit 92 of sops).
    #[error("the input holds no document")]
    Empty,
    /// The source breaks the format's grammar.
    #[error("{0}")]
    Syntax(String),
    /// A limit of `security.md` 4.1 is exceeded.
    #[error("{0}")]
    Limit(String),
    /// The metadata block is there, but broken.
    #[error("{0}")]
    Metadata(String),
    /// The tree cannot be said in this format.
    #[error("{0}")]
    Unrepresentable(String),
    /// A path of `set`, `unset` or `--extract` leads nowhere.
    #[error("{0}")]
    Path(String),
}
