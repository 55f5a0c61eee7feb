//! Single and double quoted scalars.

use std::borrow::Cow;

use super::plain::Gap;
use super::token::{Mark, Token, TokenKind};
use super::{Scanner, text_token};
use crate::Error;
use crate::chars::{byte, is_break};
use crate::node::Style;

impl<'s> Scanner<'s> {
    pub(super) fn scan_single_quoted(&mut self) -> Result<Token<'s>, Error> {
        self.scan_quoted(Style::SingleQuoted, b'\'')
    }

    pub(super) fn scan_double_quoted(&mut self) -> Result<Token<'s>, Error> {
        self.scan_quoted(Style::DoubleQuoted, b'"')
    }

    fn scan_quoted(&mut self, style: Style, quote: u8) -> Result<Token<'s>, Error> {
        let start = self.at;
        self.skip_indicator();
        let text = match self.simple_text(quote) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.complex_text(start, quote)?),
        };
        self.skip_indicator();
        Ok(text_token(TokenKind::Scalar(style), start, self.at, text))
    }

    /// The text up to the closing quote, if it is on this line and without escapes.
    fn simple_text(&mut self, quote: u8) -> Option<&'s str> {
        if self.at_marker() {
            return None;
        }
        let start = self.offset();
        let mut at = start;
        loop {
            match *self.bytes.get(at)? {
                found if found == quote => break,
                b'\\' if quote == b'"' => return None,
                b'\n' | b'\r' => return None,
                0xC2 | 0xE2 if is_break(self.bytes, at) => return None,
                _ => at += 1,
            }
        }
        if quote == b'\'' && byte(self.bytes, at + 1) == b'\'' {
            return None;
        }
        if at > start {
            self.skip_text(start, at);
        }
        Some(self.slice(start, at))
    }

    fn complex_text(&mut self, start: Mark, quote: u8) -> Result<String, Error> {
        let mut text = String::new();
        loop {
            if self.at_marker() {
                return Err(self.fail(start, "found unexpected document indicator"));
            }
            if self.peek_byte(0) == 0 {
                return Err(self.fail(start, "found unexpected end of stream"));
            }
            let escaped_break = self.quoted_word(start, quote, &mut text)?;
            if self.peek_byte(0) == quote {
                return Ok(text);
            }
            let blanks = self.offset();
            // Behind an escaped break, blanks are indentation and breaks are not folded.
            let mut gap = Gap { first_break: escaped_break.then_some(""), ..Gap::default() };
            self.skip_gap(&mut gap, |_| Ok(()))?;
            if gap.first_break.is_some() {
                gap.fold_into(&mut text);
            } else {
                text.push_str(self.slice(blanks, self.offset()));
            }
        }
    }

    /// Reads up to a blank, a break, the closing quote or the end, or over an escaped break (then true).
    fn quoted_word(&mut self, start: Mark, quote: u8, text: &mut String) -> Result<bool, Error> {
        loop {
            let word = self.offset();
            let mut at = word;
            while let Some(&found) = self.bytes.get(at) {
                let special = match found {
                    b' ' | b'\t' | b'\n' | b'\r' => true,
                    b'\\' => quote == b'"',
                    0xC2 | 0xE2 => is_break(self.bytes, at),
                    _ => found == quote,
                };
                if special {
                    break;
                }
                at += 1;
            }
            text.push_str(self.slice(word, at));
            self.skip_run(at);
            match self.peek_byte(0) {
                b'\'' if quote == b'\'' && self.peek_byte(1) == b'\'' => {
                    text.push('\'');
                    self.skip_run(at + 2);
                }
                b'\\' if is_break(self.bytes, at + 1) => {
                    self.skip_indicator();
                    self.skip_break();
                    return Ok(true);
                }
                b'\\' if quote == b'"' => self.escape(start, text)?,
                _ => return Ok(false),
            }
        }
    }

    fn escape(&mut self, start: Mark, text: &mut String) -> Result<(), Error> {
        let (meaning, digits) = match self.peek_byte(1) {
            b'0' => ('\0', 0),
            b'a' => ('\x07', 0),
            b'b' => ('\x08', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\x0B', 0),
            b'f' => ('\x0C', 0),
            b'r' => ('\r', 0),
            b'e' => ('\x1B', 0),
            plain @ (b' ' | b'"' | b'\'' | b'\\') => (char::from(plain), 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{A0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => ('x', 2),
            b'u' => ('u', 4),
            b'U' => ('U', 8),
            _ => return Err(self.fail(start, "found unknown escape character")),
        };
        self.skip_indicator();
        self.skip_char();
        if digits == 0 {
            text.push(meaning);
            return Ok(());
        }
        let mut value = 0_u32;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.peek_byte(ahead)).to_digit(16) else {
                return Err(self.fail(start, "did not find expected hexdecimal number"));
            };
            value = value << 4 | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return Err(self.fail(start, "found invalid Unicode character escape code"));
        };
        text.push(character);
        self.skip_run(self.offset() + digits);
        Ok(())
    }
}
