//! gjson paths, as tidwall/gjson 1.14.4 reads them (`external-secrets.md` 3.5).
//!
//! [`get`] never fails on a malformed document: as in the original it finds
//! what it can, in one scan. What bounds it instead is [`Error`]: the nesting
//! of the path and the bytes read and made, since modifiers and multipaths may
//! double their input.
//!
//! Differences from the original, each deliberate:
//!
//! | case | there | here |
//! |---|---|---|
//! | more than [`MAX_DEPTH`] nested or piped steps | recursion | [`Error::Depth`] |
//! | `@flatten` deep or `@pretty` of a document nested deeper than that | recursion | [`Error::Depth`] |
//! | work beyond [`MAX_WORK`] | no bound | [`Error::Work`] |
//! | wildcards that backtrack more than 10,000 times the length of the text | no match | the right answer, or [`Error::Work`] |
//! | `@pretty` with `sortKeys`: equal keys with `nan` as values | whatever the sorting algorithm makes of it | those last |

mod glob;
mod modifier;
mod number;
mod path;
mod pretty;
mod query;
mod scan;
mod text;
mod valid;
mod value;
mod walk;

pub use valid::valid;
pub use value::{Found, Kind};

/// How deep a path may nest, pipe or descend, and how deep a document may nest
/// where a modifier has to walk it.
pub const MAX_DEPTH: usize = 128;

/// How many bytes one path may read and make, before 64 times the length of
/// the document is added.
pub const MAX_WORK: usize = 16 << 20;

/// Why a path was given up. It holds neither the path nor the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// See [`MAX_DEPTH`].
    #[error("the path or the document is nested too deep")]
    Depth,
    /// See [`MAX_WORK`].
    #[error("the path takes too much work on this document")]
    Work,
}

/// Finds what `path` names in the document `json`; `None` where nothing does.
///
/// # Errors
///
/// Only the bounds of [`Error`].
pub fn get<'a>(json: &'a [u8], path: &str) -> Result<Option<Found<'a>>, Error> {
    let mut budget = Budget::new(json.len());
    let found = walk::get(&mut budget, json, path.as_bytes())?;
    Ok(found.exists().then_some(found))
}

/// Calls `each` with the key (empty in an array) and the value of every member
/// of the object or element of the array that `json` holds, in order.
pub fn for_each<'a>(json: &'a [u8], mut each: impl FnMut(&[u8], Found<'a>)) {
    scan::for_each(&scan::parse(json), |key, value| {
        each(&key.text(), value);
        true
    });
}

/// What is left of the two bounds.
struct Budget {
    depth: usize,
    work: usize,
}

impl Budget {
    fn new(length: usize) -> Self {
        Self { depth: MAX_DEPTH, work: MAX_WORK.saturating_add(length.saturating_mul(64)) }
    }

    /// Takes `bytes` of work.
    fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.work = self.work.checked_sub(bytes).ok_or(Error::Work)?;
        Ok(())
    }

    /// Runs `step` one level deeper.
    fn nested<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.depth = self.depth.checked_sub(1).ok_or(Error::Depth)?;
        let result = step(self);
        self.depth += 1;
        result
    }
}

#[cfg(test)]
mod tests;
