//! Generated paths, asked of tidwall/gjson as well.

use bulla_template::gjson;
use lane_interop::{Oracle, full, go_text, paths};

/// Our answer in the oracle's form.
fn ours([document, path]: &[String; 2]) -> Result<(String, bool, String, String), gjson::Error> {
    Ok(match gjson::get(document.as_bytes(), path)? {
        Some(found) => (path.clone(), true, go_text(&found.text()), go_text(found.raw())),
        None => (path.clone(), false, String::new(), String::new()),
    })
}

#[test]
fn two_thousand_paths_find_what_they_find_in_go() {
    let count = if full() { 100_000 } else { 2_000 };
    let cases: Vec<_> = (0..count).map(paths::path).collect();
    let questions: Vec<_> = cases.iter().map(|case| serde_json::to_string(case).expect("strings")).collect();
    let answers = Oracle::gjson().ask(&questions);
    let (mut differences, mut found) = (Vec::new(), 0);
    for (case, answer) in cases.iter().zip(answers) {
        let theirs: (String, bool, String, String) =
            serde_json::from_str(&answer).expect("an answer has four parts");
        found += usize::from(theirs.1);
        let ours = ours(case);
        if ours.as_ref() != Ok(&theirs) {
            differences.push(format!("{case:?}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {count} differ:\n{shown}", differences.len());
    assert!(found * 5 > cases.len(), "only {found} paths lead anywhere");
}
