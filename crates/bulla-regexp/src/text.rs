//! Texts that may not be UTF-8, seen as Go sees them.

use std::borrow::Cow;

use crate::Span;

/// A text in which every byte that is not part of valid UTF-8 is U+FFFD,
/// together with the way back to the original offsets.
pub(crate) struct Text<'a> {
    decoded: Cow<'a, str>,
    /// Offsets in `decoded` just after each replacement; each stands for one
    /// original byte while it occupies three.
    replaced: Vec<usize>,
}

/// How many bytes a replacement is longer than the byte that it replaces.
const GROWTH: usize = char::REPLACEMENT_CHARACTER.len_utf8() - 1;

/// Counts the bytes that are not part of valid UTF-8.
fn invalid(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum()
}

/// Returns how many bytes of memory reading `bytes` takes: none if they are
/// UTF-8.
pub(crate) fn decoded_size(bytes: &[u8]) -> usize {
    match invalid(bytes) {
        0 => 0,
        invalid => bytes.len() + (GROWTH + size_of::<usize>()) * invalid,
    }
}

impl<'a> Text<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        if let Ok(text) = str::from_utf8(bytes) {
            return Self { decoded: Cow::Borrowed(text), replaced: Vec::new() };
        }
        let invalid = invalid(bytes);
        let mut decoded = String::with_capacity(bytes.len() + GROWTH * invalid);
        let mut replaced = Vec::with_capacity(invalid);
        for chunk in bytes.utf8_chunks() {
            decoded.push_str(chunk.valid());
            for _ in chunk.invalid() {
                decoded.push(char::REPLACEMENT_CHARACTER);
                replaced.push(decoded.len());
            }
        }
        Self { decoded: Cow::Owned(decoded), replaced }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.decoded
    }

    /// Returns the length of the character at `offset`, 0 at the end.
    pub(crate) fn width_at(&self, offset: usize) -> usize {
        self.decoded[offset..].chars().next().map_or(0, char::len_utf8)
    }

    /// Translates a span of the decoded text to the original bytes.
    pub(crate) fn original(&self, span: Span) -> Span {
        let back = |offset| offset - GROWTH * self.replaced.partition_point(|end| *end <= offset);
        back(span.start)..back(span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back_to_the_original_bytes() {
        let text = Text::new(b"a\xffb\xe2\x82c");
        assert_eq!(text.as_str(), "a\u{fffd}b\u{fffd}\u{fffd}c");
        assert_eq!(text.original(0..1), 0..1);
        assert_eq!(text.original(1..4), 1..2);
        assert_eq!(text.original(4..5), 2..3);
        assert_eq!(text.original(5..12), 3..6);
    }
}
