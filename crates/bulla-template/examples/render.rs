//! Renders templates for comparison with another engine: reads lines
//! `{"T": template, "D": data, "M": "error"|"zero"|"default"}` and writes lines
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
            library: Library::SealedSecrets,
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
                serde_json::json!({"t": text, "out": String::from_utf8_lossy(output.expose()), "err": ""})
            }
            Err(error) => serde_json::json!({"t": text, "out": "", "err": error.to_string()}),
        };
        writeln!(out, "{answer}").expect("the output is open");
    }
}
