//! The span editor: changes one value of a parsed document and leaves every other byte alone.
//!
//! Edits come back as splices of the source. Each edit is checked before it is returned: the spliced source is
//! parsed again and must hold exactly the old content with the one change. Where the natural text fails that
//! test (an odd layout around the place), a plainer one is tried; if that fails too the edit is refused.
//!
//! What belongs to a value goes with it: its tag, comments inside it, the comment at the end of its lines.
//! Comments above and below an entry stay, as do anchors.

mod insert;
mod layout;
mod remove;
mod replace;
#[cfg(test)]
mod tests;
mod verify;

use std::fmt::Write as _;
use std::ops::Range;

use crate::limits::Limits;
use crate::node::{Kind, NodeId, Stream};
use crate::tree;
use layout::Layout;

/// One step of a path from a document's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// A position in a sequence, from 0.
    Index(usize),
    /// A key of a mapping, as text; the first of equal keys.
    Key(&'p str),
}

/// A piece of the source and what to put there. It holds document text, hence no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Splice {
    /// Bytes of the source; empty for an insertion.
    pub range: Range<usize>,
    /// The text to put there.
    pub text: String,
}

/// Why an edit is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The path leads through an alias; a change there would change the anchored value elsewhere.
    #[error("{path} is an alias of a value defined elsewhere")]
    Alias {
        /// The path up to the alias.
        path: String,
    },
    /// A key where a sequence is, or an index where a mapping is.
    #[error("{path} is not a {wanted}")]
    Mismatch {
        /// The path up to the collection.
        path: String,
        /// `mapping` or `sequence`.
        wanted: &'static str,
    },
    /// No such document, key or index; or the root itself is to be removed.
    #[error("{path} does not exist")]
    NotFound {
        /// The path up to what is missing.
        path: String,
    },
    /// The layout around the place is beyond this editor.
    #[error("cannot edit {path} in place (line {line})")]
    Unsupported {
        /// The path.
        path: String,
        /// Line of the innermost node reached, from 1.
        line: usize,
    },
}

/// Sets the value at a path: replaces, appends a missing key or item, and creates what is missing in between
/// (a mapping for a key, a sequence of one item for an index; a scalar in the way is replaced). An index past
/// the end appends. New text follows the style of what it replaces; `limits` bounds the result.
///
/// # Errors
/// [`EditError`].
pub fn set(
    stream: &Stream<'_>,
    document: usize,
    path: &[Step<'_>],
    value: &tree::Node<'_>,
    limits: &Limits,
) -> Result<Vec<Splice>, EditError> {
    let target = find(stream, document, path)?;
    let rest = &path[target.depth..];
    let wrapped = wrap(rest, value);
    let change = match (stream[target.node].kind(), rest) {
        (_, []) => verify::Change::Replace(value),
        (Kind::Mapping, [Step::Key(key), rest @ ..]) => verify::Change::Add(Some(key), wrap(rest, value)),
        (Kind::Sequence, [Step::Index(_), rest @ ..]) => verify::Change::Add(None, wrap(rest, value)),
        (Kind::Mapping, _) => return Err(mismatch(&path[..target.depth], "sequence")),
        (Kind::Sequence, _) => return Err(mismatch(&path[..target.depth], "mapping")),
        (Kind::Alias { .. }, _) => return Err(EditError::Alias { path: path_text(&path[..target.depth]) }),
        (Kind::Scalar, _) => verify::Change::Replace(&wrapped),
    };
    for one_line in [false, true] {
        let layout = Layout::new(stream, document, one_line);
        let mut splices = match &change {
            verify::Change::Add(Some(key), value) => layout.add_pair(&target, key, value),
            verify::Change::Add(None, value) => layout.add_item(&target, value),
            verify::Change::Replace(value) => layout.replace(&target, value),
            verify::Change::Remove => Vec::new(),
        };
        layout.finish(&mut splices);
        if verify::holds(stream, &splices, target.node, &change, limits) {
            return Ok(splices);
        }
    }
    Err(unsupported(stream, &target, path))
}

/// Removes the entry at a path: a pair with its lines, an item with its dash. A collection that becomes empty
/// is written `{}` or `[]`.
///
/// # Errors
/// [`EditError`].
pub fn remove(
    stream: &Stream<'_>,
    document: usize,
    path: &[Step<'_>],
    limits: &Limits,
) -> Result<Vec<Splice>, EditError> {
    let target = find(stream, document, path)?;
    if target.depth < path.len() || path.is_empty() {
        return Err(EditError::NotFound { path: path_text(&path[..path.len().min(target.depth + 1)]) });
    }
    for with_comments in [false, true] {
        let layout = Layout::new(stream, document, false);
        let mut splices = layout.remove(&target, with_comments);
        layout.finish(&mut splices);
        if verify::holds(stream, &splices, target.node, &verify::Change::Remove, limits) {
            return Ok(splices);
        }
    }
    Err(unsupported(stream, &target, path))
}

/// The source with the splices, which must be in order and apart, as [`set`] and [`remove`] return them.
pub fn apply(source: &str, splices: &[Splice]) -> String {
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut out = String::with_capacity(source.len() + added);
    let mut done = 0;
    for splice in splices {
        out.push_str(source.get(done..splice.range.start).unwrap_or_default());
        out.push_str(&splice.text);
        done = done.max(splice.range.end);
    }
    out.push_str(source.get(done..).unwrap_or_default());
    out
}

/// A node with the way to it.
struct Target {
    node: NodeId,
    /// How many steps of the path lead there.
    depth: usize,
    context: Context,
    /// The context of the collection around it, where there is one.
    outer: Option<Box<Self>>,
}

/// How a node hangs in its parent.
#[derive(Clone, Copy)]
enum Context {
    Item { sequence: NodeId, index: usize },
    Root,
    Value { mapping: NodeId, pair: usize },
}

/// Follows the path as far as it exists.
fn find(stream: &Stream<'_>, document: usize, path: &[Step<'_>]) -> Result<Target, EditError> {
    let root = stream.documents().get(document).map(crate::node::Document::root);
    let Some(root) = root else {
        return Err(EditError::NotFound { path: format!("document {document}") });
    };
    let mut at = Target { node: root, depth: 0, context: Context::Root, outer: None };
    for step in path {
        let (node, context) = match (stream[at.node].kind(), *step) {
            (Kind::Alias { .. }, _) => {
                return Err(EditError::Alias { path: path_text(&path[..at.depth]) });
            }
            (Kind::Mapping, Step::Key(name)) => {
                let matches = |(key, _): &(NodeId, NodeId)| stream[stream.follow(*key)].value() == name;
                let found = stream.pairs(at.node).enumerate().find(|(_, pair)| matches(pair));
                let Some((pair, (_, value))) = found else { return Ok(at) };
                (value, Context::Value { mapping: at.node, pair })
            }
            (Kind::Sequence, Step::Index(index)) => {
                let Some(&item) = stream.children(at.node).get(index) else { return Ok(at) };
                (item, Context::Item { sequence: at.node, index })
            }
            (Kind::Mapping, Step::Index(_)) => return Err(mismatch(&path[..at.depth], "sequence")),
            (Kind::Sequence, Step::Key(_)) => return Err(mismatch(&path[..at.depth], "mapping")),
            (Kind::Scalar, _) => return Ok(at),
        };
        at = Target { node, depth: at.depth + 1, context, outer: Some(Box::new(at)) };
    }
    Ok(at)
}

/// The value under the nodes that the missing steps ask for.
fn wrap<'v>(rest: &[Step<'v>], value: &tree::Node<'v>) -> tree::Node<'v> {
    rest.iter().rev().fold(value.clone(), |inner, step| match step {
        Step::Index(_) => tree::Node::sequence(vec![inner]),
        Step::Key(key) => tree::Node::mapping(vec![(tree::Node::text(*key), inner)]),
    })
}

fn mismatch(path: &[Step<'_>], wanted: &'static str) -> EditError {
    EditError::Mismatch { path: path_text(path), wanted }
}

fn unsupported(stream: &Stream<'_>, target: &Target, path: &[Step<'_>]) -> EditError {
    EditError::Unsupported { path: path_text(path), line: stream[target.node].line() }
}

/// A path as SOPS writes it: `["a"][0]`.
fn path_text(path: &[Step<'_>]) -> String {
    if path.is_empty() {
        return "the document".to_owned();
    }
    path.iter().fold(String::new(), |mut text, step| {
        // Writing to a string cannot fail.
        let _ = match step {
            Step::Index(index) => write!(text, "[{index}]"),
            Step::Key(key) => write!(text, "[\"{key}\"]"),
        };
        text
    })
}
