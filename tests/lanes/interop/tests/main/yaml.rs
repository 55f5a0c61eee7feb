//! YAML as go-yaml reads it, asked live: nodes, positions, comments, values,
//! errors.

use bulla_yaml::{Dialect, Limits, parse};
use lane_golden::yaml::compare;
use lane_interop::{Oracle, full, generate};
use serde_json::Value;

/// The table of what differs on purpose.
const DOCUMENTED: &str = include_str!("../../../../../crates/bulla-yaml/src/lib.rs");

/// A document for each row of the table.
fn excused() -> [(&'static str, Vec<u8>); 9] {
    let far = format!("a: b: c\n{}", "# filled\n".repeat(1_000)).into_bytes();
    let bomb =
        format!("a: &a [{}]\nb: &b [{}]\nc: [{}]\n", "x,".repeat(100), "*a,".repeat(100), "*b,".repeat(101));
    let text = |text: &str| text.as_bytes().to_vec();
    [
        (
            "bytes that are no UTF-8, or no characters of YAML, behind an error of the grammar",
            [&far[..], b"\xff\n"].concat(),
        ),
        ("an alias to an anchor that is nowhere", text("a: *secret\n")),
        ("a duplicate key", text("secret: 1\nsecret: 2\n")),
        ("a scalar that its tag does not fit", text("a: !!int secret\n")),
        ("an alias inside of the collection that carries its anchor", text("a: &a [*a]\n")),
        ("nesting deeper than 128 levels, aliases replaced", text(&("[".repeat(129) + &"]".repeat(129)))),
        (
            "more than 1,000,000 nodes, or 100 times the source (at least 1 MiB), aliases replaced",
            text(&bomb),
        ),
        ("more than 10,000 documents", text(&"--- 1\n".repeat(10_001))),
        ("UTF-16", b"\xff\xfea\x00:\x00 \x001\x00\n\x00".to_vec()),
    ]
}

/// Whether we read `source` otherwise than the row says, or say it otherwise.
fn differs(source: &[u8], row: &Value) -> bool {
    let stream = match parse(source, &Limits::default()) {
        Err(error) => return row["ok"] == true || row["e"] != error.to_string().as_str(),
        Ok(stream) => stream,
    };
    let root = stream.documents()[0].root();
    let duplicates = stream.duplicate_keys(root).into_iter().map(|key| key.describe(&stream));
    let misfits = stream.children(root).iter().filter_map(|&id| stream.resolve(id, Dialect::YamlV3).err());
    let said: Vec<String> = duplicates.chain(misfits.map(|misfit| misfit.to_string())).collect();
    let theirs = row["dece"].as_str().unwrap_or_default();
    said.iter().any(|text| !theirs.contains(text)) || compare(source, row).is_err()
}

#[test]
fn each_row_of_the_table_differs_from_go() {
    let oracle = Oracle::yaml();
    let cases = excused();
    let question =
        |(number, (_, source)): (usize, &(_, Vec<u8>))| oracle.document(&format!("{number}.yaml"), source);
    let questions: Vec<String> = cases.iter().enumerate().map(question).collect();
    for ((row, source), answer) in cases.iter().zip(oracle.ask(&questions)) {
        assert!(DOCUMENTED.contains(&format!("| {row} |")), "{row}: not in the crate's table");
        let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
        assert!(differs(source, &answer), "{row}: there is no difference");
    }
    let documented =
        DOCUMENTED.lines().filter(|line| line.starts_with("//! | ") && !line.contains("| why |"));
    for line in documented {
        assert!(cases.iter().any(|(row, _)| line.contains(row)), "without a case: {line}");
    }
}

#[test]
fn generated_documents_read_as_in_go() {
    let oracle = Oracle::yaml();
    let count = if full() { 20_000 } else { 2_000 };
    // Every second one is cut short somewhere: errors have positions too. Not within a letter:
    // we judge UTF-8 before the grammar, so that of two errors we tell the other one.
    let documents: Vec<String> = (0..count)
        .map(|number: u64| {
            let mut text = generate::yaml(number);
            if number % 2 == 1 {
                text.truncate(text.floor_char_boundary(text.len() * (number % 97) as usize / 97));
            }
            text
        })
        .collect();
    let questions: Vec<String> = documents
        .iter()
        .enumerate()
        .map(|(number, text)| oracle.document(&format!("{number}.yaml"), text.as_bytes()))
        .collect();
    let (mut accepted, mut failures) = (0, Vec::new());
    for (text, answer) in documents.iter().zip(oracle.ask(&questions)) {
        let row: Value = serde_json::from_str(&answer).unwrap();
        accepted += usize::from(row["ok"] == true);
        if let Err(why) = compare(text.as_bytes(), &row) {
            failures.push(format!("{why}\n--- of\n{text}"));
        }
    }
    let shown = failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n==========\n");
    assert!(failures.is_empty(), "{} of {count} documents read differently:\n{shown}", failures.len());
    assert!(accepted * 2 > documents.len(), "only {accepted} of {count} were accepted");
}
