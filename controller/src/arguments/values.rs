//! Values of flags, as Go reads them.

use std::collections::BTreeMap;
use std::time::Duration;

use bulla_core::Timestamp;
use bulla_core::civil::{civil_of, days_of};

/// A bool as Go's `strconv.ParseBool` reads it.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

/// A whole number as Go's flags read it, such as `0x1000`.
pub(super) fn number<T: TryFrom<i64>>(text: &str) -> Result<T, String> {
    let number = bulla_template::parse_int(text.as_bytes(), 0).and_then(|number| number.try_into().ok());
    number.ok_or_else(|| "a whole number in its range".to_owned())
}

/// A number of at least one.
pub(super) fn positive(text: &str) -> Result<u32, String> {
    number(text).ok().filter(|number| *number > 0).ok_or_else(|| "a whole number, at least 1".to_owned())
}

/// A duration of Go's, in seconds.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let nanoseconds = bulla_template::parse_duration(text).ok_or("a duration such as 720h30m")?;
    Ok(nanoseconds / 1_000_000_000)
}

/// A duration of Go's that is not negative.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let nanoseconds =
        bulla_template::parse_duration(text).and_then(|nanoseconds| nanoseconds.try_into().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| "a duration such as 1m30s".to_owned())
}

/// `K=V,K=V`; a value may hold `=`.
pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    let split = |pair: &str| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    pairs.map(|pair| split(pair).ok_or_else(|| "a list such as a=b,c=d".to_owned())).collect()
}

/// A time in Go's layout RFC1123Z, such as `Mon, 02 Jan 2006 15:04:05 -0700`.
pub(super) fn rfc1123z(text: &str) -> Option<Timestamp> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<&str> = text.split(' ').collect();
    let [weekday, day, month, year, clock, zone] = words[..] else { return None };
    let month = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? / 3 + 1;
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return None };
    let number = |text: &str, width: usize| {
        text.parse::<u32>().ok().filter(|_| text.len() == width && !text.starts_with('+')).map(i64::from)
    };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let offset = sign * (number(zone.get(1..3)?, 2)? * 3600 + number(zone.get(3..)?, 2)? * 60);
    let day = number(day, 2)?;
    let days = days_of(number(year, 4)?, month as i64, day);
    let is_time = hour < 24 && minute < 60 && second < 60 && weekday.len() == 4 && weekday.ends_with(',');
    let local = days * 86_400 + hour * 3600 + minute * 60 + second;
    (is_time && civil_of(local).day == day).then_some(local - offset)
}
