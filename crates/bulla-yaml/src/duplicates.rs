//! Repeated mapping keys.

use std::cmp::Ordering;

use crate::node::{Kind, NodeId, Stream};

/// A mapping key that its mapping already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key's first occurrence.
    pub first: NodeId,
    /// The later one.
    pub repeated: NodeId,
}

impl DuplicateKey {
    /// go-yaml's words without the key: `line 3: mapping key already defined at line 1`.
    pub fn describe(&self, stream: &Stream<'_>) -> String {
        let (line, first) = (stream[self.repeated].line(), stream[self.first].line());
        format!("line {line}: mapping key already defined at line {first}")
    }
}

impl Stream<'_> {
    /// Finds the repeated keys of every mapping under `root`, in document order of the mappings and keys.
    ///
    /// Keys are compared as go-yaml's decoder does: same kind and same text, whatever their tags and styles
    /// (`1` and `"1"` are the same, and so are any two sequences). Aliases are not followed; a target is
    /// reported where it stands.
    pub fn duplicate_keys(&self, root: NodeId) -> Vec<DuplicateKey> {
        let mut found = Vec::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            let children = self.children(id);
            if self[id].kind() == Kind::Mapping {
                self.duplicates_in(children, &mut found);
            }
            let nested = |&&child: &&NodeId| matches!(self[child].kind(), Kind::Mapping | Kind::Sequence);
            open.extend(children.iter().rev().filter(nested));
        }
        found
    }

    fn duplicates_in(&self, children: &[NodeId], found: &mut Vec<DuplicateKey>) {
        let mut keys: Vec<NodeId> = children.iter().step_by(2).copied().collect();
        // Sorting by text and then place puts every key behind its first occurrence.
        keys.sort_unstable_by(|&a, &b| self.compare_keys(a, b).then(a.cmp(&b)));
        let from = found.len();
        for group in keys.chunk_by(|&a, &b| self.compare_keys(a, b) == Ordering::Equal) {
            found.extend(group[1..].iter().map(|&repeated| DuplicateKey { first: group[0], repeated }));
        }
        found[from..].sort_unstable_by_key(|key| key.repeated);
    }

    fn compare_keys(&self, a: NodeId, b: NodeId) -> Ordering {
        let rank = |id: NodeId| match self[id].kind() {
            Kind::Alias { .. } => 0,
            Kind::Mapping => 1,
            Kind::Scalar => 2,
            Kind::Sequence => 3,
        };
        // Any order does; that of lengths is quick to tell.
        let (a_text, b_text) = (self[a].value(), self[b].value());
        let by_text = || a_text.len().cmp(&b_text.len()).then_with(|| a_text.cmp(b_text));
        rank(a).cmp(&rank(b)).then_with(by_text)
    }
}
