//! Small pieces of Go's standard library whose results show on the command
//! lines of sops and kubeseal: `strconv.ParseBool`, `ParseInt` with base 0,
//! and the `%q` verb.

use core::fmt::{self, Write};

/// Reads a bool as `strconv.ParseBool` does.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Why an integer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntError {
    /// Not a number.
    Syntax,
    /// Outside of 64 bits.
    Range,
}

impl fmt::Display for IntError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "parse error",
            Self::Range => "value out of range",
        })
    }
}

/// Reads an integer as `strconv.ParseInt(text, 0, 64)` does: a sign, then
/// `0x`, `0o`, `0b` or a leading zero for other bases; single `_` between
/// digits or behind the base's prefix.
pub fn parse_int(text: &str) -> Result<i64, IntError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let prefixed = base != 10;
    let misplaced = body.ends_with('_') || body.contains("__") || (!prefixed && body.starts_with('_'));
    if misplaced || body.is_empty() {
        return Err(IntError::Syntax);
    }
    let mut number: i128 = 0;
    for digit in body.chars().filter(|digit| *digit != '_') {
        let digit = digit.to_digit(base).ok_or(IntError::Syntax)?;
        number = (number * i128::from(base) + i128::from(digit)).min(i128::from(u64::MAX));
    }
    i64::try_from(if negative { -number } else { number }).map_err(|_| IntError::Range)
}

/// Quotes a text as the `%q` verb does.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            _ if u32::from(character) < 0x80 && character.is_control() => {
                {
                    let _ = write!(out, "\\x{:02x}", u32::from(character));
                };
            }
            _ if is_hidden(character) && u32::from(character) < 0x1_0000 => {
                {
                    let _ = write!(out, "\\u{:04x}", u32::from(character));
                };
            }
            _ if is_hidden(character) => {
                let _ = write!(out, "\\U{:08x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// True for characters that say nothing or reorder what stands around them.
fn is_hidden(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(code, 0xAD | 0x61C | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF)
        || matches!(code, 0xE000..=0xF8FF | 0xE_0000..=0x10_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_as_in_go() {
        for (text, number) in [
            ("0", 0),
            ("-7", -7),
            ("+7", 7),
            ("0x1F", 31),
            ("017", 15),
            ("0b11", 3),
            ("1_000", 1000),
            ("0x_f", 15),
        ] {
            assert_eq!(parse_int(text), Ok(number), "{text}");
        }
        for text in ["", "x", "1_", "_1", "08", "0x", "1.5", "1__0", " 1", "--1"] {
            assert_eq!(parse_int(text), Err(IntError::Syntax), "{text}");
        }
        assert_eq!(parse_int("9223372036854775808"), Err(IntError::Range));
        assert_eq!(parse_int("-9223372036854775808"), Ok(i64::MIN));
    }

    #[test]
    fn texts_quote_as_in_go() {
        assert_eq!(quote("a\"b\\\n\u{1}é\u{202e}"), "\"a\\\"b\\\\\\n\\x01é\\u202e\"");
    }
}
