//! How Go's `fmt` prints numbers.

use std::fmt::Write as _;

use super::number_format::{FloatVerb, float, hexadecimal_float};
use super::print::{Done, Printer};
use super::quote::quote_rune;
use super::runes::{self, REPLACEMENT};
use crate::value::{IntKind, Value};

impl Printer<'_> {
    pub(super) fn int(&mut self, number: i64, kind: IntKind, verb: char, value: &Value) -> Done {
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
        let magnitude = if negative { number.unsigned_abs() } else { number as u64 };
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
        let mut reversed = reversed_digits(magnitude, base, upper, least.max(1));
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
    pub(super) fn complex(&mut self, real: f64, imaginary: f64, verb: char) -> Done {
        let plus = self.flags.plus;
        self.write(b"(")?;
        self.float(real, verb, &Value::Float(real))?;
        self.flags.plus = true;
        self.float(imaginary, verb, &Value::Float(imaginary))?;
        self.flags.plus = plus;
        self.write(b"i)")
    }

    pub(super) fn float(&mut self, number: f64, verb: char, value: &Value) -> Done {
        self.meter.allocate(self.flags.precision.unwrap_or(0))?;
        let text = match verb {
            'x' | 'X' => hexadecimal_float(number, self.flags.precision, verb == 'X', self.flags.sharp),
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

/// The digits of a number, at least so many, the last one first.
fn reversed_digits(mut number: u64, base: u64, upper: bool, least: usize) -> Vec<u8> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut reversed = Vec::new();
    while number > 0 {
        reversed.push(digits[(number % base) as usize]);
        number /= base;
    }
    if reversed.len() < least {
        reversed.resize(least, b'0');
    }
    reversed
}

fn rune_of(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(REPLACEMENT)
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
