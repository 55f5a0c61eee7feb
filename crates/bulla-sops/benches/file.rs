//! Milliseconds that one file of 60,000 values takes in this library alone:
//! no process, no key service, no disk. `nested`, `flat` or nothing for both;
//! a second word picks one row.
#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bulla_core::{DataKey, Limits};
use bulla_crypto::SystemRandom;
use bulla_sops::{
    DEFAULT_SUFFIX, DecryptOptions, DecryptedFile, EncryptedFile, Encryption, Format, Indent, Layouting,
    Purpose, Reuse, Rule, Selection, Step, Value, WrappedKey, by_name, encrypt, keys, rotate, set,
};

mod documents;

const ROUNDS: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let yaml = by_name("yaml").expect("YAML is a format");
    let nested = path(&["team03", "service0130", "database", "password"]);
    let flat = path(&["key31415"]);
    for (name, text, path) in
        [("nested", documents::nested(documents::VALUES), nested), ("flat", documents::flat(), flat)]
    {
        if words.first().is_none_or(|word| word == name) {
            let rows = Rows { yaml, text: text.as_bytes(), path: &path, only: words.get(1) };
            rows.measure(name);
        }
    }
}

fn path(keys: &[&str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key(key.as_bytes().to_vec())).collect()
}

struct Rows<'r> {
    yaml: &'static dyn Format,
    text: &'r [u8],
    path: &'r [Step],
    only: Option<&'r String>,
}

impl Rows<'_> {
    fn measure(&self, name: &str) {
        let (limits, indent) = (limits(), Indent::default());
        let (old_key, new_key) = (DataKey::new([7; 32]), DataKey::new([8; 32]));
        let (old, new) = (encryption(&old_key, &limits), encryption(&new_key, &limits));
        let encrypted = self.encrypt(Layouting::Keep, &old);
        let by_sops = self.encrypt(Layouting::Sops(indent), &old);
        println!("{name}: {} bytes plain, {} encrypted", self.text.len(), encrypted.len());
        self.row("encrypt", || self.encrypt(Layouting::Keep, &old));
        for (whose, source) in [("ours", &encrypted), ("of sops", &by_sops)] {
            self.row(&format!("parse ({whose})"), || {
                self.yaml.parse(source, Purpose::Encrypted, &limits).expect("it parses")
            });
            self.row(&format!("decrypt ({whose})"), || {
                self.open(source, &old_key, false).text(&indent, &limits).expect("it has a text")
            });
            self.row(&format!("rotate ({whose})"), || {
                rotate(self.open(source, &old_key, true), &new).expect("it can be rotated")
            });
            self.row(&format!("set ({whose})"), || {
                let file = self.open(source, &old_key, true);
                set(file, self.path, Value::text("changed"), Layouting::Keep, &old).expect("it can be set")
            });
        }
    }

    fn encrypt(&self, layouting: Layouting, request: &Encryption<'_>) -> Vec<u8> {
        encrypt(self.text, self.yaml, self.yaml, layouting, &mut Reuse::default(), request)
            .expect("it can be encrypted")
    }

    fn open<'e>(&self, source: &'e [u8], key: &DataKey, values_only: bool) -> DecryptedFile<'e> {
        let options = DecryptOptions { values_only, ..DecryptOptions::default() };
        let file = EncryptedFile::parse(source, self.yaml, &limits()).expect("it parses");
        file.decrypt(key, options, &Indent::default()).expect("the key fits")
    }

    fn row<T>(&self, name: &str, run: impl Fn() -> T) {
        if self.only.is_some_and(|only| !name.starts_with(only.as_str())) {
            return;
        }
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            black_box(run());
            best = best.min(start.elapsed());
        }
        println!("  {name:<18} {:>7.1} ms", best.as_secs_f64() * 1e3);
    }
}

/// All processors work on the file; `taskset -c 0` leaves one.
fn limits() -> Limits {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Limits { helpers: processors - 1, ..Limits::default() }
}

fn encryption<'k>(data_key: &'k DataKey, limits: &'k Limits) -> Encryption<'k> {
    Encryption {
        data_key,
        groups: vec![vec![WrappedKey {
            key: keys::age("age1"),
            enc: "x\n".to_owned(),
            created_at: String::new(),
        }]],
        shamir_threshold: 0,
        selection: Selection::new(Rule::UnencryptedSuffix, DEFAULT_SUFFIX).expect("no expression"),
        mac_only_encrypted: false,
        version: "3.13.3".to_owned(),
        last_modified: "2025-01-02T03:04:05Z".to_owned(),
        random: &SystemRandom,
        limits,
    }
}
