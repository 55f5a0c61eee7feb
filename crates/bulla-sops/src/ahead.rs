//! The cryptography of a file's values ahead of the walk that puts them into
//! the tree, so that threads can share it.
//!
//! The walk alone decides about order, errors and the MAC: it takes the results
//! as it comes to the leaves, each for the very bytes that it was made of, and
//! does itself what it finds none for.

use std::borrow::Cow;
use std::ops::Range;

use bulla_core::{RandomError, parallel};
use bulla_crypto::ValueCipher;

use crate::crypt::CryptError;
use crate::selection::Selection;
use crate::tree::{Branch, Value};
use crate::value::{self, ValueError};
use crate::walk::{self, Leaf, Target, WalkError};

/// How many values a thread takes at a time: some tenths of a millisecond.
const BATCH: usize = 256;

/// How many bytes of paths and texts are collected at the most: paths are long
/// where maps are deep, and each leaf has a copy of its own (F-01). The walk
/// does the rest by itself.
const MOST: usize = 64 << 20;

/// Gives the next result, if it was made for this job.
pub(crate) type Ahead<'a, R> = &'a mut dyn FnMut(Job<'_>) -> Option<R>;

/// What is opened or sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job<'j> {
    /// Additional data of the leaf.
    pub(crate) aad: &'j [u8],
    /// The envelope, or the plaintext.
    pub(crate) text: &'j [u8],
    /// Name of the plaintext's type; none of an envelope.
    pub(crate) kind: &'static str,
}

fn matching<'j, R>(
    mut jobs: impl Iterator<Item = Job<'j>>,
    results: &mut dyn Iterator<Item = R>,
) -> impl FnMut(Job<'_>) -> Option<R> {
    move |wanted| {
        let (job, result) = (jobs.next()?, results.next()?);
        (job == wanted).then_some(result)
    }
}

/// An opened envelope.
pub(crate) type Opened = Result<Value<'static>, ValueError>;

/// Envelopes, each with its additional data.
#[derive(Default)]
pub(crate) struct ToOpen<'s> {
    aads: Vec<u8>,
    /// Bytes of envelopes that are not those of the source.
    owned: usize,
    jobs: Vec<Envelope<'s>>,
}

struct Envelope<'s> {
    aad: Range<usize>,
    text: Cow<'s, [u8]>,
}

impl<'s> ToOpen<'s> {
    /// Collects the envelopes of a tree, unless there is nobody to share the
    /// work with, or what one holds may decide which others are to be opened.
    pub(crate) fn collect(branches: &mut [Branch<'s>], selection: &Selection, helpers: usize) -> Self {
        let mut found = Self::default();
        if helpers == 0 || selection.reads_comments() {
            return found;
        }
        let mut note = |leaf: Leaf<'_, 's>| -> Result<(), WalkError> {
            let text = match &leaf.target {
                Target::Comment(comment) => &comment.text,
                Target::Value(value) => match &**value {
                    Value::Text(text) => text,
                    _ => return Ok(()),
                },
            };
            if leaf.selected && found.aads.len() + found.owned < MOST {
                if matches!(text, Cow::Owned(_)) {
                    found.owned += text.len();
                }
                found.jobs.push(Envelope { aad: put(&mut found.aads, leaf.aad), text: text.clone() });
            }
            Ok(())
        };
        // What cannot be walked is for the other walk to refuse.
        let _ = walk::walk(branches, selection, &mut note);
        found
    }

    /// Opens them for `walk`.
    pub(crate) fn open<T>(
        &self,
        cipher: &ValueCipher,
        helpers: usize,
        walk: impl FnOnce(Ahead<'_, Opened>) -> T,
    ) -> T {
        let open = |envelope: &Envelope<'s>| {
            let Job { aad, text, .. } = self.job(envelope);
            value::open(cipher, aad, text)
        };
        let jobs = self.jobs.iter().map(|envelope| self.job(envelope));
        parallel::map(&self.jobs, BATCH, helpers, open, |opened| walk(&mut matching(jobs, opened)))
    }

    fn job<'j>(&'j self, envelope: &'j Envelope<'s>) -> Job<'j> {
        Job { aad: &self.aads[envelope.aad.clone()], text: &envelope.text, kind: "" }
    }
}

/// Plaintexts, each with its additional data.
#[derive(Default)]
pub(crate) struct ToSeal {
    bytes: Vec<u8>,
    jobs: Vec<Plain>,
}

struct Plain {
    aad: Range<usize>,
    plaintext: Range<usize>,
    kind: &'static str,
    nonce: [u8; 32],
}

impl ToSeal {
    /// Collects what is to be sealed of a tree, unless there is nobody to share
    /// the work with.
    pub(crate) fn collect(
        branches: &mut [Branch<'_>],
        selection: &Selection,
        helpers: usize,
        nonce: &mut dyn FnMut() -> Result<[u8; 32], RandomError>,
    ) -> Self {
        let mut found = Self::default();
        if helpers == 0 {
            return found;
        }
        let mut note = |leaf: Leaf<'_, '_>| -> Result<(), CryptError> {
            if found.bytes.len() < MOST
                && let Some((plaintext, kind)) = leaf.to_seal()
            {
                let aad = put(&mut found.bytes, leaf.aad);
                let plaintext = put(&mut found.bytes, &plaintext);
                found.jobs.push(Plain { aad, plaintext, kind, nonce: nonce()? });
            }
            Ok(())
        };
        // What cannot be walked is for the other walk to refuse, and it asks for
        // randomness again where there was none.
        let _ = walk::walk(branches, selection, &mut note);
        found
    }

    /// Seals them to envelopes for `walk`.
    pub(crate) fn seal<T>(
        &self,
        cipher: &ValueCipher,
        helpers: usize,
        walk: impl FnOnce(Ahead<'_, String>) -> T,
    ) -> T {
        let seal = |plain: &Plain| {
            let Job { aad, text, kind } = self.job(plain);
            value::seal(cipher, &plain.nonce, aad, text, kind)
        };
        let jobs = self.jobs.iter().map(|plain| self.job(plain));
        parallel::map(&self.jobs, BATCH, helpers, seal, |sealed| walk(&mut matching(jobs, sealed)))
    }

    fn job(&self, plain: &Plain) -> Job<'_> {
        let Plain { aad, plaintext, kind, .. } = plain;
        Job { aad: &self.bytes[aad.clone()], text: &self.bytes[plaintext.clone()], kind }
    }
}

fn put(bytes: &mut Vec<u8>, more: &[u8]) -> Range<usize> {
    let start = bytes.len();
    bytes.extend_from_slice(more);
    start..bytes.len()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use bulla_core::Limits;

    use crate::crypt::{DecryptOptions, Reuse};
    use crate::encrypt::tests::{long_path, with_limits};
    use crate::encrypt::{Encryption, Layouting, encrypt, rotate};
    use crate::file::{DecryptedFile, EncryptedFile};
    use crate::format::{Indent, Purpose, by_name};
    use crate::selection::{Rule, Selection};

    use super::{CryptError, MOST, ToOpen, ToSeal};

    /// Enough values for several threads, of all types, with comments that
    /// select and such that are encrypted.
    fn plain() -> String {
        let mut text = String::new();
        for group in 0..200 {
            let _ =
                writeln!(text, "group{group:03}:\n    name: name {group}\n    # secret\n    number: {group}");
            let _ =
                writeln!(text, "    seen_unencrypted: true\n    list:\n        - 1.5\n        # in a list");
            let _ = writeln!(text, "        - \"\"\n        - 2025-01-02T03:04:05Z\n        - false");
        }
        text
    }

    fn limits(helpers: usize) -> Limits {
        Limits { helpers, ..Limits::default() }
    }

    fn encrypted(plain: &str, request: &Encryption<'_>) -> Vec<u8> {
        let yaml = by_name("yaml").unwrap();
        encrypt(plain.as_bytes(), yaml, yaml, Layouting::Keep, &mut Reuse::default(), request).unwrap()
    }

    fn opened<'e>(text: &'e [u8], request: &Encryption<'_>) -> Result<DecryptedFile<'e>, CryptError> {
        let file = EncryptedFile::parse(text, by_name("yaml").unwrap(), request.limits).unwrap();
        file.decrypt(request.data_key, DecryptOptions::default(), &Indent::default())
    }

    #[test]
    fn a_file_is_the_same_to_one_thread_and_to_many() {
        let plain = plain();
        let selections = [
            Selection::of_file(Rule::UnencryptedSuffix, "_unencrypted"),
            Selection::of_file(Rule::EncryptedCommentRegex, "secret"),
            Selection::of_file(Rule::UnencryptedCommentRegex, "in a list"),
            Selection::of_file(Rule::EncryptedRegex, "^(name|list)$"),
        ];
        for selection in selections {
            for (writers, readers) in [(0, 3), (3, 0), (3, 3)] {
                let text = with_limits(&limits(writers), |request| {
                    request.selection = selection.clone();
                    let text = encrypted(&plain, request);
                    rotate(opened(&text, request).unwrap(), request).unwrap()
                });
                with_limits(&limits(readers), |request| {
                    let file = opened(&text, request).unwrap();
                    let decrypted = file.text(&Indent::default(), request.limits).unwrap();
                    assert!(decrypted == plain.as_bytes());
                });
            }
        }
    }

    #[test]
    fn f_01_long_paths_of_many_values_are_not_all_collected() {
        let (mut text, path) = long_path();
        let _ = writeln!(text, "{}[{}]", " ".repeat(100), "a,".repeat(2_000));
        let yaml = by_name("yaml").unwrap();
        let mut document = yaml.parse(text.as_bytes(), Purpose::Plain, &Limits::default()).unwrap();
        let (branches, all) = (&mut document.branches, Selection::everything());
        let open = ToOpen::collect(branches, &all, 1);
        assert!((MOST..MOST + path).contains(&open.aads.len()), "{}", open.aads.len());
        let seal = ToSeal::collect(branches, &all, 1, &mut || Ok([0; 32]));
        assert!((MOST..=MOST + path).contains(&seal.bytes.len()), "{}", seal.bytes.len());
    }

    #[test]
    fn a_result_is_taken_only_for_the_bytes_that_it_was_made_of() {
        let job = |aad: &'static str, text: &'static str, kind| super::Job {
            aad: aad.as_bytes(),
            text: text.as_bytes(),
            kind,
        };
        let jobs =
            [job("a:", "1", "int"), job("a:", "2", "int"), job("b:", "3", "int"), job("a:", "3", "str")];
        let mut results = 0..4;
        let mut next = super::matching(jobs.into_iter(), &mut results);
        assert_eq!(next(job("a:", "1", "int")), Some(0));
        assert_eq!(next(job("a:", "3", "int")), None, "another text");
        assert_eq!(next(job("a:", "3", "int")), None, "another path");
        assert_eq!(next(job("a:", "3", "int")), None, "another type");
        assert_eq!(next(job("a:", "3", "int")), None, "no more");
    }

    #[test]
    fn the_first_error_of_a_file_is_told_whichever_thread_meets_one_first() {
        for helpers in [0, 3] {
            with_limits(&limits(helpers), |request| {
                let text = String::from_utf8(encrypted(&plain(), request)).unwrap();
                let both = text
                    .replace("group090:\n    name: ENC[", "group090:\n    name: xENC[")
                    .replace("group010:\n    name: ENC[", "group010:\n    name: xENC[")
                    .replace("group170:", "170:");
                let error = opened(both.as_bytes(), request).err().unwrap().to_string();
                assert!(error.contains("group010:name:"), "{error}");
            });
        }
    }
}
