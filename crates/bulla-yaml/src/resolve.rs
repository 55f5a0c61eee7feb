//! What a scalar means.

use crate::node::{Kind, Node, NodeId, Stream, Style};
use crate::number;
use crate::timestamp::Timestamp;

/// Whose rules for plain scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// sigs.k8s.io/yaml, on go-yaml v2: `yes`, `on`, `y` and their like are booleans too; a plain scalar that
    /// looks like a timestamp stays a string.
    Kubernetes,
    /// go.yaml.in/yaml/v3.
    YamlV3,
}

/// A scalar's value. `Str` and `Binary` leave the text to the caller, who has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    /// Tagged `!!binary`: the text is base64, see [`decode_binary`](crate::decode_binary).
    Binary,
    /// `true` or `false`.
    Bool(bool),
    /// `.inf` and `.nan` included.
    Float(f64),
    /// An integer in the signed range.
    Int(i64),
    /// Plain `<<`.
    Merge,
    /// Empty, `~` or `null`.
    Null,
    /// The text itself.
    Str,
    /// A date or point in time.
    Timestamp(Timestamp),
    /// An integer above the signed range.
    Uint(u64),
}

impl Resolved {
    /// The short tag of the type.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Binary => "!!binary",
            Self::Bool(_) => "!!bool",
            Self::Float(_) => "!!float",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Merge => "!!merge",
            Self::Null => "!!null",
            Self::Str => "!!str",
            Self::Timestamp(_) => "!!timestamp",
        }
    }
}

/// A scalar whose text does not fit its explicit tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("yaml: cannot decode a scalar that reads as {found} as a {tag}")]
pub struct TagMismatch {
    /// The tag written.
    pub tag: String,
    /// What the text would be without it.
    pub found: &'static str,
}

/// Resolves a scalar as go-yaml decodes it into an untyped value.
///
/// `tag` is the explicit tag in short form, if any; the non-specific `!` counts as none. Tags other than the
/// core ones are ignored, as go-yaml does: the value is then the text.
///
/// # Errors
/// If a core tag and the text disagree.
pub fn resolve(
    tag: Option<&str>,
    value: &str,
    style: Style,
    dialect: Dialect,
) -> Result<Resolved, TagMismatch> {
    let tag = tag.filter(|&tag| tag != "!");
    let Some(tag) = tag else {
        return Ok(if style.is_string() { Resolved::Str } else { untagged(value, dialect) });
    };
    match tag {
        "!!binary" => return Ok(Resolved::Binary),
        "!!bool" | "!!float" | "!!int" | "!!merge" | "!!null" | "!!timestamp" => {}
        _ => return Ok(Resolved::Str),
    }
    let found = plain(value, dialect, tag == "!!timestamp");
    match found {
        Resolved::Int(int) if tag == "!!float" => Ok(Resolved::Float(int as f64)),
        _ if found.tag() == tag => Ok(found),
        _ if tag == "!!merge" => Ok(Resolved::Str),
        _ => Err(TagMismatch { tag: tag.to_owned(), found: found.tag() }),
    }
}

impl Stream<'_> {
    /// Resolves a scalar node, or the scalar an alias stands for. Collections resolve to `Str`.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn resolve(&self, id: NodeId, dialect: Dialect) -> Result<Resolved, TagMismatch> {
        let node = self.node(self.follow(id));
        resolve(node.tag(), node.value(), node.style(), dialect)
    }

    /// go-yaml's `Node.ShortTag`: the explicit tag, else the one the kind or the text implies.
    pub fn short_tag(&self, id: NodeId) -> &str {
        self.node(self.follow(id)).short_tag()
    }
}

impl Node<'_> {
    /// The short tag; an alias has that of its target, see [`Stream::short_tag`].
    fn short_tag(&self) -> &str {
        match self.tag() {
            Some(tag) if tag != "!" => tag,
            _ => match self.kind() {
                Kind::Mapping => "!!map",
                Kind::Sequence => "!!seq",
                Kind::Scalar if self.style().is_string() => "!!str",
                Kind::Scalar | Kind::Alias { .. } => untagged(self.value(), Dialect::YamlV3).tag(),
            },
        }
    }
}

fn untagged(value: &str, dialect: Dialect) -> Resolved {
    plain(value, dialect, dialect == Dialect::YamlV3)
}

fn plain(value: &str, dialect: Dialect, timestamps: bool) -> Resolved {
    let Some(&first) = value.as_bytes().first() else { return Resolved::Null };
    let found = match first {
        b'0'..=b'9' | b'+' | b'-' => {
            let time = if timestamps { Timestamp::parse_yaml(value) } else { None };
            named(value).or(time.map(Resolved::Timestamp)).or_else(|| number::parse(value))
        }
        b'.' => named(value).or_else(|| number::parse_fraction(value).map(Resolved::Float)),
        b't' | b'T' | b'f' | b'F' | b'n' | b'N' | b'~' | b'<' => named(value),
        _ => None,
    };
    match dialect {
        Dialect::Kubernetes => found.or_else(|| yaml_1_1_bool(value).map(Resolved::Bool)),
        Dialect::YamlV3 => found,
    }
    .unwrap_or(Resolved::Str)
}

fn named(value: &str) -> Option<Resolved> {
    Some(match value {
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "<<" => Resolved::Merge,
        _ => return None,
    })
}

fn yaml_1_1_bool(value: &str) -> Option<bool> {
    match value {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
