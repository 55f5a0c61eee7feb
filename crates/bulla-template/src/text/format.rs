//! Go's `fmt.Sprintf`: the format string and the choice of arguments.

use super::print::{Flags, Printer};
use super::runes::decode;
use crate::budget::Meter;
use crate::failure::Failure;
use crate::value::{IntKind, Value};

/// Widths and precisions beyond this are errors in Go, too.
const MAX_NUMBER: usize = 1_000_000;

/// Formats `args` after `format`.
pub(crate) fn sprintf(meter: &mut Meter, format: &[u8], args: &[Value]) -> Result<Vec<u8>, Failure> {
    let mut run = Run {
        printer: Printer::new(meter),
        format,
        args,
        at: 0,
        last_close: memchr::memrchr(b']', format),
        next: 0,
        reordered: false,
        good_index: true,
    };
    run.all()?;
    Ok(run.printer.out)
}

struct Run<'a, 'm> {
    printer: Printer<'m>,
    format: &'a [u8],
    args: &'a [Value],
    /// Offset into the format.
    at: usize,
    /// The last closing bracket. Behind it none is looked for, because many
    /// open ones would each search the rest (D-02).
    last_close: Option<usize>,
    /// The argument to use next.
    next: usize,
    reordered: bool,
    good_index: bool,
}

impl Run<'_, '_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn all(&mut self) -> Result<(), Failure> {
        while self.at < self.format.len() {
            let rest = &self.format[self.at..];
            let text = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
            self.printer.write(&rest[..text])?;
            self.at += text;
            if self.byte().is_some() {
                self.at += 1;
                self.verb()?;
            }
        }
        if !self.reordered && self.next < self.args.len() {
            self.extra()?;
        }
        Ok(())
    }

    fn extra(&mut self) -> Result<(), Failure> {
        self.printer.flags = Flags::default();
        self.printer.write(b"%!(EXTRA ")?;
        for (index, arg) in self.args[self.next..].iter().enumerate() {
            if index > 0 {
                self.printer.write(b", ")?;
            }
            if arg.is_nil() {
                self.printer.write(b"<nil>")?;
            } else {
                self.printer.write(arg.type_name().as_bytes())?;
                self.printer.write(b"=")?;
                self.printer.value(arg, 'v')?;
            }
        }
        self.printer.write(b")")
    }

    fn verb(&mut self) -> Result<(), Failure> {
        self.good_index = true;
        self.printer.flags = self.read_flags();
        let mut after_index = self.argument_number();
        self.width(&mut after_index)?;
        self.precision(&mut after_index)?;
        if !after_index {
            self.argument_number();
        }
        let (verb, width) = decode(&self.format[self.at..]);
        if width == 0 {
            return self.printer.write(b"%!(NOVERB)");
        }
        self.at += width;
        if verb == '%' {
            return self.printer.write(b"%");
        }
        if !self.good_index {
            return self.complain(verb, b"(BADINDEX)");
        }
        let Some(arg) = self.args.get(self.next) else {
            return self.complain(verb, b"(MISSING)");
        };
        self.next += 1;
        let flags = &mut self.printer.flags;
        if verb == 'v' {
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        if verb == 'w' {
            return self.printer.bad_verb(arg, verb);
        }
        self.printer.value(arg, verb)
    }

    fn complain(&mut self, verb: char, what: &[u8]) -> Result<(), Failure> {
        self.printer.write(b"%!")?;
        self.printer.rune(verb)?;
        self.printer.write(what)
    }

    fn read_flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        flags
    }

    fn width(&mut self, after_index: &mut bool) -> Result<(), Failure> {
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.star() {
                Some(width) => {
                    self.printer.flags.width = Some(width.unsigned_abs() as usize);
                    if width < 0 {
                        self.printer.flags.minus = true;
                        self.printer.flags.zero = false;
                    }
                }
                None => self.printer.write(b"%!(BADWIDTH)")?,
            }
            *after_index = false;
        } else {
            self.printer.flags.width = self.number();
            if *after_index && self.printer.flags.width.is_some() {
                self.good_index = false;
            }
        }
        Ok(())
    }

    fn precision(&mut self, after_index: &mut bool) -> Result<(), Failure> {
        if self.byte() != Some(b'.') {
            return Ok(());
        }
        self.at += 1;
        if *after_index {
            self.good_index = false;
        }
        *after_index = self.argument_number();
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.star() {
                Some(precision @ 0..) => self.printer.flags.precision = Some(precision as usize),
                _ => self.printer.write(b"%!(BADPREC)")?,
            }
            *after_index = false;
        } else {
            self.printer.flags.precision = Some(self.number().unwrap_or(0));
        }
        Ok(())
    }

    /// Takes a width or precision from the arguments.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Value::Int(number, kind)
                if *kind != IntKind::Uint64 && number.unsigned_abs() <= MAX_NUMBER as u64 =>
            {
                Some(*number)
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<usize> {
        let from = self.at;
        let mut value = 0usize;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            if value > MAX_NUMBER {
                return None;
            }
            value = value * 10 + usize::from(digit - b'0');
            self.at += 1;
        }
        (self.at > from).then_some(value)
    }

    /// Reads an explicit argument number such as `[2]`.
    fn argument_number(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let closes = self.last_close.is_some_and(|last| last > self.at);
        let Some(close) = closes.then(|| memchr::memchr(b']', rest)).flatten() else {
            self.good_index = false;
            self.at += 1;
            return false;
        };
        let inner = std::str::from_utf8(&rest[1..close]).ok().and_then(|text| text.parse::<usize>().ok());
        self.at += close + 1;
        match inner {
            Some(number) if (1..=self.args.len()).contains(&number) => {
                self.next = number - 1;
                true
            }
            _ => {
                self.good_index = false;
                true
            }
        }
    }
}
