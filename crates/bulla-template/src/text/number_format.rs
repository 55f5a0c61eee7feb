//! Floats as text: Go's `strconv.FormatFloat`.

use std::fmt::Write as _;

/// No float has more digits than this; what is asked beyond are zeros.
const MOST_DIGITS: usize = 1100;

/// The layouts of floats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FloatVerb {
    /// `%f`.
    Decimal,
    /// `%e`, or `%E`.
    Exponent { upper: bool },
    /// `%g` and `%v`.
    General,
    /// `%G`.
    GeneralUpper,
}

impl FloatVerb {
    pub(crate) fn of(verb: char) -> Option<Self> {
        Some(match verb {
            'v' | 'g' => Self::General,
            'G' => Self::GeneralUpper,
            'e' => Self::Exponent { upper: false },
            'E' => Self::Exponent { upper: true },
            'f' | 'F' => Self::Decimal,
            _ => return None,
        })
    }
}

/// Formats for `fmt`: `%e` and `%f` default to six digits, `%g` to as many as
/// the number needs; `sharp` keeps the point and trailing zeros.
pub(crate) fn float(number: f64, verb: FloatVerb, precision: Option<usize>, sharp: bool) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    let digits = precision.unwrap_or(6);
    let zeros = "0".repeat(digits.saturating_sub(MOST_DIGITS));
    let digits = digits.min(MOST_DIGITS);
    let text = match verb {
        FloatVerb::Decimal => format!("{number:.digits$}") + &zeros,
        FloatVerb::Exponent { .. } => exponent(&format!("{number:.digits$e}").replace('e', &(zeros + "e"))),
        FloatVerb::General | FloatVerb::GeneralUpper => {
            general(number, precision.map(|digits| digits.min(MOST_DIGITS)))
        }
    };
    let text = match verb {
        FloatVerb::Exponent { upper: true } | FloatVerb::GeneralUpper => text.to_uppercase(),
        _ => text,
    };
    if sharp { keep_point(&text, verb, precision) } else { text }
}

/// Rust writes `1e5`; Go writes a sign and at least two digits.
fn exponent(text: &str) -> String {
    let Some((digits, power)) = text.split_once('e') else { return text.to_owned() };
    let (sign, power) = match power.strip_prefix('-') {
        Some(power) => ('-', power),
        None => ('+', power),
    };
    format!("{digits}e{sign}{power:0>2}")
}

fn general(number: f64, precision: Option<usize>) -> String {
    let scientific = match precision {
        None => format!("{number:e}"),
        Some(digits) => format!("{number:.*e}", digits.max(1) - 1),
    };
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let count = digits.len() as i32;
    let point = power + 1;
    let mut limit = precision.map_or(6, |digits| digits.max(1) as i32);
    if precision.is_some() && limit > count && count >= point {
        limit = count;
    }
    if number == 0.0 {
        return format!("{sign}0");
    }
    if power < -4 || power >= limit {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return exponent(&format!("{sign}{first}{point}{rest}e{power}"));
    }
    let mut text = sign.to_owned();
    if point <= 0 {
        text.push_str("0.");
        text.push_str(&"0".repeat((-point) as usize));
        text.push_str(digits);
    } else if point >= count {
        text.push_str(digits);
        text.push_str(&"0".repeat((point - count) as usize));
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        let _ = write!(text, "{whole}.{fraction}");
    }
    text
}

/// The flag `#`: a decimal point always, and zeros up to the precision in the
/// general layouts.
fn keep_point(text: &str, verb: FloatVerb, precision: Option<usize>) -> String {
    let split = text.find(['e', 'E']).unwrap_or(text.len());
    let (number, tail) = text.split_at(split);
    let mut number = number.to_owned();
    if !number.contains('.') {
        number.push('.');
    }
    if matches!(verb, FloatVerb::General | FloatVerb::GeneralUpper) {
        let wanted = precision.unwrap_or(6);
        let significant = number.trim_start_matches(['-', '0', '.']);
        let mut present = significant.chars().filter(char::is_ascii_digit).count();
        if present == 0 {
            present = 1;
        }
        number.push_str(&"0".repeat(wanted.saturating_sub(present)));
    }
    number + tail
}

/// `%x` of a float: a hexadecimal mantissa and a binary exponent.
pub(crate) fn hexadecimal_float(number: f64, precision: Option<usize>, upper: bool) -> String {
    if !number.is_finite() {
        return float(number, FloatVerb::General, None, false);
    }
    let bits = number.to_bits();
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let mut power = (bits >> 52 & 0x7FF) as i32 - 1023;
    let mut mantissa = bits & ((1 << 52) - 1);
    if power == -1023 {
        if mantissa == 0 {
            power = 0;
        } else {
            let shift = mantissa.leading_zeros() - 11;
            mantissa = mantissa << shift & ((1 << 52) - 1) | 1 << 52;
            power = -1022 - shift as i32;
        }
    } else {
        mantissa |= 1 << 52;
    }
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        let drop = 52 - 4 * digits as u32;
        let half = 1u64 << (drop - 1);
        let rest = mantissa & ((1 << drop) - 1);
        mantissa >>= drop;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa >> 53 != 0 {
            mantissa >>= 1;
            power += 1;
        }
    }
    let lead = mantissa >> 52;
    let mut fraction = format!("{:013x}", mantissa & ((1 << 52) - 1));
    match precision {
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
        Some(digits) if digits <= 13 => fraction.truncate(digits),
        Some(digits) => fraction.push_str(&"0".repeat(digits - 13)),
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let power_sign = if power < 0 { '-' } else { '+' };
    let text = format!("{sign}0x{lead}{point}{fraction}p{power_sign}{:02}", power.abs());
    if upper { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_floats_print_as_in_go() {
        for (number, text) in [
            (7.0, "7"),
            (1500.0, "1500"),
            (0.1, "0.1"),
            (1e-5, "1e-05"),
            (1e20, "1e+20"),
            (1e21, "1e+21"),
            (1e5, "100000"),
            (1e6, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (-0.0, "-0"),
        ] {
            assert_eq!(float(number, FloatVerb::General, None, false), text);
        }
        assert_eq!(float(1234.5678, FloatVerb::General, Some(3), false), "1.23e+03");
        assert_eq!(float(100.0, FloatVerb::General, Some(3), false), "100");
        assert_eq!(float(1234.5678, FloatVerb::Exponent { upper: false }, None, false), "1.234568e+03");
        assert_eq!(hexadecimal_float(1.5, None, false), "0x1.8p+00");
    }
}
