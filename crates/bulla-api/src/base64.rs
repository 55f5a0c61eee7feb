//! Base64 as Go's `StdEncoding` reads and writes it (`sealed-secrets.md` 1.3).

use ::base64::Engine;
use ::base64::alphabet::STANDARD;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Padding is required; bits behind the last byte do not count.
const GO: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Text that is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {at}")]
pub struct Base64Error {
    /// Where Go stops, in bytes of the text as it stands.
    pub at: usize,
}

/// Reads base64; line feeds and carriage returns may stand anywhere.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    // It may hold a key, and what a vector leaves behind when it grows is not wiped.
    let mut dense = Zeroizing::new(Vec::with_capacity(text.len()));
    dense.extend(text.bytes().filter(|byte| !is_break(*byte)));
    GO.decode(&*dense).map_err(|_| Base64Error { at: stop(text.as_bytes()) })
}

/// Writes base64 in one line, with padding.
pub fn encode(bytes: &[u8]) -> String {
    GO.encode(bytes)
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The place that Go names in a text it refuses: the odd byte, or the end of
/// what can be read.
fn stop(text: &[u8]) -> usize {
    let mut digits = 0;
    let mut rest = text.iter().enumerate().filter(|(_, byte)| !is_break(**byte)).peekable();
    while let Some((at, byte)) = rest.next() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => digits += 1,
            b'=' => match digits % 4 {
                0 | 1 => return at,
                2 => match rest.next() {
                    None => return text.len(),
                    // Go steps back to the byte in front of the one that should be padding.
                    Some((next, byte)) if *byte != b'=' => return next - 1,
                    Some(_) => return rest.next().map_or(text.len(), |(at, _)| at),
                },
                _ => return rest.next().map_or(text.len(), |(at, _)| at),
            },
            _ => return at,
        }
    }
    // The text ends within a group: Go names the group's first byte.
    text.len() - digits % 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_read() {
        for (text, bytes) in [("", ""), ("Zm9v", "foo"), ("Zm\r\n8\n=", "fo"), ("Zm9=", "fo"), ("Zh==", "f")]
        {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes(), "{text:?}");
        }
        assert_eq!(encode(b"fo"), "Zm8=");
    }

    #[test]
    fn errors_name_the_byte_that_go_names() {
        for (text, at) in [
            ("%", 0),
            ("Zm9%", 3),
            ("Z\nm9%", 4),
            ("Zm8", 0),
            ("Zm9vZg", 4),
            ("Zg=", 3),
            ("=", 0),
            ("Z===", 1),
            ("Zg=x", 2),
            ("Zg==Zg==", 4),
        ] {
            assert_eq!(decode(text), Err(Base64Error { at }), "{text:?}");
        }
    }
}
