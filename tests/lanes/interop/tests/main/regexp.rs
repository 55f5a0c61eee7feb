//! Generated expressions, asked of Go's regexp as well.

use bulla_regexp::{Captures, Error, Regexp};
use lane_interop::{Oracle, full, go_text, patterns};

/// Our answer in the oracle's form.
fn ours([pattern, text, replacement]: &[String; 3]) -> Vec<String> {
    let mut answer = vec![pattern.clone(), text.clone()];
    let Ok(regexp) = Regexp::new(pattern) else {
        answer.push("ERR".to_owned());
        return answer;
    };
    let bytes = text.as_bytes();
    answer.push(
        regexp
            .find_index(bytes)
            .map_or_else(|| "[]".to_owned(), |span| format!("[{} {}]", span.start, span.end)),
    );
    let all = regexp.find_all_submatch(bytes, None);
    answer.push(format!("[{}]", all.iter().map(indices).collect::<Vec<_>>().join(" ")));
    answer.push(go_text(&regexp.replace_all(bytes, replacement.as_bytes())));
    let parts = regexp.split(bytes, None).into_iter().map(|span| go_text(&bytes[span]));
    answer.push(parts.collect::<Vec<_>>().join("\n"));
    answer
}

fn indices(found: &Captures<'_>) -> String {
    let groups = (0..found.group_count()).map(|number| match found.index(number) {
        Some(span) => format!("{} {}", span.start, span.end),
        None => "-1 -1".to_owned(),
    });
    format!("[{}]", groups.collect::<Vec<_>>().join(" "))
}

/// The table of what differs on purpose, and the row that the test excuses.
const DOCUMENTED: &str = include_str!("../../../../../crates/bulla-regexp/src/lib.rs");
const LIMITS: &str = "| a pattern longer than 4 KiB, or larger than 1 MiB compiled |";

fn is_beyond_limits(pattern: &str) -> bool {
    Regexp::new(pattern).err() == Some(Error::TooLarge)
}

#[test]
fn five_thousand_patterns_mean_what_they_mean_in_go() {
    assert!(DOCUMENTED.contains(LIMITS));
    let count = if full() { 100_000 } else { 5_000 };
    let cases: Vec<_> = (0..count).map(patterns::pattern).collect();
    let questions: Vec<_> = cases.iter().map(|case| serde_json::to_string(case).expect("strings")).collect();
    let answers = Oracle::regexp().ask(&questions);
    let (mut differences, mut refused, mut matched, mut limited) = (Vec::new(), 0, 0, 0);
    for (case, answer) in cases.iter().zip(answers) {
        let theirs: Vec<String> = serde_json::from_str(&answer).expect("an answer is a list");
        match theirs[2].as_str() {
            "ERR" => refused += 1,
            "[]" => {}
            _ => matched += 1,
        }
        let ours = ours(case);
        if theirs[2] != "ERR" && is_beyond_limits(&case[0]) {
            limited += 1;
        } else if ours != theirs {
            differences.push(format!("{case:?}\n  ours   {:?}\n  theirs {:?}", &ours[2..], &theirs[2..]));
        }
    }
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {count} differ:\n{shown}", differences.len());
    assert!(limited < count / 500, "{limited} patterns are beyond our limits");
    // Neither only errors nor only what never matches.
    assert!(refused < count / 2 && matched > count / 6, "{refused} refused, {matched} matched");
}
