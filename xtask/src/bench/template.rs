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
