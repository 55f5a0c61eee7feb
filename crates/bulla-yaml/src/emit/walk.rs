//! The walk over a tree: indentation, line breaks and comments.
//!
//! go-yaml keeps one slot each for the head, line, foot and tail comment still to be printed; a comment that
//! finds no place where it is due stays in its slot and appears at the next place that prints such a comment,
//! or is replaced. That is kept, because what SOPS writes depends on it.

mod comments;
mod scalars;

use super::scalar::{self, Analysis, analyze};
use crate::node::Style;
use crate::tree::{Content, Node};

/// A key longer than this many bytes, tag included, is written after `?`.
const SIMPLE_KEY_LENGTH: usize = 128;

/// Where a node stands.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    BlockItem,
    Key,
    SimpleKey,
    /// The root, a mapping's value, or an item in flow style.
    Other,
}

/// A collection being written.
#[derive(Clone, Copy)]
struct Frame<'n> {
    node: &'n Node<'n>,
    position: Position,
    flow: bool,
    started: bool,
    /// Entries already begun.
    next: usize,
    /// The last key begun is a simple one (`key:`), or needs `? key`; its value is still due.
    value_due: Option<bool>,
    /// In flow style: the comma before the next entry is already there, before a comment.
    comma_done: bool,
    outer_indent: Option<usize>,
    /// Foot comment of the last key, due after its value.
    tail: &'n str,
}

/// Writes documents one after the other.
pub(super) struct Writer<'n, 'o> {
    out: &'o mut Vec<u8>,
    best: usize,
    first_document: bool,
    /// All flow style, no comments, no line breaks.
    one_line: bool,
    /// `None` outside the root node.
    indent: Option<usize>,
    /// Bytes on this line; exact as long as `indentation` holds.
    column: usize,
    /// A token may follow without a space.
    blank: bool,
    /// Nothing but indentation and the indicators `-`, `?`, `:` on this line.
    indentation: bool,
    /// After a foot comment: the indent at which an empty line must separate it from what follows.
    foot_indent: Option<usize>,
    flow_level: usize,
    head: &'n str,
    line: &'n str,
    foot: &'n str,
    tail: &'n str,
    key_line: &'n str,
    stack: Vec<Frame<'n>>,
}

impl<'n, 'o> Writer<'n, 'o> {
    pub(super) fn new(indent: usize, out: &'o mut Vec<u8>) -> Self {
        let best = match indent {
            0 => 4,
            2..=9 => indent,
            _ => 2,
        };
        Self {
            out,
            best,
            first_document: true,
            one_line: false,
            indent: None,
            column: 0,
            blank: true,
            indentation: true,
            foot_indent: None,
            flow_level: 0,
            head: "",
            line: "",
            foot: "",
            tail: "",
            key_line: "",
            stack: Vec::new(),
        }
    }

    pub(super) fn one_line(out: &'o mut Vec<u8>) -> Self {
        Self { one_line: true, ..Self::new(2, out) }
    }

    pub(super) fn document(&mut self, root: &'n Node<'n>) {
        if !std::mem::take(&mut self.first_document) {
            self.start_line();
            self.indicator("---", true, false, false);
            self.start_line();
        }
        if !self.head.is_empty() {
            self.print_head();
            self.line_break();
        }
        self.load(root, "", false);
        self.print_head();
        self.node(root, Position::Other, None);
        self.print_line_and_foot();
        while let Some(frame) = self.stack.last().copied() {
            self.step(frame);
        }
        self.foot_indent = Some(0);
        self.print_foot();
        self.foot_indent = None;
        self.start_line();
    }

    /// Begins the next entry of the innermost collection, or completes it.
    fn step(&mut self, mut frame: Frame<'n>) {
        if !frame.started {
            frame.started = true;
            frame.outer_indent = self.indent;
            if frame.flow {
                let open = if matches!(frame.node.content, Content::Mapping(_)) { "{" } else { "[" };
                self.indent_after_comment(frame.position);
                self.indicator(open, true, true, false);
                self.flow_level += 1;
            }
            self.indent = Some(self.deeper(frame.position, frame.flow));
        }
        let next = frame.next;
        match (&frame.node.content, frame.value_due.take()) {
            (Content::Mapping(pairs), Some(simple)) => self.value(frame, &pairs[next - 1].1, simple),
            (Content::Mapping(pairs), None) if next < pairs.len() => self.key(frame, &pairs[next].0),
            (Content::Sequence(items), _) if next < items.len() => self.item(frame, &items[next]),
            _ => self.end(frame),
        }
    }

    /// A comment has come between a key or dash and its flow collection, which must not stand at column 0.
    fn indent_after_comment(&mut self, position: Position) {
        if self.flow_level == 0 && self.column == 0 && self.indent.is_some() {
            self.column = self.deeper(position, false);
            scalar::spaces(self.column, self.out);
        }
    }

    fn item(&mut self, mut frame: Frame<'n>, item: &'n Node<'n>) {
        self.load(item, "", false);
        if frame.flow {
            self.begin_in_flow(frame);
            frame.comma_done = self.comment_waits();
        } else {
            self.print_head();
            self.start_line();
            self.indicator("-", true, false, true);
        }
        frame.next += 1;
        let comma = frame.comma_done;
        let position = if frame.flow { Position::Other } else { Position::BlockItem };
        self.suspend(frame);
        self.node(item, position, None);
        // go-yaml asks again, after a scalar has perhaps printed its comment in its header.
        if comma && self.comment_waits() {
            self.indicator(",", false, false, false);
        }
        self.print_line_and_foot();
    }

    fn key(&mut self, mut frame: Frame<'n>, key: &'n Node<'n>) {
        self.load(key, frame.tail, true);
        frame.tail = key.foot();
        if frame.flow {
            self.begin_in_flow(frame);
        } else {
            self.print_head();
            self.start_line();
            if !self.line.is_empty() {
                self.key_line = std::mem::take(&mut self.line);
            }
        }
        frame.next += 1;
        frame.comma_done = false;
        let analysis = match &key.content {
            Content::Scalar(text) => Some(analyze(text)),
            _ => None,
        };
        let simple = is_simple_key(key, analysis.as_ref());
        frame.value_due = Some(simple);
        self.suspend(frame);
        if simple {
            self.node(key, Position::SimpleKey, analysis);
        } else {
            self.indicator("?", true, false, !frame.flow);
            self.node(key, Position::Key, analysis);
        }
    }

    fn value(&mut self, mut frame: Frame<'n>, value: &'n Node<'n>, simple: bool) {
        self.load(value, "", false);
        if simple {
            self.indicator(":", false, false, false);
        } else {
            if !frame.flow {
                self.start_line();
            }
            self.indicator(":", true, false, !frame.flow);
        }
        if frame.flow {
            frame.comma_done = self.comment_waits();
        } else {
            self.place_key_line(value);
        }
        let comma = frame.comma_done;
        self.suspend(frame);
        self.node(value, Position::Other, None);
        if comma && self.comment_waits() {
            self.indicator(",", false, false, false);
        }
        self.print_line_and_foot();
    }

    fn end(&mut self, frame: Frame<'n>) {
        let mapping = matches!(frame.node.content, Content::Mapping(_));
        self.load_end(frame);
        let comment = !(self.head.is_empty() && self.foot.is_empty() && self.tail.is_empty());
        if frame.flow && mapping && comment && frame.next > 0 && !frame.comma_done {
            self.indicator(",", false, false, false);
        }
        if mapping {
            self.print_head();
        }
        self.indent = frame.outer_indent;
        self.stack.pop();
        if frame.flow {
            self.flow_level -= 1;
            if !mapping && self.column == 0 {
                self.start_line();
            }
            self.indicator(if mapping { "}" } else { "]" }, false, false, false);
            self.print_line_and_foot();
        }
    }

    fn suspend(&mut self, frame: Frame<'n>) {
        if let Some(top) = self.stack.last_mut() {
            *top = frame;
        }
    }

    fn begin_in_flow(&mut self, frame: Frame<'n>) {
        if frame.next > 0 && !frame.comma_done {
            self.indicator(",", false, false, false);
        }
        self.print_head();
        if self.column == 0 {
            self.start_line();
        }
    }

    /// Writes a scalar, or the start of a collection that the next steps continue.
    fn node(&mut self, node: &'n Node<'n>, position: Position, analysis: Option<Analysis>) {
        if let Content::Scalar(text) = &node.content {
            let analysis = analysis.unwrap_or_else(|| analyze(text));
            self.scalar(node, text, position, analysis);
            return;
        }
        self.tag(node);
        self.stack.push(Frame {
            node,
            position,
            flow: self.flow_level > 0
                || self.one_line
                || node.style == Style::Flow
                || node.is_empty_collection(),
            started: false,
            next: 0,
            value_due: None,
            comma_done: false,
            outer_indent: None,
            tail: "",
        });
    }

    fn tag(&mut self, node: &Node<'_>) {
        let Some(tag) = node.tag.as_deref() else { return };
        self.space();
        let start = self.out.len();
        write_tag(tag, self.out);
        self.column += self.out.len() - start;
        self.blank = false;
        self.indentation = false;
    }

    /// The indent of a node's content.
    fn deeper(&self, position: Position, flow: bool) -> usize {
        match self.indent {
            None if flow => self.best,
            None => 0,
            Some(indent) if position == Position::BlockItem => indent + 2,
            Some(indent) => (indent / self.best + 1) * self.best,
        }
    }

    /// Goes to the current indent on a fresh line, after an empty line if a foot comment asks for one.
    fn start_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indentation || self.column > indent || (self.column == indent && !self.blank) {
            self.line_break();
        }
        if self.foot_indent == Some(indent) {
            self.line_break();
        }
        if self.column < indent {
            scalar::spaces(indent - self.column, self.out);
            self.column = indent;
        }
        self.blank = true;
        self.foot_indent = None;
    }

    fn line_break(&mut self) {
        self.out.push(b'\n');
        self.column = 0;
        self.indentation = true;
    }

    fn space(&mut self) {
        if !self.blank {
            self.out.push(b' ');
            self.column += 1;
        }
    }

    fn indicator(&mut self, text: &str, spaced: bool, blank: bool, indentation: bool) {
        if spaced {
            self.space();
        }
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
        self.blank = blank;
        self.indentation &= indentation;
    }
}

fn is_simple_key(key: &Node<'_>, analysis: Option<&Analysis>) -> bool {
    let tag = key.tag.as_deref().map_or(0, str::len);
    match &key.content {
        Content::Scalar(text) => {
            analysis.is_none_or(|analysis| !analysis.multiline) && tag + text.len() <= SIMPLE_KEY_LENGTH
        }
        _ => key.is_empty_collection() && tag <= SIMPLE_KEY_LENGTH,
    }
}

/// Appends a tag; characters a tag cannot hold are percent-encoded.
pub(super) fn write_tag(tag: &str, out: &mut Vec<u8>) {
    let (open, name, close) = match tag.strip_prefix("!!") {
        Some(name) => ("!!", name, ""),
        None => match tag.strip_prefix('!') {
            Some(name) => ("!", name, ""),
            None => ("!<", tag, ">"),
        },
    };
    out.extend_from_slice(open.as_bytes());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-;/?:@&=+$,_.~*'()[]".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out.extend_from_slice(close.as_bytes());
}
