//! The tree that SOPS sees in a file: ordered items, typed values, comments
//! as items (`sops.md` 1). Plaintext lives in here, so nothing derives `Debug`.

use std::borrow::Cow;

use bulla_yaml::Timestamp;

use crate::document::Slot;

/// One document of a file. Only YAML has more than one.
pub type Branch<'s> = Vec<Item<'s>>;

/// A key and its value, or a comment (whose value is null).
#[derive(Clone, PartialEq)]
pub struct Item<'s> {
    /// Key or comment.
    pub key: Key<'s>,
    /// Value; for a comment only its slot and change mark count.
    pub node: Node<'s>,
}

/// The key of an item. Keys are not deduplicated.
#[derive(Clone, PartialEq)]
pub enum Key<'s> {
    /// A comment in the place of a key.
    Comment(Comment<'s>),
    /// A key that is no string (its type's name): refused by the walk.
    Other(&'static str),
    /// An ordinary key; bytes, since YAML's `!!binary` need not be UTF-8.
    Text(Cow<'s, [u8]>),
}

/// A comment: the text behind the comment character, unmodified.
#[derive(Clone, PartialEq)]
pub struct Comment<'s> {
    /// Text without the comment character.
    pub text: Cow<'s, [u8]>,
    /// True for a YAML comment on the line of its value.
    pub inline: bool,
}

/// A value and where it stands in the source.
#[derive(Clone)]
pub struct Node<'s> {
    /// The value.
    pub value: Value<'s>,
    /// Its place in the source text; `None` for a value that has none of its
    /// own (made by an edit, or inside the expansion of an alias).
    pub slot: Option<Slot>,
    /// True where the value differs from what the source says at the slot.
    pub changed: bool,
}

/// Slots and change marks do not count: two nodes are equal when SOPS sees
/// the same value.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A value of the tree.
#[derive(Clone)]
pub enum Value<'s> {
    /// True or false.
    Bool(bool),
    /// A comment among the elements of a list.
    Comment(Comment<'s>),
    /// A float.
    Float(f64),
    /// An integer.
    Int(i64),
    /// A list.
    List(Vec<Node<'s>>),
    /// A map.
    Map(Vec<Item<'s>>),
    /// Null: never encrypted, never hashed.
    Null,
    /// A string; bytes, since it need not be UTF-8.
    Text(Cow<'s, [u8]>),
    /// A YAML timestamp.
    Time(Timestamp),
    /// An integer beyond `i64::MAX`: refused by the walk, as in SOPS.
    Unsigned(u64),
}

/// Floats compare by their bits, so that NaN equals itself and -0 differs
/// from 0: what counts is whether the file would say the same.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Comment(a), Self::Comment(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Null, Self::Null) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Unsigned(a), Self::Unsigned(b)) => a == b,
            _ => false,
        }
    }
}

impl<'s> Item<'s> {
    /// Builds an entry without a place in any source.
    pub fn entry(key: impl Into<Cow<'s, [u8]>>, value: Value<'s>) -> Self {
        Self { key: Key::Text(key.into()), node: Node::new(value) }
    }

    /// Builds a comment at `slot`.
    pub fn comment(text: impl Into<Cow<'s, [u8]>>, inline: bool, slot: Option<Slot>) -> Self {
        let comment = Comment { text: text.into(), inline };
        Self { key: Key::Comment(comment), node: Node { value: Value::Null, slot, changed: false } }
    }

    /// Returns the key's bytes, `None` for a comment and for a key that is no
    /// string.
    pub fn name(&self) -> Option<&[u8]> {
        match &self.key {
            Key::Text(text) => Some(text),
            Key::Comment(_) | Key::Other(_) => None,
        }
    }
}

impl<'s> Node<'s> {
    /// Builds a node without a place in any source.
    pub fn new(value: Value<'s>) -> Self {
        Self { value, slot: None, changed: false }
    }

    /// Builds a node that stands at `slot`.
    pub fn at(value: Value<'s>, slot: Slot) -> Self {
        Self { value, slot: Some(slot), changed: false }
    }
}

impl Value<'_> {
    /// Builds a text value that owns its bytes.
    pub fn text(text: impl Into<Vec<u8>>) -> Value<'static> {
        Value::Text(Cow::Owned(text.into()))
    }

    /// Names the value's type as SOPS does in its messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Comment(_) => "sops.Comment",
            Self::Float(_) => "float64",
            Self::Int(_) => "int",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "sops.TreeBranch",
            Self::Null => "<nil>",
            Self::Text(_) => "string",
            Self::Time(_) => "time.Time",
            Self::Unsigned(_) => "uint64",
        }
    }
}

/// Makes a tree independent of the source it was read from.
pub fn into_owned(branches: Vec<Branch<'_>>) -> Vec<Branch<'static>> {
    branches.into_iter().map(|branch| branch.into_iter().map(Item::into_owned).collect()).collect()
}

impl Item<'_> {
    /// Makes the item independent of its source.
    pub fn into_owned(self) -> Item<'static> {
        let key = match self.key {
            Key::Comment(comment) => Key::Comment(comment.into_owned()),
            Key::Other(name) => Key::Other(name),
            Key::Text(text) => Key::Text(Cow::Owned(text.into_owned())),
        };
        Item { key, node: self.node.into_owned() }
    }
}

impl Comment<'_> {
    /// Makes the comment independent of its source.
    pub fn into_owned(self) -> Comment<'static> {
        Comment { text: Cow::Owned(self.text.into_owned()), inline: self.inline }
    }
}

impl Node<'_> {
    /// Makes the node independent of its source. Depth is bounded by the
    /// reader's limits.
    pub fn into_owned(self) -> Node<'static> {
        Node { value: self.value.into_owned(), slot: self.slot, changed: self.changed }
    }
}

impl Value<'_> {
    /// Makes the value independent of its source.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Bool(flag) => Value::Bool(flag),
            Self::Comment(comment) => Value::Comment(comment.into_owned()),
            Self::Float(number) => Value::Float(number),
            Self::Int(number) => Value::Int(number),
            Self::List(nodes) => Value::List(nodes.into_iter().map(Node::into_owned).collect()),
            Self::Map(items) => Value::Map(items.into_iter().map(Item::into_owned).collect()),
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Time(time) => Value::Time(time),
            Self::Unsigned(number) => Value::Unsigned(number),
        }
    }
}
