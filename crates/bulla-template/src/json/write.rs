//! Writing JSON: sorted keys, and HTML characters escaped unless told not to.

use bulla_core::json_float;

use crate::budget::Meter;
use crate::failure::{Exhausted, Failure};
use crate::text::runes::{REPLACEMENT, decode};
use crate::value::{List, Map, Value};

/// How to write.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Escape `<`, `>` and `&`.
    pub(crate) html: bool,
    /// Indent by two spaces.
    pub(crate) pretty: bool,
}

/// Writes `value`. `None`: JSON has no form for it (an infinite number).
pub(crate) fn write(meter: &mut Meter, value: &Value, style: Style) -> Result<Option<Vec<u8>>, Failure> {
    let mut writer = Writer { out: Vec::new(), meter, style, depth: 0, possible: true };
    writer.value(value)?;
    Ok(writer.possible.then_some(writer.out))
}

struct Writer<'m> {
    out: Vec<u8>,
    meter: &'m mut Meter,
    style: Style,
    depth: u32,
    possible: bool,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.meter.allocate(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.meter.step(1)?;
        match value {
            Value::Missing | Value::Nil => self.put(b"null"),
            Value::Bool(true) => self.put(b"true"),
            Value::Bool(false) => self.put(b"false"),
            Value::Int(number, kind) if kind.is_unsigned() => {
                self.put((*number as u64).to_string().as_bytes())
            }
            Value::Int(number, _) => self.put(number.to_string().as_bytes()),
            Value::Float(number) => {
                let text = json_float(*number);
                self.possible &= text.is_some();
                self.put(text.unwrap_or_default().as_bytes())
            }
            Value::Complex(..) => {
                self.possible = false;
                Ok(())
            }
            Value::Text(text) => self.text(text),
            Value::List(list) if list.null => self.put(b"null"),
            Value::List(list) => self.list(list),
            Value::Map(map) if map.null => self.put(b"null"),
            Value::Map(map) => self.map(map),
            Value::Time(time) => self.text(time.rfc3339().as_bytes()),
            Value::Version(version) => self.text(version.to_string().as_bytes()),
            Value::Record(record) => self.entries(
                record.fields.iter().map(|(name, value)| (name.as_bytes(), value.clone())).collect(),
            ),
        }
    }

    fn enter(&mut self) -> Result<(), Failure> {
        if self.depth >= self.meter.limits().nesting {
            return Err(Failure::Budget(Exhausted::Depth));
        }
        self.depth += 1;
        Ok(())
    }

    fn line(&mut self) -> Result<(), Failure> {
        if !self.style.pretty {
            return Ok(());
        }
        self.put(b"\n")?;
        for _ in 0..self.depth {
            self.put(b"  ")?;
        }
        Ok(())
    }

    fn list(&mut self, list: &List) -> Result<(), Failure> {
        if list.items.is_empty() {
            return self.put(b"[]");
        }
        self.put(b"[")?;
        self.enter()?;
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 {
                self.put(b",")?;
            }
            self.line()?;
            self.value(item)?;
        }
        self.depth -= 1;
        self.line()?;
        self.put(b"]")
    }

    fn map(&mut self, map: &Map) -> Result<(), Failure> {
        let entries = map.entries.borrow();
        self.entries(entries.iter().map(|(key, value)| (&**key, value.clone())).collect())
    }

    fn entries(&mut self, entries: Vec<(&[u8], Value)>) -> Result<(), Failure> {
        if entries.is_empty() {
            return self.put(b"{}");
        }
        self.put(b"{")?;
        self.enter()?;
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.put(b",")?;
            }
            self.line()?;
            self.text(key)?;
            self.put(if self.style.pretty { b": " } else { b":" })?;
            self.value(value)?;
        }
        self.depth -= 1;
        self.line()?;
        self.put(b"}")
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.meter.allocate(text.len() + 2)?;
        self.out.push(b'"');
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            let escape: Option<&[u8]> = match byte {
                b'"' => Some(b"\\\""),
                b'\\' => Some(b"\\\\"),
                8 => Some(b"\\b"),
                12 => Some(b"\\f"),
                b'\n' => Some(b"\\n"),
                b'\r' => Some(b"\\r"),
                b'\t' => Some(b"\\t"),
                b'<' if self.style.html => Some(b"\\u003c"),
                b'>' if self.style.html => Some(b"\\u003e"),
                b'&' if self.style.html => Some(b"\\u0026"),
                _ => None,
            };
            if let Some(escape) = escape {
                self.put(escape)?;
                at += 1;
                continue;
            }
            if byte < 0x20 {
                self.put(format!("\\u{byte:04x}").as_bytes())?;
                at += 1;
                continue;
            }
            let (rune, width) = decode(&text[at..]);
            match rune {
                REPLACEMENT if width == 1 => self.put(b"\\ufffd")?,
                '\u{2028}' => self.put(b"\\u2028")?,
                '\u{2029}' => self.put(b"\\u2029")?,
                _ => self.out.extend_from_slice(&text[at..at + width]),
            }
            at += width;
        }
        self.out.push(b'"');
        Ok(())
    }
}
