//! Times in metadata: what is read (`sops.md` 2.2).

/// Rewrites a stored RFC 3339 time as the additional data of the MAC: seconds
/// precision, `Z` for a zero offset, other offsets kept. `None` where the
/// text is no such time.
pub(crate) fn normalized(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = bytes.len() > shape.len()
        && shape.iter().zip(bytes).all(|(s, b)| match s {
            b'd' => b.is_ascii_digit(),
            _ => s == b,
        });
    if !fits {
        return None;
    }
    let (seconds, rest) = text.split_at(shape.len());
    let number = |range: core::ops::Range<usize>| seconds[range].parse::<u32>().ok();
    let in_range = (1..=12).contains(&number(5..7)?)
        && (1..=31).contains(&number(8..10)?)
        && number(11..13)? < 24
        && number(14..16)? < 60
        && number(17..19)? < 60;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return None;
            }
            zone
        }
        None => rest,
    };
    let zone = match zone.as_bytes() {
        [b'Z'] => "Z",
        [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()) => {
            if &zone[1..] == "00:00" { "Z" } else { zone }
        }
        _ => return None,
    };
    in_range.then(|| format!("{seconds}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_times_are_normalized_as_go_formats_them() {
        for (text, normal) in [
            ("2026-11-23T01:06:05Z", Some("2026-11-23T01:06:05Z")),
            ("2026-11-23T01:06:05+00:00", Some("2026-11-23T01:06:05Z")),
            ("2026-11-23T01:06:05.25-00:00", Some("2026-11-23T01:06:05Z")),
            ("2026-11-23T01:06:05+05:30", Some("2026-11-23T01:06:05+05:30")),
            ("2026-11-23 01:06:05Z", None),
            ("2026-13-23T01:06:05Z", None),
            ("2026-11-23T01:06:05", None),
            ("", None),
        ] {
            assert_eq!(normalized(text).as_deref(), normal, "{text}");
        }
    }
}
