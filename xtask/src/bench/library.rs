//! Measurements that are programs of a crate (`benches/`).

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::command::command;
use crate::failure::Failure;
use crate::workspace::{Workspace, locked};

/// Megabytes per second that reading must reach.
const LEAST: f64 = 150.0;

/// What the scanner's own measurement prints: megabytes per second of reading
/// an encrypted file. Fewer than [`LEAST`] are an error.
pub(super) fn scan(workspace: &Workspace) -> Result<String, Failure> {
    println!("== scan");
    let program = build(workspace, "bulla-yaml", "scan")?;
    let output = command(&program, &[], &workspace.root).output()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let speed = line.split_whitespace().rev().nth(1).and_then(|number| number.parse::<f64>().ok());
    match speed {
        Some(speed) if output.status.success() && speed >= LEAST => Ok(line),
        _ => Err(Failure::broken(format!("bench: scan: {line:?} is not at least {LEAST} MB/s"))),
    }
}

/// Builds a bench and returns its program.
pub(super) fn build(workspace: &Workspace, package: &str, bench: &str) -> Result<PathBuf, Failure> {
    let mut cargo = command("cargo", &["bench", "--no-run", "--package", package], &workspace.root);
    cargo.args(["--bench", bench, "--message-format=json-render-diagnostics"]).args(locked());
    let output = cargo.stderr(Stdio::inherit()).output()?;
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == bench)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Failure::broken(format!("bench: {package} has no program {bench}")))
}
