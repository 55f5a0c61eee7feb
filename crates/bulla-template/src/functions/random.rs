//! Random texts and numbers, all from the seam.

use std::fmt::Write as _;

use super::encoding::base64;
use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::runes;
use crate::value::{Text, Value};

const COUNT: &[Kind] = &[Kind::Int];

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("randAlpha", COUNT, |scope, args| characters(scope, args, u8::is_ascii_alphabetic)),
    Function::new("randAlphaNum", COUNT, |scope, args| characters(scope, args, u8::is_ascii_alphanumeric)),
    Function::new("randAscii", COUNT, |scope, args| {
        characters(scope, args, |byte| (b' '..0x7F).contains(byte))
    }),
    Function::new("randBytes", COUNT, bytes),
    Function::new("randInt", &[Kind::Int, Kind::Int], int),
    Function::new("randNumeric", COUNT, |scope, args| characters(scope, args, u8::is_ascii_digit)),
    Function::new("shuffle", &[Kind::Text], shuffle),
    Function::new("uuidv4", &[], uuid),
];

/// Fills a buffer from the seam.
fn fill(scope: &mut Scope<'_>, length: usize) -> Result<Vec<u8>, Failure> {
    scope.meter.allocate(length)?;
    scope.meter.step(1 + length as u64 / 16)?;
    let mut buffer = vec![0; length];
    scope.random.fill(&mut buffer).map_err(|_| Failure::new("the random source failed"))?;
    Ok(buffer)
}

/// Draws a number below `bound`, each with the same probability.
fn below(scope: &mut Scope<'_>, bound: u64) -> Result<u64, Failure> {
    // Numbers from an incomplete last cycle would come up more often.
    let fair = u64::MAX - u64::MAX % bound;
    loop {
        let buffer = fill(scope, 8)?;
        let number = u64::from_le_bytes(buffer.try_into().unwrap_or_default());
        if number < fair {
            return Ok(number % bound);
        }
    }
}

/// Draws characters, each with the same probability.
fn characters(scope: &mut Scope<'_>, args: &Args<'_>, fits: fn(&u8) -> bool) -> Done {
    let Ok(count) = usize::try_from(args.int(0)) else { return scope.text("") };
    scope.meter.allocate(count)?;
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        // Drawing from all of ASCII and dropping what does not fit is fair.
        let drawn = fill(scope, (count - out.len()).saturating_mul(3).clamp(32, 4096))?;
        out.extend(drawn.into_iter().map(|byte| byte & 0x7F).filter(fits).take(count - out.len()));
    }
    Ok(Value::Text(Text::from(out)))
}

fn bytes(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let Ok(count) = usize::try_from(args.int(0)) else {
        return Err(Failure::new("makeslice: len out of range"));
    };
    let buffer = fill(scope, count)?;
    scope.text(base64(&buffer))
}

fn int(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let (low, high) = (args.int(0), args.int(1));
    match high.checked_sub(low).filter(|range| *range > 0) {
        Some(range) => Ok(Value::int(low + below(scope, range as u64)? as i64)),
        None => Err(Failure::new("invalid argument to Intn")),
    }
}

fn shuffle(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    scope.meter.allocate(args.text(0).len().saturating_mul(size_of::<char>()))?;
    let mut runes: Vec<char> = runes::runes(args.text(0)).map(|(_, rune, _)| rune).collect();
    for at in (1..runes.len()).rev() {
        let other = below(scope, at as u64 + 1)? as usize;
        runes.swap(at, other);
    }
    scope.text(runes.into_iter().collect::<String>())
}

/// A random UUID (RFC 9562 section 5.4).
fn uuid(scope: &mut Scope<'_>, _: &Args<'_>) -> Done {
    let mut bytes = fill(scope, 16)?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    scope.text(text)
}
