//! The text of one changed node, in the style found at its place.

use bulla_yaml::emit::{Place, ScalarText, flow_text, scalar_text, styled_text};
use bulla_yaml::{Style as YamlStyle, tree};

use super::write;
use crate::document::{Document, Slot, Style};
use crate::format::FormatError;
use crate::tree::Value;

/// Columns by which a block scalar that we start is indented below its
/// parent.
const STEP: usize = 2;

/// Where no block scalar can stand.
const IN_FLOW: Place = Place { flow: true, key: false, indent: 0, parent: 0 };

/// Writes the text that stands at `slot` once `value` is its value.
pub(super) fn render(value: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError> {
    if let Value::Comment(comment) = value {
        if comment.text.contains(&b'\n') {
            return Err(FormatError::Unrepresentable("a comment of several lines".to_owned()));
        }
        return Ok([b"#", &*comment.text].concat());
    }
    if matches!(slot.style, Style::Alias | Style::Collection) {
        return Ok(flow(&write::node(value)));
    }
    let region = &document.source[slot.range()];
    let (anchors, body) = split_properties(region);
    let text = match value {
        Value::Text(text) => text_at(text, body, slot, document),
        other => flow(&write::node(other)),
    };
    let text = end_like(text, body, slot);
    Ok(if anchors.is_empty() { text } else { [anchors, text].concat() })
}

/// A block scalar's place reaches over its last line break, which whatever
/// replaces it must keep, together with a comment on its header.
fn end_like(mut text: Vec<u8>, body: &[u8], slot: Slot) -> Vec<u8> {
    let was_block = matches!(slot.style, Style::Literal | Style::Folded);
    if !was_block || matches!(text.first(), Some(b'|' | b'>')) {
        return text;
    }
    let header = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some(comment) = memchr::memchr(b'#', header) {
        text.push(b' ');
        text.extend_from_slice(header[comment..].trim_ascii_end());
    }
    if body.ends_with(b"\n") {
        text.push(b'\n');
    }
    text
}

/// Splits tags and anchors off the front of a place. Tags go with the old
/// value; anchors stay.
fn split_properties(region: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut anchors = Vec::new();
    let mut rest = region;
    while let Some(b'!' | b'&') = rest.first() {
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        if rest[0] == b'&' {
            anchors.extend_from_slice(&rest[..end]);
            anchors.push(b' ');
        }
        rest = rest[end..].trim_ascii_start();
    }
    (anchors, rest)
}

fn text_at(text: &[u8], body: &[u8], slot: Slot, document: &Document<'_>) -> Vec<u8> {
    match slot.style {
        Style::Literal | Style::Folded => {
            if let Some(block) = BlockScalar::read(body, slot).rewrite(text) {
                return block;
            }
            quoted(text)
        }
        Style::Double => quoted(text),
        Style::Single => styled(text, YamlStyle::SingleQuoted),
        _ if slot.flow => plain_in_flow(text),
        _ => plain_in_block(text, slot, document),
    }
}

/// As go-yaml would choose, unless a block scalar cannot stand there.
fn plain_in_block(text: &[u8], slot: Slot, document: &Document<'_>) -> Vec<u8> {
    if is_envelope_alone(text) {
        return text.to_vec();
    }
    let parent = slot.indent as usize;
    let place = Place { flow: false, key: false, indent: parent + STEP, parent };
    let spelled = scalar_text(&tree::Node::string(text), place);
    let ScalarText::Block { .. } = &spelled else { return spelled.into_string().into_bytes() };
    let rest = &document.source[slot.end as usize..];
    let rest = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if rest.iter().any(|byte| !byte.is_ascii_whitespace()) {
        return quoted(text);
    }
    let mut block = spelled.into_string().into_bytes();
    // The last line break stands behind the place already.
    block.pop();
    block
}

/// Most of what is written into a file are envelopes, and those are plain
/// scalars without a look at the rules.
fn is_envelope_alone(text: &[u8]) -> bool {
    let is_safe = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b',' | b':' | b'_' | b'[' | b']')
    };
    text.starts_with(b"ENC[AES256_GCM,") && text.ends_with(b"]") && text.iter().all(is_safe)
}

fn plain_in_flow(text: &[u8]) -> Vec<u8> {
    scalar_text(&tree::Node::string(text), IN_FLOW).into_string().into_bytes()
}

fn quoted(text: &[u8]) -> Vec<u8> {
    styled(text, YamlStyle::DoubleQuoted)
}

/// On one line; what is no UTF-8 becomes binary.
fn styled(text: &[u8], style: YamlStyle) -> Vec<u8> {
    let spelled = match core::str::from_utf8(text) {
        Ok(text) => styled_text(text, style, IN_FLOW),
        Err(_) => scalar_text(&tree::Node::string(text), IN_FLOW),
    };
    spelled.into_string().into_bytes()
}

/// Writes a whole subtree on one line.
pub(super) fn flow(node: &tree::Node<'_>) -> Vec<u8> {
    flow_text(node).into_bytes()
}

/// A block scalar taken apart.
struct BlockScalar<'b> {
    /// The header line with a comment, without its line break.
    header: &'b [u8],
    /// Columns of the content lines.
    indent: usize,
    /// Column that an indentation digit counts from.
    parent: usize,
    /// Blank lines behind the content.
    tail: &'b [u8],
    /// True where the last line break belongs to what follows.
    open: bool,
}

impl<'b> BlockScalar<'b> {
    fn read(body: &'b [u8], slot: Slot) -> Self {
        let header_end = memchr::memchr(b'\n', body).unwrap_or(body.len());
        let header = &body[..header_end];
        let content = body.get(header_end + 1..).unwrap_or_default();
        let mut indent = None;
        let mut end = 0;
        let mut position = 0;
        for line in content.split_inclusive(|byte| *byte == b'\n') {
            position += line.len();
            if line.iter().any(|byte| !matches!(byte, b' ' | b'\n' | b'\r')) {
                indent.get_or_insert(line.iter().take_while(|byte| **byte == b' ').count());
                end = position;
            }
        }
        let parent = slot.indent as usize;
        let indent = match indication(header) {
            (_, Some(digit)) => parent + digit,
            _ => indent.unwrap_or(parent + STEP),
        };
        let open = end == content.len() && !content.ends_with(b"\n");
        Self { header, indent, parent, tail: &content[end..], open }
    }

    /// Writes other content with the same header, indentation and trailing
    /// blank lines, as far as the content allows; `None` where a block scalar
    /// cannot say it.
    fn rewrite(&self, text: &[u8]) -> Option<Vec<u8>> {
        let text = core::str::from_utf8(text).ok()?;
        let core = text.trim_end_matches('\n');
        let breaks = text.len() - core.len();
        let sayable = |c: char| c == '\n' || c == '\t' || (c >= ' ' && !('\u{7f}'..='\u{a0}').contains(&c));
        let odd = |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') || c > '\u{ffff}';
        if core.is_empty() || !core.chars().all(|c| sayable(c) && !odd(c)) || core.starts_with('\t') {
            return None;
        }
        let (chomp, digit) = indication(self.header);
        let folded = self.header.first() == Some(&b'>') && !core.contains('\n') && !core.starts_with(' ');
        let wanted = match breaks {
            0 => Some(b'-'),
            1 if chomp != Some(b'+') => None,
            _ => Some(b'+'),
        };
        let needs_digit =
            core.starts_with(' ') || core.starts_with('\n') && core.trim_start_matches('\n').starts_with(' ');
        let distance = self.indent - self.parent.min(self.indent);
        let digit = match digit {
            Some(digit) => Some(digit),
            None if needs_digit && (1..=9).contains(&distance) => Some(distance),
            None if needs_digit => return None,
            None => None,
        };
        let mut out = vec![if folded { b'>' } else { b'|' }];
        out.extend(digit.map(|digit| b'0' + digit as u8));
        out.extend(wanted);
        // The order of digit and chomping sign is free; keep what was there.
        if digit.is_some()
            && wanted.is_some()
            && self.header.get(1).is_some_and(|byte| matches!(byte, b'+' | b'-'))
        {
            out.swap(1, 2);
        }
        let signs =
            self.header.iter().skip(1).take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9')).count();
        out.extend_from_slice(self.header.get(1 + signs..).unwrap_or_default());
        for line in core.split('\n') {
            out.push(b'\n');
            if !line.is_empty() {
                out.resize(out.len() + self.indent, b' ');
                out.extend_from_slice(line.as_bytes());
            }
        }
        if !self.open {
            out.push(b'\n');
        }
        if wanted == Some(b'+') && self.blank_lines() != breaks.saturating_sub(1) {
            out.resize(out.len() + breaks.saturating_sub(1), b'\n');
        } else {
            out.extend_from_slice(self.tail);
        }
        Some(out)
    }

    fn blank_lines(&self) -> usize {
        memchr::memchr_iter(b'\n', self.tail).count()
    }
}

/// Chomping sign and indentation digit of a block header.
fn indication(header: &[u8]) -> (Option<u8>, Option<usize>) {
    let (mut chomp, mut digit) = (None, None);
    for byte in header.iter().skip(1) {
        match byte {
            b'+' | b'-' => chomp = Some(*byte),
            b'1'..=b'9' => digit = Some((byte - b'0') as usize),
            _ => break,
        }
    }
    (chomp, digit)
}
