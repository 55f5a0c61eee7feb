//! Running test programs, counting what they say, and the closing line.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::build::{Built, TestProgram};
use super::lanes::Lane;
use super::options::Options;
use super::plan::Plan;
use super::provide;
use super::server::Running;
use crate::command::{Minutes, command};
use crate::failure::Failure;
use crate::workspace::{Workspace, locked};

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// What all programs said together.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<(String, Count)>,
    /// Failures that are no test's: a count that does not fit, a program that died.
    complaints: Vec<String>,
}

/// Everything that a run takes.
pub(super) struct Run<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) options: &'a Options,
    pub(super) plan: &'a Plan,
    pub(super) built: &'a Built,
    pub(super) servers: &'a [Running],
}

impl Run<'_> {
    /// Unit tests, documentation tests, then the lanes, whatever fails on the way.
    pub(super) fn all(&self, minutes: &mut Minutes) -> Result<Report, Failure> {
        let mut report = Report::default();
        if self.options.units() {
            minutes.step("unit tests", || -> Result<(), Failure> {
                for program in self.built.tests.iter().filter(|program| program.lane.is_none()) {
                    report.take(&program.title, &mut program.command())?;
                }
                Ok(())
            })?;
            minutes.step("documentation tests", || {
                let arguments = ["test", "--workspace", "--doc", "--no-fail-fast"];
                let mut doc = command("cargo", &arguments, &self.workspace.root);
                report.take("documentation", doc.args(locked()))
            })?;
        }
        for lane in &self.plan.lanes {
            let name = format!("lane {}", lane.name);
            let count = minutes.step(&name, || self.lane(lane, &mut report))?;
            report.expect(lane, count, &self.workspace.root);
        }
        Ok(report)
    }

    fn lane(&self, lane: &Lane, report: &mut Report) -> Result<Count, Failure> {
        let mut total = Count::default();
        for program in self.built.tests.iter().filter(|program| program.lane.as_deref() == Some(lane.name)) {
            let mut command = program.command();
            command.env("BULLA_BIN", &self.built.bulla);
            if let Some(controller) = &self.built.controller {
                command.env("BULLA_CONTROLLER_BIN", controller);
            }
            command.envs(provide::variables(self.workspace, lane));
            for running in self.servers.iter().filter(|running| lane.uses(running.server)) {
                command.envs(running.variables());
            }
            if let (Some(variable), Some(golden)) = (lane.given, &self.plan.golden) {
                command.env(variable, golden);
            }
            if self.options.full {
                command.env("BULLA_FULL", "1");
            }
            total.add(report.take(&program.title, &mut command)?);
        }
        Ok(total)
    }
}

impl TestProgram {
    /// As `cargo test` runs it: in the package's directory.
    fn command(&self) -> Command {
        let mut test = command(&self.executable, &[], &self.directory);
        test.env("CARGO_MANIFEST_DIR", &self.directory).env("CARGO_PKG_NAME", &self.package);
        test
    }
}

impl Report {
    /// Runs one program, shows what it prints except the lines of passing
    /// tests, and adds its results.
    fn take(&mut self, title: &str, command: &mut Command) -> Result<Count, Failure> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut count = Count::default();
        println!("{title}");
        for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).split(b'\n')) {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if let Some(result) = result_line(&line) {
                count.add(result);
            }
            let passed = line.starts_with("test ") && line.ends_with(" ... ok");
            if !passed && !line.is_empty() && !line.starts_with("running ") {
                println!("    {line}");
            }
        }
        let status = child.wait()?;
        if !status.success() && count.failed == 0 {
            self.complaints.push(format!("{title}: {status}"));
        }
        if count.ignored > 0 {
            println!("    {} ignored: they are not part of the result", count.ignored);
        }
        self.rows.push((title.to_owned(), count));
        Ok(count)
    }

    /// A lane has as many tests as its file `expected-count` says, so that a
    /// filter or a renamed module cannot shrink it unnoticed.
    fn expect(&mut self, lane: &Lane, count: Count, root: &Path) {
        let path = Path::new("tests/lanes").join(lane.name).join("expected-count");
        let text = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        let ran = count.passed + count.failed;
        if text.trim().parse() != Ok(ran) {
            let expected = text.trim();
            let path = path.display();
            self.complaints.push(format!("lane {}: {ran} tests ran, {path} says {expected:?}", lane.name));
        }
    }

    /// The closing line, alone and last, and the result of the whole run.
    pub(super) fn close(self) -> Result<(), Failure> {
        let mut total = Count::default();
        for (_, count) in &self.rows {
            total.add(*count);
        }
        for (title, count) in self.rows.iter().filter(|(_, count)| count.failed > 0) {
            println!("failed: {title}: {} of {}", count.failed, count.failed + count.passed);
        }
        for complaint in &self.complaints {
            println!("failed: {complaint}");
        }
        let failed = total.failed + self.complaints.len() as u64;
        println!("{} passed, {failed} failed", total.passed);
        if failed == 0 { Ok(()) } else { Err(Failure::Told) }
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
fn result_line(line: &str) -> Option<Count> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut count = Count::default();
    for part in numbers.split("; ") {
        match part.split_once(' ') {
            Some((number, "passed")) => count.passed = number.parse().ok()?,
            Some((number, "failed")) => count.failed = number.parse().ok()?,
            Some((number, "ignored")) => count.ignored = number.parse().ok()?,
            _ => {}
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_line_of_a_test_program_is_read() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(result_line(line), Some(Count { passed: 3, failed: 2, ignored: 1 }));
        assert_eq!(result_line("test a ... ok"), None);
    }

    #[test]
    fn a_lane_that_lost_a_test_is_a_failure() {
        let mut report = Report::default();
        let lane = Lane::new("none-such", &[]);
        report.expect(&lane, Count { passed: 4, failed: 0, ignored: 0 }, Path::new("."));
        assert!(matches!(report.close(), Err(Failure::Told)));
    }
}
