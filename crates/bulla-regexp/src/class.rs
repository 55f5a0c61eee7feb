//! Escapes and character classes.

use std::fmt::Write as _;

use crate::{Error, unicode};

/// Matches no character.
const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// States of a program for any characters, or for ranges beyond ASCII.
pub(crate) const BEYOND_ASCII: usize = 12;

/// States for a category or script of Unicode.
const UNICODE: usize = 400;

/// A character class under construction, written as a class of `regex`.
pub(crate) struct Class {
    items: String,
    /// About how many states its items take.
    states: usize,
}

impl Class {
    pub(crate) fn new() -> Self {
        Self { items: String::new(), states: 1 }
    }

    /// Adds the code points from `low` to `high`. Surrogates are code points
    /// to Go; no text contains them, so they are left out.
    fn range(&mut self, low: u32, high: u32) {
        self.states += if high < 0x80 { 1 } else { BEYOND_ASCII };
        for (low, high) in [(low, high.min(0xD7FF)), (low.max(0xE000), high)] {
            if low <= high {
                write!(self.items, r"\x{{{low:X}}}-\x{{{high:X}}}").expect("strings take any text");
            }
        }
    }

    /// Adds what `inner`, the inside of a class, matches, or all but that.
    fn nested(&mut self, negated: bool, inner: &str) {
        self.states += if negated { BEYOND_ASCII } else { 1 };
        self.items.extend(["[", if negated { "^" } else { "" }, inner, "]"]);
    }

    /// Returns about how many states the class takes.
    pub(crate) fn states(&self, negated: bool, fold_case: bool) -> usize {
        (self.states + if negated { BEYOND_ASCII } else { 0 }) * if fold_case { 2 } else { 1 }
    }

    /// Returns the text of the class.
    pub(crate) fn finish(self, negated: bool, fold_case: bool) -> String {
        let items = if self.items.is_empty() { NOTHING } else { &self.items };
        let class = format!("[{}{items}]", if negated { "^" } else { "" });
        if fold_case { format!("(?i:{class})") } else { class }
    }

    /// Reads `\d`, `\pN`, `\p{Name}` or their negations from the start of
    /// `text`; returns what follows, or `None` where there is no such escape.
    pub(crate) fn escape<'p>(&mut self, text: &'p str) -> Result<Option<&'p str>, Error> {
        let Some(letter) = text.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
            return Ok(None);
        };
        let negated = letter.is_ascii_uppercase();
        let inner = match letter {
            'p' | 'P' => return self.unicode(text, negated).map(Some),
            'd' | 'D' => "0-9",
            's' | 'S' => r"\t\n\f\r\x20",
            'w' | 'W' => "0-9A-Z_a-z",
            _ => return Ok(None),
        };
        self.nested(negated, inner);
        Ok(Some(&text[2..]))
    }

    /// Reads `\pN` or `\p{Name}`.
    fn unicode<'p>(&mut self, text: &'p str, negated: bool) -> Result<&'p str, Error> {
        let error = |end: usize| Error::CharacterRange(text[..end].to_owned());
        let (name, end) = if text[2..].starts_with('{') {
            let close = text.find('}').ok_or_else(|| error(text.len()))?;
            (&text[3..close], close + 1)
        } else {
            let end = 2 + text[2..].chars().next().map_or(0, char::len_utf8);
            (&text[2..end], end)
        };
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, !negated),
            None => (name, negated),
        };
        let inner = unicode::class(name).ok_or_else(|| error(end))?;
        self.states += UNICODE;
        self.nested(negated, &inner);
        Ok(&text[end..])
    }

    /// Reads `[:name:]`; `None` where `text` does not start with one.
    fn posix<'p>(&mut self, text: &'p str) -> Result<Option<&'p str>, Error> {
        let Some(close) = text.strip_prefix("[:").and_then(|rest| rest.find(":]")) else {
            return Ok(None);
        };
        let end = close + 4;
        let name = &text[2..end - 2];
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let inner = match name {
            "alnum" => "0-9A-Za-z",
            "alpha" => "A-Za-z",
            "ascii" => r"\x00-\x7F",
            "blank" => r"\t\x20",
            "cntrl" => r"\x00-\x1F\x7F",
            "digit" => "0-9",
            "graph" => r"\x21-\x7E",
            "lower" => "a-z",
            "print" => r"\x20-\x7E",
            "punct" => r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
            "space" => r"\t\n\x0B\f\r\x20",
            "upper" => "A-Z",
            "word" => "0-9A-Z_a-z",
            "xdigit" => "0-9A-Fa-f",
            _ => return Err(Error::CharacterRange(text[..end].to_owned())),
        };
        self.nested(negated, inner);
        Ok(Some(&text[end..]))
    }
}

/// Reads the bracketed class at the start of `text`; returns it, whether it is
/// negated, and what follows.
pub(crate) fn bracketed(text: &str) -> Result<(Class, bool, &str), Error> {
    let mut rest = &text[1..];
    let negated = rest.starts_with('^');
    if negated {
        rest = &rest[1..];
    }
    let mut class = Class::new();
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some(after) = class.posix(rest)? {
            rest = after;
        } else if let Some(after) = class.escape(rest)? {
            rest = after;
        } else {
            rest = range(&mut class, rest, text)?;
        }
    }
    Ok((class, negated, &rest[1..]))
}

/// Reads one character or range of characters of the class `whole`.
fn range<'p>(class: &mut Class, text: &'p str, whole: &str) -> Result<&'p str, Error> {
    let (low, mut rest) = class_character(text, whole)?;
    let mut high = low;
    if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
        (high, rest) = class_character(&rest[1..], whole)?;
        if high < low {
            return Err(Error::CharacterRange(text[..text.len() - rest.len()].to_owned()));
        }
    }
    class.range(low, high);
    Ok(rest)
}

fn class_character<'p>(text: &'p str, whole: &str) -> Result<(u32, &'p str), Error> {
    match text.chars().next() {
        None => Err(Error::MissingBracket(whole.to_owned())),
        Some('\\') => escaped_character(text),
        Some(c) => Ok((c.into(), &text[c.len_utf8()..])),
    }
}

/// Reads an escape that stands for one code point, possibly a surrogate.
pub(crate) fn escaped_character(text: &str) -> Result<(u32, &str), Error> {
    let mut rest = text[1..].chars();
    let Some(first) = rest.next() else { return Err(Error::TrailingBackslash) };
    let code = match first {
        '1'..='7' if !rest.as_str().starts_with(|c| ('0'..='7').contains(&c)) => None,
        '0'..='7' => Some(octal(first, &mut rest)),
        'x' => hexadecimal(&mut rest),
        'a' => Some(0x07),
        'f' => Some(0x0C),
        'n' => Some(0x0A),
        'r' => Some(0x0D),
        't' => Some(0x09),
        'v' => Some(0x0B),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(other.into()),
        _ => None,
    };
    let rest = rest.as_str();
    match code {
        Some(code) => Ok((code, rest)),
        None => Err(Error::Escape(text[..text.len() - rest.len()].to_owned())),
    }
}

/// Reads up to two more octal digits.
fn octal(first: char, rest: &mut std::str::Chars<'_>) -> u32 {
    let mut code = first.to_digit(8).unwrap_or_default();
    for _ in 0..2 {
        let Some(digit) = rest.clone().next().and_then(|c| c.to_digit(8)) else { break };
        rest.next();
        code = code * 8 + digit;
    }
    code
}

/// Reads two digits, or any number of them in braces.
fn hexadecimal(rest: &mut std::str::Chars<'_>) -> Option<u32> {
    let first = rest.next()?;
    if first != '{' {
        let second = rest.next();
        return Some(first.to_digit(16)? * 16 + second?.to_digit(16)?);
    }
    let mut code = None;
    loop {
        let digit = match rest.next()? {
            '}' => return code,
            digit => digit.to_digit(16)?,
        };
        code = Some(code.unwrap_or(0) * 16 + digit).filter(|code| *code <= u32::from(char::MAX));
        code?;
    }
}

/// Writes the code point `code` so that it stands for itself.
pub(crate) fn literal(code: u32, fold_case: bool) -> String {
    let Some(c) = char::from_u32(code) else { return NOTHING.to_owned() };
    let text = if c.is_ascii() && !c.is_ascii_alphanumeric() { format!(r"\x{{{code:X}}}") } else { c.into() };
    // Letters are not the only characters with case: U+2160 is a number.
    if fold_case && (c.is_ascii_alphabetic() || !c.is_ascii()) { format!("(?i:{text})") } else { text }
}
