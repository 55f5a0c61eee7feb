//! Reading JSON: numbers are `float64`, what is not UTF-8 and lone surrogates
//! read as U+FFFD, the last of equal keys wins.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::scope::Scope;
use crate::text::number::parse_float;
use crate::text::runes::{REPLACEMENT, decode, push};
use crate::value::{ListKind, MapKind, Text, Value};

/// What is wrong with a document. There is no more than the kind and the
/// offset to say, because the rest is the secret itself (`security.md` O-02).
pub(crate) struct BadJson {
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
}

type Read<T> = Result<Result<T, BadJson>, Failure>;

/// Unwraps the inner result of a [`Read`].
macro_rules! good {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(bad) => return Ok(Err(bad)),
        }
    };
}

/// Reads one document. The outer error is the budget's.
pub(crate) fn read(scope: &mut Scope<'_>, input: &[u8]) -> Read<Value> {
    // Of what is not UTF-8 each byte becomes three.
    let longest = if std::str::from_utf8(input).is_ok() { input.len() } else { input.len() * 3 };
    scope.meter.borrow(longest)?;
    let mut reader = Reader { input, at: 0, levels: scope.meter.limits().nesting };
    reader.space();
    let value = good!(reader.value(scope)?);
    reader.space();
    if reader.at < input.len() {
        return Ok(Err(reader.bad("text after the value")));
    }
    Ok(Ok(value))
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    levels: u32,
}

impl Reader<'_> {
    fn bad(&self, what: &'static str) -> BadJson {
        BadJson { offset: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &[u8], value: Value) -> Result<Value, BadJson> {
        if !self.input[self.at..].starts_with(word) {
            return Err(self.bad("invalid word"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, scope: &mut Scope<'_>) -> Read<Value> {
        scope.meter.step(1)?;
        Ok(match self.peek() {
            Some(b'{') => return self.nested(scope, Self::object),
            Some(b'[') => return self.nested(scope, Self::array),
            Some(b'"') => {
                let text = good!(self.text());
                Ok(scope.text(text)?)
            }
            Some(b't') => self.word(b"true", Value::Bool(true)),
            Some(b'f') => self.word(b"false", Value::Bool(false)),
            Some(b'n') => self.word(b"null", Value::Nil),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.bad("invalid character")),
            None => Err(self.bad("unexpected end")),
        })
    }

    fn nested(
        &mut self,
        scope: &mut Scope<'_>,
        read: fn(&mut Self, &mut Scope<'_>) -> Read<Value>,
    ) -> Read<Value> {
        let Some(levels) = self.levels.checked_sub(1) else {
            return Ok(Err(self.bad("nesting is too deep")));
        };
        self.levels = levels;
        self.at += 1;
        self.space();
        let value = read(self, scope)?;
        self.levels += 1;
        Ok(value)
    }

    fn object(&mut self, scope: &mut Scope<'_>) -> Read<Value> {
        let map = scope.map(MapKind::Any, BTreeMap::new())?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Ok(Value::Map(map)));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Ok(Err(self.bad("expected a key")));
            }
            let key = good!(self.text());
            self.space();
            if self.peek() != Some(b':') {
                return Ok(Err(self.bad("expected a colon")));
            }
            self.at += 1;
            self.space();
            let value = good!(self.value(scope)?);
            scope.insert(&map, Text::from(key), value)?;
            if good!(self.closes(b'}')) {
                return Ok(Ok(Value::Map(map)));
            }
        }
    }

    fn array(&mut self, scope: &mut Scope<'_>) -> Read<Value> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Ok(scope.list(ListKind::Any, items)?));
        }
        loop {
            scope.charge_item()?;
            items.push(good!(self.value(scope)?));
            if good!(self.closes(b']')) {
                return Ok(Ok(scope.charged_list(ListKind::Any, items)?));
            }
        }
    }

    /// Reads a comma (false) or the end (true) of an object or array.
    fn closes(&mut self, end: u8) -> Result<bool, BadJson> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(false)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.bad("expected a comma or the end")),
        }
    }

    fn number(&mut self) -> Result<Value, BadJson> {
        let from = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = parse_float(&self.input[from..self.at]);
        number.map(Value::Float).ok_or(BadJson { offset: from, what: "number out of range" })
    }

    fn digits(&mut self) -> Result<(), BadJson> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.bad("expected a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn text(&mut self) -> Result<Vec<u8>, BadJson> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.bad("unexpected end")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(0..0x20) => return Err(self.bad("control character in a string")),
                Some(_) => {
                    let (rune, width) = decode(&self.input[self.at..]);
                    push(&mut out, rune);
                    self.at += width;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), BadJson> {
        let letter = self.input.get(self.at + 1).copied();
        let plain = match letter {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(out),
            _ => return Err(self.bad("invalid escape")),
        };
        out.push(plain);
        self.at += 2;
        Ok(())
    }

    fn unicode(&mut self, out: &mut Vec<u8>) -> Result<(), BadJson> {
        let first = self.unit().ok_or_else(|| self.bad("invalid escape"))?;
        self.at += 6;
        let rune = match first {
            0xD800..0xDC00 => match self.unit() {
                Some(second @ 0xDC00..0xE000) => {
                    self.at += 6;
                    char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
                }
                _ => None,
            },
            other => char::from_u32(other),
        };
        push(out, rune.unwrap_or(REPLACEMENT));
        Ok(())
    }

    /// Returns the number of a `\uXXXX` that stands here.
    fn unit(&self) -> Option<u32> {
        let digits = self.input.get(self.at..self.at + 6)?.strip_prefix(b"\\u")?;
        digits
            .iter()
            .try_fold(0, |value, digit| char::from(*digit).to_digit(16).map(|digit| value << 4 | digit))
    }
}
