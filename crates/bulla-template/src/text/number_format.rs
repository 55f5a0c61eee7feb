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
    let is_general = matches!(verb, FloatVerb::General | FloatVerb::GeneralUpper);
    let wanted = if is_general { precision.unwrap_or(6) } else { 0 };
    if sharp { keep_point(&text, wanted) } else { text }
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

/// The flag `#`: a decimal point always, and zeros up to so many significant
/// digits. Go counts the `x` of a hexadecimal mantissa as one.
fn keep_point(text: &str, wanted: usize) -> String {
    let exponent = if text.contains(['x', 'X']) { ['p', 'P'] } else { ['e', 'E'] };
    let (number, tail) = text.split_at(text.find(exponent).unwrap_or(text.len()));
    let mut number = number.to_owned();
    if !number.contains('.') {
        number.push('.');
    }
    let significant = number.trim_start_matches(['-', '0', '.']);
    let present = significant.chars().filter(|character| *character != '.').count();
    number.push_str(&"0".repeat(wanted.saturating_sub(present.max(1))));
    number + tail
}

/// `%x` of a float: a hexadecimal mantissa and a binary exponent.
pub(crate) fn hexadecimal_float(number: f64, precision: Option<usize>, upper: bool, sharp: bool) -> String {
    if !number.is_finite() {
        return float(number, FloatVerb::General, None, false);
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let (mut mantissa, mut power) = normalized(number);
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        mantissa = rounded(mantissa, 52 - 4 * digits as u32);
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
    match (upper, sharp) {
        (true, true) => keep_point(&text.to_uppercase(), 0),
        (true, false) => text.to_uppercase(),
        (false, true) => keep_point(&text, precision.unwrap_or(6)),
        (false, false) => text,
    }
}

/// The mantissa of a finite float, 53 bits with the leading one, and the power
/// of two.
fn normalized(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7FF) as i32 - 1023 {
        -1023 if fraction == 0 => (0, 0),
        -1023 => {
            let shift = fraction.leading_zeros() - 11;
            (fraction << shift, -1022 - shift as i32)
        }
        power => (fraction | 1 << 52, power),
    }
}

/// Rounds the last `drop` bits away, half to even.
fn rounded(mantissa: u64, drop: u32) -> u64 {
    let (kept, rest, half) = (mantissa >> drop, mantissa & ((1 << drop) - 1), 1 << (drop - 1));
    (kept + u64::from(rest > half || rest == half && kept & 1 == 1)) << drop
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
        assert_eq!(hexadecimal_float(1.5, None, false, false), "0x1.8p+00");
        assert_eq!(hexadecimal_float(7.0, None, false, true), "0x1.c000p+02");
        assert_eq!(hexadecimal_float(1.0, None, true, true), "0X1.P+00");
        assert_eq!(hexadecimal_float(5e-324, None, false, false), "0x1p-1074");
    }
}
