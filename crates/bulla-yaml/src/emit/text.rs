//! Single scalars and one-line subtrees, to be put into a document that is otherwise left alone.

use super::scalar::{
    Analysis, analyze, block_header_text, double_quoted, folded_lines, folds, is_break, literal_lines,
    needs_digit, plain_is_string, single_quoted,
};
use super::walk::{Writer, write_tag};
use crate::node::Style;
use crate::tree::{Content, Node};

/// Where a scalar goes.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Inside a flow collection.
    pub flow: bool,
    /// As a mapping key in front of its `:`: on one line, never a block.
    pub key: bool,
    /// Column of a block scalar's lines.
    pub indent: usize,
    /// Column an indentation digit counts from: that of the keys or dashes of the block collection around
    /// the scalar, 0 at the root.
    pub parent: usize,
}

/// A scalar's spelling.
#[derive(Clone, PartialEq, Eq)]
pub enum ScalarText {
    /// A literal or folded block. The header stands where the value does, followed by nothing but a comment;
    /// the lines, the last one with its break, begin on the next line.
    Block {
        /// Tag, `|` or `>`, indentation digit, chomping sign.
        header: String,
        /// The content at its indentation.
        lines: String,
    },
    /// Text without a line break.
    Inline(String),
}

impl ScalarText {
    /// The whole text; a block ends with a line break.
    pub fn into_string(self) -> String {
        match self {
            Self::Block { header, lines } => header + "\n" + &lines,
            Self::Inline(text) => text,
        }
    }
}

/// Spells a scalar as go-yaml would at this place; a collection as [`flow_text`] does.
///
/// Unlike [`emit`](super::emit), which has one indentation digit for all blocks, a block here gets the digit
/// that is right; one that has no right digit is double quoted.
pub fn scalar_text(node: &Node<'_>, place: Place) -> ScalarText {
    let Content::Scalar(text) = &node.content else { return ScalarText::Inline(flow_text(node)) };
    let mut tag = Vec::new();
    if let Some(name) = &node.tag {
        write_tag(name, &mut tag);
        tag.push(b' ');
    }
    let tag = into_text(tag);
    match spell(text, node.style, place) {
        ScalarText::Block { header, lines } => ScalarText::Block { header: tag + &header, lines },
        ScalarText::Inline(text) => ScalarText::Inline(tag + &text),
    }
}

/// Spells a string in the style something else had at this place, if the string permits.
///
/// Plain becomes what [`scalar_text`] gives a string, where a reader would otherwise see another type or the
/// text cannot be plain; single quotes become double ones where escapes are needed; a folded block that
/// cannot be folded becomes a literal one; a block that cannot stand here is double quoted.
pub fn styled_text(text: &str, style: Style, place: Place) -> ScalarText {
    let style = match style {
        Style::Block | Style::Flow | Style::Plain => return scalar_text(&Node::text(text), place),
        Style::Folded if !folds(text) => Style::Literal,
        Style::DoubleQuoted | Style::Folded | Style::Literal | Style::SingleQuoted => style,
    };
    spell(text, style, place)
}

/// Whether a plain scalar with this text is a string, in YAML 1.1 too, and can stand at this place.
pub fn fits_plain(text: &str, place: Place) -> bool {
    plain_is_string(text) && allows_plain(text, analyze(text), place)
}

/// Writes a subtree on one line, without its comments: `{k: "ENC[...]", l: [1, 2]}`.
pub fn flow_text(node: &Node<'_>) -> String {
    let mut out = Vec::new();
    Writer::one_line(&mut out).document(node);
    if out.ends_with(b"\n") {
        out.pop();
    }
    into_text(out)
}

fn spell(text: &str, style: Style, place: Place) -> ScalarText {
    let can = analyze(text);
    let mut out = Vec::new();
    match style {
        Style::Literal | Style::Folded if fits_block(text, can, place) => {
            return block(text, if folds(text) { style } else { Style::Literal }, place);
        }
        Style::Block | Style::Flow | Style::Plain if allows_plain(text, can, place) => {
            out.extend_from_slice(text.as_bytes());
        }
        Style::Block | Style::Flow | Style::Plain | Style::SingleQuoted if can.single && !can.multiline => {
            single_quoted(text, place.indent, &mut out);
        }
        _ => double_quoted(text, &mut out),
    }
    ScalarText::Inline(into_text(out))
}

fn block(text: &str, style: Style, place: Place) -> ScalarText {
    let mut lines = Vec::new();
    if style == Style::Folded {
        folded_lines(text, place.indent, &mut lines);
    } else {
        literal_lines(text, place.indent, &mut lines);
    }
    if !text.ends_with(is_break) {
        lines.push(b'\n');
    }
    let header = block_header_text(text, style, place.indent.saturating_sub(place.parent));
    ScalarText::Block { header, lines: into_text(lines) }
}

fn fits_block(text: &str, can: Analysis, place: Place) -> bool {
    let digit = place.indent.checked_sub(place.parent);
    let readable = can.block && !text.starts_with('\t') && !text.chars().all(is_break);
    readable && !place.flow && !place.key && (!needs_digit(text) || matches!(digit, Some(1..=9)))
}

fn allows_plain(text: &str, can: Analysis, place: Place) -> bool {
    if place.flow { can.flow_plain } else { can.block_plain && !(text.is_empty() && place.key) }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("spelled from strings, cut at characters only")
}
