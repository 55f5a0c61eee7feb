//! Rows of go-yaml's readings, as `oracles/` and the golden files have them,
//! and our readings beside them.

use bulla_yaml::{
    Comment, Dialect, Error, Kind, Limits, NodeId, Resolved, Stream, Style, decode_binary, decode_utf16,
    parse,
};
use serde_json::Value;

/// go-yaml's own style bits.
const TAGGED: u64 = 1;

/// Compares our reading of a document with a row.
///
/// # Errors
/// The first difference.
///
/// # Panics
/// Where the row is none, and where a span of ours does not lie where it must.
pub fn compare(source: &[u8], row: &Value) -> Result<(), String> {
    let mut source = source.to_vec();
    if parse(&source, &Limits::default()).is_err_and(|error| error == Error::Utf16) {
        source = decode_utf16(&source).ok_or("UTF-16 not decoded")?.into_bytes();
    }
    let stream = match parse(&source, &Limits::default()) {
        Ok(stream) => stream,
        Err(error) if row["ok"] == true => return Err(format!("refused: {error}")),
        Err(error) => {
            let expected = row["e"].as_str().unwrap_or_default();
            // Go's text has the anchor's name, which may be a password that begins with `*`.
            if expected.starts_with("yaml: unknown anchor '") && expected.ends_with("' referenced") {
                let known = error.to_string().starts_with("yaml: unknown anchor referenced (line ");
                return if known { Ok(()) } else { Err(format!("{error}, where an anchor is unknown")) };
            }
            return same("error", error.to_string().as_str(), expected);
        }
    };
    if row["ok"] == false {
        return Err(format!("accepted, Go says {}", row["e"]));
    }
    check_spans(&stream);
    let documents = row["docs"].as_array().expect("documents");
    same("documents", &stream.documents().len(), &documents.len())?;
    for (index, expected) in documents.iter().enumerate() {
        let found = flatten(&stream, index);
        for (at, (found, expected)) in found.iter().zip(expected.as_array().expect("nodes")).enumerate() {
            same(&format!("document {index} node {at}"), found, &normal(expected))?;
        }
        same("nodes", &found.len(), &expected.as_array().map_or(0, Vec::len))?;
    }
    compare_decoding(&stream, row)
}

/// Duplicate keys and undecodable scalars, as far as they are ours to see.
fn compare_decoding(stream: &Stream<'_>, row: &Value) -> Result<(), String> {
    let mut duplicates = 0;
    let mut mismatch = false;
    for document in stream.documents() {
        duplicates += stream.duplicate_keys(document.root()).len();
    }
    for index in 0..stream.documents().len() {
        mismatch |= flatten(stream, index)
            .iter()
            .any(|node| node["g"].as_str().is_some_and(|text| text.starts_with("ERR")));
    }
    let message = row["dece"].as_str().unwrap_or_default();
    let go_duplicates = message.contains("already defined");
    // An undecodable scalar or key stops Go before it looks for further duplicates.
    let go_stopped = message.contains("invalid map key") || message.contains("cannot decode");
    if !go_stopped {
        same("duplicate keys", &(duplicates > 0), &go_duplicates)?;
    }
    if message.contains("cannot decode") || message.contains("invalid base64") {
        same("mismatch", &mismatch, &true)?;
    } else if row["dec"] == true {
        same("mismatch", &mismatch, &false)?;
    }
    Ok(())
}

/// The row format of the golden files.
fn flatten(stream: &Stream<'_>, index: usize) -> Vec<Value> {
    let document = &stream.documents()[index];
    let mut nodes = vec![serde_json::json!({
        "d": 0, "k": "doc", "t": "", "s": 0, "v": "", "l": document.line(), "c": document.column(),
        "hc": text(document.head_comment()), "fc": text(document.foot_comment()), "lc": "", "a": "", "g": "",
    })];
    let mut open = vec![(document.root(), 1)];
    while let Some((id, depth)) = open.pop() {
        let node = &stream[id];
        nodes.push(serde_json::json!({
            "d": depth,
            "k": match node.kind() {
                Kind::Alias { .. } => "ali",
                Kind::Mapping => "map",
                Kind::Scalar => "scl",
                Kind::Sequence => "seq",
            },
            "t": stream.short_tag(id), "s": style_bits(stream, id), "v": node.value(),
            "l": node.line(), "c": node.column(), "a": node.anchor().unwrap_or_default(),
            "hc": text(node.head_comment()), "lc": text(node.line_comment()), "fc": text(node.foot_comment()),
            "g": if node.kind() == Kind::Scalar { go_value(stream, id) } else { String::new() },
        }));
        open.extend(stream.children(id).iter().rev().map(|&child| (child, depth + 1)));
    }
    nodes
}

fn style_bits(stream: &Stream<'_>, id: NodeId) -> u64 {
    let node = &stream[id];
    let style = match node.style() {
        Style::Block | Style::Plain => 0,
        Style::DoubleQuoted => 2,
        Style::SingleQuoted => 4,
        Style::Literal => 8,
        Style::Folded => 16,
        Style::Flow => 32,
    };
    style | if node.tag().is_some_and(|tag| tag != "!") { TAGGED } else { 0 }
}

/// Go's `%T|%v` of the decoded scalar.
fn go_value(stream: &Stream<'_>, id: NodeId) -> String {
    let value = stream[id].value();
    match stream.resolve(id, Dialect::YamlV3) {
        Err(error) => format!("ERR yaml: cannot decode {} `{value}` as a {}", error.found, error.tag),
        Ok(Resolved::Null) => "<nil>|<nil>".to_owned(),
        Ok(Resolved::Bool(value)) => format!("bool|{value}"),
        Ok(Resolved::Int(value)) => format!("int|{value}"),
        Ok(Resolved::Uint(value)) => format!("uint64|{value}"),
        Ok(Resolved::Float(value)) => format!("float64|{}", go_float(value)),
        Ok(Resolved::Timestamp(time)) => format!("time.Time|{}", time.to_rfc3339_nano()),
        Ok(Resolved::Str | Resolved::Merge) => format!("string|{value}"),
        Ok(Resolved::Binary) => match decode_binary(value) {
            Some(bytes) => format!("string|{}", String::from_utf8_lossy(&bytes)),
            None => "ERR yaml: !!binary value contains invalid base64 data".to_owned(),
        },
    }
}

/// Go's `%v` of a float: shortest digits, exponent form below 1e-4 and from 1e6.
fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("a number");
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Asserts that every span lies in the source, on character boundaries, inside its parent's, and that comments
/// begin with `#`.
///
/// # Panics
/// Where one does not.
pub fn check_spans(stream: &Stream<'_>) {
    let source = stream.source();
    let comment_lines = |comment: Option<&Comment>| {
        let Some(comment) = comment else { return };
        let lines: Vec<_> = comment.spans().map(|span| &source[span]).collect();
        let expected: Vec<_> = comment.text().split('\n').filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, expected);
        assert!(lines.iter().all(|line| line.starts_with('#')));
    };
    let mut start = 0;
    for document in stream.documents() {
        let span = document.span();
        assert!(span.start >= start && span.end <= source.len(), "{span:?}");
        assert!(document.content_end() >= span.start && document.content_end() <= source.len());
        start = span.end;
        comment_lines(document.head_comment());
        comment_lines(document.foot_comment());
        let mut open = vec![document.root()];
        while let Some(id) = open.pop() {
            let node = &stream[id];
            let text = &source[node.span()];
            match node.style() {
                Style::DoubleQuoted => assert!(text.starts_with('"') && text.ends_with('"')),
                Style::SingleQuoted => assert!(text.starts_with('\'') && text.ends_with('\'')),
                Style::Literal => assert!(text.starts_with('|')),
                Style::Folded => assert!(text.starts_with('>')),
                Style::Plain | Style::Flow | Style::Block => {}
            }
            if let Some(span) = node.anchor_span() {
                assert_eq!(source[span].strip_prefix('&'), node.anchor());
            }
            if let Some(span) = node.tag_span() {
                assert!(source[span].starts_with('!'));
            }
            for comment in [node.head_comment(), node.line_comment(), node.foot_comment()] {
                comment_lines(comment);
            }
            for &child in stream.children(id) {
                let inner = stream[child].span();
                let empty = inner.is_empty();
                assert!(
                    empty || (inner.start >= node.span().start && inner.end <= node.span().end),
                    "{inner:?} not in {:?}",
                    node.span()
                );
                open.push(child);
            }
        }
    }
}

fn text(comment: Option<&Comment>) -> &str {
    comment.map_or("", Comment::text)
}

fn normal(node: &Value) -> Value {
    let mut node = node.clone();
    for field in ["a", "hc", "lc", "fc", "g"] {
        if node.get(field).is_none() {
            node[field] = Value::from("");
        }
    }
    node
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}:\n  ours {found:?}\n  Go   {expected:?}")) }
}
