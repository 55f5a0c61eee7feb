//! Plain scalars.

use std::borrow::Cow;

use super::token::{Token, TokenKind};
use super::{Scanner, text_token};
use crate::Error;
use crate::chars::{ends_word, is_blank, is_break};
use crate::node::Style;

/// Bytes that may end a run of plain text in block context: blanks, breaks, and the first bytes of line breaks
/// of several bytes.
const BLOCK_STOPS: [bool; 256] = stops(b"\0 \t\n\r\xC2\xE2");
/// The same in flow context, with the colon.
const FLOW_STOPS: [bool; 256] = stops(b"\0 \t\n\r:\xC2\xE2,?[]{}");

const fn stops(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

/// Blanks and line breaks between two pieces of a scalar.
#[derive(Default)]
pub(super) struct Gap<'s> {
    /// What the first break means, if there is one.
    pub(super) first_break: Option<&'s str>,
    pub(super) more_breaks: String,
}

impl Gap<'_> {
    /// Appends what the breaks fold to: the first is a space, or nothing if others follow it.
    pub(super) fn fold_into(&self, text: &mut String) {
        match self.first_break {
            Some("\n") if self.more_breaks.is_empty() => text.push(' '),
            Some("\n") | None => {}
            Some(separator) => text.push_str(separator),
        }
        text.push_str(&self.more_breaks);
    }
}

impl<'s> Scanner<'s> {
    pub(super) fn scan_plain(&mut self) -> Result<Token<'s>, Error> {
        let indent = self.indent + 1;
        let start = self.at;
        let mut end = start;
        // Only a scalar of several lines needs text of its own.
        let mut folded: Option<String> = None;
        let mut gap = Gap::default();
        while !self.at_marker() && self.peek_byte(0) != b'#' {
            let word = self.offset();
            let word_end = self.plain_word_end(word);
            if word_end > word {
                if gap.first_break.is_some() {
                    let text = folded
                        .get_or_insert_with(|| self.slice(start.byte as usize, end.byte as usize).to_owned());
                    gap.fold_into(text);
                    text.push_str(self.slice(word, word_end));
                    gap = Gap::default();
                } else if let Some(text) = &mut folded {
                    text.push_str(self.slice(end.byte as usize, word_end));
                }
                self.skip_run(word_end);
                end = self.at;
            }
            if !is_blank(self.peek_byte(0)) && !is_break(self.bytes, self.offset()) {
                break;
            }
            self.skip_gap(&mut gap, |scanner| {
                if i64::from(scanner.at.column) < indent && scanner.peek_byte(0) == b'\t' {
                    return Err(scanner.fail(start, "found a tab character that violates indentation"));
                }
                Ok(())
            })?;
            if !self.in_flow() && i64::from(self.at.column) < indent {
                break;
            }
        }
        if gap.first_break.is_some() {
            self.simple_key_allowed = true;
        }
        let text = match folded {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(self.slice(start.byte as usize, end.byte as usize)),
        };
        Ok(text_token(TokenKind::Scalar(Style::Plain), start, end, text))
    }

    /// Skips blanks and breaks; `check` sees every blank behind a break.
    pub(super) fn skip_gap(
        &mut self,
        gap: &mut Gap<'s>,
        check: impl Fn(&Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        loop {
            if is_blank(self.peek_byte(0)) {
                if gap.first_break.is_some() {
                    check(self)?;
                }
                self.skip_blank();
            } else if is_break(self.bytes, self.offset()) {
                let line_break = self.skip_break();
                if gap.first_break.is_none() {
                    gap.first_break = Some(line_break);
                } else {
                    gap.more_breaks.push_str(line_break);
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Where the run of characters of a plain scalar that starts at `from` ends.
    fn plain_word_end(&self, from: usize) -> usize {
        let flow = self.in_flow();
        let find = if flow { find_flow_stop } else { find_block_stop };
        let mut at = from;
        let end = loop {
            let Some(ahead) = find(&self.bytes[at..]) else { break self.bytes.len() };
            at += ahead;
            let ends = match self.bytes[at] {
                b':' => ends_word(self.bytes, at + 1),
                0xC2 | 0xE2 => is_break(self.bytes, at),
                _ => true,
            };
            if ends {
                break at;
            }
            at += 1;
        };
        // In block context only a colon in front of the end is none of the text: an envelope has many.
        if !flow && self.bytes[from..end].ends_with(b":") { end - 1 } else { end }
    }
}

fn find_flow_stop(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| FLOW_STOPS[usize::from(byte)])
}

fn find_block_stop(bytes: &[u8]) -> Option<usize> {
    // Without branches, so that the compiler turns it into vector code; what is
    // odd here and no stop is seen below.
    let odd = |odd: u8, &byte: &u8| odd | u8::from(byte <= b' ') | u8::from(byte >= 0xC2);
    let clean = bytes.chunks_exact(32).take_while(|chunk| chunk.iter().fold(0, odd) == 0).count() * 32;
    bytes[clean..].iter().position(|&byte| BLOCK_STOPS[usize::from(byte)]).map(|at| clean + at)
}
