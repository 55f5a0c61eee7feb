//! Numbers in text: Go's `strconv.ParseInt`, `ParseUint` and `ParseFloat`.

/// Parses an integer; base 0 reads the prefixes `0x`, `0o`, `0b`, `0` and
/// underscores. `None`: malformed or out of range.
pub fn parse_int(text: &[u8], base: u32) -> Option<i64> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    if negative {
        (magnitude <= 1 << 63).then(|| (magnitude as i64).wrapping_neg())
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Parses an integer without sign.
pub(crate) fn parse_uint(text: &[u8], base: u32) -> Option<u64> {
    let (radix, digits) = if base == 0 { prefix(text) } else { (base, text) };
    if base == 0 && text.contains(&b'_') && !underscores_fit(text) {
        return None;
    }
    let mut seen = false;
    let mut value: u64 = 0;
    for &byte in digits {
        if byte == b'_' && base == 0 {
            continue;
        }
        let digit = char::from(byte).to_digit(radix)?;
        value = value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
        seen = true;
    }
    seen.then_some(value)
}

fn prefix(text: &[u8]) -> (u32, &[u8]) {
    match text {
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, text),
    }
}

/// Underscores must stand between digits, or between the prefix and a digit.
fn underscores_fit(text: &[u8]) -> bool {
    let text = match text.first() {
        Some(b'+' | b'-') => &text[1..],
        _ => text,
    };
    let (mut last, hex, rest) = match text {
        [b'0', letter @ (b'x' | b'X' | b'o' | b'O' | b'b' | b'B'), rest @ ..] => {
            (b'0', letter.eq_ignore_ascii_case(&b'x'), rest)
        }
        _ => (b'^', false, text),
    };
    for &byte in rest {
        if byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit() {
            last = b'0';
        } else if byte == b'_' {
            if last != b'0' {
                return false;
            }
            last = b'_';
        } else {
            if last == b'_' {
                return false;
            }
            last = b'!';
        }
    }
    last != b'_'
}

/// Parses a float: decimal, hexadecimal, `inf`, `infinity`, `nan`. `None`:
/// malformed or out of range.
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    let plain: Vec<u8> = if text.contains(&b'_') {
        if !underscores_fit(text) {
            return None;
        }
        text.iter().copied().filter(|byte| *byte != b'_').collect()
    } else {
        text.to_vec()
    };
    let unsigned = plain.strip_prefix(b"-").or_else(|| plain.strip_prefix(b"+")).unwrap_or(&plain);
    if let [b'0', b'x' | b'X', rest @ ..] = unsigned {
        let magnitude = hexadecimal(rest)?;
        return Some(if plain.first() == Some(&b'-') { -magnitude } else { magnitude });
    }
    let number: f64 = std::str::from_utf8(&plain).ok()?.parse().ok()?;
    // The standard library rounds what is too large to infinity; Go refuses.
    let words = unsigned.first().is_some_and(u8::is_ascii_alphabetic);
    (words || number.is_finite()).then_some(number)
}

fn hexadecimal(text: &[u8]) -> Option<f64> {
    let split = text.iter().position(|byte| matches!(byte, b'p' | b'P'))?;
    let mut exponent = i32::try_from(parse_int(&text[split + 1..], 10)?.clamp(-100_000, 100_000)).ok()?;
    let (mut mantissa, mut digits, mut fraction) = (0u64, 0, false);
    for &byte in &text[..split] {
        if byte == b'.' && !fraction {
            fraction = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        digits += 1;
        if mantissa >> 58 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if fraction { 4 } else { 0 };
        } else {
            // Digits beyond the precision only make the number inexact.
            mantissa |= u64::from(digit != 0);
            exponent += if fraction { 0 } else { 4 };
        }
    }
    let value = scale(mantissa as f64, exponent);
    (digits > 0 && value.is_finite()).then_some(value)
}

fn scale(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * 2f64.powi(half) * 2f64.powi(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_as_in_go() {
        assert_eq!(parse_int(b"0x1F", 0), Some(31));
        assert_eq!(parse_int(b"-0o7", 0), Some(-7));
        assert_eq!(parse_int(b"017", 0), Some(15));
        assert_eq!(parse_int(b"1_000", 0), Some(1000));
        assert_eq!(parse_int(b"1__0", 0), None);
        assert_eq!(parse_int(b"1_000", 10), None);
        assert_eq!(parse_int(b"-9223372036854775808", 10), Some(i64::MIN));
        assert_eq!(parse_int(b"9223372036854775808", 10), None);
        assert_eq!(parse_int(b"+5", 10), Some(5));
        assert_eq!(parse_int(b"", 10), None);
    }

    #[test]
    fn floats_read_as_in_go() {
        assert_eq!(parse_float(b"1_0.5"), Some(10.5));
        assert_eq!(parse_float(b"0x1p-2"), Some(0.25));
        assert_eq!(parse_float(b"1e400"), None);
        assert_eq!(parse_float(b"-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_float(b".5"), Some(0.5));
        assert_eq!(parse_float(b"5."), Some(5.0));
        assert_eq!(parse_float(b" 5"), None);
    }
}
