//! Making an encrypted file: the user's bytes with only the selected scalars
//! replaced, checked by decrypting the result before it leaves this module
//! (`security.md` C-10).

use std::collections::{BTreeMap, HashMap};

use bulla_core::{DataKey, Limits, Random, RandomError};

use crate::compare;
use crate::crypt::{self, CryptError, DecryptOptions, Reusable, Reuse};
use crate::document::{Document, Slot, Splice, Style, apply};
use crate::file::{EncryptedFile, ReadError, is_leaf};
use crate::format::{Format, FormatError, Indent, Purpose};
use crate::layout::{Layout, Visited, visit_nodes};
use crate::metadata::{Metadata, WrappedKey};
use crate::selection::Selection;
use crate::tree::{Branch, Item, Key, Node, Value, into_owned};

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
        crypt::encrypt(branches, self.data_key, selection, only, reuse, self.random)
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
    #[error("{}", reserved_text(.0))]
    Reserved(String),
    /// A value could not be encrypted.
    #[error(transparent)]
    Crypt(#[from] CryptError),
    /// Randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The result does not decrypt to what went in: nothing may be written.
    #[error("the encrypted result does not decrypt to the original; nothing was written")]
    Check,
}

fn reserved_text(key: &str) -> String {
    if key == "sops" {
        "The file you have provided contains a top-level entry called 'sops', or for flat file formats \
         top-level entries starting with 'sops_'. This is generally due to the file already being encrypted. \
         SOPS uses a top-level entry called 'sops' to store the metadata required to decrypt the file."
            .to_owned()
    } else {
        format!(
            "Found key \"{key}\" in encrypted data, which starts with the reserved key prefix \"sops_\" for \
             SOPS metadata"
        )
    }
}

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
    for branch in &document.branches {
        if let Some(key) = output.reserved_key(branch) {
            return Err(EncryptError::Reserved(key));
        }
    }
    let mut work = Work { request, input, output, plain, document, kept: HashMap::new() };
    let mut encrypted = work.document.branches.clone();
    let outcome = request.seal(&mut encrypted, reuse)?;
    work.kept = outcome.kept;
    let metadata = work.metadata(&outcome.mac)?;
    match layouting {
        Layouting::Sops(indent) => work.emitted(&encrypted, metadata, &indent),
        _ if input.name() != output.name() || input.name() == "binary" => {
            work.emitted(&encrypted, metadata, &Indent::default())
        }
        Layouting::KeepVisible => work.visible(&encrypted, metadata),
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
    fn metadata(&self, mac: &str) -> Result<Metadata, EncryptError> {
        let request = self.request;
        let mac = crypt::seal_mac(mac, &request.last_modified, request.data_key, request.random)?;
        Ok(Metadata {
            groups: request.groups.clone(),
            shamir_threshold: request.shamir_threshold,
            last_modified: request.last_modified.clone(),
            mac,
            selection: request.selection.clone(),
            mac_only_encrypted: request.mac_only_encrypted,
            version: request.version.clone(),
            layout: None,
        })
    }

    /// As sops lays it out.
    fn emitted(
        &self,
        encrypted: &[Branch<'_>],
        metadata: Metadata,
        indent: &Indent,
    ) -> Result<Vec<u8>, EncryptError> {
        let text = self.output.emit(encrypted, Some(&metadata.write()), indent)?;
        let opened = self.open(&text)?;
        if self.input.name() == self.output.name()
            && !compare::same_values(opened.branches(), &self.document.branches)
        {
            return Err(EncryptError::Check);
        }
        Ok(text)
    }

    /// The user's text, without a layout field.
    fn visible(&self, encrypted: &[Branch<'_>], metadata: Metadata) -> Result<Vec<u8>, EncryptError> {
        for reuse_raw in [true, false] {
            if let Ok(text) = self.spliced(encrypted, &metadata, reuse_raw)
                && let Ok(opened) = self.open(&text)
                // A selected comment that does not decrypt may still stand
                // there readable.
                && opened.plain_comments == 0
                && compare::same_values(opened.branches(), &self.document.branches)
            {
                return Ok(text);
            }
        }
        self.emitted(encrypted, metadata, &Indent::default())
    }

    /// The user's text, with a layout field where decrypting what is visible
    /// would not give back every byte.
    fn kept(&self, encrypted: &[Branch<'_>], metadata: Metadata) -> Result<Vec<u8>, EncryptError> {
        let text = self.visible(encrypted, metadata.clone())?;
        if self.gives_back(&text)? {
            return Ok(text);
        }
        let hints = self.hints(&text)?;
        for layout in hints.map(Layout::Nodes).into_iter().chain([Layout::Whole(self.plain.to_vec())]) {
            let layout = layout.seal(self.request.data_key, self.request.random)?;
            let with_layout = Metadata { layout: Some(layout), ..metadata.clone() };
            let text = replace_metadata(self.output, &text, &with_layout, self.request.limits)?;
            if self.gives_back(&text)? {
                return Ok(text);
            }
        }
        // Only the layout is lost, which the check in `visible` proved.
        Ok(text)
    }

    fn open<'e>(&self, text: &'e [u8]) -> Result<crate::file::DecryptedFile<'e>, EncryptError> {
        let request = self.request;
        let file = EncryptedFile::parse(text, self.output, request.limits).map_err(|error| match error {
            ReadError::Format(error) => EncryptError::Format(error),
            ReadError::Metadata(_) => EncryptError::Check,
        })?;
        Ok(file.decrypt(request.data_key, DecryptOptions::default(), &Indent::default())?)
    }

    fn gives_back(&self, text: &[u8]) -> Result<bool, EncryptError> {
        let decrypted = self.open(text)?.text(&Indent::default(), self.request.limits);
        Ok(decrypted.is_ok_and(|decrypted| decrypted == self.plain))
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
        visit_nodes(encrypted, &mut |_, visited| {
            if let Some(text) = self.node_text(&visited, reuse_raw) {
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

    fn node_text(&self, visited: &Visited<'_, '_>, reuse_raw: bool) -> Option<Result<Splice, FormatError>> {
        let (node, comment) = match visited {
            Visited::Comment(Item { key: Key::Comment(comment), node }) => (node, Some(comment)),
            Visited::Comment(_) => return None,
            Visited::Node(node) => (*node, None),
        };
        let slot = node.slot?;
        let changed = node.changed || (slot.style == Style::Alias && changes_inside(&node.value));
        if !changed || !(is_leaf(node) || slot.style == Style::Alias) {
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

    /// Finds the nodes whose text would not come back by itself; `None` where
    /// the two trees do not pair up.
    fn hints(&self, text: &[u8]) -> Result<Option<BTreeMap<u32, Vec<u8>>>, EncryptError> {
        let opened = self.open(text)?;
        let mut pairing =
            Pairing { work: self, opened: opened.document(), ordinal: 0, hints: BTreeMap::new() };
        let plain = &self.document.branches;
        let fits = plain.len() == opened.branches().len()
            && plain
                .iter()
                .zip(opened.branches())
                .all(|(plain, branch)| pairing.items(plain, branch).is_some());
        Ok(fits.then_some(pairing.hints))
    }
}

/// Returns true where a leaf of an alias' expansion changed.
fn changes_inside(value: &Value<'_>) -> bool {
    let inside = |node: &Node<'_>| node.changed || changes_inside(&node.value);
    match value {
        Value::List(nodes) => nodes.iter().any(inside),
        Value::Map(items) => items.iter().any(|item| inside(&item.node)),
        _ => false,
    }
}

/// Walks the plain document and the decrypted one side by side.
struct Pairing<'p, 's> {
    work: &'p Work<'p, 's>,
    opened: &'p Document<'p>,
    ordinal: u32,
    hints: BTreeMap<u32, Vec<u8>>,
}

/// Depth is bounded by the reader's limits.
impl Pairing<'_, '_> {
    fn items(&mut self, plain: &[Item<'_>], opened: &[Item<'_>]) -> Option<()> {
        if plain.len() != opened.len() {
            return None;
        }
        for (plain, opened) in plain.iter().zip(opened) {
            match (&plain.key, &opened.key) {
                (Key::Comment(_), Key::Comment(comment)) => {
                    let value = Value::Comment(comment.clone());
                    self.leaf(plain.node.slot?, opened.node.slot?, &value, opened.node.changed);
                }
                (plain_key, opened_key) if plain_key == opened_key => self.node(&plain.node, &opened.node)?,
                _ => return None,
            }
        }
        Some(())
    }

    fn node(&mut self, plain: &Node<'_>, opened: &Node<'_>) -> Option<()> {
        if let Some(plain_slot) = plain.slot.filter(|slot| slot.style == Style::Alias) {
            if opened.slot?.style != Style::Alias {
                self.hints.insert(self.ordinal, self.work.plain[plain_slot.range()].to_vec());
            }
            self.skip(opened);
            return Some(());
        }
        match (&plain.value, &opened.value) {
            (Value::Map(plain), Value::Map(opened_items)) => {
                self.ordinal += u32::from(opened.slot.is_some());
                self.items(plain, opened_items)
            }
            (Value::List(plain), Value::List(opened_nodes)) => {
                self.ordinal += u32::from(opened.slot.is_some());
                let opened = opened_nodes;
                (plain.len() == opened.len()).then(|| {
                    plain.iter().zip(opened).try_for_each(|(plain, opened)| self.node(plain, opened))
                })?
            }
            (Value::Map(_) | Value::List(_), _) | (_, Value::Map(_) | Value::List(_)) => None,
            _ => {
                self.leaf(plain.slot?, opened.slot?, &opened.value, opened.changed);
                Some(())
            }
        }
    }

    /// Counts a node and all that [`visit_nodes`] would visit below it.
    fn skip(&mut self, opened: &Node<'_>) {
        self.ordinal += u32::from(opened.slot.is_some());
        if opened.slot.is_some_and(|slot| slot.style == Style::Alias) {
            return;
        }
        match &opened.value {
            Value::List(nodes) => nodes.iter().for_each(|node| self.skip(node)),
            Value::Map(items) => {
                for item in items {
                    if matches!(item.key, Key::Comment(_)) {
                        self.ordinal += u32::from(item.node.slot.is_some());
                    } else {
                        self.skip(&item.node);
                    }
                }
            }
            _ => {}
        }
    }

    fn leaf(&mut self, plain: Slot, opened: Slot, value: &Value<'_>, changed: bool) {
        let source = &self.work.plain[plain.range()];
        let comes_back = if changed {
            let rendered = self.work.output.render(value, opened, self.opened);
            rendered.is_ok_and(|text| text == source)
        } else {
            self.opened.source[opened.range()] == *source
        };
        if !comes_back {
            self.hints.insert(self.ordinal, source.to_vec());
        }
        self.ordinal += 1;
    }
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
pub fn rotate(
    file: crate::file::DecryptedFile<'_>,
    request: &Encryption<'_>,
) -> Result<Vec<u8>, EncryptError> {
    let format = file.format();
    let (document, _, layout) = file.into_document();
    let source = document.source;
    let mut encrypted = document.branches.clone();
    let outcome = request.seal(&mut encrypted, &mut Reuse::default())?;
    let work = Work { request, input: format, output: format, plain: source, document, kept: HashMap::new() };
    let mut metadata = work.metadata(&outcome.mac)?;
    if let Some(layout) = layout {
        metadata.layout = Some(layout.seal(request.data_key, request.random)?);
    }
    if format.name() == "binary" {
        return work.emitted(&encrypted, metadata, &Indent::default());
    }
    let text = work.spliced(&encrypted, &metadata, false)?;
    let opened = work.open(&text)?;
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
    let metadata = work.metadata(&outcome.mac)?;
    work.emitted(&encrypted, metadata, indent)
}
