//! From events to the node tree: go-yaml's last comment rules, anchors, and our limits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::chars::{break_len, find_break};
use crate::limits::{EXPANSION_FLOOR, Limits};
use crate::node::{Comments, Document, Extra, Kind, Node, NodeId, Stream, Style};
use crate::parser::{Event, EventKind, Parser};
use crate::scanner::token::Mark;
use crate::{Error, source};

/// Reads a whole stream.
///
/// # Errors
/// What go-yaml refuses, with its words, and what exceeds `limits`.
pub fn parse<'s>(source: &'s [u8], limits: &Limits) -> Result<Stream<'s>, Error> {
    let source = source::check(source)?;
    // Most lines are a key and a value; growing would copy what is there.
    let nodes = (2 * memchr::memchr_iter(b'\n', source.text.as_bytes()).count()).min(limits.nodes);
    let mut composer = Composer {
        parser: Parser::new(&source),
        limits,
        budget: limits.expansion.saturating_mul(source.text.len()).max(EXPANSION_FLOOR) as u64,
        stream: Stream {
            source: source.text,
            nodes: Vec::with_capacity(nodes),
            children: Vec::with_capacity(nodes),
            documents: Vec::new(),
        },
        open: Vec::new(),
        pending: Vec::new(),
        anchors: BTreeMap::new(),
        size: Size::default(),
    };
    while composer.step()? {}
    Ok(composer.stream)
}

/// Size with every alias replaced.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    nodes: u64,
    /// One for every node, and the text of scalars.
    bytes: u64,
}

struct Anchor {
    node: NodeId,
    /// Unknown while the node is open.
    size: Option<Size>,
    /// Levels of collections.
    height: usize,
}

/// A collection whose end has not been seen.
struct Open<'s> {
    node: NodeId,
    /// Where its children begin among the pending ones.
    first: usize,
    mapping: bool,
    block: bool,
    anchor: Option<&'s str>,
    size_before: Size,
    height: usize,
}

struct Composer<'s, 'l> {
    parser: Parser<'s>,
    limits: &'l Limits,
    /// Bytes the stream may expand to.
    budget: u64,
    stream: Stream<'s>,
    open: Vec<Open<'s>>,
    /// Children of open collections, outermost first.
    pending: Vec<NodeId>,
    anchors: BTreeMap<&'s str, Anchor>,
    /// Of everything so far.
    size: Size,
}

impl<'s> Composer<'s, '_> {
    /// Handles one event; false at the end of the stream.
    fn step(&mut self) -> Result<bool, Error> {
        let event = self.parser.next_event()?;
        match event.kind {
            EventKind::StreamEnd => return Ok(false),
            EventKind::DocumentStart { marker } => {
                self.start_document(marker, event.start, event.comments)?;
            }
            EventKind::DocumentEnd { marker } => self.end_document(marker, event.comments),
            EventKind::SequenceStart(_) | EventKind::MappingStart(_) => self.start_collection(event)?,
            EventKind::SequenceEnd | EventKind::MappingEnd => self.end_collection(event),
            EventKind::Scalar(..) => {
                let anchor = event.properties.as_ref().and_then(|properties| properties.anchor);
                let before = self.size;
                let node = self.add(event)?;
                if let Some((name, _)) = anchor {
                    let size = Some(self.size_since(before));
                    self.anchors.insert(name, Anchor { node, size, height: 0 });
                }
                self.finish_child(node, 0);
            }
            EventKind::Alias(_) => self.add_alias(event)?,
        }
        Ok(true)
    }

    fn start_document(&mut self, marker: Option<u32>, at: Mark, comments: Comments) -> Result<(), Error> {
        let documents = &mut self.stream.documents;
        if documents.len() >= self.limits.documents {
            return Err(Error::Documents { limit: self.limits.documents, line: at.line as usize + 1 });
        }
        let start = match documents.last_mut() {
            None => 0,
            Some(last) => {
                last.end = match last.marker_end {
                    Some(end) => line_after(self.stream.source, end + 3),
                    None => at.byte,
                };
                last.end
            }
        };
        documents.push(Document {
            root: NodeId(self.stream.nodes.len() as u32),
            line: at.line + 1,
            column: at.column + 1,
            start,
            end: self.stream.source.len() as u32,
            content_end: start,
            marker_start: marker,
            marker_end: None,
            comments,
        });
        Ok(())
    }

    fn end_document(&mut self, marker: Option<u32>, comments: Comments) {
        self.pending.clear();
        let Some(document) = self.stream.documents.last_mut() else { return };
        document.marker_end = marker;
        document.comments.foot = comments.foot;
        document.content_end = match self.stream.nodes.get(document.root.index()) {
            Some(root) if root.end > root.start => line_after(self.stream.source, root.end),
            Some(root) => line_after(self.stream.source, self.parser.last_end.min(root.start)),
            None => document.start,
        };
    }

    fn start_collection(&mut self, event: Event<'s>) -> Result<(), Error> {
        let limit = self.limits.depth;
        if self.open.len() >= limit {
            let (line, column) = place(event.start);
            return Err(Error::Depth { limit, line, column });
        }
        let mapping = matches!(event.kind, EventKind::MappingStart(_));
        let anchor = event.properties.as_ref().and_then(|properties| properties.anchor);
        let size_before = self.size;
        let node = self.add(event)?;
        let anchor = anchor.map(|(name, _)| name);
        if let Some(name) = anchor {
            self.anchors.insert(name, Anchor { node, size: None, height: 0 });
        }
        let block = self.stream.nodes[node.index()].style == Style::Block;
        let first = self.pending.len();
        self.open.push(Open { node, first, mapping, block, anchor, size_before, height: 1 });
        Ok(())
    }

    fn end_collection(&mut self, event: Event<'s>) {
        let Some(open) = self.open.pop() else { return };
        let children = &self.pending[open.first..];
        let count = children.len();
        let mut foot = event.comments.foot;
        if open.mapping && open.block && count > 1 && foot.is_some() {
            let last_key = children[count - 2];
            self.stream.nodes[last_key.index()].extra_mut().comments.foot = foot.take();
        }
        let first = self.stream.children.len() as u32;
        self.stream.children.extend(self.pending.drain(open.first..));
        let node = &mut self.stream.nodes[open.node.index()];
        node.children = (first, count as u32);
        let (start, end) = event.span;
        node.end = if end > start { end } else { self.parser.last_end.max(node.start) };
        if node.extra.is_some() || event.comments.line.is_some() || foot.is_some() {
            let comments = &mut node.extra_mut().comments;
            comments.line = event.comments.line;
            comments.foot = foot;
        }
        if let Some(name) = open.anchor {
            let size = self.size_since(open.size_before);
            if let Some(anchor) = self.anchors.get_mut(name).filter(|anchor| anchor.node == open.node) {
                anchor.size = Some(size);
                anchor.height = open.height;
            }
        }
        self.finish_child(open.node, open.height);
    }

    fn add_alias(&mut self, event: Event<'s>) -> Result<(), Error> {
        let EventKind::Alias(name) = &event.kind else { return Ok(()) };
        let (line, column) = place(event.start);
        let Some(anchor) = self.anchors.get(&**name) else {
            return Err(Error::UnknownAnchor { name: name.clone().into_owned(), line, column });
        };
        let Some(size) = anchor.size else {
            return Err(Error::AliasCycle { name: name.clone().into_owned(), line, column });
        };
        let (target, height) = (anchor.node, anchor.height);
        if self.open.len() + height > self.limits.depth {
            return Err(Error::Depth { limit: self.limits.depth, line, column });
        }
        let node = self.add(event)?;
        self.stream.nodes[node.index()].kind = Kind::Alias { target };
        self.size.nodes += size.nodes;
        self.size.bytes += size.bytes;
        self.check_size(line, column)?;
        self.finish_child(node, height);
        Ok(())
    }

    /// Adds the node of a scalar, an alias (its target is set later) or a collection's start.
    fn add(&mut self, event: Event<'s>) -> Result<NodeId, Error> {
        let (kind, style, value) = match event.kind {
            EventKind::Scalar(text, style) => (Kind::Scalar, style, text),
            EventKind::SequenceStart(style) => (Kind::Sequence, style, Cow::Borrowed("")),
            EventKind::MappingStart(style) => (Kind::Mapping, style, Cow::Borrowed("")),
            EventKind::Alias(name) => (Kind::Scalar, Style::Plain, name),
            EventKind::DocumentStart { .. }
            | EventKind::DocumentEnd { .. }
            | EventKind::MappingEnd
            | EventKind::SequenceEnd
            | EventKind::StreamEnd => (Kind::Scalar, Style::Plain, Cow::Borrowed("")),
        };
        self.size.nodes += 1;
        // A short handle can stand for a long prefix, so tags expand as aliases do.
        let tag = event.properties.as_ref().and_then(|properties| properties.tag.as_ref());
        self.size.bytes += (1 + value.len() + tag.map_or(0, |(tag, _)| tag.len())) as u64;
        let (line, column) = place(event.start);
        self.check_size(line, column)?;
        let id = NodeId(self.stream.nodes.len() as u32);
        let extra = if event.properties.is_some() || !event.comments.is_empty() {
            let properties = event.properties.unwrap_or_default();
            let (tag, tag_span) = properties.tag.unzip();
            let (anchor, anchor_span) = properties.anchor.unzip();
            Some(Box::new(Extra { tag, tag_span, anchor, anchor_span, comments: event.comments }))
        } else {
            None
        };
        self.stream.nodes.push(Node {
            kind,
            style,
            in_flow: self.open.last().is_some_and(|open| !open.block),
            line: line as u32,
            column: column as u32,
            start: event.span.0,
            end: event.span.1,
            indent: event.indent,
            children: (0, 0),
            value,
            extra,
        });
        Ok(id)
    }

    /// Hands a complete node to its parent, where go-yaml moves foot comments between keys and values.
    fn finish_child(&mut self, child: NodeId, height: usize) {
        self.pending.push(child);
        let Some(parent) = self.open.last_mut() else { return };
        parent.height = parent.height.max(height + 1);
        if !parent.mapping {
            return;
        }
        let (nodes, children) = (&mut self.stream.nodes, &self.pending[parent.first..]);
        let count = children.len();
        if count % 2 == 1 {
            // A foot comment of a key is what stood below the pair before, less indented than its value.
            if parent.block && count > 2 {
                move_foot(nodes, child, children[count - 3], true);
            }
        } else {
            move_foot(nodes, child, children[count - 2], false);
        }
    }

    fn size_since(&self, before: Size) -> Size {
        Size { nodes: self.size.nodes - before.nodes, bytes: self.size.bytes - before.bytes }
    }

    fn check_size(&self, line: usize, column: usize) -> Result<(), Error> {
        let limit = self.limits.nodes;
        if self.size.nodes > limit as u64 {
            return Err(Error::Nodes { limit, line, column });
        }
        if self.size.bytes > self.budget {
            return Err(Error::Expansion { line, column });
        }
        Ok(())
    }
}

fn move_foot(nodes: &mut [Node<'_>], from: NodeId, to: NodeId, replace: bool) {
    let has_foot = |node: &Node<'_>| node.foot_comment().is_some();
    if has_foot(&nodes[from.index()]) && (replace || !has_foot(&nodes[to.index()])) {
        let foot = nodes[from.index()].extra_mut().comments.foot.take();
        nodes[to.index()].extra_mut().comments.foot = foot;
    }
}

fn place(mark: Mark) -> (usize, usize) {
    (mark.line as usize + 1, mark.column as usize + 1)
}

/// Start of the line after the one that holds the byte before `at`.
fn line_after(source: &str, at: u32) -> u32 {
    let bytes = source.as_bytes();
    let at = at as usize;
    if at > 0 && matches!(bytes[at - 1], b'\n' | b'\r') {
        return at as u32;
    }
    let end = find_break(bytes, at, false);
    (end + break_len(bytes, end)) as u32
}
