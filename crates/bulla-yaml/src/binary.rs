//! Base64 of `!!binary` scalars.

/// Decodes a `!!binary` scalar as Go's `base64.StdEncoding` does: padding required, line breaks skipped,
/// unused bits not checked. `None` if the text is not base64.
pub fn decode_binary(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0_u32, 0, 0);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if count >= 2 => {
                padding += 1;
                0
            }
            _ => return None,
        };
        // Nothing may follow padding but padding of the same group.
        if padding > 0 && (byte != b'=' || padding > 2) {
            return None;
        }
        bits = bits << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
            (bits, count) = (0, 0);
        }
    }
    (count == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode_binary;

    #[test]
    fn base64_is_read_with_its_padding() {
        assert_eq!(decode_binary("").as_deref(), Some(&b""[..]));
        assert_eq!(decode_binary("Zg==").as_deref(), Some(&b"f"[..]));
        assert_eq!(decode_binary("Zm8=\n").as_deref(), Some(&b"fo"[..]));
        assert_eq!(decode_binary("Zm9v\r\nZm9v").as_deref(), Some(&b"foofoo"[..]));
        for text in ["Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "=", "Z===", "Zm8=Z", "Z g=", "Zm9v="] {
            assert_eq!(decode_binary(text), None, "{text}");
        }
    }
}
