//! Entries taken out.

use std::ops::Range;

use super::layout::{Layout, cut};
use super::{Context, Splice, Target};
use crate::node::{Kind, NodeId, Style};
use crate::tree;

impl Layout<'_> {
    /// Takes out the target's entry; `with_comments` also the comment and blank lines around it.
    pub(super) fn remove(&self, target: &Target, with_comments: bool) -> Vec<Splice> {
        let (parent, first, position) = match target.context {
            Context::Item { sequence, index } => (sequence, target.node, index),
            Context::Root => return Vec::new(),
            Context::Value { mapping, pair } => (mapping, self.stream.children(mapping)[2 * pair], pair),
        };
        let width = if matches!(self.node(parent).kind(), Kind::Mapping) { 2 } else { 1 };
        if self.stream.children(parent).len() == width {
            return self.empty(target, width == 2);
        }
        if self.node(parent).style() == Style::Flow {
            return vec![cut(self.flow_entry(target, parent, first, position * width))];
        }
        let lines = self.block_entry(target, parent, first, (position + 1) * width);
        vec![cut(if with_comments { self.with_comments(lines) } else { lines })]
    }

    /// The collection around the target loses its only entry.
    fn empty(&self, target: &Target, mapping: bool) -> Vec<Splice> {
        let Some(outer) = &target.outer else { return Vec::new() };
        let empty = if mapping { tree::Node::mapping(Vec::new()) } else { tree::Node::sequence(Vec::new()) };
        let node = self.node(outer.node);
        if node.style() == Style::Flow && self.has_brackets(outer.node) {
            let span = node.span();
            return vec![cut(span.start + 1..span.end - 1)];
        }
        let mut splices = self.replace(outer, &empty);
        splices.retain(|splice| {
            Some(splice.range.end) != node.tag_span().map(|span| span.end) || splice.range.is_empty()
        });
        splices
    }

    /// The lines of an entry, or for one that shares its first line with an outer dash, its text up to the
    /// next entry.
    fn block_entry(&self, target: &Target, parent: NodeId, first: NodeId, next: usize) -> Range<usize> {
        let column = self.node(parent).indent();
        let start = match target.context {
            Context::Item { sequence, .. } => self.dash(first, sequence).unwrap_or(self.start(first)),
            _ => (self.line_start(self.start(first)) + column).min(self.start(first)),
        };
        let mut end = self.content_end(target.node);
        if self.keeps_blank_lines(target.node) {
            end = end.max(self.node(self.last_leaf(target.node)).span().end.saturating_sub(1));
        }
        let end = self.next_line(end);
        if self.starts_line(start) {
            let start = self.line_start(start);
            // The last line of a source without a line break at its end takes the break before it along.
            let open = end == self.source.len() && !self.source.ends_with('\n') && start > self.begin;
            return if open { self.text(..start - 1).trim_end_matches('\r').len()..end } else { start..end };
        }
        let mut end = end;
        if self.stream.children(parent).get(next).is_some() {
            while self.is_blank_line(end) {
                end = self.next_line(end);
            }
            end += self.text(end..).len() - self.text(end..).trim_start_matches(' ').len();
        }
        start..end
    }

    fn with_comments(&self, lines: Range<usize>) -> Range<usize> {
        let passive = |at: usize| {
            let text = self.text(at..self.line_end(at)).trim_start_matches([' ', '\t']);
            text.is_empty() || text.starts_with('#')
        };
        let (mut start, mut end) = (lines.start, lines.end);
        while start > self.begin && self.starts_line(start) {
            let above = self.line_start(start - 1);
            if !passive(above) {
                break;
            }
            start = above;
        }
        while end < self.source.len() && passive(end) {
            end = self.next_line(end);
        }
        start..end
    }

    fn flow_entry(&self, target: &Target, parent: NodeId, first: NodeId, at: usize) -> Range<usize> {
        let children = self.stream.children(parent);
        let start = self.start(first);
        let end = self.node(target.node).span().end.max(self.node(first).span().end);
        let close = self.node(parent).span().end;
        let after = self.comma(end, close);
        let next = children.get(at + children.len().min(if at_pair(target) { 2 } else { 1 }));
        match (next, after) {
            (Some(next), Some(_)) => start..self.question(self.start(*next)),
            (_, Some(comma)) => start..comma,
            _ => self.comma_before(start)..end,
        }
    }

    /// Back over blanks to a `?` that introduces a flow key.
    fn question(&self, start: usize) -> usize {
        let before = self.text(..start).trim_end_matches([' ', '\t']);
        if before.ends_with('?') && before.len() < start { before.len() - 1 } else { start }
    }

    /// The comma before an entry, unless a comment stands in between.
    fn comma_before(&self, start: usize) -> usize {
        let start = self.question(start);
        let before = self.text(..start).trim_end();
        if before.ends_with(',') && !self.text(self.line_start(before.len())..before.len()).contains('#') {
            before.len() - 1
        } else {
            start
        }
    }
}

fn at_pair(target: &Target) -> bool {
    matches!(target.context, Context::Value { .. })
}
