//! The search: one scan over the document for each path.

use std::borrow::Cow;

use super::path::{self, Query, Selector, Then};
use super::scan::{self, Start};
use super::text::quote;
use super::value::{Found, Kind};
use super::{Budget, Error, glob, modifier, query, valid};

/// Finds `path` in `json`.
pub(super) fn get<'d>(budget: &mut Budget, json: &'d [u8], path: &[u8]) -> Result<Found<'d>, Error> {
    budget.nested(|budget| {
        budget.charge(json.len() + path.len())?;
        let mut path = path;
        if path.len() > 1 {
            match path[0] {
                b'@' | b'!' => {
                    if let Some((made, rest)) = modifier::run(budget, json, path)? {
                        return continued(budget, made, rest);
                    }
                }
                b'{' | b'[' => {
                    let kind = path[0];
                    let found = path::parts(path);
                    // As in the original, a malformed multipath looks for the
                    // empty key, and one with a tail for the tail.
                    path = found.as_ref().map_or(&[], |(_, rest)| *rest);
                    if let Some((parts, rest)) = found
                        && matches!(rest, [] | [b'.' | b'|', ..])
                    {
                        let made = multipath(budget, json, kind, &parts)?;
                        if rest.is_empty() {
                            return Ok(Found::json(made));
                        }
                        return Ok(get(budget, &made, &rest[1..])?.into_owned());
                    }
                }
                _ => {}
            }
        }
        search(budget, json, path)
    })
}

/// Goes on with the rest of a path on what a modifier made.
fn continued<'d>(budget: &mut Budget, made: Cow<'d, [u8]>, rest: &[u8]) -> Result<Found<'d>, Error> {
    let path = match rest {
        [b'.' | b'|', path @ ..] => Some(path),
        _ => None,
    };
    Ok(match (made, path) {
        (Cow::Borrowed(json), Some(path)) => get(budget, json, path)?,
        (Cow::Owned(json), Some(path)) => get(budget, &json, path)?.into_owned(),
        (Cow::Borrowed(json), None) => scan::parse(json),
        (Cow::Owned(json), None) => scan::parse(&json).into_owned(),
    })
}

fn multipath(budget: &mut Budget, json: &[u8], open: u8, parts: &[path::Part<'_>]) -> Result<Vec<u8>, Error> {
    let mut out = vec![open];
    for part in parts {
        let found = get(budget, json, part.path)?;
        if !found.exists() {
            continue;
        }
        budget.charge(found.raw.len())?;
        if out.len() > 1 {
            out.push(b',');
        }
        if open == b'{' {
            match part.name {
                [] => quote(&mut out, path::implied_name(part.path)),
                [b'"', ..] if valid(part.name) => out.extend_from_slice(part.name),
                name => quote(&mut out, name),
            }
            out.push(b':');
        }
        out.extend_from_slice(&found.raw);
    }
    out.push(open + 2);
    Ok(out)
}

fn search<'d>(budget: &mut Budget, json: &'d [u8], path: &[u8]) -> Result<Found<'d>, Error> {
    let mut walk = Walk { budget, json, value: Found::default(), pipe: None };
    if let [b'.', b'.', path @ ..] = path {
        walk.array(0, path)?;
    } else if let Some(at) = json.iter().position(|byte| matches!(byte, b'{' | b'[')) {
        walk.descend(at, path)?;
    }
    let Walk { budget, value, pipe, .. } = walk;
    let Some(pipe) = pipe else { return Ok(value) };
    match value.raw {
        Cow::Borrowed(raw) => get(budget, raw, pipe),
        Cow::Owned(raw) => Ok(get(budget, &raw, pipe)?.into_owned()),
    }
}

/// A scan over one document.
struct Walk<'b, 'd, 'p> {
    budget: &'b mut Budget,
    json: &'d [u8],
    value: Found<'d>,
    pipe: Option<&'p [u8]>,
}

/// Where a scan stopped, and whether it found the value there.
type Stop = (usize, bool);

impl<'d, 'p> Walk<'_, 'd, 'p> {
    /// Searches the object or array that opens at `at`.
    fn descend(&mut self, at: usize, path: &'p [u8]) -> Result<Stop, Error> {
        self.budget.depth = self.budget.depth.checked_sub(1).ok_or(Error::Depth)?;
        let stop = if self.json[at] == b'{' { self.object(at + 1, path) } else { self.array(at + 1, path) };
        self.budget.depth += 1;
        stop
    }

    fn object(&mut self, mut at: usize, path: &'p [u8]) -> Result<Stop, Error> {
        let wanted = path::key(path);
        if let Then::Pipe(pipe) = wanted.then {
            self.pipe = Some(pipe);
        }
        while let Some(byte) = self.json.get(at) {
            match byte {
                b'}' => return Ok((at + 1, false)),
                b'"' => {}
                _ => {
                    at += 1;
                    continue;
                }
            }
            let name = match scan::string(self.json, at) {
                Ok((end, name)) => {
                    at = end;
                    name
                }
                Err(end) => return Ok((end, false)),
            };
            let matched = if wanted.wild {
                glob::matches(self.budget, &name.content(), &wanted.name)?
            } else {
                name.content() == wanted.name.as_slice()
            };
            while at < self.json.len() && scan::start(self.json, at) == Start::Other {
                at += 1;
            }
            if at == self.json.len() {
                break;
            }
            match self.value_at(at, matched, wanted.then)? {
                Ok(end) => at = end,
                Err(stop) => return Ok(stop),
            }
        }
        Ok((at, false))
    }

    /// Takes the value at `at`, descends into it or passes over it. `Ok` is
    /// where the scan goes on, `Err` where it stops.
    fn value_at(&mut self, at: usize, matched: bool, then: Then<'p>) -> Result<Result<usize, Stop>, Error> {
        if matched
            && let Then::More(path) = then
            && scan::start(self.json, at) == Start::Brackets
        {
            let (end, found) = self.descend(at, path)?;
            return Ok(if found { Err((end, true)) } else { Ok(end) });
        }
        let (end, value) = match scan::value(self.json, at) {
            Ok(read) => read,
            Err(end) => return Ok(Err((end, false))),
        };
        if matched && !matches!(then, Then::More(_)) {
            self.value = value;
            return Ok(Err((end, true)));
        }
        Ok(Ok(end))
    }

    fn array(&mut self, mut at: usize, path: &'p [u8]) -> Result<Stop, Error> {
        let path::Element { selector, mut then } = path::element(path);
        if let Then::Pipe(pipe) = then {
            self.pipe = Some(pipe);
        }
        let mut index = 0_u64;
        let mut starts = Vec::new();
        let mut selected = None;
        while at <= self.json.len() {
            if matches!(selector, Selector::Every) {
                starts.push(at);
            }
            // The end of the document closes the array, too.
            while at < self.json.len() && self.json[at] != b']' && scan::start(self.json, at) == Start::Other
            {
                at += 1;
            }
            if at == self.json.len() || self.json[at] == b']' {
                let found = match selector {
                    Selector::Count => {
                        self.value = Found::count(index);
                        true
                    }
                    Selector::Every => {
                        self.every(&starts, then)?;
                        true
                    }
                    Selector::Query(query) => {
                        self.close(&query, selected);
                        false
                    }
                    Selector::Index(_) | Selector::Nothing => false,
                };
                return Ok((at + 1, found));
            }
            if let Selector::Query(query) = &selector {
                match scan::value(self.json, at) {
                    Err(end) => return Ok((end, false)),
                    Ok((end, value)) => {
                        let raw = &self.json[at..end.min(self.json.len())];
                        if self.select(query, &mut then, &mut selected, raw, value)? {
                            return Ok((end, true));
                        }
                        at = end;
                    }
                }
            } else {
                let matched = matches!(selector, Selector::Index(wanted) if wanted == index);
                match self.value_at(at, matched, then)? {
                    Ok(end) => at = end,
                    Err(stop) => return Ok(stop),
                }
            }
            index += 1;
        }
        Ok((at, false))
    }

    /// Tries one element against a query; `true` where the search is over.
    fn select(
        &mut self,
        query: &Query,
        then: &mut Then<'p>,
        selected: &mut Option<Vec<u8>>,
        raw: &'d [u8],
        value: Found<'d>,
    ) -> Result<bool, Error> {
        if query.all {
            selected.get_or_insert_with(|| vec![b'[']);
        }
        let tested = match value.kind {
            Kind::Json => get(self.budget, raw, &query.path)?,
            _ if query.path.is_empty() => value.clone(),
            _ => return Ok(false),
        };
        if !query::matches(self.budget, query, &tested)? {
            return Ok(false);
        }
        let found = match then {
            Then::More(path) => {
                if let Some((left, right)) = path::split_pipe(path) {
                    *then = Then::More(left);
                    self.pipe = Some(right);
                    get(self.budget, raw, left)?
                } else {
                    get(self.budget, raw, path)?
                }
            }
            Then::End | Then::Pipe(_) => value,
        };
        match selected {
            Some(out) if query.all => {
                self.budget.charge(found.raw.len())?;
                if !found.raw.is_empty() {
                    if out.len() > 1 {
                        out.push(b',');
                    }
                    out.extend_from_slice(&found.raw);
                }
                Ok(false)
            }
            _ => {
                self.value = found;
                Ok(true)
            }
        }
    }

    /// Ends a query at the end of its array.
    fn close(&mut self, query: &Query, selected: Option<Vec<u8>>) {
        if self.value.exists() {
            return;
        }
        if let Some(mut out) = selected {
            out.push(b']');
            self.value = Found::json(out);
        } else if query.all {
            self.value = Found::json(b"[]".to_vec());
        }
    }

    /// Collects the rest of the path from every element.
    fn every(&mut self, starts: &[usize], then: Then<'p>) -> Result<(), Error> {
        let Then::More(mut path) = then else { return Ok(()) };
        if let Some((left, right)) = path::split_pipe(path) {
            path = left;
            self.pipe = Some(right);
        }
        let mut out = vec![b'['];
        for start in starts {
            let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let at = start + self.json[*start..].iter().take_while(blank).count();
            if matches!(self.json.get(at), None | Some(b']')) {
                continue;
            }
            let Some((_, element)) = scan::next(self.json, at) else { continue };
            let Cow::Borrowed(raw) = element.raw else { continue };
            let found = get(self.budget, raw, path)?;
            if found.exists() {
                self.budget.charge(found.raw.len())?;
                if out.len() > 1 {
                    out.push(b',');
                }
                out.extend_from_slice(&found.raw);
            }
        }
        out.push(b']');
        self.value = Found::json(out);
        Ok(())
    }
}
