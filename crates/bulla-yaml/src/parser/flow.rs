//! Flow collections.

use super::{Event, EventKind, Parser, State, bytes, empty_scalar, event};
use crate::Error;
use crate::node::Style;
use crate::scanner::token::TokenKind;

impl<'s> Parser<'s> {
    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'s>, Error> {
        if first {
            self.open_collection()?;
        } else {
            self.flow_comma(TokenKind::FlowSequenceEnd, "did not find expected ',' or ']'")?;
        }
        let token = self.peek()?;
        match token.kind {
            TokenKind::FlowSequenceEnd => self.close_flow(EventKind::SequenceEnd),
            TokenKind::Key => {
                let (start, span) = (token.start, bytes(token));
                self.state = State::FlowSequencePairKey;
                self.skip();
                let mut event = event(EventKind::MappingStart(Style::Flow), start);
                event.span = span;
                Ok(event)
            }
            _ => {
                self.states.push(State::FlowSequenceEntry);
                self.node(false, false)
            }
        }
    }

    pub(super) fn flow_pair_key(&mut self) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let end = token.end;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // libyaml consumes the token here, so that `[? : x]` and `[?]` are refused.
                self.skip();
                self.state = State::FlowSequencePairValue;
                Ok(empty_scalar(end))
            }
            _ => {
                self.states.push(State::FlowSequencePairValue);
                self.node(false, false)
            }
        }
    }

    pub(super) fn flow_pair_value(&mut self) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let (kind, at, end) = (token.kind, token.start, token.end.byte);
        if kind == TokenKind::Value {
            self.skip();
            if !matches!(self.peek_kind()?, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowSequencePairEnd);
                return self.node(false, false);
            }
        }
        self.state = State::FlowSequencePairEnd;
        let mut event = empty_scalar(at);
        // go-yaml reports an empty value at its colon; it can only be written after it.
        if kind == TokenKind::Value {
            event.span = (end, end);
        }
        Ok(event)
    }

    pub(super) fn flow_pair_end(&mut self) -> Result<Event<'s>, Error> {
        let at = self.peek()?.start;
        self.state = State::FlowSequenceEntry;
        Ok(event(EventKind::MappingEnd, at))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'s>, Error> {
        if first {
            self.open_collection()?;
        } else {
            self.flow_comma(TokenKind::FlowMappingEnd, "did not find expected ',' or '}'")?;
        }
        match self.peek_kind()? {
            TokenKind::FlowMappingEnd => self.close_flow(EventKind::MappingEnd),
            TokenKind::Key => {
                self.skip();
                let token = self.peek()?;
                let at = token.start;
                match token.kind {
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                        self.state = State::FlowMappingValue;
                        Ok(empty_scalar(at))
                    }
                    _ => {
                        self.states.push(State::FlowMappingValue);
                        self.node(false, false)
                    }
                }
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(false, false)
            }
        }
    }

    pub(super) fn flow_mapping_value(&mut self, empty: bool) -> Result<Event<'s>, Error> {
        if !empty && self.peek_kind()? == TokenKind::Value {
            self.skip();
            if !matches!(self.peek_kind()?, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(false, false);
            }
        }
        let at = self.peek()?.start;
        self.state = State::FlowMappingKey;
        Ok(empty_scalar(at))
    }

    /// Skips the comma in front of an entry; nothing if the collection ends here.
    fn flow_comma(&mut self, end: TokenKind, problem: &'static str) -> Result<(), Error> {
        let token = self.peek()?;
        let (kind, at) = (token.kind, token.start);
        if kind == TokenKind::FlowEntry {
            self.skip();
        } else if kind != end {
            return Err(self.broken_collection(problem, at));
        }
        Ok(())
    }

    fn close_flow(&mut self, kind: EventKind<'s>) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let (start, span) = (token.start, bytes(token));
        self.state = self.pop_state();
        self.marks.pop();
        let mut event = event(kind, start);
        event.span = span;
        event.comments = self.take_comments();
        self.skip();
        Ok(event)
    }
}
