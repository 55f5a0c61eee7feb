//! Base64, base32, hexadecimal and checksums.

use crate::crypto::digest::adler32sum;
use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind, Library};
use crate::scope::Scope;
use crate::value::{Text, Value};

const TEXT: &[Kind] = &[Kind::Text];
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("adler32sum", TEXT, |scope, args| {
        scope.meter.step(args.text(0).len() as u64 / 64)?;
        scope.text(adler32sum(args.text(0)))
    }),
    Function::new("b32dec", TEXT, |scope, args| decode(scope, args, "base32", decoded_base32)),
    Function::new("b32enc", TEXT, |scope, args| encode(scope, args, BASE32, 5)),
    Function::new("b64dec", TEXT, |scope, args| decode(scope, args, "base64", decoded_base64)),
    Function::new("b64enc", TEXT, |scope, args| encode(scope, args, BASE64, 6)),
    Function::new("hexdec", TEXT, hexdec).at(Home::Only(Library::ExternalSecrets)),
];

/// Encodes as standard base64 or base32, padded (RFC 4648 sections 4 and 6).
fn encoded(bytes: &[u8], alphabet: &[u8], bits: u32) -> Vec<u8> {
    // The number of digits that hold whole bytes.
    let group = if bits == 6 { 4 } else { 8 };
    let mut out = Vec::with_capacity(bytes.len() * 8 / bits as usize + group);
    let (mut buffer, mut held) = (0u32, 0);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(*byte)) & 0xFFFF;
        held += 8;
        while held >= bits {
            held -= bits;
            out.push(alphabet[(buffer >> held) as usize & (alphabet.len() - 1)]);
        }
    }
    if held > 0 {
        out.push(alphabet[(buffer << (bits - held)) as usize & (alphabet.len() - 1)]);
    }
    while out.len() % group != 0 {
        out.push(b'=');
    }
    out
}

fn encode(scope: &mut Scope<'_>, args: &Args<'_>, alphabet: &[u8], bits: u32) -> Result<Value, Failure> {
    scope.meter.allocate(args.text(0).len() * 2)?;
    Ok(Value::Text(Text::from(encoded(args.text(0), alphabet, bits))))
}

/// Decodes; like the original, a malformed text gives the error's text, which
/// holds an offset and nothing else.
fn decode(
    scope: &mut Scope<'_>,
    args: &Args<'_>,
    name: &str,
    decoded: fn(&[u8]) -> Result<Vec<u8>, usize>,
) -> Result<Value, Failure> {
    scope.meter.allocate(args.text(0).len())?;
    match decoded(args.text(0)) {
        Ok(bytes) => Ok(Value::Text(Text::from(bytes))),
        Err(offset) => scope.text(format!("illegal {name} data at input byte {offset}")),
    }
}

/// Reads one digit: its value, or `None`.
fn digit(byte: u8, alphabet: &[u8]) -> Option<u64> {
    alphabet.iter().position(|digit| *digit == byte).map(|value| value as u64)
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Decodes padded base64; line breaks do not count. The error is the offset
/// that Go names.
fn decoded_base64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut values = [None; 256];
    for (value, digit) in BASE64.iter().enumerate() {
        values[usize::from(*digit)] = Some(value as u32);
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut held) = (0u32, 0);
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        if let Some(value) = values[usize::from(byte)] {
            buffer = buffer << 6 | value;
            held += 1;
            if held == 4 {
                out.extend_from_slice(&buffer.to_be_bytes()[1..]);
                (buffer, held) = (0, 0);
            }
            continue;
        }
        if is_line_break(byte) {
            continue;
        }
        if byte != b'=' || held < 2 {
            return Err(at - 1);
        }
        let skip = |at: usize| at + text[at..].iter().take_while(|byte| is_line_break(**byte)).count();
        if held == 2 {
            at = skip(at);
            match text.get(at) {
                None => return Err(text.len()),
                Some(b'=') => at += 1,
                Some(_) => return Err(at - 1),
            }
        }
        at = skip(at);
        if at < text.len() {
            return Err(at);
        }
        buffer <<= 6 * (4 - held);
        out.extend_from_slice(&buffer.to_be_bytes()[1..held]);
        return Ok(out);
    }
    if held == 0 { Ok(out) } else { Err(text.len() - held) }
}

/// Decodes padded base32. Line breaks are dropped before offsets are counted.
fn decoded_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !is_line_break(*byte)).collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let mut buffer = 0u64;
        let mut held = 0;
        let mut ended = false;
        while held < 8 {
            let Some(&byte) = text.get(at) else { return Err(at - held) };
            at += 1;
            let left = text.len() - at;
            if byte == b'=' && held >= 2 && left < 8 {
                if left + held < 7 {
                    return Err(text.len());
                }
                if let Some(other) = text[at..].iter().take(7 - held).position(|byte| *byte != b'=') {
                    return Err((at + other).saturating_sub(1));
                }
                if matches!(held, 3 | 6) {
                    return Err(at - 1);
                }
                ended = true;
                break;
            }
            let Some(value) = digit(byte, BASE32) else { return Err(at - 1) };
            buffer = buffer << 5 | value;
            held += 1;
        }
        buffer <<= 64 - 5 * held;
        out.extend_from_slice(&buffer.to_be_bytes()[..held * 5 / 8]);
        if ended {
            break;
        }
    }
    Ok(out)
}

fn hexdec(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let text = args.text(0);
    scope.meter.allocate(text.len())?;
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(text.len() / 2);
    for pair in text.chunks(2) {
        match pair {
            [high, low] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => out.push(high << 4 | low),
                // Go names the byte itself; this may be a part of a secret.
                _ => return Err(Failure::new("encoding/hex: invalid byte")),
            },
            [single] if digit(*single).is_none() => return Err(Failure::new("encoding/hex: invalid byte")),
            _ => return Err(Failure::new("encoding/hex: odd length hex string")),
        }
    }
    Ok(Value::Text(Text::from(out)))
}
