//! Numbers as Go writes them.

use core::fmt::{Display, LowerExp};

/// The text of a float in JSON as Go's encoder writes it: plain digits, an
/// exponent only below 1e-6 and from 1e21 on. JSON has none for infinities and
/// NaN.
pub fn json_float(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return Some(number.to_string());
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e')?;
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    Some(format!("{digits}e{sign}{exponent}"))
}

/// Writes a float as Go's `%g` does, with the digits that tell it from its
/// neighbours: an exponent of at least two digits, behind `mark`, below -4 and
/// from `large` on.
pub fn shortest_float<F: Copy + Display + LowerExp + Into<f64>>(number: F, mark: char, large: i32) -> String {
    let value: f64 = number.into();
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..large).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{mark}{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_go_prints_them_in_json() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (1_234_567.5, "1234567.5"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-10, "1.5e-10"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
        ] {
            assert_eq!(json_float(number).as_deref(), Some(text));
        }
        assert_eq!((json_float(f64::NAN), json_float(f64::NEG_INFINITY)), (None, None));
    }
}
