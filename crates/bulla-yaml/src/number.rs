//! Numbers as Go's `strconv` and go-yaml's resolver read them.

use std::borrow::Cow;

use crate::resolve::{Dialect, Resolved};

/// Integer or float that a plain scalar starting with a digit or sign stands for. Underscores do not count.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Option<Resolved> {
    let text = &*without_underscores(text);
    prefixed_integer(text)
        .or_else(|| if is_float(text) { float(text).map(Resolved::Float) } else { None })
        .or_else(|| explicit_base(text, dialect))
}

/// Float that a scalar starting with a period stands for: Go's `ParseFloat`, where an underscore must stand
/// between digits.
pub(crate) fn parse_fraction(text: &str) -> Option<f64> {
    if text.split('_').skip(1).any(|part| !part.starts_with(|first: char| first.is_ascii_digit()))
        || text.split('_').rev().skip(1).any(|part| !part.ends_with(|last: char| last.is_ascii_digit()))
    {
        return None;
    }
    let text = &*without_underscores(text);
    if is_float(text) { float(text) } else { None }
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) }
}

/// Go's `ParseInt(s, 0, 64)`, then `ParseUint`: the base is in the prefix, `0` alone means octal.
fn prefixed_integer(text: &str) -> Option<Resolved> {
    let (sign, digits) = split_sign(text);
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let value = magnitude(digits, base)?;
    signed(sign, value)
}

/// go-yaml's own second try for `0b`, and in v3 for `0o`: here a sign may follow the prefix.
fn explicit_base(text: &str, dialect: Dialect) -> Option<Resolved> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (base, digits) = match rest.get(..2)? {
        "0b" => (2, &rest[2..]),
        "0o" if dialect == Dialect::YamlV3 => (8, &rest[2..]),
        _ => return None,
    };
    if negative {
        return signed(Some('-'), magnitude(digits, base)?);
    }
    let (sign, digits) = split_sign(digits);
    signed(sign, magnitude(digits, base)?)
}

fn split_sign(text: &str) -> (Option<char>, &str) {
    match text.as_bytes().first() {
        Some(sign @ (b'+' | b'-')) => (Some(char::from(*sign)), &text[1..]),
        _ => (None, text),
    }
}

fn magnitude(digits: &str, base: u32) -> Option<u64> {
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// Unsigned integers above the signed range cannot have a sign.
fn signed(sign: Option<char>, value: u64) -> Option<Resolved> {
    match sign {
        Some('-') if value <= 1 << 63 => Some(Resolved::Int((value as i64).wrapping_neg())),
        Some('-') => None,
        _ => match i64::try_from(value) {
            Ok(value) => Some(Resolved::Int(value)),
            Err(_) if sign.is_none() => Some(Resolved::Uint(value)),
            Err(_) => None,
        },
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = split_sign(text).1.as_bytes();
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', after @ ..] = rest {
        let fraction = digits(after);
        if whole + fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let after = match after {
            [b'+' | b'-', after @ ..] => after,
            _ => after,
        };
        let exponent = digits(after);
        return exponent > 0 && exponent == after.len();
    }
    rest.is_empty()
}

/// Correctly rounded; out of range is an error, as in Go.
fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}
