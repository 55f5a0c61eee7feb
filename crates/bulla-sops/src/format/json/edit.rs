//! `set` and `unset` on a plain JSON text (`sops.md` 6.5): edits that touch
//! only the member in question.

use std::borrow::Cow;
use std::ops::Range;

use bulla_core::Limits;

use crate::document::Splice;
use crate::format::{FormatError, Step};
use crate::tree::{Item, Node, Value};

use super::emit::{Form, Lines, write_member, write_value};
use super::scan::{Kind, Scanner, Token};

/// A collection and the spans of what is in it.
struct Collection<'s> {
    kind: Kind,
    /// What stands between the brackets.
    inside: Range<usize>,
    members: Vec<Member<'s>>,
}

struct Member<'s> {
    /// The key, in a map.
    key: Option<Cow<'s, [u8]>>,
    /// Key and value.
    whole: Range<usize>,
    value: Range<usize>,
}

/// See `Format::set`.
pub(super) fn set(source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
    if path.is_empty() {
        return Err(FormatError::Path("the path is empty".to_owned()));
    }
    let form = Form::of(source, Limits::default().depth);
    let mut at = 0..source.len();
    for (depth, step) in path.iter().enumerate() {
        let rest = &path[depth + 1..];
        let Some(collection) = Collection::read(source, at.start)? else {
            // A scalar on the way gives way to what the path asks for.
            let text = write(&nested(&path[depth..], value), depth, &form)?;
            return Ok(vec![Splice::new(at, text)]);
        };
        match collection.find(step)? {
            Some(index) => at = collection.members[index].value.clone(),
            None => return collection.append(source, step, &nested(rest, value), depth, &form),
        }
    }
    Ok(vec![Splice::new(at, write(&value.value, path.len(), &form)?)])
}

/// See `Format::unset`.
pub(super) fn unset(source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
    let mut start = 0;
    for (depth, step) in path.iter().enumerate() {
        let collection = Collection::read(source, start)?
            .ok_or_else(|| FormatError::Path(format!("{} is in no collection", name(step))))?;
        let index = collection.find(step)?.ok_or_else(|| missing(step))?;
        if depth + 1 == path.len() {
            return Ok(vec![Splice::new(collection.cut(index), "")]);
        }
        start = collection.members[index].value.start;
    }
    Err(FormatError::Path("the path is empty".to_owned()))
}

impl<'s> Collection<'s> {
    /// Reads the collection at `start`; `None` where a scalar stands there.
    fn read(source: &'s [u8], start: usize) -> Result<Option<Self>, FormatError> {
        let mut scanner = Scanner::new(source, start, Limits::default().depth);
        let opening = scanner.next()?;
        let Token::Open(kind) = opening.token else { return Ok(None) };
        let mut members = Vec::new();
        loop {
            let mut lexeme = scanner.next()?;
            let start = lexeme.start;
            let mut key = None;
            if let Token::Key(text) = lexeme.token {
                key = Some(text);
                lexeme = scanner.next()?;
            }
            let end = match lexeme.token {
                Token::Close => {
                    return Ok(Some(Self { kind, inside: opening.end..lexeme.start, members }));
                }
                Token::Open(_) => scanner.skip_collection()?,
                _ => lexeme.end,
            };
            members.push(Member { key, whole: start..end, value: lexeme.start..end });
        }
    }

    /// Finds the first member that `step` names.
    fn find(&self, step: &Step) -> Result<Option<usize>, FormatError> {
        match (self.kind, step) {
            (Kind::Map, Step::Key(key)) => {
                Ok(self.members.iter().position(|member| member.key.as_deref() == Some(key)))
            }
            (Kind::List, Step::Index(index)) => Ok((*index < self.members.len()).then_some(*index)),
            (Kind::Map, Step::Index(_)) => {
                Err(FormatError::Path(format!("{} is an integer, but leads into an object", name(step))))
            }
            (Kind::List, Step::Key(_)) => {
                Err(FormatError::Path(format!("{} is a string, but leads into an array", name(step))))
            }
        }
    }

    /// Appends `value`, in lines or on one line as its siblings are.
    fn append(
        &self,
        source: &[u8],
        step: &Step,
        value: &Value<'_>,
        depth: usize,
        form: &Form,
    ) -> Result<Vec<Splice>, FormatError> {
        let mut text = Vec::new();
        let (range, form) = match &self.members[..] {
            [] => (self.inside.clone(), form.clone()),
            [first, .., last] | [first @ last] => {
                let gap = &source[self.inside.start..first.whole.start];
                let lines = Lines::of(gap);
                let comma = if lines.is_some() { b",".to_vec() } else { self.comma(source, form) };
                text.extend_from_slice(&comma);
                if lines.is_some() {
                    text.extend_from_slice(gap);
                }
                let form = if lines.is_some() { form.clone() } else { Form::on_one_line(&comma) };
                (last.whole.end..last.whole.end, form)
            }
        };
        let frame = form.lines.as_ref().filter(|_| self.members.is_empty());
        if let Some(lines) = frame {
            lines.break_line(&mut text, depth + 1);
        }
        match step {
            Step::Key(key) => write_member(&mut text, key, value, depth + 1, &form)?,
            Step::Index(_) => write_value(&mut text, value, depth + 1, &form)?,
        }
        if let Some(lines) = frame {
            lines.break_line(&mut text, depth);
        }
        Ok(vec![Splice::new(range, text)])
    }

    /// Returns what separates the members of a collection on one line.
    fn comma(&self, source: &[u8], form: &Form) -> Vec<u8> {
        match &self.members[..] {
            [first, second, ..] => source[first.whole.end..second.whole.start].to_vec(),
            _ if form.lines.is_none() => form.comma.clone(),
            _ => b", ".to_vec(),
        }
    }

    /// Returns what has to go with member `index`.
    fn cut(&self, index: usize) -> Range<usize> {
        let whole = &self.members[index].whole;
        match (index.checked_sub(1), self.members.get(index + 1)) {
            (Some(before), _) => self.members[before].whole.end..whole.end,
            (None, Some(next)) => whole.start..next.whole.start,
            (None, None) => self.inside.clone(),
        }
    }
}

/// Wraps `value` into what the remaining steps ask for.
fn nested<'v>(path: &[Step], value: &Node<'v>) -> Value<'v> {
    path.iter().rev().fold(value.value.clone(), |inner, step| match step {
        Step::Index(_) => Value::List(vec![Node::new(inner)]),
        Step::Key(key) => Value::Map(vec![Item::entry(key.clone(), inner)]),
    })
}

fn write(value: &Value<'_>, depth: usize, form: &Form) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    write_value(&mut out, value, depth, form)?;
    Ok(out)
}

fn missing(step: &Step) -> FormatError {
    FormatError::Path(match step {
        Step::Index(index) => format!("Index {index} out of bounds"),
        Step::Key(key) => format!("Key not found: {}", String::from_utf8_lossy(key)),
    })
}

fn name(step: &Step) -> String {
    match step {
        Step::Index(index) => format!("component [{index}]"),
        Step::Key(key) => format!("component ['{}']", String::from_utf8_lossy(key)),
    }
}
