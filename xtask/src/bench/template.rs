//! Templates and regular expressions beside Go's text/template with sprig and
//! regexp, which a program of the oracle runs.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::library;
use crate::command::command;
use crate::failure::Failure;
use crate::test::{ORACLE, provide};
use crate::workspace::Workspace;

/// Runs of each side, in turn.
const RUNS: usize = 5;

/// Medians; times in nanoseconds.
pub(super) struct Templates {
    pub(super) ours: Times,
    pub(super) go: Times,
    /// Bytes that each of 10,000 templates keeps.
    pub(super) retained: u64,
}

/// How many times faster than Go parsing and running is to be.
const FACTOR: u64 = 3;

/// Bytes that a kept template may take.
const KEPT: u64 = 64 << 10;

/// One line of the result.
pub(super) struct Line {
    pub(super) work: &'static str,
    pub(super) must: &'static str,
    /// What Go took, where there is a comparison.
    pub(super) go: Option<u64>,
    pub(super) ours: u64,
    /// Whether the goal was met; nothing where there is none.
    pub(super) is_met: Option<bool>,
}

impl Templates {
    pub(super) fn lines(&self) -> [Line; 4] {
        let Self { ours, go, retained } = self;
        [
            Line {
                work: "parse and run",
                must: "at most 1/3 of Go",
                go: Some(go.parse_run),
                ours: ours.parse_run,
                is_met: Some(ours.parse_run * FACTOR <= go.parse_run),
            },
            Line { work: "run", must: "-", go: Some(go.run), ours: ours.run, is_met: None },
            Line {
                work: "match 1,000 names",
                must: "not more than Go",
                go: Some(go.names),
                ours: ours.names,
                is_met: Some(ours.names <= go.names),
            },
            Line {
                work: "kept in memory, each of 10,000",
                must: "at most 64 KiB",
                go: None,
                ours: *retained,
                // Nothing at all means that it could not be measured.
                is_met: Some((1..=KEPT).contains(retained)),
            },
        ]
    }

    /// Fails where a goal is missed.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let missed = self.lines().into_iter().filter(|line| line.is_met == Some(false));
        let missed: Vec<_> = missed.map(|line| format!("{} ({})", line.work, line.must)).collect();
        if missed.is_empty() {
            return Ok(());
        }
        Err(Failure::broken(format!("bench: template: missed: {}", missed.join(", "))))
    }
}

pub(super) struct Times {
    pub(super) parse_run: u64,
    pub(super) run: u64,
    pub(super) names: u64,
}

pub(super) fn measure(workspace: &Workspace) -> Result<Templates, Failure> {
    println!("== template");
    provide::all(workspace, &[&ORACLE])?;
    let program = library::build(workspace, "bulla-template", "template")?;
    let oracle = provide::value(workspace, &ORACLE).join("timing");
    let question = answer(&program, &["question"], None)?.to_string();
    let (mut ours, mut go) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(answer(&program, &[], None)?);
        go.push(answer(&oracle, &[], Some(&question))?);
    }
    for (ours, go) in ours.iter().zip(&go) {
        if ours["out"] != go["out"] || ours["matches"] != go["matches"] {
            return Err(Failure::broken("bench: the two template engines print different texts"));
        }
    }
    Ok(Templates { ours: times(&ours), go: times(&go), retained: median(&ours, "retained") })
}

fn answer(program: &Path, arguments: &[&str], question: Option<&str>) -> Result<Value, Failure> {
    let folder = program.parent().unwrap_or(Path::new("."));
    let mut child =
        command(program, arguments, folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(question.unwrap_or_default().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::broken(format!("bench: {}: {error}", program.display())))
}

fn times(answers: &[Value]) -> Times {
    let of = |name| median(answers, name);
    Times { parse_run: of("parse_run"), run: of("run"), names: of("names") }
}

fn median(answers: &[Value], name: &str) -> u64 {
    let mut numbers: Vec<u64> = answers.iter().filter_map(|answer| answer[name].as_u64()).collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(parse_run: u64, names: u64, retained: u64) -> Templates {
        let go = Times { parse_run: 300, run: 50, names: 500 };
        Templates { ours: Times { parse_run, run: 60, names }, go, retained }
    }

    #[test]
    fn a_missed_goal_is_named_and_fails() {
        assert!(measured(100, 500, 64 << 10).check().is_ok());
        for (templates, word) in [
            (measured(101, 500, 1), "parse and run"),
            (measured(100, 501, 1), "match"),
            (measured(100, 500, (64 << 10) + 1), "kept"),
            (measured(100, 500, 0), "kept"),
        ] {
            let failure = templates.check().unwrap_err().to_string();
            assert!(failure.contains(word), "{failure}");
        }
    }
}
