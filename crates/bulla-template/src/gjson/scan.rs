//! The scanner: where values end, without checking what they hold.
//!
//! Positions follow the original even past malformed input, since what is
//! found there depends on them.

use std::borrow::Cow;

use super::value::{Found, Kind};

/// The end of the string whose first byte is at `at`, behind its opening
/// quote: the index of the closing quote, and whether there are escapes.
pub(super) fn string_end(json: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => return Some((at, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}

/// Reads the string whose opening quote is at `quote`; `Err` is where an
/// unterminated one ends.
pub(super) fn string(json: &[u8], quote: usize) -> Result<(usize, Found<'_>), usize> {
    let (end, escaped) = string_end(json, quote + 1).ok_or(json.len())?;
    Ok((end + 1, Found::string(&json[quote..=end], end - quote, escaped)))
}

/// Reads the brackets that open at `at` (any byte there counts as one) up to
/// where they are balanced, all kinds counted alike.
pub(super) fn balanced(json: &[u8], at: usize) -> (usize, &[u8]) {
    balanced_from(json, at, at + 1, 1)
}

fn balanced_from(json: &[u8], start: usize, mut at: usize, mut depth: usize) -> (usize, &[u8]) {
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                let end = string_end(json, at + 1).map(|(end, _)| end);
                if depth == 0 {
                    let end = end.map_or(json.len(), |end| end + 1);
                    return (end, &json[start..end]);
                }
                at = end.unwrap_or(json.len());
            }
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (at + 1, &json[start..=at]);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (at, &json[start..])
}

/// The value at the start of `json`: a string or balanced brackets.
pub(super) fn squash(json: &[u8]) -> &[u8] {
    let depth = usize::from(json.first() != Some(&b'"'));
    balanced_from(json, 0, depth, depth).1
}

/// Reads what stands in place of a number.
pub(super) fn number(json: &[u8], at: usize) -> (usize, &[u8]) {
    span(json, at, |byte| byte > b' ' && !matches!(byte, b',' | b']' | b'}'))
}

/// Reads a word.
pub(super) fn literal(json: &[u8], at: usize) -> (usize, &[u8]) {
    span(json, at, |byte| byte.is_ascii_lowercase())
}

fn span(json: &[u8], at: usize, inside: impl Fn(u8) -> bool) -> (usize, &[u8]) {
    let length = json[at + 1..].iter().take_while(|byte| inside(**byte)).count();
    let end = at + 1 + length;
    (end, &json[at..end])
}

/// What a value starting with this byte would be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Brackets,
    Number,
    Other,
    String,
    Word(Kind),
}

/// Tells by its first byte what the value at `at` is. `nan` counts as number.
pub(super) fn start(json: &[u8], at: usize) -> Start {
    match json.get(at) {
        Some(b'"') => Start::String,
        Some(b'{' | b'[') => Start::Brackets,
        Some(b'n') if json.get(at + 1).is_some_and(|next| *next != b'u') => Start::Number,
        Some(b'n') => Start::Word(Kind::Null),
        Some(b't') => Start::Word(Kind::True),
        Some(b'f') => Start::Word(Kind::False),
        Some(b'+' | b'-' | b'0'..=b'9' | b'i' | b'I' | b'N') => Start::Number,
        _ => Start::Other,
    }
}

/// Reads the value at `at`, which must start one; `Err` as [`string`].
pub(super) fn value(json: &[u8], at: usize) -> Result<(usize, Found<'_>), usize> {
    Ok(match start(json, at) {
        Start::String => return string(json, at),
        Start::Brackets => {
            let (end, raw) = balanced(json, at);
            (end, Found::new(Kind::Json, raw))
        }
        Start::Word(kind) => {
            let (end, raw) = literal(json, at);
            (end, Found::new(kind, raw))
        }
        Start::Number | Start::Other => {
            let (end, raw) = number(json, at);
            (end, Found::new(Kind::Number, raw))
        }
    })
}

/// Finds and reads the next value from `at` on; `None` where there is none.
pub(super) fn next(json: &[u8], mut at: usize) -> Option<(usize, Found<'_>)> {
    while at < json.len() {
        if start(json, at) != Start::Other {
            return value(json, at).ok();
        }
        at += 1;
    }
    None
}

/// Reads a document: brackets are taken to its end, unbalanced or not.
pub(super) fn parse(json: &[u8]) -> Found<'_> {
    let Some(at) = json.iter().position(|byte| *byte > b' ') else { return Found::default() };
    match start(json, at) {
        Start::Brackets => Found::new(Kind::Json, &json[at..]),
        Start::Other => Found::default(),
        Start::String => string(json, at).map_or_else(|_| unterminated(&json[at..]), |(_, found)| found),
        Start::Number | Start::Word(_) => {
            value(json, at).map_or_else(|_| Found::default(), |(_, found)| found)
        }
    }
}

/// A string without an end is a string all the same.
fn unterminated(raw: &[u8]) -> Found<'_> {
    Found::string(raw, raw.len(), raw.contains(&b'\\'))
}

/// Calls `each` with the key and the value of every member or element; a value
/// that is neither object nor array counts as its own only element.
pub(super) fn for_each<'a>(of: &Found<'a>, mut each: impl FnMut(Found<'a>, Found<'a>) -> bool) {
    if of.kind != Kind::Json {
        if of.exists() {
            each(Found::default(), of.clone());
        }
        return;
    }
    // Only values that come out of `parse` and of scans get here.
    let Cow::Borrowed(json) = of.raw else { return };
    let object = json.first() == Some(&b'{');
    let mut at = 1;
    while at < json.len() {
        let mut key = Found::default();
        if object {
            if json[at] != b'"' {
                at += 1;
                continue;
            }
            let Ok((end, name)) = string(json, at) else { return };
            (at, key) = (end, name);
        }
        while json.get(at).is_some_and(|byte| *byte <= b' ' || matches!(byte, b',' | b':')) {
            at += 1;
        }
        let Some((end, value)) = next(json, at) else { return };
        if !each(key, value) {
            return;
        }
        at = end + 1;
    }
}
