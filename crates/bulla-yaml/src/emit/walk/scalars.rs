//! Scalars in the style that is wanted, or the first one that can hold them.

use super::{Position, Writer};
use crate::emit::scalar::{
    Analysis, block_header_text, double_quoted, folded_lines, folds, is_break, literal_lines, needs_digit,
    single_quoted,
};
use crate::node::Style;
use crate::tree::Node;

impl Writer<'_, '_> {
    pub(super) fn scalar(&mut self, node: &Node<'_>, text: &str, position: Position, analysis: Analysis) {
        let indent = self.deeper(position, true);
        let style = self.style(node.style, text, position, analysis, indent);
        self.tag(node);
        match style {
            Style::DoubleQuoted => {
                self.space();
                double_quoted(text, self.out);
            }
            Style::SingleQuoted => {
                self.space();
                single_quoted(text, indent, self.out);
            }
            Style::Literal | Style::Folded => return self.block(text, style, indent),
            Style::Block | Style::Flow | Style::Plain => {
                if text.is_empty() {
                    self.indentation = false;
                    return;
                }
                self.space();
                self.out.extend_from_slice(text.as_bytes());
            }
        }
        self.column += text.len().max(2);
        self.blank = false;
        self.indentation = false;
    }

    pub(super) fn block(&mut self, text: &str, style: Style, indent: usize) {
        self.indicator(&block_header_text(text, style, self.best), true, false, false);
        if self.line.is_empty() {
            self.line_break();
        } else {
            self.print_line();
        }
        self.blank = true;
        if style == Style::Folded {
            folded_lines(text, indent, self.out);
        } else {
            literal_lines(text, indent, self.out);
        }
        self.indentation = text.ends_with(is_break);
        self.column = if self.indentation { 0 } else { indent + 1 };
    }

    pub(super) fn style(
        &self,
        wanted: Style,
        text: &str,
        position: Position,
        can: Analysis,
        indent: usize,
    ) -> Style {
        let flow = self.flow_level > 0 || self.one_line;
        let simple_key = position == Position::SimpleKey;
        let mut style = match wanted {
            Style::Literal | Style::Folded => {
                let readable = can.block && !text.starts_with('\t') && !self.line.contains(is_break);
                let folds = wanted == Style::Literal || folds(text);
                let fits = self.digit_fits(text, indent);
                if flow || simple_key || !(readable && fits && folds) { Style::DoubleQuoted } else { wanted }
            }
            Style::Block | Style::Flow | Style::Plain => {
                let allowed = if flow { can.flow_plain } else { can.block_plain };
                let visible = !(text.is_empty() && (flow || simple_key));
                if allowed && visible { Style::Plain } else { Style::SingleQuoted }
            }
            Style::DoubleQuoted | Style::SingleQuoted => wanted,
        };
        if style == Style::SingleQuoted && (!can.single || self.one_line && can.multiline) {
            style = Style::DoubleQuoted;
        }
        style
    }

    /// Whether the indentation digit, always the configured indent, tells a reader where the lines begin.
    pub(super) fn digit_fits(&self, text: &str, indent: usize) -> bool {
        !needs_digit(text) || indent - self.indent.unwrap_or(0) == self.best || text.chars().all(is_break)
    }
}
