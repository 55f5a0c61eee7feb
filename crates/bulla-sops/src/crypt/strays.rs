//! Comments that do not decrypt where they stand. sops prints a comment in a
//! place that its next reader takes for another container's, and whose path
//! then is not the one that the comment was encrypted for (`sops.md` 7.1); sops
//! itself leaves such a comment encrypted. It is found again by the paths of
//! the containers around it.

use std::collections::{BTreeMap, BTreeSet};

use bulla_crypto::ValueCipher;

use super::CryptError;
use crate::metadata::Metadata;
use crate::tree::{Branch, Value};
use crate::value;
use crate::walk::{self, Leaf, Target};

/// Bytes of paths and comments that are tried for a file, all together: what is
/// no comment of this data key must not cost much more than reading the file.
const TRIED: usize = 32 << 20;

/// Bytes of paths that are kept for the comments of a file, all together.
const KEPT: usize = 16 << 20;

/// Paths that are tried for one comment.
const PATHS: usize = 512;

/// What became of comments that do not decrypt where they stand.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Strays {
    /// Comments that were left as they are: files of old versions hold plain
    /// ones.
    pub(crate) plain: usize,
    /// Starts of the slots of comments that were encrypted for another
    /// container.
    pub(crate) moved: BTreeSet<u32>,
}

/// The comments that failed, with what stands around them.
#[derive(Default)]
pub(super) struct Lost {
    /// By the number of their leaf: additional data of the values before and
    /// behind them.
    comments: BTreeMap<usize, [Vec<u8>; 2]>,
    /// Those of them that no value has followed yet begin here.
    open: usize,
    leaves: usize,
    kept: usize,
    /// Additional data of the last value.
    last: Vec<u8>,
}

impl Lost {
    /// Notes a comment that failed, before [`Lost::pass`] goes over it.
    pub(super) fn comment(&mut self, leaf: &Leaf<'_, '_>) {
        if let Target::Comment(comment) = &leaf.target
            && value::is_comment_envelope(&comment.text)
            && self.kept < KEPT
        {
            self.kept += self.last.len();
            self.comments.insert(self.leaves, [self.last.clone(), Vec::new()]);
        }
    }

    /// Goes over a leaf.
    pub(super) fn pass(&mut self, leaf: &Leaf<'_, '_>) {
        self.leaves += 1;
        if matches!(leaf.target, Target::Comment(_)) {
            return;
        }
        for (_, [_, behind]) in self.comments.range_mut(self.open..) {
            if self.kept < KEPT {
                self.kept += leaf.aad.len();
                behind.extend_from_slice(leaf.aad);
            }
        }
        self.open = self.leaves;
        self.last.clear();
        self.last.extend_from_slice(leaf.aad);
    }

    /// Decrypts what the path of a container around it opens.
    pub(super) fn find(
        &self,
        branches: &mut [Branch<'_>],
        metadata: &Metadata,
        cipher: &ValueCipher,
        strays: &mut Strays,
    ) -> Result<(), CryptError> {
        let (mut number, mut left) = (0, TRIED);
        let mut visit = |leaf: Leaf<'_, '_>| -> Result<(), CryptError> {
            let lost = self.comments.get(&number);
            number += 1;
            let (Some([before, behind]), Target::Comment(comment)) = (lost, leaf.target) else {
                return Ok(());
            };
            if left == 0 {
                return Ok(());
            }
            let around = [before.as_slice(), behind, leaf.aad];
            let mut paths: BTreeSet<&[u8]> = around.into_iter().flat_map(containers).take(PATHS).collect();
            paths.insert(b":".as_slice());
            for path in paths {
                left = left.saturating_sub(path.len() + comment.text.len());
                if let Ok(Value::Comment(found)) = value::open(cipher, path, &comment.text) {
                    comment.text = found.text;
                    comment.inline = false;
                    *leaf.changed = true;
                    strays.plain -= 1;
                    strays.moved.extend(leaf.slot_start);
                    break;
                }
            }
            Ok(())
        };
        walk::walk(branches, &metadata.selection, &mut visit)
    }
}

/// A path and all that it lies in, as additional data.
fn containers(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr_iter(b':', path).map(|colon| &path[..=colon])
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use bulla_core::Limits;

    use super::*;
    use crate::encrypt::tests::long_path;
    use crate::format::{Purpose, by_name};
    use crate::selection::Selection;

    #[test]
    fn f_01_long_paths_around_many_comments_are_not_all_kept() {
        let (mut text, path) = long_path();
        let indent = " ".repeat(100);
        let comment = "#ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:comment]";
        for number in 0..200 {
            let _ = writeln!(text, "{indent}a{number}: 1\n{indent}{comment}");
        }
        let _ = writeln!(text, "{indent}z: 1");
        let yaml = by_name("yaml").unwrap();
        let mut document = yaml.parse(text.as_bytes(), Purpose::Plain, &Limits::default()).unwrap();
        let mut lost = Lost::default();
        let mut visit = |leaf: Leaf<'_, '_>| -> Result<(), CryptError> {
            lost.comment(&leaf);
            lost.pass(&leaf);
            Ok(())
        };
        walk::walk(&mut document.branches, &Selection::everything(), &mut visit).unwrap();
        let kept: usize = lost.comments.values().flatten().map(Vec::len).sum();
        assert!((KEPT..=KEPT + path + "a199:".len()).contains(&kept), "{kept}");
    }
}
