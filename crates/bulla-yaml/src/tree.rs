//! Trees to be written: the counterpart of go-yaml's `Node` as an encoder sees it.
//!
//! A tree borrows the text of its strings. [`emit`](mod@crate::emit) turns trees into bytes.

use std::borrow::Cow;

use memchr::memchr;

use crate::emit::base64_lines;
use crate::emit::scalar::plain_is_string;
use crate::node::Style;

/// A node to be written.
///
/// Holds plaintext where the document does, hence no `Debug`.
#[derive(Clone)]
pub struct Node<'a> {
    pub(crate) content: Content<'a>,
    pub(crate) style: Style,
    pub(crate) tag: Option<Cow<'a, str>>,
    comments: Option<Box<Comments>>,
}

/// What a node holds.
#[derive(Clone)]
pub(crate) enum Content<'a> {
    Mapping(Vec<(Node<'a>, Node<'a>)>),
    Scalar(Cow<'a, str>),
    Sequence(Vec<Node<'a>>),
}

#[derive(Clone, Default)]
struct Comments {
    head: String,
    line: String,
    foot: String,
}

/// An element of a mapping or sequence in the order a SOPS tree holds them.
pub enum Item<'t, T> {
    /// One comment line.
    Comment {
        /// The text after `#`.
        text: &'t str,
        /// Whether it goes behind the next entry's value instead of above it.
        inline: bool,
    },
    /// A pair or an item.
    Entry(T),
}

impl<'a> Node<'a> {
    /// A string in the style go-yaml's `Encode` gives a Go string.
    ///
    /// Several lines become a literal block; text that a reader would take for another type (also YAML 1.1's
    /// `yes`, `on`, `1:30`) is double quoted; `<<` gets the tag `!!merge`; bytes that are not UTF-8 become
    /// `!!binary` with base64 in lines of 70 characters.
    pub fn string(bytes: &'a [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self::text(text);
        }
        let encoded = base64_lines(bytes);
        let style = if encoded.contains('\n') { Style::Literal } else { Style::Plain };
        Self::scalar(encoded, style).with_tag("!!binary")
    }

    /// As [`string`](Self::string), for text known to be UTF-8.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text == "<<" {
            return Self::merge();
        }
        let style = if memchr(b'\n', text.as_bytes()).is_some() {
            Style::Literal
        } else if plain_is_string(&text) {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
        Self::scalar(text, style)
    }

    /// The merge key, printed `!!merge <<`.
    pub fn merge() -> Self {
        Self::scalar("<<", Style::Plain).with_tag("!!merge")
    }

    /// `null`.
    pub fn null() -> Self {
        Self::scalar("null", Style::Plain)
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Self {
        Self::scalar(if value { "true" } else { "false" }, Style::Plain)
    }

    /// A decimal integer.
    pub fn int(value: i64) -> Self {
        Self::scalar(value.to_string(), Style::Plain)
    }

    /// A floating point number as [`float_text`] writes it.
    pub fn float(value: f64) -> Self {
        Self::scalar(float_text(value), Style::Plain)
    }

    /// A timestamp; `text` is its RFC 3339 form and is printed as it stands.
    pub fn timestamp(text: impl Into<Cow<'a, str>>) -> Self {
        Self::scalar(text, Style::Plain)
    }

    /// A scalar with a style of the caller's choice.
    ///
    /// The writer falls back, as go-yaml does, where the text cannot be written so: plain to single quoted
    /// to double quoted, blocks to double quoted. [`Style::Block`] and [`Style::Flow`] count as plain.
    pub fn scalar(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self { content: Content::Scalar(text.into()), style, tag: None, comments: None }
    }

    /// A mapping in block style; an empty one is printed `{}`.
    pub fn mapping(pairs: Vec<(Self, Self)>) -> Self {
        Self { content: Content::Mapping(pairs), style: Style::Block, tag: None, comments: None }
    }

    /// A sequence in block style; an empty one is printed `[]`.
    pub fn sequence(items: Vec<Self>) -> Self {
        Self { content: Content::Sequence(items), style: Style::Block, tag: None, comments: None }
    }

    /// A mapping with comments among its pairs, attached as SOPS attaches them.
    ///
    /// Comments before the first pair head the mapping, others the key that follows; inline ones become the
    /// line comment of the next value; what is left at the end is the foot of the last key (getsops/sops
    /// 3.13.3, YAML store).
    pub fn commented_mapping<'t>(items: impl IntoIterator<Item = Item<'t, (Self, Self)>>) -> Self {
        let items = items.into_iter();
        let mut pending = Pending::default();
        let mut mapping = Self::mapping(Vec::new());
        let mut pairs: Vec<(Self, Self)> = Vec::with_capacity(items.size_hint().0);
        for item in items {
            match item {
                Item::Comment { text, inline } => pending.add(text, inline),
                Item::Entry((mut key, mut value)) => {
                    pending.head_to(if pairs.is_empty() { &mut mapping } else { &mut key });
                    pending.line_to(&mut value);
                    pairs.push((key, value));
                }
            }
        }
        pending.rest_to(&mut mapping, pairs.last_mut().map(|(key, _)| key));
        mapping.content = Content::Mapping(pairs);
        mapping
    }

    /// A sequence with comments among its items, attached as SOPS attaches them.
    ///
    /// As [`commented_mapping`](Self::commented_mapping), with the item in place of key and value.
    pub fn commented_sequence<'t>(items: impl IntoIterator<Item = Item<'t, Self>>) -> Self {
        let items = items.into_iter();
        let mut pending = Pending::default();
        let mut sequence = Self::sequence(Vec::new());
        let mut nodes: Vec<Self> = Vec::with_capacity(items.size_hint().0);
        for item in items {
            match item {
                Item::Comment { text, inline } => pending.add(text, inline),
                Item::Entry(mut node) => {
                    pending.head_to(if nodes.is_empty() { &mut sequence } else { &mut node });
                    pending.line_to(&mut node);
                    nodes.push(node);
                }
            }
        }
        pending.rest_to(&mut sequence, nodes.last_mut());
        sequence.content = Content::Sequence(nodes);
        sequence
    }

    /// Gives the node an explicit tag: `!!name`, `!name`, or a full URI.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<Cow<'a, str>>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Changes the style, e.g. [`Style::Flow`] for a collection on one line.
    #[must_use]
    pub fn with_style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Puts comment lines (each with its `#`) above what is already there.
    pub fn prepend_head(&mut self, comment: &str) {
        let head = &mut self.comments.get_or_insert_default().head;
        *head = if head.is_empty() { comment.to_owned() } else { format!("{comment}\n{head}") };
    }

    /// Adds a line comment (with its `#`) to what is already there.
    pub fn append_line(&mut self, comment: &str) {
        append(&mut self.comments.get_or_insert_default().line, comment);
    }

    /// Adds comment lines (each with its `#`) below what is already there.
    pub fn append_foot(&mut self, comment: &str) {
        append(&mut self.comments.get_or_insert_default().foot, comment);
    }

    pub(crate) fn head(&self) -> &str {
        self.comments.as_ref().map_or("", |comments| &comments.head)
    }

    pub(crate) fn line(&self) -> &str {
        self.comments.as_ref().map_or("", |comments| &comments.line)
    }

    pub(crate) fn foot(&self) -> &str {
        self.comments.as_ref().map_or("", |comments| &comments.foot)
    }

    pub(crate) fn has_comments(&self) -> bool {
        self.comments.is_some()
    }

    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.content, Content::Scalar(_))
    }

    pub(crate) fn is_flow(&self) -> bool {
        self.style == Style::Flow
    }

    /// The text of an untagged scalar that is a string.
    pub(crate) fn as_string(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) if self.tag.is_none() => {
                (self.style.is_string() || plain_is_string(text)).then_some(text)
            }
            _ => None,
        }
    }

    pub(crate) fn is_empty_collection(&self) -> bool {
        match &self.content {
            Content::Mapping(pairs) => pairs.is_empty(),
            Content::Scalar(_) => false,
            Content::Sequence(items) => items.is_empty(),
        }
    }

    /// Moves the children that have children of their own to `into`.
    fn take_collections(&mut self, into: &mut Vec<Self>) {
        let nested = |node: &Self| !matches!(node.content, Content::Scalar(_)) && !node.is_empty_collection();
        match &mut self.content {
            Content::Mapping(pairs) => {
                into.extend(pairs.drain(..).flat_map(|(key, value)| [key, value]).filter(nested));
            }
            Content::Scalar(_) => {}
            Content::Sequence(items) => into.extend(items.drain(..).filter(nested)),
        }
    }
}

impl Drop for Node<'_> {
    /// Takes deep trees apart without recursion.
    fn drop(&mut self) {
        if matches!(self.content, Content::Scalar(_)) {
            return;
        }
        let mut left = Vec::new();
        self.take_collections(&mut left);
        while let Some(mut node) = left.pop() {
            node.take_collections(&mut left);
        }
    }
}

/// Comments waiting for the node they belong to.
#[derive(Default)]
struct Pending {
    head: String,
    line: String,
}

impl Pending {
    fn add(&mut self, text: &str, inline: bool) {
        let waiting = if inline { &mut self.line } else { &mut self.head };
        if !waiting.is_empty() {
            waiting.push('\n');
        }
        waiting.push('#');
        waiting.push_str(text);
    }

    fn head_to(&mut self, node: &mut Node<'_>) {
        if !self.head.is_empty() {
            node.prepend_head(&std::mem::take(&mut self.head));
        }
    }

    fn line_to(&mut self, node: &mut Node<'_>) {
        if !self.line.is_empty() {
            node.append_line(&std::mem::take(&mut self.line));
        }
    }

    /// What no entry followed: the foot of the last one, or the head of an empty collection.
    fn rest_to(mut self, collection: &mut Node<'_>, last: Option<&mut Node<'_>>) {
        if !self.line.is_empty() {
            append(&mut self.head, &self.line);
        }
        if self.head.is_empty() {
            return;
        }
        match last {
            Some(node) => node.append_foot(&self.head),
            None => self.head_to(collection),
        }
    }
}

fn append(to: &mut String, comment: &str) {
    if !to.is_empty() {
        to.push('\n');
    }
    to.push_str(comment);
}

/// A float as go-yaml prints it: Go's `FormatFloat(value, 'g', -1, 64)`, and `.inf`, `-.inf`, `.nan`.
///
/// The shortest digits that read back as the same number, with an exponent (sign and at least two digits)
/// where it is below -4 or above 5: `999999`, `1e+06`, `0.0001`, `1e-05`.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-.inf" } else { ".inf" }.to_owned();
    }
    // Rust's exponent is what is wanted, except for sign and width.
    let scientific = format!("{value:e}");
    match scientific.split_once('e').map(|(mantissa, exponent)| (mantissa, exponent.parse::<i32>())) {
        Some((mantissa, Ok(exponent))) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{value}"),
    }
}
