//! JSON (`sops.md` 7.3): reading with spans, writing in the layout of sops or
//! of the document at hand.

mod edit;
mod emit;
mod read;
mod scan;

use bulla_core::Limits;

use self::emit::{Form, problem, write_map, write_member, write_value};
use self::read::Raw;
use super::text::check_size;
use super::{Format, FormatError, Indent, Purpose, Step};
use crate::document::{Document, Slot, Splice};
use crate::tree::{Branch, Item, Node, Value};

/// The JSON format.
pub(crate) struct Json;

const METADATA_KEY: &[u8] = b"sops";

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn claims(&self, path: &str) -> bool {
        path.as_bytes().ends_with(b".json")
    }

    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError> {
        check_size(source, limits)?;
        if purpose == Purpose::Plain
            && let Err(error) = core::str::from_utf8(source)
        {
            return Err(FormatError::Syntax(problem(source, error.valid_up_to(), "invalid UTF-8")));
        }
        let raw = Raw::read(source, limits.depth)?;
        match purpose {
            Purpose::Plain => raw.into_plain(source),
            Purpose::Encrypted => raw.into_encrypted(source),
        }
    }

    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        indent: &Indent,
    ) -> Result<Vec<u8>, FormatError> {
        emit_indented(branches, metadata, indent.json)
    }

    fn render(&self, node: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::new();
        let form = match node {
            Value::List(_) | Value::Map(_) => Form::of(document.source, Limits::default().depth),
            _ => Form::on_one_line(b", "),
        };
        write_value(&mut out, node, usize::from(slot.indent), &form)?;
        Ok(out)
    }

    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError> {
        let Some(place) = document.places.first() else {
            return Err(FormatError::Empty);
        };
        let form = Form::of(document.source, Limits::default().depth);
        let mut block = Vec::new();
        match &form.lines {
            Some(lines) => {
                if !place.empty {
                    block.push(b',');
                }
                lines.break_line(&mut block, 1);
            }
            None if place.empty => {}
            None => block.extend_from_slice(&form.comma),
        }
        write_member(&mut block, METADATA_KEY, &Value::Map(metadata.to_vec()), 1, &form)?;
        if let Some(lines) = &form.lines
            && place.empty
        {
            block.extend_from_slice(lines.newline);
        }
        let mut splices = vec![Splice::new(place.insert_at..place.insert_at, block)];
        splices.extend(place.existing.iter().map(|range| Splice::new(range.clone(), "")));
        Ok(splices)
    }

    fn emit_value(&self, value: &Value<'_>, indent: &Indent) -> Result<Vec<u8>, FormatError> {
        match value {
            Value::Map(items) => self.emit(core::slice::from_ref(items), None, indent),
            Value::Text(text) => Ok(text.to_vec()),
            _ => {
                let mut out = Vec::new();
                write_value(&mut out, value, 0, &Form::asked(indent.json)?)?;
                Ok(out)
            }
        }
    }

    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
        edit::set(source, path, value)
    }

    fn unset(&self, source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
        edit::unset(source, path)
    }

    fn example(&self) -> Vec<u8> {
        let text = |text: &str| Node::new(Value::text(text));
        let branch = vec![
            Item::entry(&b"hello"[..], Value::text("Write your own; what you save is encrypted.")),
            Item::entry(&b"example_key"[..], Value::text("example_value")),
            Item::entry(
                &b"example_array"[..],
                Value::List(vec![text("example_value1"), text("example_value2")]),
            ),
            Item::entry(&b"example_number"[..], Value::Float(1234.56789)),
            Item::entry(
                &b"example_booleans"[..],
                Value::List(vec![Node::new(Value::Bool(true)), Node::new(Value::Bool(false))]),
            ),
        ];
        emit_indented(&[branch], None, None).expect("the example is representable")
    }
}

/// Writes the first document, as sops does, with steps of `blanks` blanks or
/// one tab.
pub(super) fn emit_indented(
    branches: &[Branch<'_>],
    metadata: Option<&[Item<'_>]>,
    blanks: Option<i64>,
) -> Result<Vec<u8>, FormatError> {
    let form = Form::asked(blanks)?;
    let branch = branches.first().ok_or(FormatError::Empty)?;
    let block = metadata.map(|items| Item::entry(METADATA_KEY, Value::Map(items.to_vec())));
    if block.is_some() && branches.iter().flatten().any(|item| item.name() == Some(METADATA_KEY)) {
        return Err(FormatError::Unrepresentable(
            "Found key \"sops\" in encrypted data, which is a reserved key used for SOPS metadata".to_owned(),
        ));
    }
    let mut out = Vec::new();
    write_map(&mut out, branch.iter().chain(&block), 0, &form)?;
    out.push(b'\n');
    Ok(out)
}

#[cfg(test)]
mod tests;
