//! Checks the bytes before scanning: UTF-8, and only characters YAML allows.

use crate::Error;
use crate::chars::{byte, char_count};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A source that passed the checks.
pub(crate) struct Source<'s> {
    pub(crate) text: &'s str,
    /// Bytes of the byte-order mark in front.
    pub(crate) skip: usize,
    pub(crate) ascii: bool,
}

/// Checks a source: below 4 GiB, UTF-8, and of the control characters only tab, line feed, carriage return
/// and next line (U+0085).
pub(crate) fn check(bytes: &[u8]) -> Result<Source<'_>, Error> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::Size { size: bytes.len() });
    }
    if bytes.starts_with(b"\xFE\xFF") || bytes.starts_with(b"\xFF\xFE") {
        return Err(Error::Utf16);
    }
    let (bad, ascii) = first_forbidden(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if bad.is_none_or(|bad| error.valid_up_to() < bad) => {
            let at = error.valid_up_to();
            return Err(encoding(bytes, at, utf8_problem(&bytes[at..])));
        }
        Err(_) => "",
    };
    if let Some(at) = bad {
        return Err(encoding(bytes, at, "control characters are not allowed"));
    }
    Ok(Source { text, skip: if bytes.starts_with(BOM) { BOM.len() } else { 0 }, ascii })
}

/// Converts UTF-16 with a byte-order mark to UTF-8. `None` if there is no such mark, or if the text is not
/// well-formed UTF-16.
pub fn decode_utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes.first_chunk()? {
        [0xFE, 0xFF] => u16::from_be_bytes,
        [0xFF, 0xFE] => u16::from_le_bytes,
        _ => return None,
    };
    let (units, rest) = bytes[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    char::decode_utf16(units.iter().copied().map(unit)).collect::<Result<_, _>>().ok()
}

/// Offset of the first character YAML forbids, and whether all bytes are ASCII.
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep the loop from being vectorized")]
fn first_forbidden(bytes: &[u8]) -> (Option<usize>, bool) {
    let mut ascii = true;
    for (index, chunk) in bytes.chunks(64).enumerate() {
        // Branch-free, so that the compiler turns it into vector code.
        let (mut odd, mut high) = (false, 0);
        for &byte in chunk {
            odd |= (byte < 0x20) & (byte != b'\n') & (byte != b'\r') & (byte != b'\t') | (byte == 0x7F);
            high |= byte;
        }
        let high = high >= 0x80;
        ascii &= !high;
        if odd || high {
            let start = index * 64;
            if let Some(at) = (start..start + chunk.len()).find(|&at| is_forbidden(bytes, at)) {
                return (Some(at), ascii);
            }
        }
    }
    (None, ascii)
}

fn is_forbidden(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7F => true,
        0xC2 => matches!(byte(bytes, at + 1), 0x80..=0x84 | 0x86..=0x9F),
        0xEF => byte(bytes, at + 1) == 0xBF && matches!(byte(bytes, at + 2), 0xBE | 0xBF),
        _ => false,
    }
}

/// go-yaml's words for the first malformed sequence.
fn utf8_problem(rest: &[u8]) -> &'static str {
    let width = match rest[0] {
        0x00..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    if rest.len() < width {
        return "incomplete UTF-8 octet sequence";
    }
    if rest[1..width].iter().any(|byte| byte & 0xC0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    match (rest[0], rest[1]) {
        (0xED | 0xF5.., _) | (0xF4, 0x90..) => "invalid Unicode character",
        _ => "invalid length of a UTF-8 sequence",
    }
}

fn encoding(bytes: &[u8], at: usize, problem: &'static str) -> Error {
    let before = &bytes[..at];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    Error::Encoding {
        problem,
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: char_count(&before[line_start..]) + 1,
    }
}
