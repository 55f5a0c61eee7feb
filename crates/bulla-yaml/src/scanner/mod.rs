//! From bytes to tokens, after libyaml with the additions of go-yaml v3: comments are collected on the way,
//! and two tokens are always scanned ahead so that a comment below a node is known before the node is built.

mod block;
mod keys;
mod meta;
mod plain;
mod quoted;
pub(crate) mod token;

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::Error;
use crate::chars::{break_len, byte, char_count, char_len, ends_word, is_blank, is_break};
use crate::comments::PendingComment;
use crate::node::Style;
use crate::source::Source;
use keys::{Note, SimpleKey};
use token::{Mark, Payload, Token, TokenKind, TokenQueue};

pub(crate) struct Scanner<'s> {
    pub(crate) source: &'s str,
    pub(crate) bytes: &'s [u8],
    ascii: bool,
    pub(crate) at: Mark,
    /// Line breaks since the last character that is neither blank nor break.
    pub(crate) newlines: u32,
    pub(crate) queue: TokenQueue<'s>,
    /// Comments that no token has claimed yet.
    pub(crate) comments: VecDeque<PendingComment>,
    started: bool,
    pub(crate) indent: i64,
    indents: Vec<i64>,
    simple_key_allowed: bool,
    /// One possible implicit key per flow level, the block level first.
    keys: Vec<SimpleKey>,
    notes: VecDeque<Note>,
    token_available: bool,
}

impl<'s> Scanner<'s> {
    pub(crate) fn new(source: &Source<'s>) -> Self {
        let bytes = source.text.as_bytes();
        let at = Mark { byte: source.skip as u32, ..Mark::default() };
        Self {
            source: source.text,
            bytes,
            ascii: source.ascii,
            at,
            newlines: 0,
            queue: TokenQueue::new(),
            comments: VecDeque::new(),
            started: false,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            keys: vec![SimpleKey::default()],
            notes: VecDeque::new(),
            token_available: false,
        }
    }

    /// The next token, which stays in the queue until [`skip`](Self::skip).
    pub(crate) fn peek(&mut self) -> Result<&mut Token<'s>, Error> {
        if !self.token_available {
            self.fetch_more()?;
            self.token_available = true;
        }
        Ok(self.queue.head().expect("fetch_more leaves tokens waiting"))
    }

    /// Consumes the token last peeked.
    pub(crate) fn skip(&mut self) {
        self.token_available = false;
        self.queue.advance();
    }

    /// Scans until three tokens wait and the first of them can no longer turn out to be a key.
    fn fetch_more(&mut self) -> Result<(), Error> {
        while self.queue.waiting() < 3 || self.head_may_be_key()? {
            self.fetch_next()?;
        }
        Ok(())
    }

    fn fetch_next(&mut self) -> Result<(), Error> {
        if !self.started {
            self.started = true;
            self.queue.push(Token::new(TokenKind::StreamStart, self.at, self.at));
            return Ok(());
        }
        let before = self.at;
        self.skip_to_token(before)?;
        self.unroll_indent(i64::from(self.at.column), before);
        if self.fetch_outer()? {
            return Ok(());
        }
        let continues = if self.in_flow() { b',' } else { b':' };
        let owner = match self.queue.last() {
            Some(last) if self.peek_byte(0) == continues => last.start,
            _ => self.at,
        };
        self.fetch_content()?;
        // A dash alone has no line comment: what follows it is a head comment of the item.
        if self.queue.last().is_some_and(|last| last.kind == TokenKind::BlockEntry) {
            return Ok(());
        }
        self.scan_line_comment(owner);
        Ok(())
    }

    /// End of stream, directives and document markers.
    fn fetch_outer(&mut self) -> Result<bool, Error> {
        match self.peek_byte(0) {
            0 => self.fetch_stream_end()?,
            b'%' if self.at.column == 0 => {
                self.leave_document()?;
                let token = self.scan_directive()?;
                self.queue.push(token);
            }
            b'-' if self.at_marker() => self.fetch_marker(TokenKind::DocumentStart)?,
            b'.' if self.at_marker() => self.fetch_marker(TokenKind::DocumentEnd)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn fetch_content(&mut self) -> Result<(), Error> {
        let flow = self.in_flow();
        match self.peek_byte(0) {
            b'[' => self.open_flow(TokenKind::FlowSequenceStart),
            b'{' => self.open_flow(TokenKind::FlowMappingStart),
            b']' => self.close_flow(TokenKind::FlowSequenceEnd),
            b'}' => self.close_flow(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.word_ends_at(1) => self.fetch_block_entry(),
            b'?' if flow || self.word_ends_at(1) => self.fetch_key(),
            b':' if flow || self.word_ends_at(1) => self.fetch_value(),
            b'*' => self.fetch_with_key(|scanner| scanner.scan_anchor(TokenKind::Alias)),
            b'&' => self.fetch_with_key(|scanner| scanner.scan_anchor(TokenKind::Anchor)),
            b'!' => self.fetch_with_key(Self::scan_tag),
            b'|' if !flow => self.fetch_block_scalar(Style::Literal),
            b'>' if !flow => self.fetch_block_scalar(Style::Folded),
            b'\'' => self.fetch_with_key(Self::scan_single_quoted),
            b'"' => self.fetch_with_key(Self::scan_double_quoted),
            _ if self.plain_may_start() => self.fetch_plain(),
            _ => Err(self.fail(self.at, "found character that cannot start any token")),
        }
    }

    fn plain_may_start(&self) -> bool {
        match self.peek_byte(0) {
            b'-' => !is_blank(self.peek_byte(1)),
            b'?' | b':' => !self.in_flow() && !self.word_ends_at(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => false,
            _ => !self.word_ends_at(0),
        }
    }

    /// Skips blanks, comments and line breaks in front of the next token.
    fn skip_to_token(&mut self, before: Mark) -> Result<(), Error> {
        // A second byte-order mark at the very start is skipped and counts as a column.
        if self.at.index == 0 && self.peek_byte(0) == 0xEF && self.bytes[..self.offset()].len() == 3 {
            self.skip_second_mark();
        }
        loop {
            let tabs = self.in_flow() || !self.simple_key_allowed;
            while self.peek_byte(0) == b' ' || (tabs && self.peek_byte(0) == b'\t') {
                self.skip_blank();
            }
            self.lift_entry_comment();
            if self.peek_byte(0) == b'#' {
                self.scan_comments(before);
            }
            if !is_break(self.bytes, self.offset()) {
                return Ok(());
            }
            self.skip_break();
            if !self.in_flow() {
                self.simple_key_allowed = true;
            }
        }
    }

    fn skip_second_mark(&mut self) {
        if self.bytes[3..].starts_with(b"\xEF\xBB\xBF") {
            self.skip_run(6);
        }
    }

    fn fetch_stream_end(&mut self) -> Result<(), Error> {
        if self.at.column != 0 {
            self.at.column = 0;
            self.at.line += 1;
        }
        self.leave_document()?;
        self.queue.push(Token::new(TokenKind::StreamEnd, self.at, self.at));
        Ok(())
    }

    /// Closes all block collections, as at a document marker.
    fn leave_document(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1, self.at);
        self.remove_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn fetch_marker(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.leave_document()?;
        let start = self.at;
        self.skip_run(self.offset() + 3);
        self.queue.push(Token::new(kind, start, self.at));
        Ok(())
    }

    fn open_flow(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_key()?;
        self.enter_flow()?;
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn close_flow(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.remove_key()?;
        self.leave_flow();
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Error> {
        self.remove_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        // In flow context the parser finds the mistake.
        if !self.in_flow() {
            if !self.simple_key_allowed {
                return Err(self.fail(self.at, "block sequence entries are not allowed in this context"));
            }
            self.roll_indent(TokenKind::BlockSequenceStart, None, self.at)?;
        }
        self.remove_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        if !self.in_flow() {
            if !self.simple_key_allowed {
                return Err(self.fail(self.at, "mapping keys are not allowed in this context"));
            }
            self.roll_indent(TokenKind::BlockMappingStart, None, self.at)?;
        }
        self.remove_key()?;
        self.simple_key_allowed = !self.in_flow();
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        if let Some(key) = self.take_key()? {
            self.queue.insert(key.token_number, Token::new(TokenKind::Key, key.mark, key.mark));
            self.roll_indent(TokenKind::BlockMappingStart, Some(key.token_number), key.mark)?;
            self.simple_key_allowed = false;
        } else {
            if !self.in_flow() {
                if !self.simple_key_allowed {
                    return Err(self.fail(self.at, "mapping values are not allowed in this context"));
                }
                self.roll_indent(TokenKind::BlockMappingStart, None, self.at)?;
            }
            self.simple_key_allowed = !self.in_flow();
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    /// A token that may itself be, or begin, an implicit key.
    fn fetch_with_key(&mut self, scan: impl Fn(&mut Self) -> Result<Token<'s>, Error>) -> Result<(), Error> {
        self.save_key()?;
        self.simple_key_allowed = false;
        let token = scan(self)?;
        self.queue.push(token);
        Ok(())
    }

    fn fetch_plain(&mut self) -> Result<(), Error> {
        self.fetch_with_key(Self::scan_plain)
    }

    fn fetch_block_scalar(&mut self, style: Style) -> Result<(), Error> {
        self.remove_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(style)?;
        self.queue.push(token);
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind) {
        let start = self.at;
        self.skip_indicator();
        self.queue.push(Token::new(kind, start, self.at));
    }

    /// A scanner error. The line go-yaml names is that of `context`, or of here if that is the first line.
    pub(crate) fn fail(&self, context: Mark, problem: &'static str) -> Error {
        let line = if context.line != 0 { context.line } else { self.at.line };
        Error::Syntax {
            problem,
            reference_line: if line == 0 { 0 } else { line as usize + 1 },
            line: self.at.line as usize + 1,
            column: self.at.column as usize + 1,
        }
    }

    pub(crate) fn offset(&self) -> usize {
        self.at.byte as usize
    }

    pub(crate) fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    pub(crate) fn peek_byte(&self, ahead: usize) -> u8 {
        byte(self.bytes, self.offset() + ahead)
    }

    fn word_ends_at(&self, ahead: usize) -> bool {
        ends_word(self.bytes, self.offset() + ahead)
    }

    /// Whether `---` or `...` stands here at the start of a line.
    fn at_marker(&self) -> bool {
        self.at.column == 0
            && self.bytes.get(self.offset()..self.offset() + 3).is_some_and(|at| at == b"---" || at == b"...")
            && self.word_ends_at(3)
    }

    /// Source text between two offsets on character boundaries.
    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.source.get(start..end).unwrap_or_default()
    }

    pub(crate) fn skip_blank(&mut self) {
        self.at.byte += 1;
        self.at.index += 1;
        self.at.column += 1;
    }

    /// Skips one ASCII character that is neither blank nor break.
    fn skip_indicator(&mut self) {
        self.newlines = 0;
        self.skip_blank();
    }

    /// Skips one character of any width that is no line break.
    pub(crate) fn skip_char(&mut self) {
        let first = self.peek_byte(0);
        if !is_blank(first) {
            self.newlines = 0;
        }
        self.at.byte += char_len(first) as u32;
        self.at.index += 1;
        self.at.column += 1;
    }

    /// Skips to `end`; the text up to there has no line break and, if not empty, a character that is not
    /// blank.
    pub(crate) fn skip_run(&mut self, end: usize) {
        let start = self.offset();
        if end > start {
            self.newlines = 0;
            self.skip_text(start, end);
        }
    }

    /// Skips to `end`; the text up to there has no line break.
    fn skip_text(&mut self, start: usize, end: usize) {
        let chars = if self.ascii { end - start } else { char_count(&self.bytes[start..end]) } as u32;
        self.at.byte = end as u32;
        self.at.index += chars;
        self.at.column += chars;
    }

    /// Skips a line break if there is one, and returns what it means: a line feed, or LS or PS itself.
    pub(crate) fn skip_break(&mut self) -> &'s str {
        let start = self.offset();
        let len = break_len(self.bytes, start);
        if len == 0 {
            return "";
        }
        self.at.byte += len as u32;
        self.at.index += if self.bytes[start] == b'\r' { len as u32 } else { 1 };
        self.at.column = 0;
        self.at.line += 1;
        self.newlines += 1;
        if len == 3 { self.slice(start, start + 3) } else { "\n" }
    }
}

fn text_token(kind: TokenKind, start: Mark, end: Mark, text: Cow<'_, str>) -> Token<'_> {
    Token::with(kind, start, end, Payload::Text(text))
}
