//! Parses and runs a typical template of External Secrets: twenty lines with a
//! dozen functions. Prints nanoseconds per round: `parse+run`, then `run`
//! alone. Another engine is to be measured in the same minute on the same
//! machine, with the same template and data.

#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::hint::black_box;
use std::time::Instant;

use bulla_template::{Budget, Data, MissingKey, Settings, Template};

#[path = "../tests/template/seams.rs"]
mod seams;

const TEXT: &str = include_str!("typical.tmpl");
const DATA: &str = include_str!("../tests/fixtures/go-template/data.json");
const ROUNDS: u32 = 20_000;

fn main() {
    let json = serde_json::from_str(DATA).expect("fixture");
    let Data::Map(entries) = seams::data(&json) else { return };
    let texts = entries.into_iter().map(|(key, value)| match value {
        Data::Text(text) => (key, text),
        _ => (key, Vec::new()),
    });
    let mut texts: std::collections::BTreeMap<_, _> = texts.collect();
    texts.insert("missing_default".to_owned(), Vec::new());
    let data = Data::Texts(texts);
    let settings = || Settings { missing_key: MissingKey::Error, ..Settings::external_secrets("key") };
    let run = |template: &Template| {
        let random = seams::Sequence::default();
        black_box(
            template.render(&data, &seams::FixedClock, &random, Budget::default()).expect("it renders"),
        );
    };
    let template = Template::parse(TEXT, settings()).expect("it parses");
    measure("parse+run", || run(&Template::parse(black_box(TEXT), settings()).expect("it parses")));
    measure("run", || run(&template));
}

fn measure(name: &str, mut round: impl FnMut()) {
    (0..ROUNDS / 10).for_each(|_| round());
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| round());
    println!("{name} {} ns", start.elapsed().as_nanos() / u128::from(ROUNDS));
}
