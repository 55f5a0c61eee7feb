//! Sessions recorded from sops 3.13.3 and kubeseal 0.36.6, and replayed with
//! our program. A transcript is a text:
//!
//! ```text
//! # a comment
//! $ VARIABLE=value sops ARGUMENTS < FILE     in the words of a shell, but no shell
//! ? 1                                        exit code
//! | a line of standard output, new ciphertexts masked
//! =                                          of standard output only the last line is compared
//! |\                                         the line before has no newline
//! ! a line of standard error                 times and the directory masked
//! ~                                          standard error is ours, not compared
//! ```
//!
//! `BULLA_TRANSCRIPT_PROGRAM=/path/to/sops BULLA_TRANSCRIPT_RECORD=1` runs the
//! original and writes down what it did, in the folder of its name.

use std::fmt::Write as _;

use crate::sandbox::{Sandbox, fixtures};

struct Step {
    comments: String,
    line: String,
    own_stderr: bool,
    own_stdout: bool,
    expected: String,
}

#[test]
fn transcripts_of_sops_replay() {
    assert_eq!(replay("sops"), 252);
}

#[test]
fn transcripts_of_kubeseal_replay() {
    assert_eq!(replay("kubeseal"), 154);
}

/// Replays the transcripts of one persona and returns how many commands they
/// have.
fn replay(persona: &str) -> usize {
    let program = std::env::vars().find(|(name, _)| name == "BULLA_TRANSCRIPT_PROGRAM").map(|(_, path)| path);
    let is_ours = program.as_ref().is_none_or(|path| path.ends_with(&format!("/{persona}")));
    let record = is_ours && std::env::vars().any(|(name, _)| name == "BULLA_TRANSCRIPT_RECORD");
    let mut failures = String::new();
    let mut commands = 0;
    let mut paths: Vec<_> = std::fs::read_dir(fixtures(persona))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    for path in paths {
        let sandbox = Sandbox::of(persona);
        let mut recorded = String::new();
        for step in parse(&std::fs::read_to_string(&path).unwrap()) {
            commands += 1;
            if !is_ours {
                continue;
            }
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
    commands
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
            steps.push(Step {
                comments,
                line,
                own_stderr: false,
                own_stdout: false,
                expected: String::new(),
            });
        } else {
            let step = steps.last_mut().expect("a transcript starts with a command");
            step.own_stderr |= line == "~";
            step.own_stdout |= line == "=";
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
    let stdout = masked(&String::from_utf8_lossy(&outcome.stdout));
    let mut stdout = stdout.as_str();
    if step.own_stdout {
        text.push_str("=\n");
        stdout = stdout.split_inclusive('\n').next_back().unwrap_or_default();
    }
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

/// Replaces sealed values: their length says which key they are for and how
/// long the value is, everything else is chance.
fn masked(text: &str) -> String {
    let is_digit = |character: char| character.is_ascii_alphanumeric() || "+/=".contains(character);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_digit(c)).unwrap_or(from.len()));
        out.push_str(before);
        match word.get(..2) {
            Some("AQ" | "Ag") if word.len() > 340 => {
                let _ = write!(out, "<{} digits>", word.len());
            }
            _ => out.push_str(word),
        }
        rest = after;
    }
    out + rest
}
