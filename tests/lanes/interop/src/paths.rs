//! Paths of gjson and JSON documents, made from a seed.

use std::fmt::Write as _;

use crate::generate::Seed;

/// The first three lead the steps of paths somewhere.
const KEYS: &[&str] = &[
    "a",
    "b",
    "name",
    "first",
    "last",
    "tls.crt",
    "fav.movie",
    "0",
    "1",
    "a b",
    "k:1",
    "pat*tern",
    "é",
    "",
    "x|y",
    "@k",
    "#",
];

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "37",
    "1.50",
    "-3e2",
    "1e21",
    "1E-7",
    "12345678901234567890",
    "0.1",
    "\"\"",
    "\"Tom\"",
    "\"a\\\"b\\\\n\\n\"",
    "\"\\u00e9\\ud83d\\ude00\"",
    "\"\\ud800x\"",
    "\"{\\\"x\\\":[1,2]}\"",
    "\"S\"",
    "\"Dale\"",
    "\"a.b\"",
    "\"<&>\"",
    "47",
    "1e400",
    "\"tw\"",
    "\"fb\"",
];

const FAULTS: &[&str] =
    &["nul", "tru", "01", "+1", "\"open", "{\"a\" 1}", "[1,,2]", "[1 2]", "{", "]", "-", "\"\\x\""];

const STEPS: &[&str] = &[
    "a",
    "b",
    "name",
    "first",
    "last",
    "tls\\.crt",
    "tls.crt",
    "fav\\.movie",
    "0",
    "1",
    "2",
    "-1",
    "#",
    "#",
    "*",
    "?",
    "n*",
    "*e",
    "f?rst",
    "pat\\*tern",
    "\\0",
    "a b",
    "k:1",
    "k\\:1",
    "é",
    "x\\|y",
    "\\@k",
    "@k",
    "..",
    "nope",
    "\\",
    "x|y",
];

const QUERIES: &[&str] = &[
    "first==\"Tom\"",
    "a>1",
    "a>=1",
    "a<37",
    "a<=37",
    "a!=1",
    "a=1",
    "a",
    "first%\"T*\"",
    "first!%\"T*\"",
    "==1",
    ">0",
    "!=null",
    "%\"*e*\"",
    "a==true",
    "a==~true",
    "a==~false",
    "a==~null",
    "a~=*",
    "b.#(==1)",
    "#(==1)",
    "a.0==1",
    "name.first==\"Tom\"",
    "a==\"",
    "a==",
    "a==1.50",
    "\"a\"==1",
    "first==Tom",
    "first<\"U\"",
    "a>\"x\"",
    "@this==1",
    "#>1",
    "a=~true",
    "b==[1]",
    "a==1e0",
];

const MODIFIERS: &[&str] = &[
    "@this",
    "@reverse",
    "@flatten",
    "@flatten:{\"deep\":true}",
    "@join",
    "@join:{\"preserve\":true}",
    "@keys",
    "@values",
    "@tostr",
    "@fromstr",
    "@valid",
    "@ugly",
    "@pretty",
    "@pretty:{\"indent\":\"\"}",
    "@pretty:{\"sortKeys\":true}",
    "@pretty:{\"prefix\":\"> \",\"width\":20}",
    "@group",
    "@dig:a",
    "@dig:first",
    "@nope",
    "@",
    "@this:x",
    "@flatten:1",
    "@ugly:[1]",
];

const LITERALS: &[&str] =
    &["!\"x\"", "!1", "!true", "!null", "!{\"a\":1}", "![1,2]", "!", "!nope", "!\"open", "!-1.50"];

/// A document and a path, by number.
pub fn path(number: u64) -> [String; 2] {
    let mut seed = Seed::new(number);
    let mut document = String::new();
    value(&mut seed, &mut document, 4);
    if seed.chance(5) {
        let cut = seed.below(document.len() + 1);
        let cut = (0..=cut).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
        document.truncate(cut);
    }
    let mut path = String::new();
    steps(&mut seed, &mut path, 2);
    [document, path]
}

fn value(seed: &mut Seed, out: &mut String, depth: usize) {
    let space = if seed.chance(10) { " " } else { "" };
    match seed.below(10) {
        0..=3 if depth > 0 => {
            out.push('{');
            for number in 0..seed.below(5) {
                let comma = if number > 0 { "," } else { "" };
                let _ = write!(out, "{comma}{space}{:?}:{space}", seed.mostly(3, KEYS));
                value(seed, out, depth - 1);
            }
            out.push_str(space);
            out.push('}');
        }
        4..=6 if depth > 0 => {
            out.push('[');
            for number in 0..seed.below(5) {
                out.push_str(if number > 0 { "," } else { space });
                value(seed, out, depth - 1);
            }
            out.push(']');
        }
        _ if seed.chance(2) => out.push_str(seed.one_of(FAULTS)),
        // Documents are mostly collections.
        _ if depth == 4 => value(seed, out, 3),
        _ => out.push_str(seed.one_of(SCALARS)),
    }
}

fn steps(seed: &mut Seed, out: &mut String, depth: usize) {
    for number in 0..=seed.below(3) {
        if number > 0 {
            out.push(if seed.chance(20) { '|' } else { '.' });
        }
        step(seed, out, depth);
    }
}

fn step(seed: &mut Seed, out: &mut String, depth: usize) {
    match seed.below(20) {
        0..=1 => {
            let all = if seed.chance(60) { "#" } else { "" };
            let _ = write!(out, "#({}){all}", seed.one_of(QUERIES));
        }
        2 | 3 => out.push_str(seed.one_of(MODIFIERS)),
        // Half of the collections are arrays.
        8..=11 => out.push_str(seed.one_of(&["0", "1", "#", "*"])),
        5 if seed.chance(50) => out.push_str(seed.one_of(LITERALS)),
        6 | 7 if depth > 0 => multipath(seed, out, depth - 1),
        _ => out.push_str(seed.mostly(3, STEPS)),
    }
}

fn multipath(seed: &mut Seed, out: &mut String, depth: usize) {
    let is_object = seed.chance(60);
    out.push(if is_object { '{' } else { '[' });
    for number in 0..seed.below(4) {
        if number > 0 {
            out.push(',');
        }
        if is_object && seed.chance(40) {
            out.push_str(seed.one_of(&["\"the\":", "n:", "\"\":", "\"a\\\"b\":", "\"é\":", ":"]));
        }
        steps(seed, out, depth);
    }
    if seed.chance(97) {
        out.push(if is_object { '}' } else { ']' });
    }
}
