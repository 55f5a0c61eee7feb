//! From tokens to events: libyaml's state machine with go-yaml's comments.

mod block;
mod document;
mod flow;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Error;
use crate::comments::Place;
use crate::node::{Comment, Comments, Style};
use crate::scanner::Scanner;
use crate::scanner::token::{Mark, Payload, Token, TokenKind};
use crate::source::Source;

/// What the tree is built from.
#[derive(Debug)]
pub(crate) struct Event<'s> {
    pub(crate) kind: EventKind<'s>,
    /// Where go-yaml says the node is: at its anchor or tag if it has one.
    pub(crate) start: Mark,
    /// The content itself, in bytes.
    pub(crate) span: (u32, u32),
    /// Column of the content, from 0.
    pub(crate) indent: u32,
    pub(crate) properties: Option<Box<Properties<'s>>>,
    pub(crate) comments: Comments,
}

#[derive(Debug)]
pub(crate) enum EventKind<'s> {
    Alias(Cow<'s, str>),
    /// `marker` is the offset of the `...`.
    DocumentEnd {
        marker: Option<u32>,
    },
    /// `marker` is the offset of the `---`.
    DocumentStart {
        marker: Option<u32>,
    },
    MappingEnd,
    MappingStart(Style),
    Scalar(Cow<'s, str>, Style),
    SequenceEnd,
    SequenceStart(Style),
    StreamEnd,
}

/// Anchor and tag of a node.
#[derive(Debug, Default)]
pub(crate) struct Properties<'s> {
    pub(crate) anchor: Option<(&'s str, (u32, u32))>,
    /// Resolved and short.
    pub(crate) tag: Option<(Cow<'s, str>, (u32, u32))>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    BlockNode,
    BlockSequenceEntry,
    BlockSequenceFirstEntry,
    DocumentContent,
    DocumentEnd,
    DocumentStart,
    End,
    FlowMappingEmptyValue,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowSequenceEntry,
    FlowSequenceFirstEntry,
    FlowSequencePairEnd,
    FlowSequencePairKey,
    FlowSequencePairValue,
    ImplicitDocumentStart,
    IndentlessSequenceEntry,
    StreamStart,
}

pub(crate) struct Parser<'s> {
    pub(crate) scanner: Scanner<'s>,
    state: State,
    states: Vec<State>,
    /// Starts of the open collections, for messages.
    marks: Vec<Mark>,
    /// Comments claimed by tokens and not yet given to an event.
    head: Comment,
    line: Comment,
    foot: Comment,
    /// Head comment of a dash that goes to the collection behind it.
    stem: Comment,
    /// Whether any of these four may hold something.
    commented: bool,
    /// Handles and prefixes of the current document's `%TAG` directives.
    tag_directives: BTreeMap<&'s str, Cow<'s, str>>,
    /// End of the last token consumed that stands in the source, in bytes.
    pub(crate) last_end: u32,
}

impl<'s> Parser<'s> {
    pub(crate) fn new(source: &Source<'s>) -> Self {
        Self {
            scanner: Scanner::new(source),
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            head: Comment::default(),
            line: Comment::default(),
            foot: Comment::default(),
            stem: Comment::default(),
            commented: false,
            tag_directives: BTreeMap::new(),
            last_end: 0,
        }
    }

    pub(crate) fn next_event(&mut self) -> Result<Event<'s>, Error> {
        match self.state {
            State::StreamStart => self.stream_start(),
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirstEntry => self.block_sequence_entry(true),
            State::BlockSequenceEntry => self.block_sequence_entry(false),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirstKey => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequencePairKey => self.flow_pair_key(),
            State::FlowSequencePairValue => self.flow_pair_value(),
            State::FlowSequencePairEnd => self.flow_pair_end(),
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => Ok(event(EventKind::StreamEnd, self.scanner.at)),
        }
    }

    /// A node: alias, scalar, the start of a collection, or an empty scalar behind anchor or tag.
    fn node(&mut self, block: bool, indentless: bool) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let start = token.start;
        if token.kind == TokenKind::Alias {
            let (name, span) = (token.take_text(), bytes(token));
            self.state = self.pop_state();
            let mut event = event(EventKind::Alias(name), start);
            event.span = span;
            event.comments = self.take_comments();
            self.skip();
            return Ok(event);
        }
        let (properties, end) = self.properties()?;
        let token = self.peek()?;
        let (kind, at, span) = (token.kind, token.start, bytes(token));
        let bare = properties.is_none();
        let with =
            |kind, span, comments| Event { kind, start, span, indent: at.column, properties, comments };
        match kind {
            TokenKind::BlockEntry if indentless => {
                self.state = State::IndentlessSequenceEntry;
                Ok(with(EventKind::SequenceStart(Style::Block), span, Comments::default()))
            }
            TokenKind::Scalar(style) => {
                let text = token.take_text();
                self.state = self.pop_state();
                let comments = self.take_comments();
                self.skip();
                Ok(with(EventKind::Scalar(text, style), span, comments))
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirstEntry;
                let comments = self.take_comments();
                Ok(with(EventKind::SequenceStart(Style::Flow), span, comments))
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingFirstKey;
                let comments = self.take_comments();
                Ok(with(EventKind::MappingStart(Style::Flow), span, comments))
            }
            TokenKind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirstEntry;
                let comments = self.take_stem();
                Ok(with(EventKind::SequenceStart(Style::Block), span, comments))
            }
            TokenKind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirstKey;
                let comments = self.take_stem();
                Ok(with(EventKind::MappingStart(Style::Block), span, comments))
            }
            _ if !bare => {
                self.state = self.pop_state();
                let scalar = EventKind::Scalar(Cow::Borrowed(""), Style::Plain);
                Ok(with(scalar, (end, end), Comments::default()))
            }
            _ => Err(syntax("did not find expected node content", Some(start), at)),
        }
    }

    /// Anchor and tag in either order, and the byte offset after them.
    fn properties(&mut self) -> Result<(Option<Box<Properties<'s>>>, u32), Error> {
        let first = self.peek()?;
        let start = first.start;
        if !matches!(first.kind, TokenKind::Anchor | TokenKind::Tag) {
            return Ok((None, start.byte));
        }
        let mut properties = Box::<Properties<'s>>::default();
        let mut raw_tag = None;
        let mut end = start.byte;
        loop {
            let token = self.peek()?;
            let span = bytes(token);
            match (token.kind, std::mem::take(&mut token.payload)) {
                (TokenKind::Anchor, Payload::Text(Cow::Borrowed(name))) if properties.anchor.is_none() => {
                    properties.anchor = Some((name, span));
                }
                (TokenKind::Tag, Payload::Tag(tag)) if raw_tag.is_none() => {
                    raw_tag = Some((tag, span, token.start));
                }
                (_, payload) => {
                    token.payload = payload;
                    break;
                }
            }
            end = span.1;
            self.skip();
        }
        if let Some((tag, span, mark)) = raw_tag {
            properties.tag = Some((self.resolve_tag(tag.0, tag.1, start, mark)?, span));
        }
        Ok((Some(properties), end))
    }

    /// The tag in go-yaml's short form.
    fn resolve_tag(
        &self,
        handle: &'s str,
        suffix: Cow<'s, str>,
        start: Mark,
        at: Mark,
    ) -> Result<Cow<'s, str>, Error> {
        let undefined = syntax("found undefined tag handle", Some(start), at);
        if handle.is_empty() {
            return Ok(shorten(suffix));
        }
        let own = self.tag_directives.get(handle).map(|prefix| &**prefix);
        match own.or(match handle {
            "!" => Some("!"),
            "!!" => Some(CORE_PREFIX),
            _ => None,
        }) {
            Some(prefix) => Ok(shorten(Cow::Owned(format!("{prefix}{suffix}")))),
            None => Err(undefined),
        }
    }

    /// The next token, with its comments taken over.
    fn peek(&mut self) -> Result<&mut Token<'s>, Error> {
        self.scanner.peek()?;
        if !self.scanner.comments.is_empty() {
            self.claim_comments()?;
        }
        self.scanner.peek()
    }

    fn peek_kind(&mut self) -> Result<TokenKind, Error> {
        Ok(self.peek()?.kind)
    }

    fn skip(&mut self) {
        if let Some(token) = self.scanner.queue.head()
            && token.end.byte > token.start.byte
        {
            self.last_end = token.end.byte;
        }
        self.scanner.skip();
    }

    fn claim_comments(&mut self) -> Result<(), Error> {
        let token = self.scanner.peek()?;
        let (kind, start) = (token.kind, token.start.index);
        while let Some(pending) = self.scanner.comments.front() {
            // A block's end has no head comment; the next token will get it.
            let waits = pending.place == Place::Head && kind == TokenKind::BlockEnd;
            if start < pending.owner || waits {
                break;
            }
            let Some(pending) = self.scanner.comments.pop_front() else { break };
            self.commented = true;
            match pending.place {
                Place::Head => self.head.join(pending.comment),
                Place::Line => self.line.join(pending.comment),
                Place::Foot => self.foot.join(pending.comment),
            }
        }
        Ok(())
    }

    fn take_comments(&mut self) -> Comments {
        if !std::mem::take(&mut self.commented) {
            return Comments::default();
        }
        self.stem = Comment::default();
        Comments {
            head: std::mem::take(&mut self.head).into_option(),
            line: std::mem::take(&mut self.line).into_option(),
            foot: std::mem::take(&mut self.foot).into_option(),
        }
    }

    fn take_stem(&mut self) -> Comments {
        Comments { head: std::mem::take(&mut self.stem).into_option(), ..Comments::default() }
    }

    fn pop_state(&mut self) -> State {
        self.states.pop().unwrap_or(State::End)
    }

    /// A parser error about the collection opened last.
    fn broken_collection(&mut self, problem: &'static str, at: Mark) -> Error {
        syntax(problem, self.marks.pop(), at)
    }
}

const CORE_PREFIX: &str = "tag:yaml.org,2002:";

fn shorten(tag: Cow<'_, str>) -> Cow<'_, str> {
    match tag.strip_prefix(CORE_PREFIX) {
        Some(name) => Cow::Owned(format!("!!{name}")),
        None => tag,
    }
}

fn event(kind: EventKind<'_>, start: Mark) -> Event<'_> {
    Event {
        kind,
        start,
        span: (start.byte, start.byte),
        indent: start.column,
        properties: None,
        comments: Comments::default(),
    }
}

fn empty_scalar<'s>(at: Mark) -> Event<'s> {
    event(EventKind::Scalar(Cow::Borrowed(""), Style::Plain), at)
}

fn bytes(token: &Token<'_>) -> (u32, u32) {
    (token.start.byte, token.end.byte)
}

/// A parser error. go-yaml names the line before that of `context`, or of the problem if that is the first.
fn syntax(problem: &'static str, context: Option<Mark>, at: Mark) -> Error {
    let line = match context {
        Some(context) if context.line != 0 => context.line,
        _ => at.line,
    };
    Error::Syntax {
        problem,
        reference_line: line as usize,
        line: at.line as usize + 1,
        column: at.column as usize + 1,
    }
}
