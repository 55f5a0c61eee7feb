//! Format x key type x option: each combination made, changed and read by both
//! programs in every order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulla_testkit::{Outcome, Sandbox, Tool};
use lane_interop::full;
use lane_interop::matrix::{self, Choice, Combination, FORMATS, Format, KEYS, Keyring, OPTIONS, Step};

/// Where the result of the complete matrix is kept.
const RESULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/interop-matrix.md");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Ours,
    Theirs,
}

const SIDES: [Side; 2] = [Side::Ours, Side::Theirs];

/// What both programs made of a combination.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    /// All results agree.
    Equal,
    /// Both refuse it, with the same exit code.
    Refused,
}

struct Case<'k> {
    ring: &'k Keyring,
    format: &'k Format,
    key: &'static str,
    choice: &'static Choice,
    folder: String,
}

impl<'k> Case<'k> {
    fn new(ring: &'k Keyring, (format, key, option): Combination) -> Self {
        let folder = format!("{format}-{key}-{option}");
        Self { ring, format: &FORMATS[format], key: KEYS[key], choice: &OPTIONS[option], folder }
    }

    fn name(&self) -> String {
        format!("{} x {} x {}", self.format.name, self.key, self.choice.name)
    }

    fn sandbox(&self, side: Side) -> &Sandbox {
        if side == Side::Ours { &self.ring.twins.ours } else { &self.ring.twins.theirs }
    }

    fn file(&self) -> String {
        format!("{}/{}", self.folder, self.format.file)
    }

    /// Runs one command line behind the options that stand before the verb.
    fn run(&self, side: Side, arguments: &[&str], input: &[u8]) -> Outcome {
        let config = format!("{}/rules.yaml", self.folder);
        let config = if self.by_rule() || self.choice.step == Step::UpdateKeys {
            vec!["--config", &config]
        } else {
            Vec::new()
        };
        let tool = if side == Side::Ours { Tool::bulla_as_sops() } else { Tool::sops() };
        let line = [&config, self.choice.global, arguments].concat();
        self.sandbox(side).run_with_input(&tool, &line, input)
    }

    /// Writes the file, runs a command line that changes it, reads it again.
    fn change(&self, side: Side, content: &[u8], arguments: &[&str]) -> Result<Vec<u8>, Outcome> {
        let sandbox = self.sandbox(side);
        sandbox.write(&self.file(), content);
        let outcome = self.run(side, arguments, b"");
        if outcome.code == 0 { Ok(sandbox.read(&self.file())) } else { Err(outcome) }
    }

    /// Whether a creation rule names the keys, not the command line.
    fn by_rule(&self) -> bool {
        !self.choice.rule.is_empty() || self.ring.flags(self.key).is_none()
    }

    fn write_rule(&self, more: &[&str]) {
        let rule = self.ring.rule(self.key, more);
        let rules = format!("creation_rules:\n  - path_regex: .\n{rule}{}", self.choice.rule);
        self.ring.twins.write(&format!("{}/rules.yaml", self.folder), rules);
    }

    fn encrypt(&self, side: Side) -> Result<Vec<u8>, Outcome> {
        let document = self.format.document.as_bytes();
        let (file, name) = (self.file(), self.format.file);
        let keys = if self.by_rule() { Vec::new() } else { self.ring.flags(self.key).unwrap_or_default() };
        let with = [self.choice.encrypt, &keys].concat();
        if self.choice.step == Step::InPlace {
            return self.change(side, document, &[&["encrypt", "--in-place"], &with[..], &[&file]].concat());
        }
        self.sandbox(side).write(&file, document);
        let outcome = match self.choice.step {
            Step::Piped => {
                let line = [&["encrypt", "--filename-override", name], &with[..]].concat();
                self.run(side, &line, document)
            }
            Step::Flags => self.run(side, &[&["-e"], &with[..], &[&file]].concat(), b""),
            _ => self.run(side, &[&["encrypt"], &with[..], &[&file]].concat(), b""),
        };
        if outcome.code == 0 { Ok(outcome.stdout) } else { Err(outcome) }
    }

    /// What the option does with the encrypted file, where it does something.
    fn apply(&self, side: Side, closed: &[u8]) -> Result<Vec<u8>, Outcome> {
        let file = self.file();
        match self.choice.step {
            Step::Change(arguments) => {
                let name = |word: &&'static str| match *word {
                    "FILE" => file.clone(),
                    "PATH" => self.format.path.to_owned(),
                    "AGE" => self.ring.another.clone(),
                    other => other.to_owned(),
                };
                let line: Vec<String> = arguments.iter().map(name).collect();
                let line: Vec<&str> = line.iter().map(String::as_str).collect();
                self.change(side, closed, &line)
            }
            Step::UpdateKeys => self.change(side, closed, &["updatekeys", "--yes", &file]),
            Step::Edit => self.change(side, closed, &["edit", &file]),
            _ => Ok(closed.to_vec()),
        }
    }

    fn read(&self, side: Side, closed: &[u8]) -> Outcome {
        let file = self.file();
        self.sandbox(side).write(&file, closed);
        match self.choice.step {
            Step::InPlace => {
                let outcome = self.run(side, &["decrypt", "--in-place", &file], b"");
                Outcome { stdout: self.sandbox(side).read(&file), ..outcome }
            }
            Step::Piped => self.run(side, &["decrypt", "--filename-override", self.format.file], closed),
            Step::Flags => self.run(side, &["-d", &file], b""),
            Step::Convert => self.run(side, &["decrypt", "--output-type", self.format.other, &file], b""),
            Step::Extract => self.run(side, &["decrypt", "--extract", self.format.path, &file], b""),
            Step::ExecFile => self.run(side, &["exec-file", &file, "cat {}"], b""),
            _ => self.run(side, &["decrypt", &file], b""),
        }
    }

    /// What we give back for a file of our own: the user's bytes, but for what
    /// the option changes. Nothing where the output is sops' own.
    fn kept(&self) -> Option<String> {
        let document = self.format.document;
        match self.choice.step {
            Step::Convert | Step::Extract => None,
            _ if self.choice.global.contains(&"--indent") => None,
            Step::Edit => Some(document.replace("hunter2", "hunter3")),
            Step::Change(["set", ..]) if self.format.name == "binary" => Some("changed".to_owned()),
            Step::Change(["set", ..]) => Some(document.replace("admin", "changed")),
            Step::Change(["unset", ..]) => {
                let lines = document.split_inclusive('\n').filter(|line| !line.contains("admin"));
                Some(lines.collect())
            }
            _ => Some(document.to_owned()),
        }
    }

    fn judge(&self) -> Result<Verdict, String> {
        self.write_rule(&[]);
        let [ours, theirs] = SIDES.map(|side| self.encrypt(side));
        let (ours, theirs) = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (Err(ours), Err(theirs)) if ours.code == theirs.code => return Ok(Verdict::Refused),
            answers => return Err(format!("encrypt differs: {answers:?}")),
        };
        if self.choice.step == Step::UpdateKeys {
            self.write_rule(&[&self.ring.another]);
        }
        let expected = self.apply(Side::Theirs, &theirs);
        let read = expected.as_ref().map(|closed| self.read(Side::Theirs, closed));
        for (maker, closed) in [(Side::Ours, &ours), (Side::Theirs, &theirs)] {
            for changer in SIDES {
                let who = format!("made by {maker:?}, changed by {changer:?}");
                match (self.apply(changer, closed), &read) {
                    (Ok(changed), Ok(read)) => self.compare(&who, maker, &changed, read)?,
                    (Err(ours), Err(theirs)) if ours.code == theirs.code => {}
                    (change, _) => return Err(format!("{who}: {change:?}\nthe original: {expected:?}")),
                }
            }
        }
        Ok(if matches!(&read, Ok(read) if read.code == 0) { Verdict::Equal } else { Verdict::Refused })
    }

    fn compare(&self, who: &str, maker: Side, closed: &[u8], expected: &Outcome) -> Result<(), String> {
        for reader in SIDES {
            let opened = self.read(reader, closed);
            let kept =
                self.kept().filter(|_| maker == Side::Ours && reader == Side::Ours && opened.code == 0);
            let stdout = kept.map_or_else(|| expected.stdout.clone(), String::into_bytes);
            if opened.code != expected.code || opened.stdout != stdout {
                let closed = String::from_utf8_lossy(closed);
                let stdout = String::from_utf8_lossy(&stdout);
                return Err(format!(
                    "{who}, read by {reader:?}: {opened:?}\n--- due\n{stdout}\n--- of\n{closed}"
                ));
            }
        }
        Ok(())
    }
}

fn run(combinations: &[Combination]) -> BTreeMap<Combination, Verdict> {
    let mut ring = Keyring::new();
    ring.twins.set("EDITOR", "sed -i s/hunter2/hunter3/");
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(BTreeMap::new());
    let failures: Mutex<Vec<String>> = Mutex::default();
    let worker = || {
        while let Some(combination) = combinations.get(next.fetch_add(1, Ordering::Relaxed)) {
            let case = Case::new(&ring, *combination);
            let failed = |failure| failures.lock().expect("no worker panics").push(failure);
            match case.judge() {
                Ok(verdict) => {
                    verdicts.lock().expect("no worker panics").insert(*combination, verdict);
                }
                Err(failure) => failed(format!("{}: {failure}", case.name())),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    let failures = failures.into_inner().expect("no worker panics");
    let shown = failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n==========\n");
    let names: Vec<&str> = failures.iter().filter_map(|failure| failure.split(": ").next()).collect();
    assert!(failures.is_empty(), "{} of {} failed: {names:#?}\n{shown}", failures.len(), combinations.len());
    verdicts.into_inner().expect("no worker panics")
}

/// One row for each option, one column for each key type.
fn table(verdicts: &BTreeMap<Combination, Verdict>) -> String {
    let mut text = format!("| option | {} |\n|---|{}\n", KEYS.join(" | "), "---|".repeat(KEYS.len()));
    for (option, choice) in OPTIONS.iter().enumerate() {
        let _ = write!(text, "| `{}` |", choice.name);
        for key in 0..KEYS.len() {
            let verdict = |format| verdicts.get(&(format, key, option));
            let of = |wanted: Verdict| -> Vec<usize> {
                (0..FORMATS.len()).filter(|format| verdict(*format) == Some(&wanted)).collect()
            };
            let _ = write!(text, " {}", of(Verdict::Equal).len());
            let refused: Vec<&str> =
                of(Verdict::Refused).iter().map(|format| FORMATS[*format].name).collect();
            if !refused.is_empty() {
                let _ = write!(text, ", refused: {}", refused.join(", "));
            }
            text.push_str(" |");
        }
        text.push('\n');
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the complete matrix leaves a page of docs/")]
fn every_pair_of_format_key_and_option_agrees() {
    let combinations = if full() { matrix::all() } else { matrix::pairwise() };
    let verdicts = run(&combinations);
    // sops has nothing to take out of a binary file.
    let is_refused = |(format, _, option): &Combination| {
        FORMATS[*format].name == "binary" && OPTIONS[*option].name == "unset"
    };
    for (combination, verdict) in &verdicts {
        assert_eq!(*verdict == Verdict::Refused, is_refused(combination), "{combination:?}");
    }
    let equal = verdicts.values().filter(|verdict| **verdict == Verdict::Equal).count();
    if full() {
        let page = format!(
            "# The matrix of interop\n\nFormats ({}) x key types x options. Each combination is made by both \
             programs, changed by\nboth where the option is a verb, and read by both: every order gives the same \
             bytes, and for files\nof ours read by us the user's own. A number counts the formats; `refused` \
             names those that both\nprograms refuse with the same exit code.\n\nWritten by `cargo xtask test \
             --lane interop --full` beside sops 3.13.3: {} combinations, {equal} equal,\n{} refused by both, \
             none different. The gate runs {} of them, which cover every pair.\n\n{}",
            FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", "),
            combinations.len(),
            combinations.len() - equal,
            matrix::pairwise().len(),
            table(&verdicts),
        );
        std::fs::write(RESULT, page).expect("docs/ can be written");
    }
}

#[test]
fn the_short_matrix_covers_every_pair() {
    let (all, short) = (matrix::all(), matrix::pairwise());
    for pair in [|c: &Combination| (c.0, c.1), |c: &Combination| (c.0, c.2), |c: &Combination| (c.1, c.2)] {
        let of = |combinations: &[Combination]| combinations.iter().map(pair).collect::<BTreeSet<_>>();
        assert_eq!(of(&all), of(&short));
    }
}
