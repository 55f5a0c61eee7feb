//! What holds for every document: the round trip, fresh nonces, and edits
//! that leave all else alone.

mod documents;

use std::collections::HashMap;

use bulla_core::{DataKey, Limits};
use bulla_sops::{DecryptOptions, DecryptedFile, EncryptedFile, Indent, Layouting, Value};
use proptest::prelude::*;

use crate::support::{data_key, format, open, request, seal};
use documents::{Document, any_document};

/// As many cases as given, or as `PROPTEST_CASES` says.
fn cases(count: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let usual = ProptestConfig { cases: count, ..ProptestConfig::default() };
    if asked.cases == 256 { usual } else { asked }
}

fn opened<'e>(name: &str, text: &'e [u8], key: &DataKey) -> DecryptedFile<'e> {
    let file = EncryptedFile::parse(text, format(name), &Limits::default()).unwrap();
    file.decrypt(key, DecryptOptions::default(), &Indent::default()).unwrap()
}

/// All envelopes of a text.
fn envelopes(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("ENC[").map(|(start, _)| &text[start..start + text[start..].find(']').unwrap()])
}

/// The lines above the metadata, each envelope replaced by its mere presence.
fn skeleton(text: &[u8], keep_envelopes: bool) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let is_metadata = |line: &&str| {
        line.starts_with("sops") || line.trim_start().starts_with("\"sops\"") || line.starts_with("[sops]")
    };
    let lines = text.lines().take_while(|line| !is_metadata(line));
    lines
        .map(|line| match (line.find("ENC["), line.rfind(']')) {
            (Some(start), Some(end)) if !keep_envelopes && start < end => {
                format!("{}ENC{}", &line[..start], &line[end..])
            }
            _ => line.trim_end_matches(',').to_owned(),
        })
        .collect()
}

/// Asserts that the lines of `after` are those of `before`, but for the ones
/// that `touched` allows to differ and at most `missing` lines less.
fn same_but(before: &[String], after: &[String], missing: usize, touched: usize) -> Result<(), String> {
    let end = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let start = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let overlap = (start + end).min(before.len()).min(after.len());
    let (gone, come) = (before.len() - overlap, after.len() - overlap);
    if gone <= touched + missing && come <= touched {
        return Ok(());
    }
    Err(format!("{gone} lines replaced by {come}\n{}\n--- after\n{}", before.join("\n"), after.join("\n")))
}

fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect()
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn every_byte_of_a_generated_document_comes_back(document in any_document()) {
        let text = document.text();
        let encrypted = seal(document.format, text.as_bytes());
        let back = String::from_utf8(open(document.format, &encrypted)).unwrap();
        prop_assert_eq!(back, text);
    }

    #[test]
    fn every_byte_of_a_binary_file_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(open("binary", &seal("binary", &bytes)), bytes);
    }
}

proptest! {
    #![proptest_config(cases(32))]

    /// Equal nonces mean an equal ciphertext and tag, that is the same
    /// plaintext under the same additional data.
    #[test]
    fn c_03_no_nonce_is_used_for_two_values(
        document in any_document(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[a-z]{1,3}"), 8),
    ) {
        let (key, limits) = (data_key(), Limits::default());
        let mut text = seal(document.format, document.text().as_bytes());
        let mut seen: HashMap<String, String> = HashMap::new();
        let mut current = document.clone();
        for (index, word) in edits {
            let leaf = index.get(&document.leaves).clone();
            let edited = current.with(&leaf, &document.word(&word));
            current.lines[leaf.line] = edited.split_inclusive('\n').nth(leaf.line).unwrap().to_owned();
            let file = opened(document.format, &text, &key);
            text = bulla_sops::reencrypt(&file, edited.as_bytes(), Layouting::Keep, &request(&key, &limits)).unwrap();
            let all = String::from_utf8(text.clone()).unwrap();
            for envelope in envelopes(&all) {
                let nonce = envelope.split(",iv:").nth(1).unwrap().split(',').next().unwrap();
                let before = seen.insert(nonce.to_owned(), envelope.to_owned());
                prop_assert!(before.is_none_or(|before| before == envelope), "{} is used twice", nonce);
            }
            let back = String::from_utf8(open(document.format, &text)).unwrap();
            prop_assert_eq!(&back, &edited);
        }
    }

    #[test]
    fn an_edit_changes_the_line_of_its_value_alone(
        document in any_document(),
        index in any::<prop::sample::Index>(),
        word in "[a-z]{9}",
    ) {
        let (key, limits) = (data_key(), Limits::default());
        let leaf = index.get(&document.leaves);
        let edited = document.with(leaf, &document.word(&word));
        let before = seal(document.format, document.text().as_bytes());
        let file = opened(document.format, &before, &key);
        let after = bulla_sops::reencrypt(&file, edited.as_bytes(), Layouting::Keep, &request(&key, &limits)).unwrap();
        prop_assert_eq!(String::from_utf8(open(document.format, &after)).unwrap(), edited);
        let told = same_but(&skeleton(&before, true), &skeleton(&after, true), 0, 1);
        prop_assert!(told.is_ok(), "{}", told.unwrap_err());
    }

    #[test]
    fn set_changes_the_line_of_its_value_alone(
        document in any_document(),
        index in any::<prop::sample::Index>(),
        word in "[a-z]{9}",
    ) {
        let (key, limits) = (data_key(), Limits::default());
        let leaf = index.get(&document.leaves);
        let before = seal(document.format, document.text().as_bytes());
        let file = opened(document.format, &before, &key);
        let value = Value::text(word.clone().into_bytes());
        let after = bulla_sops::set(file, &leaf.path, value, Layouting::Keep, &request(&key, &limits)).unwrap();
        let text = open(document.format, &after);
        prop_assert!(String::from_utf8_lossy(&text).contains(&word));
        for (before, after) in [
            (lines(document.text().as_bytes()), lines(&text)),
            (skeleton(&before, true), skeleton(&after, true)),
        ] {
            let told = same_but(&before, &after, 0, 1);
            prop_assert!(told.is_ok(), "{}", told.unwrap_err());
        }
    }

    #[test]
    fn unset_removes_the_line_of_its_value_alone(document in any_document(), index in any::<prop::sample::Index>()) {
        let (key, limits) = (data_key(), Limits::default());
        let leaf = index.get(&document.leaves);
        prop_assume!(leaf.has_siblings);
        let before = seal(document.format, document.text().as_bytes());
        let file = opened(document.format, &before, &key);
        let after = bulla_sops::unset(&file, &leaf.path, Layouting::Keep, &request(&key, &limits)).unwrap();
        let text = open(document.format, &after);
        for (before, after) in [
            (lines(document.text().as_bytes()), lines(&text)),
            (skeleton(&before, true), skeleton(&after, true)),
        ] {
            prop_assert!(after.len() < before.len());
            let told = same_but(&before, &after, 1, 0);
            prop_assert!(told.is_ok(), "{}", told.unwrap_err());
        }
    }

    #[test]
    fn rotate_changes_ciphertexts_alone(document in any_document()) {
        let (key, limits) = (data_key(), Limits::default());
        let new_key = DataKey::new([7; 32]);
        let before = seal(document.format, document.text().as_bytes());
        let file = opened(document.format, &before, &key);
        let after = bulla_sops::rotate(file, &request(&new_key, &limits)).unwrap();
        prop_assert_eq!(skeleton(&before, false), skeleton(&after, false));
        let text = opened(document.format, &after, &new_key).text(&Indent::default(), &limits).unwrap();
        prop_assert_eq!(String::from_utf8(text).unwrap(), document.text());
        let (before, after) = (String::from_utf8(before).unwrap(), String::from_utf8(after).unwrap());
        for envelope in envelopes(&before) {
            prop_assert!(!after.contains(envelope));
        }
    }
}

/// The check itself must be able to fail.
#[test]
fn a_second_changed_line_is_noticed() {
    let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let before = text(&["a", "b", "c"]);
    assert!(same_but(&before, &text(&["a", "x", "c"]), 0, 1).is_ok());
    assert!(same_but(&before, &text(&["a", "c"]), 1, 0).is_ok());
    assert!(same_but(&before, &text(&["x", "b", "y"]), 0, 1).is_err());
    assert!(same_but(&before, &text(&["c"]), 1, 0).is_err());
    let document = Document { format: "yaml", lines: vec!["a: 1\n".into()], leaves: Vec::new() };
    assert_eq!(document.text(), "a: 1\n");
}
