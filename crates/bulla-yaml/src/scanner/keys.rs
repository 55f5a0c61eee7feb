//! Implicit keys and indentation: where a mapping begins is known only when its first `:` is seen.

use super::Scanner;
use super::token::{Mark, Token, TokenKind};
use crate::Error;

/// go-yaml's own limits.
const MAX_FLOW_DEPTH: usize = 10_000;
const MAX_BLOCK_DEPTH: usize = 10_000;
/// Longest implicit key, in characters.
const MAX_KEY: u32 = 1024;

/// A token that becomes a key if a `:` follows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SimpleKey {
    possible: bool,
    /// It stands where only a key can stand.
    required: bool,
    pub(super) token_number: usize,
    pub(super) mark: Mark,
}

/// At which flow level a token was noted as a possible key.
#[derive(Debug)]
pub(crate) struct Note {
    token_number: usize,
    level: usize,
}

impl Scanner<'_> {
    /// Whether the token at the head of the queue may still turn out to be a key.
    ///
    /// As in go-yaml the answer is that of the flow level at which the token was noted. A note survives when
    /// its key expires, so the level may hold a later key by then and more is scanned ahead than needed;
    /// where comments and errors appear depends on it.
    pub(super) fn head_may_be_key(&mut self) -> Result<bool, Error> {
        let head = self.queue.consumed();
        while self.notes.front().is_some_and(|note| note.token_number < head) {
            self.notes.pop_front();
        }
        match self.notes.front() {
            Some(note) if note.token_number == head && note.level < self.keys.len() => {
                self.check_key(note.level)
            }
            _ => Ok(false),
        }
    }

    /// Whether the key is still possible: on one line and not too long.
    fn check_key(&mut self, level: usize) -> Result<bool, Error> {
        let key = self.keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line >= self.at.line && key.mark.index + MAX_KEY >= self.at.index {
            return Ok(true);
        }
        if key.required {
            return Err(self.fail(key.mark, "could not find expected ':'"));
        }
        self.keys[level].possible = false;
        Ok(false)
    }

    /// Notes that the next token may be a key.
    pub(super) fn save_key(&mut self) -> Result<(), Error> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let required = !self.in_flow() && self.indent == i64::from(self.at.column);
        self.remove_key()?;
        let key =
            SimpleKey { possible: true, required, token_number: self.queue.next_number(), mark: self.at };
        *self.innermost() = key;
        self.notes.push_back(Note { token_number: key.token_number, level: self.keys.len() - 1 });
        Ok(())
    }

    /// Gives up the key of the current level.
    pub(super) fn remove_key(&mut self) -> Result<(), Error> {
        let key = *self.innermost();
        if key.possible && key.required {
            return Err(self.fail(key.mark, "could not find expected ':'"));
        }
        if key.possible {
            self.innermost().possible = false;
            self.forget(key.token_number);
        }
        Ok(())
    }

    /// The key that a `:` here completes.
    pub(super) fn take_key(&mut self) -> Result<Option<SimpleKey>, Error> {
        if !self.check_key(self.keys.len() - 1)? {
            return Ok(None);
        }
        let key = *self.innermost();
        self.innermost().possible = false;
        self.forget(key.token_number);
        Ok(Some(key))
    }

    pub(super) fn enter_flow(&mut self) -> Result<(), Error> {
        // Numbered as the bracket itself: closing an empty collection forgets that it may be a key.
        let token_number = self.queue.next_number();
        self.keys.push(SimpleKey { token_number, mark: self.at, ..SimpleKey::default() });
        if self.keys.len() - 1 > MAX_FLOW_DEPTH {
            return Err(self.fail(self.at, "exceeded max depth of 10000"));
        }
        Ok(())
    }

    pub(super) fn leave_flow(&mut self) {
        if self.in_flow()
            && let Some(key) = self.keys.pop()
        {
            self.forget(key.token_number);
        }
    }

    /// Starts a block collection if `mark` is indented deeper than the current one. `before` is the number
    /// of the token that the start goes in front of.
    pub(super) fn roll_indent(
        &mut self,
        kind: TokenKind,
        before: Option<usize>,
        mark: Mark,
    ) -> Result<(), Error> {
        let column = i64::from(mark.column);
        if self.in_flow() || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_BLOCK_DEPTH {
            let context = self.innermost().mark;
            return Err(self.fail(context, "exceeded max depth of 10000"));
        }
        let token = Token::new(kind, mark, mark);
        match before {
            Some(number) => self.queue.insert(number, token),
            None => self.queue.push(token),
        }
        Ok(())
    }

    /// Ends the block collections indented deeper than `column`. The ends are placed where the comments
    /// that belong to what follows begin, which decides who gets the comments.
    pub(super) fn unroll_indent(&mut self, column: i64, before: Mark) {
        if self.in_flow() {
            return;
        }
        let mut mark = Mark { index: before.index.saturating_sub(1), ..before };
        while self.indent > column {
            mark = self.block_end_mark(mark);
            self.queue.push(Token::new(TokenKind::BlockEnd, mark, mark));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// The start of the earliest comment at the current indentation among those that follow each other up
    /// to here, else `mark`.
    fn block_end_mark(&self, mut mark: Mark) -> Mark {
        let mut reach = mark.index;
        for comment in self.comments.iter().rev() {
            if comment.end < reach {
                break;
            }
            if i64::from(comment.start.column) == self.indent + 1 {
                mark = comment.start;
            }
            reach = comment.scan;
        }
        mark
    }

    fn forget(&mut self, token_number: usize) {
        // Notes are in token order, and what is forgotten is mostly the newest.
        let at = self.notes.partition_point(|note| note.token_number < token_number);
        if self.notes.get(at).is_some_and(|note| note.token_number == token_number) {
            self.notes.remove(at);
        }
    }

    fn innermost(&mut self) -> &mut SimpleKey {
        self.keys.last_mut().expect("the block level's key is never popped")
    }
}
