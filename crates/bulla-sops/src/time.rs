//! Times in metadata: RFC 3339 in and out (`sops.md` 2.2).

use bulla_core::Timestamp;

/// Writes a time as SOPS does: UTC, seconds, `Z`.
///
/// The calendar part is Howard Hinnant's `civil_from_days`.
pub fn rfc3339(seconds: Timestamp) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

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
    fn times_are_written_as_utc_seconds() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_763_946_365), "2025-11-24T01:06:05Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
    }

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
