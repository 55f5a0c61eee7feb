//! How Go's `fmt` prints values: the verbs and their flags.

use std::fmt::Write as _;

use crate::budget::Meter;
use crate::failure::{Exhausted, Failure};
use crate::text::number_format::{FloatVerb, float, hexadecimal_float};
use crate::text::quote::{quote, quote_rune};
use crate::text::runes::{self, REPLACEMENT};
use crate::time;
use crate::value::{IntKind, List, ListKind, Map, MapKind, Value};

type Done = Result<(), Failure>;

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
    meter: &'m mut Meter,
    depth: u32,
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
        Self { out: Vec::new(), flags: Flags::default(), meter, depth: 0 }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Done {
        self.meter.allocate(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn fill(&mut self, count: usize) -> Done {
        self.meter.allocate(count)?;
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
        Ok(())
    }

    /// Writes `bytes`, padded to the width.
    fn pad(&mut self, bytes: &[u8]) -> Done {
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
        if let Some(text) = string_method(value).filter(|_| !self.flags.sharp_v && "vsxXq".contains(verb)) {
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
            Value::Time(_) | Value::Version(_) => {
                // Without its string method Go would print private fields.
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
        self.element(value, 'v')?;
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

    fn int(&mut self, number: i64, kind: IntKind, verb: char, value: &Value) -> Done {
        let signed = !kind.is_unsigned();
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.integer(number, signed, 16, false, 'v')?;
                self.flags.sharp = sharp;
                Ok(())
            }
            'v' | 'd' => self.integer(number, signed, 10, false, verb),
            'b' => self.integer(number, signed, 2, false, verb),
            'o' | 'O' => self.integer(number, signed, 8, false, verb),
            'x' => self.integer(number, signed, 16, false, verb),
            'X' => self.integer(number, signed, 16, true, verb),
            'c' => {
                let rune = rune_of(number);
                self.pad(rune.encode_utf8(&mut [0; 4]).as_bytes())
            }
            'q' => {
                let mut out = Vec::new();
                quote_rune(&mut out, rune_of(number), self.flags.plus);
                self.pad(&out)
            }
            'U' => {
                let digits = self.flags.precision.unwrap_or(4).clamp(4, 200);
                let mut text = format!("U+{:0digits$X}", number as u64);
                if self.flags.sharp && number >= 0 && runes::is_print(rune_of(number)) {
                    let _ = write!(text, " '{}'", rune_of(number));
                }
                let zero = std::mem::take(&mut self.flags.zero);
                self.pad(text.as_bytes())?;
                self.flags.zero = zero;
                Ok(())
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn integer(&mut self, number: i64, signed: bool, base: u64, upper: bool, verb: char) -> Done {
        let negative = signed && number < 0;
        let mut magnitude = if negative { number.unsigned_abs() } else { number as u64 };
        let flags = self.flags;
        let least = match (flags.precision, flags.width) {
            (Some(0), _) if magnitude == 0 => {
                self.flags.zero = false;
                self.fill(flags.width.unwrap_or(0))?;
                self.flags.zero = flags.zero;
                return Ok(());
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width - usize::from(width > 0 && (negative || flags.plus || flags.space))
            }
            _ => 1,
        };
        self.meter.allocate(least)?;
        let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
        let mut reversed = Vec::new();
        while magnitude > 0 {
            reversed.push(digits[(magnitude % base) as usize]);
            magnitude /= base;
        }
        while reversed.len() < least.max(1) {
            reversed.push(b'0');
        }
        if flags.sharp {
            match base {
                2 => reversed.extend_from_slice(b"b0"),
                8 if reversed.last() != Some(&b'0') => reversed.push(b'0'),
                16 => reversed.extend_from_slice(if upper { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            reversed.extend_from_slice(b"o0");
        }
        match (negative, flags.plus, flags.space) {
            (true, ..) => reversed.push(b'-'),
            (_, true, _) => reversed.push(b'+'),
            (_, _, true) => reversed.push(b' '),
            _ => {}
        }
        reversed.reverse();
        // The zeros are in the digits already.
        self.flags.zero = false;
        self.pad(&reversed)?;
        self.flags.zero = flags.zero;
        Ok(())
    }

    /// Both parts take the flags; the imaginary one always has a sign.
    fn complex(&mut self, real: f64, imaginary: f64, verb: char) -> Done {
        let plus = self.flags.plus;
        self.write(b"(")?;
        self.float(real, verb, &Value::Float(real))?;
        self.flags.plus = true;
        self.float(imaginary, verb, &Value::Float(imaginary))?;
        self.flags.plus = plus;
        self.write(b"i)")
    }

    fn float(&mut self, number: f64, verb: char, value: &Value) -> Done {
        self.meter.allocate(self.flags.precision.unwrap_or(0))?;
        let text = match verb {
            'x' | 'X' => hexadecimal_float(number, self.flags.precision, verb == 'X'),
            'b' => binary_float(number),
            _ => match FloatVerb::of(verb) {
                Some(form) => {
                    float(number, form, self.flags.precision, self.flags.sharp && !self.flags.sharp_v)
                }
                None => return self.bad_verb(value, verb),
            },
        };
        let (mut sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("+", text.as_str()),
        };
        let flags = self.flags;
        if sign == "+" && !flags.plus {
            sign = if flags.space { " " } else { "" };
        }
        if !number.is_finite() {
            if number.is_nan() && !flags.plus && !flags.space {
                sign = "";
            }
            self.flags.zero = false;
            self.pad(format!("{sign}{digits}").as_bytes())?;
            self.flags.zero = flags.zero;
            return Ok(());
        }
        let length = sign.len() + digits.len();
        match flags.width {
            Some(width) if flags.zero && !flags.minus && !sign.is_empty() && width > length => {
                self.write(sign.as_bytes())?;
                self.fill(width - length)?;
                self.write(digits.as_bytes())
            }
            _ => self.pad(format!("{sign}{digits}").as_bytes()),
        }
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

fn rune_of(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(REPLACEMENT)
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

/// `%b`: the mantissa and a binary exponent.
fn binary_float(number: f64) -> String {
    let bits = number.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i64;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_finite() {
        format!("{sign}{mantissa}p{exponent:+}")
    } else {
        float(number, FloatVerb::General, None, false)
    }
}
