//! From JSON text to document: the tree with its slots, and where the metadata
//! is or goes.

use std::borrow::Cow;

use bulla_core::Limits;

use super::METADATA_KEY;
use super::emit::{Form, problem};
use super::scan::{Kind, Lexeme, Scanner, Token};
use crate::document::{Document, MetadataPlace, Slot, Style};
use crate::format::FormatError;
use crate::tree::{Item, Key, Node, Value};

/// A document as it stands, metadata not yet told apart.
pub(super) struct Raw<'s> {
    items: Vec<Item<'s>>,
    /// Span of each top-level member, key to value.
    members: Vec<(usize, usize)>,
    open_end: usize,
    /// Places of values whose key their map already has.
    duplicates: Vec<usize>,
    trailing: Option<usize>,
    warnings: Vec<String>,
}

/// A collection whose end has not been read.
struct Frame<'s> {
    start: usize,
    key: Option<Cow<'s, [u8]>>,
    content: Value<'s>,
}

impl<'s> Raw<'s> {
    pub(super) fn read(source: &'s [u8], depth: usize) -> Result<Self, FormatError> {
        let mut scanner = Scanner::new(source, 0, depth);
        if source.starts_with(b"\xef\xbb\xbf") {
            return Err(FormatError::Syntax(problem(source, 0, "byte order mark in JSON")));
        }
        let opening = scanner.next()?;
        if !matches!(opening.token, Token::Open(Kind::Map)) {
            return Err(FormatError::Syntax(
                "the top level of a JSON file must be an object; wrap the value in one, as in {\"data\": [...]}"
                    .to_owned(),
            ));
        }
        let mut reader = Reader {
            stack: vec![Frame::open(Kind::Map, opening.start)],
            members: vec![],
            duplicates: vec![],
        };
        let items = loop {
            if let Some(items) = reader.take(scanner.next()?) {
                break items;
            }
        };
        let trailing = scanner.rest();
        let mut warnings = Vec::new();
        for (offset, what) in [
            (scanner.invalid_utf8, "invalid UTF-8 was read as U+FFFD"),
            (scanner.lone_surrogate, "half a surrogate pair was read as U+FFFD"),
            (trailing, "bytes behind the JSON value were kept but not read"),
        ] {
            warnings.extend(offset.map(|offset| problem(source, offset, what)));
        }
        let Reader { members, duplicates, .. } = reader;
        Ok(Self { items, members, open_end: opening.end, duplicates, trailing, warnings })
    }

    pub(super) fn into_plain(self, source: &'s [u8]) -> Result<Document<'s>, FormatError> {
        if let Some(&offset) = self.duplicates.first() {
            return Err(FormatError::Syntax(problem(source, offset, "duplicate key in JSON: value")));
        }
        if let Some(offset) = self.trailing {
            return Err(FormatError::Syntax(problem(source, offset, "bytes behind the JSON value")));
        }
        let place = self.place(source, None);
        Ok(Document { warnings: self.warnings, ..Document::single(source, self.items, None, place) })
    }

    pub(super) fn into_encrypted(mut self, source: &'s [u8]) -> Result<Document<'s>, FormatError> {
        let mut found = (0..self.items.len()).filter(|&at| self.items[at].name() == Some(METADATA_KEY));
        let index = found.next();
        if found.next().is_some() {
            return Err(FormatError::Metadata("Found duplicate sops entry".to_owned()));
        }
        let place = self.place(source, index);
        if let Some(index) = index {
            let (start, end) = self.members[index];
            if let Some(&offset) = self.duplicates.iter().find(|offset| (start..end).contains(*offset)) {
                return Err(FormatError::Metadata(problem(
                    source,
                    offset,
                    "duplicate key in metadata: value",
                )));
            }
        }
        if let Some(&offset) = self.duplicates.first() {
            let what = "duplicate key in JSON, all of them were kept: value";
            self.warnings.push(problem(source, offset, what));
        }
        let metadata = match index.map(|index| self.items.remove(index).node.value) {
            None => None,
            Some(Value::Map(items)) => Some(items),
            Some(_) => {
                return Err(FormatError::Metadata("Found sops entry that is not a mapping".to_owned()));
            }
        };
        Ok(Document { warnings: self.warnings, ..Document::single(source, self.items, metadata, place) })
    }

    /// Finds where the metadata is, given the index of its member, and where
    /// new metadata goes: behind the last other member.
    fn place(&self, source: &[u8], index: Option<usize>) -> MetadataPlace {
        let last = (0..self.members.len()).rev().find(|&at| Some(at) != index);
        let form = Form::of(source, Limits::default().depth);
        MetadataPlace {
            existing: index.map(|index| self.cut(source, index)).into_iter().collect(),
            insert_at: last.map_or(self.open_end, |at| self.members[at].1),
            indent: form.lines.as_ref().map_or(0, |lines| lines.step.len()),
            flow: form.lines.is_none(),
            empty: last.is_none(),
        }
    }

    /// Returns what has to go with member `index`: the comma before it, else
    /// the one behind it, else (it is alone) the line breaks around it.
    fn cut(&self, source: &[u8], index: usize) -> core::ops::Range<usize> {
        let (start, end) = self.members[index];
        if index > 0 {
            return self.members[index - 1].1..end;
        }
        if let Some(&(next, _)) = self.members.get(1) {
            return start..next;
        }
        let rest = &source[end..];
        let breaks = match rest {
            _ if !source[self.open_end..start].contains(&b'\n') => 0,
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        self.open_end..end + breaks
    }
}

/// Builds the tree from tokens.
struct Reader<'s> {
    stack: Vec<Frame<'s>>,
    members: Vec<(usize, usize)>,
    duplicates: Vec<usize>,
}

impl<'s> Reader<'s> {
    /// Takes one token; returns the items once the outermost map is closed.
    fn take(&mut self, lexeme: Lexeme<'s>) -> Option<Vec<Item<'s>>> {
        let depth = self.stack.len();
        match lexeme.token {
            Token::Key(key) => {
                if depth == 1 {
                    self.members.push((lexeme.start, lexeme.end));
                }
                self.stack.last_mut()?.key = Some(key);
            }
            Token::Open(kind) => self.stack.push(Frame::open(kind, lexeme.start)),
            Token::Scalar(value) => {
                let style = if matches!(value, Value::Text(_)) { Style::Double } else { Style::Plain };
                self.add(Node::at(value, slot(lexeme.start, lexeme.end, depth, style)), lexeme.end);
            }
            Token::Close => {
                let frame = self.stack.pop()?;
                if let Value::Map(items) = &frame.content {
                    find_duplicates(items, &mut self.duplicates);
                }
                if depth == 1 {
                    return match frame.content {
                        Value::Map(items) => Some(items),
                        _ => None,
                    };
                }
                let slot = slot(frame.start, lexeme.end, depth - 1, Style::Collection);
                self.add(Node::at(frame.content, slot), lexeme.end);
            }
        }
        None
    }

    fn add(&mut self, node: Node<'s>, end: usize) {
        if self.stack.len() == 1
            && let Some(member) = self.members.last_mut()
        {
            member.1 = end;
        }
        let Some(frame) = self.stack.last_mut() else { return };
        match &mut frame.content {
            Value::List(nodes) => nodes.push(node),
            Value::Map(items) => {
                let key = frame.key.take().expect("the scanner gives a key before each value of a map");
                items.push(Item { key: Key::Text(key), node });
            }
            _ => {}
        }
    }
}

impl Frame<'_> {
    fn open(kind: Kind, start: usize) -> Self {
        let content = match kind {
            Kind::List => Value::List(Vec::new()),
            Kind::Map => Value::Map(Vec::new()),
        };
        Self { start, key: None, content }
    }
}

/// Appends the places of the values whose key stands in the same map before.
fn find_duplicates(items: &[Item<'_>], found: &mut Vec<usize>) {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&at| (items[at].name(), at));
    let repeated = order.windows(2).filter(|pair| items[pair[0]].name() == items[pair[1]].name());
    found.extend(repeated.filter_map(|pair| items[pair[1]].node.slot.map(|slot| slot.start as usize)));
}

/// Makes a slot; `check_size` keeps offsets within 32 bits, the depth limit
/// keeps the level within 16.
fn slot(start: usize, end: usize, depth: usize, style: Style) -> Slot {
    let indent = u16::try_from(depth).unwrap_or(u16::MAX);
    Slot { start: start as u32, end: end as u32, indent, style, flow: false }
}
