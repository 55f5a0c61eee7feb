//! Block collections.

use super::{Event, EventKind, Parser, State, empty_scalar, event};
use crate::Error;
use crate::scanner::token::TokenKind;

impl<'s> Parser<'s> {
    pub(super) fn block_sequence_entry(&mut self, first: bool) -> Result<Event<'s>, Error> {
        if first {
            self.open_collection()?;
        }
        let token = self.peek()?;
        let (kind, start, end) = (token.kind, token.start, token.end);
        match kind {
            TokenKind::BlockEntry => {
                self.skip_dash()?;
                if matches!(self.peek_kind()?, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequenceEntry;
                    return Ok(empty_scalar(end));
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(true, false)
            }
            TokenKind::BlockEnd => {
                self.state = self.pop_state();
                self.marks.pop();
                self.skip();
                Ok(event(EventKind::SequenceEnd, start))
            }
            _ => Err(self.broken_collection("did not find expected '-' indicator", start)),
        }
    }

    /// An entry of a sequence that stands no deeper than the key it belongs to.
    pub(super) fn indentless_sequence_entry(&mut self) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let (kind, start, end) = (token.kind, token.start, token.end);
        if kind != TokenKind::BlockEntry {
            self.state = self.pop_state();
            return Ok(event(EventKind::SequenceEnd, start));
        }
        self.skip_dash()?;
        if matches!(
            self.peek_kind()?,
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            self.state = State::IndentlessSequenceEntry;
            return Ok(empty_scalar(end));
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(true, false)
    }

    pub(super) fn block_mapping_key(&mut self, first: bool) -> Result<Event<'s>, Error> {
        if first {
            self.open_collection()?;
        }
        let token = self.peek()?;
        let (kind, start, end) = (token.kind, token.start, token.end);
        match kind {
            TokenKind::Key => {
                self.skip();
                if matches!(self.peek_kind()?, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
                    self.state = State::BlockMappingValue;
                    return Ok(empty_scalar(end));
                }
                self.states.push(State::BlockMappingValue);
                self.node(true, true)
            }
            TokenKind::BlockEnd => {
                self.state = self.pop_state();
                self.marks.pop();
                let mut event = event(EventKind::MappingEnd, start);
                event.comments = self.take_comments();
                self.skip();
                Ok(event)
            }
            _ => Err(self.broken_collection("did not find expected key", start)),
        }
    }

    pub(super) fn block_mapping_value(&mut self) -> Result<Event<'s>, Error> {
        let token = self.peek()?;
        let (kind, start, end) = (token.kind, token.start, token.end);
        if kind != TokenKind::Value {
            self.state = State::BlockMappingKey;
            return Ok(empty_scalar(start));
        }
        self.skip();
        if matches!(self.peek_kind()?, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            self.state = State::BlockMappingKey;
            return Ok(empty_scalar(end));
        }
        self.states.push(State::BlockMappingKey);
        self.node(true, true)
    }

    pub(super) fn open_collection(&mut self) -> Result<(), Error> {
        let start = self.peek()?.start;
        self.marks.push(start);
        self.skip();
        Ok(())
    }

    /// Skips a dash. If a block collection follows, the head comment that stood above the dash is set aside
    /// for the collection as a whole, instead of its first entry.
    fn skip_dash(&mut self) -> Result<(), Error> {
        let above = self.head.text.len();
        self.skip();
        if above > 0
            && matches!(self.peek_kind()?, TokenKind::BlockSequenceStart | TokenKind::BlockMappingStart)
        {
            self.stem = if self.head.text.len() == above {
                std::mem::take(&mut self.head)
            } else {
                self.head.split_front(above, above + 1)
            };
        }
        Ok(())
    }
}
