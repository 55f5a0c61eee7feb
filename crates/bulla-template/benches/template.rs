//! Parses and runs a typical template of External Secrets: twenty lines with a
//! dozen functions; and matches a thousand names, as finding by name does.
//!
//! Prints one JSON object: what the template printed, how many names match,
//! nanoseconds for parsing and running it once, for running it once, and for
//! matching all names once, and bytes retained by each of 10,000 templates
//! that are kept. With the argument `question` it prints what another engine
//! needs to be measured with the same work (`cargo xtask bench template`).

#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use bulla_regexp::Regexp;
use bulla_template::{Budget, Data, MissingKey, Settings, Template};
use serde_json::json;

#[path = "../tests/template/seams.rs"]
mod seams;

const TEXT: &str = include_str!("typical.tmpl");
const DATA: &str = include_str!("../tests/fixtures/go-template/data.json");
const ROUNDS: u32 = 10_000;

const PATTERN: &str = r"^(team|app)-[0-9]{2}/(?:prod|staging)/[a-z]+-(password|token)$";
const NAMES: usize = 1_000;
const MATCHING: u32 = 200;

const KEPT: usize = 10_000;

fn main() {
    let texts = texts();
    let names = names();
    if std::env::args().any(|argument| argument == "question") {
        let texts: BTreeMap<&str, String> = texts
            .iter()
            .map(|(key, text)| (key.as_str(), String::from_utf8_lossy(text).into_owned()))
            .collect();
        let question = json!({
            "template": TEXT, "data": texts, "rounds": ROUNDS,
            "pattern": PATTERN, "names": names, "matching": MATCHING,
        });
        println!("{question}");
        return;
    }
    let retained = retained();
    let data = Data::Texts(texts);
    let parse = || Template::parse(black_box(TEXT), settings()).expect("it parses");
    let run = |template: &Template| {
        let random = seams::Sequence::default();
        template.render(&data, &seams::FixedClock, &random, Budget::default()).expect("it renders")
    };
    let template = parse();
    let pattern = Regexp::new(PATTERN).expect("it compiles");
    let matches = || names.iter().filter(|name| pattern.is_match(name.as_bytes())).count();
    let answer = json!({
        "out": String::from_utf8_lossy(run(&template).expose()),
        "matches": matches(),
        "parse_run": nanoseconds(ROUNDS, || run(&parse())),
        "run": nanoseconds(ROUNDS, || run(&template)),
        "names": nanoseconds(MATCHING, matches),
        "retained": retained,
    });
    println!("{answer}");
}

fn settings() -> Settings {
    Settings { missing_key: MissingKey::Error, ..Settings::external_secrets("key") }
}

fn texts() -> BTreeMap<String, Vec<u8>> {
    let json = serde_json::from_str(DATA).expect("fixture");
    let data = seams::data(&json);
    let Data::Map(entries) = &data else { return BTreeMap::new() };
    let texts = entries.iter().map(|(key, value)| match value {
        Data::Text(text) => (key.clone(), text.clone()),
        _ => (key.clone(), Vec::new()),
    });
    let mut texts: BTreeMap<_, _> = texts.collect();
    texts.insert("missing_default".to_owned(), Vec::new());
    texts
}

fn names() -> Vec<String> {
    let kinds = ["password", "token", "certificate", "url"];
    let places = ["prod", "staging", "test"];
    let name = |number: usize| {
        let (place, kind) = (places[number % places.len()], kinds[number % kinds.len()]);
        format!("team-{:02}/{place}/service-{kind}", number % 120)
    };
    (0..NAMES).map(name).collect()
}

/// How many bytes the process grows by for each template that is kept.
fn retained() -> usize {
    let before = resident();
    let kept: Vec<Template> =
        (0..KEPT).map(|_| Template::parse(TEXT, settings()).expect("it parses")).collect();
    let grown = resident().saturating_sub(before);
    drop(black_box(kept));
    grown / KEPT
}

/// Resident memory of this process in bytes; 0 where the system does not say.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).and_then(|word| word.parse().ok());
    number.unwrap_or(0usize) * 1024
}

fn nanoseconds<T>(rounds: u32, mut round: impl FnMut() -> T) -> u64 {
    (0..rounds / 10).for_each(|_| drop(black_box(round())));
    let start = Instant::now();
    (0..rounds).for_each(|_| drop(black_box(round())));
    (start.elapsed().as_nanos() / u128::from(rounds)) as u64
}
