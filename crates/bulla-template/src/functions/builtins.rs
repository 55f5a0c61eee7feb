//! The functions of the language itself, but for comparison and escaping.

use super::convert;
use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind};
use crate::scope::Scope;
use crate::text::{format, print};
use crate::value::{IntKind, List, Value};

const fn language(name: &'static str, takes: &'static [Kind], run: crate::registry::Run) -> Function {
    Function::new(name, takes, run).at(Home::Language)
}

pub(super) const FUNCTIONS: &[Function] = &[
    language("and", &[Kind::Raw], unreachable_call).and(Kind::Raw),
    language("call", &[Kind::Raw], call).and(Kind::Raw),
    language("index", &[Kind::Raw], index).and(Kind::Raw),
    language("len", &[Kind::Raw], len),
    language("not", &[Kind::Raw], not),
    language("or", &[Kind::Raw], unreachable_call).and(Kind::Raw),
    language("print", &[], print_all).and(Kind::Any),
    language("printf", &[Kind::Text], printf).and(Kind::Any),
    language("println", &[], println).and(Kind::Any),
];

/// The engine evaluates `and` and `or` itself, because they stop early.
fn unreachable_call(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    Ok(args.value(args.len().saturating_sub(1)).clone())
}

fn call(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    match args.value(0) {
        Value::Missing | Value::Nil => Err(Failure::new("call of nil")),
        // Data holds no functions.
        other => Err(Failure::new(format!("non-function of type {}", other.type_name()))),
    }
}

fn index(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let mut item = args.value(0).clone();
    if item.is_nil() {
        return Err(Failure::new("index of untyped nil"));
    }
    for key in args.from(1) {
        item = match &item {
            Value::Missing | Value::Nil => return Err(Failure::new("index of nil pointer")),
            Value::Text(text) => {
                let at = offset(key, text.len())?;
                let byte = text.get(at).ok_or_else(|| Failure::new("index out of range"))?;
                Value::Int(i64::from(*byte), IntKind::Uint8)
            }
            Value::List(list) => {
                let at = offset(key, list.items.len())?;
                list.items.get(at).cloned().ok_or_else(|| Failure::new("index out of range"))?
            }
            Value::Map(map) => match key {
                Value::Text(key) => map.get(key).unwrap_or_else(|| map.zero()),
                Value::Missing | Value::Nil => {
                    return Err(Failure::new("value is nil; should be of type string"));
                }
                other => {
                    let what = format!("value has type {}; should be string", other.type_name());
                    return Err(Failure::new(what));
                }
            },
            other => return Err(Failure::new(format!("can't index item of type {}", other.type_name()))),
        };
    }
    Ok(item)
}

/// Checks an index against the length of what it indexes.
fn offset(key: &Value, length: usize) -> Result<usize, Failure> {
    match key {
        Value::Int(number, _) => usize::try_from(*number)
            .ok()
            .filter(|at| *at <= length)
            .ok_or_else(|| Failure::new("index out of range")),
        Value::Missing | Value::Nil => Err(Failure::new("cannot index slice/array with nil")),
        other => Err(Failure::new(format!("cannot index slice/array with type {}", other.type_name()))),
    }
}

fn len(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let length = match args.value(0) {
        Value::Text(text) => text.len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.len(),
        Value::Missing | Value::Nil => return Err(Failure::new("len of nil pointer")),
        other => return Err(Failure::new(format!("len of type {}", other.type_name()))),
    };
    Ok(Value::int(length as i64))
}

fn not(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    Ok(Value::Bool(!args.value(0).is_true()))
}

fn print_all(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let text = print::sprint(&mut scope.meter, args.from(0))?;
    scope.text(text)
}

fn printf(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let text = format::sprintf(&mut scope.meter, args.text(0), args.from(1))?;
    scope.text(text)
}

fn println(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let mut out = Vec::new();
    for (index, value) in args.from(0).iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend(convert::to_text(&mut scope.meter, value)?);
    }
    out.push(b'\n');
    scope.text(out)
}

/// Makes a list of some elements of another.
pub(super) fn part(scope: &mut Scope<'_>, list: &List, from: usize, to: usize) -> Result<Value, Failure> {
    scope.list(list.kind, list.items.get(from..to).unwrap_or(&[]).to_vec())
}
