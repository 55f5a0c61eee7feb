//! Template texts, with the functions of both engines.
#![no_main]

use bulla_template::{Settings, Template};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let lines = 1 + input.iter().filter(|byte| **byte == b'\n').count();
    for settings in [Settings::external_secrets("t"), Settings::sealed_secrets("t")] {
        if let Err(error) = Template::parse(input, settings) {
            let place = error.position();
            assert!((1..=lines).contains(&place.line) && place.column <= input.len(), "{error}");
        }
    }
});
