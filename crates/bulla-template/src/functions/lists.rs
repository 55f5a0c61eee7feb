//! Sprig's functions on lists. Those without and with `must` differ only in
//! how Go reports a failure.

use super::builtins::part;
use super::convert::{is_empty, list, to_int, to_text, to_texts};
use super::equality::deep_equal;
use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind, Library, Run};
use crate::scope::Scope;
use crate::value::{ListKind, Value};

const ANY: &[Kind] = &[Kind::Any];
const PAIR: &[Kind] = &[Kind::Any, Kind::Any];
const SEALED: Home = Home::Only(Library::SealedSecrets);

type Done = Result<Value, Failure>;

const fn plain(name: &'static str, run: Run) -> Function {
    Function::new(name, ANY, run)
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("append", PAIR, append),
    Function::new("chunk", &[Kind::Int, Kind::Any], chunk),
    plain("compact", compact),
    Function::new("concat", &[], concat).and(Kind::Any),
    plain("first", first),
    Function::new("has", PAIR, has),
    plain("initial", initial),
    plain("last", last),
    Function::new("list", &[], make).and(Kind::Any),
    Function::new("mustAppend", PAIR, append),
    Function::new("mustChunk", &[Kind::Int, Kind::Any], chunk),
    plain("mustCompact", compact),
    plain("mustFirst", first),
    Function::new("mustHas", PAIR, has),
    plain("mustInitial", initial),
    plain("mustLast", last),
    Function::new("mustPrepend", PAIR, prepend),
    Function::new("mustPush", PAIR, append).at(SEALED),
    plain("mustRest", rest),
    plain("mustReverse", reverse),
    Function::new("mustSlice", ANY, slice).and(Kind::Any),
    plain("mustUniq", uniq),
    Function::new("mustWithout", ANY, without).and(Kind::Any),
    Function::new("prepend", PAIR, prepend),
    Function::new("push", PAIR, append).at(SEALED),
    plain("rest", rest),
    plain("reverse", reverse),
    Function::new("slice", ANY, slice).and(Kind::Any),
    plain("sortAlpha", sort_alpha),
    Function::new("tuple", &[], make).and(Kind::Any),
    plain("uniq", uniq),
    Function::new("without", ANY, without).and(Kind::Any),
];

fn make(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    scope.list(ListKind::Any, args.from(0).to_vec())
}

fn append(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = &list(args.value(0), "push on")?.items;
    scope.meter.allocate(size_of_val(items.as_slice()))?;
    let items = items.iter().chain([args.value(1)]).cloned().collect();
    scope.list(ListKind::Any, items)
}

fn prepend(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = &list(args.value(0), "prepend on")?.items;
    scope.meter.allocate(size_of_val(items.as_slice()))?;
    let items = [args.value(1)].into_iter().chain(items).cloned().collect();
    scope.list(ListKind::Any, items)
}

fn chunk(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = &list(args.value(1), "chunk")?.items;
    if items.len() > 1 && args.int(0) <= 1 - items.len() as i64 {
        // The number of chunks comes out as zero.
        return scope.list(ListKind::Lists, Vec::new());
    }
    let Some(size) = usize::try_from(args.int(0)).ok().filter(|size| *size > 0) else {
        return Err(Failure::new("makeslice: len out of range"));
    };
    let mut chunks = Vec::new();
    for items in items.chunks(size) {
        chunks.push(scope.list(ListKind::Any, items.to_vec())?);
    }
    scope.list(ListKind::Lists, chunks)
}

fn concat(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut items = Vec::new();
    for value in args.from(0) {
        let more = &list(value, "concat")?.items;
        scope.meter.allocate(size_of_val(more.as_slice()))?;
        items.extend_from_slice(more);
    }
    if items.is_empty() {
        return Ok(Scope::null_list(ListKind::Any));
    }
    scope.list(ListKind::Any, items)
}

fn first(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    Ok(list(args.value(0), "find first on")?.items.first().cloned().unwrap_or(Value::Nil))
}

fn last(_: &mut Scope<'_>, args: &Args<'_>) -> Done {
    Ok(list(args.value(0), "find last on")?.items.last().cloned().unwrap_or(Value::Nil))
}

fn rest(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    match list(args.value(0), "find rest on")?.items.split_first() {
        Some((_, items)) => scope.list(ListKind::Any, items.to_vec()),
        None => Ok(Scope::null_list(ListKind::Any)),
    }
}

fn initial(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    match list(args.value(0), "find initial on")?.items.split_last() {
        Some((_, items)) => scope.list(ListKind::Any, items.to_vec()),
        None => Ok(Scope::null_list(ListKind::Any)),
    }
}

fn reverse(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = list(args.value(0), "find reverse on")?.items.iter().rev().cloned().collect();
    scope.list(ListKind::Any, items)
}

fn compact(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = &list(args.value(0), "compact on")?.items;
    scope.meter.step(items.len() as u64 / 16)?;
    scope.list(ListKind::Any, items.iter().filter(|item| !is_empty(item)).cloned().collect())
}

/// Returns whether `needle` is among `items`.
fn contains(scope: &mut Scope<'_>, items: &[Value], needle: &Value) -> Result<bool, Failure> {
    for item in items {
        if deep_equal(&mut scope.meter, needle, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut kept: Vec<Value> = Vec::new();
    for item in &list(args.value(0), "find uniq on")?.items {
        if !contains(scope, &kept, item)? {
            kept.push(item.clone());
        }
    }
    scope.list(ListKind::Any, kept)
}

fn without(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut kept = Vec::new();
    for item in &list(args.value(0), "find without on")?.items {
        if !contains(scope, args.from(1), item)? {
            kept.push(item.clone());
        }
    }
    scope.list(ListKind::Any, kept)
}

fn has(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    if args.value(1).is_nil() {
        return Ok(Value::Bool(false));
    }
    let items = &list(args.value(1), "find has on")?.items;
    Ok(Value::Bool(contains(scope, items, args.value(0))?))
}

fn slice(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let list = match args.value(0) {
        Value::List(list) => list,
        Value::Missing | Value::Nil => return list(args.value(0), "slice").map(|_| Value::Nil),
        other => {
            let what = format!("list should be type of slice or array but {}", other.kind_name());
            return Err(Failure::new(what));
        }
    };
    if list.items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |at: usize, otherwise: usize| match args.0.get(at) {
        Some(value) => usize::try_from(to_int(value)).ok(),
        None => Some(otherwise),
    };
    let length = list.items.len();
    match (bound(1, 0), bound(2, length)) {
        (Some(from), Some(to)) if from <= to && to <= length => part(scope, list, from, to),
        _ => Err(Failure::new("slice bounds out of range")),
    }
}

fn sort_alpha(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut texts = match args.value(0) {
        // The very slice is sorted and given back, a nil one as well.
        Value::List(list) if list.null && list.kind == ListKind::Text => {
            return Ok(Scope::null_list(ListKind::Text));
        }
        value @ Value::List(_) => to_texts(&mut scope.meter, value)?,
        other => vec![to_text(&mut scope.meter, other)?],
    };
    scope.meter.step(texts.len() as u64)?;
    texts.sort();
    scope.texts(texts)
}
