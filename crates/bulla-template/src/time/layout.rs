//! Go's layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` as a
//! pattern.

use std::fmt::Write as _;

use super::Time;
use bulla_core::civil::{Civil, MONTHS};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Returns the name of a month, 1 to 12; Go prints others as `%!Month(13)`.
pub(crate) fn month_name(number: i64) -> String {
    match usize::try_from(number - 1).ok().and_then(|at| MONTHS.get(at)) {
        Some(name) => (*name).to_owned(),
        None => format!("%!Month({number})"),
    }
}

/// Returns the name of a day, 0 to 6.
pub(crate) fn weekday_name(number: i64) -> String {
    match usize::try_from(number).ok().and_then(|at| DAYS.get(at)) {
        Some(name) => (*name).to_owned(),
        None => format!("%!Weekday({number})"),
    }
}

/// Finds the number of the name that `text` begins with, without regard to
/// case, and what follows it.
pub(super) fn find_name(text: &[u8], what: Name) -> Option<(i64, &[u8])> {
    let (names, short): (&[&str], bool) = match what {
        Name::Month => (&MONTHS, false),
        Name::ShortMonth => (&MONTHS, true),
        Name::Day => (&DAYS, false),
        Name::ShortDay => (&DAYS, true),
    };
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if short { &name[..3] } else { name };
        let (head, rest) = text.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name.as_bytes()).then_some((index as i64, rest))
    })
}

/// The tables of [`find_name`].
#[derive(Clone, Copy)]
pub(super) enum Name {
    Month,
    ShortMonth,
    Day,
    ShortDay,
}

/// How a zone's offset is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` stands for UTC.
    pub(super) iso: bool,
    pub(super) colon: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

/// An element of a layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    ShortMonth,
    Month {
        padded: bool,
    },
    LongDay,
    ShortDay,
    Day {
        padded: bool,
    },
    /// `_2`.
    SpacedDay,
    YearDay {
        spaced: bool,
    },
    Hour,
    Hour12 {
        padded: bool,
    },
    Minute {
        padded: bool,
    },
    Second {
        padded: bool,
    },
    LongYear,
    ShortYear,
    Noon {
        upper: bool,
    },
    ZoneName,
    ZoneOffset(Offset),
    /// `.000` or `,999`: the separator, the digits, and whether zeros at the
    /// end are left out.
    Fraction {
        separator: u8,
        digits: usize,
        trims: bool,
    },
}

#[expect(clippy::fn_params_excessive_bools, reason = "rows of the table below")]
const fn offset(iso: bool, colon: bool, minutes: bool, seconds: bool) -> Element {
    Element::ZoneOffset(Offset { iso, colon, minutes, seconds })
}

/// Words of layouts; of two that fit, the first counts.
const WORDS: &[(&[u8], Element)] = &[
    (b"January", Element::LongMonth),
    (b"Jan", Element::ShortMonth),
    (b"Monday", Element::LongDay),
    (b"Mon", Element::ShortDay),
    (b"MST", Element::ZoneName),
    (b"01", Element::Month { padded: true }),
    (b"02", Element::Day { padded: true }),
    (b"03", Element::Hour12 { padded: true }),
    (b"04", Element::Minute { padded: true }),
    (b"05", Element::Second { padded: true }),
    (b"06", Element::ShortYear),
    (b"002", Element::YearDay { spaced: false }),
    (b"15", Element::Hour),
    (b"1", Element::Month { padded: false }),
    (b"2006", Element::LongYear),
    (b"2", Element::Day { padded: false }),
    (b"_2", Element::SpacedDay),
    (b"__2", Element::YearDay { spaced: true }),
    (b"3", Element::Hour12 { padded: false }),
    (b"4", Element::Minute { padded: false }),
    (b"5", Element::Second { padded: false }),
    (b"PM", Element::Noon { upper: true }),
    (b"pm", Element::Noon { upper: false }),
    (b"-070000", offset(false, false, true, true)),
    (b"-07:00:00", offset(false, true, true, true)),
    (b"-0700", offset(false, false, true, false)),
    (b"-07:00", offset(false, true, true, false)),
    (b"-07", offset(false, false, false, false)),
    (b"Z070000", offset(true, false, true, true)),
    (b"Z07:00:00", offset(true, true, true, true)),
    (b"Z0700", offset(true, false, true, false)),
    (b"Z07:00", offset(true, true, true, false)),
    (b"Z07", offset(true, false, false, false)),
];

/// Splits a layout at its first element: the text before, the element, and
/// what follows.
pub(super) fn next_element(layout: &[u8]) -> (&[u8], Option<Element>, &[u8]) {
    for at in 0..layout.len() {
        let rest = &layout[at..];
        if rest.starts_with(b"_2006") {
            return (&layout[..=at], Some(Element::LongYear), &rest[5..]);
        }
        if let Some((element, width)) = fraction(rest) {
            return (&layout[..at], Some(element), &rest[width..]);
        }
        let found = WORDS.iter().find(|(word, element)| {
            let short = matches!(element, Element::ShortMonth | Element::ShortDay);
            rest.starts_with(word) && !(short && rest.get(3).is_some_and(u8::is_ascii_lowercase))
        });
        if let Some((word, element)) = found {
            return (&layout[..at], Some(*element), &rest[word.len()..]);
        }
    }
    (layout, None, &[])
}

fn fraction(text: &[u8]) -> Option<(Element, usize)> {
    let (&separator @ (b'.' | b','), digits) = text.split_first()? else { return None };
    let &kind @ (b'0' | b'9') = digits.first()? else { return None };
    let count = digits.iter().take_while(|byte| **byte == kind).count();
    if digits.get(count).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((Element::Fraction { separator, digits: count, trims: kind == b'9' }, count + 1))
}

/// Formats `time`.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let civil = time.civil();
    let zone = time.offset();
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    loop {
        let (text, element, after) = next_element(rest);
        out.extend_from_slice(text);
        let Some(element) = element else { return out };
        write(&mut out, element, &civil, &zone, time.nanoseconds);
        rest = after;
    }
}

fn write(out: &mut Vec<u8>, element: Element, civil: &Civil, zone: &(i32, String), nanoseconds: u32) {
    let padded = |number: i64, padded: bool| {
        if padded { format!("{number:02}") } else { number.to_string() }
    };
    let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
    let text = match element {
        Element::LongMonth => month_name(civil.month),
        Element::ShortMonth => month_name(civil.month)[..3].to_owned(),
        Element::Month { padded: pad } => padded(civil.month, pad),
        Element::LongDay => weekday_name(civil.weekday),
        Element::ShortDay => weekday_name(civil.weekday)[..3].to_owned(),
        Element::Day { padded: pad } => padded(civil.day, pad),
        Element::SpacedDay => format!("{:>2}", civil.day),
        Element::YearDay { spaced: true } => format!("{:>3}", civil.year_day),
        Element::YearDay { spaced: false } => format!("{:03}", civil.year_day),
        Element::Hour => padded(civil.hour, true),
        Element::Hour12 { padded: pad } => padded(hour12, pad),
        Element::Minute { padded: pad } => padded(civil.minute, pad),
        Element::Second { padded: pad } => padded(civil.second, pad),
        Element::LongYear if civil.year < 0 => format!("-{:04}", -civil.year),
        Element::LongYear => format!("{:04}", civil.year),
        Element::ShortYear => padded(civil.year.abs() % 100, true),
        Element::Noon { upper } => {
            let text = if civil.hour >= 12 { "PM" } else { "AM" };
            if upper { text.to_owned() } else { text.to_lowercase() }
        }
        Element::ZoneName if zone.1.is_empty() => {
            zone_offset(zone.0, Offset { iso: false, colon: false, minutes: true, seconds: false })
        }
        Element::ZoneName => zone.1.clone(),
        Element::ZoneOffset(offset) => zone_offset(zone.0, offset),
        Element::Fraction { separator, digits, trims } => {
            fraction_text(nanoseconds, separator, digits, trims)
        }
    };
    out.extend_from_slice(text.as_bytes());
}

fn fraction_text(nanoseconds: u32, separator: u8, digits: usize, trims: bool) -> String {
    let mut text = format!("{nanoseconds:09}");
    text.truncate(digits);
    if trims {
        text.truncate(text.trim_end_matches('0').len());
        if text.is_empty() {
            return text;
        }
    }
    format!("{}{text}", char::from(separator))
}

fn zone_offset(seconds: i32, form: Offset) -> String {
    if form.iso && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds / 60 < 0 { '-' } else { '+' };
    let minutes = (seconds / 60).abs();
    let mut text = format!("{sign}{:02}", minutes / 60);
    let colon = if form.colon { ":" } else { "" };
    if form.minutes {
        let _ = write!(text, "{colon}{:02}", minutes % 60);
    }
    if form.seconds {
        let _ = write!(text, "{colon}{:02}", seconds.abs() % 60);
    }
    text
}
