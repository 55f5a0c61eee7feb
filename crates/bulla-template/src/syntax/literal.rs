//! Number literals: one literal may serve as several Go types.

use crate::text::number::{parse_float, parse_int, parse_uint};
use crate::text::quote::unquote_rune;

/// The first number beyond `int64`.
const TWO_TO_63: f64 = (1u64 << 63) as f64;

/// A literal in every form that it fits.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    /// Whether it is written as a float and stays one where any type fits.
    pub(crate) is_float_literal: bool,
}

/// Why a literal is refused.
pub(crate) enum BadNumber {
    Overflow,
    Syntax,
}

/// Reads a number or character literal.
pub(crate) fn read(text: &[u8]) -> Result<Number, BadNumber> {
    let none = Number { int: None, uint: None, float: None, complex: None, is_float_literal: false };
    if text.first() == Some(&b'\'') {
        let rune = unquote_rune(text).ok_or(BadNumber::Syntax)?;
        return Ok(Number {
            int: Some(i64::from(rune)),
            uint: Some(u64::from(rune)),
            float: Some(f64::from(rune)),
            ..none
        });
    }
    if let Some(body) = text.strip_suffix(b"i") {
        let pair = complex(body).ok_or(BadNumber::Syntax)?;
        let mut number = Number { complex: Some(pair), ..none };
        if pair.1 == 0.0 {
            number = with_float(number, pair.0);
        }
        return Ok(number);
    }
    let mut number = Number { uint: parse_uint(text, 0), int: parse_int(text, 0), ..none };
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Some(float) = parse_float(text) {
        if !text.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err(BadNumber::Overflow);
        }
        number = with_float(number, float);
    } else {
        return Err(BadNumber::Syntax);
    }
    let hexadecimal = matches!(text, [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty())
        && !text.iter().any(|byte| b"pP".contains(byte));
    number.is_float_literal = !hexadecimal && text.iter().any(|byte| b".eEpP".contains(byte));
    Ok(number)
}

/// Adds the integer forms that a float literal has.
fn with_float(mut number: Number, float: f64) -> Number {
    number.float = Some(float);
    if float.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&float) {
        number.int = Some(float as i64);
    }
    if float.fract() == 0.0 && (0.0..2.0 * TWO_TO_63).contains(&float) {
        number.uint = Some(float as u64);
    }
    number
}

/// Reads `2` or `1+2` as the parts of `2i` and `1+2i`.
fn complex(body: &[u8]) -> Option<(f64, f64)> {
    if let Some(imaginary) = parse_float(body) {
        return Some((0.0, imaginary));
    }
    let split = (1..body.len())
        .find(|at| matches!(body[*at], b'+' | b'-') && !matches!(body[*at - 1], b'e' | b'E' | b'p' | b'P'))?;
    Some((parse_float(&body[..split])?, parse_float(&body[split..])?))
}
