//! Sprig's functions on strings that look at bytes and runes.

use super::convert;
use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::number::parse_int;
use crate::text::print::Printer;
use crate::text::quote::{longest, quote as quoted};
use crate::text::runes;
use crate::value::{ListKind, Text, Value};

const TEXT: &[Kind] = &[Kind::Text];
const TEXTS: &[Kind] = &[Kind::Text, Kind::Text];
const COUNT_AND_TEXT: &[Kind] = &[Kind::Int, Kind::Text];

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abbrev", COUNT_AND_TEXT, abbrev),
    Function::new("abbrevboth", &[Kind::Int, Kind::Int, Kind::Text], abbrevboth),
    Function::new("atoi", TEXT, |_, args| Ok(Value::int(parse_int(args.text(0), 10).unwrap_or(0)))),
    Function::new("cat", &[], cat).and(Kind::Any),
    Function::new("contains", TEXTS, |_, args| {
        Ok(Value::Bool(memchr::memmem::find(args.text(1), args.text(0)).is_some()))
    }),
    Function::new("hasPrefix", TEXTS, |_, args| Ok(Value::Bool(args.text(1).starts_with(args.text(0))))),
    Function::new("hasSuffix", TEXTS, |_, args| Ok(Value::Bool(args.text(1).ends_with(args.text(0))))),
    Function::new("hello", &[], |scope, _| scope.text("Hello!")),
    Function::new("indent", COUNT_AND_TEXT, |scope, args| indent(scope, args, b"")),
    Function::new("join", &[Kind::Text, Kind::Any], join),
    Function::new("nindent", COUNT_AND_TEXT, |scope, args| indent(scope, args, b"\n")),
    Function::new("plural", &[Kind::Text, Kind::Text, Kind::Int], |_, args| {
        Ok(args.value(usize::from(args.int(2) != 1)).clone())
    }),
    Function::new("quote", &[], quote).and(Kind::Any),
    Function::new("repeat", COUNT_AND_TEXT, repeat),
    Function::new("replace", &[Kind::Text, Kind::Text, Kind::Text], |scope, args| {
        let out = replaced(scope, args.text(2), args.text(0), args.text(1))?;
        Ok(Value::Text(Text::from(out)))
    }),
    Function::new("squote", &[], squote).and(Kind::Any),
    Function::new("substr", &[Kind::Int, Kind::Int, Kind::Text], substr),
    Function::new("toString", &[Kind::Any], |scope, args| {
        if let Value::Text(_) = args.value(0) {
            return Ok(args.value(0).clone());
        }
        let text = convert::to_text(&mut scope.meter, args.value(0))?;
        scope.text(text)
    }),
    Function::new("toStrings", &[Kind::Any], to_strings),
    Function::new("trim", TEXT, |scope, args| scope.text(runes::trim_space(args.text(0)))),
    Function::new("trimAll", TEXTS, trim_all),
    Function::new("trimPrefix", TEXTS, |scope, args| {
        scope.text(args.text(1).strip_prefix(args.text(0)).unwrap_or(args.text(1)))
    }),
    Function::new("trimSuffix", TEXTS, |scope, args| {
        scope.text(args.text(1).strip_suffix(args.text(0)).unwrap_or(args.text(1)))
    }),
    Function::new("trimall", TEXTS, trim_all),
    Function::new("trunc", COUNT_AND_TEXT, trunc),
];

fn abbrev(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let out = abbreviated(args.text(1), 0, args.int(0)).unwrap_or_default();
    if args.int(0) < 4 { Ok(args.value(1).clone()) } else { scope.text(out) }
}

fn abbrevboth(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (left, right) = (args.int(0), args.int(1));
    if right < 4 || left > 0 && right < 7 {
        return Ok(args.value(2).clone());
    }
    let out = abbreviated(args.text(2), left, right).unwrap_or_default();
    scope.text(out)
}

/// Shortens to `width` bytes with dots at one or both ends. `None`: the width
/// is too small for both.
fn abbreviated(text: &[u8], offset: i64, width: i64) -> Option<Vec<u8>> {
    const DOTS: &[u8] = b"...";
    let width = usize::try_from(width).ok().filter(|width| *width >= 4)?;
    if text.len() <= width {
        return Some(text.to_vec());
    }
    let mut offset = offset.min(text.len() as i64);
    // A huge negative offset wraps around in Go, too.
    if (text.len() as i64).wrapping_sub(offset) < width as i64 - 3 {
        offset = (text.len() + 3 - width) as i64;
    }
    if offset <= 4 {
        return Some([&text[..width - 3], DOTS].concat());
    }
    if width < 7 {
        return None;
    }
    let offset = offset as usize;
    if offset + width - 3 < text.len() {
        let inner = abbreviated(&text[offset..], 0, width as i64 - 3).unwrap_or_default();
        return Some([DOTS, &inner].concat());
    }
    Some([DOTS, &text[text.len() + 3 - width..]].concat())
}

fn cat(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut printer = Printer::new(&mut scope.meter);
    for (index, value) in args.from(0).iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            printer.write(b" ")?;
        }
        printer.value(value, 'v')?;
    }
    Ok(Value::Text(Text::from(printer.out)))
}

fn indent(scope: &mut Scope<'_>, args: &Args<'_>, before: &[u8]) -> Done {
    let text = args.text(1);
    let Ok(spaces) = usize::try_from(args.int(0)) else {
        return Err(Failure::new("negative repeat count"));
    };
    let lines = 1 + memchr::memchr_iter(b'\n', text).count();
    let added = spaces.saturating_mul(lines).saturating_add(before.len());
    scope.meter.allocate(added.saturating_add(text.len()))?;
    let pad = vec![b' '; spaces];
    let mut out = Vec::with_capacity(text.len() + added);
    out.extend_from_slice(before);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    Ok(Value::Text(Text::from(out)))
}

fn join(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let items = match args.value(1) {
        Value::List(list) => list.items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut printer = Printer::new(&mut scope.meter);
    for (index, value) in items.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            printer.write(args.text(0))?;
        }
        printer.value(value, 'v')?;
    }
    Ok(Value::text(printer.out))
}

fn quote(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut out = Vec::new();
    for (index, value) in args.from(0).iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        match value {
            Value::Text(text) => {
                scope.meter.allocate(longest(text))?;
                quoted(&mut out, text, false);
            }
            other => {
                let text = convert::to_text(&mut scope.meter, other)?;
                scope.meter.allocate(longest(&text))?;
                quoted(&mut out, &text, false);
            }
        }
    }
    Ok(Value::text(out))
}

fn squote(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let mut printer = Printer::new(&mut scope.meter);
    for (index, value) in args.from(0).iter().filter(|value| !value.is_nil()).enumerate() {
        printer.write(if index > 0 { b" '" } else { b"'" })?;
        printer.value(value, 'v')?;
        printer.write(b"'")?;
    }
    Ok(Value::Text(Text::from(printer.out)))
}

fn repeat(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let Ok(count) = usize::try_from(args.int(0)) else {
        return Err(Failure::new("negative repeat count"));
    };
    scope.meter.allocate(args.text(1).len().saturating_mul(count))?;
    Ok(Value::Text(Text::from(args.text(1).repeat(if args.text(1).is_empty() { 0 } else { count }))))
}

/// Replaces all of `old`; an empty one stands between all runes.
fn replaced(scope: &mut Scope<'_>, text: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    if old.is_empty() {
        let places = runes::count(text) + 1;
        scope.meter.allocate(new.len().saturating_mul(places).saturating_add(text.len()))?;
        for (at, _, width) in runes::runes(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(&text[at..at + width]);
        }
        out.extend_from_slice(new);
        return Ok(out);
    }
    scope.meter.allocate(text.len())?;
    let mut last = 0;
    for at in memchr::memmem::find_iter(text, old) {
        scope.meter.allocate(new.len())?;
        out.extend_from_slice(&text[last..at]);
        out.extend_from_slice(new);
        last = at + old.len();
    }
    out.extend_from_slice(&text[last..]);
    Ok(out)
}

fn substr(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (from, to, text) = (args.int(0), args.int(1), args.text(2));
    let bounds = if from < 0 {
        (0, usize::try_from(to).ok())
    } else if to < 0 || to > text.len() as i64 {
        (from as usize, Some(text.len()))
    } else {
        (from as usize, Some(to as usize))
    };
    match bounds.1.and_then(|end| text.get(bounds.0..end)) {
        Some(part) => scope.text(part),
        None => Err(Failure::new("slice bounds out of range")),
    }
}

fn to_strings(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    match args.value(0) {
        Value::List(list) if list.kind == ListKind::Text => Ok(args.value(0).clone()),
        other => {
            let texts = convert::to_texts(&mut scope.meter, other)?;
            scope.texts(texts)
        }
    }
}

fn trim_all(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let cut = args.text(0);
    scope.meter.step(((cut.len() as u64 + 1) * args.text(1).len() as u64) / 64)?;
    let fits = |rune| runes::runes(cut).any(|(_, other, _)| other == rune);
    scope.text(runes::trim_end(runes::trim_start(args.text(1), fits), fits))
}

fn trunc(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (count, text) = (args.int(0), args.text(1));
    let length = text.len() as i64;
    if count < 0 && length + count > 0 {
        return scope.text(&text[(length + count) as usize..]);
    }
    if count >= 0 && length > count {
        return scope.text(&text[..count as usize]);
    }
    Ok(args.value(1).clone())
}
