//! What a path finds.

use std::borrow::Cow;

use super::number;
use super::text::unescape;

/// The kind of a found value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// `false`.
    False,
    /// An object or an array.
    Json,
    /// `null`, or nothing.
    #[default]
    Null,
    /// A number.
    Number,
    /// A string.
    String,
    /// `true`.
    True,
}

/// A found value. It holds plaintext, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct Found<'a> {
    pub(super) kind: Kind,
    pub(super) raw: Cow<'a, [u8]>,
    /// Of a string: where in `raw` its content ends, and whether it has escapes.
    content: (usize, bool),
}

impl<'a> Found<'a> {
    pub(super) fn new(kind: Kind, raw: &'a [u8]) -> Self {
        Self { kind, raw: Cow::Borrowed(raw), content: (0, false) }
    }

    /// A string: all of it from its quote on, where its content ends, and
    /// whether it has escapes.
    pub(super) fn string(raw: &'a [u8], end: usize, escaped: bool) -> Self {
        Self { kind: Kind::String, raw: Cow::Borrowed(raw), content: (end, escaped) }
    }

    pub(super) fn json(raw: Vec<u8>) -> Self {
        Self { kind: Kind::Json, raw: Cow::Owned(raw), ..Self::default() }
    }

    /// A number that is not in the document.
    pub(super) fn count(count: u64) -> Self {
        Self { kind: Kind::Number, raw: Cow::Owned(count.to_string().into_bytes()), ..Self::default() }
    }

    pub(super) fn boolean(value: bool) -> Self {
        Self { kind: if value { Kind::True } else { Kind::False }, ..Self::default() }
    }

    pub(super) fn exists(&self) -> bool {
        self.kind != Kind::Null || !self.raw.is_empty()
    }

    pub(super) fn is_array(&self) -> bool {
        self.kind == Kind::Json && self.raw.first() == Some(&b'[')
    }

    pub(super) fn is_object(&self) -> bool {
        self.kind == Kind::Json && self.raw.first() == Some(&b'{')
    }

    pub(super) fn into_owned(self) -> Found<'static> {
        Found { kind: self.kind, raw: Cow::Owned(self.raw.into_owned()), content: self.content }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The JSON text of the value as the document has it.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The value as text: a string without escapes, an integer literal as it
    /// stands, any other number in the shortest decimal form without exponent,
    /// the words `true` and `false`, nothing for `null`, the JSON text of an
    /// object or an array. Bytes, since a document may hold invalid UTF-8.
    pub fn text(&self) -> Cow<'_, [u8]> {
        match self.kind {
            Kind::False => Cow::Borrowed(b"false"),
            Kind::Json => Cow::Borrowed(&self.raw),
            Kind::Null => Cow::Borrowed(b""),
            Kind::Number => {
                let digits = self.raw.strip_prefix(b"-").unwrap_or(&self.raw);
                if digits.iter().all(u8::is_ascii_digit) && !self.raw.is_empty() {
                    Cow::Borrowed(&self.raw)
                } else {
                    Cow::Owned(number::format(self.number()).into_bytes())
                }
            }
            Kind::String => self.content(),
            Kind::True => Cow::Borrowed(b"true"),
        }
    }

    /// The content of a string, without escapes.
    pub(super) fn content(&self) -> Cow<'_, [u8]> {
        let (end, escaped) = self.content;
        let inner = self.raw.get(1..end).unwrap_or_default();
        if escaped { Cow::Owned(unescape(inner)) } else { Cow::Borrowed(inner) }
    }

    /// The value of a number.
    pub(super) fn number(&self) -> f64 {
        number::parse(&self.raw)
    }

    /// The value as a truth value: numbers other than zero, and the words that
    /// Go's `strconv.ParseBool` takes.
    pub(super) fn truth(&self) -> bool {
        match self.kind {
            Kind::True => true,
            Kind::Number => self.number() != 0.0,
            Kind::String => matches!(self.content().to_ascii_lowercase().as_slice(), b"1" | b"t" | b"true"),
            Kind::False | Kind::Json | Kind::Null => false,
        }
    }

    /// The value as an integer, zero where it is none.
    pub(super) fn integer(&self) -> i64 {
        match self.kind {
            Kind::True => 1,
            Kind::String => number::integer(&self.content()).unwrap_or(0),
            Kind::Number => match self.number() {
                number if number.abs() <= 9_007_199_254_740_991.0 => number as i64,
                number => number::integer(&self.raw).unwrap_or(number as i64),
            },
            Kind::False | Kind::Json | Kind::Null => 0,
        }
    }
}
