//! What can be said about an encrypted file without any key.

use crate::file::EncryptedFile;
use crate::selection::Selection;
use crate::tree::Value;
use crate::value::is_envelope;
use crate::walk::{self, Target, WalkError, path_text};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line of the file, from 1, where the value has one of its own.
    pub line: Option<usize>,
    /// Path in the tree, for people.
    pub path: String,
}

/// The values that a selection rule encrypts, and that are not encrypted. Comments are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// Values that everybody can read.
    pub readable: Vec<Place>,
    /// Empty values: never encrypted, so that one that was blanked cannot be
    /// told from one that was empty (`security.md` C-04).
    pub empty: Vec<Place>,
}

impl EncryptedFile<'_> {
    /// Finds the values that `selection` would encrypt and that are not
    /// encrypted: the file's own rule, or the one that it ought to have.
    pub fn plain_values(&self, selection: &Selection) -> Result<Plain, WalkError> {
        let mut found = Plain::default();
        let mut lines = Lines { source: self.document.source, offset: 0, line: 1 };
        let mut branches = self.document.branches.clone();
        walk::walk::<WalkError>(&mut branches, selection, &mut |leaf| {
            let mut place = || {
                let line = leaf.slot_start.map(|start| lines.of(start as usize));
                Place { line, path: path_text(leaf.aad) }
            };
            match leaf.target {
                Target::Value(value) if leaf.selected => match value {
                    Value::Text(text) if text.is_empty() => found.empty.push(place()),
                    Value::Text(text) if is_envelope(text) => {}
                    _ => found.readable.push(place()),
                },
                Target::Value(_) | Target::Comment(_) => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns the line, from 1, at which the `sops` block begins.
    pub fn metadata_line(&self) -> Option<usize> {
        let source = self.document.source;
        let block = self.document.places.iter().flat_map(|place| &place.existing).next()?;
        // What is cut out with the block may begin at the end of another line.
        let text = source[block.clone()].iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b',');
        Some(Lines { source, offset: 0, line: 1 }.of(block.start + text.unwrap_or(0)))
    }
}

/// Counts lines from one place to the next, which is cheap where they come in
/// the order of the text.
struct Lines<'s> {
    source: &'s [u8],
    offset: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a byte, from 1.
    fn of(&mut self, offset: usize) -> usize {
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        let between = self.source.get(self.offset..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count();
        self.offset = offset;
        self.line
    }
}
