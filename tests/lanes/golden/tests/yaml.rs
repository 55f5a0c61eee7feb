//! bulla-yaml against what go.yaml.in/yaml/v3 v3.0.4 made of the same documents.

use bulla_yaml::{Limits, decode_binary, parse};
use lane_golden::yaml::{check_spans, compare};
use serde_json::Value;

#[test]
fn the_suite_reads_as_in_go() {
    compare_file("yaml/suite.jsonl", 442);
}

#[test]
fn mutated_documents_read_as_in_go() {
    compare_file("yaml/mutated.jsonl", 2000);
}

#[test]
fn damaged_documents_never_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let rows: Vec<Vec<u8>> =
        rows("yaml/suite.jsonl").iter().chain(&rows("yaml/mutated.jsonl")).map(source).collect();
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut bytes = rows[random.below(rows.len())].clone();
        let donor = &rows[random.below(rows.len())];
        for _ in 0..=random.below(4) {
            random.damage(&mut bytes, donor);
        }
        if let Ok(stream) = parse(&bytes, &Limits::default()) {
            accepted += 1;
            check_spans(&stream);
        }
    }
    assert!(accepted > 2_000, "only {accepted} damaged documents were accepted");
}

fn compare_file(file: &str, expected_rows: usize) {
    let rows = rows(file);
    assert_eq!(rows.len(), expected_rows, "{file}");
    let mut failures = Vec::new();
    for row in &rows {
        if let Err(why) = compare(&source(row), row) {
            failures.push(format!("{}: {why}", row["f"].as_str().expect("a name")));
        }
    }
    let shown: Vec<_> = failures.iter().take(20).map(String::as_str).collect();
    assert!(
        failures.is_empty(),
        "{file}: {} of {} rows differ:\n{}",
        failures.len(),
        rows.len(),
        shown.join("\n")
    );
}

fn rows(file: &str) -> Vec<Value> {
    let text = String::from_utf8(lane_golden::read(file)).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

fn source(row: &Value) -> Vec<u8> {
    match row["in"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => decode_binary(row["in_b64"].as_str().expect("in or in_b64")).expect("base64"),
    }
}

/// Xorshift: the same documents on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn damage(&mut self, bytes: &mut Vec<u8>, donor: &[u8]) {
        const INSERTS: [&[u8]; 16] = [
            b"#",
            b"# c\n",
            b"\n",
            b"\n\n",
            b" ",
            b"  ",
            b"- ",
            b": ",
            b"? ",
            b"\t",
            b"\r\n",
            b"\xC2\x85",
            b"---\n",
            b"...\n",
            b"[",
            b"|\n",
        ];
        let at = self.below(bytes.len() + 1);
        match self.below(5) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 => {
                let from = self.below(donor.len());
                let piece = donor[from..donor.len().min(from + 40)].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let insert = INSERTS[self.below(INSERTS.len())];
                bytes.splice(at..at, insert.iter().copied());
            }
        }
    }
}
