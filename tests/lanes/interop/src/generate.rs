//! Documents in real shapes, made from a seed so that a failure can be had
//! again by its number.

use std::fmt::Write as _;

use bulla_testkit::{CANARY, CANARY_QUOTED};

/// A small generator (SplitMix64): no dependency, same documents everywhere.
pub struct Seed(u64);

impl Seed {
    /// Starts the series of one document.
    pub fn new(number: u64) -> Self {
        Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// One of the first `common` choices four times out of five, else any.
    pub(crate) fn mostly<'a>(&mut self, common: usize, choices: &[&'a str]) -> &'a str {
        let choices = if self.chance(80) { &choices[..common] } else { choices };
        self.one_of(choices)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const KEYS: &[&str] = &[
    "name",
    "password",
    "DB_URL",
    "api-key",
    "replicas",
    "image",
    "enabled",
    "url",
    "tls.crt",
    "labels",
    "port",
    "user",
    "x_unencrypted",
    "config.yaml",
    "\"quoted key\"",
    "n",
    "on",
    "token",
    "äöü",
    "'single'",
];

const PLAIN: &[&str] = &[
    "hello",
    CANARY,
    "a b c",
    "true",
    "no",
    "~",
    "null",
    "42",
    "-7",
    "0x1F",
    "017",
    "1.50",
    "1e3",
    ".inf",
    "2024-01-02",
    "2024-01-02T03:04:05Z",
    "1_000",
    "http://host:80/p?q=1",
    "a#b",
    "x: y-less",
    "<<",
    "=",
    "12:30:45",
    "été",
    "-",
    "!!str 12",
    "yes",
    "0o17",
    "v1.2.3",
    "%percent",
    "@at",
    "1.",
    "+1",
    "-0",
    "🚀",
    "tab\\t",
];

const QUOTED: &[&str] = &[
    "\"double\"",
    "\"with \\\"escapes\\\" and \\n breaks\"",
    "'single'",
    "'it''s'",
    "\"\"",
    "''",
    "\"1\"",
    "'true'",
    "\"\\u00e9\\x41\"",
    "\"trailing \"",
    "' leading'",
    "\"a: b # c\"",
    "\"🚀 rocket\"",
    "'2024-01-02'",
];

const COMMENTS: &[&str] =
    &["# why", "#tight", "#  indented", "# a: b", "# ENC? no", "## double", "# ünïcode", "#"];

/// A YAML document: nested maps and lists, comments, block scalars, anchors,
/// flow collections, several documents.
pub fn yaml(number: u64) -> String {
    let mut seed = Seed::new(number);
    let mut out = String::new();
    let documents = if seed.chance(12) { 2 + seed.below(2) } else { 1 };
    for document in 0..documents {
        if document > 0 || seed.chance(25) {
            out.push_str("---\n");
        }
        if seed.chance(20) {
            let _ = writeln!(out, "{}", seed.one_of(COMMENTS));
            if seed.chance(50) {
                out.push('\n');
            }
        }
        let step = if seed.chance(60) { 2 } else { 4 };
        let mut writer = Writer { seed, out, step, anchors: 0, document };
        writer.map(0, 0);
        (seed, out) = (writer.seed, writer.out);
        if seed.chance(10) {
            let _ = writeln!(out, "\n{}", seed.one_of(COMMENTS));
        }
    }
    if seed.chance(8) {
        out.pop();
    }
    if seed.chance(5) {
        out = out.replace('\n', "\r\n");
    }
    out
}

struct Writer {
    seed: Seed,
    out: String,
    step: usize,
    anchors: usize,
    document: usize,
}

impl Writer {
    fn map(&mut self, column: usize, depth: usize) {
        let mut keys: Vec<&str> = Vec::new();
        for _ in 0..=self.seed.below(if depth == 0 { 6 } else { 4 }) {
            let key = self.seed.one_of(KEYS);
            if keys.iter().any(|other| other.trim_matches(['"', '\'']) == key.trim_matches(['"', '\''])) {
                continue;
            }
            keys.push(key);
            self.noise(column);
            let _ = write!(self.out, "{:column$}{key}:", "");
            self.value(column, depth);
        }
    }

    /// Blank lines and comment lines between entries.
    fn noise(&mut self, column: usize) {
        if self.seed.chance(12) {
            self.out.push('\n');
        }
        if self.seed.chance(15) {
            let comment = self.seed.one_of(COMMENTS);
            let _ = writeln!(self.out, "{:column$}{comment}", "");
        }
    }

    fn value(&mut self, column: usize, depth: usize) {
        match self.seed.below(if depth < 3 { 12 } else { 7 }) {
            0..=3 => self.scalar_line(),
            4 => self.block(column),
            5 => self.flow(),
            6 if self.anchors > 0 => {
                let anchor = self.seed.below(self.anchors);
                let _ = writeln!(self.out, " *a{}x{anchor}", self.document);
            }
            6 => {
                let _ =
                    writeln!(self.out, " &a{}x{} {}", self.document, self.anchors, self.seed.one_of(QUOTED));
                self.anchors += 1;
            }
            7..=9 => {
                self.end_of_key();
                self.map(column + self.step, depth + 1);
            }
            _ => {
                self.end_of_key();
                let column = if self.seed.chance(50) { column } else { column + self.step };
                self.list(column, depth + 1);
            }
        }
    }

    fn end_of_key(&mut self) {
        if self.seed.chance(10) {
            self.out.push_str(" # about the block");
        }
        self.out.push('\n');
    }

    fn scalar_line(&mut self) {
        let scalar = if self.seed.chance(60) { self.seed.one_of(PLAIN) } else { self.seed.one_of(QUOTED) };
        let _ = write!(self.out, " {scalar}");
        if self.seed.chance(12) {
            let _ = write!(self.out, " {}", self.seed.one_of(&COMMENTS[..7]));
        }
        self.out.push('\n');
    }

    fn block(&mut self, column: usize) {
        let header = self.seed.one_of(&["|", "|-", "|+", ">", ">-"]);
        let _ = writeln!(self.out, " {header}");
        let indent = column + self.step;
        for _ in 0..=self.seed.below(3) {
            let line = self.seed.one_of(&[
                "line of text",
                "-----BEGIN KEY-----",
                "a: b",
                "# no comment",
                "  deeper",
                "",
            ]);
            if line.is_empty() || (self.out.ends_with(&format!("{header}\n")) && line.starts_with(' ')) {
                let _ = writeln!(self.out, "{:indent$}first", "");
            } else {
                let _ = writeln!(self.out, "{:indent$}{line}", "");
            }
        }
    }

    fn flow(&mut self) {
        let text = self.seed.one_of(&[
            "[]",
            "{}",
            "[a, b]",
            "[1, 2.5, \"x\"]",
            "{k: v, n: 1}",
            "[{a: b}, [c]]",
            "[ 'x' , \"y\" ]",
            "{\"a\": \"b\"}",
        ]);
        let _ = writeln!(self.out, " {text}");
    }

    fn list(&mut self, column: usize, depth: usize) {
        for _ in 0..=self.seed.below(3) {
            if self.seed.chance(12) {
                let comment = self.seed.one_of(COMMENTS);
                let _ = writeln!(self.out, "{:column$}{comment}", "");
            }
            let _ = write!(self.out, "{:column$}-", "");
            match self.seed.below(4) {
                0 if depth < 3 => {
                    let _ = write!(self.out, " first:");
                    self.scalar_line();
                    let inner = column + 2;
                    let _ = write!(self.out, "{:inner$}second:", "");
                    self.value(inner, depth + 1);
                }
                1 => self.flow(),
                _ => self.scalar_line(),
            }
        }
    }
}

/// A JSON document.
pub fn json(number: u64) -> String {
    let mut seed = Seed::new(number);
    let mut out = String::new();
    let width = [0, 2, 4][seed.below(3)];
    json_map(&mut seed, &mut out, width, 1);
    if seed.chance(80) {
        out.push('\n');
    }
    out
}

fn json_line(out: &mut String, width: usize, depth: usize) {
    if width > 0 {
        let _ = write!(out, "\n{:indent$}", "", indent = width * depth);
    }
}

fn json_map(seed: &mut Seed, out: &mut String, width: usize, depth: usize) {
    out.push('{');
    let count = seed.below(5);
    for index in 0..count {
        if index > 0 {
            out.push(',');
        }
        json_line(out, width, depth);
        let _ = write!(out, "\"key{index}\":{}", if width > 0 { " " } else { "" });
        match seed.below(if depth < 4 { 10 } else { 7 }) {
            0..=6 => out.push_str(seed.one_of(&[
                CANARY_QUOTED,
                "\"\"",
                "1",
                "-5",
                "1.50",
                "1e3",
                "true",
                "null",
                "\"a \\\"b\\\" \\u00e9 \\n\"",
                "\"<&>\"",
                "12345678901",
                "0.000001",
                "\"🚀\"",
                "\"1\"",
                "1E2",
            ])),
            7 | 8 => json_map(seed, out, width, depth + 1),
            _ => {
                out.push('[');
                for item in 0..seed.below(4) {
                    if item > 0 {
                        out.push(',');
                    }
                    json_line(out, width, depth + 1);
                    out.push_str(seed.one_of(&["1", "\"x\"", "false", "null", "2.5"]));
                }
                json_line(out, width, depth);
                out.push(']');
            }
        }
    }
    if count > 0 {
        json_line(out, width, depth - 1);
    }
    out.push('}');
}

/// A dotenv document.
pub fn dotenv(number: u64) -> String {
    let mut seed = Seed::new(number);
    let mut out = String::new();
    for index in 0..=seed.below(8) {
        if seed.chance(17) {
            out.push_str(seed.one_of(&["# comment\n", "#tight\n", "#\n", "\n"]));
        } else {
            let value = seed.one_of(&[
                CANARY,
                "\"quoted\"",
                "'single'",
                "with spaces ",
                "",
                "a=b=c",
                "multi\\nline",
                "#no comment",
                "é",
                "back\\\\slash",
                "$HOME",
                " lead",
            ]);
            let _ = writeln!(out, "KEY_{index}={value}");
        }
    }
    if seed.chance(10) {
        out.pop();
    }
    out
}

/// An INI document.
pub fn ini(number: u64) -> String {
    let mut seed = Seed::new(number);
    let mut out = String::new();
    if seed.chance(30) {
        out.push_str("top = level\n");
    }
    for section in 0..=seed.below(3) {
        if seed.chance(25) {
            out.push_str(seed.one_of(&["; about the section\n", "# hash comment\n", "\n"]));
        }
        let _ = writeln!(out, "[section{section}]");
        for index in 0..=seed.below(4) {
            if seed.chance(20) {
                out.push_str(seed.one_of(&["; about the key\n", "# why\n", "\n"]));
            }
            let equals = seed.one_of(&["=", " = ", ": ", "  =  "]);
            let value = seed.one_of(&[
                CANARY,
                "\"quoted\"",
                "'single'",
                "1",
                "a b c",
                "`back ; tick`",
                "http://x/?a=b",
                "",
                "é",
                "x=y",
            ]);
            let _ = writeln!(out, "key{index}{equals}{value}");
        }
    }
    out
}

/// A binary file.
pub fn binary(number: u64) -> Vec<u8> {
    let mut seed = Seed::new(number);
    (0..seed.below(400)).map(|_| seed.next() as u8).collect()
}
