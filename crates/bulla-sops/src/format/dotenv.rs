//! Dotenv (`sops.md` 7.4): one line is one item, and nothing is quoted.

use std::borrow::Cow;
use std::ops::Range;

use bulla_core::Limits;

use super::flatten::{flatten, unflatten};
use super::text::{check_size, scalar_text};
use super::{Format, FormatError, Indent, Purpose, Step};
use crate::document::{Document, MetadataPlace, Slot, Splice, Style};
use crate::tree::{Branch, Item, Key, Node, Value};

/// The dotenv format.
pub(crate) struct Dotenv;

const PREFIX: &[u8] = b"sops_";

impl Format for Dotenv {
    fn name(&self) -> &'static str {
        "dotenv"
    }

    fn claims(&self, path: &str) -> bool {
        path.as_bytes().ends_with(b".env")
    }

    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError> {
        check_size(source, limits)?;
        let mut branch = Vec::new();
        let mut flat = Vec::new();
        let mut existing = Vec::new();
        for (number, line) in lines(source).enumerate() {
            let Some(item) = read_line(source, line.clone(), number + 1)? else { continue };
            match (purpose, item.name().and_then(|name| name.strip_prefix(PREFIX))) {
                (Purpose::Encrypted, Some(name)) => {
                    flat.push((Cow::Owned(name.to_vec()), item.node.value));
                    join(&mut existing, with_break(source, &line));
                }
                _ => branch.push(item),
            }
        }
        let metadata = if flat.is_empty() { None } else { Some(unflatten(flat, limits)?) };
        let place = MetadataPlace {
            existing,
            insert_at: source.len(),
            indent: 0,
            flow: false,
            empty: branch.is_empty(),
        };
        Ok(Document::single(source, branch, metadata, place))
    }

    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        _indent: &Indent,
    ) -> Result<Vec<u8>, FormatError> {
        let branch = branches.first().ok_or(FormatError::Empty)?;
        let mut out = Vec::new();
        for item in branch {
            match &item.key {
                Key::Comment(comment) => {
                    for line in comment.text.split(|&byte| byte == b'\n') {
                        out.push(b'#');
                        out.extend_from_slice(line);
                        out.push(b'\n');
                    }
                }
                Key::Other(_) => return Err(unrepresentable("a key that is no string")),
                Key::Text(key) => write_line(&mut out, key, &item.node.value)?,
            }
        }
        if let Some(items) = metadata {
            if let Some(key) = self.reserved_key(branch) {
                return Err(FormatError::Unrepresentable(format!(
                    "Found key {key:?} in encrypted data, which starts with the reserved key prefix \
                     \"sops_\" for SOPS metadata"
                )));
            }
            write_metadata(&mut out, items)?;
        }
        Ok(out)
    }

    fn render(
        &self,
        node: &Value<'_>,
        _slot: Slot,
        _document: &Document<'_>,
    ) -> Result<Vec<u8>, FormatError> {
        match node {
            Value::Comment(comment) if comment.text.contains(&b'\n') => {
                Err(unrepresentable("a line break in a comment"))
            }
            Value::Comment(comment) => Ok([b"#", &comment.text[..]].concat()),
            _ => value_text(node).ok_or_else(|| unrepresentable("a list or map as a value")),
        }
    }

    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError> {
        let Some(place) = document.places.first() else {
            return Err(FormatError::Empty);
        };
        let mut block = Vec::new();
        write_metadata(&mut block, metadata)?;
        // A file whose last line is not ended keeps it so: the block then
        // starts with the line break and ends without one.
        if !ends_line(document.source, &place.existing) {
            block.pop();
            block.insert(0, b'\n');
        }
        let mut splices: Vec<Splice> =
            place.existing.iter().map(|range| Splice::new(range.clone(), "")).collect();
        splices.push(Splice::new(place.insert_at..place.insert_at, block));
        Ok(splices)
    }

    fn emit_value(&self, value: &Value<'_>, indent: &Indent) -> Result<Vec<u8>, FormatError> {
        match value {
            Value::Map(items) => self.emit(core::slice::from_ref(items), None, indent),
            Value::Text(text) => Ok(text.to_vec()),
            other => Err(FormatError::Unrepresentable(format!(
                "the dotenv store only supports emitting strings, got {}",
                other.type_name()
            ))),
        }
    }

    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
        let key = only_key(path)?;
        let mut line = Vec::new();
        write_line(&mut line, key, &value.value)?;
        if let Some(found) = find(source, key)? {
            line.pop();
            return Ok(vec![Splice::new(found, line)]);
        }
        if !ends_line(source, &[]) {
            line.pop();
            line.insert(0, b'\n');
        }
        Ok(vec![Splice::new(source.len()..source.len(), line)])
    }

    fn unset(&self, source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
        let key = only_key(path)?;
        let missing = || FormatError::Path(format!("Key not found: {}", String::from_utf8_lossy(key)));
        let found = find(source, key)?.ok_or_else(missing)?;
        Ok(vec![Splice::new(with_break(source, &found), "")])
    }

    fn reserved_key(&self, branch: &[Item<'_>]) -> Option<String> {
        let mut names = branch.iter().filter_map(Item::name);
        names.find(|name| name.starts_with(PREFIX)).map(|name| String::from_utf8_lossy(name).into_owned())
    }

    fn example(&self) -> Vec<u8> {
        b"# A comment\n\
          hello=Write your own; what you save is encrypted.\n\
          example_key=example_value\n\
          example_multiline=foo\\nbar\\nbaz\n"
            .to_vec()
    }
}

/// The lines of `source` without their line feeds, empty ones included.
fn lines(source: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', source).chain([source.len()]).map(move |end| {
        let line = start..end;
        start = end + 1;
        line
    })
}

/// Reads the item on a line; `None` for an empty line.
fn read_line(source: &[u8], line: Range<usize>, number: usize) -> Result<Option<Item<'_>>, FormatError> {
    let text = &source[line.clone()];
    if text.is_empty() {
        return Ok(None);
    }
    if text[0] == b'#' {
        let slot = slot(line, Style::Comment);
        return Ok(Some(Item::comment(&text[1..], false, Some(slot))));
    }
    let Some(equals) = memchr::memchr(b'=', text) else {
        return Err(FormatError::Syntax(format!("invalid dotenv input line {number}: no equals sign")));
    };
    let value = Value::Text(unescape(&text[equals + 1..]));
    let node = Node::at(value, slot(line.start + equals + 1..line.end, Style::Plain));
    Ok(Some(Item { key: Key::Text(Cow::Borrowed(&text[..equals])), node }))
}

/// Makes a slot; `check_size` keeps offsets within 32 bits.
fn slot(range: Range<usize>, style: Style) -> Slot {
    Slot { start: range.start as u32, end: range.end as u32, indent: 0, style, flow: false }
}

fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"\\n").is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for found in memchr::memmem::find_iter(text, b"\\n") {
        out.extend_from_slice(&text[at..found]);
        out.push(b'\n');
        at = found + 2;
    }
    out.extend_from_slice(&text[at..]);
    Cow::Owned(out)
}

/// Returns the text of a value with its line breaks escaped.
fn value_text(value: &Value<'_>) -> Option<Vec<u8>> {
    let text = scalar_text(value)?;
    let mut out = Vec::with_capacity(text.len());
    for &byte in &*text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(byte),
        }
    }
    Some(out)
}

fn write_line(out: &mut Vec<u8>, key: &[u8], value: &Value<'_>) -> Result<(), FormatError> {
    if key.iter().any(|byte| matches!(byte, b'=' | b'\n')) || key.starts_with(b"#") {
        return Err(unrepresentable("an equals sign, a line break or a leading # in a key"));
    }
    let text = value_text(value).ok_or_else(|| {
        FormatError::Unrepresentable(format!(
            "cannot use complex value in dotenv file; offending key {}",
            String::from_utf8_lossy(key)
        ))
    })?;
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(&text);
    out.push(b'\n');
    Ok(())
}

fn write_metadata(out: &mut Vec<u8>, metadata: &[Item<'_>]) -> Result<(), FormatError> {
    for (key, text) in flatten(metadata, PREFIX)? {
        write_line(out, &key, &Value::Text(Cow::Owned(text)))?;
    }
    Ok(())
}

/// Extends a line by its line feed or, where it has none, by the one before.
fn with_break(source: &[u8], line: &Range<usize>) -> Range<usize> {
    match line.end {
        end if end < source.len() => line.start..end + 1,
        end => line.start.saturating_sub(1)..end,
    }
}

/// Appends a range, as one with the last where they touch or overlap (the
/// last line may take the line feed before it along).
fn join(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if range.start <= last.end => {
            let unended = range.start < last.end;
            last.end = range.end;
            if unended {
                last.start = last.start.saturating_sub(1);
            }
        }
        _ => ranges.push(range),
    }
}

/// Returns true where what is left of `source` without `cuts` is empty or
/// ends with a line feed.
fn ends_line(source: &[u8], cuts: &[Range<usize>]) -> bool {
    let end = match cuts.last() {
        Some(last) if last.end == source.len() => last.start,
        _ => source.len(),
    };
    // A cut directly before would have been joined with the last.
    end == 0 || source[end - 1] == b'\n'
}

/// Finds the first line of `key`, without its line feed.
fn find(source: &[u8], key: &[u8]) -> Result<Option<Range<usize>>, FormatError> {
    for (number, line) in lines(source).enumerate() {
        let item = read_line(source, line.clone(), number + 1)?;
        if item.is_some_and(|item| item.name() == Some(key)) {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

fn only_key(path: &[Step]) -> Result<&[u8], FormatError> {
    match path {
        [Step::Key(key)] => Ok(key),
        _ => Err(FormatError::Path("a path into a dotenv file is exactly one key".to_owned())),
    }
}

fn unrepresentable(what: &str) -> FormatError {
    FormatError::Unrepresentable(format!("a dotenv file cannot hold {what}"))
}

#[cfg(test)]
mod tests;
