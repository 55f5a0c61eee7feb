//! Generated expressions, asked of Go's regexp as well.

use bulla_regexp::{Captures, Error, Regexp};
use lane_interop::{Oracle, full, go_text, patterns};

/// Our answer in the oracle's form.
fn ours([pattern, text, replacement]: &[String; 3]) -> Vec<String> {
    let mut answer = vec![pattern.clone(), text.clone()];
    let regexp = match Regexp::new(pattern) {
        Ok(regexp) => regexp,
        Err(error) => {
            answer.extend(["ERR".to_owned(), error.to_string()]);
            return answer;
        }
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

/// The table of what differs on purpose.
const DOCUMENTED: &str = include_str!("../../../../../crates/bulla-regexp/src/lib.rs");

/// A case of each row of the table.
fn excused() -> [(&'static str, [String; 3]); 4] {
    const SIZE: &str = "a pattern longer than 4 KiB, or larger than 1 MiB compiled";
    let case = |pattern: &str, text: &str| [pattern.to_owned(), text.to_owned(), String::new()];
    [
        (SIZE, case(&"a".repeat((4 << 10) + 1), "a")),
        (SIZE, case(r"\pL{1000}", "a")),
        ("more than 50 to 100 nested groups", case(&("(".repeat(101) + "a" + &")".repeat(101)), "a")),
        // The latter is the capital letter of the former since Unicode 16.
        (
            "the few characters whose category or case variants changed after Unicode 15.0",
            case("(?i)\u{264}", "\u{a7cb}"),
        ),
    ]
}

/// Whether we refuse a pattern for its size.
fn is_beyond_limits(pattern: &str) -> bool {
    matches!(Regexp::new(pattern).err(), Some(Error::TooLarge | Error::NestingDepth))
}

/// Answers of Go.
fn ask(cases: &[[String; 3]]) -> Vec<Vec<String>> {
    let questions: Vec<_> = cases.iter().map(|case| serde_json::to_string(case).expect("strings")).collect();
    let answers = Oracle::regexp().ask(&questions);
    answers.iter().map(|answer| serde_json::from_str(answer).expect("an answer is a list")).collect()
}

#[test]
fn five_thousand_patterns_mean_what_they_mean_in_go() {
    let count = if full() { 100_000 } else { 5_000 };
    let cases: Vec<_> = (0..count).map(patterns::pattern).collect();
    let (mut differences, mut refused, mut matched, mut limited) = (Vec::new(), 0, 0, 0);
    for (case, theirs) in cases.iter().zip(ask(&cases)) {
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
    assert!(limited <= count / 1_000, "{limited} patterns are beyond our limits");
    // Neither only errors nor only what never matches.
    assert!(refused < count / 2 && matched > count / 6, "{refused} refused, {matched} matched");
}

#[test]
fn each_row_of_the_table_differs_from_go() {
    let (rows, cases): (Vec<_>, Vec<_>) = excused().into_iter().unzip();
    for ((row, case), theirs) in rows.iter().zip(&cases).zip(ask(&cases)) {
        assert!(DOCUMENTED.contains(&format!("| {row} |")), "{row}: not in the crate's table");
        assert_ne!(theirs[2], "ERR", "{row}: Go refuses");
        assert_ne!(ours(case), theirs, "{row}: there is no difference");
    }
    let documented =
        DOCUMENTED.lines().filter(|line| line.starts_with("//! | ") && !line.contains("| why |"));
    for line in documented {
        assert!(rows.iter().any(|row| line.contains(row)), "without a case: {line}");
    }
}
