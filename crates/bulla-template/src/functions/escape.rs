//! `html`, `js` and `urlquery`.

use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind};
use crate::scope::Scope;
use crate::text::print;
use crate::text::runes::{decode, is_print};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("html", &[], |scope, args| run(scope, args, html)).and(Kind::Any).at(Home::Language),
    Function::new("js", &[], |scope, args| run(scope, args, js)).and(Kind::Any).at(Home::Language),
    Function::new("urlquery", &[], |scope, args| run(scope, args, url_query))
        .and(Kind::Any)
        .at(Home::Language),
];

fn run(scope: &mut Scope<'_>, args: &Args<'_>, escape: fn(&[u8]) -> Vec<u8>) -> Result<Value, Failure> {
    let text = match args.from(0) {
        [Value::Text(text)] => text.to_vec(),
        values => {
            let shown: Vec<Value> = values
                .iter()
                .map(|value| if value.is_nil() { Value::text("<no value>") } else { value.clone() })
                .collect();
            print::sprint(&mut scope.meter, &shown)?
        }
    };
    scope.meter.allocate(text.len() * 6)?;
    scope.text(escape(&text))
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(*byte),
        }
    }
    out
}

fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        match byte {
            b'\\' | b'\'' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'<' | b'>' | b'&' | b'=' | 0..0x20 => {
                out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
            }
            0x20..0x80 => out.push(byte),
            _ => {
                let (rune, width) = decode(&text[at..]);
                if is_print(rune) {
                    out.extend_from_slice(&text[at..at + width]);
                } else {
                    out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes());
                }
                at += width;
                continue;
            }
        }
        at += 1;
    }
    out
}

fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}
