//! `cargo xtask fuzz`: every target of `fuzz/` for some seconds each, side by
//! side on all cores.
//!
//! The targets are cargo-fuzz's kind (`cargo fuzz run -s none TARGET` works),
//! but one build of all of them needs no more than its flags. No sanitizer:
//! this repository has no `unsafe`, and without one the runs are faster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::command::{Minutes, command, finish};
use crate::failure::Failure;
use crate::workspace::{Workspace, host};

/// Coverage for libFuzzer, as cargo-fuzz asks for it.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Seconds per target where nothing else is asked for.
const SECONDS: u32 = 20;

/// Which targets, for how long.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    seconds: u32,
    /// Empty for all.
    targets: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self { seconds: SECONDS, targets: Vec::new() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--seconds" => {
                    let seconds = rest.next().and_then(|seconds| seconds.parse().ok());
                    options.seconds =
                        seconds.ok_or_else(|| Failure::usage("fuzz: --seconds takes a number"))?;
                }
                option if option.starts_with('-') => {
                    return Err(Failure::usage(format!("fuzz: unknown option {option}")));
                }
                target => options.targets.push(target.to_owned()),
            }
        }
        Ok(options)
    }
}

/// Builds all targets, runs the wanted ones and prints one line each.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let folder = workspace.root.join("fuzz");
    let targets = wanted(&folder, &options.targets)?;
    let mut minutes = Minutes::default();
    let programs = minutes.step("build fuzz targets", || build(&folder, &workspace.target.join("fuzz")))?;
    let crashed = minutes.step("fuzz", || {
        let queue = Mutex::new(targets);
        let crashed = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| work(&folder, &programs, options.seconds, &queue, &crashed));
            }
        });
        crashed.into_inner().unwrap_or_default()
    });
    minutes.print();
    if crashed.is_empty() { Ok(()) } else { Err(Failure::broken(format!("fuzz: {}", crashed.join(", ")))) }
}

/// Takes targets from the queue until it is empty.
fn work(
    folder: &Path,
    programs: &Path,
    seconds: u32,
    queue: &Mutex<Vec<String>>,
    crashed: &Mutex<Vec<String>>,
) {
    while let Some(target) = queue.lock().ok().and_then(|mut queue| queue.pop()) {
        if let Err(failure) = fuzz(folder, programs, &target, seconds) {
            println!("{target}: {failure}");
            if let Ok(mut crashed) = crashed.lock() {
                crashed.push(target);
            }
        }
    }
}

fn wanted(folder: &Path, names: &[String]) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder.join("targets"))? {
        all.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    all.sort_by(|one, other| other.cmp(one));
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(Failure::usage(format!("fuzz: no target \"{unknown}\"; there are: {}", all.join(", "))));
    }
    all.retain(|target| names.is_empty() || names.contains(target));
    Ok(all)
}

fn build(folder: &Path, target_directory: &Path) -> Result<PathBuf, Failure> {
    let host = host()?;
    let mut cargo = command("cargo", &["build", "--release", "--bins", "--target", &host], folder);
    cargo.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", target_directory);
    finish(&mut cargo)?;
    Ok(target_directory.join(host).join("release"))
}

fn fuzz(folder: &Path, programs: &Path, target: &str, seconds: u32) -> Result<(), Failure> {
    let corpus = folder.join("corpus").join(target);
    let artifacts = folder.join("artifacts").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let mut run = Command::new(programs.join(target));
    run.arg(&corpus).args(Some(folder.join("seeds").join(target)).filter(|seeds| seeds.is_dir()));
    run.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", artifacts.display()));
    // Ten seconds for one input and 2 GiB are findings.
    run.args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=2048"]).env("RUST_BACKTRACE", "0");
    let output = run.stdin(std::process::Stdio::null()).output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let executions = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units: "));
    if output.status.success() {
        println!("{target}: {} executions in {seconds} s, no finding", executions.unwrap_or("?").trim());
        return Ok(());
    }
    let lines: Vec<&str> = log.lines().collect();
    let start =
        lines.iter().position(|line| line.contains("panicked at") || line.contains("ERROR:")).unwrap_or(0);
    let shown: Vec<&str> =
        lines[start..].iter().copied().filter(|line| !line.starts_with("    #")).take(30).collect();
    Err(Failure::broken(format!("{}\n{}", output.status, shown.join("\n"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_seconds_are_read() {
        let words = ["yaml_parse", "--seconds", "600"].map(str::to_owned);
        let options = Options::parse(&words).unwrap();
        assert_eq!(options, Options { seconds: 600, targets: vec!["yaml_parse".into()] });
        assert!(Options::parse(&["--minutes".to_owned()]).is_err());
    }
}
