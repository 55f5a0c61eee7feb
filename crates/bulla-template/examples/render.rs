//! Renders templates for comparison with another engine: reads lines
//! `{"T": template, "D": data, "M": "error"|"zero"|"default", "L": "external"}`
//! (the last two may be left out) and writes lines
//! `{"t": template, "out": output, "err": error}`, as the Go oracle does.

use std::io::{BufRead as _, Write as _, stdin, stdout};

use bulla_template::{Library, MissingKey, Settings, Template};

#[path = "../tests/template/seams.rs"]
mod seams;

fn main() {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line.expect("the input is text");
        let case: serde_json::Value = serde_json::from_str(&line).expect("the line is JSON");
        let missing_key = match case["M"].as_str() {
            Some("zero") => MissingKey::Zero,
            Some("default") => MissingKey::Invalid,
            _ => MissingKey::Error,
        };
        let text = case["T"].as_str().expect("the line has a template");
        let settings = Settings {
            library: if case["L"] == "external" { Library::ExternalSecrets } else { Library::SealedSecrets },
            missing_key,
            ..Settings::external_secrets("x")
        };
        let result = Template::parse(text, settings).and_then(|template| {
            template.render(
                &seams::data(&case["D"]),
                &seams::FixedClock,
                &seams::Sequence::default(),
                bulla_template::Budget::default(),
            )
        });
        let answer = match result {
            Ok(output) => {
                serde_json::json!({"t": text, "out": text_of(output.expose()), "err": ""})
            }
            Err(error) => serde_json::json!({"t": text, "out": "", "err": error.to_string()}),
        };
        writeln!(out, "{answer}").expect("the output is open");
    }
}

/// Replaces every byte that is not UTF-8, as Go's JSON encoder does.
fn text_of(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => return text + rest,
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(good));
                text.push('\u{FFFD}');
                bytes = &bad[1..];
            }
        }
    }
}
