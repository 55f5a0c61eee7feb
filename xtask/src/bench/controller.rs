//! The controllers, measured by a program of the lane `kube`
//! (`tests/lanes/kube/benches/controller`).

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::library;
use crate::command::command;
use crate::failure::Failure;
use crate::test::provide;
use crate::workspace::Workspace;

/// Its rows, by the names that the program knows them by.
pub(super) const ROWS: &[&str] = &["unseal", "unseal-unlimited", "unseal-many", "restart-keys"];

/// Lines of the table, for these rows.
pub(super) fn measure(workspace: &Workspace, rows: &[&str]) -> Result<Vec<String>, Failure> {
    let programs = workspace.release()?;
    let bench = library::build(workspace, "lane-kube", "controller")?;
    let mut run = command(bench, rows, &workspace.root);
    run.envs(provide::lane(workspace, "kube")?);
    run.env("BULLA_BIN", programs.join("bulla"));
    run.env("BULLA_CONTROLLER_BIN", programs.join("bulla-controller"));
    let mut child = run.stdout(Stdio::piped()).spawn()?;
    let mut lines = Vec::new();
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
        if let Some(row) = line?.strip_prefix("bench | ") {
            println!("| {row} |");
            lines.push(format!("| {row} |"));
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(lines) } else { Err(Failure::broken(format!("bench: controller: {status}"))) }
}
