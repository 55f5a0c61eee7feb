//! Regular expressions. Without `must`, most of these fail all the same.

use std::rc::Rc;

use bulla_regexp::{Regexp, Span, quote_meta};

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::{Expression, Scope};
use crate::value::{ListKind, Text, Value};

const PAIR: &[Kind] = &[Kind::Text, Kind::Text];
const COUNTED: &[Kind] = &[Kind::Text, Kind::Text, Kind::Int];
const REPLACE: &[Kind] = &[Kind::Text, Kind::Text, Kind::Text];

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("mustRegexFind", PAIR, find),
    Function::new("mustRegexFindAll", COUNTED, find_all),
    Function::new("mustRegexMatch", PAIR, must_match),
    Function::new("mustRegexReplaceAll", REPLACE, replace_all),
    Function::new("mustRegexReplaceAllLiteral", REPLACE, replace_all_literal),
    Function::new("mustRegexSplit", COUNTED, split),
    Function::new("regexFind", PAIR, find),
    Function::new("regexFindAll", COUNTED, find_all),
    Function::new("regexMatch", PAIR, matches),
    Function::new("regexQuoteMeta", &[Kind::Text], |scope, args| {
        scope.meter.borrow(args.text(0).len() * 2)?;
        scope.text(quote_meta(args.text(0)))
    }),
    Function::new("regexReplaceAll", REPLACE, replace_all),
    Function::new("regexReplaceAllLiteral", REPLACE, replace_all_literal),
    Function::new("regexSplit", COUNTED, split),
];

/// The steps of a search that reads so many bytes.
fn work(expression: &Expression, bytes: usize) -> u64 {
    (bytes as u64).saturating_mul(expression.size.states as u64) / 256
}

/// Compiles the pattern, the first argument, and charges for the search
/// through the second.
fn prepare<'a>(scope: &mut Scope<'_>, args: &Args<'a>) -> Result<(Rc<Expression>, &'a [u8]), Failure> {
    let (pattern, text) = (args.text(0), args.text(1));
    let Some(expression) = scope.expression(pattern)? else {
        return Err(Failure::new("error parsing regexp"));
    };
    scope.meter.step(1 + work(&expression, text.len()))?;
    scope.meter.borrow(Regexp::decoded_size(text))?;
    Ok((expression, text))
}

fn matches(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    if scope.expression(args.text(0))?.is_none() {
        return Ok(Value::Bool(false));
    }
    must_match(scope, args)
}

fn must_match(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    Ok(Value::Bool(expression.regexp.is_match(text)))
}

fn find(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    let found = expression.regexp.find_index(text).map_or(&[][..], |span| &text[span.start..span.end]);
    scope.text(found)
}

/// Finds all matches, at most so many unless `limit` is negative, or fails
/// where their places do not fit into the memory left.
fn all(
    scope: &mut Scope<'_>,
    expression: &Expression,
    text: &[u8],
    limit: i64,
) -> Result<Vec<Span>, Failure> {
    /// A place, twice because vectors grow by doubling.
    const PLACE: usize = 2 * size_of::<Span>();
    scope.meter.step(text.len() as u64 / 8)?;
    // Each search may read on behind its match, as much as the first one.
    let search = 1 + work(expression, expression.size.reach(text.len()));
    let payable = usize::try_from(scope.meter.left() / search).unwrap_or(usize::MAX);
    let fitting = scope.meter.room() / PLACE;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let spans = expression.regexp.find_all(text, Some(limit.min(fitting.min(payable) + 1)));
    scope.meter.borrow(spans.len() * PLACE)?;
    scope.meter.step((spans.len() as u64).saturating_mul(search))?;
    Ok(spans)
}

fn find_all(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    let spans = all(scope, &expression, text, args.int(2))?;
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
    // The pieces are as many as the matches, which must fit.
    all(scope, &expression, text, args.int(2))?;
    let spans = expression.regexp.split(text, usize::try_from(args.int(2)).ok());
    scope.texts(spans.iter().map(|span| &text[span.start..span.end]))
}

/// Charges for a replacement at every match before it is made.
fn charge_replacement(
    scope: &mut Scope<'_>,
    expression: &Expression,
    text: &[u8],
    new: &[u8],
    references: usize,
) -> Result<(), Failure> {
    let spans = all(scope, expression, text, -1)?;
    // Each reference may repeat the whole match.
    let matched: usize = spans.iter().map(|span| span.end - span.start).sum();
    let written = new.len().saturating_mul(spans.len()).saturating_add(references.saturating_mul(matched));
    if references > 0 {
        // The places of all groups, and finding each in the text of the reference.
        let groups = expression.size.groups as u64;
        scope.meter.step((spans.len() as u64).saturating_mul(groups * (1 + references as u64) / 16))?;
    }
    scope.meter.allocate(written.saturating_add(text.len() + Text::OVERHEAD))
}

fn replace_all(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let references = memchr::memchr_iter(b'$', args.text(2)).count();
    if references == 0 {
        return replace_all_literal(scope, args);
    }
    let (expression, text) = prepare(scope, args)?;
    charge_replacement(scope, &expression, text, args.text(2), references)?;
    Ok(Value::text(expression.regexp.replace_all(text, args.text(2))))
}

fn replace_all_literal(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (expression, text) = prepare(scope, args)?;
    charge_replacement(scope, &expression, text, args.text(2), 0)?;
    Ok(Value::text(expression.regexp.replace_all_literal(text, args.text(2))))
}
