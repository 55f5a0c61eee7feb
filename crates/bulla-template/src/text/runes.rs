//! Runes of byte strings: what is not UTF-8 reads as U+FFFD, one byte at a
//! time, as in Go's `unicode/utf8`.

/// What a malformed byte reads as.
pub(crate) const REPLACEMENT: char = '\u{FFFD}';

/// Decodes the first rune and its width; an empty input gives a width of 0.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (REPLACEMENT, 0) };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (REPLACEMENT, 1),
    };
    match bytes.get(..width).map(std::str::from_utf8) {
        Some(Ok(text)) => (text.chars().next().unwrap_or(REPLACEMENT), width),
        _ => (REPLACEMENT, 1),
    }
}

/// Iterates over runes with their offsets and widths.
pub(crate) fn runes(bytes: &[u8]) -> impl Iterator<Item = (usize, char, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (rune, width) = decode(&bytes[at..]);
        if width == 0 {
            return None;
        }
        at += width;
        Some((at - width, rune, width))
    })
}

/// Counts the runes.
pub(crate) fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { bytes.len() } else { runes(bytes).count() }
}

/// Appends the UTF-8 form of `rune`.
pub(crate) fn push(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Applies `change` to every rune; malformed bytes turn into U+FFFD.
pub(crate) fn map(bytes: &[u8], mut change: impl FnMut(char, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (_, rune, _) in runes(bytes) {
        change(rune, &mut out);
    }
    out
}

/// Go's `unicode.IsSpace`.
pub(crate) fn is_space(rune: char) -> bool {
    matches!(rune, '\t'..='\r' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}')
        || matches!(rune, '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// Go's `unicode.IsPrint`, close enough: letters, marks, numbers,
/// punctuation, symbols and the ASCII space.
pub(crate) fn is_print(rune: char) -> bool {
    if rune.is_ascii() {
        return matches!(rune, ' '..='~');
    }
    // `escape_debug` keeps printable characters as they are, except that it
    // escapes combining marks, which Go prints.
    let escaped = rune.escape_debug();
    !is_space(rune) && (escaped.len() == 1 || is_mark(rune))
}

fn is_mark(rune: char) -> bool {
    matches!(rune, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}')
        || matches!(rune, '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{903}' | '\u{20D0}'..='\u{20F0}' | '\u{FE00}'..='\u{FE0F}')
}

/// Removes leading and trailing white space (`strings.TrimSpace`).
pub(crate) fn trim_space(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes, is_space), is_space)
}

/// Removes leading runes that fit.
pub(crate) fn trim_start(mut bytes: &[u8], fits: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (rune, width) = decode(bytes);
        if width == 0 || !fits(rune) {
            return bytes;
        }
        bytes = &bytes[width..];
    }
}

/// Removes trailing runes that fit.
pub(crate) fn trim_end(mut bytes: &[u8], fits: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (rune, width) = decode_last(bytes);
        if width == 0 || !fits(rune) {
            return bytes;
        }
        bytes = &bytes[..bytes.len() - width];
    }
}

/// Decodes the last rune and its width.
pub(crate) fn decode_last(bytes: &[u8]) -> (char, usize) {
    for width in 1..=bytes.len().min(4) {
        let (rune, found) = decode(&bytes[bytes.len() - width..]);
        if found == width && (width > 1 || rune != REPLACEMENT) {
            return (rune, width);
        }
    }
    (REPLACEMENT, usize::from(!bytes.is_empty()))
}
