//! One build of everything: programs and tests of all members together, so that
//! every dependency is compiled once, with one set of features.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use super::options::Options;
use super::plan::Plan;
use crate::command::command;
use crate::failure::Failure;
use crate::workspace::{Workspace, locked};

/// Test programs and the program under test.
pub(super) struct Built {
    pub(super) tests: Vec<TestProgram>,
    /// Our `bulla`.
    pub(super) bulla: PathBuf,
    /// Our `bulla-controller`, where a lane runs it.
    pub(super) controller: Option<PathBuf>,
}

/// One executable with tests.
pub(super) struct TestProgram {
    pub(super) package: String,
    /// Package, and its target where that is another name.
    pub(super) title: String,
    pub(super) executable: PathBuf,
    /// Directory of the package; tests run there.
    pub(super) directory: PathBuf,
    pub(super) lane: Option<String>,
}

pub(super) fn build(workspace: &Workspace, options: &Options, plan: &Plan) -> Result<Built, Failure> {
    let mut cargo = command("cargo", &["build", "--bins", "--tests"], &workspace.root);
    cargo.args(locked()).arg("--message-format=json-render-diagnostics");
    if options.units() {
        cargo.arg("--workspace");
    } else {
        cargo.args(["--package", "bulla"]);
        if plan.lanes.iter().any(|lane| lane.has_controller) {
            cargo.args(["--package", "bulla-controller"]);
        }
        cargo.args(plan.lanes.iter().map(|lane| format!("--package=lane-{}", lane.name)));
    }
    let output = cargo.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(Failure::broken("test: the build failed, no test ran"));
    }
    collect(workspace, &String::from_utf8_lossy(&output.stdout))
}

fn collect(workspace: &Workspace, messages: &str) -> Result<Built, Failure> {
    let mut tests = Vec::new();
    let (mut bulla, mut controller) = (None, None);
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some(executable) = message["executable"].as_str().map(PathBuf::from) else { continue };
        let Some(package) = message["package_id"].as_str().and_then(|id| workspace.member(id)) else {
            continue;
        };
        let target = message["target"]["name"].as_str().unwrap_or_default();
        if message["profile"]["test"] == true {
            let kind = message["target"]["kind"][0].as_str().unwrap_or_default();
            tests.push(TestProgram {
                package: package.name.clone(),
                title: format!("{} ({kind} {target})", package.name),
                executable,
                directory: package.directory.clone(),
                lane: package.lane(&workspace.root).map(str::to_owned),
            });
        } else if target == "bulla" {
            bulla = Some(executable);
        } else if target == "bulla-controller" {
            controller = Some(executable);
        }
    }
    tests.sort_by(|one, other| one.title.cmp(&other.title));
    let bulla = bulla.ok_or_else(|| Failure::broken("test: the build made no program bulla"))?;
    Ok(Built { tests, bulla, controller })
}
