//! A parsed file: its source text, the tree in it, and where each value of
//! the tree stands, so that writing can keep every byte that did not change.

use std::ops::Range;

use crate::tree::{Branch, Item};

/// Where a value or a comment stands in the source, and in what form.
///
/// The range is what gets replaced when the value changes. It covers a
/// scalar with its quotes or block header, a tag in front of it included; a
/// comment from its comment character to the end of the line; an alias with
/// its star.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    /// First byte of the replaceable text.
    pub start: u32,
    /// Byte behind it.
    pub end: u32,
    /// Column that content lines of a block scalar, or of a block collection,
    /// are relative to: the indentation of the parent, in columns.
    pub indent: u16,
    /// How the value is written there.
    pub style: Style,
    /// True inside `{}` or `[]` of YAML.
    pub flow: bool,
}

/// How a value is written in the source. Formats use the ones they know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// An alias of YAML, standing for a copy of its anchor.
    Alias,
    /// A backtick-quoted value of INI.
    Backtick,
    /// A map or a list.
    Collection,
    /// A comment.
    Comment,
    /// A double-quoted scalar.
    Double,
    /// A folded block scalar of YAML.
    Folded,
    /// A literal block scalar of YAML.
    Literal,
    /// Text without quotes.
    Plain,
    /// A single-quoted scalar.
    Single,
    /// A triple-quoted value of INI.
    Triple,
}

impl Slot {
    /// Returns the replaceable range of the source.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where one document of a file holds the metadata, or would hold it.
#[derive(Clone, Debug)]
pub struct MetadataPlace {
    /// What to cut out so that no trace of the metadata is left; `None` where
    /// the document holds none. Lines of a flattened block may be scattered,
    /// so there can be more than one range, in ascending order.
    pub existing: Vec<Range<usize>>,
    /// Where a new block goes.
    pub insert_at: usize,
    /// Column at which a new block starts (YAML), or the width of one step
    /// (JSON); formats that need neither write 0.
    pub indent: usize,
    /// True where the block must be written inside `{}` of YAML, or on one
    /// line in JSON.
    pub flow: bool,
    /// True where the document has no other item.
    pub empty: bool,
}

/// A parsed file.
pub struct Document<'s> {
    /// The bytes it was read from.
    pub source: &'s [u8],
    /// The documents' items, metadata taken out.
    pub branches: Vec<Branch<'s>>,
    /// The metadata of the first document as a nested tree (flattened
    /// formats: already unflattened).
    pub metadata: Option<Vec<Item<'s>>>,
    /// One place per document.
    pub places: Vec<MetadataPlace>,
    /// Comments in the text that are no part of the tree: SOPS loses them.
    pub loose_comments: Vec<Range<usize>>,
    /// What was tolerated while reading and should be said (`security.md`
    /// section 10, 9); texts hold no value of the file.
    pub warnings: Vec<String>,
}

impl<'s> Document<'s> {
    /// A file of one document, without loose comments or warnings.
    pub(crate) fn single(
        source: &'s [u8],
        branch: Branch<'s>,
        metadata: Option<Vec<Item<'s>>>,
        place: MetadataPlace,
    ) -> Self {
        Self {
            source,
            branches: vec![branch],
            metadata,
            places: vec![place],
            loose_comments: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// One replacement in a source text.
#[derive(Clone, Debug)]
pub struct Splice {
    /// What is replaced; empty for an insertion.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: Vec<u8>,
}

impl Splice {
    /// Replaces `range` by `text`.
    pub fn new(range: Range<usize>, text: impl Into<Vec<u8>>) -> Self {
        Self { range, text: text.into() }
    }
}

/// Applies `splices` to `source`. They may come in any order; where two
/// start at one place, the shorter replaced range goes first, so that an
/// insertion precedes what is replaced behind it.
///
/// A splice may lie inside another one: the comment on the header line of a
/// block scalar. It then replaces its old text within the outer one's new
/// text, if that still holds it.
pub fn apply(source: &[u8], mut splices: Vec<Splice>) -> Vec<u8> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let grown: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut out = Vec::with_capacity(source.len() + grown);
    let mut position = 0;
    let mut outer = 0;
    for splice in splices {
        if splice.range.start < position {
            let old = &source[splice.range];
            if let Some(at) = memchr::memmem::find(&out[outer..], old) {
                out.splice(outer + at..outer + at + old.len(), splice.text);
            }
            continue;
        }
        out.extend_from_slice(&source[position..splice.range.start]);
        outer = out.len();
        out.extend_from_slice(&splice.text);
        position = splice.range.end;
    }
    out.extend_from_slice(&source[position..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_apply_in_source_order_with_insertions_first() {
        let splices = vec![Splice::new(4..5, "E"), Splice::new(1..2, "BB"), Splice::new(4..4, "+")];
        assert_eq!(apply(b"abcdef", splices), b"aBBcd+Ef");
    }

    #[test]
    fn a_splice_inside_another_changes_the_text_of_the_outer_one() {
        let splices = vec![Splice::new(2..12, "|- # c\n  X\n"), Splice::new(4..7, "#E")];
        assert_eq!(apply(b"a:| # c\n  y\nb", splices), b"a:|- #E\n  X\nb");
    }
}
