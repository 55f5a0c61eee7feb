//! From a parsed YAML stream to the tree that SOPS sees (`sops.md` 7.1).

use std::borrow::Cow;

use bulla_core::Limits;
use bulla_yaml::{Dialect, Kind, NodeId, Resolved, Stream, Style as YamlStyle, decode_binary, resolve};

use crate::document::{Document, MetadataPlace, Slot, Style};
use crate::format::{FormatError, Purpose};
use crate::tree::{Branch, Comment, Item, Key, Node, Value};
use crate::value::is_comment_envelope;

/// Parses a YAML file into a document.
pub(super) fn parse<'s>(
    source: &'s [u8],
    purpose: Purpose,
    limits: &Limits,
) -> Result<Document<'s>, FormatError> {
    if source.is_empty() {
        return Err(FormatError::Empty);
    }
    let yaml_limits = bulla_yaml::Limits {
        depth: limits.depth,
        nodes: limits.nodes,
        expansion: limits.expansion,
        documents: limits.documents,
    };
    let stream =
        bulla_yaml::parse(source, &yaml_limits).map_err(|error| FormatError::Syntax(error.to_string()))?;
    if stream.documents().is_empty() {
        return Err(FormatError::Syntax("EOF".to_owned()));
    }
    let mut reader = Reader { source, stream: &stream, limits, expanded: 0, expanded_bytes: 0 };
    let mut document = Document {
        source,
        branches: Vec::new(),
        metadata: None,
        places: Vec::new(),
        loose_comments: Vec::new(),
        warnings: Vec::new(),
    };
    for number in 0..stream.documents().len() {
        let first = number == 0;
        if (first || purpose == Purpose::Plain)
            && let Some(twice) = stream.duplicate_keys(stream.documents()[number].root()).first()
        {
            return Err(FormatError::Syntax(format!("yaml: {}", twice.describe(&stream))));
        }
        let mut branch = reader.document(number)?;
        let mut place = super::place::place(&stream, number);
        if purpose == Purpose::Encrypted {
            take_metadata(&mut branch, first, &mut document.metadata)?;
            super::place::existing(&stream, number, &mut place);
        }
        place.empty = branch.iter().all(|item| item.name().is_none());
        document.places.push(place);
        document.branches.push(branch);
    }
    if purpose == Purpose::Plain {
        document.loose_comments = super::loose::comments(source, &stream);
    }
    Ok(document)
}

/// Takes the `sops` entries out of a document; only those of the first one
/// count (`sops.md` 2.1).
fn take_metadata<'s>(
    branch: &mut Branch<'s>,
    first: bool,
    metadata: &mut Option<Vec<Item<'s>>>,
) -> Result<(), FormatError> {
    while let Some(position) = branch.iter().position(|item| item.name() == Some(b"sops")) {
        let item = branch.remove(position);
        if !first {
            continue;
        }
        let Value::Map(items) = item.node.value else {
            return Err(FormatError::Metadata("Found sops entry that is not a mapping".to_owned()));
        };
        if metadata.replace(items).is_some() {
            return Err(FormatError::Metadata("Found duplicate sops entry".to_owned()));
        }
    }
    Ok(())
}

struct Reader<'r, 's> {
    source: &'s [u8],
    stream: &'r Stream<'s>,
    limits: &'r Limits,
    /// Nodes and bytes made by expanding aliases.
    expanded: usize,
    expanded_bytes: usize,
}

/// Where a node is read: what its slot must know of its surroundings.
#[derive(Clone, Copy)]
struct At {
    /// Column of the parent's entries.
    indent: usize,
    /// False inside the expansion of an alias, which has no text of its own.
    placed: bool,
    /// True where the caller already took the node's own comments.
    comments_taken: bool,
}

/// Depth is bounded by the limits that the parser enforces, expansion of
/// aliases by [`Reader::count`], so reading may recurse.
impl<'s> Reader<'_, 's> {
    fn document(&mut self, number: usize) -> Result<Branch<'s>, FormatError> {
        let document = &self.stream.documents()[number];
        let root = document.root();
        let mut branch = Vec::new();
        let at = At { indent: 0, placed: true, comments_taken: false };
        self.comments(document.head_comment(), false, at, &mut branch);
        let target = self.stream.follow(root);
        let at = At { placed: target == root, ..at };
        let node = self.stream.node(target);
        match node.kind() {
            Kind::Mapping => self.map(target, at, &mut branch)?,
            Kind::Sequence => {
                return Err(FormatError::Syntax(format!(
                    "yaml: line {}: the document is a sequence; only mappings can be encrypted",
                    node.line()
                )));
            }
            _ if !matches!(self.resolve(target)?, Resolved::Null) => {
                return Err(FormatError::Syntax(format!(
                    "yaml: line {}: the document is a single value; only mappings can be encrypted",
                    node.line()
                )));
            }
            _ => {
                self.comments(node.head_comment(), false, at, &mut branch);
                self.comments(node.line_comment(), false, at, &mut branch);
                self.comments(node.foot_comment(), false, at, &mut branch);
            }
        }
        self.comments(document.foot_comment(), false, at, &mut branch);
        Ok(branch)
    }

    fn map(&mut self, id: NodeId, at: At, items: &mut Vec<Item<'s>>) -> Result<(), FormatError> {
        let stream = self.stream;
        let node = stream.node(id);
        if !at.comments_taken {
            self.comments(node.head_comment(), false, at, items);
            self.comments(node.line_comment(), false, at, items);
        }
        let inner = At { indent: node.indent(), placed: at.placed, comments_taken: false };
        for (key, value) in stream.pairs(id) {
            let (key_node, value_node) = (stream.node(key), stream.node(value));
            self.comments(key_node.head_comment(), false, at, items);
            self.comments(key_node.line_comment(), false, at, items);
            let take = matches!(value_node.kind(), Kind::Scalar | Kind::Alias { .. });
            if take {
                self.comments(value_node.head_comment(), false, at, items);
                self.comments(value_node.line_comment(), true, at, items);
            }
            let node = self.node(value, At { comments_taken: take, ..inner })?;
            items.push(Item { key: self.key(key)?, node });
            if take {
                self.comments(value_node.foot_comment(), false, at, items);
            }
            self.comments(key_node.foot_comment(), false, at, items);
        }
        if !at.comments_taken {
            self.comments(node.foot_comment(), false, at, items);
        }
        Ok(())
    }

    fn list(&mut self, id: NodeId, at: At) -> Result<Vec<Node<'s>>, FormatError> {
        let stream = self.stream;
        let node = stream.node(id);
        let mut nodes = Vec::with_capacity(stream.children(id).len());
        if !at.comments_taken {
            self.list_comments(node.head_comment(), false, at, &mut nodes);
            self.list_comments(node.line_comment(), false, at, &mut nodes);
        }
        let inner = At { indent: node.indent(), placed: at.placed, comments_taken: true };
        for &item in stream.children(id) {
            let item_node = stream.node(item);
            self.list_comments(item_node.head_comment(), false, at, &mut nodes);
            self.list_comments(item_node.line_comment(), true, at, &mut nodes);
            let mut element = self.node(item, inner)?;
            self.widen_comment(&mut element);
            nodes.push(element);
            self.list_comments(item_node.foot_comment(), false, at, &mut nodes);
        }
        if !at.comments_taken {
            self.list_comments(node.foot_comment(), false, at, &mut nodes);
        }
        Ok(nodes)
    }

    /// sops writes an encrypted comment of a sequence as an ordinary item: to
    /// become a comment again, its dash must go with it.
    fn widen_comment(&self, element: &mut Node<'s>) {
        if let (Value::Text(text), Some(slot)) = (&element.value, &mut element.slot)
            && !slot.flow
            && is_comment_envelope(text)
        {
            let before = &self.source[..slot.start as usize];
            let blanks = before.iter().rev().take_while(|byte| **byte == b' ').count();
            if before.len().checked_sub(blanks + 1).is_some_and(|dash| before[dash] == b'-') {
                slot.start -= blanks as u32 + 1;
                slot.style = Style::Comment;
            }
        }
    }

    fn node(&mut self, id: NodeId, at: At) -> Result<Node<'s>, FormatError> {
        let stream = self.stream;
        let node = stream.node(id);
        if !at.placed {
            self.count(node.value().len() + 1)?;
        }
        let value = match node.kind() {
            Kind::Alias { target } => {
                let at = At { placed: false, comments_taken: false, ..at };
                self.node(target, at)?.value
            }
            Kind::Mapping => {
                let mut items = Vec::with_capacity(stream.children(id).len() / 2);
                self.map(id, at, &mut items)?;
                Value::Map(items)
            }
            Kind::Scalar => self.scalar(id)?,
            Kind::Sequence => Value::List(self.list(id, at)?),
        };
        Ok(Node { value, slot: at.placed.then(|| self.slot(id, at)), changed: false })
    }

    fn slot(&self, id: NodeId, at: At) -> Slot {
        let node = self.stream.node(id);
        let span = node.span();
        let (start, style) = match node.kind() {
            Kind::Alias { .. } => (span.start, Style::Alias),
            Kind::Mapping | Kind::Sequence => (span.start, Style::Collection),
            Kind::Scalar => {
                let style = match node.style() {
                    YamlStyle::DoubleQuoted => Style::Double,
                    YamlStyle::SingleQuoted => Style::Single,
                    YamlStyle::Literal => Style::Literal,
                    YamlStyle::Folded => Style::Folded,
                    YamlStyle::Plain | YamlStyle::Block | YamlStyle::Flow => Style::Plain,
                };
                (node.tag_span().map_or(span.start, |tag| tag.start), style)
            }
        };
        Slot {
            start: start as u32,
            end: span.end as u32,
            indent: u16::try_from(at.indent).unwrap_or(u16::MAX),
            style,
            flow: node.in_flow(),
        }
    }

    fn resolve(&self, id: NodeId) -> Result<Resolved, FormatError> {
        let node = self.stream.node(id);
        resolve(node.tag(), node.value(), node.style(), Dialect::YamlV3)
            .map_err(|error| FormatError::Syntax(format!("yaml: line {}: {error}", node.line())))
    }

    fn scalar(&self, id: NodeId) -> Result<Value<'s>, FormatError> {
        let node = self.stream.node(id);
        Ok(match self.resolve(id)? {
            Resolved::Binary => {
                let invalid = || {
                    FormatError::Syntax(format!("yaml: line {}: !!binary is not valid base64", node.line()))
                };
                Value::Text(Cow::Owned(decode_binary(node.value()).ok_or_else(invalid)?))
            }
            Resolved::Bool(flag) => Value::Bool(flag),
            Resolved::Float(number) => Value::Float(number),
            Resolved::Int(number) => Value::Int(number),
            Resolved::Merge | Resolved::Str => Value::Text(match node.value_cow() {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.clone().into_bytes()),
            }),
            Resolved::Null => Value::Null,
            Resolved::Timestamp(time) => Value::Time(time),
            Resolved::Uint(number) => Value::Unsigned(number),
        })
    }

    fn key(&self, id: NodeId) -> Result<Key<'s>, FormatError> {
        let id = self.stream.follow(id);
        if !matches!(self.stream.node(id).kind(), Kind::Scalar) {
            let line = self.stream.node(id).line();
            return Err(FormatError::Syntax(format!(
                "yaml: line {line}: invalid map key: only strings are supported"
            )));
        }
        Ok(match self.scalar(id)? {
            Value::Text(text) => Key::Text(text),
            other => Key::Other(other.type_name()),
        })
    }

    fn comments(
        &self,
        comment: Option<&bulla_yaml::Comment>,
        inline: bool,
        at: At,
        items: &mut Vec<Item<'s>>,
    ) {
        let Some(comment) = comment else { return };
        for (text, slot) in self.comment_lines(comment, at) {
            items.push(Item::comment(text, inline, slot));
        }
    }

    fn list_comments(
        &self,
        comment: Option<&bulla_yaml::Comment>,
        inline: bool,
        at: At,
        nodes: &mut Vec<Node<'s>>,
    ) {
        let Some(comment) = comment else { return };
        for (text, slot) in self.comment_lines(comment, at) {
            nodes.push(Node { value: Value::Comment(Comment { text, inline }), slot, changed: false });
        }
    }

    /// One comment per non-empty line, without its `#`.
    fn comment_lines(&self, comment: &bulla_yaml::Comment, at: At) -> Vec<(Cow<'s, [u8]>, Option<Slot>)> {
        let lines = comment.text().split('\n').filter(|line| !line.is_empty());
        lines
            .zip(comment.spans())
            .map(|(line, span)| {
                let text = &line.as_bytes()[1..];
                let shown = &self.source[span.start + 1..span.end];
                let text = if shown == text { Cow::Borrowed(shown) } else { Cow::Owned(text.to_vec()) };
                let slot = Slot {
                    start: span.start as u32,
                    end: span.end as u32,
                    indent: 0,
                    style: Style::Comment,
                    flow: false,
                };
                (text, at.placed.then_some(slot))
            })
            .collect()
    }

    /// Counts one node of an expansion (`security.md` F-02).
    fn count(&mut self, bytes: usize) -> Result<(), FormatError> {
        self.expanded += 1;
        self.expanded_bytes += bytes;
        let most = self.limits.expansion.saturating_mul(self.source.len().max(bulla_yaml::EXPANSION_FLOOR));
        if self.expanded > self.limits.nodes || self.expanded_bytes > most {
            return Err(FormatError::Limit(format!(
                "aliases expand to more than {} nodes or {most} bytes",
                self.limits.nodes
            )));
        }
        Ok(())
    }
}

impl MetadataPlace {
    /// A place of a document that holds no metadata yet.
    pub(super) fn new(insert_at: usize, indent: usize, flow: bool) -> Self {
        Self { existing: Vec::new(), insert_at, indent, flow, empty: false }
    }
}
