//! Sprig's functions on maps. Where Go walks a map in random order, this walks
//! it in order of keys.

use std::collections::BTreeMap;

use super::convert::{is_empty, to_text};
use super::equality::deep_copy;
use crate::failure::{Exhausted, Failure};
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::value::{ListKind, Map, MapKind, Text, Value};

const MAP: &[Kind] = &[Kind::Map];
const MAP_AND_KEY: &[Kind] = &[Kind::Map, Kind::Text];

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("deepCopy", &[Kind::Any], copy),
    Function::new("dict", &[], dict).and(Kind::Any),
    Function::new("dig", &[], dig).and(Kind::Any),
    Function::new("get", MAP_AND_KEY, |_, args| {
        Ok(args.map(0).and_then(|map| map.get(args.text(1))).unwrap_or_else(|| Value::text("")))
    }),
    Function::new("hasKey", MAP_AND_KEY, |_, args| {
        Ok(Value::Bool(args.map(0).is_some_and(|map| map.entries.borrow().contains_key(args.text(1)))))
    }),
    Function::new("keys", &[], keys).and(Kind::Map),
    Function::new("merge", MAP, |scope, args| merge(scope, args, false)).and(Kind::Map),
    Function::new("mergeOverwrite", MAP, |scope, args| merge(scope, args, true)).and(Kind::Map),
    Function::new("mustDeepCopy", &[Kind::Any], copy),
    Function::new("mustMerge", MAP, |scope, args| merge(scope, args, false)).and(Kind::Map),
    Function::new("mustMergeOverwrite", MAP, |scope, args| merge(scope, args, true)).and(Kind::Map),
    Function::new("omit", MAP, omit).and(Kind::Text),
    Function::new("pick", MAP, pick).and(Kind::Text),
    Function::new("pluck", &[Kind::Text], pluck).and(Kind::Map),
    Function::new("set", &[Kind::Map, Kind::Text, Kind::Any], set),
    Function::new("unset", MAP_AND_KEY, unset),
    Function::new("values", MAP, values),
];

fn copy(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    if args.value(0).is_nil() {
        return Err(Failure::new("cannot copy nil"));
    }
    deep_copy(scope, args.value(0))
}

fn dict(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut entries = BTreeMap::new();
    for pair in args.from(0).chunks(2) {
        let key = match &pair[0] {
            Value::Text(text) => Text::clone(text),
            other => Text::from(to_text(&mut scope.meter, other)?),
        };
        entries.insert(key, pair.get(1).cloned().unwrap_or_else(|| Value::text("")));
    }
    Ok(Value::Map(scope.map(MapKind::Any, entries)?))
}

fn dig(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let [keys @ .., default, last] = args.from(0) else {
        return Err(Failure::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Failure::new("dig needs at least three arguments"));
    }
    if let Some(key) = keys.iter().find(|key| key.as_text().is_none()) {
        return Err(Failure::new(format!("interface conversion: {} is not string", key.type_name())));
    }
    let mut value = last.clone();
    for key in keys.iter().filter_map(Value::as_text) {
        let Value::Map(map) = &value else { return Err(not_a_map(&value)) };
        if map.kind != MapKind::Any {
            return Err(not_a_map(&value));
        }
        match map.get(key) {
            Some(found) => value = found,
            None => return Ok(default.clone()),
        }
    }
    Ok(value)
}

fn not_a_map(value: &Value) -> Failure {
    Failure::new(format!("interface conversion: {} is not map[string]interface {{}}", value.type_name()))
}

/// Returns the maps, none of them nil, among the arguments from `at` on.
fn maps<'a>(args: &Args<'a>, at: usize) -> impl Iterator<Item = &'a Map> {
    args.from(at).iter().filter_map(|value| match value {
        Value::Map(map) if !map.null => Some(map),
        _ => None,
    })
}

fn keys(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut items = Vec::new();
    for map in maps(args, 0) {
        scope.meter.allocate(map.len() * size_of::<Value>())?;
        items.extend(map.entries.borrow().keys().cloned().map(Value::Text));
    }
    scope.list(ListKind::Text, items)
}

fn values(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = args.map(0).map(|map| map.entries.borrow().values().cloned().collect());
    scope.list(ListKind::Any, items.unwrap_or_default())
}

fn pluck(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut items = Vec::new();
    for map in maps(args, 1) {
        scope.meter.step(args.text(0).len() as u64 / 64)?;
        items.extend(map.get(args.text(0)));
    }
    scope.list(ListKind::Any, items)
}

fn pick(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut entries = BTreeMap::new();
    if let Some(map) = args.map(0) {
        for (at, _) in args.from(1).iter().enumerate() {
            let key = args.shared_text(at + 1);
            if let Some(value) = map.get(&key) {
                entries.insert(key, value);
            }
        }
    }
    Ok(Value::Map(scope.map(MapKind::Any, entries)?))
}

fn omit(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut entries = match args.map(0) {
        Some(map) => {
            scope.meter.allocate(map.len() * 2 * size_of::<Value>())?;
            map.entries.borrow().clone()
        }
        None => BTreeMap::new(),
    };
    for key in args.from(1).iter().filter_map(Value::as_text) {
        entries.remove(key);
    }
    Ok(Value::Map(scope.map(MapKind::Any, entries)?))
}

fn set(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let Some(map) = args.map(0) else { return Err(Failure::new("assignment to entry in nil map")) };
    scope.insert(map, args.shared_text(1), args.value(2).clone())?;
    Ok(args.value(0).clone())
}

fn unset(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let Some(map) = args.map(0) else { return Ok(Scope::null_map()) };
    map.entries.borrow_mut().remove(args.text(1));
    Ok(args.value(0).clone())
}

fn merge(scope: &mut Scope<'_>, args: &Args<'_>, overwrites: bool) -> Done {
    let target = match args.map(0) {
        Some(map) => Map::clone(map),
        None if maps(args, 1).next().is_none() => return Ok(Scope::null_map()),
        None => scope.map(MapKind::Any, BTreeMap::new())?,
    };
    let levels = scope.meter.limits().nesting;
    for source in maps(args, 1) {
        merge_into(scope, &target, source, overwrites, levels)?;
    }
    Ok(Value::Map(target))
}

/// Merges `source` into `target`: maps merge by their entries, anything else
/// goes where the target has nothing but an empty value, or everywhere.
fn merge_into(
    scope: &mut Scope<'_>,
    target: &Map,
    source: &Map,
    overwrites: bool,
    levels: u32,
) -> Result<(), Failure> {
    let Some(levels) = levels.checked_sub(1) else { return Err(Failure::Budget(Exhausted::Depth)) };
    scope.meter.allocate(source.len() * 2 * size_of::<Value>())?;
    let entries: Vec<_> = source.entries.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    for (key, value) in entries {
        scope.meter.step(1)?;
        let present = target.get(&key);
        let filled = present.as_ref().is_some_and(|value| !is_empty(value));
        match (&present, &value) {
            (_, value) if value.is_nil() => {
                if overwrites {
                    scope.insert(target, key, Value::Nil)?;
                }
                continue;
            }
            (Some(Value::Map(inner)), Value::Map(more)) => {
                merge_into(scope, inner, more, overwrites, levels)?;
                if !inner.is_empty() {
                    continue;
                }
            }
            (Some(_), Value::List(_)) if filled && !overwrites => continue,
            _ => {}
        }
        if overwrites || !filled {
            scope.insert(target, key, value)?;
        }
    }
    Ok(())
}
