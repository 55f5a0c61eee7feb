//! Stream and document level.

use std::borrow::Cow;

use super::{Event, EventKind, Parser, State, empty_scalar, event, syntax};
use crate::Error;
use crate::node::Comment;
use crate::scanner::token::{Mark, Payload, TokenKind};

impl<'s> Parser<'s> {
    /// Skips the start of the stream and parses the first document's start.
    pub(super) fn stream_start(&mut self) -> Result<Event<'s>, Error> {
        self.peek()?;
        self.skip();
        self.state = State::ImplicitDocumentStart;
        self.document_start(true)
    }

    pub(super) fn document_start(&mut self, implicit: bool) -> Result<Event<'s>, Error> {
        if !implicit {
            while self.peek_kind()? == TokenKind::DocumentEnd {
                self.skip();
            }
        }
        let token = self.peek()?;
        let (kind, start) = (token.kind, token.start);
        match kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                Ok(event(EventKind::StreamEnd, start))
            }
            TokenKind::VersionDirective | TokenKind::TagDirective | TokenKind::DocumentStart => {
                self.explicit_document(start)
            }
            _ if !implicit => self.explicit_document(start),
            _ => {
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                let mut event = event(EventKind::DocumentStart { marker: None }, start);
                event.comments.head = self.split_document_head().into_option();
                Ok(event)
            }
        }
    }

    pub(super) fn document_content(&mut self) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::VersionDirective
            | TokenKind::TagDirective
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let at = token.start;
                self.state = self.pop_state();
                Ok(empty_scalar(at))
            }
            _ => self.node(true, false),
        }
    }

    pub(super) fn document_end(&mut self) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let (kind, start) = (token.kind, token.start);
        let mut marker = None;
        if kind == TokenKind::DocumentEnd {
            marker = Some(start.byte);
            self.skip();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        let mut event = event(EventKind::DocumentEnd { marker }, start);
        event.comments = self.take_comments();
        if event.comments.foot.is_none() {
            event.comments.foot = event.comments.head.take();
        }
        Ok(event)
    }

    fn explicit_document(&mut self, start: Mark) -> Result<Event<'s>, Error> {
        self.directives()?;
        let token = self.peek()?;
        let at = token.start;
        if token.kind != TokenKind::DocumentStart {
            return Err(syntax("did not find expected <document start>", None, at));
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        self.skip();
        Ok(event(EventKind::DocumentStart { marker: Some(at.byte) }, start))
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut version = false;
        loop {
            let token = self.peek()?;
            let at = token.start;
            match (token.kind, std::mem::take(&mut token.payload)) {
                (TokenKind::VersionDirective, Payload::Version(major, minor)) => {
                    if version {
                        return Err(syntax("found duplicate %YAML directive", None, at));
                    }
                    if (major, minor) != (1, 1) {
                        return Err(syntax("found incompatible YAML document", None, at));
                    }
                    version = true;
                }
                (TokenKind::TagDirective, Payload::Tag(directive)) => {
                    self.add_tag_directive(directive.0, directive.1, at)?;
                }
                (_, payload) => {
                    token.payload = payload;
                    return Ok(());
                }
            }
            self.skip();
        }
    }

    fn add_tag_directive(&mut self, handle: &'s str, prefix: Cow<'s, str>, at: Mark) -> Result<(), Error> {
        if self.tag_directives.insert(handle, prefix).is_some() {
            return Err(syntax("found duplicate %TAG directive", None, at));
        }
        Ok(())
    }

    /// Takes the part of the head comment above its last empty line, which is the document's.
    fn split_document_head(&mut self) -> Comment {
        let text = self.head.text.as_bytes();
        for at in (1..text.len()).rev() {
            if text[at] != b'\n' {
                continue;
            }
            if at == text.len() - 1 {
                return self.head.split_front(at, at + 1);
            }
            if text[at - 1] == b'\n' {
                return self.head.split_front(at - 1, at + 1);
            }
        }
        Comment::default()
    }
}
