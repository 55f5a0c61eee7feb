//! The grammar of Go's `flag` package; arguments are separated by line feeds.
#![no_main]

use std::ffi::OsString;

use bulla_core::Environment;
use goflag::{Flag, Flags, Kind};

// The two files are taken as they are: the package they belong to links every SDK.
#[allow(dead_code, reason = "a part of its package")]
#[path = "../../cli/src/go.rs"]
mod go;
#[allow(dead_code, reason = "a part of its package")]
#[path = "../../cli/src/persona/sops/goflag.rs"]
mod goflag;

const fn flag(names: &'static [&'static str], kind: Kind) -> Flag {
    Flag { names, kind, variable: None, help: "" }
}

const FLAGS: Flags = &[&[
    flag(&["decrypt", "d"], Kind::Bool),
    flag(&["enable", "e"], Kind::BoolTrue),
    flag(&["indent"], Kind::Int),
    flag(&["output", "o"], Kind::Text("")),
    flag(&["add", "a"], Kind::Texts),
]];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let arguments: Vec<OsString> = text.split('\n').map(OsString::from).collect();
    let mut reordered = goflag::reorder(FLAGS, arguments.clone());
    let _ = goflag::parse(FLAGS, reordered.clone(), &Environment::default());
    let mut before = arguments;
    before.sort();
    reordered.sort();
    reordered.retain(|argument| before.contains(argument));
    assert!(reordered.len() <= before.len(), "reordering invents nothing");
});
