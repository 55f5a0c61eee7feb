//! New entries at the end of a collection.

use super::layout::{Layout, put, swap};
use super::{Context, Splice, Target};
use crate::emit::flow_text;
use crate::node::{Kind, NodeId, Style};
use crate::tree;

impl Layout<'_> {
    /// Appends a pair to the mapping at the target.
    pub(super) fn add_pair(&self, target: &Target, key: &str, value: &tree::Node<'_>) -> Vec<Splice> {
        let pair = tree::Node::mapping(vec![(tree::Node::text(key), value.clone())]);
        self.add(target, &pair)
    }

    /// Appends an item to the sequence at the target.
    pub(super) fn add_item(&self, target: &Target, value: &tree::Node<'_>) -> Vec<Splice> {
        self.add(target, &tree::Node::sequence(vec![value.clone()]))
    }

    /// `addition` is a collection of the one new entry.
    fn add(&self, target: &Target, addition: &tree::Node<'_>) -> Vec<Splice> {
        let node = self.node(target.node);
        if self.stream.children(target.node).is_empty() {
            let mut splices = self.replace(target, addition);
            // The collection stays what it was, so its tag does too.
            splices.retain(|splice| {
                Some(splice.range.end) != node.tag_span().map(|span| span.end) || splice.range.is_empty()
            });
            return splices;
        }
        if node.style() == Style::Flow {
            return self.add_in_flow(target.node, addition);
        }
        let column = node.indent();
        let addition = if self.one_line {
            let flow = flow_text(addition);
            let entry = flow.get(1..flow.len() - 1).unwrap_or_default();
            let dash = if flow.starts_with('[') { "- " } else { "" };
            format!("{:column$}{dash}{entry}", "")
        } else {
            self.lines(addition, column)
        };
        self.add_lines(target, &addition, column)
    }

    fn add_lines(&self, target: &Target, lines: &str, column: usize) -> Vec<Splice> {
        let mut splices = Vec::new();
        let mut end = self.content_end(target.node);
        if self.keeps_blank_lines(target.node) {
            end = end.max(self.node(self.last_leaf(target.node)).span().end);
        }
        let mut separator = "";
        if let Some(foot) = self.foot(target.node) {
            end = end.max(foot.end);
            // Without an empty line the comment would become the head of the new entry.
            if self.column(foot.start) <= column {
                separator = "\n";
            }
        }
        let at_line_start = end > 0 && self.text(..end).ends_with('\n');
        let next = if at_line_start { end } else { self.next_line(end) };
        if self.text(..next).ends_with('\n') {
            splices.push(put(next, format!("{separator}{lines}\n")));
        } else {
            splices.extend(self.closed_block(target.node));
            splices.push(put(next, format!("\n{separator}{lines}")));
        }
        splices
    }

    /// The last comment line below a node that still belongs to it.
    fn foot(&self, mut id: NodeId) -> Option<std::ops::Range<usize>> {
        let end = self.content_end(id);
        let mut last = None;
        loop {
            let children = self.stream.children(id);
            let pair = children.len() >= 2 && matches!(self.node(id).kind(), Kind::Mapping);
            let key = if pair { children.get(children.len() - 2) } else { None };
            for id in key.into_iter().chain(children.last()) {
                let span = self.node(*id).foot_comment().and_then(|comment| comment.spans().last());
                last =
                    last.into_iter().chain(span).filter(|span| span.start >= end).max_by_key(|span| span.end);
            }
            match (self.node(id).style(), children.last()) {
                (Style::Block, Some(child)) => id = *child,
                _ => return last,
            }
        }
    }

    /// A block scalar that ends the source without a line break has none in its value; once text follows, its
    /// header must say so.
    fn closed_block(&self, id: NodeId) -> Option<Splice> {
        let leaf = self.node(self.last_leaf(id));
        if !matches!(leaf.style(), Style::Literal | Style::Folded) || leaf.value().ends_with('\n') {
            return None;
        }
        let start = leaf.span().start;
        let indicators = self.text(start..self.line_end(start)).bytes().take(3);
        let signs =
            1 + indicators.skip(1).take_while(|byte| matches!(byte, b'+' | b'-' | b'1'..=b'9')).count();
        let header = self.text(start..start + signs);
        let closed = format!("{}-", header.replace(['+', '-'], ""));
        Some(swap(start..start + signs, closed))
    }

    fn add_in_flow(&self, id: NodeId, addition: &tree::Node<'_>) -> Vec<Splice> {
        let flow = flow_text(addition);
        let entry = flow.get(1..flow.len() - 1).unwrap_or_default();
        let span = self.node(id).span();
        let children = self.stream.children(id);
        let ends = children.iter().rev().take(2).map(|child| self.node(*child).span());
        let end = ends.filter(|span| !span.is_empty()).map(|span| span.end).max().unwrap_or(span.end);
        let (end, comma) = match self.bare_colon(id) {
            // A comma right behind the colon would make both part of a plain scalar.
            Some(colon) => (colon, " ,"),
            None => {
                (end.max(children.last().and_then(|last| self.properties_end(*last)).unwrap_or(end)), ",")
            }
        };
        if !self.has_brackets(id) {
            return vec![put(span.start, "{"), put(end, format!("{comma} {entry}}}"))];
        }
        match self.comma(end, span.end) {
            Some(after) => vec![put(after, format!(" {entry}"))],
            None => vec![put(end, format!("{comma} {entry}"))],
        }
    }

    /// False for the one pair of `[a: b]`, a mapping without braces.
    pub(super) fn has_brackets(&self, id: NodeId) -> bool {
        let start = self.node(id).span().start;
        self.stream.children(id).first().is_none_or(|first| self.start(*first) > start)
    }

    /// The end of the last pair's colon, if nothing follows it.
    fn bare_colon(&self, id: NodeId) -> Option<usize> {
        let children = self.stream.children(id);
        let last = children.last().copied()?;
        if !matches!(self.node(id).kind(), Kind::Mapping) || !self.node(last).span().is_empty() {
            return None;
        }
        let context = Context::Value { mapping: id, pair: children.len() / 2 - 1 };
        self.head(&Target { node: last, depth: 0, context, outer: None })
    }

    /// The end of a comma between here and a closing bracket.
    pub(super) fn comma(&self, from: usize, end: usize) -> Option<usize> {
        let mut at = from;
        while at < end {
            match self.source.as_bytes()[at] {
                b',' => return Some(at + 1),
                b'#' => at = self.next_line(at),
                byte if byte.is_ascii_whitespace() => at += 1,
                _ => return None,
            }
        }
        None
    }
}
