//! The syntax of paths.

use super::scan::squash;
use super::text::{trim, unescape};
use super::{modifier, number};

/// What comes behind a component.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Then<'p> {
    /// Nothing: the component is the last.
    #[default]
    End,
    /// More components (`.`).
    More(&'p [u8]),
    /// A path on the result so far (`|`, or `.` before a modifier or a
    /// multipath).
    Pipe(&'p [u8]),
}

fn dotted(rest: &[u8]) -> Then<'_> {
    if is_piped(rest) { Then::Pipe(rest) } else { Then::More(rest) }
}

/// Whether what stands behind a dot starts a path of its own.
fn is_piped(rest: &[u8]) -> bool {
    match rest {
        [b'{' | b'[', ..] => true,
        [b'@', name @ ..] => {
            let end = name.iter().position(|byte| matches!(byte, b'.' | b'|' | b':'));
            modifier::by_name(&name[..end.unwrap_or(name.len())]).is_some()
        }
        _ => false,
    }
}

/// A component met at an object.
pub(super) struct Key<'p> {
    pub(super) name: Vec<u8>,
    pub(super) wild: bool,
    pub(super) then: Then<'p>,
}

pub(super) fn key(path: &[u8]) -> Key<'_> {
    let mut key = Key { name: Vec::new(), wild: false, then: Then::End };
    let mut bytes = path.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'|' => {
                key.then = Then::Pipe(&path[at + 1..]);
                break;
            }
            b'.' => {
                key.then = dotted(&path[at + 1..]);
                break;
            }
            b'\\' => key.name.extend(bytes.next().map(|(_, byte)| *byte)),
            other => {
                key.wild |= matches!(other, b'*' | b'?');
                key.name.push(*other);
            }
        }
    }
    key
}

/// What a component means at an array.
#[derive(Default)]
pub(super) enum Selector {
    /// The element of this index.
    Index(u64),
    /// `#` at the end: how many elements there are.
    Count,
    /// `#.`: the rest of the path on every element.
    Every,
    /// `#(...)`, and `#(...)#` with `all`.
    Query(Query),
    /// Selects nothing.
    #[default]
    Nothing,
}

/// A condition on elements.
#[derive(Clone, Default)]
pub(super) struct Query {
    pub(super) all: bool,
    pub(super) path: Vec<u8>,
    pub(super) operator: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// A component met at an array.
pub(super) struct Element<'p> {
    pub(super) selector: Selector,
    pub(super) then: Then<'p>,
}

pub(super) fn element(path: &[u8]) -> Element<'_> {
    let mut hash = false;
    let mut query = None;
    let mut at = 0;
    let mut then = Then::End;
    while let Some(byte) = path.get(at) {
        match byte {
            b'|' => {
                then = Then::Pipe(&path[at + 1..]);
                break;
            }
            b'.' => {
                let rest = &path[at + 1..];
                then = if hash { Then::More(rest) } else { dotted(rest) };
                break;
            }
            b'#' => {
                hash = true;
                if at == 0 && matches!(path.get(1), Some(b'(' | b'[')) {
                    let Some((found, end)) = self::query(path) else {
                        // A bad query asks for anything that exists.
                        return Element { selector: Selector::Query(Query::default()), then: Then::End };
                    };
                    query = Some(Query { all: path.get(end) == Some(&b'#'), ..found });
                    at = end - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let part = &path[..at.min(path.len())];
    let selector = match query {
        Some(query) => Selector::Query(query),
        None if part == b"#" && path.get(1) == Some(&b'.') => Selector::Every,
        None if part == b"#" => Selector::Count,
        None if hash => Selector::Nothing,
        None => number::unsigned(part).map_or(Selector::Nothing, Selector::Index),
    };
    Element { selector, then }
}

/// Reads a query; also the position behind its closing bracket.
fn query(path: &[u8]) -> Option<(Query, usize)> {
    let mut at = 2;
    let mut condition = None;
    let mut depth = 1_usize;
    let mut escaped = false;
    loop {
        let byte = *path.get(at)?;
        if depth == 1 && condition.is_none() && matches!(byte, b'!' | b'=' | b'<' | b'>' | b'%') {
            condition = Some(at);
            at += 1;
            continue;
        }
        match byte {
            b'\\' => at += 1,
            b'[' | b'(' => depth += 1,
            b']' | b')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            b'"' => {
                at += 1;
                while path.get(at).is_some_and(|byte| *byte != b'"') {
                    if path[at] == b'\\' {
                        escaped = true;
                        at += 1;
                    }
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let mut query = Query { path: trim(&path[2..condition.unwrap_or(at)]).to_vec(), ..Query::default() };
    if let Some(condition) = condition {
        let (operator, value) = split_operator(trim(&path[condition..at]));
        query.operator = operator.to_vec();
        query.value = match trim(value) {
            [b'"', inner @ .., b'"'] if escaped => unescape(inner),
            [b'"', inner @ .., b'"'] => inner.to_vec(),
            bare => bare.to_vec(),
        };
    }
    Some((query, at + 1))
}

fn split_operator(text: &[u8]) -> (&[u8], &[u8]) {
    match text {
        [_] => text.split_at(1),
        [b'!', b'=' | b'%', ..] | [b'<' | b'>', b'=', ..] => text.split_at(2),
        [b'=', b'=', ..] => text[1..].split_at(1),
        [b'<' | b'>' | b'=' | b'%', ..] => text.split_at(1),
        _ => text.split_at(0),
    }
}

/// Splits at the first pipe outside of queries.
pub(super) fn split_pipe(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if !path.contains(&b'|') {
        return None;
    }
    if path[0] == b'{' {
        let inner = squash(&path[1..]);
        let end = inner.len() + 1;
        return (path.get(end) == Some(&b'|')).then(|| (&path[..end], &path[end + 1..]));
    }
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        match byte {
            b'\\' => at += 1,
            b'|' => return Some((&path[..at], &path[at + 1..])),
            b'.' if path.get(at + 1) == Some(&b'#') => {
                at += 2;
                if let Some(open @ (b'[' | b'(')) = path.get(at) {
                    let close = if *open == b'[' { b']' } else { b')' };
                    at = selector_end(path, at + 1, *open, close);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The position of the bracket that closes a query.
fn selector_end(path: &[u8], mut at: usize, open: u8, close: u8) -> usize {
    let mut depth = 1_usize;
    while let Some(&byte) = path.get(at) {
        if byte == b'\\' {
            at += 1;
        } else if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                break;
            }
        } else if byte == b'"' {
            at += 1;
            while path.get(at).is_some_and(|byte| *byte != b'"') {
                at += 1 + usize::from(path[at] == b'\\');
            }
        }
        at += 1;
    }
    at
}

/// One path of a multipath, with its name where it has one.
pub(super) struct Part<'p> {
    pub(super) name: &'p [u8],
    pub(super) path: &'p [u8],
}

/// Reads a multipath (`[a,b]`, `{"n":a,b}`); also what stands behind it.
pub(super) fn parts(path: &[u8]) -> Option<(Vec<Part<'_>>, &[u8])> {
    let mut parts = Vec::new();
    let (mut at, mut start) = (1, 1);
    let (mut depth, mut colon, mut modifier) = (1_usize, None, false);
    while let Some(&byte) = path.get(at) {
        match byte {
            b'\\' => at += 1,
            b'@' => modifier |= matches!(path[at - 1], b'.' | b'|'),
            b':' if !modifier && colon.is_none() && depth == 1 => colon = Some(at),
            b'"' => {
                at += 1;
                while path.get(at).is_some_and(|byte| *byte != b'"') {
                    at += 1 + usize::from(path[at] == b'\\');
                }
            }
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || byte == b',' && depth == 1 {
            parts.push(match colon.take() {
                Some(colon) => Part { name: &path[start..colon], path: &path[colon + 1..at] },
                None => Part { name: b"", path: &path[start..at] },
            });
            modifier = false;
            start = at + 1;
            if depth == 0 {
                return Some((parts, &path[start..]));
            }
        }
        at += 1;
    }
    None
}

/// The name that a member of an object multipath gets from its path: the last
/// component, where it is a plain name.
pub(super) fn implied_name(path: &[u8]) -> &[u8] {
    let mut start = 0;
    for (at, byte) in path.iter().enumerate().rev() {
        if matches!(byte, b'|' | b'.') && !(at > 0 && path[at - 1] == b'\\') {
            start = at + 1;
            break;
        }
    }
    let name = &path[start..];
    let special = |byte: &u8| {
        *byte < b' ' || matches!(byte, b'[' | b']' | b'{' | b'}' | b'(' | b')' | b'#' | b'|' | b'!')
    };
    if name.iter().any(special) { b"_" } else { name }
}
