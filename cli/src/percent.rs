//! Percent encoding of URLs (RFC 3986, 2.1).

use std::fmt::Write as _;

/// A text in which letters, digits and `kept` stand for themselves, and every
/// other byte as `%XX`.
pub(crate) fn encoded(text: impl AsRef<[u8]>, kept: &[u8]) -> String {
    text.as_ref().iter().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || kept.contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Undoes it. What is no `%XX` stands for itself; what is no UTF-8 then
/// becomes U+FFFD.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| first == b'%');
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_kept_are_written_as_hex_digits_and_read_back() {
        let text = "a/b c?\u{e9}%~";
        assert_eq!(encoded(text, b"/~"), "a/b%20c%3F%C3%A9%25~");
        assert_eq!(decoded(&encoded(text, b"")), text);
        assert_eq!(decoded("%4%zz%C3%A9%"), "%4%zz\u{e9}%");
    }
}
