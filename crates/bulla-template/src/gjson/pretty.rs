//! `@pretty`: the layout of tidwall/pretty 1.2.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::text::{trim_unicode, unescape};
use super::{Budget, Error, number, scan, valid};

struct Layout {
    /// Arrays of scalars stay on one line up to this column.
    width: i64,
    prefix: Vec<u8>,
    indent: Vec<u8>,
    sort: bool,
}

/// The modifier; its argument may set `indent`, `prefix`, `sortKeys`, `width`.
pub(super) fn modifier<'d>(
    budget: &mut Budget,
    json: &'d [u8],
    argument: &[u8],
) -> Result<Cow<'d, [u8]>, Error> {
    let mut layout = Layout { width: 80, prefix: Vec::new(), indent: b"  ".to_vec(), sort: false };
    scan::for_each(&scan::parse(argument), |key, value| {
        match key.text().as_ref() {
            b"sortKeys" => layout.sort = value.truth(),
            b"indent" => layout.indent = blanks(&value.text()),
            b"prefix" => layout.prefix = blanks(&value.text()),
            b"width" => layout.width = value.integer(),
            _ => {}
        }
        true
    });
    let mut printer = Printer { json, layout, budget, out: Vec::with_capacity(json.len()), line: 0 };
    printer.out.extend_from_slice(&printer.layout.prefix);
    printer.value(0, 0, None)?;
    let mut out = printer.out;
    if !out.is_empty() {
        out.push(b'\n');
    }
    Ok(Cow::Owned(out))
}

fn blanks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).collect()
}

struct Printer<'b, 'd> {
    json: &'d [u8],
    layout: Layout,
    budget: &'b mut Budget,
    out: Vec<u8>,
    /// Where the current line starts in `out`.
    line: usize,
}

/// Where a member's key is in the source and the member in the output.
struct Member {
    key: (usize, usize),
    at: (usize, usize),
}

/// Where printing goes on, and whether it fits on one line so far.
type Printed = Result<(usize, bool), Error>;

impl Printer<'_, '_> {
    /// Prints the next value from `at` on. With `room` it is tried on one
    /// line, which ends at that length of `out`.
    fn value(&mut self, mut at: usize, tabs: usize, room: Option<usize>) -> Printed {
        while let Some(&byte) = self.json.get(at) {
            let word: &[u8] = match byte {
                b'"' => {
                    let end = scan::string_end(self.json, at + 1).map_or(self.json.len(), |(end, _)| end + 1);
                    return Ok(self.copy(at, end));
                }
                b'{' | b'[' => return self.brackets(at, tabs, room),
                b't' => b"true",
                b'f' => b"false",
                b'n' if self.json.get(at + 1).is_none_or(|next| *next == b'u') => b"null",
                b'0'..=b'9' | b'-' | b'i' | b'I' | b'+' | b'N' | b'n' => {
                    let (end, raw) = scan::number(self.json, at);
                    let length = raw.iter().skip(1).position(|byte| *byte == b':').map(|colon| colon + 1);
                    return Ok(self.copy(at, length.map_or(end, |length| at + length)));
                }
                _ => {
                    at += 1;
                    continue;
                }
            };
            self.out.extend_from_slice(word);
            return Ok((at + word.len(), true));
        }
        Ok((at, true))
    }

    fn copy(&mut self, at: usize, end: usize) -> (usize, bool) {
        self.out.extend_from_slice(&self.json[at..end]);
        (end, true)
    }

    fn brackets(&mut self, at: usize, tabs: usize, room: Option<usize>) -> Printed {
        let open = self.json[at];
        if self.layout.width > 0 {
            if open == b'{' && room.is_some() {
                return Ok((at, false));
            }
            if open == b'[' && room.is_none() {
                let left = self.layout.width - (self.out.len() - self.line) as i64;
                if left > 3 {
                    let (before, line) = (self.out.len(), self.line);
                    let limit = before.saturating_add(left as usize);
                    let (end, fits) = self.nested(at, open, 0, Some(limit))?;
                    self.line = line;
                    if fits && self.out.len() <= limit {
                        return Ok((end, true));
                    }
                    self.out.truncate(before);
                }
            }
        }
        self.nested(at, open, tabs, room)
    }

    fn nested(&mut self, at: usize, open: u8, tabs: usize, room: Option<usize>) -> Printed {
        self.budget.depth = self.budget.depth.checked_sub(1).ok_or(Error::Depth)?;
        let printed = self.members(at + 1, open, tabs, room);
        self.budget.depth += 1;
        printed
    }

    fn members(&mut self, mut at: usize, open: u8, tabs: usize, room: Option<usize>) -> Printed {
        let close = open + 2;
        let lines = room.is_none();
        let sort = open == b'{' && self.layout.sort && lines;
        let mut members = Vec::new();
        let mut count = 0;
        self.out.push(open);
        while let Some(&byte) = self.json.get(at) {
            if byte == close {
                self.sort(&members);
                if lines && count > 0 {
                    self.break_line();
                }
                if lines && self.out.last() != Some(&open) {
                    self.tabs(tabs)?;
                }
                self.out.push(close);
                return Ok((at + 1, open != b'{'));
            }
            if byte <= b' ' || open == b'{' && byte != b'"' {
                at += 1;
                continue;
            }
            if count > 0 {
                self.out.push(b',');
                if self.layout.width != -1 && open == b'[' {
                    self.out.push(b' ');
                }
            }
            let start = if lines { self.break_line() } else { 0 };
            if lines {
                self.tabs(tabs + 1)?;
            }
            let mut key = (at, at);
            if open == b'{' {
                at = scan::string_end(self.json, at + 1).map_or(self.json.len(), |(end, _)| end + 1);
                key.1 = at;
                self.out.extend_from_slice(&self.json[key.0..key.1]);
                self.out.extend_from_slice(if lines { b": " } else { b":" });
            }
            let (end, fits) = self.value(at, tabs + 1, room)?;
            if room.is_some_and(|limit| !fits || self.out.len() > limit) {
                return Ok((end, false));
            }
            if sort {
                members.push(Member { key, at: (start, self.out.len()) });
            }
            at = end;
            count += 1;
        }
        Ok((at, open != b'{'))
    }

    /// Starts a new line, in place of a blank where one was printed last.
    fn break_line(&mut self) -> usize {
        self.line = self.out.len();
        match self.out.last_mut() {
            Some(last @ b' ') => *last = b'\n',
            _ => self.out.push(b'\n'),
        }
        self.out.len()
    }

    fn tabs(&mut self, tabs: usize) -> Result<(), Error> {
        self.budget.charge(self.layout.prefix.len() + tabs * self.layout.indent.len() + 1)?;
        self.out.extend_from_slice(&self.layout.prefix);
        for _ in 0..tabs {
            self.out.extend_from_slice(&self.layout.indent);
        }
        Ok(())
    }

    fn sort(&mut self, members: &[Member]) {
        let (Some(first), Some(last)) = (members.first(), members.last()) else { return };
        let mut order: Vec<&Member> = members.iter().collect();
        order.sort_by(|a, b| self.compare(a, b));
        let mut sorted = Vec::with_capacity(last.at.1 - first.at.0);
        for (at, member) in order.iter().enumerate() {
            if at > 0 {
                sorted.extend_from_slice(b",\n");
            }
            sorted.extend_from_slice(&self.out[member.at.0..member.at.1]);
        }
        self.out.truncate(first.at.0);
        self.out.extend_from_slice(&sorted);
    }

    fn compare(&self, a: &Member, b: &Member) -> Ordering {
        let (first, second) = (&self.json[a.key.0..a.key.1], &self.json[b.key.0..b.key.1]);
        rank(first, second).then_with(|| rank(self.printed(a), self.printed(b)))
    }

    /// The printed value of a member.
    fn printed(&self, member: &Member) -> &[u8] {
        let text = trim_unicode(&self.out[member.at.0..member.at.1]);
        let key = member.key.1 - member.key.0;
        trim_unicode(text.get(key + 1..).unwrap_or(text))
    }
}

/// The order of two values: by kind, then strings and numbers by value,
/// anything else by text.
fn rank(a: &[u8], b: &[u8]) -> Ordering {
    let kind = |value: &[u8]| match value.first() {
        None | Some(b'n') => 0,
        Some(b'f') => 1,
        Some(b'"') => 3,
        Some(b't') => 4,
        Some(b'[' | b'{') => 5,
        Some(_) => 2,
    };
    kind(a).cmp(&kind(b)).then_with(|| match kind(a) {
        2 => (number::parse(a) + 0.0).total_cmp(&(number::parse(b) + 0.0)),
        3 => content(a).cmp(&content(b)),
        _ => a.cmp(b),
    })
}

fn content(string: &[u8]) -> Vec<u8> {
    let inner = &string[1..string.len().saturating_sub(1).max(1)];
    match inner.contains(&b'\\') {
        true if valid(string) => unescape(inner),
        true => Vec::new(),
        false => inner.to_vec(),
    }
}
