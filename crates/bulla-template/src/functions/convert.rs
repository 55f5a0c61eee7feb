//! Conversions that sprig makes silently: what does not convert is zero.

use crate::budget::Meter;
use crate::failure::Failure;
use crate::text::number::{parse_float, parse_int};
use crate::text::print;
use crate::value::{List, Value};

/// The first number beyond `int64`.
const TWO_TO_63: f64 = (1u64 << 63) as f64;

/// Converts to `int64`.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(number, _) => *number,
        Value::Float(number) => float_to_int(*number),
        Value::Bool(truth) => i64::from(*truth),
        Value::Text(text) => parse_int(without_zero_decimals(text), 0).unwrap_or(0),
        _ => 0,
    }
}

/// What the conversion instruction of the processors that Go runs on gives.
pub(super) fn float_to_int(number: f64) -> i64 {
    if (-TWO_TO_63..TWO_TO_63).contains(&number) { number as i64 } else { i64::MIN }
}

/// `12.00` counts as an integer.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let kept = text.iter().rposition(|byte| *byte != b'0').map_or(0, |at| at + 1);
    if kept > 0 && kept < text.len() && text[kept - 1] == b'.' { &text[..kept - 1] } else { text }
}

/// Converts to `float64`.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(number, kind) if kind.is_unsigned() => *number as u64 as f64,
        Value::Int(number, _) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Text(text) => parse_float(text).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Converts to text.
pub(super) fn to_text(meter: &mut Meter, value: &Value) -> Result<Vec<u8>, Failure> {
    match value {
        Value::Text(text) => {
            meter.allocate(text.len())?;
            Ok(text.to_vec())
        }
        other => print::to_text(meter, other),
    }
}

/// Converts to a list of texts; nil elements are left out.
pub(super) fn to_texts(meter: &mut Meter, value: &Value) -> Result<Vec<Vec<u8>>, Failure> {
    /// A vector, and what the allocator adds to a short one.
    const TEXT: usize = size_of::<Vec<u8>>() + 32;
    match value {
        Value::Missing | Value::Nil => Ok(Vec::new()),
        Value::List(list) => {
            meter.borrow(list.items.len() * TEXT)?;
            list.items.iter().filter(|item| !item.is_nil()).map(|item| to_text(meter, item)).collect()
        }
        other => Ok(vec![to_text(meter, other)?]),
    }
}

/// Returns the list that `value` must be. `action` completes "cannot".
pub(super) fn list<'v>(value: &'v Value, action: &str) -> Result<&'v List, Failure> {
    match value {
        Value::List(list) => Ok(list),
        Value::Missing | Value::Nil => Err(Failure::new("invalid memory address or nil pointer dereference")),
        other => Err(Failure::new(format!("cannot {action} type {}", other.kind_name()))),
    }
}

/// Sprig's notion of empty.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.is_true()
}
