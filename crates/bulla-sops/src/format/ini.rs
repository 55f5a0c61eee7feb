//! INI (`sops.md` 7.5): reading what gopkg.in/ini.v1 reads, with spans, and
//! writing as it writes.

mod edit;
mod emit;
mod quote;
mod scan;

use std::borrow::Cow;
use std::ops::Range;

use bulla_core::Limits;

use self::emit::unrepresentable;
use self::scan::{Entry, Remark, Scan, Section, prefix, scan};
use super::flatten::unflatten;
use super::json::Json;
use super::text::{check_size, scalar_text};
use super::{Format, FormatError, Indent, Purpose, Step};
use crate::document::{Document, MetadataPlace, Slot, Splice, Style};
use crate::tree::{Branch, Item, Key, Node, Value};

/// The INI format.
pub(crate) struct Ini;

const METADATA_SECTION: &[u8] = b"sops";

impl Format for Ini {
    fn name(&self) -> &'static str {
        "ini"
    }

    fn claims(&self, path: &str) -> bool {
        path.as_bytes().ends_with(b".ini")
    }

    /// Beside what sops sees, the tree has the comments that sops drops, so
    /// that none stays readable: one at the end of the file is the last item
    /// of the branch, one behind a quoted value an item of its section.
    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError> {
        check_size(source, limits)?;
        let Scan { mut sections, trailing, ignored } = scan(source)?;
        let mut warnings = Vec::new();
        let repeated = sections.iter().find_map(|section| section.duplicate);
        for (line, what) in [(ignored, "text that INI readers ignore"), (repeated, "duplicate key in INI")] {
            let Some(line) = line else { continue };
            if purpose == Purpose::Plain {
                return Err(FormatError::Syntax(format!("{what} at line {line}")));
            }
            warnings.push(format!("{what} at line {line} was kept as it is"));
        }
        let mut metadata = None;
        let mut existing = Vec::new();
        let mut lost = None;
        if purpose == Purpose::Encrypted
            && let Some(section) = take_metadata(&mut sections)?
        {
            existing.push(cut(source, &section.lines));
            // sops takes a comment above the metadata as theirs and drops it.
            lost = section.remark.filter(|remark| remark.style == Style::Comment);
            metadata = Some(unescaped(section.entries, limits)?);
        }
        let mut branch: Branch<'s> = sections.into_iter().map(section_item).collect();
        let empty =
            branch.len() == 1 && matches!(&branch[0].node.value, Value::Map(items) if items.is_empty());
        branch.extend([lost, trailing].into_iter().flatten().map(|remark| remark_item(remark, false)));
        let place = MetadataPlace { existing, insert_at: source.len(), indent: 0, flow: false, empty };
        Ok(Document { warnings, ..Document::single(source, branch, metadata, place) })
    }

    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        _indent: &Indent,
    ) -> Result<Vec<u8>, FormatError> {
        emit::emit(branches, metadata)
    }

    fn render(&self, node: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError> {
        if let Value::Comment(comment) = node {
            return Ok(comment_text(&comment.text, &document.source[slot.range()], slot.style));
        }
        let text = scalar_text(node).ok_or_else(|| unrepresentable("a list or map as a value"))?;
        let quoted = quote::quote(&text, slot.style).ok_or_else(|| unrepresentable("a value"))?;
        Ok(quoted.into_owned())
    }

    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError> {
        let Some(place) = document.places.first() else {
            return Err(FormatError::Empty);
        };
        let mut splices: Vec<Splice> =
            place.existing.iter().map(|range| Splice::new(range.clone(), "")).collect();
        let bare = crate::document::apply(document.source, splices.clone());
        let block = edit::section_block(&bare, &emit::Section::metadata(metadata)?)?;
        splices.push(Splice::new(place.insert_at..place.insert_at, block));
        Ok(splices)
    }

    /// A map is a whole document, so its values must be sections; other
    /// values are written as JSON, as sops does.
    fn emit_value(&self, value: &Value<'_>, indent: &Indent) -> Result<Vec<u8>, FormatError> {
        match value {
            Value::Map(items) => self.emit(core::slice::from_ref(items), None, indent),
            other => Json.emit_value(other, indent),
        }
    }

    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
        edit::set(source, path, &value.value)
    }

    fn unset(&self, source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
        edit::unset(source, path)
    }

    fn example(&self) -> Vec<u8> {
        b"; A comment\n\
          [Welcome!]\n\
          hello       = Write your own. What you save is encrypted.\n\
          example_key = example_value\n"
            .to_vec()
    }
}

/// Takes the section of the metadata out; there may be one at most.
fn take_metadata<'s>(sections: &mut Vec<Section<'s>>) -> Result<Option<Section<'s>>, FormatError> {
    let Some(index) = sections.iter().position(|section| section.name == METADATA_SECTION) else {
        return Ok(None);
    };
    let section = sections.remove(index);
    if sections.iter().any(|section| section.name == METADATA_SECTION) {
        return Err(FormatError::Metadata("Found duplicate sops entry".to_owned()));
    }
    match section.duplicate {
        None => Ok(Some(section)),
        Some(line) => Err(FormatError::Metadata(format!("duplicate key in metadata at line {line}"))),
    }
}

/// Rebuilds nested metadata, in whose values `\n` stands for a line break.
fn unescaped<'s>(entries: Vec<Entry<'s>>, limits: &Limits) -> Result<Vec<Item<'s>>, FormatError> {
    let flat = entries.into_iter().map(|entry| {
        let mut value = entry.value;
        if memchr::memmem::find(&value, b"\\n").is_some() {
            value = Cow::Owned(String::from_utf8_lossy(&value).replace("\\n", "\n").into_bytes());
        }
        (entry.name, Value::Text(value))
    });
    unflatten(flat, limits)
}

/// Returns what has to go with the metadata at `lines`: the blank line above
/// and, at the end of a text whose last line is not ended, the line break
/// before that.
fn cut(source: &[u8], lines: &Range<usize>) -> Range<usize> {
    let mut start = without_break(source, lines.start, true);
    let unended = lines.end == source.len() && !source.ends_with(b"\n");
    if unended {
        start = without_break(source, start, false);
    }
    start..lines.end
}

/// Steps back over a line break before `end`; with `blank` only where it ends
/// an empty line.
fn without_break(source: &[u8], end: usize, blank: bool) -> usize {
    let before = &source[..end];
    let line = before.strip_suffix(b"\r\n").or_else(|| before.strip_suffix(b"\n"));
    match line {
        Some(line) if !blank || line.is_empty() || line.ends_with(b"\n") => line.len(),
        _ => end,
    }
}

fn section_item(section: Section<'_>) -> Item<'_> {
    let mut items: Vec<_> = section.remark.into_iter().map(|remark| remark_item(remark, false)).collect();
    for entry in section.entries {
        let node = Node::at(Value::Text(entry.value), slot(entry.place, entry.style));
        items.push(Item { key: Key::Text(entry.name), node });
        let remarks = entry.remarks.into_iter().enumerate();
        items.extend(remarks.map(|(index, remark)| remark_item(remark, index > 0)));
    }
    Item::entry(section.name, Value::Map(items))
}

/// Makes a comment of the tree; `inline` marks what continues the one before.
fn remark_item<'s>(remark: Remark, inline: bool) -> Item<'s> {
    Item::comment(remark.text, inline, Some(slot(remark.place, remark.style)))
}

/// Makes a slot; `check_size` keeps offsets within 32 bits.
fn slot(range: Range<usize>, style: Style) -> Slot {
    Slot { start: range.start as u32, end: range.end as u32, indent: 0, style, flow: false }
}

/// Writes a comment behind the characters that lead it in the source. Where
/// its place includes the header of a section, the header follows it.
fn comment_text(text: &[u8], source: &[u8], style: Style) -> Vec<u8> {
    let lead = match source.first() {
        Some(b'#' | b';') => prefix(source),
        _ => b"; ",
    };
    let mut out = lead.to_vec();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
            if !matches!(line.first(), Some(b'#' | b';')) {
                out.extend_from_slice(b"; ");
            }
        }
        out.extend_from_slice(line);
    }
    if style == Style::Collection {
        let line = memchr::memrchr(b'\n', source).map_or(source, |end| &source[end + 1..]);
        let header = quote::trim_start(line);
        let close = memchr::memrchr(b']', header).map_or(header.len(), |close| close + 1);
        out.push(b'\n');
        out.extend_from_slice(&header[..close]);
    }
    out
}

#[cfg(test)]
mod tests;
