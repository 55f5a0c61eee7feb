//! Tokens and the queue between scanner and parser.

use std::borrow::Cow;

use crate::node::Style;

/// A place in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Byte offset in the source.
    pub(crate) byte: u32,
    /// Characters before it. go-yaml orders tokens and comments by this, not by bytes.
    pub(crate) index: u32,
    pub(crate) line: u32,
    /// In characters, from 0.
    pub(crate) column: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Alias,
    Anchor,
    BlockEnd,
    BlockEntry,
    BlockMappingStart,
    BlockSequenceStart,
    DocumentEnd,
    DocumentStart,
    FlowEntry,
    FlowMappingEnd,
    FlowMappingStart,
    FlowSequenceEnd,
    FlowSequenceStart,
    Key,
    Scalar(Style),
    StreamEnd,
    StreamStart,
    Tag,
    TagDirective,
    Value,
    VersionDirective,
}

/// What a token says beyond its kind.
#[derive(Debug, Default)]
pub(crate) enum Payload<'s> {
    #[default]
    None,
    /// Scalar text, anchor or alias name.
    Text(Cow<'s, str>),
    /// Handle and suffix of a tag, handle and prefix of a `%TAG` directive.
    Tag(Box<(&'s str, Cow<'s, str>)>),
    /// `%YAML` major and minor.
    Version(u8, u8),
}

#[derive(Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
    pub(crate) payload: Payload<'s>,
}

impl<'s> Token<'s> {
    pub(crate) fn new(kind: TokenKind, start: Mark, end: Mark) -> Self {
        Self { kind, start, end, payload: Payload::None }
    }

    pub(crate) fn with(kind: TokenKind, start: Mark, end: Mark, payload: Payload<'s>) -> Self {
        Self { kind, start, end, payload }
    }

    pub(crate) fn take_text(&mut self) -> Cow<'s, str> {
        match std::mem::take(&mut self.payload) {
            Payload::Text(text) => text,
            _ => Cow::Borrowed(""),
        }
    }
}

/// The token queue. Consumed tokens stay visible until the queue is full, because two comment rules look at
/// the newest two tokens whether or not the parser took them; so the capacity (16, doubling) is behavior.
#[derive(Debug)]
pub(crate) struct TokenQueue<'s> {
    tokens: Vec<Token<'s>>,
    head: usize,
    capacity: usize,
    /// How many tokens were consumed in all: the number of the token at the head.
    consumed: usize,
}

impl<'s> TokenQueue<'s> {
    pub(crate) fn new() -> Self {
        Self { tokens: Vec::with_capacity(16), head: 0, capacity: 16, consumed: 0 }
    }

    pub(crate) fn consumed(&self) -> usize {
        self.consumed
    }

    /// Tokens not yet consumed.
    pub(crate) fn waiting(&self) -> usize {
        self.tokens.len() - self.head
    }

    /// The number the next appended token will have.
    pub(crate) fn next_number(&self) -> usize {
        self.consumed + self.waiting()
    }

    pub(crate) fn push(&mut self, token: Token<'s>) {
        self.make_room();
        self.tokens.push(token);
    }

    /// Inserts before the waiting token of that number; at the end if that one is already consumed.
    pub(crate) fn insert(&mut self, number: usize, token: Token<'s>) {
        self.make_room();
        let at = number.checked_sub(self.consumed).map_or(self.tokens.len(), |ahead| self.head + ahead);
        self.tokens.insert(at.min(self.tokens.len()), token);
    }

    /// The newest token, consumed or not.
    pub(crate) fn last(&self) -> Option<&Token<'s>> {
        self.tokens.last()
    }

    pub(crate) fn last_but_one(&self) -> Option<&Token<'s>> {
        self.tokens.len().checked_sub(2).map(|at| &self.tokens[at])
    }

    pub(crate) fn head(&mut self) -> Option<&mut Token<'s>> {
        self.tokens.get_mut(self.head)
    }

    pub(crate) fn advance(&mut self) {
        self.head += 1;
        self.consumed += 1;
    }

    fn make_room(&mut self) {
        if self.tokens.len() < self.capacity {
            return;
        }
        if self.head > 0 {
            self.tokens.drain(..self.head);
            self.head = 0;
        } else {
            self.capacity *= 2;
        }
    }
}
