//! Regular expressions of Go's syntax, and texts to match, made from a seed.

use crate::generate::Seed;

/// Here and below, what is right and common comes first.
const ATOMS: &[&str] = &[
    "a",
    "b",
    "c",
    "x",
    "A",
    "0",
    "7",
    "_",
    " ",
    "é",
    "ß",
    "k",
    "K",
    "日",
    ".",
    ".",
    "^",
    "$",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\B",
    "\\A",
    "\\z",
    "\\Q.*\\E",
    "\\Qa",
    "\\E",
    "\\.",
    "\\\\",
    "\\n",
    "\\t",
    "\\a",
    "\\f",
    "\\v",
    "\\x41",
    "\\x{62}",
    "\\x{1F600}",
    "\\101",
    "\\0",
    "\\07",
    "\\1",
    "\\8",
    "\\C",
    "\\pL",
    "\\p{L}",
    "\\PL",
    "\\p{Lu}",
    "\\p{^Lu}",
    "\\p{Greek}",
    "\\P{Han}",
    "\\p{Nope}",
    "\\p",
    "\\pN",
    "\\p{Nd}",
    "\\p{Z}",
    "\\Z",
    "\\G",
    "\\K",
    "\\R",
    "\\h",
    "\\-",
    "\\_",
    "\\é",
    "{",
    "}",
    "{,2}",
    "{2",
    "]",
    "-",
    ",",
    "&&",
    "~~",
    "--",
    "\\<",
    "#",
    "/",
    ":",
    "<",
    ">",
    "=",
    "!",
    "\\c",
    "\\x",
    "\\x{}",
    "\\x{110000}",
    "\\u0041",
    "abc",
    "key",
    "password",
];

const CLASS_PARTS: &[&str] = &[
    "a",
    "b",
    "z",
    "A-Z",
    "a-z",
    "0-9",
    "a-c",
    "c-a",
    "é",
    "-",
    "--",
    "^",
    "]",
    "[",
    "\\]",
    "\\-",
    "\\d",
    "\\W",
    "\\s",
    "[:alpha:]",
    "[:^digit:]",
    "[:word:]",
    "[:nope:]",
    "[:space:]",
    "\\pL",
    "\\p{Greek}",
    "\\P{L}",
    "&&",
    "~~",
    ".",
    "$",
    "\\x41",
    "\\101",
    "\\n",
    "\\b",
    "\\Q",
    "a-\\x{7a}",
    "+--",
    "[a]",
    " ",
    "|",
    "\\w-z",
    "\\x{100}-\\x{200}",
    "k",
    "ſ",
    "\\t-\\r",
    "\\\\",
    "(",
    "_",
];

const REPEATS: &[&str] = &[
    "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}", "{0}", "{0,1}?", "{3,1}", "{1001}", "{1000}",
    "{,3}", "{ 1}", "{1, 2}", "**", "+*", "{2}{3}", "*+", "???", "{01}", "{1}?", "{10}",
];

const GROUPS: &[&str] = &[
    "(", "(", "(", "(?:", "(?:", "(?i:", "(?s:", "(?m:", "(?U:", "(?-i:", "(?im-s:", "(?P<n>", "(?P<n1>",
    "(?<m>", "(?P<1>", "(?P<>", "(?P<é>", "(?x:", "(?=", "(?!", "(?<=", "(?>", "(?#", "(?P=n", "(?-:",
    "(?i-:", "(?:?", "(?",
];

const FLAGS: &[&str] = &[
    "(?i)", "(?s)", "(?m)", "(?U)", "(?-s)", "(?i-m)", "(?is)", "(?x)", "(?)", "(?-)", "(?i", "(?ii)",
    "(?--i)",
];

const TEXTS: &[&str] = &[
    "a", "b", "c", "x", "A", "B", "0", "7", "_", " ", "é", "É", "ß", "k", "K", "\u{212a}", "ſ", "日", "\n",
    "\t", ".", "*", "-", "{", "}", "]", "[", "\\", "/", "abc", "key", "PASSWORD", "password", "aaa", "1",
    "😀", "α", "Σ", "ς", ",",
];

const REPLACEMENTS: &[&str] = &[
    "", "X", "$0", "$1", "${1}x", "$1x", "$n", "${n}-$2", "$$", "$", "${", "${}", "$1$", "[$0$0]", "$é",
    "$10",
];

/// A pattern, a text to search and a replacement, by number.
pub fn pattern(number: u64) -> [String; 3] {
    let mut seed = Seed::new(number);
    let mut pattern = String::new();
    if seed.chance(10) {
        pattern.push_str(seed.one_of(FLAGS));
    }
    alternatives(&mut seed, &mut pattern, 3);
    if seed.chance(12) {
        damage(&mut seed, &mut pattern);
    }
    let text = (0..seed.below(24)).map(|_| seed.mostly(3, TEXTS)).collect();
    [pattern, text, seed.one_of(REPLACEMENTS).to_owned()]
}

fn alternatives(seed: &mut Seed, out: &mut String, depth: usize) {
    let count = if seed.chance(20) { 1 + seed.below(3) } else { 1 };
    for number in 0..count {
        if number > 0 {
            out.push('|');
        }
        for _ in 0..=seed.below(4) {
            piece(seed, out, depth);
        }
    }
}

fn piece(seed: &mut Seed, out: &mut String, depth: usize) {
    match seed.below(10) {
        0 | 1 if depth > 0 => {
            out.push_str(seed.mostly(5, GROUPS));
            alternatives(seed, out, depth - 1);
            out.push(')');
        }
        2 | 3 => class(seed, out),
        4 if seed.chance(20) => out.push_str(seed.one_of(FLAGS)),
        5..=7 => out.push_str(seed.mostly(3, &ATOMS[..22])),
        _ => out.push_str(seed.mostly(22, ATOMS)),
    }
    if seed.chance(30) {
        out.push_str(seed.mostly(9, REPEATS));
    }
}

fn class(seed: &mut Seed, out: &mut String) {
    out.push_str(if seed.chance(25) { "[^" } else { "[" });
    for _ in 0..=seed.below(3) {
        out.push_str(seed.mostly(7, CLASS_PARTS));
    }
    if seed.chance(97) {
        out.push(']');
    }
}

/// Removes, doubles or puts in one character.
fn damage(seed: &mut Seed, pattern: &mut String) {
    let mut characters: Vec<char> = pattern.chars().collect();
    if characters.is_empty() {
        return;
    }
    let at = seed.below(characters.len());
    match seed.below(3) {
        0 => drop(characters.remove(at)),
        1 => characters.insert(at, characters[at]),
        _ => {
            let extra = seed.one_of(&["(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "\\", "^", "$", "-"]);
            characters.extend(extra.chars());
            characters.rotate_right(extra.len());
        }
    }
    *pattern = characters.into_iter().collect();
}
