//! JSON texts as Go's encoder writes them, in one of several line layouts.

use bulla_core::json_float;

use crate::format::FormatError;
use crate::format::text::place;
use crate::tree::{Item, Key, Node, Value};

use super::scan::{Scanner, Token};

/// How collections are laid out.
#[derive(Clone)]
pub(super) struct Form {
    /// Line break and one step of indentation; `None` for everything on one
    /// line.
    pub(super) lines: Option<Lines>,
    /// What stands between a key and its value.
    pub(super) colon: Vec<u8>,
    /// What stands between two members on one line.
    pub(super) comma: Vec<u8>,
}

/// The layout with one member to a line.
#[derive(Clone)]
pub(super) struct Lines {
    pub(super) newline: &'static [u8],
    pub(super) step: Vec<u8>,
}

impl Form {
    /// The layout of sops: one member to a line, steps of `step`.
    fn canonical(step: &[u8]) -> Self {
        let lines = Some(Lines { newline: b"\n", step: step.to_vec() });
        Self { lines, colon: b": ".to_vec(), comma: b",".to_vec() }
    }

    /// The layout that `--indent` or `stores` ask for; one tab by default.
    pub(super) fn asked(blanks: Option<i64>) -> Result<Self, FormatError> {
        /// Far beyond use, and small enough that no output explodes.
        const WIDEST: i64 = 256;
        match blanks {
            None | Some(-1) => Ok(Self::canonical(b"\t")),
            Some(blanks @ 0..=WIDEST) => Ok(Self::canonical(&vec![b' '; blanks as usize])),
            Some(..-1) => Err(FormatError::Unrepresentable(
                "JSON Indentation parameter smaller than -1 is not accepted".to_owned(),
            )),
            Some(_) => Err(FormatError::Limit(format!("JSON indentation exceeds the limit of {WIDEST}"))),
        }
    }

    /// The same spacing on one line.
    pub(super) fn on_one_line(comma: &[u8]) -> Self {
        let colon = if comma.ends_with(b" ") { &b": "[..] } else { b":" };
        Self { lines: None, colon: colon.to_vec(), comma: comma.to_vec() }
    }

    /// Finds the layout of a document from its first members; an empty one
    /// has the layout of sops.
    pub(super) fn of(source: &[u8], depth: usize) -> Self {
        Self::detect(source, depth).unwrap_or_else(|_| Self::canonical(b"\t"))
    }

    fn detect(source: &[u8], depth: usize) -> Result<Self, FormatError> {
        let mut scanner = Scanner::new(source, 0, depth);
        let open = scanner.next()?;
        let key = scanner.next()?;
        if !matches!(key.token, Token::Key(_)) {
            return Ok(Self::canonical(b"\t"));
        }
        let value = scanner.next()?;
        let colon = on_line(&source[key.end..value.start]).unwrap_or(b": ").to_vec();
        let gap = &source[open.end..key.start];
        if let Some(lines) = Lines::of(gap) {
            return Ok(Self { lines: Some(lines), colon, comma: b",".to_vec() });
        }
        let end = if matches!(value.token, Token::Open(_)) { scanner.skip_collection()? } else { value.end };
        let next = scanner.next()?;
        let comma = match next.token {
            Token::Key(_) => on_line(&source[end..next.start]).unwrap_or(b", "),
            _ if colon.ends_with(b" ") => b", ",
            _ => b",",
        };
        Ok(Self { lines: None, colon, comma: comma.to_vec() })
    }
}

impl Lines {
    /// Reads the layout from the blanks between an opening bracket and its
    /// first member; `None` where they hold no line break.
    pub(super) fn of(gap: &[u8]) -> Option<Self> {
        let end = memchr::memrchr(b'\n', gap)?;
        let newline: &[u8] = if gap[..end].ends_with(b"\r") { b"\r\n" } else { b"\n" };
        Some(Self { newline, step: gap[end + 1..].to_vec() })
    }

    /// Starts a line at nesting level `depth`.
    pub(super) fn break_line(&self, out: &mut Vec<u8>, depth: usize) {
        out.extend_from_slice(self.newline);
        for _ in 0..depth {
            out.extend_from_slice(&self.step);
        }
    }
}

/// Keeps spacing only where it stays on one line and within reason.
fn on_line(gap: &[u8]) -> Option<&[u8]> {
    (gap.len() <= 8 && !gap.contains(&b'\n') && !gap.contains(&b'\r')).then_some(gap)
}

/// Writes `value` at nesting level `depth`. Recursion is as deep as the value,
/// which the readers bound.
pub(super) fn write_value(
    out: &mut Vec<u8>,
    value: &Value<'_>,
    depth: usize,
    form: &Form,
) -> Result<(), FormatError> {
    match value {
        Value::Bool(flag) => out.extend_from_slice(flag.to_string().as_bytes()),
        Value::Comment(_) => return Err(unrepresentable("a comment")),
        Value::Float(number) => {
            let text =
                json_float(*number).ok_or_else(|| unrepresentable("an infinite or undefined number"))?;
            out.extend_from_slice(text.as_bytes());
        }
        Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::List(nodes) => write_list(out, nodes, depth, form)?,
        Value::Map(items) => write_map(out, items.iter(), depth, form)?,
        Value::Null => out.extend_from_slice(b"null"),
        Value::Text(text) => write_string(out, text),
        Value::Time(time) => write_string(out, time.to_rfc3339_nano().as_bytes()),
        Value::Unsigned(number) => out.extend_from_slice(number.to_string().as_bytes()),
    }
    Ok(())
}

/// Writes a map; comments are left out, as sops does.
pub(super) fn write_map<'t>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = &'t Item<'t>>,
    depth: usize,
    form: &Form,
) -> Result<(), FormatError> {
    out.push(b'{');
    let mut empty = true;
    for item in items {
        let key = match &item.key {
            Key::Comment(_) => continue,
            Key::Other(_) => return Err(unrepresentable("a key that is no string")),
            Key::Text(key) => key,
        };
        separate(out, empty, depth + 1, form);
        empty = false;
        write_member(out, key, &item.node.value, depth + 1, form)?;
    }
    close(out, b'}', empty, depth, form);
    Ok(())
}

/// Writes a key with its value; `depth` is the level of the value.
pub(super) fn write_member(
    out: &mut Vec<u8>,
    key: &[u8],
    value: &Value<'_>,
    depth: usize,
    form: &Form,
) -> Result<(), FormatError> {
    write_string(out, key);
    out.extend_from_slice(&form.colon);
    write_value(out, value, depth, form)
}

fn write_list(out: &mut Vec<u8>, nodes: &[Node<'_>], depth: usize, form: &Form) -> Result<(), FormatError> {
    out.push(b'[');
    let mut empty = true;
    for node in nodes.iter().filter(|node| !matches!(node.value, Value::Comment(_))) {
        separate(out, empty, depth + 1, form);
        empty = false;
        write_value(out, &node.value, depth + 1, form)?;
    }
    close(out, b']', empty, depth, form);
    Ok(())
}

fn separate(out: &mut Vec<u8>, first: bool, depth: usize, form: &Form) {
    match &form.lines {
        Some(lines) => {
            if !first {
                out.push(b',');
            }
            lines.break_line(out, depth);
        }
        None if first => {}
        None => out.extend_from_slice(&form.comma),
    }
}

fn close(out: &mut Vec<u8>, bracket: u8, empty: bool, depth: usize, form: &Form) {
    if let Some(lines) = &form.lines
        && !empty
    {
        lines.break_line(out, depth);
    }
    out.push(bracket);
}

/// Writes a string with the escapes of Go's HTML-safe encoder; bytes that are
/// no UTF-8 become `\ufffd`, one for each.
pub(super) fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            write_char(out, character);
        }
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

fn write_char(out: &mut Vec<u8>, character: char) {
    let short = match character {
        '"' | '\\' => character as u8,
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            return out.extend_from_slice(format!("\\u{:04x}", character as u32).as_bytes());
        }
        _ => return out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn unrepresentable(what: &str) -> FormatError {
    FormatError::Unrepresentable(format!("JSON cannot hold {what}"))
}

/// Names the place of a problem in a JSON text.
pub(super) fn problem(source: &[u8], offset: usize, what: &str) -> String {
    format!("{what} at {}", place(source, offset))
}
