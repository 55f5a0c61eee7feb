//! What the line formats and JSON share: size check, places in messages, and
//! Go's texts for numbers and other scalars.

use std::borrow::Cow;

use bulla_core::Limits;

use super::FormatError;
use crate::tree::Value;

/// Refuses a source beyond the limits, or beyond what a slot can address.
pub(super) fn check_size(source: &[u8], limits: &Limits) -> Result<(), FormatError> {
    let limit = limits.file_size.min(u32::MAX as usize);
    if source.len() > limit {
        let size = source.len();
        return Err(FormatError::Limit(format!("input of {size} bytes exceeds the limit of {limit} bytes")));
    }
    Ok(())
}

/// Names the place of byte `offset`, 1-based, columns counted in bytes.
pub(super) fn place(source: &[u8], offset: usize) -> String {
    let before = &source[..offset.min(source.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1) + 1;
    format!("line {line}, column {column}")
}

/// Returns the text that sops writes for a scalar where everything is a
/// string (`sops.md` 7.4): floats as Go's `G` with a decimal point added to
/// whole numbers, timestamps without their fraction, null as `<nil>`.
/// Collections and comments have none.
pub(super) fn scalar_text<'v>(value: &'v Value<'_>) -> Option<Cow<'v, [u8]>> {
    let text = match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Float(number) => general_float(*number),
        Value::Int(number) => number.to_string(),
        Value::Null => "<nil>".to_owned(),
        Value::Text(text) => return Some(Cow::Borrowed(text)),
        Value::Time(time) => without_fraction(&time.to_rfc3339_nano()),
        Value::Unsigned(number) => number.to_string(),
        Value::Comment(_) | Value::List(_) | Value::Map(_) => return None,
    };
    Some(Cow::Owned(text.into_bytes()))
}

/// Drops the fraction of a second from an RFC 3339 text.
fn without_fraction(time: &str) -> String {
    match time.split_once('.') {
        None => time.to_owned(),
        Some((seconds, rest)) => {
            format!("{seconds}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
    }
}

/// Go's `FormatFloat(v, 'G', -1, 64)`, made recognizable as a float.
fn general_float(number: f64) -> String {
    if !number.is_finite() {
        return special_float(number).to_owned();
    }
    let (sign, digits, exponent) = shortest(number);
    if (-4..6).contains(&exponent) {
        let plain = number.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    format!("{sign}{}E{}{:02}", pointed(&digits), exponent_sign(exponent), exponent.unsigned_abs())
}

fn special_float(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        _ => "NaN",
    }
}

/// Splits a finite float into sign, shortest round-trip digits, and the
/// decimal exponent of the first digit.
fn shortest(number: f64) -> (&'static str, String, i32) {
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').expect("the exponent form has an exponent");
    let sign = if number.is_sign_negative() { "-" } else { "" };
    (sign, mantissa.replace('.', ""), exponent.parse().expect("the exponent is a small integer"))
}

fn pointed(digits: &str) -> String {
    match digits.split_at(1) {
        (first, "") => first.to_owned(),
        (first, rest) => format!("{first}.{rest}"),
    }
}

fn exponent_sign(exponent: i32) -> char {
    if exponent < 0 { '-' } else { '+' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_go_prints_them() {
        for (number, general) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (100_000.0, "100000.0"),
            (1e6, "1E+06"),
            (1_234_567.5, "1.2345675E+06"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1e-7, "1E-07"),
            (1.5e-10, "1.5E-10"),
            (1e20, "1E+20"),
            (1e21, "1E+21"),
            (-1.5e300, "-1.5E+300"),
        ] {
            assert_eq!(general_float(number), general);
        }
        assert_eq!(general_float(f64::NEG_INFINITY), "-Inf");
    }

    #[test]
    fn places_count_from_one() {
        assert_eq!(place(b"ab\ncd", 4), "line 2, column 2");
        assert_eq!(place(b"ab", 99), "line 1, column 3");
    }

    #[test]
    fn f_01_a_source_at_the_limit_passes_and_one_byte_more_does_not() {
        let limits = Limits { file_size: 4, ..Limits::default() };
        assert!(check_size(b"abcd", &limits).is_ok());
        assert_eq!(
            check_size(b"abcde", &limits).unwrap_err().to_string(),
            "input of 5 bytes exceeds the limit of 4 bytes"
        );
    }

    #[test]
    fn the_fraction_of_a_second_is_dropped() {
        assert_eq!(without_fraction("2025-01-02T03:04:05.25+02:00"), "2025-01-02T03:04:05+02:00");
        assert_eq!(without_fraction("2025-01-02T03:04:05Z"), "2025-01-02T03:04:05Z");
    }
}
