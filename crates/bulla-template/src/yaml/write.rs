//! Writing YAML in the layout of go-yaml v2: sorted keys, two spaces, lists at
//! the column of their key, long lines folded behind column 80.

use bulla_yaml::Style as YamlStyle;
use bulla_yaml::emit::{Place, ScalarText, natural_order, scalar_text, styled_text};
use bulla_yaml::tree::Node;

use crate::failure::{Exhausted, Failure};
use crate::json::{self, Style};
use crate::scope::Scope;
use crate::text::number_format::{FloatVerb, float};
use crate::text::runes;
use crate::value::Value;

/// A line is broken at the first space behind this column.
const WIDTH: usize = 80;
/// Keys longer than this in bytes need `? `.
const SIMPLE_KEY: usize = 128;

/// Writes `value`, with a line break at its end. `None`: JSON has no form for
/// it.
pub(crate) fn write(scope: &mut Scope<'_>, value: &Value) -> Result<Option<Vec<u8>>, Failure> {
    // Through JSON, because that is what gives numbers and texts their form.
    let Some(text) = json::write(&mut scope.meter, value, Style { html: true, pretty: false })? else {
        return Ok(None);
    };
    let Ok(value) = json::read(scope, &text)? else { return Ok(None) };
    let mut writer = Writer { out: Vec::new(), scope, depth: 0 };
    if is_collection(&value) {
        writer.node(&value, 0, 0)?;
    } else {
        writer.scalar(&value, 2, 0, false)?;
    }
    if !writer.out.ends_with(b"\n") {
        writer.out.push(b'\n');
    }
    Ok(Some(writer.out))
}

struct Writer<'s, 'a> {
    out: Vec<u8>,
    scope: &'s mut Scope<'a>,
    depth: u32,
}

impl Writer<'_, '_> {
    fn line(&mut self, indent: usize) -> Result<(), Failure> {
        self.scope.meter.allocate(indent + 1)?;
        if !self.out.is_empty() && !self.out.ends_with(b"\n") {
            self.out.push(b'\n');
        }
        self.out.resize(self.out.len() + indent, b' ');
        Ok(())
    }

    /// Writes a value where the text before it ends: at the start of a line
    /// or behind `- `. Its lines begin at column `indent`, and `parent` is the
    /// column of the collection around it.
    fn node(&mut self, value: &Value, indent: usize, parent: usize) -> Result<(), Failure> {
        self.scope.meter.step(1)?;
        if self.depth >= self.scope.meter.limits().nesting {
            return Err(Failure::Budget(Exhausted::Depth));
        }
        self.depth += 1;
        match value {
            Value::Map(map) if !map.is_empty() => {
                let entries = map.entries.borrow();
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|(left, _), (right, _)| natural_order(&characters(left), &characters(right)));
                for (index, (key, value)) in entries.into_iter().enumerate() {
                    if index > 0 {
                        self.line(indent)?;
                    }
                    self.entry(key, value, indent)?;
                }
            }
            Value::List(list) if !list.items.is_empty() => {
                for (index, item) in list.items.iter().enumerate() {
                    if index > 0 {
                        self.line(indent)?;
                    }
                    self.out.extend_from_slice(b"- ");
                    self.node(item, indent + 2, indent)?;
                }
            }
            scalar => self.scalar(scalar, indent, parent, false)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn entry(&mut self, key: &[u8], value: &Value, indent: usize) -> Result<(), Failure> {
        let is_simple = key.len() <= SIMPLE_KEY && !key.contains(&b'\n');
        let key = Value::text(key);
        if is_simple {
            self.scalar(&key, indent, indent, true)?;
        } else {
            self.out.extend_from_slice(b"? ");
            self.scalar(&key, indent + 2, indent, false)?;
            self.line(indent)?;
        }
        self.out.push(b':');
        match value {
            Value::Map(_) if is_simple && is_collection(value) => {
                self.line(indent + 2)?;
                self.node(value, indent + 2, indent)
            }
            Value::List(_) if is_simple && is_collection(value) => {
                self.line(indent)?;
                self.node(value, indent, indent)
            }
            _ => {
                self.out.push(b' ');
                self.node(value, indent + 2, indent)
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize, parent: usize, key: bool) -> Result<(), Failure> {
        let text = match value {
            Value::Missing | Value::Nil => b"null".to_vec(),
            Value::Bool(truth) => truth.to_string().into_bytes(),
            Value::Float(number) => number_text(*number).into_bytes(),
            Value::Map(map) if map.null => b"null".to_vec(),
            Value::Map(_) => b"{}".to_vec(),
            Value::List(_) => b"[]".to_vec(),
            Value::Text(text) => return self.text(text, indent, parent, key),
            _ => Vec::new(),
        };
        self.scope.meter.allocate(text.len())?;
        self.out.extend(text);
        Ok(())
    }

    fn text(&mut self, text: &[u8], indent: usize, parent: usize, key: bool) -> Result<(), Failure> {
        self.scope.meter.allocate(text.len().saturating_mul(2) + indent)?;
        self.scope.meter.step(text.len() as u64 / 16)?;
        let place = Place { flow: false, key, indent, parent };
        let written = match std::str::from_utf8(text) {
            // Version 2 of the library has its own view of these.
            Ok("<<") => ScalarText::Inline("<<".to_owned()),
            Ok(text) if text.contains('\t') => styled_text(text, YamlStyle::DoubleQuoted, place),
            _ => scalar_text(&Node::string(text), place),
        };
        match written {
            ScalarText::Block { header, lines } => {
                self.scope.meter.allocate(lines.len())?;
                self.out.extend_from_slice(header.as_bytes());
                self.out.push(b'\n');
                self.out.extend_from_slice(lines.as_bytes());
            }
            ScalarText::Inline(text) if key => self.out.extend_from_slice(text.as_bytes()),
            ScalarText::Inline(text) => self.folded(text.as_bytes(), indent)?,
        }
        Ok(())
    }

    /// Writes one line, broken at spaces behind the width. A space at a break
    /// is not written, because the break stands for it.
    fn folded(&mut self, text: &[u8], indent: usize) -> Result<(), Failure> {
        let start = memchr::memrchr(b'\n', &self.out).map_or(0, |at| at + 1);
        let mut column = runes::count(&self.out[start..]);
        let quoted = matches!(text.first(), Some(b'"' | b'\''));
        let double = text.first() == Some(&b'"');
        let mut after_space = false;
        for (at, rune, width) in runes::runes(text) {
            let last = if quoted { text.len() - 2 } else { text.len() - 1 };
            let inside = !quoted || at > 1 && at < last;
            let before_space = text.get(at + 1) == Some(&b' ');
            let breaks = rune == ' ' && !after_space && column > WIDTH && inside && (double || !before_space);
            if breaks {
                self.out.push(b'\n');
                self.scope.meter.allocate(indent + 2)?;
                self.out.resize(self.out.len() + indent, b' ');
                column = indent;
                if double && before_space {
                    self.out.push(b'\\');
                    column += 1;
                }
            } else {
                self.out.extend_from_slice(&text[at..at + width]);
                column += 1;
            }
            after_space = rune == ' ';
        }
        Ok(())
    }
}

/// Returns whether `value` takes lines of its own.
fn is_collection(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_empty(),
        Value::List(list) => !list.items.is_empty(),
        _ => false,
    }
}

/// A number as go-yaml writes it: what fits a 64-bit integer is one.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && (-9.3e18..1.8e19).contains(&number) {
        return number.to_string();
    }
    float(number, FloatVerb::General, None, false)
}

fn characters(text: &[u8]) -> Vec<char> {
    runes::runes(text).map(|(_, rune, _)| rune).collect()
}
