//! Streams of documents: JSON objects back to back, or YAML split at lines
//! that begin with `---` (`sealed-secrets.md` 4.4).

use serde_json::Value;

use crate::decode::DecodeError;
use crate::secret::Secret;
use crate::shape::{SECRET, Shape};
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
        serde_json::from_slice(text).map_err(|error| DecodeError::NoKind(json_misfit(&error)))
    } else {
        yaml::read(text, Shape::Any)
    }
}

/// As [`parse_object`], of a text that holds nothing else.
pub(crate) fn parse_only(text: &[u8]) -> Result<Value, DecodeError> {
    if is_json(text) { parse_object(text) } else { yaml::read_only(text) }
}

fn json_misfit(error: &serde_json::Error) -> String {
    format!("malformed JSON at line {}, column {}", error.line(), error.column())
}

/// Reads all Secrets of a text. Documents in which nothing is found are passed
/// over, malformed ones too, as the reference does; kind and version are not
/// looked at.
pub fn secrets(text: &[u8]) -> Result<Vec<Secret>, StreamError> {
    let mut secrets = Vec::new();
    let rest = if is_json(text) { json_documents(text, &mut secrets)? } else { text };
    for document in yaml_documents(rest) {
        let (secret, misfit) = match yaml::read(document, SECRET) {
            Ok(value) => Secret::read(&value, true),
            Err(_) => continue,
        };
        if secret.is_empty() {
            continue;
        }
        if let Some(misfit) = misfit {
            return Err(DecodeError::YamlMisfit(misfit).into());
        }
        secrets.push(secret);
    }
    Ok(secrets)
}

/// Reads JSON objects up to the first text that is none, which is returned: up
/// to the second object it may yet be YAML.
fn json_documents<'t>(text: &'t [u8], secrets: &mut Vec<Secret>) -> Result<&'t [u8], StreamError> {
    let mut count = 0;
    let mut done = 0;
    let mut objects = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    while let Some(object) = objects.next() {
        let Ok(value) = object else {
            // The reference reads such a text for ever after two objects.
            let failed = DecodeError::Json(done);
            return if count > 1 { Err(failed.into()) } else { Ok(&text[done..]) };
        };
        let document = &text[done..objects.byte_offset()];
        done = objects.byte_offset();
        let (secret, misfit) = Secret::read(&value, true);
        let secret = match misfit {
            None => secret,
            // What does not fit as JSON may fit as YAML, where scalars become text.
            Some(misfit) => match yaml::read(document, SECRET).map(|value| Secret::read(&value, true)) {
                Ok((secret, None)) => secret,
                _ if secret.is_empty() => continue,
                _ => return Err(DecodeError::Misfit(misfit).into()),
            },
        };
        count += 1;
        if !secret.is_empty() {
            secrets.push(secret);
        }
    }
    Ok(&[])
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
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        secrets(text.as_bytes()).unwrap().into_iter().map(|secret| secret.metadata.name).collect()
    }

    #[test]
    fn documents_come_one_after_another_in_both_forms() {
        let object = |name: &str| format!("{{\"metadata\":{{\"name\":\"{name}\"}}}}");
        assert_eq!(names(&(object("a") + &object("b"))), ["a", "b"]);
        assert_eq!(names("---\nmetadata: {name: a}\n--- # x\nmetadata: {name: b}\n---\n"), ["a", "b"]);
        assert_eq!(names("\u{feff}metadata: {name: a}\n"), ["a"]);
        assert_eq!(names("metadata: {name: a}\n---x\nmetadata: {name: b}\n"), ["b"]);
        for nothing in ["", "foo", "foo: [", "[1]", "5", "{}", "---\n---\n", "\u{0}", "{{ .x }}"] {
            assert_eq!(names(nothing).len(), 0, "{nothing:?}");
        }
    }

    #[test]
    fn a_broken_third_object_is_an_error_and_no_endless_loop() {
        let text = "{\"kind\":\"a\"}{\"kind\":\"b\"}{";
        assert!(matches!(secrets(text.as_bytes()), Err(StreamError::Document(DecodeError::Json(_)))));
        assert_eq!(secrets(b"{\"kind\":\"a\"} trailing").unwrap().len(), 1);
    }

    #[test]
    fn names_match_without_case_and_scalars_become_text() {
        let read = secrets(b"METADATA: {Name: y}\nStringData: {a: 0123, b: ~}\nTYPE: Opaque\n").unwrap();
        assert_eq!(read[0].metadata.name, "true");
        assert_eq!(read[0].string_data["a"].expose(), "83");
        assert_eq!(read[0].string_data["b"].expose(), "");
        assert_eq!(read[0].secret_type, "Opaque");
        let read = secrets(b"{\"DATA\":{\"a\":\"Zm9v\"},\"data\":{\"b\":\"Zm9v\"}}").unwrap();
        assert_eq!(read[0].data.len(), 2, "nothing is lost where names differ in case");
        let read = secrets(b"{\"stringData\":{\"a\":5}}").unwrap();
        assert_eq!(read[0].string_data["a"].expose(), "5");
    }

    #[test]
    fn misfits_have_the_texts_of_go() {
        for (text, error) in [
            (
                "metadata: {name: [a]}\ndata: {a: 5}",
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
            ),
            (
                "metadata: {name: a, labels: [x]}",
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
            ),
            (
                "type: a\nmetadata: x",
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field Secret.metadata of type v1.ObjectMeta",
            ),
            (
                "type: a\ndata: {a: '%%'}",
                "error unmarshaling JSON: while decoding JSON: illegal base64 data at input byte 0",
            ),
            (
                "type: a\nkind: 5",
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field Secret.TypeMeta.kind of type string",
            ),
            (
                "{\"type\":\"a\",\"immutable\":\"x\"}",
                "json: cannot unmarshal string into Go struct field Secret.immutable of type bool",
            ),
        ] {
            assert_eq!(secrets(text.as_bytes()).err().map(|error| error.to_string()).as_deref(), Some(error));
        }
    }
}
