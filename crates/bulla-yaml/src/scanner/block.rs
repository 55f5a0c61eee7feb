//! Literal and folded scalars.

use std::borrow::Cow;

use super::token::{Mark, Token, TokenKind};
use super::{Scanner, text_token};
use crate::Error;
use crate::chars::{find_break, is_blank, is_break, is_break_or_end};
use crate::node::Style;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Clip,
    Keep,
    Strip,
}

impl<'s> Scanner<'s> {
    pub(super) fn scan_block_scalar(&mut self, style: Style) -> Result<Token<'s>, Error> {
        let start = self.at;
        self.skip_indicator();
        let (chomping, increment) = self.block_header(start)?;
        self.end_header_line(start)?;
        let indent = match increment {
            0 => None,
            _ => Some(self.indent.max(0) as u32 + increment),
        };
        let mut breaks = String::new();
        let (indent, mut end) = self.block_breaks(indent, &mut breaks, start)?;
        let mut text = String::new();
        let mut line_break = "";
        let mut after_blank = false;
        while self.at.column == indent && self.peek_byte(0) != 0 {
            let blank = is_blank(self.peek_byte(0));
            if style == Style::Folded && !after_blank && !blank && line_break == "\n" {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(line_break);
            }
            text.push_str(&breaks);
            breaks.clear();
            after_blank = blank;
            let line = self.offset();
            let line_end = find_break(self.bytes, line, self.ascii);
            text.push_str(self.slice(line, line_end));
            self.skip_block_line(line, line_end);
            line_break = self.skip_break();
            end = self.block_breaks(Some(indent), &mut breaks, start)?.1;
        }
        if chomping != Chomping::Strip {
            text.push_str(line_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        Ok(text_token(TokenKind::Scalar(style), start, end, Cow::Owned(text)))
    }

    /// Chomping and indentation indicators in either order; an indentation of 0 means none is given.
    fn block_header(&mut self, start: Mark) -> Result<(Chomping, u32), Error> {
        let mut chomping = None;
        let mut increment = 0;
        loop {
            match self.peek_byte(0) {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'0' if increment == 0 => {
                    return Err(self.fail(start, "found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = u32::from(digit - b'0'),
                _ => return Ok((chomping.unwrap_or(Chomping::Clip), increment)),
            }
            self.skip_indicator();
        }
    }

    fn end_header_line(&mut self, start: Mark) -> Result<(), Error> {
        while is_blank(self.peek_byte(0)) {
            self.skip_blank();
        }
        if self.peek_byte(0) == b'#' {
            self.scan_line_comment(start);
        }
        if !is_break_or_end(self.bytes, self.offset()) {
            return Err(self.fail(start, "did not find expected comment or line break"));
        }
        self.skip_break();
        Ok(())
    }

    /// Skips indentation and empty lines. Returns the indentation, found here if it was not known, and the
    /// start of the first line that is not empty.
    fn block_breaks(
        &mut self,
        indent: Option<u32>,
        breaks: &mut String,
        start: Mark,
    ) -> Result<(u32, Mark), Error> {
        let mut end = self.at;
        let mut widest = 0;
        loop {
            while self.peek_byte(0) == b' ' && indent.is_none_or(|indent| self.at.column < indent) {
                self.skip_blank();
            }
            widest = widest.max(self.at.column);
            if self.peek_byte(0) == b'\t' && indent.is_none_or(|indent| self.at.column < indent) {
                return Err(self.fail(start, "found a tab character where an indentation space is expected"));
            }
            if !is_break(self.bytes, self.offset()) {
                break;
            }
            breaks.push_str(self.skip_break());
            end = self.at;
        }
        let least = (self.indent + 1).max(1) as u32;
        Ok((indent.unwrap_or_else(|| widest.max(least)), end))
    }

    fn skip_block_line(&mut self, line: usize, line_end: usize) {
        if self.bytes[line..line_end].iter().any(|&byte| !is_blank(byte)) {
            self.newlines = 0;
        }
        self.skip_text(line, line_end);
    }
}
