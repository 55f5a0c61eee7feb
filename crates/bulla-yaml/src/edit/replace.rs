//! A new value at the place of an old one.

use std::cmp::Ordering;

use super::layout::{Form, Layout, cut, put, swap};
use super::{Context, Splice, Target};
use crate::node::Style;
use crate::tree;

impl Layout<'_> {
    pub(super) fn replace(&self, target: &Target, value: &tree::Node<'_>) -> Vec<Splice> {
        let old = self.node(target.node);
        let mut splices: Vec<Splice> = self.without_tag(target.node).into_iter().collect();
        let form = self.form(target, value);
        let block_scalar = matches!(old.style(), Style::Literal | Style::Folded);
        if block_scalar {
            self.replace_block_scalar(target, form, &mut splices);
        } else if old.style() == Style::Block {
            self.replace_block(target, form, &mut splices);
        } else {
            self.replace_inline(target, value, form, &mut splices);
        }
        splices
    }

    /// The header's comment stays, and so do the blank lines behind the block.
    fn replace_block_scalar(&self, target: &Target, form: Form, splices: &mut Vec<Splice>) {
        let span = self.node(target.node).span();
        let header = self.text(span.start..self.line_end(span.start));
        let comment = header.find(" #").map_or("", |at| header[header[..at].trim_end().len()..].trim_end());
        let mut end = self.content_end(target.node);
        match form {
            Form::Block { header, lines } => {
                if header.contains('+') {
                    end = end.max(self.line_end(span.end.saturating_sub(1)));
                }
                splices.push(swap(span.start..end, format!("{header}{comment}\n{lines}")));
            }
            Form::Inline(text) => splices.push(swap(span.start..end, text + comment)),
            Form::Lines { text, .. } => {
                let text = format!("{}\n{text}", comment.trim_start());
                splices.push(swap(span.start..end, text));
            }
        }
    }

    fn replace_block(&self, target: &Target, form: Form, splices: &mut Vec<Splice>) {
        let start = self.node(target.node).span().start;
        let end = self.content_end(target.node);
        let head = self.head(target).unwrap_or(start);
        let head_end = self.line_end(head);
        let same_line = start <= head_end || matches!(target.context, Context::Root);
        match form {
            Form::Block { header, lines } if same_line => {
                splices.push(swap(start..end, format!("{header}\n{lines}")));
            }
            Form::Inline(text) if same_line => splices.push(swap(start..end, text)),
            Form::Lines { text, .. } if same_line => {
                splices.push(swap(start..end, text.trim_start_matches(' ')));
            }
            Form::Block { header, lines } => {
                splices.push(put(head, format!(" {header}")));
                splices.push(swap(head_end..end, format!("\n{lines}")));
            }
            Form::Inline(text) => {
                splices.push(put(head, format!(" {text}")));
                splices.push(cut(head_end..end));
            }
            Form::Lines { text, .. } => splices.push(swap(head_end..end, format!("\n{text}"))),
        }
    }

    /// An old scalar on one line or in quotes, alias, flow collection, or nothing at all.
    fn replace_inline(&self, target: &Target, value: &tree::Node<'_>, form: Form, splices: &mut Vec<Splice>) {
        let old = self.node(target.node);
        let mut span = old.span();
        if span.is_empty() && matches!(target.context, Context::Root) {
            // An empty document's node stands at its end; what replaces it follows the marker.
            let at = self.head(target).unwrap_or(span.start).min(span.start);
            span = at..at;
        }
        let inline = |form: Form| match form {
            Form::Inline(text) => text,
            _ => Self::inline(old, value),
        };
        if span.is_empty() {
            let missing_colon =
                matches!(target.context, Context::Value { .. }) && self.head(target).is_none();
            if missing_colon {
                splices.push(self.pair_without_colon(target, &inline(form)));
                return;
            }
        }
        let line_end = self.line_end(span.end);
        let gap = if span.is_empty() { " " } else { "" };
        let keep = matches!(&form, Form::Block { header, .. } if header.contains('+'));
        let blank_follows = self.is_blank_line(self.next_line(span.end)) || self.source.len() == line_end;
        match form {
            Form::Block { header, lines } if self.ends_line(span.end, true) && !(keep && blank_follows) => {
                splices.push(swap(span, format!("{gap}{header}")));
                splices.push(put(line_end, format!("\n{lines}")));
            }
            Form::Lines { text, column } if self.ends_line(span.end, true) => {
                self.lines_for_inline(target, &text, column, splices);
            }
            form => splices.push(swap(span, format!("{gap}{}", inline(form)))),
        }
    }

    /// `{a}`, `? a`: the value brings its colon.
    fn pair_without_colon(&self, target: &Target, text: &str) -> Splice {
        let Context::Value { mapping, pair } = target.context else { return put(0, String::new()) };
        let key = self.stream.children(mapping)[2 * pair];
        let node = self.node(self.last_leaf(key));
        if node.in_flow() || self.node(mapping).style() == Style::Flow {
            return put(self.node(key).span().end, format!(": {text}"));
        }
        let end = self.content_end(key);
        let column = self.node(mapping).indent();
        put(end, format!("\n{:column$}: {text}", ""))
    }

    fn lines_for_inline(&self, target: &Target, text: &str, column: usize, splices: &mut Vec<Splice>) {
        let span = self.node(target.node).span();
        let line_end = self.line_end(span.end);
        let item =
            matches!(target.context, Context::Item { .. }) && self.properties_end(target.node).is_none();
        let own_line = !span.is_empty() && self.starts_line(span.start);
        if !(own_line || item && self.ends_line(span.end, false)) {
            let head = self.head(target).unwrap_or(span.start).min(span.start);
            let end = if span.is_empty() { self.line_end(head) } else { line_end };
            splices.push(cut(head..span.end.min(end)));
            splices.push(put(end, format!("\n{text}")));
            return;
        }
        let at = if span.is_empty() { column } else { self.column(span.start) };
        let shift = |line: &str| match at.cmp(&column) {
            Ordering::Less => line.get(column - at..).unwrap_or_default().to_owned(),
            _ if line.is_empty() => String::new(),
            _ => format!("{:width$}{line}", "", width = at - column),
        };
        let moved: Vec<String> = text.split('\n').map(shift).collect();
        let gap = if span.is_empty() { " " } else { "" };
        splices.push(swap(span, format!("{gap}{}", moved.join("\n").trim_start_matches(' '))));
    }
}
