//! A pull scanner for JSON (RFC 8259) that reports byte spans. It accepts what
//! Go's token decoder accepts, and needs no recursion.

use std::borrow::Cow;

use crate::format::FormatError;
use crate::format::text::place;
use crate::tree::Value;

/// A kind of collection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Map,
}

/// One step through a document. A key includes its colon in what is consumed,
/// but not in its span.
pub(super) enum Token<'s> {
    Close,
    Key(Cow<'s, [u8]>),
    Open(Kind),
    Scalar(Value<'s>),
}

/// A token and the bytes that say it.
pub(super) struct Lexeme<'s> {
    pub(super) token: Token<'s>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    FirstKey,
    FirstValue,
    Key,
    More,
    Nothing,
    Value,
}

/// Reads one JSON value token by token.
pub(super) struct Scanner<'s> {
    source: &'s [u8],
    position: usize,
    open: Vec<Kind>,
    expect: Expect,
    depth: usize,
    /// First byte that is no UTF-8 within a string; read as U+FFFD.
    pub(super) invalid_utf8: Option<usize>,
    /// First escape of half a surrogate pair; read as U+FFFD.
    pub(super) lone_surrogate: Option<usize>,
}

impl<'s> Scanner<'s> {
    /// Starts at byte `position` of `source`; collections may nest `depth`
    /// levels deep.
    pub(super) fn new(source: &'s [u8], position: usize, depth: usize) -> Self {
        Self {
            source,
            position,
            open: Vec::new(),
            expect: Expect::Value,
            depth,
            invalid_utf8: None,
            lone_surrogate: None,
        }
    }

    /// Returns the next token. Asking behind the end of the value is an error.
    pub(super) fn next(&mut self) -> Result<Lexeme<'s>, FormatError> {
        self.skip_blanks();
        if self.expect == Expect::More && self.peek() == Some(b',') {
            self.position += 1;
            self.expect = if self.open.last() == Some(&Kind::Map) { Expect::Key } else { Expect::Value };
            self.skip_blanks();
        }
        let start = self.position;
        let byte = self.peek().ok_or_else(|| self.error(start, "unexpected end of input"))?;
        let token = match (self.expect, byte) {
            (Expect::FirstKey, b'}') | (Expect::FirstValue, b']') => self.close(),
            (Expect::More, b'}') if self.open.last() == Some(&Kind::Map) => self.close(),
            (Expect::More, b']') if self.open.last() == Some(&Kind::List) => self.close(),
            (Expect::FirstKey | Expect::Key, b'"') => return self.key(),
            (Expect::FirstValue | Expect::Value, _) => self.value(byte)?,
            _ => return Err(self.unexpected()),
        };
        Ok(Lexeme { token, start, end: self.position })
    }

    /// Skips to behind the end of a collection whose opening was just read,
    /// and returns that end.
    pub(super) fn skip_collection(&mut self) -> Result<usize, FormatError> {
        let outside = self.open.len() - 1;
        while self.open.len() > outside {
            self.next()?;
        }
        Ok(self.position)
    }

    /// Returns the offset of the first byte behind the value that is no blank.
    pub(super) fn rest(&mut self) -> Option<usize> {
        self.skip_blanks();
        (self.position < self.source.len()).then_some(self.position)
    }

    fn peek(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.position += 1;
        }
    }

    fn close(&mut self) -> Token<'s> {
        self.position += 1;
        self.open.pop();
        self.after_value();
        Token::Close
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() { Expect::Nothing } else { Expect::More };
    }

    fn key(&mut self) -> Result<Lexeme<'s>, FormatError> {
        let start = self.position;
        let key = self.string()?;
        let end = self.position;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.error(self.position, "expected a colon behind the key"));
        }
        self.position += 1;
        self.expect = Expect::Value;
        Ok(Lexeme { token: Token::Key(key), start, end })
    }

    fn value(&mut self, first: u8) -> Result<Token<'s>, FormatError> {
        let value = match first {
            b'{' => return self.open(Kind::Map, Expect::FirstKey),
            b'[' => return self.open(Kind::List, Expect::FirstValue),
            b'"' => Value::Text(self.string()?),
            b't' => self.literal("true", Value::Bool(true))?,
            b'f' => self.literal("false", Value::Bool(false))?,
            b'n' => self.literal("null", Value::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.unexpected()),
        };
        self.after_value();
        Ok(Token::Scalar(value))
    }

    fn open(&mut self, kind: Kind, expect: Expect) -> Result<Token<'s>, FormatError> {
        if self.open.len() >= self.depth {
            let place = place(self.source, self.position);
            let limit = self.depth;
            return Err(FormatError::Limit(format!("JSON nests deeper than {limit} levels at {place}")));
        }
        self.open.push(kind);
        self.position += 1;
        self.expect = expect;
        Ok(Token::Open(kind))
    }

    fn literal(&mut self, word: &str, value: Value<'s>) -> Result<Value<'s>, FormatError> {
        if !self.source[self.position..].starts_with(word.as_bytes()) {
            return Err(self.unexpected());
        }
        self.position += word.len();
        Ok(value)
    }

    /// Reads a number: an integer where the literal is one in range, else a
    /// float (`sops.md` 7.3).
    fn number(&mut self) -> Result<Value<'s>, FormatError> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits()?;
        }
        let text =
            core::str::from_utf8(&self.source[start..self.position]).expect("a number is made of ASCII");
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::Int(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(self.error(start, "number out of range")),
        }
    }

    fn digits(&mut self) -> Result<(), FormatError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected());
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        Ok(())
    }

    /// Reads a string whose opening quote is next, borrowing it where it has
    /// neither escapes nor invalid UTF-8.
    fn string(&mut self) -> Result<Cow<'s, [u8]>, FormatError> {
        let opening = self.position;
        self.position += 1;
        let start = self.position;
        let mut escaped = false;
        loop {
            match self.peek() {
                None => return Err(self.error(opening, "string without a closing quote")),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.position += 2;
                }
                Some(0..=0x1f) => return Err(self.error(self.position, "control character in a string")),
                Some(_) => self.position += 1,
            }
        }
        let raw = &self.source[start..self.position];
        self.position += 1;
        if !escaped && core::str::from_utf8(raw).is_ok() {
            return Ok(Cow::Borrowed(raw));
        }
        self.unescape(raw, start).map(Cow::Owned)
    }

    fn unescape(&mut self, raw: &[u8], start: usize) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::with_capacity(raw.len());
        let mut at = 0;
        while at < raw.len() {
            if raw[at] == b'\\' {
                at += self.escape(&raw[at..], start + at, &mut out)?;
                continue;
            }
            let plain = memchr::memchr(b'\\', &raw[at..]).map_or(raw.len(), |found| at + found);
            self.copy_utf8(&raw[at..plain], start + at, &mut out);
            at = plain;
        }
        Ok(out)
    }

    /// Appends `raw` with every byte that belongs to no character replaced by
    /// U+FFFD, as Go does (one for each byte).
    fn copy_utf8(&mut self, raw: &[u8], start: usize, out: &mut Vec<u8>) {
        let mut at = 0;
        for chunk in raw.utf8_chunks() {
            out.extend_from_slice(chunk.valid().as_bytes());
            at += chunk.valid().len();
            for _ in chunk.invalid() {
                self.invalid_utf8.get_or_insert(start + at);
                out.extend_from_slice("\u{fffd}".as_bytes());
                at += 1;
            }
        }
    }

    /// Decodes the escape that `raw` starts with and returns its length.
    fn escape(&mut self, raw: &[u8], offset: usize, out: &mut Vec<u8>) -> Result<usize, FormatError> {
        let byte = match raw.get(1) {
            Some(quoted @ (b'"' | b'\\' | b'/')) => *quoted,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode_escape(raw, offset, out),
            _ => return Err(self.error(offset, "unknown escape in a string")),
        };
        out.push(byte);
        Ok(2)
    }

    fn unicode_escape(&mut self, raw: &[u8], offset: usize, out: &mut Vec<u8>) -> Result<usize, FormatError> {
        let unit = code_unit(raw).ok_or_else(|| self.error(offset, "\\u without four hexadecimal digits"))?;
        let mut length = 6;
        let mut character = char::from_u32(u32::from(unit));
        if (0xd800..0xdc00).contains(&unit)
            && let Some(low @ 0xdc00..=0xdfff) = code_unit(&raw[6..])
        {
            let code = 0x1_0000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
            character = char::from_u32(code);
            length = 12;
        }
        let character = character.unwrap_or_else(|| {
            self.lone_surrogate.get_or_insert(offset);
            char::REPLACEMENT_CHARACTER
        });
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(length)
    }

    fn unexpected(&self) -> FormatError {
        match self.peek() {
            None => self.error(self.position, "unexpected end of input"),
            Some(_) if self.expect == Expect::Key || self.expect == Expect::FirstKey => {
                self.error(self.position, "expected a key in double quotes")
            }
            Some(_) => self.error(self.position, "unexpected character"),
        }
    }

    fn error(&self, offset: usize, what: &str) -> FormatError {
        FormatError::Syntax(format!("invalid JSON at {}: {what}", place(self.source, offset)))
    }
}

/// Reads the UTF-16 code unit of an escape that `raw` starts with.
fn code_unit(raw: &[u8]) -> Option<u16> {
    let digits = raw.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}
