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
mod tests {
    use super::*;

    fn compile(pattern: &str) -> Regexp {
        Regexp::new(pattern).unwrap()
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn all_stored_answers_of_go_are_given() {
        let cases = include_str!("../../../tests/fixtures/go-regexp/cases.jsonl");
        for line in cases.lines() {
            let [pattern, input, answer]: [String; 3] = serde_json::from_str(line).unwrap();
            let found = match Regexp::new(&pattern) {
                Err(_) => "ERR".to_owned(),
                Ok(regexp) => match regexp.find_index(input.as_bytes()) {
                    None => "[]".to_owned(),
                    Some(span) => format!("[{} {}]", span.start, span.end),
                },
            };
            assert_eq!(found, answer, "{line}");
        }
        assert_eq!(cases.lines().count(), 49);
    }

    #[test]
    fn bytes_outside_utf_8_match_like_the_replacement_character() {
        let regexp = compile("^.[^a]\\x{FFFD}$");
        assert_eq!(regexp.find_index(b"\xff\xfe\xfd"), Some(0..3));
        assert_eq!(regexp.find_index(b"\xe2\x82"), None);
        assert_eq!(compile("b").find_index(b"\xff\xe2\x82b"), Some(3..4));
    }

    #[test]
    fn an_empty_match_after_a_match_does_not_count() {
        assert_eq!(compile("a*").find_all(b"baac", None), [0..0, 1..3, 4..4]);
        assert_eq!(text(compile("a*").replace_all(b"baac", b"x")), "xbxcx");
        assert_eq!(text(compile("").replace_all("\u{e9}a".as_bytes(), b"-")), "-\u{e9}-a-");
    }

    #[test]
    fn references_in_a_template_are_as_long_as_possible() {
        let regexp = compile("(?P<first>a)(b)?");
        for (template, expected) in [
            ("$1x", "[]"),
            ("${1}x", "[ax]"),
            ("$first-$2-$9", "[a--]"),
            ("$$1 $ ${ ${} ${1", "[$1 $ ${ ${} ${1]"),
            ("$01", "[]"),
        ] {
            assert_eq!(text(regexp.replace_all(b"[a]", template.as_bytes())), expected, "{template}");
        }
        assert_eq!(text(regexp.replace_all_literal(b"[a]", b"$1")), "[$1]");
    }

    #[test]
    fn splitting_leaves_the_remainder_in_the_last_part() {
        let parts = |pattern: &str, input: &str, limit| -> Vec<String> {
            let spans = compile(pattern).split(input.as_bytes(), limit);
            spans.into_iter().map(|span| input[span].to_owned()).collect()
        };
        assert_eq!(parts("a", "banana", None), ["b", "n", "n", ""]);
        assert_eq!(parts("a", "banana", Some(2)), ["b", "nana"]);
        assert_eq!(parts("z+", "pizza", Some(1)), ["pizza"]);
        assert_eq!(parts("", "ab", None), ["a", "b"]);
        assert_eq!(parts("a", "", None), [""]);
        assert_eq!(parts("a", "banana", Some(0)), [] as [String; 0]);
    }

    #[test]
    fn f_01_large_patterns_are_refused() {
        assert_eq!(Regexp::new(&"a".repeat(4096)).err(), None);
        assert_eq!(Regexp::new(&"a".repeat(4097)).err(), Some(Error::TooLarge));
        assert_eq!(Regexp::new(r"\pL{1000}").err(), Some(Error::TooLarge));
    }

    #[test]
    fn f_06_deep_nesting_neither_overflows_nor_panics() {
        for unit in [("(", ")"), ("(?:", ")*"), ("(a|", ")+b"), ("(?i:", "){1}")] {
            let nested =
                |depth| Regexp::new(&[unit.0.repeat(depth), "a".into(), unit.1.repeat(depth)].concat());
            assert_eq!(nested(50).err(), None, "{unit:?}");
            for depth in 51..400 {
                assert!(matches!(nested(depth).err(), None | Some(Error::NestingDepth)), "{depth} {unit:?}");
            }
            assert_eq!(nested(400).err(), Some(Error::NestingDepth), "{unit:?}");
        }
        assert!(Regexp::new(&format!("a{}", "(?i)*".repeat(800))).is_err());
    }

    #[test]
    fn d_02_only_unbounded_repetitions_read_far() {
        let reach = |pattern: &str| Regexp::size(pattern).unwrap().reach(1 << 20);
        for pattern in ["a*", "(b+)c", "a{2,}?", ".*x|."] {
            assert_eq!(reach(pattern), 1 << 20, "{pattern}");
        }
        for (pattern, longest) in [("a?", 1), ("[^a]{3,9}", 36), ("(ab|\u{20ac})", 3), ("\\s{2}", 2)] {
            assert!((longest..400).contains(&reach(pattern)), "{pattern}: {}", reach(pattern));
        }
    }

    #[test]
    fn errors_have_the_words_of_go() {
        for (pattern, expected) in [
            ("(", "missing closing ): `(`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`"),
            (r"\8", r"invalid escape sequence: `\8`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("|*", "missing argument to repetition operator: `*`"),
            ("((a{100}){10}){2}", "invalid repeat count: `{2}`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<=a)", "invalid named capture: `(?<=a)`"),
            (r"a\", "trailing backslash at end of expression: ``"),
        ] {
            let error = Regexp::new(pattern).unwrap_err().to_string();
            assert_eq!(error, format!("error parsing regexp: {expected}"));
        }
    }
}
