//! Binary (`sops.md` 7.6): any bytes as one value, held by JSON once encrypted.

use std::borrow::Cow;

use bulla_core::Limits;

use super::json::{Json, emit_indented};
use super::text::check_size;
use super::{Format, FormatError, Indent, Purpose, Step};
use crate::document::{Document, MetadataPlace, Slot, Splice};
use crate::tree::{Branch, Item, Node, Value};

/// The binary format.
pub(crate) struct Binary;

const DATA_KEY: &[u8] = b"data";

impl Format for Binary {
    fn name(&self) -> &'static str {
        "binary"
    }

    fn claims(&self, _path: &str) -> bool {
        false
    }

    /// The plain side is one value without a slot; the encrypted side is JSON.
    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError> {
        if purpose == Purpose::Encrypted {
            return Json.parse(source, purpose, limits);
        }
        check_size(source, limits)?;
        let place = MetadataPlace {
            existing: Vec::new(),
            insert_at: source.len(),
            indent: 0,
            flow: false,
            empty: true,
        };
        let branch = vec![Item::entry(DATA_KEY, Value::Text(Cow::Borrowed(source)))];
        Ok(Document::single(source, branch, None, place))
    }

    /// With metadata: JSON. Without: the bytes of the first `data` value.
    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        indent: &Indent,
    ) -> Result<Vec<u8>, FormatError> {
        if metadata.is_some() {
            return emit_indented(branches, metadata, indent.json_binary);
        }
        let [branch] = branches else {
            return Err(unrepresentable("there must be exactly one tree branch"));
        };
        match branch.iter().find(|item| item.name() == Some(DATA_KEY)).map(|item| &item.node.value) {
            Some(Value::Text(bytes)) => Ok(bytes.to_vec()),
            Some(_) => Err(unrepresentable("'data' key in tree does not have a string value")),
            None => Err(unrepresentable("no binary data found in tree")),
        }
    }

    fn render(&self, node: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError> {
        Json.render(node, slot, document)
    }

    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError> {
        Json.put_metadata(document, metadata)
    }

    fn emit_value(&self, _value: &Value<'_>, _indent: &Indent) -> Result<Vec<u8>, FormatError> {
        Err(FormatError::Unrepresentable(
            "Binary files are not structured and extracting a single value is not possible".to_owned(),
        ))
    }

    /// Replaces the whole content; `data` is the only path.
    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
        match (path, &value.value) {
            ([Step::Key(key)], Value::Text(text)) if key == DATA_KEY => {
                Ok(vec![Splice::new(0..source.len(), text.to_vec())])
            }
            ([Step::Key(key)], _) if key == DATA_KEY => {
                Err(FormatError::Unrepresentable("a binary file holds one string".to_owned()))
            }
            _ => Err(no_path()),
        }
    }

    fn unset(&self, _source: &[u8], _path: &[Step]) -> Result<Vec<Splice>, FormatError> {
        Err(no_path())
    }

    fn example(&self) -> Vec<u8> {
        b"Write your own; what you save is encrypted.".to_vec()
    }
}

fn unrepresentable(why: &str) -> FormatError {
    FormatError::Unrepresentable(format!("error emitting binary store: {why}"))
}

fn no_path() -> FormatError {
    FormatError::Path("a binary file has no paths but ['data'], which can only be set".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branches(value: Value<'static>) -> Vec<Branch<'static>> {
        vec![vec![Item::entry(DATA_KEY, value)]]
    }

    #[test]
    fn any_bytes_come_back_unchanged() {
        for source in [&b""[..], b"\0\xff\xfe\r\n", b"{\"sops\": 1}"] {
            let document = Binary.parse(source, Purpose::Plain, &Limits::default()).unwrap();
            assert!(document.branches[0][0].node.slot.is_none());
            assert_eq!(Binary.emit(&document.branches, None, &Indent::default()).unwrap(), source);
        }
    }

    #[test]
    fn the_encrypted_side_is_json_with_its_own_indentation() {
        let metadata = vec![Item::entry(&b"mac"[..], Value::text("m"))];
        let indent = Indent { json: Some(7), json_binary: Some(1), yaml: None };
        let text = Binary.emit(&branches(Value::text("ENC[x]")), Some(&metadata), &indent).unwrap();
        assert_eq!(text, b"{\n \"data\": \"ENC[x]\",\n \"sops\": {\n  \"mac\": \"m\"\n }\n}\n");
        let document = Binary.parse(&text, Purpose::Encrypted, &Limits::default()).unwrap();
        assert!(document.metadata.as_ref() == Some(&metadata));
        assert!(document.branches == branches(Value::text("ENC[x]")));
        let edits = Binary.put_metadata(&document, &metadata).unwrap();
        assert_eq!(crate::document::apply(&text, edits), text);
    }

    #[test]
    fn trees_without_one_string_called_data_are_refused() {
        for (tree, message) in [
            (vec![vec![]], "no binary data found in tree"),
            (branches(Value::Int(1)), "'data' key in tree does not have a string value"),
            (vec![], "there must be exactly one tree branch"),
        ] {
            let error = Binary.emit(&tree, None, &Indent::default()).unwrap_err();
            assert_eq!(error.to_string(), format!("error emitting binary store: {message}"));
        }
        assert!(Binary.emit_value(&Value::Null, &Indent::default()).is_err());
    }

    #[test]
    fn only_the_content_as_a_whole_can_be_set() {
        let data = [Step::Key(b"data".to_vec())];
        let edits = Binary.set(b"old", &data, &Node::new(Value::text("new"))).unwrap();
        assert_eq!(crate::document::apply(b"old", edits), b"new");
        assert!(Binary.set(b"old", &data, &Node::new(Value::Int(1))).is_err());
        assert!(Binary.set(b"old", &[], &Node::new(Value::text("new"))).is_err());
        assert!(Binary.unset(b"old", &data).is_err());
    }
}
