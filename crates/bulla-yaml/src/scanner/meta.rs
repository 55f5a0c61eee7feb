//! Anchors, aliases, tags and directives.

use std::borrow::Cow;

use super::token::{Mark, Payload, Token, TokenKind};
use super::{Scanner, text_token};
use crate::Error;
use crate::chars::{is_blank, is_break_or_end, is_word};

impl<'s> Scanner<'s> {
    pub(super) fn scan_anchor(&mut self, kind: TokenKind) -> Result<Token<'s>, Error> {
        let start = self.at;
        self.skip_indicator();
        let name = self.scan_word();
        let ends = matches!(self.peek_byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !(ends || self.word_ends_at(0)) {
            return Err(self.fail(start, "did not find expected alphabetic or numeric character"));
        }
        Ok(text_token(kind, start, self.at, Cow::Borrowed(name)))
    }

    /// A tag as handle and suffix; `!` alone and `!<...>` have an empty handle.
    pub(super) fn scan_tag(&mut self) -> Result<Token<'s>, Error> {
        let start = self.at;
        let (handle, suffix) = if self.peek_byte(1) == b'<' {
            self.skip_run(self.offset() + 2);
            let suffix = self.scan_tag_uri(start, None)?;
            if self.peek_byte(0) != b'>' {
                return Err(self.fail(start, "did not find the expected '>'"));
            }
            self.skip_indicator();
            ("", suffix)
        } else {
            let word = self.scan_tag_handle(start, false)?;
            if word.len() > 1 && word.ends_with('!') {
                (word, self.scan_tag_uri(start, None)?)
            } else {
                match self.scan_tag_uri(start, Some(word))? {
                    suffix if suffix.is_empty() => ("", Cow::Borrowed("!")),
                    suffix => ("!", suffix),
                }
            }
        };
        if !self.word_ends_at(0) {
            return Err(self.fail(start, "did not find expected whitespace or line break"));
        }
        let payload = Payload::Tag(Box::new((handle, suffix)));
        Ok(Token::with(TokenKind::Tag, start, self.at, payload))
    }

    pub(super) fn scan_directive(&mut self) -> Result<Token<'s>, Error> {
        let start = self.at;
        self.skip_indicator();
        let name = self.scan_word();
        if name.is_empty() {
            return Err(self.fail(start, "could not find expected directive name"));
        }
        if !self.word_ends_at(0) {
            return Err(self.fail(start, "found unexpected non-alphabetical character"));
        }
        let (kind, payload) = match name {
            "YAML" => (TokenKind::VersionDirective, self.scan_version(start)?),
            "TAG" => (TokenKind::TagDirective, self.scan_tag_directive(start)?),
            _ => return Err(self.fail(start, "found unknown directive name")),
        };
        let end = self.at;
        self.skip_blanks();
        if self.peek_byte(0) == b'#' {
            while !is_break_or_end(self.bytes, self.offset()) {
                self.skip_char();
            }
        }
        if !is_break_or_end(self.bytes, self.offset()) {
            return Err(self.fail(start, "did not find expected comment or line break"));
        }
        self.skip_break();
        Ok(Token::with(kind, start, end, payload))
    }

    fn scan_version(&mut self, start: Mark) -> Result<Payload<'s>, Error> {
        self.skip_blanks();
        let major = self.scan_version_number(start)?;
        if self.peek_byte(0) != b'.' {
            return Err(self.fail(start, "did not find expected digit or '.' character"));
        }
        self.skip_indicator();
        let minor = self.scan_version_number(start)?;
        Ok(Payload::Version(major, minor))
    }

    fn scan_version_number(&mut self, start: Mark) -> Result<u8, Error> {
        let mut value = 0;
        let mut digits = 0;
        while self.peek_byte(0).is_ascii_digit() {
            digits += 1;
            if digits > 2 {
                return Err(self.fail(start, "found extremely long version number"));
            }
            value = value * 10 + (self.peek_byte(0) - b'0');
            self.skip_indicator();
        }
        if digits == 0 {
            return Err(self.fail(start, "did not find expected version number"));
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Result<Payload<'s>, Error> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(start, true)?;
        if !is_blank(self.peek_byte(0)) {
            return Err(self.fail(start, "did not find expected whitespace"));
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri(start, None)?;
        if !self.word_ends_at(0) {
            return Err(self.fail(start, "did not find expected whitespace or line break"));
        }
        Ok(Payload::Tag(Box::new((handle, prefix))))
    }

    fn scan_tag_handle(&mut self, start: Mark, directive: bool) -> Result<&'s str, Error> {
        if self.peek_byte(0) != b'!' {
            return Err(self.fail(start, "did not find expected '!'"));
        }
        let from = self.offset();
        self.skip_indicator();
        self.scan_word();
        if self.peek_byte(0) == b'!' {
            self.skip_indicator();
        } else if directive && self.offset() - from != 1 {
            return Err(self.fail(start, "did not find expected '!'"));
        }
        Ok(self.slice(from, self.offset()))
    }

    /// The rest of a tag. `head` is what was read of it as a handle, `!` first.
    fn scan_tag_uri(&mut self, start: Mark, head: Option<&'s str>) -> Result<Cow<'s, str>, Error> {
        let from = self.offset() - head.map_or(0, |head| head.len() - 1);
        let mut decoded: Option<Vec<u8>> = None;
        while is_uri(self.peek_byte(0)) {
            if self.peek_byte(0) == b'%' {
                let bytes = decoded.get_or_insert_with(|| self.bytes[from..self.offset()].to_vec());
                self.scan_uri_escape(start, bytes)?;
            } else {
                if let Some(bytes) = &mut decoded {
                    bytes.push(self.peek_byte(0));
                }
                self.skip_indicator();
            }
        }
        if self.offset() == from && head.is_none() {
            return Err(self.fail(start, "did not find expected tag URI"));
        }
        match decoded.map(String::from_utf8) {
            None => Ok(Cow::Borrowed(self.slice(from, self.offset()))),
            Some(Ok(text)) => Ok(Cow::Owned(text)),
            Some(Err(_)) => Err(self.fail(start, "found an incorrect trailing UTF-8 octet")),
        }
    }

    /// `%XX` for every byte of one character.
    fn scan_uri_escape(&mut self, start: Mark, text: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = 0;
        loop {
            let digit = |ahead| char::from(self.peek_byte(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.peek_byte(0), digit(1), digit(2)) else {
                return Err(self.fail(start, "did not find URI escaped octet"));
            };
            let octet = (high * 16 + low) as u8;
            if left == 0 {
                left = match octet {
                    0x00..=0x7F => 1,
                    0xC0..=0xDF => 2,
                    0xE0..=0xEF => 3,
                    0xF0..=0xF7 => 4,
                    _ => return Err(self.fail(start, "found an incorrect leading UTF-8 octet")),
                };
            } else if octet & 0xC0 != 0x80 {
                return Err(self.fail(start, "found an incorrect trailing UTF-8 octet"));
            }
            text.push(octet);
            self.skip_run(self.offset() + 3);
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
    }

    fn scan_word(&mut self) -> &'s str {
        let start = self.offset();
        let len = self.bytes[start..].iter().take_while(|&&byte| is_word(byte)).count();
        self.skip_run(start + len);
        self.slice(start, start + len)
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.peek_byte(0)) {
            self.skip_blank();
        }
    }
}

/// Characters of a tag, brackets and commas included even in flow context.
fn is_uri(byte: u8) -> bool {
    is_word(byte) || b";/?:@&=+$,.!~*'()[]%".contains(&byte)
}
