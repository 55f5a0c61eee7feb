//! Whether a text is JSON (RFC 8259).

/// Whether `json` is one JSON value with nothing but white space around it.
/// Strings may hold any bytes but controls; their UTF-8 is not checked.
pub fn valid(json: &[u8]) -> bool {
    let mut reader = Reader { json, at: 0 };
    reader.value() && {
        reader.space();
        reader.at == json.len()
    }
}

struct Reader<'a> {
    json: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads a value with all that it contains; open brackets wait on a list.
    fn value(&mut self) -> bool {
        let mut open = Vec::new();
        loop {
            self.space();
            let complete = match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    self.space();
                    let close = bracket + 2;
                    if self.eat(close) {
                        true
                    } else {
                        open.push(close);
                        if close == b'}' && !self.key() {
                            return false;
                        }
                        false
                    }
                }
                _ if !self.scalar() => return false,
                _ => true,
            };
            if complete && !self.after(&mut open) {
                return open.is_empty();
            }
        }
    }

    /// Closes what ends here. `false`: there is no further value, by an error
    /// where `open` still holds a bracket.
    fn after(&mut self, open: &mut Vec<u8>) -> bool {
        while let Some(close) = open.last().copied() {
            self.space();
            if self.eat(close) {
                open.pop();
            } else {
                return self.eat(b',') && (close == b']' || self.key());
            }
        }
        false
    }

    fn key(&mut self) -> bool {
        self.space();
        self.peek() == Some(b'"') && self.string() && {
            self.space();
            self.eat(b':')
        }
    }

    fn scalar(&mut self) -> bool {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => false,
        }
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.json[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> bool {
        self.eat(b'-');
        if !self.eat(b'0') && !self.digits() {
            return false;
        }
        if self.eat(b'.') && !self.digits() {
            return false;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            return self.digits();
        }
        true
    }

    fn string(&mut self) -> bool {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return true,
                b'\\' => {
                    let escape = self.peek();
                    self.at += 1;
                    match escape {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                        Some(b'u') => {
                            let digits = self.json.get(self.at..self.at + 4);
                            if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                                return false;
                            }
                            self.at += 4;
                        }
                        _ => return false,
                    }
                }
                0..=0x1f => return false,
                _ => {}
            }
        }
        false
    }
}
