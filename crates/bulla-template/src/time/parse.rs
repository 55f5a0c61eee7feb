//! Reading times by a layout (`time.ParseInLocation`).

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::layout::{Element, Name, Offset, find_name, next_element};
use super::{Time, Zone};
use bulla_core::civil::{days_in, days_of};

/// What a text says, before it is a time.
#[derive(Default)]
struct Parsed {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    /// Whether it is before (false) or after noon.
    after_noon: Option<bool>,
    is_utc: bool,
    offset: Option<i32>,
    zone_name: Option<String>,
}

/// Parses `text` by `layout`. `None`: it does not fit.
pub(crate) fn parse(layout: &[u8], text: &[u8]) -> Option<Time> {
    let mut parsed = Parsed::default();
    let (mut layout, mut text) = (layout, text);
    loop {
        let (prefix, element, after) = next_element(layout);
        text = skip(text, prefix)?;
        let Some(element) = element else {
            return if text.is_empty() { parsed.finish() } else { None };
        };
        layout = after;
        text = parsed.element(element, text, layout)?;
    }
}

/// Skips the literal part of a layout; one space stands for any number.
fn skip<'t>(mut text: &'t [u8], mut prefix: &[u8]) -> Option<&'t [u8]> {
    let cut = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == b' ').count();
    while let Some(&first) = prefix.first() {
        if first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return None;
            }
            prefix = &prefix[cut(prefix)..];
            text = &text[cut(text)..];
            continue;
        }
        text = text.strip_prefix(&[first])?;
        prefix = &prefix[1..];
    }
    Some(text)
}

/// Reads a number of one or two digits, or exactly two.
fn number(text: &[u8], two: bool) -> Option<(i64, &[u8])> {
    let digit =
        |at: usize| text.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| i64::from(byte - b'0'));
    let first = digit(0)?;
    match digit(1) {
        Some(second) => Some((first * 10 + second, &text[2..])),
        None if two => None,
        None => Some((first, &text[1..])),
    }
}

/// Reads `.123` of a given width.
fn fraction(text: &[u8]) -> Option<u32> {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return None;
    }
    // More digits than nine say nothing.
    let digits = &text[1..text.len().min(10)];
    let value = digits
        .iter()
        .try_fold(0u32, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))?;
    Some(value * 10u32.pow(9 - digits.len() as u32))
}

/// Keeps what was read in its place; nothing where it is out of range.
fn keep<'t, T: From<i64>>(
    place: &mut T,
    (value, rest): (i64, &'t [u8]),
    range: RangeInclusive<i64>,
) -> Option<&'t [u8]> {
    *place = value.into();
    range.contains(&value).then_some(rest)
}

/// Days are checked against their month, once that is known.
const ANY: RangeInclusive<i64> = 0..=99;

impl Parsed {
    fn element<'t>(&mut self, element: Element, text: &'t [u8], layout: &[u8]) -> Option<&'t [u8]> {
        match element {
            Element::ShortYear => {
                let (year, rest) = number(text, true)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
                Some(rest)
            }
            Element::LongYear => {
                let (digits, rest) = text.split_at_checked(4)?;
                self.year = std::str::from_utf8(digits).ok()?.parse().ok()?;
                digits[0].is_ascii_digit().then_some(rest)
            }
            Element::LongMonth => self.month_name(text, Name::Month),
            Element::ShortMonth => self.month_name(text, Name::ShortMonth),
            Element::Month { padded } => keep(&mut self.month, number(text, padded)?, 1..=12),
            Element::LongDay => find_name(text, Name::Day).map(|(_, rest)| rest),
            Element::ShortDay => find_name(text, Name::ShortDay).map(|(_, rest)| rest),
            Element::Day { padded } => keep(&mut self.day, number(text, padded)?, ANY),
            Element::SpacedDay => {
                let text = text.strip_prefix(b" ").unwrap_or(text);
                keep(&mut self.day, number(text, false)?, ANY)
            }
            Element::YearDay { spaced } => self.day_of_year(text, spaced),
            Element::Hour => keep(&mut self.hour, number(text, false)?, 0..=23),
            Element::Hour12 { padded } => keep(&mut self.hour, number(text, padded)?, 0..=12),
            Element::Minute { padded } => keep(&mut self.minute, number(text, padded)?, 0..=59),
            Element::Second { padded } => self.seconds(text, padded, layout),
            Element::Noon { upper } => self.noon(text, upper),
            Element::ZoneName => self.zone(text),
            Element::ZoneOffset(offset) => self.zone_offset(text, offset),
            Element::Fraction { digits, trims: false, .. } => self.fraction(text, digits + 1),
            Element::Fraction { .. } => self.fraction(text, fraction_width(text)),
        }
    }

    fn month_name<'t>(&mut self, text: &'t [u8], names: Name) -> Option<&'t [u8]> {
        let (month, rest) = find_name(text, names)?;
        self.month = Some(month + 1);
        Some(rest)
    }

    fn noon<'t>(&mut self, text: &'t [u8], upper: bool) -> Option<&'t [u8]> {
        let (word, rest) = text.split_at_checked(2)?;
        self.after_noon = Some(match (upper, word) {
            (true, b"PM") | (false, b"pm") => true,
            (true, b"AM") | (false, b"am") => false,
            _ => return None,
        });
        Some(rest)
    }

    /// Reads a fraction of `width` bytes; there need not be one.
    fn fraction<'t>(&mut self, text: &'t [u8], width: usize) -> Option<&'t [u8]> {
        let (part, rest) = text.split_at_checked(width)?;
        if width > 0 {
            self.nanoseconds = fraction(part)?;
        }
        Some(rest)
    }

    fn day_of_year<'t>(&mut self, mut text: &'t [u8], spaced: bool) -> Option<&'t [u8]> {
        for _ in 0..2 {
            if spaced {
                text = text.strip_prefix(b" ").unwrap_or(text);
            }
        }
        let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || !spaced && digits != 3 {
            return None;
        }
        self.year_day = std::str::from_utf8(&text[..digits]).ok()?.parse().ok();
        Some(&text[digits..])
    }

    fn seconds<'t>(&mut self, text: &'t [u8], padded: bool, layout: &[u8]) -> Option<&'t [u8]> {
        let rest = keep(&mut self.second, number(text, padded)?, 0..=59)?;
        // A fraction may follow where the layout has none.
        let width = fraction_width(rest);
        if width == 0 || matches!(next_element(layout).1, Some(Element::Fraction { .. })) {
            return Some(rest);
        }
        self.fraction(rest, width)
    }

    fn zone<'t>(&mut self, text: &'t [u8]) -> Option<&'t [u8]> {
        if let Some(rest) = text.strip_prefix(b"UTC") {
            self.is_utc = true;
            return Some(rest);
        }
        let width = zone_width(text)?;
        self.zone_name = Some(String::from_utf8_lossy(&text[..width]).into_owned());
        Some(&text[width..])
    }

    fn zone_offset<'t>(&mut self, text: &'t [u8], form: Offset) -> Option<&'t [u8]> {
        if let Some(rest) = text.strip_prefix(b"Z").filter(|_| form.iso) {
            self.is_utc = true;
            return Some(rest);
        }
        let negative = match text.first()? {
            b'-' => true,
            b'+' => false,
            _ => return None,
        };
        let mut rest = &text[1..];
        let mut parts = [0i64; 3];
        for (index, part) in parts.iter_mut().enumerate() {
            if index == 1 && !form.minutes || index == 2 && !form.seconds {
                break;
            }
            if index > 0 && form.colon {
                rest = rest.strip_prefix(b":")?;
            }
            (*part, rest) = number(rest, true)?;
        }
        if parts[0] > 24 || parts[1] > 60 || parts[2] > 60 {
            return None;
        }
        let seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2];
        self.offset = Some(if negative { -seconds } else { seconds } as i32);
        Some(rest)
    }

    fn finish(mut self) -> Option<Time> {
        match self.after_noon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        if let Some(year_day) = self.year_day {
            self.place_year_day(year_day)?;
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > days_in(self.year, month) {
            return None;
        }
        let local =
            days_of(self.year, month, day) * 86_400 + self.hour * 3600 + self.minute * 60 + self.second;
        let time = Time::utc(local, self.nanoseconds);
        if self.is_utc {
            return Some(time);
        }
        // An offset of -1 second would read as "none" in Go; no layout has it.
        if let Some(offset) = self.offset {
            let seconds = local - i64::from(offset);
            let name = self.zone_name.unwrap_or_default();
            let zone = if offset == 0 && matches!(name.as_str(), "" | "UTC") {
                Zone::Utc
            } else {
                Zone::Fixed(Rc::from(name), offset)
            };
            return Some(Time { seconds, zone, ..time });
        }
        if let Some(name) = self.zone_name {
            // The name says nothing about the offset, except after GMT.
            let hours: i32 = match name.strip_prefix("GMT") {
                Some(hours) if !hours.is_empty() => hours.parse().unwrap_or(0),
                _ => 0,
            };
            let offset = hours * 3600;
            let seconds = local - i64::from(offset);
            return Some(Time { seconds, zone: Zone::Fixed(Rc::from(name), offset), ..time });
        }
        Some(time)
    }

    fn place_year_day(&mut self, year_day: i64) -> Option<()> {
        let first = days_of(self.year, 1, 1);
        if year_day < 1 || year_day > days_of(self.year + 1, 1, 1) - first {
            return None;
        }
        let month = (1..=12).rev().find(|month| days_of(self.year, *month, 1) - first < year_day)?;
        let day = year_day - (days_of(self.year, month, 1) - first);
        if self.month.is_some_and(|seen| seen != month) || self.day.is_some_and(|seen| seen != day) {
            return None;
        }
        (self.month, self.day) = (Some(month), Some(day));
        Some(())
    }
}

/// Returns the width of `.123` at the start of `text`, or 0.
fn fraction_width(text: &[u8]) -> usize {
    match text {
        [b'.' | b',', digits @ ..] => match digits.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => 0,
            count => count + 1,
        },
        _ => 0,
    }
}

/// Returns the width of a zone's abbreviation: three or four capital letters,
/// `GMT-3`, `+03`, and two odd ones.
fn zone_width(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if text.starts_with(b"GMT") {
        let hours = signed_offset(&text[3..]);
        return Some(3 + hours);
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset(text)).filter(|width| *width > 0);
    }
    let capitals = text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    match capitals {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Returns the width of `+3` to `-23`, or 0.
fn signed_offset(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else { return 0 };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = std::str::from_utf8(&digits[..count]).ok().and_then(|text| text.parse::<u32>().ok());
    match value {
        Some(0..=23) => count + 1,
        _ => 0,
    }
}
