//! The compiled expression and its operations, with Go's iteration rules.

use std::fmt;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::parser::Translated;
use crate::text::{self, Text};
use crate::{Error, expand, parser};

/// Byte offsets of a match.
pub type Span = Range<usize>;

/// Longest pattern in bytes (`security.md` 4.1).
const PATTERN_LIMIT: usize = 4 << 10;

/// Largest compiled program in bytes (`security.md` 4.1).
const COMPILED_LIMIT: usize = 1 << 20;

/// Deepest nesting of groups, repetitions and alternations in a translated
/// pattern: `regex` recurses into them while compiling, on stacks of 2 MiB.
const NEST_LIMIT: u32 = 250;

/// A compiled Go regular expression.
#[derive(Clone)]
pub struct Regexp {
    pattern: String,
    regex: Regex,
    /// Names of the groups, the whole match (without a name) included.
    names: Vec<Option<String>>,
}

/// How much work and memory an expression takes, estimated from above by its
/// text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// States of the program. Searching takes a few nanoseconds for each state
    /// and byte, compiling some hundred for each state.
    pub states: usize,
    /// Groups, the whole match included.
    pub groups: usize,
    /// What no match is longer than, in bytes; none where something repeats
    /// without bound.
    pub longest: Option<usize>,
}

impl Size {
    /// Returns how many bytes the program takes, and what searches keep for it.
    pub fn bytes(self) -> usize {
        // Each state may hold the places of all groups.
        self.states * (800 + 32 * self.groups)
    }

    /// Returns how many bytes of a text of `length` one search may read beyond
    /// its match, looking for a better one (`.*x|.`).
    pub fn reach(self, length: usize) -> usize {
        self.longest.map_or(length, |longest| length.min(longest))
    }
}

impl Regexp {
    /// Estimates the size of `pattern` without compiling it. Fails where its
    /// syntax is wrong, or it is longer than 4 KiB.
    pub fn size(pattern: &str) -> Result<Size, Error> {
        let translated = Self::translate(pattern)?;
        let Translated { states, longest, names, .. } = translated;
        Ok(Size { states, groups: names.len(), longest })
    }

    /// Returns how many bytes of memory a search through `text` takes for the
    /// text: none if it is UTF-8.
    pub fn decoded_size(text: &[u8]) -> usize {
        text::decoded_size(text)
    }

    fn translate(pattern: &str) -> Result<Translated, Error> {
        if pattern.len() > PATTERN_LIMIT { Err(Error::TooLarge) } else { parser::translate(pattern) }
    }

    /// Compiles `pattern`, written in Go's syntax.
    pub fn new(pattern: &str) -> Result<Self, Error> {
        let translated = Self::translate(pattern)?;
        let regex = RegexBuilder::new(&translated.text)
            .size_limit(COMPILED_LIMIT)
            .nest_limit(NEST_LIMIT)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => Error::TooLarge,
                // Translations have no other fault that `regex` could find.
                _ => Error::NestingDepth,
            })?;
        Ok(Self { pattern: pattern.to_owned(), regex, names: translated.names })
    }

    /// Returns the pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Returns the names of the groups in order; the first entry stands for
    /// the whole match.
    pub fn names(&self) -> &[Option<String>] {
        &self.names
    }

    /// Returns true where `text` contains a match.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(Text::new(text).as_str())
    }

    /// Returns the leftmost match.
    pub fn find_index(&self, text: &[u8]) -> Option<Span> {
        let text = Text::new(text);
        self.regex.find(text.as_str()).map(|found| text.original(found.range()))
    }

    /// Returns the leftmost match together with its groups.
    pub fn find_submatch<'t>(&'t self, text: &'t [u8]) -> Option<Captures<'t>> {
        let decoded = Text::new(text);
        let spans = self.groups_at(&decoded, 0)?;
        Some(self.captures(text, &decoded, spans))
    }

    /// Returns the successive matches, at most `limit` where there is one. An
    /// empty match right after another match does not count.
    pub fn find_all(&self, text: &[u8], limit: Option<usize>) -> Vec<Span> {
        let decoded = Text::new(text);
        let find = |start| self.regex.find_at(decoded.as_str(), start).map(|found| found.range());
        let found = successive(&decoded, limit, find, Clone::clone);
        found.into_iter().map(|span| decoded.original(span)).collect()
    }

    /// Does what [`Self::find_all`] does, with the groups of each match.
    pub fn find_all_submatch<'t>(&'t self, text: &'t [u8], limit: Option<usize>) -> Vec<Captures<'t>> {
        let decoded = Text::new(text);
        let find = |start| self.groups_at(&decoded, start);
        let found = successive(&decoded, limit, find, |spans: &Groups| whole(spans));
        found.into_iter().map(|spans| self.captures(text, &decoded, spans)).collect()
    }

    /// Returns `text` with every match replaced by `template`, in which `$1`,
    /// `$name` and `${name}` stand for groups and `$$` for a dollar sign.
    pub fn replace_all(&self, text: &[u8], template: &[u8]) -> Vec<u8> {
        self.replace_all_with(text, |captures, output| expand::expand(template, captures, output))
    }

    /// Returns `text` with every match replaced by `replacement` as it is.
    pub fn replace_all_literal(&self, text: &[u8], replacement: &[u8]) -> Vec<u8> {
        let decoded = Text::new(text);
        let find = |start| self.regex.find_at(decoded.as_str(), start).map(|found| found.range());
        replaced(text, &decoded, find, Clone::clone, |_, output| output.extend_from_slice(replacement))
    }

    /// Returns `text` with every match replaced by what `replacement` appends
    /// for it.
    pub fn replace_all_with(
        &self,
        text: &[u8],
        mut replacement: impl FnMut(&Captures<'_>, &mut Vec<u8>),
    ) -> Vec<u8> {
        let decoded = Text::new(text);
        let find = |start| self.groups_at(&decoded, start);
        replaced(text, &decoded, find, whole, |spans, output| {
            replacement(&self.captures(text, &decoded, spans), output);
        })
    }

    /// Splits `text` at the matches, into at most `limit` parts where there
    /// is one; the last part is the unsplit remainder. A limit of 0 gives none.
    pub fn split(&self, text: &[u8], limit: Option<usize>) -> Vec<Span> {
        if limit == Some(0) {
            return Vec::new();
        }
        if !self.pattern.is_empty() && text.is_empty() {
            return Vec::from([Span::default()]);
        }
        let mut parts = Vec::new();
        let (mut start, mut end) = (0, 0);
        for found in self.find_all(text, limit) {
            if limit.is_some_and(|limit| parts.len() + 1 == limit) {
                break;
            }
            end = found.start;
            if found.end != 0 {
                parts.push(start..end);
            }
            start = found.end;
        }
        if end != text.len() {
            parts.push(start..text.len());
        }
        parts
    }

    fn groups_at(&self, text: &Text<'_>, start: usize) -> Option<Groups> {
        let found = self.regex.captures_at(text.as_str(), start)?;
        Some(found.iter().map(|group| group.map(|group| group.range())).collect())
    }

    fn captures<'t>(&'t self, text: &'t [u8], decoded: &Text<'_>, spans: Groups) -> Captures<'t> {
        let spans = spans.into_iter().map(|span| span.map(|span| decoded.original(span))).collect();
        Captures { text, spans, names: &self.names }
    }
}

impl fmt::Debug for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regexp").field(&self.pattern).finish()
    }
}

/// Spans of all groups of one match, the whole match first.
type Groups = Vec<Option<Span>>;

fn whole(spans: &Groups) -> Span {
    spans.first().cloned().flatten().unwrap_or_default()
}

/// Collects successive matches of `find`, which searches from an offset.
fn successive<T>(
    text: &Text<'_>,
    limit: Option<usize>,
    find: impl Fn(usize) -> Option<T>,
    span: impl Fn(&T) -> Span,
) -> Vec<T> {
    let (mut position, mut previous_end) = (0, None);
    let mut matches = Vec::new();
    while position <= text.as_str().len() && limit.is_none_or(|limit| matches.len() < limit) {
        let Some(found) = find(position) else { break };
        let Span { start, end } = span(&found);
        // Only an empty match can end where the search began.
        let accepted = end != position || previous_end != Some(start);
        position = if end == position { end + text.width_at(end).max(1) } else { end };
        previous_end = Some(end);
        if accepted {
            matches.push(found);
        }
    }
    matches
}

/// Returns `text` with what `put` appends in place of every match of `find`,
/// which searches the decoded text from an offset.
fn replaced<T>(
    text: &[u8],
    decoded: &Text<'_>,
    find: impl Fn(usize) -> Option<T>,
    span: impl Fn(&T) -> Span,
    mut put: impl FnMut(T, &mut Vec<u8>),
) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    // `search` and `last_end` are offsets in the decoded text, `copied` in the
    // original.
    let (mut search, mut last_end, mut copied) = (0, 0, 0);
    while search <= decoded.as_str().len() {
        let Some(found) = find(search) else { break };
        let at = span(&found);
        let original = decoded.original(at.clone());
        output.extend_from_slice(&text[copied..original.start]);
        copied = original.end;
        // Not where an empty match directly follows a match.
        if at.end > last_end || at.start == 0 {
            put(found, &mut output);
        }
        last_end = at.end;
        search = at.end.max(search + decoded.width_at(search).max(1));
    }
    output.extend_from_slice(&text[copied..]);
    output
}

/// One match and its groups. It borrows the text, which may be secret.
pub struct Captures<'t> {
    text: &'t [u8],
    spans: Groups,
    names: &'t [Option<String>],
}

impl Captures<'_> {
    /// Returns where the whole match lies.
    pub fn span(&self) -> Span {
        whole(&self.spans)
    }

    /// Returns where the group `number` lies, if it took part in the match.
    pub fn index(&self, number: usize) -> Option<Span> {
        self.spans.get(number)?.clone()
    }

    /// Returns the bytes of the group `number`, if it took part in the match.
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        self.index(number).map(|span| &self.text[span])
    }

    /// Returns the bytes of the first group called `name` that took part in
    /// the match.
    pub fn name(&self, name: &str) -> Option<&[u8]> {
        let mut numbers = (0..self.names.len()).filter(|number| self.names[*number].as_deref() == Some(name));
        numbers.find_map(|number| self.get(number))
    }

    /// Returns how many groups there are, the whole match included.
    pub fn group_count(&self) -> usize {
        self.names.len()
    }
}

/// Returns `text` with a backslash before every character that means
/// something in a pattern.
pub fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len());
    for byte in text {
        if br"\.+*?()|[]{}^$".contains(byte) {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted
}

#[cfg(test)]
mod tests;
