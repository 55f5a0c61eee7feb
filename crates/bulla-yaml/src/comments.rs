//! Comments on their way from the scanner to a node.
//!
//! go-yaml decides by blank lines and indentation whether a block of comment lines is the foot of what
//! precedes it or the head of what follows, and records the place in the stream from which on a token may
//! claim it. The rules are behavior that SOPS authenticates; they are kept with their oddities.

use crate::chars::{byte, find_break, is_blank, is_break};
use crate::node::{Comment, CommentLine, Comments};
use crate::scanner::Scanner;
use crate::scanner::token::{Mark, TokenKind};

/// How far, in bytes, the scanner looks for a comment or the end of one.
const WINDOW: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Foot,
    Head,
    Line,
}

/// A comment no token has claimed yet.
#[derive(Debug)]
pub(crate) struct PendingComment {
    pub(crate) place: Place,
    /// Where the scan that found it began (character index), or where the comment before it ended.
    pub(crate) scan: u32,
    /// The first token starting here or later takes the comment (character index).
    pub(crate) owner: u32,
    /// Its `#`; the column counts from 1, except for a line comment.
    pub(crate) start: Mark,
    /// Where the scanner saw that it is over (character index).
    pub(crate) end: u32,
    pub(crate) comment: Comment,
}

impl Comment {
    fn push_line(&mut self, source: &str, start: usize, end: usize) {
        let at = self.text.len() as u32;
        self.lines.push(CommentLine { at, start: start as u32, end: end as u32 });
        self.text.push_str(source.get(start..end).unwrap_or_default());
    }

    /// Adds another comment on a new line.
    pub(crate) fn join(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        self.text.push('\n');
        let base = self.text.len() as u32;
        self.text.push_str(&other.text);
        self.lines.extend(other.lines.into_iter().map(|line| CommentLine { at: line.at + base, ..line }));
    }

    /// Takes the first `keep` bytes out; what remains starts at `rest`.
    pub(crate) fn split_front(&mut self, keep: usize, rest: usize) -> Self {
        let rest = rest.min(self.text.len());
        let tail = self.text.split_off(rest);
        self.text.truncate(keep);
        let first_of_tail = self.lines.partition_point(|line| (line.at as usize) < rest);
        let tail_lines = self.lines.split_off(first_of_tail);
        let front = std::mem::take(self);
        self.text = tail;
        self.lines =
            tail_lines.into_iter().map(|line| CommentLine { at: line.at - rest as u32, ..line }).collect();
        front
    }

    /// `None` if there is no text.
    pub(crate) fn into_option(self) -> Option<Self> {
        (!self.is_empty()).then_some(self)
    }
}

impl Comments {
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none() && self.line.is_none() && self.foot.is_none()
    }
}

/// A comment block being collected.
struct Block {
    scan: u32,
    owner: u32,
    start: Mark,
    comment: Comment,
    /// Line and column of the character looked at; the column counts from 1.
    line: u32,
    column: u32,
    /// The line on which it is a foot; `None` where it can be none.
    foot_line: Option<i64>,
    /// No empty line has been seen yet.
    first_gap: bool,
    /// The line before was empty.
    gap: bool,
}

impl Scanner<'_> {
    /// Collects the comment on the rest of this line, if the token before ended on it.
    pub(crate) fn scan_line_comment(&mut self, owner: Mark) {
        if self.newlines > 0 || !matches!(self.peek_byte(0), b' ' | b'\t' | b'#') {
            return;
        }
        let from = self.offset();
        let Some(hash) = (from..from + WINDOW).find(|&at| !is_blank(byte(self.bytes, at))) else { return };
        if byte(self.bytes, hash) != b'#' {
            return;
        }
        self.skip_to_comment(hash);
        let start = self.at;
        let mut comment = Comment::default();
        self.read_comment_line(&mut comment);
        self.comments.push_back(PendingComment {
            place: Place::Line,
            scan: 0,
            owner: owner.index,
            start,
            end: 0,
            comment,
        });
    }

    /// Turns a comment behind the first dash of a sequence into a head comment: of what follows if it stood
    /// on the line before, else of the sequence.
    pub(crate) fn lift_entry_comment(&mut self) {
        let at = self.at;
        let Some(last) = self.comments.back_mut() else { return };
        if last.place != Place::Line || is_break(self.bytes, at.byte as usize) {
            return;
        }
        let kind = |token: Option<&crate::scanner::token::Token<'_>>| token.map(|token| token.kind);
        if kind(self.queue.last_but_one()) != Some(TokenKind::BlockSequenceStart)
            || kind(self.queue.last()) != Some(TokenKind::BlockEntry)
        {
            return;
        }
        last.place = Place::Head;
        if last.start.line + 1 == at.line {
            last.owner = at.index;
        }
    }

    /// Collects the comment lines that begin here and splits them into feet and a head.
    pub(crate) fn scan_comments(&mut self, before: Mark) {
        let (token_kind, token_start) = self.commented_token();
        let mut block = Block {
            scan: before.index,
            owner: token_start.index,
            start: Mark::default(),
            comment: Comment::default(),
            line: self.at.line,
            column: self.at.column,
            foot_line: (token_kind != TokenKind::Value).then(|| self.foot_line(before)),
            first_gap: self.newlines <= 1,
            gap: false,
        };
        let mut ahead = 0;
        while ahead < WINDOW {
            let at = self.offset() + ahead;
            let next = byte(self.bytes, at);
            block.column += 1;
            if is_blank(next) {
                ahead += 1;
                continue;
            }
            let closes = self.in_flow() && matches!(next, b']' | b'}');
            let breaks = is_break(self.bytes, at);
            if closes || breaks || next == 0 {
                self.end_line(&mut block, closes, next == 0, ahead);
                if !breaks {
                    break;
                }
                (block.first_gap, block.gap) = (false, true);
                block.column = 0;
                block.line += 1;
                ahead += 1;
                continue;
            }
            let dedented = i64::from(block.column) - 1 < self.indent.max(0);
            if dedented && block.column != block.start.column {
                self.end_foot(&mut block, ahead);
            }
            if next != b'#' {
                break;
            }
            if block.comment.is_empty() {
                block.start = self.mark_ahead(&block, ahead);
            } else {
                block.comment.text.push('\n');
            }
            block.gap = false;
            self.skip_to_comment(at);
            self.read_comment_line(&mut block.comment);
            // The break that ends the line is not looked at; so its line is not counted, and a line feed
            // after a carriage return counts as an empty line.
            (ahead, block.column, block.line) = (1, 0, self.at.line);
        }
        self.end_head(block, ahead);
    }

    /// Judges the lines so far where an empty line, a closing bracket or the end of the stream follows.
    fn end_line(&mut self, block: &mut Block, closes: bool, stream_ends: bool, ahead: usize) {
        if block.gap && !closes {
            return;
        }
        let below = block.foot_line == Some(i64::from(block.start.line));
        let dedented = i64::from(block.start.column) - 1 < self.indent.max(0);
        if closes || (block.first_gap && (below || dedented)) {
            if !block.comment.is_empty() && dedented {
                block.owner = block.start.index;
            }
            self.end_foot(block, ahead);
        } else if !block.comment.is_empty() && !stream_ends {
            block.comment.text.push('\n');
        }
    }

    /// The token a foot comment would belong to: the last one, but what stands before a comma.
    fn commented_token(&self) -> (TokenKind, Mark) {
        let last = self.queue.last().map(|token| (token.kind, token.start));
        let before = self.queue.last_but_one().map(|token| (token.kind, token.start));
        match (last, before) {
            (Some((TokenKind::FlowEntry, _)), Some(before)) => before,
            (Some(last), _) => last,
            (None, _) => (TokenKind::StreamStart, Mark::default()),
        }
    }

    /// The line on which a comment is still directly below the content before it; -1 if there is none.
    fn foot_line(&self, before: Mark) -> i64 {
        if before.line == 0 {
            return -1;
        }
        let beside = self.newlines == 0 && self.at.column > 1;
        i64::from(self.at.line) - i64::from(self.newlines) + 1 + i64::from(beside)
    }

    /// Finishes the collected lines as a foot comment, if there are any.
    fn end_foot(&mut self, block: &mut Block, ahead: usize) {
        if block.comment.is_empty() {
            return;
        }
        let end = self.at.index + ahead as u32;
        self.comments.push_back(PendingComment {
            place: Place::Foot,
            scan: block.scan,
            owner: block.owner,
            start: block.start,
            end,
            comment: std::mem::take(&mut block.comment),
        });
        (block.scan, block.owner) = (end, end);
    }

    fn end_head(&mut self, block: Block, ahead: usize) {
        if block.comment.is_empty() {
            return;
        }
        self.comments.push_back(PendingComment {
            place: Place::Head,
            scan: block.scan,
            owner: block.start.index,
            start: block.start,
            end: (self.at.index + ahead as u32).saturating_sub(1),
            comment: block.comment,
        });
    }

    fn mark_ahead(&self, block: &Block, ahead: usize) -> Mark {
        Mark {
            byte: self.at.byte + ahead as u32,
            index: self.at.index + ahead as u32,
            line: block.line,
            column: block.column,
        }
    }

    /// Skips the blanks and breaks in front of the `#` at byte `hash`.
    fn skip_to_comment(&mut self, hash: usize) {
        while self.offset() < hash {
            if is_break(self.bytes, self.offset()) {
                self.skip_break();
            } else {
                self.skip_char();
            }
        }
    }

    fn read_comment_line(&mut self, comment: &mut Comment) {
        let start = self.offset();
        let end = find_break(self.bytes, start, false);
        comment.push_line(self.source, start, end);
        self.skip_run(end);
    }
}
