//! Go's quoted strings: `strconv.Quote` and `strconv.Unquote`.

use super::runes::{REPLACEMENT, decode, is_print, push};

/// Returns how long a quoted string may at most become.
pub(crate) fn longest(bytes: &[u8]) -> usize {
    let escaped = bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    let others = bytes.iter().filter(|byte| !matches!(byte, b' '..=b'~')).count();
    bytes.len() + 2 + escaped + 3 * others
}

/// Appends `bytes` as a double-quoted Go string; with `ascii`, all beyond
/// ASCII is escaped (`%+q`).
pub(crate) fn quote(out: &mut Vec<u8>, bytes: &[u8], ascii: bool) {
    out.push(b'"');
    let mut at = 0;
    while at < bytes.len() {
        let (rune, width) = decode(&bytes[at..]);
        if width == 1 && rune == REPLACEMENT {
            out.extend_from_slice(format!("\\x{:02x}", bytes[at]).as_bytes());
        } else {
            escape(out, rune, '"', ascii);
        }
        at += width;
    }
    out.push(b'"');
}

/// Appends `rune` as a single-quoted Go character.
pub(crate) fn quote_rune(out: &mut Vec<u8>, rune: char, ascii: bool) {
    out.push(b'\'');
    escape(out, rune, '\'', ascii);
    out.push(b'\'');
}

fn escape(out: &mut Vec<u8>, rune: char, mark: char, ascii: bool) {
    let short = match rune {
        '\u{7}' => Some('a'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{b}' => Some('v'),
        '\\' => Some('\\'),
        other if other == mark => Some(mark),
        _ => None,
    };
    if let Some(letter) = short {
        out.push(b'\\');
        push(out, letter);
    } else if is_print(rune) && (!ascii || rune.is_ascii()) {
        push(out, rune);
    } else {
        let number = u32::from(rune);
        let text = match number {
            0..0x20 | 0x7F => format!("\\x{number:02x}"),
            0x20..0x10000 => format!("\\u{number:04x}"),
            _ => format!("\\U{number:08x}"),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads a literal with its quotes (`"..."` or `` `...` ``). `None`: malformed.
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&mark, rest) = literal.split_first()?;
    let (&end, inner) = rest.split_last()?;
    if mark != end {
        return None;
    }
    if mark == b'`' {
        return Some(inner.iter().copied().filter(|byte| *byte != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        if inner[at] != b'\\' {
            // A bare quote or line break cannot stand here.
            if inner[at] == b'"' || inner[at] == b'\n' {
                return None;
            }
            out.push(inner[at]);
            at += 1;
            continue;
        }
        let (unit, width) = escaped(&inner[at..], b'"')?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Rune(rune) => push(&mut out, rune),
        }
        at += width;
    }
    Some(out)
}

/// Reads a character literal with its quotes and returns its number.
pub(crate) fn unquote_rune(literal: &[u8]) -> Option<u32> {
    let inner = literal.strip_prefix(b"'")?.strip_suffix(b"'")?;
    let (number, width) = match inner.first()? {
        b'\\' => {
            let (unit, width) = escaped(inner, b'\'')?;
            let number = match unit {
                Unit::Byte(byte) => u32::from(byte),
                Unit::Rune(rune) => u32::from(rune),
            };
            (number, width)
        }
        b'\'' => return None,
        _ => {
            let (rune, width) = decode(inner);
            (u32::from(rune), width)
        }
    };
    (width == inner.len()).then_some(number)
}

enum Unit {
    Byte(u8),
    Rune(char),
}

/// Reads one escape sequence at the start of `text`.
fn escaped(text: &[u8], mark: u8) -> Option<(Unit, usize)> {
    let letter = *text.get(1)?;
    let simple = |byte| Some((Unit::Byte(byte), 2));
    match letter {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'"' | b'\'' if letter == mark => simple(letter),
        b'x' => Some((Unit::Byte(number(text, 2, 2, 16)? as u8), 4)),
        b'u' => Some((Unit::Rune(char::from_u32(number(text, 2, 4, 16)?)?), 6)),
        b'U' => Some((Unit::Rune(char::from_u32(number(text, 2, 8, 16)?)?), 10)),
        b'0'..=b'7' => {
            let value = number(text, 1, 3, 8)?;
            Some((Unit::Byte(u8::try_from(value).ok()?), 4))
        }
        _ => None,
    }
}

fn number(text: &[u8], from: usize, digits: usize, radix: u32) -> Option<u32> {
    let digits = text.get(from..from + digits)?;
    digits.iter().try_fold(0u32, |value, digit| {
        char::from(*digit).to_digit(radix).map(|digit| value.wrapping_mul(radix).wrapping_add(digit))
    })
}
