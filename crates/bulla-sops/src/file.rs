//! An encrypted file, opened: bytes to document, envelope to tree, and back
//! to the user's text.

use core::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bulla_core::{DataKey, Limits};

use crate::compare;
use crate::crypt::{self, CryptError, DecryptOptions, Reusable, Reuse};
use crate::document::{Document, Slot, Splice, Style, apply};
use crate::format::{Format, FormatError, Indent, Purpose};
use crate::layout::{Layout, Visited, visit_nodes};
use crate::metadata::{Metadata, MetadataError};
use crate::tree::{Branch, Item, Key, Node, Value};
use crate::walk::{self, Target};

/// Why an encrypted file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file breaks its format.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The metadata is missing or broken.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// A parsed encrypted file, its values still encrypted.
pub struct EncryptedFile<'e> {
    /// Format of the file.
    pub format: &'static dyn Format,
    /// The parsed text.
    pub document: Document<'e>,
    /// The `sops` block.
    pub metadata: Metadata,
    /// Threads that may help to decrypt it.
    helpers: usize,
}

/// An encrypted file whose values are decrypted and whose MAC was compared
/// (unless the caller asked otherwise).
pub struct DecryptedFile<'e> {
    file: EncryptedFile<'e>,
    layout: Option<Layout>,
    /// Layout that the user configured for files that sops lays out.
    indent: Indent,
    /// True where the encrypted text is what sops itself would have written,
    /// so that its decrypted text is that of sops, too. Found out when first
    /// asked for.
    canonical: OnceCell<bool>,
    /// Comments that did not decrypt and were left as they are.
    pub plain_comments: usize,
    /// Starts of the slots of comments that sops does not decrypt, since they
    /// were encrypted for another container.
    moved_comments: BTreeSet<u32>,
}

impl<'e> EncryptedFile<'e> {
    /// Parses `source`.
    pub fn parse(source: &'e [u8], format: &'static dyn Format, limits: &Limits) -> Result<Self, ReadError> {
        let document = format.parse(source, Purpose::Encrypted, limits)?;
        let items = document.metadata.as_ref().ok_or(MetadataError::Missing)?;
        let metadata = Metadata::read(items, limits)?;
        Ok(Self { format, document, metadata, helpers: limits.helpers })
    }

    /// Decrypts all values and compares the MAC. `indent` is the layout that
    /// the user configured for files that sops lays out.
    pub fn decrypt(
        mut self,
        data_key: &DataKey,
        options: DecryptOptions,
        indent: &Indent,
    ) -> Result<DecryptedFile<'e>, CryptError> {
        let layout = self.metadata.layout.as_deref().and_then(|text| Layout::open(text, data_key));
        let format = self.format;
        let look = |document: &Document<'_>| match &layout {
            Some(_) => Some(false),
            None if options.values_only => None,
            None => Some(is_canonical(document, format, indent)),
        };
        let (strays, canonical) =
            crypt::decrypt(&mut self.document, &self.metadata, data_key, options, self.helpers, look)?;
        let canonical = canonical.map_or_else(OnceCell::new, OnceCell::from);
        let (plain_comments, moved_comments) = (strays.plain, strays.moved);
        Ok(DecryptedFile { file: self, layout, indent: *indent, canonical, plain_comments, moved_comments })
    }
}

impl<'e> DecryptedFile<'e> {
    /// The decrypted tree.
    pub fn branches(&self) -> &[Branch<'e>] {
        &self.file.document.branches
    }

    /// Format of the file.
    pub fn format(&self) -> &'static dyn Format {
        self.file.format
    }

    /// Returns true where every selected comment decrypts where it stands, as
    /// sops wants it.
    pub(crate) fn comments_stand_right(&self) -> bool {
        self.plain_comments == 0 && self.moved_comments.is_empty()
    }

    /// The metadata that the file was opened with.
    pub fn metadata(&self) -> &Metadata {
        &self.file.metadata
    }

    /// Forgets the layout field, so that a file made from this one has none.
    pub fn forget_layout(&mut self) {
        self.layout = None;
    }

    /// The parsed file; values in its tree are decrypted.
    pub(crate) fn document(&self) -> &Document<'e> {
        &self.file.document
    }

    /// The same, for a caller that puts another value into the tree.
    pub(crate) fn document_mut(&mut self) -> &mut Document<'e> {
        &mut self.file.document
    }

    pub(crate) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    pub(crate) fn into_document(self) -> (Document<'e>, Metadata, Option<Layout>) {
        (self.file.document, self.file.metadata, self.layout)
    }

    /// Returns the decrypted text in the file's own format: in the layout of
    /// the encrypted text and the hints that came with it, or byte-equal to
    /// what sops prints where sops laid it out.
    pub fn text(&self, indent: &Indent, limits: &Limits) -> Result<Vec<u8>, FormatError> {
        if self.is_canonical(limits) || self.file.format.name() == "binary" {
            return self.file.format.emit(self.branches(), None, indent);
        }
        if let Some(Layout::Whole(source)) = &self.layout
            && let Ok(document) = self.file.format.parse(source, Purpose::Plain, limits)
            && compare::same_values(&document.branches, self.branches())
        {
            return Ok(source.clone());
        }
        let none = BTreeMap::new();
        let hints = match &self.layout {
            Some(Layout::Nodes(nodes)) => nodes,
            _ => &none,
        };
        for hints in [hints, &none] {
            let text = self.spliced(hints)?;
            if self.reads_back(&text, limits) {
                return Ok(text);
            }
        }
        self.file.format.emit(self.branches(), None, indent)
    }

    fn reads_back(&self, text: &[u8], limits: &Limits) -> bool {
        let parsed = self.file.format.parse(text, Purpose::Encrypted, limits);
        parsed.is_ok_and(|document| {
            document.metadata.is_none() && compare::same(&document.branches, self.branches())
        })
    }

    fn spliced(&self, hints: &BTreeMap<u32, Vec<u8>>) -> Result<Vec<u8>, FormatError> {
        let mut splices = Vec::new();
        for (slot, text) in self.node_texts(hints)? {
            splices.push(Splice::new(slot.range(), text));
        }
        let holes = self.file.document.places.iter().flat_map(|place| place.existing.iter().cloned());
        splices.extend(holes.map(|hole| Splice::new(hole, "")));
        Ok(apply(self.file.document.source, splices))
    }

    /// Returns, for every node whose text differs from the encrypted file,
    /// its slot there and its text in the decrypted file.
    fn node_texts(&self, hints: &BTreeMap<u32, Vec<u8>>) -> Result<Vec<(Slot, Vec<u8>)>, FormatError> {
        let document = &self.file.document;
        let mut texts: Vec<(Slot, Vec<u8>)> = Vec::new();
        let mut failed = None;
        let mut covered: Range<u32> = 0..0;
        visit_nodes(&document.branches, &mut |ordinal, visited| {
            let (node, comment) = match &visited {
                Visited::Comment(item) => (&item.node, Some(item)),
                Visited::Node(node) => (*node, None),
            };
            let Some(slot) = node.slot else { return };
            if slot.start < covered.end {
                return;
            }
            if let Some(hint) = hints.get(&ordinal) {
                covered = slot.start..slot.end;
                texts.push((slot, hint.clone()));
            } else if node.changed && is_leaf(node) {
                let rendered = match comment.map(|item| &item.key) {
                    Some(Key::Comment(comment)) => {
                        self.file.format.render(&Value::Comment(comment.clone()), slot, document)
                    }
                    _ => self.file.format.render(&node.value, slot, document),
                };
                match rendered {
                    Ok(text) => texts.push((slot, text)),
                    Err(error) => failed = Some(error),
                }
            }
        });
        failed.map_or(Ok(texts), Err)
    }

    /// Notes every ciphertext of the file for use in its next version, where
    /// its plaintext is still the same at the same path.
    pub(crate) fn reuse(&self, limits: &Limits) -> Reuse {
        let mut reuse = Reuse::default();
        let none = BTreeMap::new();
        let hints = match &self.layout {
            Some(Layout::Nodes(nodes)) => nodes,
            _ => &none,
        };
        let texts: BTreeMap<u32, Vec<u8>> = if self.is_canonical(limits) {
            BTreeMap::new()
        } else {
            let texts = self.node_texts(hints).unwrap_or_default();
            texts.into_iter().map(|(slot, text)| (slot.start, text)).collect()
        };
        let document = &self.file.document;
        let mut slots = BTreeMap::new();
        visit_nodes(&document.branches, &mut |_, visited| {
            let (Visited::Comment(Item { node, .. }) | Visited::Node(node)) = visited;
            // A comment that was encrypted for another container is encrypted anew.
            let stands_right = |slot: &Slot| !self.moved_comments.contains(&slot.start);
            if let Some(slot) = node.slot.filter(|_| node.changed).filter(stands_right) {
                slots.insert(slot.start, slot);
            }
        });
        // The walk wants a tree that it may change; a copy is cheap beside
        // the cryptography that reuse saves.
        let mut branches = document.branches.clone();
        let noted =
            walk::walk::<walk::WalkError>(&mut branches, &self.file.metadata.selection, &mut |leaf| {
                let Some(slot) = leaf.slot_start.and_then(|start| slots.get(&start)) else { return Ok(()) };
                let raw = &document.source[slot.range()];
                if let Some(envelope) = envelope_in(raw).filter(|_| leaf.selected) {
                    let reusable = Reusable {
                        envelope: envelope.to_vec(),
                        raw: Some(raw.to_vec()),
                        plain_raw: texts.get(&slot.start).cloned(),
                    };
                    match leaf.target {
                        Target::Comment(comment) => {
                            reuse.note(leaf.aad, &Value::Comment(comment.clone()), reusable);
                        }
                        Target::Value(value) => reuse.note(leaf.aad, value, reusable),
                    }
                }
                Ok(())
            });
        // A tree that was decrypted can be walked; if not, nothing is reused.
        if noted.is_err() { Reuse::default() } else { reuse }
    }

    /// Returns true where the decrypted text is laid out by sops.
    pub(crate) fn is_canonical(&self, limits: &Limits) -> bool {
        *self.canonical.get_or_init(|| {
            // The tree here is decrypted, so the text is read once more.
            let parsed = self.file.format.parse(self.file.document.source, Purpose::Encrypted, limits);
            parsed.is_ok_and(|document| is_canonical(&document, self.file.format, &self.indent))
        })
    }
}

/// Returns true where sops would write exactly the bytes that `document` was
/// read from, metadata aside.
fn is_canonical(document: &Document<'_>, format: &'static dyn Format, indent: &Indent) -> bool {
    let Ok(emitted) = format.emit(&document.branches, None, indent) else { return false };
    let mut rest = emitted.as_slice();
    let mut position = 0;
    let source = document.source;
    let holes = document.places.iter().flat_map(|place| place.existing.iter().cloned());
    let end = source.len();
    for hole in holes.chain(std::iter::once(end..end)) {
        let Some(behind) = rest.strip_prefix(&source[position..hole.start]) else { return false };
        rest = behind;
        position = hole.end;
    }
    rest.is_empty()
}

/// Returns true for a node that is written as one piece.
pub(crate) fn is_leaf(node: &Node<'_>) -> bool {
    !matches!(node.value, Value::Map(_) | Value::List(_))
        && node.slot.is_none_or(|slot| slot.style != Style::Alias)
}

/// Finds the envelope in the text of a slot, between quotes or behind a block
/// header.
fn envelope_in(raw: &[u8]) -> Option<&[u8]> {
    let start = memchr::memmem::find(raw, b"ENC[")?;
    let end = memchr::memrchr(b']', raw)?;
    raw.get(start..=end)
}
