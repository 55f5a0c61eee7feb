//! The methods of times, durations and versions that templates call.

use std::rc::Rc;

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::time::{Time, Zone, duration};
use crate::value::{IntKind, Value};
use bulla_core::civil::days_of;

type Done = Result<Value, Failure>;

/// Finds the method `name` of a value. The receiver is the first argument; it
/// is not among the declared kinds.
pub(crate) fn find(receiver: &Value, name: &[u8]) -> Option<&'static Function> {
    let table = match receiver {
        Value::Time(_) => TIME,
        Value::Int(_, IntKind::Duration) => DURATION,
        Value::Int(_, IntKind::Month | IntKind::Weekday) => NAMED,
        Value::Version(_) => super::semver::METHODS,
        _ => return None,
    };
    table.iter().find(|function| function.name.as_bytes() == name)
}

const TIME: &[Function] = &[
    Function::new("AddDate", &[Kind::Int, Kind::Int, Kind::Int], add_date),
    Function::new("After", &[Kind::Time], |_, args| Ok(Value::Bool(difference(args) > 0))),
    Function::new("Before", &[Kind::Time], |_, args| Ok(Value::Bool(difference(args) < 0))),
    Function::new("Day", &[], |_, args| Ok(Value::int(receiver(args).civil().day))),
    Function::new("Equal", &[Kind::Time], |_, args| Ok(Value::Bool(difference(args) == 0))),
    Function::new("Format", &[Kind::Text], |scope, args| {
        scope.meter.allocate(args.text(1).len() * 9)?;
        let text = receiver(args).format(args.text(1));
        scope.text(text)
    }),
    Function::new("Hour", &[], |_, args| Ok(Value::int(receiver(args).civil().hour))),
    Function::new("IsZero", &[], |_, args| Ok(Value::Bool(receiver(args).since(&Time::zero()) == 0))),
    Function::new("Minute", &[], |_, args| Ok(Value::int(receiver(args).civil().minute))),
    Function::new("Month", &[], |_, args| Ok(Value::Int(receiver(args).civil().month, IntKind::Month))),
    Function::new("Nanosecond", &[], |_, args| Ok(Value::int(i64::from(receiver(args).nanoseconds)))),
    Function::new("Second", &[], |_, args| Ok(Value::int(receiver(args).civil().second))),
    Function::new("String", &[], |scope, args| {
        let text = receiver(args).to_string();
        scope.text(text)
    }),
    Function::new("Sub", &[Kind::Time], |_, args| Ok(Value::Int(difference(args), IntKind::Duration))),
    Function::new("UTC", &[], |_, args| Ok(Value::Time(Rc::new(receiver(args).in_zone(Zone::Utc))))),
    Function::new("Unix", &[], |_, args| Ok(Value::int64(receiver(args).seconds))),
    Function::new("UnixMilli", &[], |_, args| Ok(Value::int64(since_epoch(args, 1_000)))),
    Function::new("UnixNano", &[], |_, args| Ok(Value::int64(since_epoch(args, 1_000_000_000)))),
    Function::new("Weekday", &[], |_, args| Ok(Value::Int(receiver(args).civil().weekday, IntKind::Weekday))),
    Function::new("Year", &[], |_, args| Ok(Value::int(receiver(args).civil().year))),
    Function::new("YearDay", &[], |_, args| Ok(Value::int(receiver(args).civil().year_day))),
];

const DURATION: &[Function] = &[
    Function::new("Hours", &[], |_, args| Ok(Value::Float(args.int(0) as f64 / 3.6e12))),
    Function::new("Milliseconds", &[], |_, args| Ok(Value::int64(args.int(0) / 1_000_000))),
    Function::new("Minutes", &[], |_, args| Ok(Value::Float(args.int(0) as f64 / 6e10))),
    Function::new("Nanoseconds", &[], |_, args| Ok(Value::int64(args.int(0)))),
    Function::new("Seconds", &[], |_, args| Ok(Value::Float(args.int(0) as f64 / 1e9))),
    Function::new("String", &[], |scope, args| scope.text(duration::to_text(args.int(0)))),
];

const NAMED: &[Function] = &[Function::new("String", &[], |scope, args| {
    let name = match args.value(0) {
        Value::Int(number, IntKind::Month) => crate::time::month_name(*number),
        _ => crate::time::weekday_name(args.int(0)),
    };
    scope.text(name)
})];

fn receiver(args: &Args<'_>) -> Time {
    args.time(0).cloned().unwrap_or_else(Time::zero)
}

fn difference(args: &Args<'_>) -> i64 {
    args.time(1).map_or(0, |other| receiver(args).since(other))
}

fn since_epoch(args: &Args<'_>, per_second: i64) -> i64 {
    let time = receiver(args);
    let part = i64::from(time.nanoseconds) / (1_000_000_000 / per_second);
    time.seconds.wrapping_mul(per_second).wrapping_add(part)
}

fn add_date(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    /// Beyond this the calendar's arithmetic would overflow.
    const MOST: i64 = 1_000_000_000;
    let [years, months, days] = [1, 2, 3].map(|at| args.int(at).clamp(-MOST, MOST));
    let time = receiver(args);
    let civil = time.civil();
    let date = days_of(civil.year + years, civil.month + months, civil.day + days);
    // Go wraps around, too.
    let local = date.wrapping_mul(86_400).wrapping_add(civil.hour * 3600 + civil.minute * 60 + civil.second);
    let seconds = time.zone.resolve(local);
    Ok(Value::Time(Rc::new(Time { seconds, ..time })))
}
