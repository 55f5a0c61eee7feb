//! Making an encrypted file: the user's bytes with only the selected scalars
//! replaced, checked by decrypting the result before it leaves this module
//! (`security.md` C-10).

use std::collections::HashMap;

use bulla_core::{DataKey, Limits, Random, RandomError};

use crate::alias::Anchors;
use crate::columns::wrapped;
use crate::compare;
use crate::crypt::{self, CryptError, DecryptOptions, Reusable, Reuse};
use crate::document::{Document, Slot, Splice, Style, apply};
use crate::file::{DecryptedFile, EncryptedFile, ReadError, is_leaf};
use crate::format::{Format, FormatError, Indent, Purpose};
use crate::layout::{Layout, Visited, visit_nodes};
use crate::metadata::{Metadata, WrappedKey};
use crate::pairing;
use crate::selection::Selection;
use crate::tree::{Branch, Item, Key, Node, Value, into_owned};
use crate::value;

/// Everything but the text that an encryption needs.
pub struct Encryption<'a> {
    /// The key of the values.
    pub data_key: &'a DataKey,
    /// Its wrapped copies.
    pub groups: Vec<Vec<WrappedKey>>,
    /// Threshold to store; 0 stores none.
    pub shamir_threshold: u32,
    /// Which leaves are encrypted.
    pub selection: Selection,
    /// True where the MAC covers encrypted leaves only.
    pub mac_only_encrypted: bool,
    /// Version to store.
    pub version: String,
    /// RFC 3339 time to store.
    pub last_modified: String,
    /// Source of nonces.
    pub random: &'a dyn Random,
    /// Limits of the check that reads the result.
    pub limits: &'a Limits,
}

impl Encryption<'_> {
    fn seal(&self, branches: &mut [Branch<'_>], reuse: &mut Reuse) -> Result<crypt::Encrypted, CryptError> {
        let (selection, only) = (&self.selection, self.mac_only_encrypted);
        crypt::encrypt(branches, self.data_key, selection, only, reuse, self.random, self.limits.helpers)
    }

    /// Builds the `sops` block of a text with this MAC.
    pub(crate) fn metadata(&self, mac: &str) -> Result<Metadata, EncryptError> {
        let mac = crypt::seal_mac(mac, &self.last_modified, self.data_key, self.random)?;
        Ok(Metadata {
            groups: self.groups.clone(),
            shamir_threshold: self.shamir_threshold,
            last_modified: self.last_modified.clone(),
            mac,
            selection: self.selection.clone(),
            mac_only_encrypted: self.mac_only_encrypted,
            version: self.version.clone(),
            layout: None,
        })
    }
}

/// How the result is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layouting {
    /// The user's text, with a `layout` field where it needs one.
    Keep,
    /// The user's text, never with a `layout` field.
    KeepVisible,
    /// As sops lays it out.
    Sops(Indent),
}

/// Why a text could not be encrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The text breaks its format, or the tree does not fit the target's.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The text already has metadata, or uses its name.
    #[error("{}", wrapped(RESERVED))]
    Reserved,
    /// A value could not be encrypted.
    #[error(transparent)]
    Crypt(#[from] CryptError),
    /// Randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Decrypting would not give back the text byte for byte.
    #[error("the layout of the text cannot be kept in the encrypted file; nothing was written")]
    Layout,
    /// The result does not decrypt to what went in: nothing may be written.
    #[error("the encrypted result does not decrypt to the original; nothing was written")]
    Check,
}

/// What sops says, whichever the key is.
const RESERVED: &str = "The file you have provided contains a top-level entry called 'sops', or for flat file formats \
    top-level entries starting with 'sops_'. This is generally due to the file already being encrypted. SOPS uses a \
    top-level entry called 'sops' to store the metadata required to decrypt the file. For this reason, SOPS can not \
    encrypt files that already contain such an entry.\n\nIf this is an unencrypted file, rename the 'sops' \
    entry.\n\nIf this is an encrypted file and you want to edit it, use the editor mode, for example: `sops edit \
    my_file.yaml`";

/// Encrypts `plain`, read as `input`, into a file of the format `output`.
///
/// Ciphertexts in `reuse` stand again where nothing changed.
pub fn encrypt(
    plain: &[u8],
    input: &'static dyn Format,
    output: &'static dyn Format,
    layouting: Layouting,
    reuse: &mut Reuse,
    request: &Encryption<'_>,
) -> Result<Vec<u8>, EncryptError> {
    let document = input.parse(plain, Purpose::Plain, request.limits)?;
    if document.branches.is_empty() {
        return Err(FormatError::Empty.into());
    }
    if document.branches.len() > 1 && output.name() != input.name() {
        let (name, count) = (output.name(), document.branches.len());
        let text = format!("the text has {count} documents, and a file of the format {name} holds one");
        return Err(FormatError::Unrepresentable(text).into());
    }
    for (number, branch) in document.branches.iter().enumerate() {
        match output.reserved_key(branch) {
            Some(_) if number == 0 => return Err(EncryptError::Reserved),
            Some(key) => {
                return Err(FormatError::Unrepresentable(format!(
                    "Error marshaling metadata: Found key \"{key}\" in encrypted data, which is a reserved key \
                     used for SOPS metadata"
                ))
                .into());
            }
            None => {}
        }
    }
    let mut work = Work { request, input, output, plain, document, kept: HashMap::new() };
    let mut encrypted = work.document.branches.clone();
    let outcome = request.seal(&mut encrypted, reuse)?;
    work.kept = outcome.kept;
    let metadata = request.metadata(&outcome.mac)?;
    match layouting {
        Layouting::Sops(indent) => work.emitted(encrypted, metadata, &indent),
        _ if input.name() != output.name() || input.name() == "binary" => {
            work.emitted(encrypted, metadata, &Indent::default())
        }
        Layouting::KeepVisible => Ok(work.visible(&encrypted, metadata, false)?.0),
        Layouting::Keep => work.kept(&encrypted, metadata),
    }
}

struct Work<'w, 's> {
    request: &'w Encryption<'w>,
    input: &'static dyn Format,
    output: &'static dyn Format,
    plain: &'s [u8],
    document: Document<'s>,
    kept: HashMap<u32, Reusable>,
}

impl Work<'_, '_> {
    /// As sops lays it out.
    fn emitted(
        &self,
        mut encrypted: Vec<Branch<'_>>,
        metadata: Metadata,
        indent: &Indent,
    ) -> Result<Vec<u8>, EncryptError> {
        encrypted.iter_mut().flatten().for_each(|item| comments_to_items(&mut item.node.value));
        let text = self.output.emit(&encrypted, Some(&metadata.write()), indent)?;
        let opened = self.open(&text, false)?;
        let is_same = if self.input.name() == self.output.name() {
            compare::same_values(opened.branches(), &self.document.branches)
        } else {
            self.prints_the_same(&opened)?
        };
        if is_same { Ok(text) } else { Err(EncryptError::Check) }
    }

    /// Formats say a tree in different ways, so after a conversion it is the
    /// text in the new format that is compared.
    fn prints_the_same(&self, opened: &DecryptedFile<'_>) -> Result<bool, FormatError> {
        let print = |branches: &[Branch<'_>]| self.output.emit(branches, None, &Indent::default());
        Ok(print(opened.branches())? == print(&self.document.branches)?)
    }

    /// The user's text, without a layout field. With `wants_back` it is also
    /// said whether decrypting it gives back every byte.
    fn visible(
        &self,
        encrypted: &[Branch<'_>],
        metadata: Metadata,
        wants_back: bool,
    ) -> Result<(Vec<u8>, bool), EncryptError> {
        for reuse_raw in [true, false] {
            let Ok(text) = self.spliced(encrypted, &metadata, reuse_raw) else { continue };
            let Ok(opened) = self.open(&text, wants_back) else { continue };
            // A selected comment that does not decrypt may still stand there
            // readable.
            if opened.comments_stand_right()
                && compare::same_values(opened.branches(), &self.document.branches)
            {
                let comes_back = wants_back && self.is_text_of(&opened);
                return Ok((text, comes_back));
            }
        }
        let text = self.emitted(encrypted.to_vec(), metadata, &Indent::default())?;
        let comes_back = wants_back && self.is_text_of(&self.open(&text, true)?);
        Ok((text, comes_back))
    }

    /// The user's text, with a layout field where decrypting what is visible
    /// would not give back every byte.
    fn kept(&self, encrypted: &[Branch<'_>], metadata: Metadata) -> Result<Vec<u8>, EncryptError> {
        let (text, comes_back) = self.visible(encrypted, metadata.clone(), true)?;
        if comes_back {
            return Ok(text);
        }
        let hints = pairing::hints(&self.document, self.open(&text, false)?.document(), self.output);
        for layout in hints.map(Layout::Nodes).into_iter().chain([Layout::Whole(self.plain.to_vec())]) {
            let layout = layout.seal(self.request.data_key, self.request.random)?;
            let with_layout = Metadata { layout: Some(layout), ..metadata.clone() };
            let text = replace_metadata(self.output, &text, &with_layout, self.request.limits)?;
            if self.is_text_of(&self.open(&text, true)?) {
                return Ok(text);
            }
        }
        Err(EncryptError::Layout)
    }

    fn open<'e>(&self, text: &'e [u8], wants_text: bool) -> Result<DecryptedFile<'e>, EncryptError> {
        open_again(text, self.output, self.request, wants_text)
    }

    /// Returns true where decrypting gives back every byte.
    fn is_text_of(&self, opened: &DecryptedFile<'_>) -> bool {
        let decrypted = opened.text(&Indent::default(), self.request.limits);
        decrypted.is_ok_and(|decrypted| decrypted == self.plain)
    }

    fn spliced(
        &self,
        encrypted: &[Branch<'_>],
        metadata: &Metadata,
        reuse_raw: bool,
    ) -> Result<Vec<u8>, FormatError> {
        let mut splices = self.output.put_metadata(&self.document, &metadata.write())?;
        if self.request.selection.encrypts_top_comments() {
            // The tree does not hold them, so nothing else would hide them;
            // the layout field brings them back.
            splices.extend(self.document.loose_comments.iter().map(|range| Splice::new(range.clone(), "")));
        }
        let mut failed = None;
        let mut anchors = Anchors::new(self.plain);
        visit_nodes(encrypted, &mut |_, visited| {
            let expand = matches!(visited, Visited::Node(node) if anchors.visit(node));
            if let Some(text) = self.node_text(&visited, expand, reuse_raw) {
                match text {
                    Ok(splice) => splices.push(splice),
                    Err(error) => failed = Some(error),
                }
            }
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(apply(self.plain, splices)),
        }
    }

    /// Writes a changed leaf, or an alias that is to be written out.
    fn node_text(
        &self,
        visited: &Visited<'_, '_>,
        expand: bool,
        reuse_raw: bool,
    ) -> Option<Result<Splice, FormatError>> {
        let (node, comment) = match visited {
            Visited::Comment(Item { key: Key::Comment(comment), node }) => (node, Some(comment)),
            Visited::Comment(_) => return None,
            Visited::Node(node) => (*node, None),
        };
        let slot = node.slot?;
        let is_alias = slot.style == Style::Alias;
        if !(node.changed || expand) || !(is_leaf(node) || is_alias) {
            return None;
        }
        if reuse_raw && let Some(text) = self.kept_text(slot) {
            return Some(Ok(Splice::new(slot.range(), text)));
        }
        let value = comment.map(|comment| Value::Comment(comment.clone()));
        let text = self.output.render(value.as_ref().unwrap_or(&node.value), slot, &self.document);
        Some(text.map(|text| Splice::new(slot.range(), text)))
    }

    /// The old encrypted text of an unchanged value: only where its plain
    /// text is unchanged, too, or was laid out by sops.
    fn kept_text(&self, slot: Slot) -> Option<Vec<u8>> {
        let reusable = self.kept.get(&slot.start)?;
        let source = &self.plain[slot.range()];
        if reusable.plain_raw.as_deref().is_some_and(|plain| plain != source) {
            return None;
        }
        let mut text = reusable.raw.clone()?;
        if source.ends_with(b"\n") && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        Some(text)
    }
}

/// Opens a text made for `request`, as every text is before it leaves this
/// crate (`security.md` C-10).
pub(crate) fn open_again<'e>(
    text: &'e [u8],
    format: &'static dyn Format,
    request: &Encryption<'_>,
    wants_text: bool,
) -> Result<DecryptedFile<'e>, EncryptError> {
    let file = EncryptedFile::parse(text, format, request.limits).map_err(|error| match error {
        ReadError::Format(error) => EncryptError::Format(error),
        ReadError::Metadata(_) => EncryptError::Check,
    })?;
    let options = DecryptOptions { values_only: !wants_text, ..DecryptOptions::default() };
    Ok(file.decrypt(request.data_key, options, &Indent::default())?)
}

/// Puts other metadata into an encrypted text and changes nothing else.
pub fn replace_metadata(
    format: &'static dyn Format,
    text: &[u8],
    metadata: &Metadata,
    limits: &Limits,
) -> Result<Vec<u8>, FormatError> {
    let document = format.parse(text, Purpose::Encrypted, limits)?;
    if format.name() == "binary" {
        return format.emit(&document.branches, Some(&metadata.write()), &Indent::default());
    }
    let splices = format.put_metadata(&document, &metadata.write())?;
    Ok(apply(text, splices))
}

/// Encrypts an opened file anew under another data key, everything visible
/// left as it is (`rotate`).
pub fn rotate(file: DecryptedFile<'_>, request: &Encryption<'_>) -> Result<Vec<u8>, EncryptError> {
    let format = file.format();
    let (document, _, layout) = file.into_document();
    let source = document.source;
    let mut encrypted = document.branches.clone();
    let outcome = request.seal(&mut encrypted, &mut Reuse::default())?;
    let work = Work { request, input: format, output: format, plain: source, document, kept: HashMap::new() };
    let mut metadata = request.metadata(&outcome.mac)?;
    if let Some(layout) = layout {
        metadata.layout = Some(layout.seal(request.data_key, request.random)?);
    }
    if format.name() == "binary" {
        return work.emitted(encrypted, metadata, &Indent::default());
    }
    let text = work.spliced(&encrypted, &metadata, false)?;
    drop(encrypted);
    let opened = work.open(&text, false)?;
    if compare::same(opened.branches(), &work.document.branches) {
        Ok(text)
    } else {
        Err(EncryptError::Check)
    }
}

/// Encrypts a tree that has no text (conversion between formats, `publish`).
pub fn encrypt_tree(
    branches: Vec<Branch<'_>>,
    output: &'static dyn Format,
    indent: &Indent,
    request: &Encryption<'_>,
) -> Result<Vec<u8>, EncryptError> {
    let document = Document {
        source: b"",
        branches: into_owned(branches),
        metadata: None,
        places: Vec::new(),
        loose_comments: Vec::new(),
        warnings: Vec::new(),
    };
    let mut encrypted = document.branches.clone();
    let outcome = request.seal(&mut encrypted, &mut Reuse::default())?;
    let work = Work { request, input: output, output, plain: b"", document, kept: HashMap::new() };
    let metadata = request.metadata(&outcome.mac)?;
    work.emitted(encrypted, metadata, indent)
}

/// In sops an encrypted comment of a list is an item of it (`sops.md` 7.2).
fn comments_to_items(value: &mut Value<'_>) {
    match value {
        Value::List(nodes) => {
            for Node { value, .. } in nodes {
                match value {
                    Value::Comment(comment) if value::is_comment_envelope(&comment.text) => {
                        *value = Value::Text(std::mem::take(&mut comment.text));
                    }
                    value => comments_to_items(value),
                }
            }
        }
        Value::Map(items) => items.iter_mut().for_each(|item| comments_to_items(&mut item.node.value)),
        _ => {}
    }
}

#[cfg(test)]
pub(crate) mod tests;
