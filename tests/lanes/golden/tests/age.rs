//! age files against C2SP/CCTV: each has to open, or fail in its own way.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed row")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use bulla_age::{FileError, Form, open, parse_identities, passphrase_identity};
use bulla_core::SecretText;
use lane_golden::{from_hex, path};
use sha2::{Digest as _, Sha256};

/// Longest time for one row; scrypt rows compute much on purpose.
const ROW_LIMIT: Duration = Duration::from_secs(1);
const SCRYPT_LIMIT: Duration = Duration::from_secs(5);

#[test]
fn all_age_files_open_or_fail_as_expected() {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(path("cctv-age")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let row = Row::parse(&std::fs::read(&file).unwrap());
        let start = Instant::now();
        if let Err(text) = row.check() {
            wrong.push(format!("{name}: {text}"));
        }
        let limit = if row.fields.contains_key("passphrase") { SCRYPT_LIMIT } else { ROW_LIMIT };
        if start.elapsed() > limit {
            wrong.push(format!("{name}: took {:?}", start.elapsed()));
        }
        *counts.entry(row.fields["expect"][0].clone()).or_default() += 1;
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(counts.values().sum::<usize>(), 143);
}

/// One file of the collection: lines of `name: value`, an empty line, the age
/// file.
struct Row {
    fields: BTreeMap<String, Vec<String>>,
    file: Vec<u8>,
}

impl Row {
    fn parse(content: &[u8]) -> Self {
        let end = content.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let mut fields = BTreeMap::<String, Vec<String>>::new();
        for line in str::from_utf8(&content[..end]).unwrap().lines() {
            let (name, value) = line.split_once(": ").unwrap();
            fields.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        let mut file = content[end + 2..].to_vec();
        if fields.contains_key("compressed") {
            let packed = std::mem::take(&mut file);
            flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut file).unwrap();
        }
        Self { fields, file }
    }

    fn values(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    fn check(&self) -> Result<(), String> {
        let mut identities = parse_identities(&self.values("identity").join("\n")).unwrap();
        let passphrases = self.values("passphrase").iter();
        identities.extend(passphrases.map(|text| passphrase_identity(&SecretText::new(text.clone()))));
        let form = if self.fields.contains_key("armored") { Form::Armored } else { Form::Binary };
        let mut payload = Vec::new();
        let outcome = match open(&self.file, form, &identities, &mut payload) {
            Ok(()) => "success",
            Err(FileError::Armor) => "armor failure",
            Err(FileError::Header) => "header failure",
            Err(FileError::HeaderMac) => "HMAC failure",
            Err(FileError::NoMatch) => "no match",
            Err(FileError::Payload) => "payload failure",
            Err(error) => return Err(format!("unexpected {error}")),
        };
        let expected = &self.values("expect")[0];
        if outcome != expected {
            return Err(format!("{outcome} instead of {expected}"));
        }
        match self.values("payload") {
            [digest] if from_hex(digest) != Sha256::digest(&payload)[..] => Err("wrong payload".to_owned()),
            _ => Ok(()),
        }
    }
}
