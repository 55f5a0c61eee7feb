//! What a scalar means.

use crate::node::{Kind, Node, NodeId, Stream, Style};
use crate::number;
use crate::timestamp::Timestamp;

/// Whose rules for plain scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// sigs.k8s.io/yaml v1.6, on go-yaml v2: `yes`, `on`, `y` and their like are booleans too; timestamps stay
    /// strings, and so does what is tagged `!`.
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
/// `tag` is the explicit tag in short form, if any; the non-specific `!` counts as none in yaml.v3. Tags other than the
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
    if tag == Some("!") && dialect == Dialect::Kubernetes {
        return Ok(Resolved::Str);
    }
    let Some(tag) = tag.filter(|&tag| tag != "!") else {
        return Ok(if style.is_string() { Resolved::Str } else { untagged(value, dialect) });
    };
    match tag {
        "!!binary" => return Ok(Resolved::Binary),
        "!!bool" | "!!float" | "!!int" | "!!merge" | "!!null" | "!!timestamp" => {}
        _ => return Ok(Resolved::Str),
    }
    let found = plain(value, dialect, tag == "!!timestamp");
    match found {
        Resolved::Timestamp(_) if dialect == Dialect::Kubernetes => Ok(Resolved::Str),
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
            named(value).or(time.map(Resolved::Timestamp)).or_else(|| number::parse(value, dialect))
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

#[cfg(test)]
mod tests {
    use super::{Dialect, Resolved, Timestamp, resolve};
    use crate::Style;

    fn go(text: &str) -> Resolved {
        resolve(None, text, Style::Plain, Dialect::YamlV3).expect("no tag")
    }

    #[test]
    fn plain_scalars_resolve_as_in_yaml_v3() {
        use Resolved::{Bool, Float, Int, Merge, Null, Str, Uint};
        for (text, expected) in [
            ("", Null),
            ("~", Null),
            ("Null", Null),
            ("nULL", Str),
            ("<<", Merge),
            ("=", Str),
            ("true", Bool(true)),
            ("FALSE", Bool(false)),
            ("tRUE", Str),
            ("yes", Str),
            ("on", Str),
            ("017", Int(15)),
            ("00", Int(0)),
            ("0o17", Int(15)),
            ("-0o7", Int(-7)),
            ("08", Float(8.0)),
            ("0o8", Str),
            ("0x1F", Int(31)),
            ("0XFF", Int(255)),
            ("-0x10", Int(-16)),
            ("0x_1", Int(1)),
            ("0b11", Int(3)),
            ("-0b1", Int(-1)),
            ("0b2", Str),
            ("0b+1", Int(1)),
            ("0o-7", Int(-7)),
            ("0x-1", Str),
            ("0x", Str),
            ("1_000", Int(1000)),
            ("1__0", Int(10)),
            ("1_", Int(1)),
            ("_1", Str),
            ("1_0.5", Float(10.5)),
            ("685.230_15e+03", Float(685_230.15)),
            ("1.", Float(1.0)),
            (".5", Float(0.5)),
            ("+.5", Float(0.5)),
            (".5_0", Float(0.5)),
            (".5_", Str),
            ("._5", Str),
            ("1e3", Float(1000.0)),
            ("1e400", Str),
            (".", Str),
            ("-", Str),
            ("+", Str),
            ("1e", Str),
            ("9223372036854775807", Int(i64::MAX)),
            ("-9223372036854775808", Int(i64::MIN)),
            ("18446744073709551615", Uint(u64::MAX)),
            ("18446744073709551616", Float(18_446_744_073_709_551_616.0)),
            ("-9223372036854775809", Float(-9_223_372_036_854_775_808.0)),
            ("+18446744073709551615", Float(18_446_744_073_709_551_616.0)),
            (".inf", Float(f64::INFINITY)),
            ("-.Inf", Float(f64::NEG_INFINITY)),
            ("inf", Str),
            ("nan", Str),
            ("190:20:30", Str),
            ("21:59:43", Str),
            ("12e03x", Str),
            ("1 2", Str),
            ("NaN", Str),
        ] {
            assert_eq!(go(text), expected, "{text}");
        }
        assert!(matches!(go(".NaN"), Resolved::Float(value) if value.is_nan()));
        assert_eq!(Some(go("2001-1-1")), Timestamp::parse_yaml("2001-01-01").map(Resolved::Timestamp));
    }

    #[test]
    fn tags_decide_and_can_disagree() {
        let tagged = |tag, text, style| resolve(Some(tag), text, style, Dialect::YamlV3);
        assert_eq!(tagged("!!str", "1", Style::Plain), Ok(Resolved::Str));
        assert_eq!(tagged("!!float", "1", Style::Plain), Ok(Resolved::Float(1.0)));
        assert_eq!(tagged("!!int", "1", Style::DoubleQuoted), Ok(Resolved::Int(1)));
        assert_eq!(tagged("!local", "1", Style::Plain), Ok(Resolved::Str));
        assert_eq!(tagged("!", "1", Style::Plain), Ok(Resolved::Int(1)));
        assert_eq!(tagged("!!binary", "AA==", Style::Plain), Ok(Resolved::Binary));
        let error = tagged("!!int", "secret", Style::Plain).expect_err("no integer");
        assert!(!error.to_string().contains("secret"));
        assert!(tagged("!!bool", "yes", Style::Plain).is_err());
    }

    #[test]
    fn kubernetes_reads_yaml_1_1_booleans_and_no_timestamps() {
        let kubernetes = |text| resolve(None, text, Style::Plain, Dialect::Kubernetes).expect("no tag");
        for text in ["y", "Yes", "on", "ON", "true"] {
            assert_eq!(kubernetes(text), Resolved::Bool(true), "{text}");
        }
        for text in ["n", "No", "off", "False"] {
            assert_eq!(kubernetes(text), Resolved::Bool(false), "{text}");
        }
        assert_eq!(kubernetes("yES"), Resolved::Str);
        assert_eq!(kubernetes("2001-01-01"), Resolved::Str);
        assert_eq!(kubernetes("010"), Resolved::Int(8));
        assert_eq!(kubernetes("0o-7"), Resolved::Str);
        let tagged = |tag, text| resolve(Some(tag), text, Style::Plain, Dialect::Kubernetes);
        assert_eq!(tagged("!", "12"), Ok(Resolved::Str));
        assert_eq!(tagged("!!timestamp", "2001-01-01"), Ok(Resolved::Str));
        assert_eq!(tagged("!!bool", "yes"), Ok(Resolved::Bool(true)));
    }
}
