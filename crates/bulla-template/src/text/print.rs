//! How Go's `fmt` prints values: the verbs and their flags.

use crate::budget::Meter;
use crate::failure::{Exhausted, Failure};
use crate::text::quote::{longest, quote};
use crate::text::runes::{self, REPLACEMENT};
use crate::time;
use crate::value::{IntKind, List, ListKind, Map, MapKind, Value};

pub(super) type Done = Result<(), Failure>;

/// The flags of a verb.
#[derive(Clone, Copy, Default)]
pub(crate) struct Flags {
    pub(crate) width: Option<usize>,
    pub(crate) precision: Option<usize>,
    pub(crate) minus: bool,
    pub(crate) plus: bool,
    pub(crate) sharp: bool,
    pub(crate) space: bool,
    pub(crate) zero: bool,
    /// `%+v`: name the fields of structs.
    pub(crate) plus_v: bool,
    /// `%#v`: print as Go source.
    pub(crate) sharp_v: bool,
}

/// Collects formatted text and charges for it.
pub(crate) struct Printer<'m> {
    pub(crate) out: Vec<u8>,
    pub(crate) flags: Flags,
    pub(super) meter: &'m mut Meter,
    depth: u32,
    /// Whether a value is shown because its verb does not fit it: then Go
    /// calls no methods.
    complaining: bool,
}

/// Returns what `fmt.Sprint` makes of one value.
pub(crate) fn to_text(meter: &mut Meter, value: &Value) -> Result<Vec<u8>, Failure> {
    let mut printer = Printer::new(meter);
    printer.value(value, 'v')?;
    Ok(printer.out)
}

/// Returns what `fmt.Sprint` makes of several values: a space stands between
/// two of which none is a string.
pub(crate) fn sprint(meter: &mut Meter, values: &[Value]) -> Result<Vec<u8>, Failure> {
    let mut printer = Printer::new(meter);
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Text(_));
        if !is_text && !after_text {
            printer.write(b" ")?;
        }
        printer.value(value, 'v')?;
        after_text = is_text;
    }
    Ok(printer.out)
}

impl<'m> Printer<'m> {
    pub(crate) fn new(meter: &'m mut Meter) -> Self {
        Self { out: Vec::new(), flags: Flags::default(), meter, depth: 0, complaining: false }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Done {
        self.meter.allocate(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn fill(&mut self, count: usize) -> Done {
        self.meter.allocate(count)?;
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
        Ok(())
    }

    /// Writes `bytes`, padded to the width.
    pub(super) fn pad(&mut self, bytes: &[u8]) -> Done {
        let missing = self.flags.width.map_or(0, |width| width.saturating_sub(runes::count(bytes)));
        if missing > 0 && !self.flags.minus {
            self.fill(missing)?;
        }
        self.write(bytes)?;
        if missing > 0 && self.flags.minus { self.fill(missing) } else { Ok(()) }
    }

    /// Prints one value under a verb.
    pub(crate) fn value(&mut self, value: &Value, verb: char) -> Done {
        self.meter.step(1)?;
        match (verb, value) {
            ('T', Value::Missing | Value::Nil) => return self.pad(b"<nil>"),
            ('T', other) => return self.text(other.type_name().as_bytes(), 's'),
            ('v', Value::Missing | Value::Nil) => return self.pad(b"<nil>"),
            ('p', other) => return self.bad_verb(other, 'p'),
            _ => {}
        }
        self.element(value, verb)
    }

    fn element(&mut self, value: &Value, verb: char) -> Done {
        let calls_methods = !self.complaining && !self.flags.sharp_v && "vsxXq".contains(verb);
        if let Some(text) = string_method(value).filter(|_| calls_methods) {
            return self.text(text.as_bytes(), verb);
        }
        match value {
            Value::Missing | Value::Nil if self.depth > 0 && self.flags.sharp_v => {
                self.write(b"interface {}(nil)")
            }
            Value::Missing | Value::Nil if self.depth > 0 => self.write(b"<nil>"),
            Value::Missing | Value::Nil => self.bad_verb(value, verb),
            Value::Bool(truth) if matches!(verb, 't' | 'v') => {
                self.pad(if *truth { b"true" } else { b"false" })
            }
            Value::Bool(_) => self.bad_verb(value, verb),
            Value::Int(number, kind) => self.int(*number, *kind, verb, value),
            Value::Float(number) => self.float(*number, verb, value),
            Value::Complex(real, imaginary) if "vbgGxXfFeE".contains(verb) => {
                self.complex(*real, *imaginary, verb)
            }
            Value::Complex(..) => self.bad_verb(value, verb),
            Value::Text(text) if "vsxXq".contains(verb) => self.text(text, verb),
            Value::Text(_) => self.bad_verb(value, verb),
            Value::List(list) => self.nested(|printer| printer.list(list, verb)),
            Value::Map(map) => self.nested(|printer| printer.map(map, verb)),
            Value::Record(record) => {
                self.nested(|printer| printer.fields(record.type_name, &record.fields, verb))
            }
            Value::Version(version) if self.depth == 0 => {
                self.write(b"&")?;
                self.nested(|printer| printer.fields("semver.Version", &version.fields(), verb))
            }
            Value::Time(_) | Value::Version(_) => {
                // Go would print addresses, and private fields of times.
                let text = string_method(value).unwrap_or_default();
                self.text(text.as_bytes(), 's')
            }
        }
    }

    fn nested(&mut self, print: impl FnOnce(&mut Self) -> Done) -> Done {
        if self.depth >= self.meter.limits().nesting {
            return Err(Failure::Budget(Exhausted::Depth));
        }
        self.depth += 1;
        print(self)?;
        self.depth -= 1;
        Ok(())
    }

    /// Writes `%!verb(type=value)`.
    pub(crate) fn bad_verb(&mut self, value: &Value, verb: char) -> Done {
        self.write(b"%!")?;
        self.rune(verb)?;
        if value.is_nil() {
            return self.write(b"(<nil>)");
        }
        self.write(b"(")?;
        self.write(value.type_name().as_bytes())?;
        self.write(b"=")?;
        let complaining = std::mem::replace(&mut self.complaining, true);
        self.element(value, 'v')?;
        self.complaining = complaining;
        self.write(b")")
    }

    pub(crate) fn rune(&mut self, rune: char) -> Done {
        self.write(rune.encode_utf8(&mut [0; 4]).as_bytes())
    }

    fn list(&mut self, list: &List, verb: char) -> Done {
        let (open, between, close): (&[u8], &[u8], &[u8]) =
            if self.flags.sharp_v { (b"{", b", ", b"}") } else { (b"[", b" ", b"]") };
        if self.flags.sharp_v {
            self.write(match list.kind {
                ListKind::Any => b"[]interface {}",
                ListKind::Int => b"[]int",
                ListKind::Lists => b"[][]interface {}",
                ListKind::Text => b"[]string",
            })?;
            if list.null {
                return self.write(b"(nil)");
            }
        }
        self.write(open)?;
        for (index, item) in list.items.iter().enumerate() {
            self.meter.step(1)?;
            if index > 0 {
                self.write(between)?;
            }
            self.element(item, verb)?;
        }
        self.write(close)
    }

    fn map(&mut self, map: &Map, verb: char) -> Done {
        let (open, between, close): (&[u8], &[u8], &[u8]) = match (self.flags.sharp_v, map.kind) {
            (false, _) => (b"map[", b" ", b"]"),
            (true, MapKind::Any) => (b"map[string]interface {}{", b", ", b"}"),
            (true, MapKind::Text) => (b"map[string]string{", b", ", b"}"),
        };
        if map.null && self.flags.sharp_v {
            return self.write(b"map[string]interface {}(nil)");
        }
        self.write(open)?;
        for (index, (key, item)) in map.entries.borrow().iter().enumerate() {
            self.meter.step(1)?;
            if index > 0 {
                self.write(between)?;
            }
            if "vsxXq".contains(verb) {
                self.text(key, verb)?;
            } else {
                self.bad_verb(&Value::Text(key.clone()), verb)?;
            }
            self.write(b":")?;
            self.element(item, verb)?;
        }
        self.write(close)
    }

    fn fields(&mut self, type_name: &str, fields: &[(&'static str, Value)], verb: char) -> Done {
        if self.flags.sharp_v {
            self.write(type_name.as_bytes())?;
        }
        self.write(b"{")?;
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                self.write(if self.flags.sharp_v { b", " } else { b" " })?;
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.write(name.as_bytes())?;
                self.write(b":")?;
            }
            self.element(value, verb)?;
        }
        self.write(b"}")
    }

    fn text(&mut self, text: &[u8], verb: char) -> Done {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'q' => self.quoted(text),
            'x' | 'X' => self.hexadecimal(text, verb == 'X'),
            _ => self.pad(self.truncated(text)),
        }
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(limit) = self.flags.precision else { return text };
        match runes::runes(text).nth(limit) {
            Some((at, _, _)) => &text[..at],
            None => text,
        }
    }

    fn quoted(&mut self, text: &[u8]) -> Done {
        let text = self.truncated(text);
        self.meter.step(text.len() as u64 / 16)?;
        self.meter.borrow(longest(text))?;
        let mut out = Vec::new();
        if self.flags.sharp && can_backquote(text) {
            out.push(b'`');
            out.extend_from_slice(text);
            out.push(b'`');
        } else {
            quote(&mut out, text, self.flags.plus);
        }
        self.pad(&out)
    }

    fn hexadecimal(&mut self, text: &[u8], upper: bool) -> Done {
        let text = self.flags.precision.and_then(|limit| text.get(..limit)).unwrap_or(text);
        self.meter.allocate(text.len() * 2)?;
        let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        let mut out = Vec::with_capacity(text.len() * 2);
        for (index, byte) in text.iter().enumerate() {
            if self.flags.space && index > 0 {
                out.push(b' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                out.extend_from_slice(prefix);
            }
            out.push(digits[usize::from(byte >> 4)]);
            out.push(digits[usize::from(byte & 15)]);
        }
        self.pad(&out)
    }
}

/// What Go prints through a `String` method.
fn string_method(value: &Value) -> Option<String> {
    match value {
        Value::Time(time) => Some(time.to_string()),
        Value::Version(version) => Some(version.to_string()),
        Value::Int(number, IntKind::Duration) => Some(time::duration::to_text(*number)),
        Value::Int(number, IntKind::Month) => Some(time::month_name(*number)),
        Value::Int(number, IntKind::Weekday) => Some(time::weekday_name(*number)),
        _ => None,
    }
}

fn can_backquote(text: &[u8]) -> bool {
    runes::runes(text).all(|(_, rune, width)| {
        !(rune == REPLACEMENT && width == 1)
            && rune != '\u{FEFF}'
            && rune != '`'
            && rune != '\u{7F}'
            && (rune >= ' ' || rune == '\t')
    })
}
