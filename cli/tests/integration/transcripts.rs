//! Sessions recorded from sops 3.13.3 and replayed with our program. A
//! transcript is a text:
//!
//! ```text
//! # a comment
//! $ VARIABLE=value sops ARGUMENTS < FILE     in the words of a shell, but no shell
//! ? 1                                        exit code
//! | a line of standard output
//! |\                                         the line before has no newline
//! ! a line of standard error                 times and the directory masked
//! ~                                          standard error is ours, not compared
//! ```
//!
//! `BULLA_TRANSCRIPT_PROGRAM=/path/to/sops BULLA_TRANSCRIPT_RECORD=1` runs the
//! original and writes down what it did.

use std::fmt::Write as _;

use crate::sandbox::{Sandbox, fixtures};

struct Step {
    comments: String,
    line: String,
    own_stderr: bool,
    expected: String,
}

#[test]
fn transcripts_of_sops_replay() {
    let record = std::env::vars().any(|(name, _)| name == "BULLA_TRANSCRIPT_RECORD");
    let mut failures = String::new();
    let mut commands = 0;
    let mut paths: Vec<_> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let sandbox = Sandbox::new();
        let mut recorded = String::new();
        for step in parse(&std::fs::read_to_string(&path).unwrap()) {
            commands += 1;
            let actual = run(&sandbox, &step);
            if actual != step.expected {
                let name = path.file_name().unwrap().to_string_lossy();
                let _ =
                    write!(failures, "\n{name}: $ {}\nexpected:\n{}got:\n{actual}", step.line, step.expected);
            }
            let _ = write!(recorded, "{}$ {}\n{actual}\n", step.comments, step.line);
        }
        if record {
            #[allow(clippy::disallowed_methods, reason = "a fixture of the repository is written anew")]
            std::fs::write(&path, recorded.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(record || failures.is_empty(), "{failures}");
    assert!(commands > 50, "only {commands} commands were found");
}

fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut comments = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            comments.push_str(line);
            comments.push('\n');
        } else if let Some(line) = line.strip_prefix("$ ") {
            let comments = std::mem::take(&mut comments);
            let line = line.to_owned();
            steps.push(Step { comments, line, own_stderr: false, expected: String::new() });
        } else {
            let step = steps.last_mut().expect("a transcript starts with a command");
            step.own_stderr |= line == "~";
            step.expected.push_str(line);
            step.expected.push('\n');
        }
    }
    steps
}

fn run(sandbox: &Sandbox, step: &Step) -> String {
    let words = shlex::split(&step.line).expect("a transcript's line is words");
    let outcome = sandbox.run(&words);
    let mut text = format!("? {}\n", outcome.code);
    let stdout = String::from_utf8_lossy(&outcome.stdout);
    for line in stdout.split_inclusive('\n') {
        let _ = writeln!(text, "| {}", line.trim_end_matches('\n'));
    }
    if !stdout.is_empty() && !stdout.ends_with('\n') {
        text.push_str("|\\\n");
    }
    if step.own_stderr {
        text.push_str("~\n");
    } else {
        for line in outcome.stderr.lines() {
            let _ = writeln!(text, "! {line}");
        }
    }
    text
}
