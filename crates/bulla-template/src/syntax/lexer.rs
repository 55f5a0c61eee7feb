//! Tokens of a template: text, and what stands between the delimiters.

use memchr::memmem;

use crate::text::runes::decode;

/// A token: its kind and where it lies in the text.
#[derive(Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Assign,
    Bool,
    CharConstant,
    Comma,
    Declare,
    Dot,
    End,
    Field,
    Identifier,
    Keyword(Keyword),
    LeftDelimiter,
    LeftParen,
    Nil,
    Number,
    OtherChar,
    Pipe,
    RawText,
    RightDelimiter,
    RightParen,
    Space,
    Text,
    QuotedText,
    Variable,
}

/// The words that begin actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl Keyword {
    fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"block" => Self::Block,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"define" => Self::Define,
            b"else" => Self::Else,
            b"end" => Self::End,
            b"if" => Self::If,
            b"range" => Self::Range,
            b"template" => Self::Template,
            b"with" => Self::With,
            _ => return None,
        })
    }
}

/// A lexical error: where, and what.
pub(crate) struct LexError {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// Cuts a template into tokens, one at a time.
pub(crate) struct Lexer<'a> {
    input: &'a [u8],
    left: &'a [u8],
    right: &'a [u8],
    left_finder: memmem::Finder<'a>,
    at: usize,
    inside: bool,
    parens: usize,
}

type Lexed = Result<Token, LexError>;

impl<'a> Lexer<'a> {
    pub(crate) fn new(input: &'a [u8], left: &'a [u8], right: &'a [u8]) -> Self {
        Self { input, left, right, left_finder: memmem::Finder::new(left), at: 0, inside: false, parens: 0 }
    }

    pub(crate) fn next(&mut self) -> Lexed {
        if self.inside { self.action() } else { self.text() }
    }

    fn token(&self, kind: TokenKind, from: usize) -> Token {
        Token { kind, from, to: self.at }
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.at..]
    }

    fn text(&mut self) -> Lexed {
        loop {
            let from = self.at;
            let Some(found) = self.left_finder.find(self.rest()) else {
                self.at = self.input.len();
                let kind = if from == self.at { TokenKind::End } else { TokenKind::Text };
                return Ok(self.token(kind, from));
            };
            let delimiter = from + found;
            let after = delimiter + self.left.len();
            let trims = left_trim(&self.input[after..]);
            let mut end = delimiter;
            if trims {
                while end > from && is_space(self.input[end - 1]) {
                    end -= 1;
                }
            }
            if end > from {
                // The delimiter is found again by the next call.
                self.at = delimiter;
                return Ok(Token { kind: TokenKind::Text, from, to: end });
            }
            let body = after + if trims { 2 } else { 0 };
            if self.input[body..].starts_with(b"/*") {
                self.comment(body)?;
                continue;
            }
            self.at = body;
            self.inside = true;
            self.parens = 0;
            return Ok(Token { kind: TokenKind::LeftDelimiter, from: delimiter, to: after });
        }
    }

    fn comment(&mut self, from: usize) -> Result<(), LexError> {
        let Some(found) = memmem::find(&self.input[from + 2..], b"*/") else {
            return Err(LexError { at: from, what: "unclosed comment" });
        };
        self.at = from + 2 + found + 2;
        match self.right_delimiter() {
            Some((width, trims)) => {
                self.at += width;
                self.skip_trimmed(trims);
                Ok(())
            }
            None => Err(LexError { at: from, what: "comment ends before closing delimiter" }),
        }
    }

    /// Returns the width of a right delimiter here, and whether it trims.
    fn right_delimiter(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        if rest.len() >= 2 && is_space(rest[0]) && rest[1] == b'-' && rest[2..].starts_with(self.right) {
            return Some((2 + self.right.len(), true));
        }
        rest.starts_with(self.right).then_some((self.right.len(), false))
    }

    fn skip_trimmed(&mut self, trims: bool) {
        while trims && self.rest().first().copied().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn action(&mut self) -> Lexed {
        let from = self.at;
        if let Some((width, trims)) = self.right_delimiter() {
            if self.parens > 0 {
                return Err(LexError { at: from, what: "unclosed left paren" });
            }
            self.at += width;
            self.inside = false;
            let mut token = self.token(TokenKind::RightDelimiter, from);
            if trims {
                token.from += 2;
            }
            self.skip_trimmed(trims);
            return Ok(token);
        }
        let Some(&first) = self.rest().first() else {
            return Err(LexError { at: from, what: "unclosed action" });
        };
        let simple = |lexer: &mut Self, kind| {
            lexer.at += 1;
            Ok(lexer.token(kind, from))
        };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' => Ok(self.space()),
            b'=' => simple(self, TokenKind::Assign),
            b':' => {
                self.at += 2;
                if self.input.get(from + 1) != Some(&b'=') {
                    return Err(LexError { at: from, what: "expected :=" });
                }
                Ok(self.token(TokenKind::Declare, from))
            }
            b'|' => simple(self, TokenKind::Pipe),
            b'"' => self.quoted(b'"', TokenKind::QuotedText, "unterminated quoted string"),
            b'\'' => self.quoted(b'\'', TokenKind::CharConstant, "unterminated character constant"),
            b'`' => self.raw_quoted(),
            b'$' => self.name(TokenKind::Variable),
            b'.' if !self.input.get(from + 1).is_some_and(u8::is_ascii_digit) => self.name(TokenKind::Field),
            b'.' | b'+' | b'-' | b'0'..=b'9' => self.number(),
            b'(' => {
                self.parens += 1;
                simple(self, TokenKind::LeftParen)
            }
            b')' if self.parens == 0 => Err(LexError { at: from, what: "unexpected right paren" }),
            b')' => {
                self.parens -= 1;
                simple(self, TokenKind::RightParen)
            }
            b',' => simple(self, TokenKind::Comma),
            _ if is_word(decode(self.rest()).0) => self.word(),
            b'!'..=b'~' => simple(self, TokenKind::OtherChar),
            _ => Err(LexError { at: from, what: "unrecognized character in action" }),
        }
    }

    fn space(&mut self) -> Token {
        let from = self.at;
        while self.rest().first().copied().is_some_and(is_space) {
            // The last space may belong to a trimming delimiter.
            if self.right_delimiter().is_some_and(|(_, trims)| trims) {
                break;
            }
            self.at += 1;
        }
        if self.at == from {
            // Not reached: `action` looks for delimiters first.
            self.at += 1;
        }
        self.token(TokenKind::Space, from)
    }

    fn quoted(&mut self, mark: u8, kind: TokenKind, what: &'static str) -> Lexed {
        let from = self.at;
        self.at += 1;
        loop {
            match self.rest().first() {
                None | Some(b'\n') => return Err(LexError { at: from, what }),
                Some(b'\\') if matches!(self.input.get(self.at + 1), None | Some(b'\n')) => {
                    return Err(LexError { at: from, what });
                }
                Some(b'\\') => self.at += 2,
                Some(&byte) => {
                    self.at += 1;
                    if byte == mark {
                        return Ok(self.token(kind, from));
                    }
                }
            }
        }
    }

    fn raw_quoted(&mut self) -> Lexed {
        let from = self.at;
        let Some(found) = memchr::memchr(b'`', &self.input[from + 1..]) else {
            return Err(LexError { at: from, what: "unterminated raw quoted string" });
        };
        self.at = from + 1 + found + 1;
        Ok(self.token(TokenKind::RawText, from))
    }

    /// A field or variable: the dot or dollar, and the word behind.
    fn name(&mut self, kind: TokenKind) -> Lexed {
        let from = self.at;
        self.at += 1;
        if self.at_terminator() {
            let kind = if kind == TokenKind::Field { TokenKind::Dot } else { kind };
            return Ok(self.token(kind, from));
        }
        self.skip_word();
        if !self.at_terminator() {
            return Err(LexError { at: from, what: "bad character in a name" });
        }
        Ok(self.token(kind, from))
    }

    fn word(&mut self) -> Lexed {
        let from = self.at;
        self.skip_word();
        if !self.at_terminator() {
            return Err(LexError { at: from, what: "bad character in a name" });
        }
        let word = &self.input[from..self.at];
        let kind = match word {
            b"true" | b"false" => TokenKind::Bool,
            b"nil" => TokenKind::Nil,
            _ => Keyword::of(word).map_or(TokenKind::Identifier, TokenKind::Keyword),
        };
        Ok(self.token(kind, from))
    }

    fn skip_word(&mut self) {
        loop {
            let (rune, width) = decode(self.rest());
            if width == 0 || !is_word(rune) {
                return;
            }
            self.at += width;
        }
    }

    fn at_terminator(&self) -> bool {
        match self.rest().first() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(_) => self.rest().starts_with(self.right),
        }
    }

    fn number(&mut self) -> Lexed {
        let from = self.at;
        let bad = LexError { at: from, what: "bad number syntax" };
        if !self.scan_number() {
            return Err(bad);
        }
        if matches!(self.rest().first(), Some(b'+' | b'-'))
            && (!self.scan_number() || self.input[self.at - 1] != b'i')
        {
            return Err(bad);
        }
        Ok(self.token(TokenKind::Number, from))
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let fits = self.rest().first().is_some_and(|byte| set.contains(byte));
        self.at += usize::from(fits);
        fits
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        while self.accept(digits) {}
        if self.accept(b".") {
            while self.accept(digits) {}
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            while self.accept(b"0123456789_") {}
        }
        self.accept(b"i");
        let (rune, width) = decode(self.rest());
        width == 0 || !is_word(rune)
    }
}

fn left_trim(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Go's letters, digits and the underscore.
fn is_word(rune: char) -> bool {
    rune == '_' || rune.is_alphanumeric()
}
