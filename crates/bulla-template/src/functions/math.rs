//! Sprig's arithmetic: `int64` with wrap-around, and decimal floats.

use super::convert::{to_float, to_int};
use super::decimal::Decimal;
use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::number::parse_int;
use crate::text::print;
use crate::value::{ListKind, Value};

const ANY: &[Kind] = &[Kind::Any];
const PAIR: &[Kind] = &[Kind::Any, Kind::Any];
const INTS: &[Kind] = &[Kind::Int, Kind::Int, Kind::Int];

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("add", &[], |_, args| {
        Ok(Value::int64(args.from(0).iter().map(to_int).fold(0, i64::wrapping_add)))
    })
    .and(Kind::Any),
    Function::new("add1", ANY, |_, args| Ok(Value::int64(to_int(args.value(0)).wrapping_add(1)))),
    Function::new("add1f", ANY, |_, args| decimal(to_float(args.value(0)), &[Value::int(1)], Decimal::add)),
    Function::new("addf", &[], |_, args| decimal(0.0, args.from(0), Decimal::add)).and(Kind::Any),
    Function::new("biggest", ANY, |_, args| Ok(extreme(args, i64::max))).and(Kind::Any),
    Function::new("ceil", ANY, |_, args| Ok(Value::Float(to_float(args.value(0)).ceil()))),
    Function::new("div", PAIR, |_, args| divide(args, i64::wrapping_div)),
    Function::new("divf", ANY, |_, args| decimal(to_float(args.value(0)), args.from(1), Decimal::divide))
        .and(Kind::Any),
    Function::new("float64", ANY, |_, args| Ok(Value::Float(to_float(args.value(0))))),
    Function::new("floor", ANY, |_, args| Ok(Value::Float(to_float(args.value(0)).floor()))),
    Function::new("int", ANY, |_, args| Ok(Value::int(to_int(args.value(0))))),
    Function::new("int64", ANY, |_, args| Ok(Value::int64(to_int(args.value(0))))),
    Function::new("max", ANY, |_, args| Ok(extreme(args, i64::max))).and(Kind::Any),
    Function::new("maxf", ANY, |_, args| Ok(extreme_float(args, true))).and(Kind::Any),
    Function::new("min", ANY, |_, args| Ok(extreme(args, i64::min))).and(Kind::Any),
    Function::new("minf", ANY, |_, args| Ok(extreme_float(args, false))).and(Kind::Any),
    Function::new("mod", PAIR, |_, args| divide(args, i64::wrapping_rem)),
    Function::new("mul", ANY, |_, args| {
        let factors = args.from(1).iter().map(to_int);
        Ok(Value::int64(factors.fold(to_int(args.value(0)), i64::wrapping_mul)))
    })
    .and(Kind::Any),
    Function::new("mulf", ANY, |_, args| decimal(to_float(args.value(0)), args.from(1), Decimal::multiply))
        .and(Kind::Any),
    Function::new("round", &[Kind::Any, Kind::Int], round).and(Kind::Float),
    Function::new("seq", &[], seq).and(Kind::Int),
    Function::new("sub", PAIR, |_, args| {
        Ok(Value::int64(to_int(args.value(0)).wrapping_sub(to_int(args.value(1)))))
    }),
    Function::new("subf", ANY, |_, args| decimal(to_float(args.value(0)), args.from(1), Decimal::subtract))
        .and(Kind::Any),
    Function::new("toDecimal", ANY, to_decimal),
    Function::new("until", &[Kind::Int], |scope, args| {
        let count = args.int(0);
        until_step(scope, 0, count, if count < 0 { -1 } else { 1 })
    }),
    Function::new("untilStep", INTS, |scope, args| until_step(scope, args.int(0), args.int(1), args.int(2))),
];

fn extreme(args: &Args<'_>, choose: fn(i64, i64) -> i64) -> Value {
    Value::int64(args.from(1).iter().map(to_int).fold(to_int(args.value(0)), choose))
}

/// Go's `math.Max` and `math.Min`: not-a-number wins, and -0 is less than 0.
fn extreme_float(args: &Args<'_>, largest: bool) -> Value {
    let choose = |left: f64, right: f64| {
        if left.is_nan() || right.is_nan() {
            return f64::NAN;
        }
        if left == 0.0 && right == 0.0 {
            return if left.is_sign_negative() == largest { right } else { left };
        }
        if largest { left.max(right) } else { left.min(right) }
    };
    Value::Float(args.from(1).iter().map(to_float).fold(to_float(args.value(0)), choose))
}

fn divide(args: &Args<'_>, operation: fn(i64, i64) -> i64) -> Done {
    match to_int(args.value(1)) {
        0 => Err(Failure::new("integer divide by zero")),
        divisor => Ok(Value::int64(operation(to_int(args.value(0)), divisor))),
    }
}

fn decimal(
    first: f64,
    others: &[Value],
    operation: fn(Decimal, Decimal) -> Result<Decimal, Failure>,
) -> Done {
    let mut result = Decimal::new(first)?;
    for other in others {
        result = operation(result, Decimal::new(to_float(other))?)?;
    }
    Ok(Value::Float(result.to_float()))
}

fn round(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let round_on = if args.len() > 2 { args.float(2) } else { 0.5 };
    let power = power_of_ten(args.int(1));
    let scaled = power * to_float(args.value(0));
    let rounded = if scaled.fract() >= round_on { scaled.ceil() } else { scaled.floor() };
    Ok(Value::Float(rounded / power))
}

/// The nearest float, which parsing gives and repeated multiplication may not.
fn power_of_ten(exponent: i64) -> f64 {
    format!("1e{}", exponent.clamp(-400, 400)).parse().unwrap_or(f64::INFINITY)
}

fn to_decimal(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let text = print::to_text(&mut scope.meter, args.value(0))?;
    Ok(Value::int64(parse_int(&text, 8).unwrap_or(0)))
}

/// Returns how many numbers `untilStep` gives.
fn count(start: i64, stop: i64, step: i64) -> u64 {
    let distance = i128::from(stop) - i128::from(start);
    let step = i128::from(step);
    if distance == 0 || step == 0 || (distance > 0) != (step > 0) {
        return 0;
    }
    u64::try_from((distance.abs() + step.abs() - 1) / step.abs()).unwrap_or(u64::MAX)
}

fn until_step(scope: &mut Scope<'_>, start: i64, stop: i64, step: i64) -> Done {
    let count = count(start, stop, step);
    let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(size_of::<Value>());
    scope.meter.allocate(bytes)?;
    let items = (0..count as i64).map(|index| Value::int(start.wrapping_add(index.wrapping_mul(step))));
    scope.list(ListKind::Int, items.collect())
}

fn seq(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (start, step, end) = match args.len() {
        1 => (1, None, args.int(0)),
        2 => (args.int(0), None, args.int(1)),
        3 => (args.int(0), Some(args.int(1)), args.int(2)),
        _ => return scope.text(""),
    };
    let direction = if end < start { -1 } else { 1 };
    if end < start && step.is_some_and(|step| step > 0) {
        return scope.text("");
    }
    let step = step.unwrap_or(direction);
    let stop = end.wrapping_add(direction);
    let count = count(start, stop, step);
    // The longest number is the first or the last one.
    let width = 1 + start.to_string().len().max(end.to_string().len());
    let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(width);
    scope.meter.allocate(bytes)?;
    scope.meter.step(count / 16)?;
    let mut out = Vec::with_capacity(bytes);
    for index in 0..count as i64 {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(start.wrapping_add(index.wrapping_mul(step)).to_string().as_bytes());
    }
    Ok(Value::text(out))
}
