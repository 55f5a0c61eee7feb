//! Templates that run, with a budget that keeps one run short.
#![no_main]

use bulla_core::{Clock, Timestamp};
use bulla_fuzz::Repeatable;
use bulla_template::{Budget, Data, Settings, Template};

/// A value that no error may show (`security.md` S-12).
const SECRET: &str = "hunter2-canary";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        1_800_000_000
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(template) = Template::parse(input, Settings::external_secrets("t")) else { return };
    let entries = [("k", SECRET), ("json", r#"{"a":[1,2.50,{"b":null}],"c":"<x>"}"#), ("list", "a,b,c")];
    let entry = |(key, value): (&str, &str)| (key.to_owned(), value.as_bytes().to_vec());
    let data = Data::Texts(entries.map(entry).into());
    // Too few steps for a new RSA key or a slow hash.
    let budget = Budget { steps: 50_000, memory: 4 << 20, ..Budget::default() };
    match template.render(&data, &Noon, &Repeatable, budget) {
        Ok(output) => assert!(output.expose().len() <= budget.output),
        Err(error) => {
            let shown = format!("{error} {error:?}");
            let typed = input.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(typed || !shown.contains(SECRET), "{shown}");
        }
    }
});
