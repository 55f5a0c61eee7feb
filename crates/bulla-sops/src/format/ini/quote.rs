//! How a value is quoted in INI, and what blanks are.

use std::borrow::Cow;

use crate::document::Style;

/// Drops Unicode blanks in front; bytes that are no UTF-8 stay.
pub(super) fn trim_start(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some(length) = blank_at_start(rest) {
        rest = &rest[length..];
    }
    rest
}

/// Drops Unicode blanks behind; bytes that are no UTF-8 stay.
pub(super) fn trim_end(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some(length) = blank_at_end(rest) {
        rest = &rest[..rest.len() - length];
    }
    rest
}

/// Drops Unicode blanks at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

fn blank_at_start(text: &[u8]) -> Option<usize> {
    let prefix = &text[..text.len().min(4)];
    let character = prefix.utf8_chunks().next()?.valid().chars().next()?;
    character.is_whitespace().then(|| character.len_utf8())
}

fn blank_at_end(text: &[u8]) -> Option<usize> {
    let start =
        (1..=4.min(text.len())).map(|length| text.len() - length).find(|&at| text[at] & 0xc0 != 0x80)?;
    let character = core::str::from_utf8(&text[start..]).ok()?.chars().next()?;
    character.is_whitespace().then(|| text.len() - start)
}

/// The text of `value` as sops writes it, whether or not it reads back.
pub(super) fn canonical(value: &[u8]) -> Cow<'_, [u8]> {
    if value.iter().any(|byte| matches!(byte, b'\n' | b'`')) {
        in_style(value, Style::Triple)
    } else if value.iter().any(|byte| matches!(byte, b'#' | b';')) {
        in_style(value, Style::Backtick)
    } else if trim(value).len() != value.len() {
        in_style(value, Style::Double)
    } else {
        Cow::Borrowed(value)
    }
}

/// The text of `value` in `style` where that reads back as the same value,
/// else in the style of sops, else in any that does; `None` where none does.
pub(super) fn quote(value: &[u8], style: Style) -> Option<Cow<'_, [u8]>> {
    if style != Style::Plain && fits(value, style) {
        return Some(in_style(value, style));
    }
    let usual = canonical(value);
    let usual_style = match &*usual {
        text if text.len() == value.len() => Style::Plain,
        [b'`', ..] => Style::Backtick,
        text if text.len() == value.len() + 6 => Style::Triple,
        _ => Style::Double,
    };
    if fits(value, usual_style) {
        return Some(usual);
    }
    let styles = [Style::Double, Style::Single, Style::Backtick, Style::Triple];
    styles.into_iter().find(|style| fits(value, *style)).map(|style| in_style(value, style))
}

fn in_style(value: &[u8], style: Style) -> Cow<'_, [u8]> {
    let quote: &[u8] = match style {
        Style::Backtick => b"`",
        Style::Double => b"\"",
        Style::Single => b"'",
        Style::Triple => b"\"\"\"",
        _ => return Cow::Borrowed(value),
    };
    Cow::Owned([quote, value, quote].concat())
}

/// Returns true where `value` written in `style` reads back as itself.
fn fits(value: &[u8], style: Style) -> bool {
    let has = |byte: u8| memchr::memchr(byte, value).is_some();
    let one_line = !has(b'\n') && !has(b'#') && !has(b';');
    match style {
        Style::Backtick => closes_last(value, b"`"),
        Style::Double => one_line && !has(b'"'),
        Style::Single => one_line && !has(b'\''),
        Style::Triple => closes_last(value, b"\"\"\""),
        _ => {
            let quoted = value.starts_with(b"`")
                || value.starts_with(b"\"\"\"")
                || surrounded(value, b'\'')
                || surrounded(value, b'"');
            one_line && !quoted && !value.ends_with(b"\\") && trim(value).len() == value.len()
        }
    }
}

/// Returns true where `quote` behind `value` is what ends it: the last one on
/// the first line would, and on a later line any that no backslash follows.
fn closes_last(value: &[u8], quote: &[u8]) -> bool {
    let mut lines: Vec<&[u8]> = value.split(|&byte| byte == b'\n').collect();
    lines.pop();
    lines.iter().enumerate().all(|(index, line)| match memchr::memmem::rfind(line, quote) {
        None => true,
        Some(found) => index > 0 && trim(&line[found + quote.len()..]).ends_with(b"\\"),
    })
}

/// Returns true where `quote` is at both ends of `text` and nowhere within.
pub(super) fn surrounded(text: &[u8], quote: u8) -> bool {
    match text {
        [first, inner @ .., last] => *first == quote && *last == quote && !inner.contains(&quote),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_those_of_unicode() {
        assert_eq!(trim(b" \t\x0b\x0c\r\na b\xc2\xa0\xe3\x80\x80"), b"a b");
        assert_eq!(trim(b"\xff x \xff"), b"\xff x \xff");
        assert_eq!(trim(b" \xa0"), b"\xa0");
    }

    #[test]
    fn the_style_found_is_kept_where_it_can_hold_the_value() {
        for (value, style, expected) in [
            ("x", Style::Plain, "x"),
            ("x", Style::Double, "\"x\""),
            ("x", Style::Single, "'x'"),
            ("x", Style::Backtick, "`x`"),
            ("x", Style::Triple, "\"\"\"x\"\"\""),
            ("a#b", Style::Double, "`a#b`"),
            ("a\nb", Style::Plain, "\"\"\"a\nb\"\"\""),
            (" x", Style::Plain, "\" x\""),
            ("\"x\"", Style::Plain, "'\"x\"'"),
            ("x\\", Style::Plain, "\"x\\\""),
            ("a`#b", Style::Backtick, "`a`#b`"),
            ("a`\nb", Style::Backtick, "\"\"\"a`\nb\"\"\""),
            ("a\n\"\"\" \\\nb", Style::Triple, "\"\"\"a\n\"\"\" \\\nb\"\"\""),
            ("", Style::Plain, ""),
        ] {
            assert_eq!(quote(value.as_bytes(), style).unwrap(), expected.as_bytes());
        }
        assert!(quote(b"`\"\"\"\n", Style::Plain).is_none());
    }
}
