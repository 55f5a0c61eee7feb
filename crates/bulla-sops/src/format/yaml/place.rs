//! Where the `sops` block of a YAML document stands, or goes.

use bulla_yaml::{Kind, Stream, Style};

use crate::document::MetadataPlace;

/// Finds where a new block goes: behind everything else of a block mapping,
/// before the closing brace of a flow mapping.
pub(super) fn place(stream: &Stream<'_>, number: usize) -> MetadataPlace {
    let document = &stream.documents()[number];
    let root = stream.node(document.root());
    let source = stream.source().as_bytes();
    if matches!(root.kind(), Kind::Mapping) && root.style() == Style::Flow {
        let last = stream.children(document.root()).last();
        let behind = last.map_or(root.span().start + 1, |id| {
            let node = stream.node(*id);
            node.span().end
        });
        return MetadataPlace::new(behind, 0, true);
    }
    let indent = if matches!(root.kind(), Kind::Mapping) { root.indent() } else { 0 };
    let at = document.body_end().min(source.len());
    MetadataPlace::new(at, indent, false)
}

/// Finds the `sops` entries that are there and notes what to cut out.
pub(super) fn existing(stream: &Stream<'_>, number: usize, place: &mut MetadataPlace) {
    let document = &stream.documents()[number];
    let source = stream.source().as_bytes();
    let root = document.root();
    if !matches!(stream.node(root).kind(), Kind::Mapping) {
        return;
    }
    let flow = stream.node(root).style() == Style::Flow;
    for (key, value) in stream.pairs(root) {
        if stream.node(key).value() != "sops" {
            continue;
        }
        let (start, end) = (stream.node(key).span().start, stream.node(value).span().end);
        place.existing.push(if flow {
            flow_range(source, start, end)
        } else {
            line_range(source, start, end)
        });
    }
}

/// The lines of a block entry. A block that ends the file without a line
/// break was appended to a text without one, so the break before it goes too.
fn line_range(source: &[u8], key: usize, value_end: usize) -> core::ops::Range<usize> {
    let line_start = memchr::memrchr(b'\n', &source[..key]).map_or(0, |newline| newline + 1);
    let blank = source[line_start..key].iter().all(|byte| *byte == b' ');
    let mut start = if blank { line_start } else { key };
    let ends_in_break = value_end > key && source[value_end - 1] == b'\n';
    let end = if ends_in_break {
        value_end
    } else {
        memchr::memchr(b'\n', &source[value_end..]).map_or(source.len(), |newline| value_end + newline + 1)
    };
    if end == source.len() && !source.ends_with(b"\n") && start > 0 && start == line_start {
        start -= 1;
    }
    start..end
}

/// A pair of a flow mapping with the comma that was written with it:
/// [`super::write::flow_metadata`] puts `, ` in front, or nothing where the
/// mapping was empty.
fn flow_range(source: &[u8], key: usize, value_end: usize) -> core::ops::Range<usize> {
    let start = if source[..key].ends_with(b", ") { key - 2 } else { key };
    start..value_end
}
