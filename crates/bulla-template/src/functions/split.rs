//! Splitting strings into maps and lists.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::runes;
use crate::value::{MapKind, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("split", &[Kind::Text, Kind::Text], |scope, args| {
        let parts = pieces(scope, args.text(1), args.text(0), -1)?;
        numbered(scope, &parts)
    }),
    Function::new("splitList", &[Kind::Text, Kind::Text], |scope, args| {
        let parts = pieces(scope, args.text(1), args.text(0), -1)?;
        scope.texts(parts)
    }),
    Function::new("splitn", &[Kind::Text, Kind::Int, Kind::Text], splitn),
];

fn splitn(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let parts = pieces(scope, args.text(2), args.text(0), args.int(1))?;
    numbered(scope, &parts)
}

/// Splits into at most `limit` pieces, without limit where it is negative; an
/// empty separator splits into runes.
fn pieces<'t>(
    scope: &mut Scope<'_>,
    text: &'t [u8],
    separator: &[u8],
    limit: i64,
) -> Result<Vec<&'t [u8]>, Failure> {
    let limit = if limit < 0 { usize::MAX } else { limit as usize };
    let mut parts = Vec::new();
    if limit == 0 {
        return Ok(parts);
    }
    scope.meter.step(text.len() as u64 / 16)?;
    let most = match separator {
        [] => text.len(),
        separator => 1 + memchr::memmem::find_iter(text, separator).count(),
    };
    scope.meter.allocate(most.min(limit).saturating_mul(size_of::<Value>()))?;
    if separator.is_empty() {
        let mut rest = text;
        while !rest.is_empty() && parts.len() + 1 < limit {
            let (_, width) = runes::decode(rest);
            let (first, after) = rest.split_at(width);
            parts.push(first);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(rest);
        }
        return Ok(parts);
    }
    let mut last = 0;
    for at in memchr::memmem::find_iter(text, separator) {
        if parts.len() + 1 >= limit {
            break;
        }
        parts.push(&text[last..at]);
        last = at + separator.len();
    }
    parts.push(&text[last..]);
    Ok(parts)
}

/// Makes the map `_0`, `_1`, ... of the pieces.
fn numbered(scope: &mut Scope<'_>, parts: &[&[u8]]) -> Result<Value, Failure> {
    let map = scope.map(MapKind::Text, BTreeMap::new())?;
    for (index, part) in parts.iter().enumerate() {
        let part = scope.text(*part)?;
        scope.insert(&map, Text::from(format!("_{index}")), part)?;
    }
    Ok(Value::Map(map))
}
