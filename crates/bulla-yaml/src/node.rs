//! The node tree of a YAML stream, with the place of everything in the source.
//!
//! All documents of a stream share one arena, because go-yaml lets an alias name an anchor of an earlier
//! document. Lines, columns, comments, styles and tags are those of go-yaml's `Node`; spans are byte ranges
//! of the source handed to [`parse`](crate::parse).

use std::borrow::Cow;
use std::ops::Range;

/// A node's index in its [`Stream`]. Ids grow in document order, parents before children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The position in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `*name`; `target` is always complete and never encloses the alias.
    Alias {
        /// The node carrying the anchor, perhaps in an earlier document.
        target: NodeId,
    },
    /// Children alternate key, value.
    Mapping,
    /// A scalar, possibly empty and without any character in the source.
    Scalar,
    /// Children are the items.
    Sequence,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Collection by indentation.
    Block,
    /// `"..."`.
    DoubleQuoted,
    /// Collection in `[]` or `{}`, or the one-pair mapping inside `[a: b]`.
    Flow,
    /// `>`.
    Folded,
    /// `|`.
    Literal,
    /// Unquoted scalar, empty node, or alias.
    Plain,
    /// `'...'`.
    SingleQuoted,
}

impl Style {
    /// Quoted or block scalar: a scalar whose text is a string unless it is tagged.
    pub fn is_string(self) -> bool {
        matches!(self, Self::SingleQuoted | Self::DoubleQuoted | Self::Literal | Self::Folded)
    }
}

/// A comment as go-yaml attaches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment {
    pub(crate) text: String,
    pub(crate) lines: Vec<CommentLine>,
}

/// One physical comment line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommentLine {
    /// Where the line begins in the comment's text.
    pub(crate) at: u32,
    /// Its bytes in the source.
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Comment {
    /// go-yaml's text: the lines with their `#`, joined by line feeds, with empty lines where it keeps them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The source bytes of every comment line, from `#` to before the line break, in order.
    ///
    /// They correspond one to one with the non-empty lines of [`text`](Self::text).
    pub fn spans(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.lines.iter().map(|line| line.start as usize..line.end as usize)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Head, line and foot comment of a node or document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comments {
    pub(crate) head: Option<Comment>,
    pub(crate) line: Option<Comment>,
    pub(crate) foot: Option<Comment>,
}

/// A node. Collections keep their children in the [`Stream`].
#[derive(Clone, Debug)]
pub struct Node<'s> {
    pub(crate) kind: Kind,
    pub(crate) style: Style,
    pub(crate) in_flow: bool,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) indent: u32,
    pub(crate) children: (u32, u32),
    pub(crate) value: Cow<'s, str>,
    pub(crate) extra: Option<Box<Extra<'s>>>,
}

/// What most nodes do not have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra<'s> {
    pub(crate) tag: Option<Cow<'s, str>>,
    pub(crate) tag_span: Option<(u32, u32)>,
    pub(crate) anchor: Option<&'s str>,
    pub(crate) anchor_span: Option<(u32, u32)>,
    pub(crate) comments: Comments,
}

impl<'s> Node<'s> {
    /// Scalar, sequence, mapping or alias.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How it is written.
    pub fn style(&self) -> Style {
        self.style
    }

    /// The explicit tag in go-yaml's short form (`!!str`, `!local`, `tag:example.org,2000:x`).
    ///
    /// `None` for an untagged node. The non-specific tag is `Some("!")`; go-yaml sets no tagged bit for it.
    pub fn tag(&self) -> Option<&str> {
        self.extra.as_ref().and_then(|extra| extra.tag.as_deref())
    }

    /// A scalar's text after unquoting, unescaping and folding; an alias's anchor name; else empty.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// [`value`](Self::value), borrowed from the source where the text stands there unchanged.
    pub fn value_cow(&self) -> &Cow<'s, str> {
        &self.value
    }

    /// The anchor's name without `&`.
    pub fn anchor(&self) -> Option<&'s str> {
        self.extra.as_ref().and_then(|extra| extra.anchor)
    }

    /// Line from 1, of the first of anchor, tag and content.
    pub fn line(&self) -> usize {
        self.line as usize
    }

    /// Column from 1 in characters, of the first of anchor, tag and content.
    pub fn column(&self) -> usize {
        self.column as usize
    }

    /// The node's bytes without anchor and tag.
    ///
    /// - Quoted scalars: from quote to quote, both included.
    /// - Plain scalars: the text without surrounding blanks. An empty node has an empty span: just after its
    ///   `:`, `-` or `?`, or after its anchor and tag, or (a pair without `:`) before the next token.
    /// - Literal and folded scalars: from `|` or `>` over the header's comment to the start of the line
    ///   after the last content or trailing blank line, so the last line break is inside. At the end of a
    ///   source without one, to the end of the source.
    /// - Flow collections: from bracket to bracket. A one-pair mapping in a flow sequence: its pair.
    /// - Block collections: from the first entry's first byte to the end of the last token of the last entry.
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of the tag as written, with its `!`.
    pub fn tag_span(&self) -> Option<Range<usize>> {
        self.extra.as_ref().and_then(|extra| extra.tag_span).map(range)
    }

    /// The bytes of the anchor, with its `&`.
    pub fn anchor_span(&self) -> Option<Range<usize>> {
        self.extra.as_ref().and_then(|extra| extra.anchor_span).map(range)
    }

    /// Whether the node lies inside a flow collection (not: is one).
    pub fn in_flow(&self) -> bool {
        self.in_flow
    }

    /// Column from 0 where a block collection's keys or dashes stand, in characters and in bytes (only ASCII
    /// can stand before them); for every other node the column of its span's start in characters.
    pub fn indent(&self) -> usize {
        self.indent as usize
    }

    /// The comment block above.
    pub fn head_comment(&self) -> Option<&Comment> {
        self.extra.as_ref().and_then(|extra| extra.comments.head.as_ref())
    }

    /// The comment at the end of the line.
    pub fn line_comment(&self) -> Option<&Comment> {
        self.extra.as_ref().and_then(|extra| extra.comments.line.as_ref())
    }

    /// The comment block below.
    pub fn foot_comment(&self) -> Option<&Comment> {
        self.extra.as_ref().and_then(|extra| extra.comments.foot.as_ref())
    }

    pub(crate) fn extra_mut(&mut self) -> &mut Extra<'s> {
        self.extra.get_or_insert_default()
    }
}

/// One document of a stream.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) root: NodeId,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) content_end: u32,
    pub(crate) marker_start: Option<u32>,
    pub(crate) marker_end: Option<u32>,
    pub(crate) comments: Comments,
}

impl Document {
    /// The root node. A document without content has an empty plain scalar.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// go-yaml's line of the document node, from 1.
    pub fn line(&self) -> usize {
        self.line as usize
    }

    /// go-yaml's column of the document node, from 1.
    pub fn column(&self) -> usize {
        self.column as usize
    }

    /// The document's bytes: from the start of the source, or of its first directive or `---`, to the next
    /// document's start or the end of the source. A `...` line belongs to the document before it.
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Where the line after the root's last token begins (a comment on that token's line is before it), or
    /// the end of the source if that line has no break. A new last entry of a block root goes here, before
    /// foot comments that follow.
    pub fn content_end(&self) -> usize {
        self.content_end as usize
    }

    /// Where content of this document can last stand: the offset of its `...`, else the end of its span.
    pub fn body_end(&self) -> usize {
        self.marker_end.unwrap_or(self.end) as usize
    }

    /// Offset of the `---`, if written.
    pub fn start_marker(&self) -> Option<usize> {
        self.marker_start.map(|at| at as usize)
    }

    /// Offset of the `...`, if written.
    pub fn end_marker(&self) -> Option<usize> {
        self.marker_end.map(|at| at as usize)
    }

    /// Comment at the very top, separated from the content by an empty line.
    pub fn head_comment(&self) -> Option<&Comment> {
        self.comments.head.as_ref()
    }

    /// Comment at the very end.
    pub fn foot_comment(&self) -> Option<&Comment> {
        self.comments.foot.as_ref()
    }
}

/// A parsed stream: its documents and the arena of their nodes.
#[derive(Clone, Debug)]
pub struct Stream<'s> {
    pub(crate) source: &'s str,
    pub(crate) nodes: Vec<Node<'s>>,
    pub(crate) children: Vec<NodeId>,
    pub(crate) documents: Vec<Document>,
}

impl<'s> Stream<'s> {
    /// The source text, with a byte-order mark if it had one; every span indexes it.
    pub fn source(&self) -> &'s str {
        self.source
    }

    /// The documents in order. A stream of blanks and comments has none.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The node with this id.
    ///
    /// # Panics
    /// If the id belongs to another, larger stream.
    pub fn node(&self, id: NodeId) -> &Node<'s> {
        &self.nodes[id.index()]
    }

    /// Number of nodes in all documents.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// A sequence's items, or a mapping's keys and values alternating; empty for other nodes.
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        let (first, count) = self.node(id).children;
        &self.children[first as usize..(first + count) as usize]
    }

    /// A mapping's pairs.
    pub fn pairs(&self, id: NodeId) -> impl ExactSizeIterator<Item = (NodeId, NodeId)> + '_ {
        self.children(id).chunks_exact(2).map(|pair| (pair[0], pair[1]))
    }

    /// The node itself, or what an alias stands for (never again an alias).
    pub fn follow(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias { target } => target,
            _ => id,
        }
    }
}

impl<'s> std::ops::Index<NodeId> for Stream<'s> {
    type Output = Node<'s>;

    fn index(&self, id: NodeId) -> &Node<'s> {
        self.node(id)
    }
}

fn range((start, end): (u32, u32)) -> Range<usize> {
    start as usize..end as usize
}
