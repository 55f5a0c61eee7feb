//! Whether a value meets the condition of a query.

use std::cmp::Ordering;

use super::path::Query;
use super::value::{Found, Kind};
use super::{Budget, Error, glob, number};

/// Compares `value` with the query's value by its own kind. A value of the
/// query that starts with `~` compares truth, that of a missing value too.
pub(super) fn matches(budget: &mut Budget, query: &Query, value: &Found<'_>) -> Result<bool, Error> {
    let truth;
    let (value, wanted) = match query.value.strip_prefix(b"~") {
        Some(wanted) => {
            truth = Found::boolean(value.truth());
            (&truth, wanted)
        }
        None => (value, query.value.as_slice()),
    };
    if !value.exists() {
        return Ok(false);
    }
    let operator = query.operator.as_slice();
    if operator.is_empty() {
        return Ok(true);
    }
    Ok(match value.kind {
        Kind::String => match operator {
            b"%" => glob::matches(budget, &value.content(), wanted)?,
            b"!%" => !glob::matches(budget, &value.content(), wanted)?,
            _ => compares(operator, Some(value.content().as_ref().cmp(wanted))),
        },
        Kind::Number => compares(operator, value.number().partial_cmp(&number::parse(wanted))),
        Kind::True => match operator {
            b"=" => wanted == b"true",
            b"!=" => wanted != b"true",
            b">" => wanted == b"false",
            other => other == b">=",
        },
        Kind::False => match operator {
            b"=" => wanted == b"false",
            b"!=" => wanted != b"false",
            b"<" => wanted == b"true",
            other => other == b"<=",
        },
        Kind::Json | Kind::Null => false,
    })
}

fn compares(operator: &[u8], order: Option<Ordering>) -> bool {
    match operator {
        b"=" => order == Some(Ordering::Equal),
        b"!=" => order != Some(Ordering::Equal),
        b"<" => order == Some(Ordering::Less),
        b"<=" => order.is_some_and(Ordering::is_le),
        b">" => order == Some(Ordering::Greater),
        b">=" => order.is_some_and(Ordering::is_ge),
        _ => false,
    }
}
