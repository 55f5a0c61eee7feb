//! What stands where around a node.

use std::ops::Range;
use std::slice::SliceIndex;

use super::{Context, Splice, Target};
use crate::emit::{Place, scalar::double_quoted};
use crate::emit::{ScalarText, emit, flow_text, scalar_text, styled_text};
use crate::node::{Kind, Node, NodeId, Stream, Style};
use crate::tree;

/// Columns per level where the document does not show any.
const DEFAULT_STEP: usize = 4;

/// A document with the habits of its author.
pub(super) struct Layout<'s> {
    pub(super) stream: &'s Stream<'s>,
    pub(super) source: &'s str,
    /// Where the first line begins, behind a byte-order mark.
    pub(super) begin: usize,
    pub(super) number: usize,
    pub(super) step: usize,
    newline: &'static str,
    /// Nothing but one-line forms.
    pub(super) one_line: bool,
}

/// The text of a new value.
pub(super) enum Form {
    /// A block scalar; lines without the last break.
    Block { header: String, lines: String },
    /// On one line.
    Inline(String),
    /// A block collection's lines without the last break, its entries at this column.
    Lines { text: String, column: usize },
}

impl<'s> Layout<'s> {
    pub(super) fn new(stream: &'s Stream<'s>, number: usize, one_line: bool) -> Self {
        let source = stream.source();
        let root = stream.documents().get(number).map_or(NodeId(0), crate::node::Document::root);
        let crlf = source.find('\n').is_some_and(|at| source[..at].ends_with('\r'));
        let newline = if crlf { "\r\n" } else { "\n" };
        let begin = if source.starts_with('\u{FEFF}') { 3 } else { 0 };
        Self { stream, source, begin, number, step: step(stream, root), newline, one_line }
    }

    /// Brings the splices in order and gives them the document's line breaks.
    pub(super) fn finish(&self, splices: &mut Vec<Splice>) {
        splices.retain(|splice| !(splice.range.is_empty() && splice.text.is_empty()));
        splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        if self.newline != "\n" {
            for splice in splices {
                splice.text = splice.text.replace('\n', self.newline);
            }
        }
    }

    /// A piece of the source; nothing where the range does not fit.
    pub(super) fn text(&self, range: impl SliceIndex<str, Output = str>) -> &'s str {
        self.source.get(range).unwrap_or_default()
    }

    pub(super) fn node(&self, id: NodeId) -> &'s Node<'s> {
        self.stream.node(id)
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        let start = self.text(..at).rfind('\n').map_or(0, |newline| newline + 1);
        start.max(self.begin)
    }

    /// End of the line without its break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let end = self.text(at..).find('\n').map_or(self.source.len(), |newline| at + newline);
        if self.text(at..end).ends_with('\r') { end - 1 } else { end }
    }

    /// Start of the next line, or the end of the source.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text(at..).find('\n').map_or(self.source.len(), |newline| at + newline + 1)
    }

    pub(super) fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// Only blanks between the start of the line and here.
    pub(super) fn starts_line(&self, at: usize) -> bool {
        self.text(self.line_start(at)..at).bytes().all(|byte| byte == b' ')
    }

    /// The rest of the line holds nothing, or a comment if `comment` allows one.
    pub(super) fn ends_line(&self, at: usize, comment: bool) -> bool {
        let rest = self.text(at..self.line_end(at)).trim_start_matches([' ', '\t']);
        rest.is_empty() || comment && rest.starts_with('#') && !self.text(at..).starts_with('#')
    }

    /// Whether a line holds nothing but blanks.
    pub(super) fn is_blank_line(&self, at: usize) -> bool {
        at < self.source.len() && self.text(at..self.line_end(at)).trim_matches([' ', '\t']).is_empty()
    }

    /// First byte of a node with its anchor and tag.
    pub(super) fn start(&self, id: NodeId) -> usize {
        let node = self.node(id);
        let properties = [node.anchor_span(), node.tag_span()];
        properties.into_iter().flatten().map(|span| span.start).fold(node.span().start, usize::min)
    }

    /// End of a node's anchor and tag, if it has any.
    pub(super) fn properties_end(&self, id: NodeId) -> Option<usize> {
        let node = self.node(id);
        [node.anchor_span(), node.tag_span()].into_iter().flatten().map(|span| span.end).max()
    }

    /// The last scalar, alias, empty or flow collection inside.
    pub(super) fn last_leaf(&self, mut id: NodeId) -> NodeId {
        while let (Style::Block, Some(last)) = (self.node(id).style(), self.stream.children(id).last()) {
            id = *last;
        }
        id
    }

    /// End of the last content of a node, without the break behind it: the trailing blank lines of a block
    /// scalar are left out, a comment at the end of the line is not.
    pub(super) fn content_end(&self, id: NodeId) -> usize {
        let leaf = self.node(self.last_leaf(id));
        let span = leaf.span();
        if !matches!(leaf.style(), Style::Literal | Style::Folded) {
            // A missing value stands before whatever comes next.
            let end = if span.is_empty() { self.text(..span.end).trim_end().len() } else { span.end };
            return if leaf.in_flow() { end } else { self.line_end(end) };
        }
        // Blanks beyond the indentation are content, though they look like an empty line.
        let blank_content = leaf.value().trim_end_matches('\n').ends_with([' ', '\t']);
        let text = self.text(span.clone());
        let text = if blank_content { text.trim_end_matches(['\r', '\n']) } else { text.trim_end() };
        let header_end = self.line_end(span.start);
        header_end.max(self.line_end(span.start + text.len()).min(span.end))
    }

    /// Whether the trailing blank lines of the last block scalar inside are its content.
    pub(super) fn keeps_blank_lines(&self, id: NodeId) -> bool {
        let leaf = self.node(self.last_leaf(id));
        let indicators = self.text(leaf.span()).bytes().skip(1).take(2);
        matches!(leaf.style(), Style::Literal | Style::Folded)
            && indicators.take_while(|byte| !byte.is_ascii_whitespace()).any(|byte| byte == b'+')
    }

    /// The end of what introduces a value: its colon or dash, anchor and tag. `None` where a flow pair has no
    /// colon.
    pub(super) fn head(&self, target: &Target) -> Option<usize> {
        if let Some(end) = self.properties_end(target.node) {
            return Some(end);
        }
        match target.context {
            Context::Item { sequence, .. } => Some(self.dash(target.node, sequence)? + 1),
            Context::Root => {
                let document = &self.stream.documents()[self.number];
                Some(document.start_marker().map_or(self.node(target.node).span().start, |at| at + 3))
            }
            Context::Value { mapping, pair } => {
                let key = self.stream.children(mapping)[2 * pair];
                self.colon(key, self.node(target.node).span().start)
            }
        }
    }

    fn colon(&self, key: NodeId, before: usize) -> Option<usize> {
        let mut at = self.content_end_of_key(key);
        while at < before {
            match self.source.as_bytes()[at] {
                b':' => return Some(at + 1),
                b'#' => at = self.next_line(at),
                _ => at += 1,
            }
        }
        None
    }

    fn content_end_of_key(&self, key: NodeId) -> usize {
        self.node(self.last_leaf(key)).span().end
    }

    /// Offset of the dash in front of an item of a block sequence.
    pub(super) fn dash(&self, item: NodeId, sequence: NodeId) -> Option<usize> {
        let column = self.node(sequence).indent();
        let mut at = self.start(item);
        loop {
            let line = self.line_start(at);
            let dash = line + column;
            if dash < at && self.source.as_bytes().get(dash) == Some(&b'-') {
                return Some(dash);
            }
            if line <= self.begin {
                return None;
            }
            at = line - 1;
        }
    }

    /// Column of the collection around a node, from which a block scalar is indented.
    pub(super) fn parent_column(&self, context: Context) -> usize {
        match context {
            Context::Item { sequence: parent, .. } | Context::Value { mapping: parent, .. } => {
                self.node(parent).indent()
            }
            Context::Root => 0,
        }
    }

    /// Column of a block collection that would be new here.
    fn child_column(&self, context: Context) -> usize {
        match context {
            Context::Item { sequence, .. } => self.node(sequence).indent() + 2,
            Context::Root => 0,
            Context::Value { mapping, .. } => self.node(mapping).indent() + self.step,
        }
    }

    /// The spelling of a new value at a node's place.
    pub(super) fn form(&self, target: &Target, value: &tree::Node<'_>) -> Form {
        let old = self.node(target.node);
        if old.in_flow() || self.one_line {
            return Form::Inline(Self::inline(old, value));
        }
        if !value.is_scalar() {
            let flow = old.style() == Style::Flow && !self.stream.children(target.node).is_empty();
            if flow || value.is_flow() || value.is_empty_collection() {
                return Form::Inline(flow_text(value));
            }
            let block = matches!(old.kind(), Kind::Mapping | Kind::Sequence) && old.style() == Style::Block;
            let column = if block { old.indent() } else { self.child_column(target.context) };
            return Form::Lines { text: self.lines(value, column), column };
        }
        match self.scalar(target, old, value) {
            ScalarText::Block { header, mut lines } => {
                lines.pop();
                Form::Block { header, lines }
            }
            ScalarText::Inline(_) => Form::Inline(Self::inline(old, value)),
        }
    }

    fn scalar(&self, target: &Target, old: &Node<'_>, value: &tree::Node<'_>) -> ScalarText {
        let parent = self.parent_column(target.context);
        let indent = self.block_indent(old, parent).unwrap_or_else(|| match target.context {
            Context::Root => self.step,
            context => self.child_column(context),
        });
        let place = Place { flow: false, key: false, indent: indent.max(parent + 1), parent };
        match value.as_string() {
            Some(text) if old.kind() == Kind::Scalar => styled_text(text, old.style(), place),
            _ => scalar_text(value, place),
        }
    }

    /// Indentation of an old block scalar's lines.
    fn block_indent(&self, old: &Node<'_>, parent: usize) -> Option<usize> {
        if !matches!(old.style(), Style::Literal | Style::Folded) {
            return None;
        }
        let text = self.text(old.span());
        let (header, lines) = text.split_once('\n')?;
        let indicators = header.get(1..).unwrap_or_default().bytes().take(2);
        if let Some(digit) = indicators.take_while(|byte| *byte != b' ').find(u8::is_ascii_digit) {
            return Some(parent + usize::from(digit - b'0'));
        }
        let line = lines.lines().find(|line| !line.trim_start_matches(' ').is_empty())?;
        Some(line.len() - line.trim_start_matches(' ').len())
    }

    /// A value on one line.
    pub(super) fn inline(old: &Node<'_>, value: &tree::Node<'_>) -> String {
        let place = Place { flow: old.in_flow(), key: false, indent: 0, parent: 0 };
        let Some(text) = value.as_string() else {
            if let (true, ScalarText::Inline(text)) = (value.is_scalar(), scalar_text(value, place)) {
                return text;
            }
            return flow_text(value);
        };
        let style = match old.style() {
            Style::DoubleQuoted | Style::SingleQuoted if old.kind() == Kind::Scalar => old.style(),
            _ => Style::Plain,
        };
        match styled_text(text, style, place) {
            ScalarText::Inline(text) => text,
            ScalarText::Block { .. } => {
                let mut out = Vec::new();
                double_quoted(text, &mut out);
                String::from_utf8_lossy(&out).into_owned()
            }
        }
    }

    /// A collection as block lines at a column, the first line indented too, without the last break.
    pub(super) fn lines(&self, value: &tree::Node<'_>, column: usize) -> String {
        let mut out = Vec::new();
        emit(std::slice::from_ref(value), self.step, &mut out);
        let text = String::from_utf8_lossy(&out);
        let mut lines = String::with_capacity(text.len() + text.len() / 4);
        for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
            if !lines.is_empty() {
                lines.push('\n');
            }
            if !line.is_empty() {
                lines.extend(std::iter::repeat_n(' ', column));
                lines.push_str(line);
            }
        }
        lines
    }

    /// Cuts a node's tag out, with the blanks before it.
    pub(super) fn without_tag(&self, id: NodeId) -> Option<Splice> {
        let span = self.node(id).tag_span()?;
        let before = self.text(..span.start).trim_end_matches([' ', '\t']).len();
        let start = before.max(self.line_start(span.start));
        let start = if self.starts_line(span.start) { span.start } else { start };
        Some(cut(start..span.end))
    }
}

pub(super) fn cut(range: Range<usize>) -> Splice {
    Splice { range, text: String::new() }
}

pub(super) fn put(at: usize, text: impl Into<String>) -> Splice {
    Splice { range: at..at, text: text.into() }
}

pub(super) fn swap(range: Range<usize>, text: impl Into<String>) -> Splice {
    Splice { range, text: text.into() }
}

/// Columns per level, as the first nested block mapping or sequence of the document shows.
fn step(stream: &Stream<'_>, root: NodeId) -> usize {
    let mut open = vec![root];
    let mut visited = 0;
    while let Some(id) = open.pop() {
        visited += 1;
        if visited > 10_000 {
            break;
        }
        let node = stream.node(id);
        if node.style() != Style::Block {
            continue;
        }
        if matches!(node.kind(), Kind::Mapping) {
            for (_, value) in stream.pairs(id) {
                let child = stream.node(value);
                if child.style() == Style::Block && child.indent() > node.indent() {
                    return child.indent() - node.indent();
                }
            }
        }
        open.extend(stream.children(id).iter().rev());
    }
    DEFAULT_STEP
}
