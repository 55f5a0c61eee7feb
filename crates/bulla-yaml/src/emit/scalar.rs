//! What a string permits, and its spelling in each style.

use crate::node::Style;
use crate::resolve::{Dialect, Resolved, resolve};

/// Which styles a string can be written in.
#[derive(Clone, Copy)]
pub(crate) struct Analysis {
    /// Contains a line break of any kind.
    pub(crate) multiline: bool,
    pub(crate) flow_plain: bool,
    pub(crate) block_plain: bool,
    pub(crate) single: bool,
    pub(crate) block: bool,
}

/// Bytes that need a look: everything but letters, digits, most punctuation, and text beyond ASCII that
/// prints as it is.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b',' | b'?' | b'[' | b']' | b'{' | b'}' | b':' | b'#' => true,
            0..=0x1F | 0x7F => true,
            // Lead bytes of: C1 controls and NEL, LS and PS, the BOM and non-characters, the upper planes.
            0xC2 | 0xE2 | 0xEF | 0xF0..=0xFF => true,
            _ => false,
        };
        byte += 1;
    }
    table
};

/// Bytes that are looked over at once.
const CHUNK: usize = 32;

/// 1 for all bytes of [`SPECIAL`] and others beyond ASCII, else 0; without
/// branches, so that the compiler turns a loop into vector code.
fn is_odd(byte: u8) -> u8 {
    u8::from(byte <= b' ')
        | u8::from(byte >= 0x7F)
        | u8::from(byte == b'#')
        | u8::from(byte == b',')
        | u8::from(byte == b':')
        | u8::from(byte == b'?')
        | u8::from(byte == b'[')
        | u8::from(byte == b']')
        | u8::from(byte == b'{')
        | u8::from(byte == b'}')
}

/// Whether the character stands unescaped in a document (go-yaml's table, which stops at U+FFFD).
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{A0}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

/// The line breaks of YAML 1.1.
pub(crate) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Looks the string over once.
pub(crate) fn analyze(text: &str) -> Analysis {
    let mut seen = Seen::default();
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else {
        return Analysis {
            multiline: false,
            flow_plain: false,
            block_plain: true,
            single: true,
            block: false,
        };
    };
    let blank_after = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\t'));
    match first {
        b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%'
        | b'@' | b'`' => seen.block_indicator(),
        b'?' | b':' if blank_after(1) => seen.block_indicator(),
        b'?' | b':' => seen.flow_indicator = true,
        b'-' if blank_after(1) => seen.block_indicator(),
        b'-' | b'.' if bytes.starts_with(&[first; 3]) => seen.block_indicator(),
        _ => {}
    }
    for (number, chunk) in bytes.chunks(CHUNK).enumerate() {
        if chunk.iter().fold(0, |odd, &byte| odd | is_odd(byte)) == 0 {
            continue;
        }
        for (at, byte) in (number * CHUNK..).zip(chunk) {
            if SPECIAL[usize::from(*byte)] {
                seen.look(text, at, blank_after(at + 1));
            }
        }
    }
    seen.conclude()
}

/// What the pass over a string has met.
#[derive(Default)]
struct Seen {
    flow_indicator: bool,
    block_indicator: bool,
    line_break: bool,
    unprintable: bool,
    tab: bool,
    edge_blank: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

impl Seen {
    fn block_indicator(&mut self) {
        self.flow_indicator = true;
        self.block_indicator = true;
    }

    fn look(&mut self, text: &str, at: usize, blank_follows: bool) {
        let Some(character) = text[at..].chars().next() else { return };
        match character {
            ' ' => {
                let last = at + 1 == text.len();
                self.trailing_space |= last;
                self.edge_blank |= last || at == 0;
                self.break_space |= text[..at].ends_with(is_break);
            }
            '\t' => self.tab = true,
            ',' | '?' | '[' | ']' | '{' | '}' => self.flow_indicator |= at > 0,
            ':' if at > 0 => {
                self.flow_indicator = true;
                self.block_indicator |= blank_follows;
            }
            '#' if at > 0 && text[..at].ends_with(|c| is_break(c) || matches!(c, ' ' | '\t' | '\0')) => {
                self.block_indicator();
            }
            _ => {}
        }
        if is_break(character) {
            self.line_break = true;
            self.edge_blank |= at == 0 || at + character.len_utf8() == text.len();
            self.space_break |= text[..at].ends_with(' ');
        }
        self.unprintable |= character != '\t' && !is_printable(character);
    }

    fn conclude(&self) -> Analysis {
        let escapes = self.space_break || self.unprintable;
        let single = !(self.break_space || escapes || self.tab);
        let plain = single && !self.line_break && !self.edge_blank;
        Analysis {
            multiline: self.line_break,
            flow_plain: plain && !self.flow_indicator,
            block_plain: plain && !self.block_indicator,
            single,
            block: !(self.trailing_space || escapes),
        }
    }
}

/// Whether go-yaml leaves a one-line string unquoted as far as its type goes: a plain scalar with this text
/// reads back as a string, in YAML 1.1 too.
pub(crate) fn plain_is_string(text: &str) -> bool {
    match text.as_bytes().first() {
        None => false,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => !is_base_60(text) && resolves_to_string(text),
        Some(b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' | b'<') => {
            !is_old_boolean(text) && resolves_to_string(text)
        }
        Some(_) => true,
    }
}

fn resolves_to_string(text: &str) -> bool {
    matches!(resolve(None, text, Style::Plain, Dialect::YamlV3), Ok(Resolved::Str))
}

/// YAML 1.1's booleans that are strings in go-yaml.
fn is_old_boolean(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

/// YAML 1.1's sexagesimal numbers, such as `190:20:30.15`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, ""),
    };
    let mut parts = whole.split(':');
    let Some(first) = parts.next() else { return false };
    let underscored = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut rest = parts.peekable();
    rest.peek().is_some()
        && first.starts_with(|c: char| c.is_ascii_digit())
        && underscored(first)
        && underscored(fraction)
        && rest.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// Appends the text in double quotes, escaped as go-yaml escapes.
pub(crate) fn double_quoted(text: &str, out: &mut Vec<u8>) {
    // go-yaml tests for a BOM at the start of the string instead of at the character: then all is escaped.
    let all = text.starts_with('\u{FEFF}');
    out.push(b'"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !(all || SPECIAL[usize::from(byte)] || matches!(byte, b'"' | b'\\')) {
            continue;
        }
        let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else { continue };
        if !all && is_printable(character) && !is_break(character) && !matches!(character, '"' | '\\') {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[done..at]);
        escape(character, out);
        done = at + character.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[done..]);
    out.push(b'"');
}

fn escape(character: char, out: &mut Vec<u8>) {
    let short = match character {
        '\0' => b'0',
        '\u{7}' => b'a',
        '\u{8}' => b'b',
        '\t' => b't',
        '\n' => b'n',
        '\u{B}' => b'v',
        '\u{C}' => b'f',
        '\r' => b'r',
        '\u{1B}' => b'e',
        '"' => b'"',
        '\\' => b'\\',
        '\u{85}' => b'N',
        '\u{A0}' => b'_',
        '\u{2028}' => b'L',
        '\u{2029}' => b'P',
        _ => 0,
    };
    if short != 0 {
        out.extend_from_slice(&[b'\\', short]);
        return;
    }
    let (letter, width) = match u32::from(character) {
        0..=0xFF => (b'x', 2),
        0x100..=0xFFFF => (b'u', 4),
        _ => (b'U', 8),
    };
    out.extend_from_slice(&[b'\\', letter]);
    out.extend_from_slice(format!("{:0width$X}", u32::from(character)).as_bytes());
}

/// Appends the text in single quotes, breaks replaced as the style demands, further lines at `indent`.
pub(crate) fn single_quoted(text: &str, indent: usize, out: &mut Vec<u8>) {
    out.push(b'\'');
    let mut in_breaks = false;
    for character in text.chars() {
        if is_break(character) {
            // A single line feed would be read as a space; one more keeps it.
            if !in_breaks && character == '\n' {
                out.push(b'\n');
            }
            in_breaks = true;
        } else {
            if in_breaks {
                spaces(indent, out);
            }
            in_breaks = false;
        }
        if character == '\'' {
            out.push(b'\'');
        }
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.push(b'\'');
}

/// The header of a literal or folded block: indicator, indentation digit if needed, chomping.
pub(crate) fn block_header_text(text: &str, style: Style, digit: usize) -> String {
    let mut header = String::from(if style == Style::Folded { '>' } else { '|' });
    if needs_digit(text) {
        header.push_str(&digit.to_string());
    }
    let mut backwards = text.chars().rev();
    match (backwards.next().map(is_break), backwards.next().map(is_break)) {
        (Some(true), None | Some(true)) => header.push('+'),
        (Some(true), Some(false)) => {}
        _ => header.push('-'),
    }
    header
}

/// Whether a reader cannot find the indentation from the first line.
pub(crate) fn needs_digit(text: &str) -> bool {
    text.starts_with(|c| c == ' ' || is_break(c))
}

/// Appends a literal block's lines, without the header's line break.
pub(crate) fn literal_lines(text: &str, indent: usize, out: &mut Vec<u8>) {
    if text.is_ascii() {
        // The one break that is ASCII and allowed here is the line feed.
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                spaces(indent, out);
            }
            out.extend_from_slice(line.as_bytes());
        }
        return;
    }
    for line in text.split_inclusive(is_break) {
        if !line.starts_with(is_break) {
            spaces(indent, out);
        }
        out.extend_from_slice(line.as_bytes());
    }
}

/// Appends a folded block's lines without folding any.
///
/// Only for texts that [`folds`] accepts.
pub(crate) fn folded_lines(text: &str, indent: usize, out: &mut Vec<u8>) {
    let content = text.trim_end_matches('\n');
    for (number, line) in content.split('\n').enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        if number > 0 && !line.is_empty() {
            // Between two lines of text a lone break would be read as a space.
            out.push(b'\n');
        }
        if !line.is_empty() {
            spaces(indent, out);
            out.extend_from_slice(line.as_bytes());
        }
    }
    out.extend_from_slice(&text.as_bytes()[content.len()..]);
}

/// Whether [`folded_lines`] represents the text: only line feeds as breaks, and no line that starts blank.
pub(crate) fn folds(text: &str) -> bool {
    analyze(text).block
        && !text.starts_with(['\n', '\t', ' '])
        && !text.chars().any(|c| is_break(c) && c != '\n')
        && !text.contains("\n ")
        && !text.contains("\n\t")
}

pub(crate) fn spaces(count: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + count, b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_special_byte_is_passed_over() {
        for byte in 0..=u8::MAX {
            assert!(is_odd(byte) == 1 || !SPECIAL[usize::from(byte)], "{byte}");
        }
        // At each place of a chunk, and behind one.
        for at in 0..=2 * CHUNK {
            assert!(!analyze(&format!("{}: {}", "a".repeat(at), "b".repeat(CHUNK))).block_plain, "{at}");
        }
    }
}
