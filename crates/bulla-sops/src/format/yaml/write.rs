//! Writing YAML: whole files in SOPS' own layout, single values, metadata
//! (`sops.md` 7.2).

use bulla_yaml::tree as build;

use crate::document::{Document, Splice};
use crate::format::{FormatError, Indent};
use crate::tree::{Comment, Item, Key, Node, Value};

/// Columns per level where nobody asks for others.
const DEFAULT_INDENT: usize = 4;

pub(super) fn indent_columns(indent: &Indent) -> Result<usize, FormatError> {
    match indent.yaml {
        None | Some(0) => Ok(DEFAULT_INDENT),
        Some(columns) => usize::try_from(columns)
            .map_err(|_| FormatError::Unrepresentable("YAML Negative indentation not accepted".to_owned())),
    }
}

/// Writes all documents; the metadata goes at the end of each.
pub(super) fn emit(
    branches: &[Vec<Item<'_>>],
    metadata: Option<&[Item<'_>]>,
    indent: &Indent,
) -> Result<Vec<u8>, FormatError> {
    let columns = indent_columns(indent)?;
    let mut documents = Vec::with_capacity(branches.len());
    for branch in branches {
        let block = metadata.map(metadata_pair);
        let items = branch.iter().map(map_item).chain(block.map(build::Item::Entry));
        documents.push(build::Node::commented_mapping(items));
    }
    let mut out = Vec::new();
    bulla_yaml::emit::emit(&documents, columns, &mut out);
    Ok(out)
}

fn metadata_pair<'t>(metadata: &'t [Item<'_>]) -> (build::Node<'t>, build::Node<'t>) {
    (build::Node::string(b"sops"), build::Node::commented_mapping(metadata.iter().map(map_item)))
}

fn map_item<'t>(item: &'t Item<'_>) -> build::Item<'t, (build::Node<'t>, build::Node<'t>)> {
    match &item.key {
        Key::Comment(comment) => comment_item(comment),
        Key::Other(name) => {
            build::Item::Entry((build::Node::string(name.as_bytes()), node(&item.node.value)))
        }
        Key::Text(key) => build::Item::Entry((build::Node::string(key), node(&item.node.value))),
    }
}

fn list_item<'t>(element: &'t Node<'_>) -> build::Item<'t, build::Node<'t>> {
    match &element.value {
        Value::Comment(comment) => comment_item(comment),
        value => build::Item::Entry(node(value)),
    }
}

fn comment_item<'t, T>(comment: &'t Comment<'_>) -> build::Item<'t, T> {
    // Comments come from YAML, dotenv or INI text; bytes that are no UTF-8
    // cannot stand in YAML at all.
    let text = core::str::from_utf8(&comment.text).unwrap_or_default();
    build::Item::Comment { text, inline: comment.inline }
}

/// Builds the node that sops would encode for a value. Depth is bounded by
/// the reader's limits.
pub(super) fn node<'t>(value: &'t Value<'_>) -> build::Node<'t> {
    match value {
        Value::Bool(flag) => build::Node::boolean(*flag),
        Value::Comment(_) | Value::Null => build::Node::null(),
        Value::Float(number) => build::Node::float(*number),
        Value::Int(number) => build::Node::int(*number),
        Value::List(nodes) => build::Node::commented_sequence(nodes.iter().map(list_item)),
        Value::Map(items) => build::Node::commented_mapping(items.iter().map(map_item)),
        Value::Text(text) => build::Node::string(text),
        Value::Time(time) => build::Node::timestamp(time.to_rfc3339_nano()),
        Value::Unsigned(number) => build::Node::scalar(number.to_string(), bulla_yaml::Style::Plain),
    }
}

/// Writes one value alone, as `--extract` prints it.
pub(super) fn emit_value(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    bulla_yaml::emit::emit(&[node(value)], DEFAULT_INDENT, &mut out);
    out
}

/// Returns the edits that put the metadata into every document.
pub(super) fn put_metadata(document: &Document<'_>, metadata: &[Item<'_>]) -> Vec<Splice> {
    let block = block_metadata(metadata);
    let mut splices = Vec::new();
    for place in &document.places {
        let mut holes = place.existing.iter();
        if place.flow {
            let text = flow_metadata(metadata, place.empty);
            match holes.next() {
                Some(hole) => splices.push(Splice::new(hole.clone(), text)),
                None => splices.push(Splice::new(place.insert_at..place.insert_at, text)),
            }
        } else {
            let text = indented(&block, place.indent);
            match holes.next() {
                Some(hole) => splices.push(in_place_of(document.source, hole, text)),
                None => splices.push(appended(document.source, place.insert_at, text)),
            }
        }
        splices.extend(holes.map(|hole| Splice::new(hole.clone(), "")));
    }
    splices
}

fn block_metadata(metadata: &[Item<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let (key, value) = metadata_pair(metadata);
    bulla_yaml::emit::emit(&[build::Node::mapping(vec![(key, value)])], DEFAULT_INDENT, &mut out);
    out
}

fn flow_metadata(metadata: &[Item<'_>], empty: bool) -> Vec<u8> {
    let (_, value) = metadata_pair(metadata);
    let comma = if empty { "" } else { ", " };
    [comma.as_bytes(), b"sops: ", &super::render::flow(&value)].concat()
}

fn indented(block: &[u8], columns: usize) -> Vec<u8> {
    if columns == 0 {
        return block.to_vec();
    }
    let mut out = Vec::with_capacity(block.len() * 2);
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        if line != b"\n" {
            out.resize(out.len() + columns, b' ');
        }
        out.extend_from_slice(line);
    }
    out
}

/// A text without a final line break stays one: the break goes in front of
/// the block instead.
fn appended(source: &[u8], at: usize, mut block: Vec<u8>) -> Splice {
    if at > 0 && source[at - 1] != b'\n' {
        block.insert(0, b'\n');
        if at == source.len() {
            block.pop();
        }
    }
    Splice::new(at..at, block)
}

fn in_place_of(source: &[u8], hole: &core::ops::Range<usize>, mut block: Vec<u8>) -> Splice {
    let old = &source[hole.clone()];
    if old.starts_with(b"\n") {
        block.insert(0, b'\n');
    }
    if !old.ends_with(b"\n") {
        block.pop();
    }
    Splice::new(hole.clone(), block)
}
