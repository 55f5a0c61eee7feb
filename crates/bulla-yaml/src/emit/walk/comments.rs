//! Comments on their way: taken from the nodes into the slots, and printed
//! from there.

use super::{Frame, Position, Writer};
use crate::emit::scalar::is_break;
use crate::node::Style;
use crate::tree::{Content, Node};

impl<'n> Writer<'n, '_> {
    /// Takes a node's comments into the slots, as far as they are due before or on it.
    pub(super) fn load(&mut self, node: &'n Node<'n>, tail: &'n str, key: bool) {
        let scalar = matches!(node.content, Content::Scalar(_));
        if self.one_line {
            return;
        }
        if !matches!(node.content, Content::Sequence(_)) {
            replace_unless_empty(&mut self.tail, tail);
        }
        if !node.has_comments() {
            return;
        }
        replace_unless_empty(&mut self.head, node.head());
        if scalar {
            replace_unless_empty(&mut self.line, node.line());
            if !key {
                replace_unless_empty(&mut self.foot, node.foot());
            }
        }
    }

    /// Takes the comments that are due after a collection.
    pub(super) fn load_end(&mut self, frame: Frame<'n>) {
        if self.one_line {
            return;
        }
        replace_unless_empty(&mut self.line, frame.node.line());
        if frame.position != Position::Key && frame.position != Position::SimpleKey {
            replace_unless_empty(&mut self.foot, frame.node.foot());
        }
        replace_unless_empty(&mut self.tail, frame.tail);
    }

    /// A key's own line comment goes behind its scalar value, or behind the colon of a block collection.
    pub(super) fn place_key_line(&mut self, value: &Node<'_>) {
        if self.key_line.is_empty() {
            return;
        }
        if matches!(value.content, Content::Scalar(_)) {
            if self.line.is_empty() {
                self.line = std::mem::take(&mut self.key_line);
            }
        } else if value.style != Style::Flow {
            let line = std::mem::replace(&mut self.line, std::mem::take(&mut self.key_line));
            self.print_line();
            self.line = line;
        }
    }

    pub(super) fn comment_waits(&self) -> bool {
        !(self.line.is_empty() && self.foot.is_empty() && self.tail.is_empty())
    }

    pub(super) fn print_line_and_foot(&mut self) {
        self.print_line();
        self.print_foot();
    }

    pub(super) fn print_head(&mut self) {
        if !self.tail.is_empty() {
            let tail = std::mem::take(&mut self.tail);
            self.start_line();
            self.comment(tail);
            self.foot_indent = Some(self.indent.unwrap_or(0));
        }
        if !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            self.start_line();
            self.comment(head);
        }
    }

    pub(super) fn print_line(&mut self) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.space();
            self.comment(line);
        }
    }

    pub(super) fn print_foot(&mut self) {
        if !self.foot.is_empty() {
            let foot = std::mem::take(&mut self.foot);
            self.start_line();
            self.comment(foot);
            self.foot_indent = Some(self.indent.unwrap_or(0));
        }
    }

    pub(super) fn comment(&mut self, comment: &str) {
        let mut after_break = false;
        for line in comment.split_inclusive(is_break) {
            let body = line.trim_end_matches(is_break);
            if !body.is_empty() {
                if after_break {
                    self.start_line();
                }
                if !body.starts_with('#') {
                    self.out.extend_from_slice(b"# ");
                }
                self.out.extend_from_slice(body.as_bytes());
                self.column += body.len();
                self.indentation = false;
            }
            after_break = body.len() < line.len();
            if after_break {
                self.out.extend_from_slice(&line.as_bytes()[body.len()..]);
                self.column = 0;
                self.indentation = true;
            }
        }
        if !after_break {
            self.line_break();
        }
        self.blank = true;
    }
}

fn replace_unless_empty<'n>(slot: &mut &'n str, comment: &'n str) {
    if !comment.is_empty() {
        *slot = comment;
    }
}
