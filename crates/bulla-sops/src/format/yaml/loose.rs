//! Comments that go-yaml attaches to no node, so that the tree of SOPS does
//! not hold them: they must not stay readable in an encrypted file.

use core::ops::Range;

use bulla_yaml::{Comment, Kind, NodeId, Stream, Style};

/// Finds the comments outside of everything that nodes and their comments
/// cover.
pub(super) fn comments(source: &[u8], stream: &Stream<'_>) -> Vec<Range<usize>> {
    if !source.contains(&b'#') {
        return Vec::new();
    }
    let mut covered = covered(source, stream);
    covered.sort_by_key(|range| (range.start, range.end));
    covered.push(source.len()..source.len());
    let mut found = Vec::new();
    let mut position = 0;
    for range in covered {
        if range.start > position {
            in_gap(source, position..range.start, &mut found);
        }
        position = position.max(range.end);
    }
    found
}

fn in_gap(source: &[u8], gap: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = gap.start;
    while let Some(hash) = memchr::memchr(b'#', &source[at..gap.end]).map(|offset| at + offset) {
        let starts = hash == 0 || source[hash - 1].is_ascii_whitespace() || hash == gap.start;
        if !starts {
            at = hash + 1;
            continue;
        }
        let line_end = memchr::memchr(b'\n', &source[hash..]).map_or(source.len(), |end| hash + end);
        let end = if source[..line_end].ends_with(b"\r") { line_end - 1 } else { line_end };
        if end > hash + 1 {
            found.push(hash..end);
        }
        at = line_end;
        if at >= gap.end {
            return;
        }
    }
}

/// Everything that is no loose comment: scalars without the header line of a
/// block scalar, aliases, tags, anchors, and comments that are attached.
fn covered(source: &[u8], stream: &Stream<'_>) -> Vec<Range<usize>> {
    let mut covered = Vec::new();
    for document in stream.documents() {
        note(document.head_comment(), &mut covered);
        note(document.foot_comment(), &mut covered);
        let mut open: Vec<NodeId> = vec![document.root()];
        while let Some(id) = open.pop() {
            let node = stream.node(id);
            open.extend_from_slice(stream.children(id));
            for comment in [node.head_comment(), node.line_comment(), node.foot_comment()] {
                note(comment, &mut covered);
            }
            covered.extend(node.tag_span());
            covered.extend(node.anchor_span());
            if matches!(node.kind(), Kind::Scalar | Kind::Alias { .. }) {
                let mut span = node.span();
                if matches!(node.style(), Style::Literal | Style::Folded) {
                    let header = memchr::memchr(b'\n', &source[span.clone()]).unwrap_or(span.len());
                    span.start += header;
                }
                covered.push(span);
            }
        }
    }
    covered
}

fn note(comment: Option<&Comment>, covered: &mut Vec<Range<usize>>) {
    covered.extend(comment.into_iter().flat_map(Comment::spans));
}
