//! Points in time as Go's `time.Parse` reads them and RFC 3339 writes them.

use std::fmt;

/// A wall-clock reading with its offset from UTC. Nothing is normalized: what was read is what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    /// Seconds east of UTC.
    offset: i32,
}

impl Timestamp {
    /// Reads the forms that go-yaml resolves to a timestamp: `2001-1-2`, `2001-1-2T3:4:5.6Z`,
    /// `2001-1-2t3:4:5+01:00`, `2001-1-2 3:4:5.6`.
    pub fn parse_yaml(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits != 4 || text.as_bytes().get(4) != Some(&b'-') {
            return None;
        }
        let mut reader = Reader { rest: text.as_bytes() };
        let mut time = reader.date(false)?;
        match reader.take() {
            None => {}
            Some(b'T' | b't') => {
                reader.clock(&mut time, false)?;
                time.offset = reader.offset()?;
            }
            // Go's layout has one blank here and accepts any number of them.
            Some(b' ') => {
                while reader.rest.first() == Some(&b' ') {
                    reader.take();
                }
                reader.clock(&mut time, false)?;
            }
            Some(_) => return None,
        }
        reader.rest.is_empty().then_some(time)
    }

    /// Reads RFC 3339 as Go's `time.Time.UnmarshalText` does: two-digit fields, `T`, a period before the
    /// fraction, and an offset of less than a day.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text.as_bytes() };
        let mut time = reader.date(true)?;
        if reader.take() != Some(b'T') {
            return None;
        }
        reader.clock(&mut time, true)?;
        let zone = reader.rest;
        time.offset = reader.offset()?;
        let strict = match zone {
            [b'Z'] => true,
            [_, h1, h2, b':', m1, m2] => (*h1, *h2) < (b'2', b'4') && (*m1, *m2) < (b'6', b'0'),
            _ => false,
        };
        (strict && reader.rest.is_empty()).then_some(time)
    }

    /// Go's RFC3339Nano form: no trailing zeros in the fraction, `Z` for offset 0.
    pub fn to_rfc3339_nano(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = *self;
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanosecond > 0 {
            let digits = format!("{:09}", self.nanosecond);
            write!(out, ".{}", digits.trim_end_matches('0'))?;
        }
        // Go drops the seconds of an offset; none can be read.
        let minutes = self.offset.abs() / 60;
        match self.offset {
            0 => out.write_str("Z"),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    fn take(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.take()? == byte).then_some(())
    }

    /// One or two digits; exactly two if `fixed`.
    fn number(&mut self, fixed: bool) -> Option<u8> {
        let first = self.digit()?;
        match self.digit() {
            Some(second) => Some(first * 10 + second),
            None if fixed => None,
            None => Some(first),
        }
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.rest.first().filter(|byte| byte.is_ascii_digit())? - b'0';
        self.take();
        Some(digit)
    }

    fn date(&mut self, fixed: bool) -> Option<Timestamp> {
        let mut year = 0;
        for _ in 0..4 {
            year = year * 10 + u16::from(self.digit()?);
        }
        self.expect(b'-')?;
        let month = self.number(fixed)?;
        self.expect(b'-')?;
        let day = self.number(fixed)?;
        (day >= 1 && day <= days_in(month, year)).then_some(Timestamp {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            offset: 0,
        })
    }

    fn clock(&mut self, time: &mut Timestamp, fixed: bool) -> Option<()> {
        time.hour = self.number(fixed)?;
        self.expect(b':')?;
        time.minute = self.number(fixed)?;
        self.expect(b':')?;
        time.second = self.number(fixed)?;
        time.nanosecond = self.fraction(fixed);
        (time.hour < 24 && time.minute < 60 && time.second < 60).then_some(())
    }

    /// A period (or comma, if not `fixed`) and digits, of which nine count; 0 if there is none.
    fn fraction(&mut self, fixed: bool) -> u32 {
        let starts = match self.rest {
            [b'.', digit, ..] => digit.is_ascii_digit(),
            [b',', digit, ..] => !fixed && digit.is_ascii_digit(),
            _ => false,
        };
        if !starts {
            return 0;
        }
        self.take();
        let mut scale = 1_000_000_000;
        let mut nanosecond = 0;
        while let Some(digit) = self.digit() {
            scale /= 10;
            nanosecond += u32::from(digit) * scale;
        }
        nanosecond
    }

    /// `Z` or `+hh:mm`. As in Go the numbers may be 24 and 60.
    fn offset(&mut self) -> Option<i32> {
        let sign = match self.take()? {
            b'Z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.number(true)?;
        self.expect(b':')?;
        let minutes = self.number(true)?;
        (hours <= 24 && minutes <= 60).then_some(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60))
    }
}

fn days_in(month: u8, year: u16) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    fn yaml(text: &str) -> Option<String> {
        Timestamp::parse_yaml(text).map(|time| time.to_rfc3339_nano())
    }

    #[test]
    fn yaml_timestamps_read_as_go_reads_them() {
        for (text, expected) in [
            ("2001-01-01", "2001-01-01T00:00:00Z"),
            ("2001-1-2", "2001-01-02T00:00:00Z"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
            ("2001-12-14 21:59:43.10", "2001-12-14T21:59:43.1Z"),
            ("2001-12-14T1:2:3Z", "2001-12-14T01:02:03Z"),
            ("2024-02-29T00:00:00.1234567891+00:00", "2024-02-29T00:00:00.123456789Z"),
            ("2024-02-29T00:00:00,5+24:60", "2024-02-29T00:00:00.5+25:00"),
            ("0000-1-1", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(yaml(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn texts_that_only_look_like_timestamps_are_refused() {
        for text in [
            "2001",
            "2001-",
            "2001-13-01",
            "2001-02-29",
            "2001-01-32",
            "2001-00-01",
            "2001-01-01T",
            "02001-1-1",
            "2001-01-01T24:00:00Z",
            "2001-01-01T00:60:00Z",
            "2001-01-01T00:00:60Z",
            "2001-01-01T00:00:00",
            "2001-01-01T00:00:00z",
            "2001-01-01 00:00:00Z",
            "2001-01-01T00:00:00+0100",
            "2001-01-01x",
            "2001-12-14 21:59:43.10 -5",
            "2001-01-01T00:00:00+25:00",
            "2001-001-01",
        ] {
            assert_eq!(yaml(text), None, "{text}");
        }
    }

    #[test]
    fn rfc_3339_is_read_strictly() {
        let strict = |text| Timestamp::parse_rfc3339(text).map(|time| time.to_rfc3339_nano());
        assert_eq!(strict("2006-01-02T15:04:05.5Z").as_deref(), Some("2006-01-02T15:04:05.5Z"));
        assert_eq!(strict("2006-01-02T15:04:05-07:30").as_deref(), Some("2006-01-02T15:04:05-07:30"));
        for text in [
            "2006-1-02T15:04:05Z",
            "2006-01-02T15:04:05,5Z",
            "2006-01-02t15:04:05Z",
            "2006-01-02",
            "2006-01-02T15:04:05+24:00",
            "2006-01-02T15:04:05+00:60",
            "2006-01-02T5:04:05Z",
        ] {
            assert_eq!(strict(text), None, "{text}");
        }
    }
}
