//! YAML as go-yaml reads it, asked live: nodes, positions, comments, values,
//! errors.

use lane_golden::yaml::compare;
use lane_interop::{Oracle, full, generate};

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
        let row: serde_json::Value = serde_json::from_str(&answer).unwrap();
        accepted += usize::from(row["ok"] == true);
        if let Err(why) = compare(text.as_bytes(), &row) {
            failures.push(format!("{why}\n--- of\n{text}"));
        }
    }
    let shown = failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n==========\n");
    assert!(failures.is_empty(), "{} of {count} documents read differently:\n{shown}", failures.len());
    assert!(accepted * 2 > documents.len(), "only {accepted} of {count} were accepted");
}
