//! `time.Duration`: nanoseconds, and their text form `1h2m3.5s`.

use std::fmt::Write as _;

/// Formats as Go's `Duration.String`.
pub(crate) fn to_text(duration: i64) -> String {
    let sign = if duration < 0 { "-" } else { "" };
    let nanoseconds = duration.unsigned_abs();
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    if nanoseconds < 1_000_000_000 {
        let (unit, digits) = match nanoseconds {
            0..1_000 => return format!("{sign}{nanoseconds}ns"),
            1_000..1_000_000 => ("µs", 3),
            _ => ("ms", 6),
        };
        return format!("{sign}{}{unit}", with_fraction(nanoseconds, digits));
    }
    let seconds = nanoseconds / 1_000_000_000;
    let mut text = sign.to_owned();
    if seconds >= 3600 {
        let _ = write!(text, "{}h", seconds / 3600);
    }
    if seconds >= 60 {
        let _ = write!(text, "{}m", seconds / 60 % 60);
    }
    text + &with_fraction(nanoseconds % 60_000_000_000, 9) + "s"
}

fn with_fraction(number: u64, digits: usize) -> String {
    let scale = 10u64.pow(digits as u32);
    let text = format!("{}.{:0digits$}", number / scale, number % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Parses as Go's `time.ParseDuration`.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let (negative, mut rest) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == b"0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, fraction, after) = decimal(rest)?;
        let (unit, after) = unit(after)?;
        let whole = number.checked_mul(unit).filter(|value| *value <= 1 << 63)?;
        let part = fraction.map_or(0, |(digits, scale)| (digits as f64 * (unit as f64 / scale)) as u64);
        total = total.checked_add(whole)?.checked_add(part).filter(|value| *value <= 1 << 63)?;
        rest = after;
    }
    if negative { Some((total as i64).wrapping_neg()) } else { i64::try_from(total).ok() }
}

/// A number: its whole part, its fraction and scale, and what follows.
type Decimal<'a> = (u64, Option<(u64, f64)>, &'a [u8]);

fn decimal(text: &[u8]) -> Option<Decimal<'_>> {
    let whole_end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let mut whole: u64 = 0;
    for digit in &text[..whole_end] {
        whole =
            whole.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|value| *value <= 1 << 63)?;
    }
    let rest = &text[whole_end..];
    let Some(after_point) = rest.strip_prefix(b".") else {
        return (whole_end > 0).then_some((whole, None, rest));
    };
    let end = after_point.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(after_point.len());
    if whole_end == 0 && end == 0 {
        return None;
    }
    let (mut digits, mut scale) = (0u64, 1.0);
    for digit in &after_point[..end] {
        // Digits beyond the range of the type are dropped.
        let Some(next) = digits.checked_mul(10).and_then(|d| d.checked_add(u64::from(digit - b'0'))) else {
            break;
        };
        if next > 1 << 63 {
            break;
        }
        digits = next;
        scale *= 10.0;
    }
    Some((whole, Some((digits, scale)), &after_point[end..]))
}

fn unit(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(text.len());
    let scale = match &text[..end] {
        b"ns" => 1,
        b"us" => 1_000,
        name if name == "µs".as_bytes() || name == "μs".as_bytes() => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    };
    Some((scale, &text[end..]))
}

/// Rounds to the nearest multiple, halves away from zero.
pub(crate) fn round(duration: i64, to: i64) -> i64 {
    let rest = duration % to;
    if rest.unsigned_abs() * 2 < to.unsigned_abs() {
        return duration - rest;
    }
    let up = if duration < 0 { -to } else { to };
    duration.checked_sub(rest).and_then(|base| base.checked_add(up)).unwrap_or(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_as_in_go() {
        for (text, nanoseconds, printed) in [
            ("1h", 3_600_000_000_000, "1h0m0s"),
            ("-1.5h", -5_400_000_000_000, "-1h30m0s"),
            ("1m30.5s", 90_500_000_000, "1m30.5s"),
            ("1.5ms", 1_500_000, "1.5ms"),
            ("2us", 2_000, "2µs"),
            ("0", 0, "0s"),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(nanoseconds), "{text}");
            assert_eq!(to_text(nanoseconds), printed);
        }
        for bad in ["", "1", "h", "1d", ".s", "9223372036854775808ns"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
