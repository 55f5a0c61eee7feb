//! Deep equality and copies (`reflect.DeepEqual`, `copystructure`).

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::budget::Meter;
use crate::failure::{Exhausted, Failure};
use crate::scope::Scope;
use crate::value::{List, Text, Value};

/// Compares types and contents.
pub(super) fn deep_equal(meter: &mut Meter, left: &Value, right: &Value) -> Result<bool, Failure> {
    let levels = meter.limits().nesting;
    equal_within(meter, left, right, levels)
}

fn equal_within(meter: &mut Meter, left: &Value, right: &Value, levels: u32) -> Result<bool, Failure> {
    meter.step(1)?;
    let Some(levels) = levels.checked_sub(1) else { return Err(Failure::Budget(Exhausted::Depth)) };
    Ok(match (left, right) {
        (left, right) if left.is_nil() && right.is_nil() => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left, kind), Value::Int(right, other)) => left == right && kind == other,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::Text(left), Value::Text(right)) => {
            meter.step(left.len() as u64 / 256)?;
            left == right
        }
        (Value::List(left), Value::List(right)) => {
            if Rc::ptr_eq(left, right) {
                return Ok(true);
            }
            left.kind == right.kind
                && left.null == right.null
                && left.items.len() == right.items.len()
                && all_equal(meter, left.items.iter().zip(&right.items), levels)?
        }
        (Value::Map(left), Value::Map(right)) => {
            if Rc::ptr_eq(left, right) {
                return Ok(true);
            }
            let (a, b) = (left.entries.borrow(), right.entries.borrow());
            left.kind == right.kind
                && left.null == right.null
                && a.len() == b.len()
                && same_keys(meter, a.keys().zip(b.keys()))?
                && all_equal(meter, a.values().zip(b.values()), levels)?
        }
        (Value::Time(left), Value::Time(right)) => {
            left.seconds == right.seconds
                && left.nanoseconds == right.nanoseconds
                && left.offset() == right.offset()
        }
        (Value::Version(left), Value::Version(right)) => {
            meter.step(left.size() as u64 / 64)?;
            left == right
        }
        (Value::Record(left), Value::Record(right)) => {
            let pairs = left.fields.iter().zip(&right.fields);
            left.type_name == right.type_name
                && all_equal(meter, pairs.map(|((_, left), (_, right))| (left, right)), levels)?
        }
        _ => false,
    })
}

fn same_keys<'v>(
    meter: &mut Meter,
    pairs: impl Iterator<Item = (&'v Text, &'v Text)>,
) -> Result<bool, Failure> {
    for (left, right) in pairs {
        meter.step(1 + left.len() as u64 / 64)?;
        if left != right {
            return Ok(false);
        }
    }
    Ok(true)
}

fn all_equal<'v>(
    meter: &mut Meter,
    pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    levels: u32,
) -> Result<bool, Failure> {
    for (left, right) in pairs {
        if !equal_within(meter, left, right, levels)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies maps and lists; everything else is never changed and is shared.
pub(super) fn deep_copy(scope: &mut Scope<'_>, value: &Value) -> Result<Value, Failure> {
    let levels = scope.meter.limits().nesting;
    copy_within(scope, value, levels)
}

fn copy_within(scope: &mut Scope<'_>, value: &Value, levels: u32) -> Result<Value, Failure> {
    scope.meter.step(1)?;
    let Some(levels) = levels.checked_sub(1) else { return Err(Failure::Budget(Exhausted::Depth)) };
    match value {
        Value::List(list) if list.null => Ok(value.clone()),
        Value::List(list) => {
            let List { kind, items, .. } = &**list;
            let items =
                items.iter().map(|item| copy_within(scope, item, levels)).collect::<Result<_, _>>()?;
            scope.list(*kind, items)
        }
        Value::Map(map) if map.null => Ok(value.clone()),
        Value::Map(map) => {
            let mut entries = BTreeMap::new();
            for (key, item) in map.entries.borrow().iter() {
                entries.insert(key.clone(), copy_within(scope, item, levels)?);
            }
            Ok(Value::Map(scope.map(map.kind, entries)?))
        }
        other => Ok(other.clone()),
    }
}
