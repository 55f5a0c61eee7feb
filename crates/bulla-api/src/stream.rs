//! Streams of documents: JSON objects back to back, or YAML split at lines
//! that begin with `---` (`sealed-secrets.md` 4.4).

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::decode::DecodeError;
use crate::json_value::{Merged, Unique, merged_within};
use crate::sealed_secret::SealedSecret;
use crate::secret::Secret;
use crate::shape::{SEALED_SECRET, SECRET, SECRETS, Shape};
use crate::wiped::Wiped;
use crate::yaml;

/// Why a stream gives no Secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A document that holds something does not fit.
    #[error(transparent)]
    Document(#[from] DecodeError),
}

/// Whether a text looks like JSON: blanks and an opening brace.
pub fn is_json(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(4096)]);
    text.trim_start().starts_with('{')
}

/// Reads one object: JSON where it looks so, else the first document of YAML.
pub fn parse_object(text: &[u8]) -> Result<Value, DecodeError> {
    if is_json(text) {
        let read = serde_json::from_slice::<Merged>(text);
        read.map(|json| json.0).map_err(|error| DecodeError::NoKind(json_misfit(&error)))
    } else {
        yaml::read(text, Shape::Any)
    }
}

/// Bytes of memory that an object of a stranger may take.
const STRANGE: usize = 32 << 20;

/// As [`parse_object`], of a text that may come from anybody: what would take much
/// memory is refused.
pub(crate) fn parse_strange(text: &[u8]) -> Result<Value, DecodeError> {
    if !is_json(text) {
        return yaml::read_strange(text);
    }
    match merged_within(text, STRANGE) {
        Ok(value) => value.ok_or(DecodeError::Parts),
        Err(error) => Err(DecodeError::NoKind(json_misfit(&error))),
    }
}

/// As [`parse_strange`], of a text that holds nothing else.
pub(crate) fn parse_only(text: &[u8]) -> Result<Value, DecodeError> {
    if is_json(text) { parse_strange(text) } else { yaml::read_only(text) }
}

pub(crate) fn json_misfit(error: &serde_json::Error) -> String {
    format!("malformed JSON at line {}, column {}", error.line(), error.column())
}

/// What a document of a stream is read into.
trait Document: Sized {
    /// The types of its fields.
    const SHAPE: Shape;

    /// Reads as far as it fits, and the first misfit; names match without
    /// regard to case.
    fn read(value: &Value) -> (Self, Option<String>);

    /// Whether nothing at all was read.
    fn is_nothing(&self) -> bool;
}

impl Document for Secret {
    const SHAPE: Shape = SECRET;

    fn read(value: &Value) -> (Self, Option<String>) {
        Self::read(value, true)
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl Document for SealedSecret {
    const SHAPE: Shape = SEALED_SECRET;

    fn read(value: &Value) -> (Self, Option<String>) {
        Self::read_folded(value)
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads all Secrets of a text. Documents in which nothing is found are passed
/// over, malformed ones too, as the reference does; kind and version are not
/// looked at.
pub fn secrets(text: &[u8]) -> Result<Vec<Secret>, StreamError> {
    objects(text)
}

/// Reads all Secrets of a text, those of lists as well, for who must not lose
/// one: where [`secrets`] passes over a document that has fields, this fails,
/// and where a name is written twice in a map. A text that is no object at all,
/// such as a PEM file, holds none.
pub fn all_secrets(text: &[u8]) -> Result<Vec<Secret>, StreamError> {
    let documents = documents(text)?;
    if let [document] = documents.as_slice()
        && !document.is_object()
    {
        return Ok(Vec::new());
    }
    let mut secrets = Vec::new();
    for document in documents.iter().filter(|document| !document.is_null()) {
        gather(document, &mut secrets)?;
    }
    Ok(secrets)
}

/// The Secret that an object is, or those of a list.
fn gather(object: &Value, secrets: &mut Vec<Secret>) -> Result<(), DecodeError> {
    let misfit = |text: &str| Err(DecodeError::Misfit(text.to_owned()));
    let Some(fields) = object.as_object() else { return misfit("a document or an item is no object") };
    if matches!(object["kind"].as_str(), Some("List" | "SecretList")) {
        let Some(items) = object["items"].as_array() else { return misfit("a list without items") };
        return items.iter().try_for_each(|item| gather(item, secrets));
    }
    let (secret, text) = Secret::read(object, true);
    if let Some(text) = text {
        return misfit(&text);
    }
    if secret.is_empty() {
        return if fields.is_empty() { Ok(()) } else { misfit("a document or an item is no Secret") };
    }
    secrets.push(secret);
    Ok(())
}

/// All documents: JSON objects back to back, or YAML.
fn documents(text: &[u8]) -> Result<Vec<Wiped>, DecodeError> {
    if is_json(text)
        && let Some(found) = json_documents(text)?
    {
        return Ok(found.into_iter().map(|(_, value)| value).collect());
    }
    Ok(yaml::read_all(text, SECRETS)?.into_iter().map(Wiped).collect())
}

/// A value and its place in the text.
type Placed = (Range<usize>, Wiped);

/// The JSON objects of a text, one after another, each with its place, which
/// begins where the one before it ends; nothing where the text is none. A name
/// that stands twice in one of them is an error.
pub fn json_documents(text: &[u8]) -> Result<Option<Vec<Placed>>, DecodeError> {
    let (mut found, mut start) = (Vec::new(), 0);
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Unique>();
    while let Some(value) = values.next() {
        let end = values.byte_offset();
        match value {
            Ok(value) => found.push((std::mem::replace(&mut start, end)..end, Wiped(value.0))),
            Err(error) if error.is_data() => return Err(DecodeError::TwiceInJson(error.line())),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Reads all SealedSecrets of a text, by the rules of [`secrets`].
pub fn sealed_secrets(text: &[u8]) -> Result<Vec<SealedSecret>, StreamError> {
    objects(text)
}

fn objects<T: Document>(text: &[u8]) -> Result<Vec<T>, StreamError> {
    let mut objects = Vec::new();
    let rest = if is_json(text) { json_objects(text, &mut objects)? } else { text };
    for document in yaml_documents(rest) {
        let Ok((object, misfit)) = read_yaml::<T>(document) else { continue };
        if object.is_nothing() {
            continue;
        }
        if let Some(misfit) = misfit {
            return Err(DecodeError::YamlMisfit(misfit).into());
        }
        objects.push(object);
    }
    Ok(objects)
}

fn read_yaml<T: Document>(document: &[u8]) -> Result<(T, Option<String>), DecodeError> {
    let value = Wiped(yaml::read(document, T::SHAPE)?);
    Ok(T::read(&value))
}

/// Reads JSON objects up to the first text that is none, which is returned: up
/// to the second object it may yet be YAML.
fn json_objects<'t, T: Document>(text: &'t [u8], read: &mut Vec<T>) -> Result<&'t [u8], StreamError> {
    let mut count = 0;
    let mut done = 0;
    let mut objects = serde_json::Deserializer::from_slice(text).into_iter::<Merged>();
    while let Some(object) = objects.next() {
        let Ok(value) = object.map(|json| Wiped(json.0)) else {
            // The reference reads such a text for ever after two objects.
            let failed = DecodeError::Json(done);
            return if count > 1 { Err(failed.into()) } else { Ok(&text[done..]) };
        };
        let document = &text[done..objects.byte_offset()];
        done = objects.byte_offset();
        let (found, misfit) = T::read(&value);
        let found = match misfit {
            None => found,
            // What does not fit as JSON may fit as YAML, where scalars become text.
            Some(misfit) => match read_yaml::<T>(document) {
                Ok((found, None)) => found,
                _ if found.is_nothing() => continue,
                _ => return Err(DecodeError::Misfit(misfit).into()),
            },
        };
        count += 1;
        if !found.is_nothing() {
            read.push(found);
        }
    }
    Ok(&[])
}

/// Where the Secrets of a text lose what they show, because YAML 1.1 takes a
/// scalar without quotes for a number or a truth (`sealed-secrets.md` 4.4).
/// Only places are told.
pub fn misreadings(text: &[u8]) -> Vec<String> {
    let (mut found, mut start) = (Vec::new(), 0);
    let mut read = |document: &[u8]| found.extend(yaml::misreadings(document, SECRETS));
    if is_json(text) {
        let mut objects = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        while let Some(Ok(_)) = objects.next() {
            read(&text[start..objects.byte_offset()]);
            start = objects.byte_offset();
        }
    }
    // What is no JSON is read as YAML.
    yaml_documents(&text[start..]).into_iter().for_each(read);
    found
}

/// Splits a text at lines that begin with `---` and hold nothing else but
/// blanks or a comment. A line that holds more takes the text before it along.
fn yaml_documents(text: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let begin = end;
        end += line.len();
        let Some(rest) = line.strip_prefix(b"---") else { continue };
        let rest = rest.trim_ascii();
        if rest.is_empty() || rest.starts_with(b"#") {
            documents.push(&text[start..begin]);
        }
        start = end;
    }
    documents.push(&text[start..]);
    documents.retain(|document| !document.is_empty());
    documents
}

#[cfg(test)]
mod tests;
