//! INI as gopkg.in/ini.v1 writes it: delimiters aligned within a section,
//! comments above, a blank line between sections.

use std::borrow::Cow;
use std::collections::HashMap;

use super::quote::{canonical, trim};
use crate::format::FormatError;
use crate::format::flatten::flatten;
use crate::format::text::scalar_text;
use crate::tree::{Branch, Item, Key, Value};

/// A section on its way out.
#[derive(Default)]
pub(super) struct Section<'t> {
    pub(super) name: Cow<'t, [u8]>,
    comment: Vec<u8>,
    entries: Vec<Entry<'t>>,
}

struct Entry<'t> {
    name: Cow<'t, [u8]>,
    value: Cow<'t, [u8]>,
    comment: Vec<u8>,
}

/// Writes all sections of all documents, each document with its metadata.
pub(super) fn emit(branches: &[Branch<'_>], metadata: Option<&[Item<'_>]>) -> Result<Vec<u8>, FormatError> {
    let mut sections = Vec::new();
    for branch in branches {
        for item in branch {
            let name = match &item.key {
                Key::Comment(_) => continue,
                Key::Other(_) => return Err(unrepresentable("a section whose name is no string")),
                Key::Text(name) => name,
            };
            if metadata.is_some() && &**name == b"sops" {
                return Err(FormatError::Unrepresentable(
                    "Error marshaling metadata: Found key \"sops\" in encrypted data, which is a reserved key used for SOPS metadata"
                        .to_owned(),
                ));
            }
            sections.push(Section::of(name, &item.node.value)?);
        }
        if let Some(items) = metadata {
            sections.push(Section::metadata(items)?);
        }
    }
    let mut out = Vec::new();
    let last = sections.len().saturating_sub(1);
    for (index, section) in sections.iter().enumerate() {
        let unnamed = index == 0 && section.name.eq_ignore_ascii_case(b"DEFAULT");
        section.write_comment(&mut out);
        if !unnamed {
            section.write_header(&mut out, b"\n");
        } else if section.entries.is_empty() {
            continue;
        }
        section.write_entries(&mut out, b"\n", |value| Some(canonical(value)))?;
        if index < last {
            out.push(b'\n');
        }
    }
    Ok(out)
}

impl<'t> Section<'t> {
    /// Collects a section from the tree: a comment in front is its own, one
    /// behind a key is the key's (the last where there are several).
    pub(super) fn of(name: &'t [u8], value: &'t Value<'_>) -> Result<Self, FormatError> {
        let Value::Map(items) = value else {
            return Err(FormatError::Unrepresentable(
                "Error marshaling to INI: Error encoding section: Section values should always be TreeBranches".to_owned(),
            ));
        };
        if name.is_empty() {
            return Err(unrepresentable("a section without a name"));
        }
        let mut section = Self { name: Cow::Borrowed(name), ..Self::default() };
        let mut current: Option<usize> = None;
        let mut indices = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            match &item.key {
                Key::Other(_) => return Err(unrepresentable("a key that is no string")),
                Key::Text(key) => current = Some(section.add(key, &item.node.value, &mut indices)?),
                Key::Comment(comment) => {
                    let target = match current {
                        Some(entry) => &mut section.entries[entry].comment,
                        None if index == 0 => &mut section.comment,
                        None => continue,
                    };
                    if comment.inline && !target.is_empty() {
                        target.push(b'\n');
                    } else {
                        target.clear();
                    }
                    target.extend_from_slice(&comment.text);
                }
            }
        }
        Ok(section)
    }

    /// Builds the section of the metadata, line breaks escaped.
    pub(super) fn metadata(items: &[Item<'_>]) -> Result<Self, FormatError> {
        let mut section = Self { name: Cow::Borrowed(b"sops"), ..Self::default() };
        for (name, text) in flatten(items, b"")? {
            let value = text.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\\n"[..]);
            section.entries.push(Entry {
                name: Cow::Owned(name),
                value: Cow::Owned(value),
                comment: Vec::new(),
            });
        }
        Ok(section)
    }

    /// Adds a key; one that is there gets the new value. Returns its position.
    fn add(
        &mut self,
        key: &'t [u8],
        value: &'t Value<'_>,
        indices: &mut HashMap<&'t [u8], usize>,
    ) -> Result<usize, FormatError> {
        if key.is_empty() {
            return Err(unrepresentable("an empty key"));
        }
        let value = scalar_text(value).ok_or_else(|| {
            unrepresentable(&format!("a list or map as the value of {}", String::from_utf8_lossy(key)))
        })?;
        if let Some(&index) = indices.get(key) {
            self.entries[index].value = value;
            return Ok(index);
        }
        indices.insert(key, self.entries.len());
        self.entries.push(Entry { name: Cow::Borrowed(key), value, comment: Vec::new() });
        Ok(self.entries.len() - 1)
    }

    pub(super) fn write_header(&self, out: &mut Vec<u8>, newline: &[u8]) {
        for part in [b"[", &*self.name, b"]", newline] {
            out.extend_from_slice(part);
        }
    }

    fn write_comment(&self, out: &mut Vec<u8>) {
        write_comment(out, &self.comment, false, b"\n");
    }

    /// Writes the keys with values quoted by `quote`.
    pub(super) fn write_entries(
        &self,
        out: &mut Vec<u8>,
        newline: &[u8],
        quote: impl Fn(&[u8]) -> Option<Cow<'_, [u8]>>,
    ) -> Result<(), FormatError> {
        let names: Vec<_> = self.entries.iter().map(|entry| key_text(&entry.name)).collect();
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        for (entry, name) in self.entries.iter().zip(&names) {
            write_comment(out, &entry.comment, true, newline);
            out.extend_from_slice(name);
            out.resize(out.len() + width - name.len(), b' ');
            out.extend_from_slice(b" = ");
            let value = quote(&entry.value).ok_or_else(|| {
                unrepresentable(&format!("the value of {}", String::from_utf8_lossy(&entry.name)))
            })?;
            out.extend_from_slice(&value);
            out.extend_from_slice(newline);
        }
        Ok(())
    }
}

/// Writes a key, quoted where it holds a delimiter or a quote.
pub(super) fn key_text(name: &[u8]) -> Cow<'_, [u8]> {
    let has = |bytes: &[u8]| name.iter().any(|byte| bytes.contains(byte));
    if has(b"\"=:") {
        Cow::Owned([b"`", name, b"`"].concat())
    } else if has(b"`") {
        Cow::Owned([b"\"\"\"", name, b"\"\"\""].concat())
    } else {
        Cow::Borrowed(name)
    }
}

/// Writes comment lines, each behind a comment character: its own or `;`.
fn write_comment(out: &mut Vec<u8>, comment: &[u8], trimmed: bool, newline: &[u8]) {
    if comment.is_empty() {
        return;
    }
    for line in comment.split(|&byte| byte == b'\n') {
        let (mark, text) = match line {
            [mark @ (b'#' | b';'), rest @ ..] => (*mark, trim(rest)),
            _ if trimmed => (b';', trim(line)),
            _ => (b';', line),
        };
        out.extend_from_slice(&[mark, b' ']);
        out.extend_from_slice(text);
        out.extend_from_slice(newline);
    }
}

pub(super) fn unrepresentable(what: &str) -> FormatError {
    FormatError::Unrepresentable(format!("Error marshaling to INI: it cannot hold {what}"))
}
