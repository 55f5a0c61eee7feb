//! Dates and durations. The clock is the seam's.

use std::rc::Rc;

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::number::parse_int;
use crate::time::{self, Time, Zone, duration};
use crate::value::{IntKind, Value};

const LAYOUT_AND_DATE: &[Kind] = &[Kind::Text, Kind::Any];
const LAYOUT_AND_TEXT: &[Kind] = &[Kind::Text, Kind::Text];
const TEXT_AND_TIME: &[Kind] = &[Kind::Text, Kind::Time];
const HTML_LAYOUT: &[u8] = b"2006-01-02";
const SECOND: i64 = 1_000_000_000;
/// Writing a date.
const LAYOUT: u64 = 20;
/// Loading a zone of the database, at any length of its history.
const ZONE: u64 = 1_000;

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ago", &[Kind::Any], ago),
    Function::new("date", LAYOUT_AND_DATE, |scope, args| {
        format(scope, args.text(0), args.value(1), b"Local")
    }),
    Function::new("dateInZone", &[Kind::Text, Kind::Any, Kind::Text], in_zone),
    Function::new("dateModify", TEXT_AND_TIME, |_, args| Ok(modified(args).unwrap_or(args.value(1).clone()))),
    Function::new("date_in_zone", &[Kind::Text, Kind::Any, Kind::Text], in_zone),
    Function::new(
        "date_modify",
        TEXT_AND_TIME,
        |_, args| Ok(modified(args).unwrap_or(args.value(1).clone())),
    ),
    Function::new("duration", &[Kind::Any], |scope, args| {
        let seconds = match args.value(0) {
            Value::Text(text) => parse_int_or_bound(text),
            Value::Int(number, IntKind::Int64) => *number,
            _ => 0,
        };
        scope.text(duration::to_text(seconds.wrapping_mul(SECOND)))
    }),
    Function::new("durationRound", &[Kind::Any], duration_round),
    Function::new("htmlDate", &[Kind::Any], |scope, args| {
        format(scope, HTML_LAYOUT, args.value(0), b"Local")
    }),
    Function::new("htmlDateInZone", &[Kind::Any, Kind::Text], |scope, args| {
        format(scope, HTML_LAYOUT, args.value(0), args.text(1))
    }),
    Function::new("mustDateModify", TEXT_AND_TIME, must_modify),
    Function::new("mustToDate", LAYOUT_AND_TEXT, |scope, args| {
        parsed(scope, args)?.map(made).ok_or_else(|| Failure::new("the text is not a time of this layout"))
    }),
    Function::new("must_date_modify", TEXT_AND_TIME, must_modify),
    Function::new("now", &[], |scope, _| Ok(made(now(scope)))),
    Function::new("toDate", LAYOUT_AND_TEXT, |scope, args| {
        Ok(made(parsed(scope, args)?.unwrap_or_else(Time::zero)))
    }),
    Function::new("unixEpoch", &[Kind::Time], |scope, args| {
        scope.text(args.time(0).map_or(0, |time| time.seconds).to_string())
    }),
];

/// Reads a time, after charging for finding the elements of the layout.
fn parsed(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Option<Time>, Failure> {
    scope.meter.step(args.text(0).len() as u64 / 4)?;
    Ok(time::parse(args.text(0), args.text(1)))
}

fn made(time: Time) -> Value {
    Value::Time(Rc::new(time))
}

fn now(scope: &Scope<'_>) -> Time {
    Time::utc(scope.clock.now(), 0)
}

/// `strconv.ParseInt` gives the nearest bound where a number is too large.
fn parse_int_or_bound(text: &[u8]) -> i64 {
    parse_int(text, 10).unwrap_or_else(|| {
        let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
        match digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() {
            true if text.starts_with(b"-") => i64::MIN,
            true => i64::MAX,
            false => 0,
        }
    })
}

/// Returns the time that a value stands for: times, and seconds since 1970;
/// anything else is now.
fn time_of(scope: &Scope<'_>, value: &Value) -> Time {
    match value {
        Value::Time(time) => Time::clone(time),
        Value::Int(seconds, IntKind::Int | IntKind::Int64) => Time::utc(*seconds, 0),
        _ => now(scope),
    }
}

fn format(scope: &mut Scope<'_>, layout: &[u8], date: &Value, zone: &[u8]) -> Done {
    // Each byte of a layout may become a name of up to nine.
    scope.meter.allocate(layout.len() * 9)?;
    scope.meter.step(LAYOUT + layout.len() as u64 / 8)?;
    if !Zone::is_utc(zone) {
        scope.meter.step(ZONE)?;
    }
    let zone = Zone::load(zone).unwrap_or(Zone::Utc);
    let text = time_of(scope, date).in_zone(zone).format(layout);
    scope.text(text)
}

fn in_zone(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    format(scope, args.text(0), args.value(1), args.text(2))
}

fn modified(args: &Args<'_>) -> Option<Value> {
    let duration = duration::parse(args.text(0))?;
    args.time(1).map(|time| made(time.add(duration)))
}

fn must_modify(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    modified(args).ok_or_else(|| Failure::new("time: invalid duration"))
}

fn ago(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let since = now(scope).since(&time_of(scope, args.value(0)));
    scope.text(duration::to_text(duration::round(since, SECOND)))
}

fn duration_round(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let duration = match args.value(0) {
        Value::Text(text) => duration::parse(text).unwrap_or(0),
        Value::Int(number, IntKind::Int64) => *number,
        Value::Time(time) => now(scope).since(time),
        _ => 0,
    };
    const UNITS: [(u64, &str); 6] =
        [(31_536_000, "y"), (2_592_000, "mo"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let length = duration.unsigned_abs();
    let text = UNITS.iter().find_map(|(seconds, name)| {
        let unit = seconds * SECOND as u64;
        (length > unit).then(|| format!("{}{name}", length / unit))
    });
    scope.text(text.unwrap_or_else(|| "0s".to_owned()))
}
