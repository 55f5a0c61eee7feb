//! Regular expressions. Without `must`, most of these fail all the same.

use std::rc::Rc;

use bulla_regexp::{Regexp, quote_meta};

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::{Scope, weight};
use crate::value::{ListKind, Text, Value};

const PAIR: &[Kind] = &[Kind::Text, Kind::Text];
const COUNTED: &[Kind] = &[Kind::Text, Kind::Text, Kind::Int];
const REPLACE: &[Kind] = &[Kind::Text, Kind::Text, Kind::Text];

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("mustRegexFind", PAIR, find),
    Function::new("mustRegexFindAll", COUNTED, find_all),
    Function::new("mustRegexMatch", PAIR, |scope, args| {
        let (expression, text) = prepare(scope, args)?;
        Ok(Value::Bool(expression.is_match(text)))
    }),
    Function::new("mustRegexReplaceAll", REPLACE, replace_all),
    Function::new("mustRegexReplaceAllLiteral", REPLACE, replace_all_literal),
    Function::new("mustRegexSplit", COUNTED, split),
    Function::new("regexFind", PAIR, find),
    Function::new("regexFindAll", COUNTED, find_all),
    Function::new("regexMatch", PAIR, matches),
    Function::new("regexQuoteMeta", &[Kind::Text], |scope, args| {
        scope.meter.allocate(args.text(0).len())?;
        scope.text(quote_meta(args.text(0)))
    }),
    Function::new("regexReplaceAll", REPLACE, replace_all),
    Function::new("regexReplaceAllLiteral", REPLACE, replace_all_literal),
    Function::new("regexSplit", COUNTED, split),
];

/// Compiles the pattern, the first argument, and charges for the search
/// through the second.
fn prepare<'a>(scope: &mut Scope<'_>, args: &Args<'a>) -> Result<(Rc<Regexp>, &'a [u8]), Failure> {
    let (pattern, text) = (args.text(0), args.text(1));
    let Some(expression) = scope.expression(pattern)? else {
        return Err(Failure::new("error parsing regexp"));
    };
    scope.meter.step(1 + text.len() as u64 * weight(pattern) / 256)?;
    Ok((expression, text))
}

fn matches(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    if scope.expression(args.text(0))?.is_none() {
        return Ok(Value::Bool(false));
    }
    let (expression, text) = prepare(scope, args)?;
    Ok(Value::Bool(expression.is_match(text)))
}

fn find(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    let found = expression.find_index(text).map_or(&[][..], |span| &text[span.start..span.end]);
    scope.text(found)
}

fn limit(count: i64) -> Option<usize> {
    usize::try_from(count).ok()
}

fn find_all(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    charge_all(scope, text)?;
    let spans = expression.find_all(text, limit(args.int(2)));
    if spans.is_empty() {
        return Ok(Scope::null_list(ListKind::Text));
    }
    scope.texts(spans.iter().map(|span| &text[span.start..span.end]))
}

fn split(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    if args.int(2) == 0 {
        return Ok(Scope::null_list(ListKind::Text));
    }
    charge_all(scope, text)?;
    let spans = expression.split(text, limit(args.int(2)));
    scope.texts(spans.iter().map(|span| &text[span.start..span.end]))
}

/// Charges for as many matches as there are places.
fn charge_all(scope: &mut Scope<'_>, text: &[u8]) -> Result<(), Failure> {
    scope.meter.step(text.len() as u64 / 8)?;
    scope.meter.allocate(text.len().min(1 << 16) * size_of::<Value>())
}

/// Charges for a replacement at every match before it is made.
fn charge_replacement(
    scope: &mut Scope<'_>,
    expression: &Regexp,
    text: &[u8],
    new: &[u8],
) -> Result<(), Failure> {
    charge_all(scope, text)?;
    // Each reference of a template may repeat the whole match.
    let references = memchr::memchr_iter(b'$', new).count();
    let most = (new.len() + references).saturating_mul(text.len() + 1);
    if most <= 4096 {
        return scope.meter.allocate(most + text.len());
    }
    let spans = expression.find_all(text, None);
    let matched: usize = spans.iter().map(|span| span.end - span.start).sum();
    let written = new.len().saturating_mul(spans.len()) + references.saturating_mul(matched);
    scope.meter.allocate(written.saturating_add(text.len()))
}

fn replace_all(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    charge_replacement(scope, &expression, text, args.text(2))?;
    Ok(Value::Text(Text::from(expression.replace_all(text, args.text(2)))))
}

fn replace_all_literal(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    charge_replacement(scope, &expression, text, args.text(2))?;
    Ok(Value::Text(Text::from(expression.replace_all_literal(text, args.text(2)))))
}
