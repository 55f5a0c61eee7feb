//! Numbers as Go's `strconv` reads and writes them.

/// Reads as `strconv.ParseFloat`, ignoring its error: what is no number is
/// zero, what is too large is infinite.
pub(super) fn parse(text: &[u8]) -> f64 {
    let Ok(text) = std::str::from_utf8(text) else { return 0.0 };
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if text.eq_ignore_ascii_case("nan") {
        return f64::NAN;
    }
    match magnitude(digits) {
        Some(magnitude) if negative => -magnitude,
        magnitude => magnitude.unwrap_or(0.0),
    }
}

/// Reads what stands behind the sign.
fn magnitude(digits: &str) -> Option<f64> {
    if digits.eq_ignore_ascii_case("inf") || digits.eq_ignore_ascii_case("infinity") {
        return Some(f64::INFINITY);
    }
    let digits = if digits.contains('_') { &without_underscores(digits)? } else { digits };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return hexadecimal(hex);
    }
    // Rust takes the same decimal syntax but for words and signs.
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    digits.parse().ok()
}

/// Drops underscores between digits (or behind `0x`); `None` elsewhere.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let hex = bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X');
    let digit =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit());
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_') {
        let before = at > 0 && (digit(bytes.get(at - 1)) || hex && at == 2);
        if !before || !digit(bytes.get(at + 1)) {
            return None;
        }
    }
    Some(text.replace('_', ""))
}

/// A hexadecimal float without its prefix: the exponent is required.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().ok()?;
    let (mut value, mut scale, mut any) = (0_u64, exponent, false);
    for (digit, fractional) in whole.chars().map(|c| (c, false)).chain(fraction.chars().map(|c| (c, true))) {
        let digit = u64::from(digit.to_digit(16)?);
        any = true;
        if value >> 59 == 0 {
            value = value << 4 | digit;
            scale = scale.saturating_sub(if fractional { 4 } else { 0 });
        } else {
            // Further digits only break ties.
            value |= u64::from(digit != 0);
            scale = scale.saturating_add(if fractional { 0 } else { 4 });
        }
    }
    let scale = scale.clamp(-2_200, 2_200) as i32;
    // Two steps, so that neither factor leaves the range of its own.
    any.then(|| value as f64 * 2_f64.powi(scale / 2) * 2_f64.powi(scale - scale / 2))
}

/// Writes as `strconv.FormatFloat(value, 'f', -1, 64)`.
pub(super) fn format(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        value.to_string()
    }
}

/// Reads decimal digits with an optional minus; overflow wraps, as there.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = unsigned(digits)? as i64;
    Some(if negative { value.wrapping_neg() } else { value })
}

/// Reads decimal digits; overflow wraps, as there.
pub(super) fn unsigned(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))))
}
