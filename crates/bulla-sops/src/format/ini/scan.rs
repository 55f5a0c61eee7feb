//! A line scanner for INI that reads what gopkg.in/ini.v1 reads (`sops.md`
//! 7.5) and reports byte spans. What that library drops is reported too, since
//! it stays in the text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::quote::{surrounded, trim, trim_end, trim_start};
use crate::document::Style;
use crate::format::FormatError;

/// What stands in an INI text.
pub(super) struct Scan<'s> {
    /// First the keys before any header, under the name `DEFAULT`.
    pub(super) sections: Vec<Section<'s>>,
    /// A comment that no key and no section follows.
    pub(super) trailing: Option<Remark>,
    /// Line of the first text that the library ignores.
    pub(super) ignored: Option<usize>,
}

/// A section: header, comment and keys.
pub(super) struct Section<'s> {
    pub(super) name: &'s [u8],
    pub(super) remark: Option<Remark>,
    pub(super) entries: Vec<Entry<'s>>,
    /// From the header to the end of the last key, line breaks included.
    pub(super) lines: Range<usize>,
    /// Line of the first key that the section has already.
    pub(super) duplicate: Option<usize>,
}

/// A key with its value.
pub(super) struct Entry<'s> {
    pub(super) name: Cow<'s, [u8]>,
    pub(super) value: Cow<'s, [u8]>,
    pub(super) place: Range<usize>,
    pub(super) style: Style,
    /// The comment above, then the one behind the value.
    pub(super) remarks: Vec<Remark>,
    /// The lines of key and value, line breaks included.
    pub(super) lines: Range<usize>,
    /// Where the key ends and where its delimiter stands.
    pub(super) delimiter: (usize, usize),
}

/// A comment without the comment characters and blanks that lead it.
pub(super) struct Remark {
    pub(super) text: Vec<u8>,
    pub(super) place: Range<usize>,
    /// `Collection` where the place includes the header of a section.
    pub(super) style: Style,
}

/// A value, what follows it, and how it was quoted.
struct Read<'s> {
    value: Cow<'s, [u8]>,
    place: Range<usize>,
    style: Style,
    remark: Option<Range<usize>>,
}

/// Reads a whole text.
pub(super) fn scan(source: &[u8]) -> Result<Scan<'_>, FormatError> {
    let start = match source {
        [0xef, 0xbb, 0xbf, ..] => 3,
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => 2,
        _ => 0,
    };
    let mut scanner =
        Scanner { source, position: start, line: 0, pending: Pending::default(), ignored: None };
    let mut section = Section::new(b"DEFAULT", start);
    let mut names = HashMap::new();
    let mut automatic = 1;
    let mut sections = Vec::new();
    while let Some(line) = scanner.next_line() {
        let text = scanner.text(&line);
        match text.first() {
            None => {}
            Some(b'#' | b';') => scanner.pending.add(source, line.end - text.len()..line.end),
            Some(b'[') => {
                let next = scanner.header(line)?;
                sections.push(core::mem::replace(&mut section, next));
                names.clear();
                automatic = 1;
            }
            Some(_) => {
                let entry = scanner.entry(line, &mut automatic)?;
                let number = scanner.line;
                section.add(entry, &mut names, number);
            }
        }
    }
    sections.push(section);
    let trailing = scanner.pending.take(source);
    Ok(Scan { sections, trailing, ignored: scanner.ignored })
}

impl<'s> Section<'s> {
    fn new(name: &'s [u8], start: usize) -> Self {
        Self { name, remark: None, entries: Vec::new(), lines: start..start, duplicate: None }
    }

    /// Adds a key. One that is there keeps its position and gets the new
    /// value and comment.
    fn add(&mut self, entry: Entry<'s>, names: &mut HashMap<Vec<u8>, usize>, number: usize) {
        self.lines.end = entry.lines.end;
        if let Some(&index) = names.get(&*entry.name) {
            self.duplicate.get_or_insert(number);
            self.entries[index] = entry;
        } else {
            names.insert(entry.name.to_vec(), self.entries.len());
            self.entries.push(entry);
        }
    }
}

/// Comment lines that wait for what they belong to.
#[derive(Default)]
struct Pending {
    raw: Vec<u8>,
    place: Option<Range<usize>>,
}

impl Pending {
    fn add(&mut self, source: &[u8], line: Range<usize>) {
        self.raw.extend_from_slice(&source[line.clone()]);
        let start = self.place.as_ref().map_or(line.start, |place| place.start);
        self.place = Some(start..line.start + trim_end(&source[line]).len());
    }

    fn take(&mut self, source: &[u8]) -> Option<Remark> {
        let raw = core::mem::take(&mut self.raw);
        let place = self.place.take()?;
        let text = trim(&raw)[prefix(&source[place.clone()]).len()..].to_vec();
        Some(Remark { text, place, style: Style::Comment })
    }
}

/// Returns the comment characters and blanks in front of a comment's text.
pub(super) fn prefix(comment: &[u8]) -> &[u8] {
    let Some(&mark) = comment.first() else { return comment };
    let end = comment.iter().position(|&byte| byte != mark && byte != b' ').unwrap_or(comment.len());
    &comment[..end]
}

struct Scanner<'s> {
    source: &'s [u8],
    position: usize,
    /// Number of the line read last.
    line: usize,
    pending: Pending,
    ignored: Option<usize>,
}

impl<'s> Scanner<'s> {
    /// Returns the next line with its line feed.
    fn next_line(&mut self) -> Option<Range<usize>> {
        let start = self.position;
        if start >= self.source.len() {
            return None;
        }
        self.line += 1;
        self.position =
            memchr::memchr(b'\n', &self.source[start..]).map_or(self.source.len(), |end| start + end + 1);
        Some(start..self.position)
    }

    /// Returns a line without the blanks in front.
    fn text(&self, line: &Range<usize>) -> &'s [u8] {
        trim_start(&self.source[line.clone()])
    }

    /// Reads a section header: the name reaches to the last bracket.
    fn header(&mut self, line: Range<usize>) -> Result<Section<'s>, FormatError> {
        let text = self.text(&line);
        let start = line.end - text.len();
        let close =
            memchr::memrchr(b']', text).ok_or_else(|| self.error("section without a closing bracket"))?;
        if close == 1 {
            return Err(self.error("section without a name"));
        }
        let above = self.pending.take(self.source);
        let behind = self.comment_behind(start + close + 1, line.end);
        let remark = match (above, behind) {
            (above, None) => above,
            // A text in brackets may not follow the header, or it would
            // become part of the name. So the place is the header with all
            // its comments, and whoever renders it writes the comment above.
            (above, Some(place)) => {
                let comment = &self.source[place.clone()];
                let (text, first) = match above {
                    None => (comment[prefix(comment).len()..].to_vec(), start),
                    Some(above) => ([&above.text[..], b"\n", comment].concat(), above.place.start),
                };
                Some(Remark { text, place: first..place.end, style: Style::Collection })
            }
        };
        let name = &text[1..close];
        Ok(Section { name, remark, entries: Vec::new(), lines: line, duplicate: None })
    }

    /// Finds a comment in the rest of a line; other text there is ignored.
    fn comment_behind(&mut self, start: usize, end: usize) -> Option<Range<usize>> {
        let rest = &self.source[start..end];
        let mark = memchr::memchr2(b'#', b';', rest);
        if !trim(&rest[..mark.unwrap_or(rest.len())]).is_empty() {
            self.ignored.get_or_insert(self.line);
        }
        let mark = mark?;
        Some(start + mark..start + trim_end(rest).len())
    }

    fn entry(&mut self, line: Range<usize>, automatic: &mut usize) -> Result<Entry<'s>, FormatError> {
        let text = self.text(&line);
        let start = line.end - text.len();
        let (mut name, name_end, delimiter) = self.key(text)?;
        if &*name == b"-" {
            name = Cow::Owned(format!("#{automatic}").into_bytes());
            *automatic += 1;
        }
        let above = self.pending.take(self.source);
        let read = self.value(start + delimiter + 1, line.end)?;
        let behind = read.remark.map(|place| {
            let comment = &self.source[place.clone()];
            let text = comment[prefix(comment).len()..].to_vec();
            Remark { text, place, style: Style::Comment }
        });
        Ok(Entry {
            name,
            value: read.value,
            place: read.place,
            style: read.style,
            remarks: above.into_iter().chain(behind).collect(),
            lines: line.start..self.position,
            delimiter: (start + name_end, start + delimiter),
        })
    }

    /// Reads the key that `text` starts with: its name, where it ends, and
    /// where the delimiter stands.
    fn key(&mut self, text: &'s [u8]) -> Result<(Cow<'s, [u8]>, usize, usize), FormatError> {
        let quote: &[u8] = match text {
            [b'"', b'"', b'"', ..] if text.len() > 6 => b"\"\"\"",
            [b'"', ..] => b"\"",
            [b'`', ..] => b"`",
            _ => b"",
        };
        let mut end = 0;
        let mut name = None;
        if !quote.is_empty() {
            let inner = &text[quote.len()..];
            let close = memchr::memmem::find(inner, quote)
                .ok_or_else(|| self.error("key without a closing quote"))?;
            name = Some(&inner[..close]);
            end = close + 2 * quote.len();
        }
        let delimiter = memchr::memchr2(b'=', b':', &text[end..])
            .map(|found| end + found)
            .ok_or_else(|| self.error("neither = nor : behind a key"))?;
        let between = trim(&text[end..delimiter]);
        match name {
            Some(_) if !between.is_empty() => {
                self.ignored.get_or_insert(self.line);
            }
            Some(_) => {}
            None => end = trim_end(&text[..delimiter]).len(),
        }
        let name = trim(name.unwrap_or(between));
        if name.is_empty() {
            return Err(self.error("empty key"));
        }
        Ok((Cow::Borrowed(name), end, delimiter))
    }

    fn value(&mut self, from: usize, end: usize) -> Result<Read<'s>, FormatError> {
        let text = trim_start(&self.source[from..end]);
        let start = end - text.len();
        let quote: &[u8] = match text {
            [] => {
                let blanks = self.source[from..end].iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
                let at = from + blanks.count();
                return Ok(Read {
                    value: Cow::Borrowed(b""),
                    place: at..at,
                    style: Style::Plain,
                    remark: None,
                });
            }
            [b'"', b'"', b'"', _, ..] => b"\"\"\"",
            [b'`', ..] => b"`",
            _ => return Ok(self.unquoted(start, end)),
        };
        let inner = start + quote.len();
        let close = match memchr::memmem::rfind(&self.source[inner..end], quote) {
            Some(found) => inner + found,
            None => self.closing_line(quote)?,
        };
        let place = start..close + quote.len();
        let style = if quote.len() == 3 { Style::Triple } else { Style::Backtick };
        let remark = self.comment_behind(place.end, self.position);
        Ok(Read { value: Cow::Borrowed(&self.source[inner..close]), place, style, remark })
    }

    /// Reads on to the line that closes a multi-line value. A line whose end
    /// is a backslash behind the quote does not.
    fn closing_line(&mut self, quote: &[u8]) -> Result<usize, FormatError> {
        let first = self.line;
        while let Some(line) = self.next_line() {
            let text = &self.source[line.clone()];
            if let Some(found) = memchr::memmem::rfind(text, quote)
                && !trim(&text[found + quote.len()..]).ends_with(b"\\")
            {
                return Ok(line.start + found);
            }
        }
        self.line = first;
        Err(self.error("value without a closing quote"))
    }

    fn unquoted(&mut self, start: usize, end: usize) -> Read<'s> {
        let text = trim_end(&self.source[start..end]);
        if let Some(first) = text.strip_suffix(b"\\") {
            return self.continued(first, start..start + text.len());
        }
        let mark = memchr::memchr2(b'#', b';', text);
        let value = trim_end(&text[..mark.unwrap_or(text.len())]);
        let place = start..start + value.len();
        let remark = mark.map(|mark| start + mark..start + text.len());
        let (value, style) = match value {
            [b'\'', inner @ .., _] if surrounded(value, b'\'') => (inner, Style::Single),
            [b'"', inner @ .., _] if surrounded(value, b'"') => (inner, Style::Double),
            _ => (value, Style::Plain),
        };
        Read { value: Cow::Borrowed(value), place, style, remark }
    }

    /// Joins the lines that follow a backslash at the end of a line; nothing
    /// in them is a comment or a quote.
    fn continued(&mut self, first: &[u8], mut place: Range<usize>) -> Read<'s> {
        let mut value = first.to_vec();
        while let Some(line) = self.next_line() {
            let next = trim(&self.source[line.clone()]);
            if next.is_empty() {
                break;
            }
            value.extend_from_slice(next);
            place.end = line.start + trim_end(&self.source[line]).len();
            if value.pop_if(|last| *last == b'\\').is_none() {
                break;
            }
        }
        Read { value: Cow::Owned(value), place, style: Style::Plain, remark: None }
    }

    fn error(&self, what: &str) -> FormatError {
        FormatError::Syntax(format!("invalid INI at line {}: {what}", self.line))
    }
}
