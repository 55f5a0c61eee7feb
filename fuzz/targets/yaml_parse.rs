//! The YAML reader: no panic, spans lie in the source, children exist.
#![no_main]

use bulla_yaml::{Limits, NodeId, Stream};

libfuzzer_sys::fuzz_target!(|source: &[u8]| {
    let limits = Limits { nodes: 20_000, ..Limits::default() };
    if let Ok(stream) = bulla_yaml::parse(source, &limits) {
        for document in stream.documents() {
            visit(&stream, document.root());
        }
    }
});

fn visit(stream: &Stream<'_>, root: NodeId) {
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let node = stream.node(id);
        assert!(
            stream.source().get(node.span()).is_some(),
            "a span outside of the source or within a character"
        );
        for comment in [node.head_comment(), node.line_comment(), node.foot_comment()].into_iter().flatten() {
            for span in comment.spans() {
                assert!(stream.source()[span].starts_with('#'), "a comment begins with its sign");
            }
        }
        open.extend(stream.children(id));
    }
}
