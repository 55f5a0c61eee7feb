//! Changing an encrypted file: a new plain text is encrypted so that only
//! what changed differs in the file; `set` and `unset` make that text.

use bulla_core::Limits;

use crate::alias::{aliases_of, anchors_at};
use crate::compare;
use crate::document::apply;
use crate::encrypt::{EncryptError, Encryption, Layouting, encrypt};
use crate::file::DecryptedFile;
use crate::format::{Format, FormatError, Indent, Purpose, Step, by_name};
use crate::path::{self, PathError, UnsetError};
use crate::replace;
use crate::tree::{Branch, Node, Value, into_owned};

/// Why a file could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The path does not fit the tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// There is nothing to remove at the path.
    #[error(transparent)]
    Unset(#[from] UnsetError),
    /// The text cannot be read or written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The new text cannot be encrypted.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
    /// The value is no JSON.
    #[error("the value is not valid JSON: {0}")]
    Json(FormatError),
}

/// Encrypts `plain`, the changed text of `file`. Values that did not change
/// keep their ciphertext, byte for byte.
pub fn reencrypt(
    file: &DecryptedFile<'_>,
    plain: &[u8],
    layouting: Layouting,
    request: &Encryption<'_>,
) -> Result<Vec<u8>, EncryptError> {
    // A new data key must never meet old ciphertexts; callers that keep the
    // data key are the only ones that come here.
    let mut reuse = file.reuse(request.limits);
    let format = file.format();
    let layouting = match layouting {
        // A file that sops laid out stays one that it could have written.
        Layouting::Keep if file.is_canonical(request.limits) && file.layout().is_none() => {
            Layouting::KeepVisible
        }
        other => other,
    };
    encrypt(plain, format, format, layouting, &mut reuse, request)
}

/// Reads a JSON value, as `set` takes it: integers stay integers.
pub fn json_value(text: &str, limits: &Limits) -> Result<Value<'static>, EditError> {
    let wrapped = format!("{{\"v\":{text}\n}}");
    let json = by_name("json").ok_or_else(|| FormatError::Unrepresentable("json".into()))?;
    let document = json.parse(wrapped.as_bytes(), Purpose::Plain, limits).map_err(EditError::Json)?;
    let mut branches = into_owned(document.branches);
    match branches.pop().unwrap_or_default().as_mut_slice() {
        [item] => Ok(without_slots(core::mem::replace(&mut item.node.value, Value::Null))),
        _ => Err(EditError::Json(FormatError::Syntax("more than one value".to_owned()))),
    }
}

/// Forgets places that belong to another text.
fn without_slots(mut value: Value<'static>) -> Value<'static> {
    fn forget(node: &mut Node<'_>) {
        node.slot = None;
        match &mut node.value {
            Value::List(nodes) => nodes.iter_mut().for_each(forget),
            Value::Map(items) => items.iter_mut().for_each(|item| forget(&mut item.node)),
            _ => {}
        }
    }
    match &mut value {
        Value::List(nodes) => nodes.iter_mut().for_each(forget),
        Value::Map(items) => items.iter_mut().for_each(|item| forget(&mut item.node)),
        _ => {}
    }
    value
}

/// Puts `value` at `path` of the first document and returns the new file.
pub fn set(
    mut file: DecryptedFile<'_>,
    path: &[Step],
    value: Value<'static>,
    layouting: Layouting,
    request: &Encryption<'_>,
) -> Result<Vec<u8>, EditError> {
    let keeps_layout =
        layouting == Layouting::Keep || layouting == Layouting::KeepVisible && file.layout().is_none();
    if keeps_layout && let Some(text) = replace::value(&mut file, path, &value, request) {
        return Ok(text);
    }
    let mut expected = into_owned(file.branches().to_vec());
    path::set(first(&mut expected), path, value.clone())?;
    let node = Node::new(value);
    change(&file, &expected, path, layouting, request, &|format, text| format.set(text, path, &node))
}

/// Removes what is at `path` of the first document and returns the new file.
pub fn unset(
    file: &DecryptedFile<'_>,
    path: &[Step],
    layouting: Layouting,
    request: &Encryption<'_>,
) -> Result<Vec<u8>, EditError> {
    let mut expected = into_owned(file.branches().to_vec());
    path::unset(first(&mut expected), path)?;
    change(file, &expected, path, layouting, request, &|format, text| format.unset(text, path))
}

fn first<'t, 's>(branches: &'t mut Vec<Branch<'s>>) -> &'t mut Branch<'s> {
    if branches.is_empty() {
        branches.push(Vec::new());
    }
    &mut branches[0]
}

type Edit<'f> = &'f dyn Fn(&'static dyn Format, &[u8]) -> Result<Vec<crate::document::Splice>, FormatError>;

/// Edits the decrypted text at `path` and encrypts the result. Where it does
/// not read back as expected, the aliases that the change concerns are written
/// out first; where that does not help either, the tree is laid out by sops.
fn change(
    file: &DecryptedFile<'_>,
    expected: &[Branch<'_>],
    path: &[Step],
    layouting: Layouting,
    request: &Encryption<'_>,
    edit: Edit<'_>,
) -> Result<Vec<u8>, EditError> {
    let format = file.format();
    if format.name() == "binary" {
        return Ok(crate::encrypt::encrypt_tree(expected.to_vec(), format, &Indent::default(), request)?);
    }
    let indent = Indent::default();
    let text = file.text(&indent, request.limits)?;
    let attempt = |text: &[u8]| {
        let edited = apply(text, edit(format, text).ok()?);
        let document = format.parse(&edited, Purpose::Plain, request.limits).ok()?;
        compare::same_values(&document.branches, expected).then_some(edited)
    };
    let edited = attempt(&text).or_else(|| attempt(&without_aliases(format, &text, path, request.limits)?));
    let edited = match edited {
        Some(edited) => edited,
        None => format.emit(expected, None, &indent)?,
    };
    Ok(reencrypt(file, &edited, layouting, request)?)
}

/// Writes out the aliases of what stands at `path`, and the one that it leads
/// through. `None` where there are none.
fn without_aliases(
    format: &'static dyn Format,
    text: &[u8],
    path: &[Step],
    limits: &Limits,
) -> Option<Vec<u8>> {
    let document = format.parse(text, Purpose::Plain, limits).ok()?;
    let aliases = aliases_of(&document, &anchors_at(&document, path), path);
    let mut splices = Vec::new();
    for (at, node) in &aliases {
        splices.extend(format.set(text, at, node).ok()?);
    }
    (!aliases.is_empty()).then(|| apply(text, splices))
}
