//! `eq`, `ne`, `lt`, `le`, `gt` and `ge`.

use std::cmp::Ordering;

use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind, Run};
use crate::scope::Scope;
use crate::value::{IntKind, Value};

const PAIR: &[Kind] = &[Kind::Raw, Kind::Raw];

const fn language(name: &'static str, takes: &'static [Kind], run: Run) -> Function {
    Function::new(name, takes, run).at(Home::Language)
}

pub(super) const FUNCTIONS: &[Function] = &[
    language("eq", &[Kind::Raw], |_, args| Ok(Value::Bool(equal(args.value(0), args.from(1))?)))
        .and(Kind::Raw),
    language("ge", PAIR, |_, args| Ok(Value::Bool(!less(args.value(0), args.value(1))?))),
    language("gt", PAIR, |_, args| Ok(Value::Bool(!less_or_equal(args)?))),
    language("le", PAIR, |_, args| Ok(Value::Bool(less_or_equal(args)?))),
    language("lt", PAIR, |_, args| Ok(Value::Bool(less(args.value(0), args.value(1))?))),
    language("ne", PAIR, not_equal),
];

fn not_equal(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    Ok(Value::Bool(!equal(args.value(0), args.from(1))?))
}

fn less_or_equal(args: &Args<'_>) -> Result<bool, Failure> {
    Ok(less(args.value(0), args.value(1))? || equal(args.value(0), args.from(1))?)
}

fn incompatible(left: &Value, right: &Value) -> Failure {
    Failure::new(format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()))
}

/// Compares integers of any types by their value.
fn int_order(left: (i64, IntKind), right: (i64, IntKind)) -> Ordering {
    let wide = |(number, kind): (i64, IntKind)| {
        if kind.is_unsigned() { i128::from(number as u64) } else { i128::from(number) }
    };
    wide(left).cmp(&wide(right))
}

fn equal(left: &Value, others: &[Value]) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err(Failure::new("missing argument for comparison"));
    }
    for right in others {
        if equal_pair(left, right)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal_pair(left: &Value, right: &Value) -> Result<bool, Failure> {
    Ok(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left, kind), Value::Int(right, other)) => {
            int_order((*left, *kind), (*right, *other)).is_eq()
        }
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::Text(left), Value::Text(right)) => left == right,
        (left, right) if left.is_nil() || right.is_nil() => left.is_nil() && right.is_nil(),
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
            return Err(Failure::new(format!("non-comparable type {}", right.type_name())));
        }
        (Value::Time(left), Value::Time(right)) => {
            left.seconds == right.seconds && left.nanoseconds == right.nanoseconds
        }
        (Value::Version(left), Value::Version(right)) => std::rc::Rc::ptr_eq(left, right),
        (Value::Record(left), Value::Record(right)) if left.type_name == right.type_name => {
            for ((_, left), (_, right)) in left.fields.iter().zip(&right.fields) {
                if !equal_pair(left, right)? {
                    return Ok(false);
                }
            }
            true
        }
        _ => return Err(incompatible(left, right)),
    })
}

fn less(left: &Value, right: &Value) -> Result<bool, Failure> {
    match (left, right) {
        (Value::Int(left, kind), Value::Int(right, other)) => {
            Ok(int_order((*left, *kind), (*right, *other)).is_lt())
        }
        (Value::Float(left), Value::Float(right)) => Ok(left < right),
        (Value::Text(left), Value::Text(right)) => Ok(left < right),
        _ if is_basic(left) && is_basic(right) && left.kind_name() != right.kind_name() => {
            Err(incompatible(left, right))
        }
        _ => Err(Failure::new("invalid type for comparison")),
    }
}

fn is_basic(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Int(..) | Value::Float(_) | Value::Complex(..) | Value::Text(_))
}
