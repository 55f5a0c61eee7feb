//! Character classes of libyaml over UTF-8 bytes. Past the end of the text every byte reads as 0, and 0
//! cannot occur inside (the [`source`](crate::source) check refuses it), so 0 means the end.

/// The byte at `at`, or 0.
pub(crate) fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// Length of the line break at `at`: CR LF counts 2; 0 if there is none. NEL, LS and PS are breaks too.
pub(crate) fn break_len(text: &[u8], at: usize) -> usize {
    match byte(text, at) {
        b'\n' => 1,
        b'\r' => 1 + usize::from(byte(text, at + 1) == b'\n'),
        0xC2 if byte(text, at + 1) == 0x85 => 2,
        0xE2 if byte(text, at + 1) == 0x80 && matches!(byte(text, at + 2), 0xA8 | 0xA9) => 3,
        _ => 0,
    }
}

pub(crate) fn is_break(text: &[u8], at: usize) -> bool {
    break_len(text, at) > 0
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Line break or end of the text.
pub(crate) fn is_break_or_end(text: &[u8], at: usize) -> bool {
    byte(text, at) == 0 || is_break(text, at)
}

/// Blank, line break or end of the text.
pub(crate) fn ends_word(text: &[u8], at: usize) -> bool {
    is_blank(byte(text, at)) || is_break_or_end(text, at)
}

/// What anchors, tag handles and directive names consist of.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Number of characters in a piece of UTF-8 text.
pub(crate) fn char_count(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

/// Bytes in the character that starts with `first`.
pub(crate) fn char_len(first: u8) -> usize {
    match first {
        0x00..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

/// Offset of the first line break at or after `from`, or the end of the text.
pub(crate) fn find_break(text: &[u8], from: usize, ascii: bool) -> usize {
    let end = memchr::memchr2(b'\n', b'\r', &text[from..]).map_or(text.len(), |at| from + at);
    if ascii {
        return end;
    }
    memchr::memchr2_iter(0xC2, 0xE2, &text[from..end])
        .map(|at| from + at)
        .find(|&at| is_break(text, at))
        .unwrap_or(end)
}
