//! Running a program and seeing what it cost.
//!
//! A process's peak memory starts with that of the process it was forked from,
//! so programs are started by a process that has nothing in memory: this
//! program once more, with [`LAUNCH`] as its task.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4 as _;

use crate::failure::Failure;

/// The task that [`launch`] is.
pub(crate) const LAUNCH: &str = "bench-launch";

/// What one run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    /// Seconds from start to end.
    pub(super) wall: f64,
    /// Seconds of processor time, user and system, children included.
    pub(super) cpu: f64,
    /// Peak resident memory in MiB.
    pub(super) memory: f64,
}

/// A program with its arguments.
#[derive(Clone)]
pub(super) struct Invocation {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) directory: PathBuf,
    pub(super) variables: Vec<(&'static str, String)>,
}

impl Invocation {
    /// Runs it once, output thrown away; anything but success is a failure.
    pub(super) fn run(&self) -> Result<Cost, Failure> {
        let mut launcher = Command::new(std::env::current_exe()?);
        launcher.arg(LAUNCH).arg(&self.program).args(&self.arguments).current_dir(&self.directory);
        launcher.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = launcher.stdin(Stdio::null()).output()?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<f64> = answer.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers.as_slice() {
            &[wall, cpu, memory] if output.status.success() => Ok(Cost { wall, cpu, memory }),
            _ => {
                let (program, arguments) = (self.program.display(), self.arguments.join(" "));
                let said = String::from_utf8_lossy(&output.stderr);
                Err(Failure::broken(format!("bench: {program} {arguments} failed\n{said}")))
            }
        }
    }
}

/// The other side of [`Invocation::run`]: starts the program, waits, prints
/// seconds, processor seconds and MiB.
pub(crate) fn launch(command: &[String]) -> Result<(), Failure> {
    let (program, arguments) = command.split_first().ok_or_else(|| Failure::usage("nothing to launch"))?;
    let start = Instant::now();
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn()?;
    let used = child.wait4()?;
    let wall = start.elapsed().as_secs_f64();
    if !used.status.success() {
        return Err(Failure::broken(format!("{program}: {}", used.status)));
    }
    let cpu = used.rusage.utime + used.rusage.stime;
    println!("{wall} {} {}", cpu.as_secs_f64(), used.rusage.maxrss as f64 / f64::from(1 << 20));
    Ok(())
}

/// The median of each number by itself.
pub(super) fn median(costs: &[Cost]) -> Cost {
    let middle = |number: fn(&Cost) -> f64| {
        let mut numbers: Vec<f64> = costs.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or_default()
    };
    Cost { wall: middle(|cost| cost.wall), cpu: middle(|cost| cost.cpu), memory: middle(|cost| cost.memory) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_taken_number_by_number() {
        let cost = |wall, cpu, memory| Cost { wall, cpu, memory };
        let costs = [cost(3.0, 1.0, 5.0), cost(1.0, 9.0, 7.0), cost(2.0, 2.0, 6.0)];
        assert_eq!(median(&costs), cost(2.0, 2.0, 6.0));
        assert_eq!(median(&[]), Cost::default());
    }
}
