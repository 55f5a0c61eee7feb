//! `set` and `unset` on a plain INI text (`sops.md` 6.5), and new sections.

use bulla_core::Limits;

use super::cut;
use super::emit::{self, key_text, unrepresentable};
use super::quote::{quote, trim_end};
use super::scan::{Entry, Section, scan};
use crate::document::{Splice, Style, apply};
use crate::format::text::{check_size, scalar_text};
use crate::format::{FormatError, Step};
use crate::tree::Value;

/// See `Format::set`.
pub(super) fn set(source: &[u8], path: &[Step], value: &Value<'_>) -> Result<Vec<Splice>, FormatError> {
    check_size(source, &Limits::default())?;
    let sections = scan(source)?.sections;
    match path {
        [Step::Key(section)] => {
            let text = emit::Section::of(section, value)?;
            match sections.iter().find(|found| found.name == section) {
                Some(found) => replace_section(source, found, &text),
                None => append_section(source, &text),
            }
        }
        [Step::Key(section), Step::Key(key)] => {
            let item = crate::tree::Item::entry(key.clone(), value.clone());
            let map = Value::Map(vec![item]);
            // Refuses what cannot be said before anything is looked at.
            let text = emit::Section::of(section, &map)?;
            let Some(found) = sections.iter().find(|found| found.name == section) else {
                return append_section(source, &text);
            };
            let scalar = scalar_text(value).ok_or_else(|| unrepresentable("a list or map as a value"))?;
            set_key(source, found, key, &scalar)
        }
        _ => Err(bad_path()),
    }
}

/// See `Format::unset`.
pub(super) fn unset(source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
    let sections = scan(source)?.sections;
    let (name, key) = match path {
        [Step::Key(section)] => (section, None),
        [Step::Key(section), Step::Key(key)] => (section, Some(key)),
        _ => return Err(bad_path()),
    };
    let section = sections.iter().find(|found| found.name == name).ok_or_else(|| missing(name))?;
    let Some(key) = key else {
        let mut lines = section.lines.clone();
        if let Some(remark) = &section.remark {
            lines.start = lines.start.min(remark.place.start);
        }
        return Ok(vec![Splice::new(cut(source, &lines), "")]);
    };
    let entry = section.entries.iter().find(|entry| *entry.name == **key).ok_or_else(|| missing(key))?;
    Ok(vec![Splice::new(entry.lines.clone(), "")])
}

/// Replaces the value of a key, or adds a line behind the last key of the
/// section, spaced as that one.
fn set_key(
    source: &[u8],
    section: &Section<'_>,
    key: &[u8],
    value: &[u8],
) -> Result<Vec<Splice>, FormatError> {
    let refusal = || unrepresentable("the value");
    if let Some(entry) = section.entries.iter().find(|entry| *entry.name == *key) {
        let styles = [entry.style, Style::Double, Style::Single, Style::Backtick, Style::Triple];
        let edits = styles.into_iter().filter_map(|style| quote(value, style));
        let mut edits = edits.map(|text| Splice::new(entry.place.clone(), text));
        return edits.find(|edit| reads_back(source, edit, value)).map(|edit| vec![edit]).ok_or_else(refusal);
    }
    let newline = line_break(source);
    let name = key_text(key);
    let mut line = name.to_vec();
    line.extend_from_slice(&spacing(source, section.entries.last(), name.len()));
    line.extend_from_slice(&quote(value, Style::Plain).ok_or_else(refusal)?);
    let at = section.lines.end;
    let ended = at == 0 || source[at - 1] == b'\n' || section.lines.is_empty();
    let text = if ended { [&line, newline].concat() } else { [newline, &line].concat() };
    Ok(vec![Splice::new(at..at, text)])
}

/// Returns true where the value at the place of `edit` reads as `value` once
/// it is made: what follows on the line could close a quote too late.
fn reads_back(source: &[u8], edit: &Splice, value: &[u8]) -> bool {
    let text = apply(source, vec![edit.clone()]);
    let Ok(scan) = scan(&text) else { return false };
    let mut entries = scan.sections.iter().flat_map(|section| &section.entries);
    entries.any(|entry| entry.place.start == edit.range.start && *entry.value == *value)
}

/// Returns the delimiter with its blanks such that it aligns with that of
/// `last`, where that one is written with blanks.
fn spacing(source: &[u8], last: Option<&Entry<'_>>, width: usize) -> Vec<u8> {
    let Some(last) = last else { return b" = ".to_vec() };
    let (end, at) = last.delimiter;
    let start = source[..end].iter().rposition(|&byte| byte == b'\n').map_or(0, |found| found + 1);
    let pad = if end == at { 0 } else { (at - start).saturating_sub(width).max(1) };
    let mut out = vec![b' '; pad];
    out.push(source[at]);
    if source.get(at + 1).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        out.push(b' ');
    }
    out
}

fn replace_section(
    source: &[u8],
    found: &Section<'_>,
    text: &emit::Section<'_>,
) -> Result<Vec<Splice>, FormatError> {
    let newline = line_break(source);
    let mut out = Vec::new();
    let header = &source[found.lines.clone()];
    if header.trim_ascii_start().starts_with(b"[") {
        text.write_header(&mut out, newline);
    }
    text.write_entries(&mut out, newline, |value| quote(value, Style::Plain))?;
    if !header.is_empty() && !header.ends_with(b"\n") {
        out.truncate(trim_end(&out).len());
    }
    Ok(vec![Splice::new(found.lines.clone(), out)])
}

fn append_section(source: &[u8], text: &emit::Section<'_>) -> Result<Vec<Splice>, FormatError> {
    Ok(vec![Splice::new(source.len()..source.len(), section_block(source, text)?)])
}

/// Writes a section such that it can follow `source`: behind an empty line,
/// and without a line break at its end where `source` has none.
pub(super) fn section_block(source: &[u8], section: &emit::Section<'_>) -> Result<Vec<u8>, FormatError> {
    let newline = line_break(source);
    let unended = !source.is_empty() && !source.ends_with(b"\n");
    let mut out = Vec::new();
    if !source.is_empty() {
        out.extend_from_slice(newline);
    }
    if unended {
        out.extend_from_slice(newline);
    }
    section.write_header(&mut out, newline);
    section.write_entries(&mut out, newline, |value| quote(value, Style::Plain))?;
    if unended {
        out.truncate(out.len() - newline.len());
    }
    Ok(out)
}

/// The line break that `source` uses. Behind a lone carriage return it is the
/// long one, so that it can be told from what was there.
fn line_break(source: &[u8]) -> &'static [u8] {
    match memchr::memchr(b'\n', source) {
        _ if source.ends_with(b"\r") => b"\r\n",
        Some(end) if source[..end].ends_with(b"\r") => b"\r\n",
        _ => b"\n",
    }
}

fn missing(key: &[u8]) -> FormatError {
    FormatError::Path(format!("Key not found: {}", String::from_utf8_lossy(key)))
}

fn bad_path() -> FormatError {
    FormatError::Path("a path into an INI file is a section, or a section and a key".to_owned())
}
