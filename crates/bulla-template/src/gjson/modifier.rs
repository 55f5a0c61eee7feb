//! Modifiers (`@name`, `@name:argument`) and literals (`!value`).

use std::borrow::Cow;
use std::collections::HashMap;

use super::text::{quote, trim, trim_unicode};
use super::value::Found;
use super::{Budget, Error, pretty, scan, valid};

type Made<'d> = Result<Cow<'d, [u8]>, Error>;

/// A modifier: makes a document of the document, with an argument.
pub(super) type Modifier = for<'d> fn(&mut Budget, &'d [u8], &[u8]) -> Made<'d>;

/// Finds a modifier by its name.
pub(super) fn by_name(name: &[u8]) -> Option<Modifier> {
    Some(match name {
        b"flatten" => flatten,
        b"fromstr" => |_, json, _| {
            Ok(if valid(json) {
                Cow::Owned(scan::parse(json).text().into_owned())
            } else {
                Cow::Borrowed(b"")
            })
        },
        b"group" => |budget, json, _| Ok(Cow::Owned(group(budget, json)?)),
        b"join" => |_, json, argument| Ok(join(json, argument)),
        b"keys" => |_, json, _| Ok(Cow::Owned(keys(json))),
        b"pretty" => pretty::modifier,
        b"reverse" => |_, json, _| Ok(reverse(json)),
        b"this" => |_, json, _| Ok(Cow::Borrowed(json)),
        b"tostr" => |_, json, _| {
            let mut out = Vec::with_capacity(json.len() + 2);
            quote(&mut out, json);
            Ok(Cow::Owned(out))
        },
        b"ugly" => |_, json, _| Ok(Cow::Owned(ugly(json))),
        b"valid" => |_, json, _| Ok(Cow::Borrowed(if valid(json) { json } else { b"" })),
        b"values" => |_, json, _| Ok(values(json)),
        _ => return None,
    })
}

/// The document that a modifier made, and the rest of the path.
type Run<'d, 'p> = (Cow<'d, [u8]>, &'p [u8]);

/// Runs the modifier or literal at the start of `path`: the document that it
/// makes and the rest of the path; `None` where it is neither.
pub(super) fn run<'d, 'p>(
    budget: &mut Budget,
    json: &'d [u8],
    path: &'p [u8],
) -> Result<Option<Run<'d, 'p>>, Error> {
    let Some((b'@', rest)) = path.split_first() else {
        return Ok(literal(path).map(|(made, rest)| (Cow::Owned(made.to_vec()), rest)));
    };
    let end = rest.iter().position(|byte| matches!(byte, b':' | b'|' | b'.')).unwrap_or(rest.len());
    let Some(modifier) = by_name(&rest[..end]) else { return Ok(None) };
    let (argument, rest) = match &rest[end..] {
        [b':', tail @ ..] => split_argument(tail),
        tail => (&b""[..], tail),
    };
    let made = modifier(budget, json, argument)?;
    budget.charge(made.len())?;
    Ok(Some((made, rest)))
}

/// An argument is a JSON value or reaches to the next pipe.
fn split_argument(tail: &[u8]) -> (&[u8], &[u8]) {
    let end = match tail.first() {
        Some(b'{' | b'[' | b'"') => scan::squash(tail).len(),
        _ => tail.iter().position(|byte| *byte == b'|').unwrap_or(tail.len()),
    };
    tail.split_at(end)
}

fn literal(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = &path[1..];
    if matches!(name.first(), Some(b'{' | b'[' | b'"' | b'+' | b'-' | b'0'..=b'9')) {
        let value = scan::balanced(name, 0).1;
        return Some((value, &name[value.len()..]));
    }
    let end = name.iter().position(|byte| matches!(byte, b'|' | b'.')).unwrap_or(name.len());
    let (word, rest) = name.split_at(end);
    matches!(word.to_ascii_lowercase().as_slice(), b"true" | b"false" | b"null" | b"nan" | b"inf")
        .then_some((word, rest))
}

/// Reads one truth value out of an argument object.
fn option(argument: &[u8], name: &[u8]) -> bool {
    let mut on = false;
    scan::for_each(&scan::parse(argument), |key, value| {
        if key.text().as_ref() == name {
            on = value.truth();
        }
        true
    });
    on
}

/// Writes `items` between brackets.
fn list<'i>(open: u8, items: impl Iterator<Item = &'i [&'i [u8]]>) -> Vec<u8> {
    let mut out = vec![open];
    for item in items {
        if out.len() > 1 {
            out.push(b',');
        }
        for piece in item {
            out.extend_from_slice(piece);
        }
    }
    out.push(open + 2);
    out
}

fn pairs<'d>(of: &Found<'d>) -> Vec<(Found<'d>, Found<'d>)> {
    let mut out = Vec::new();
    scan::for_each(of, |key, value| {
        out.push((key, value));
        true
    });
    out
}

fn reverse(json: &[u8]) -> Cow<'_, [u8]> {
    let of = scan::parse(json);
    let pairs = pairs(&of);
    let items = pairs.iter().rev();
    Cow::Owned(if of.is_array() {
        let items: Vec<[&[u8]; 1]> = items.map(|(_, value)| [value.raw()]).collect();
        list(b'[', items.iter().map(<[_; 1]>::as_slice))
    } else if of.is_object() {
        let items: Vec<[&[u8]; 3]> = items.map(|(key, value)| [key.raw(), b":", value.raw()]).collect();
        list(b'{', items.iter().map(<[_; 3]>::as_slice))
    } else {
        return Cow::Borrowed(json);
    })
}

fn keys(json: &[u8]) -> Vec<u8> {
    let of = scan::parse(json);
    let pairs = pairs(&of);
    let items: Vec<[&[u8]; 1]> =
        pairs.iter().map(|(key, _)| [if of.is_object() { key.raw() } else { b"null" }]).collect();
    list(b'[', items.iter().map(<[_; 1]>::as_slice))
}

fn values(json: &[u8]) -> Cow<'_, [u8]> {
    let of = scan::parse(json);
    if of.is_array() {
        return Cow::Borrowed(json);
    }
    let pairs = pairs(&of);
    let items: Vec<[&[u8]; 1]> = pairs.iter().map(|(_, value)| [value.raw()]).collect();
    Cow::Owned(list(b'[', items.iter().map(<[_; 1]>::as_slice)))
}

/// What is between the brackets.
fn unwrap(json: &[u8]) -> &[u8] {
    match trim(json) {
        [b'[' | b'{', inner @ .., _] => inner,
        other => other,
    }
}

fn flatten<'d>(budget: &mut Budget, json: &'d [u8], argument: &[u8]) -> Made<'d> {
    flatten_at(budget, json, option(argument, b"deep"))
}

fn flatten_at<'d>(budget: &mut Budget, json: &'d [u8], deep: bool) -> Made<'d> {
    budget.nested(|budget| {
        budget.charge(json.len())?;
        let of = scan::parse(json);
        if !of.is_array() {
            return Ok(Cow::Borrowed(json));
        }
        let mut out = vec![b'['];
        for (_, value) in pairs(&of) {
            let flat;
            let raw = if !value.is_array() {
                value.raw()
            } else if deep {
                flat = flatten_at(budget, value.raw(), true)?;
                unwrap(&flat)
            } else {
                unwrap(value.raw())
            };
            let raw = trim_unicode(raw);
            if !raw.is_empty() {
                if out.len() > 1 {
                    out.push(b',');
                }
                out.extend_from_slice(raw);
            }
        }
        out.push(b']');
        Ok(Cow::Owned(out))
    })
}

fn join<'d>(json: &'d [u8], argument: &[u8]) -> Cow<'d, [u8]> {
    let of = scan::parse(json);
    if !of.is_array() {
        return Cow::Borrowed(json);
    }
    let objects = pairs(&of).into_iter().map(|(_, value)| value).filter(Found::is_object);
    if option(argument, b"preserve") {
        let mut out = vec![b'{'];
        for (at, object) in objects.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(unwrap(object.raw()));
        }
        out.push(b'}');
        return Cow::Owned(out);
    }
    // The place is that of a key's first occurrence, the value of its last.
    let mut members: Vec<(Found<'_>, Found<'_>)> = Vec::new();
    let mut places = HashMap::new();
    for (key, value) in objects.flat_map(|object| pairs(&object)) {
        let place = *places.entry(key.text().into_owned()).or_insert(members.len());
        match members.get_mut(place) {
            Some(member) => member.1 = value,
            None => members.push((key, value)),
        }
    }
    let items: Vec<[&[u8]; 3]> =
        members.iter().map(|(key, value)| [key.raw(), &b":"[..], value.raw()]).collect();
    Cow::Owned(list(b'{', items.iter().map(<[_; 3]>::as_slice)))
}

/// A key stands in as many rows as its column has, so each is charged.
fn group(budget: &mut Budget, json: &[u8]) -> Result<Vec<u8>, Error> {
    let of = scan::parse(json);
    if !of.is_object() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for (key, column) in pairs(&of) {
        if !column.is_array() {
            continue;
        }
        for (at, (_, value)) in pairs(&column).iter().enumerate() {
            if at == rows.len() {
                rows.push(Vec::new());
            }
            let row = &mut rows[at];
            if !row.is_empty() {
                row.push(b',');
            }
            for piece in [key.raw(), b":", value.raw()] {
                budget.charge(piece.len())?;
                row.extend_from_slice(piece);
            }
        }
    }
    let items: Vec<[&[u8]; 3]> = rows.iter().map(|row| [&b"{"[..], row, b"}"]).collect();
    Ok(list(b'[', items.iter().map(<[_; 3]>::as_slice)))
}

/// Drops white space and controls outside of strings.
fn ugly(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        if byte == b'"' {
            let end = scan::string_end(json, at + 1).map_or(json.len(), |(end, _)| end + 1);
            out.extend_from_slice(&json[at..end]);
            at = end;
        } else {
            out.extend((byte > b' ').then_some(byte));
            at += 1;
        }
    }
    out
}
