//! What can be said about an encrypted file without any key.

use crate::file::EncryptedFile;
use crate::selection::Selection;
use crate::tree::Value;
use crate::value::is_envelope;
use crate::walk::{self, Target, WalkError, path_text};

/// The values that a selection rule encrypts, and that are not encrypted, by
/// path. Comments are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// Values that everybody can read.
    pub readable: Vec<String>,
    /// Empty values: never encrypted, so that one that was blanked cannot be
    /// told from one that was empty (`security.md` C-04).
    pub empty: Vec<String>,
}

impl EncryptedFile<'_> {
    /// Finds the values that `selection` would encrypt and that are not
    /// encrypted: the file's own rule, or the one that it ought to have.
    pub fn plain_values(&self, selection: &Selection) -> Result<Plain, WalkError> {
        let mut found = Plain::default();
        let mut branches = self.document.branches.clone();
        walk::walk::<WalkError>(&mut branches, selection, &mut |leaf| {
            match leaf.target {
                Target::Value(value) if leaf.selected => match value {
                    Value::Text(text) if text.is_empty() => found.empty.push(path_text(leaf.aad)),
                    Value::Text(text) if is_envelope(text) => {}
                    _ => found.readable.push(path_text(leaf.aad)),
                },
                Target::Value(_) | Target::Comment(_) => {}
            }
            Ok(())
        })?;
        Ok(found)
    }
}
