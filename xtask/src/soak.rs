//! `cargo xtask soak`: the failure rows of `security.md` 5 at their full
//! size. The tests are those of the lanes `faults` and `kube` and of the crates; here they
//! repeat themselves, and what they tell becomes a table of the command line and one of the
//! controller.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{command, find_on_path};
use crate::failure::Failure;
use crate::test::provide;
use crate::workspace::Workspace;

/// Seconds that one repeating test may take where nothing else is asked for;
/// that of R-04 takes up to thirty times as long.
const SECONDS: u32 = 120;

/// Random edits of C-03: cases of eight edits each.
const EDITS: u32 = 100_000;

/// A file system in memory, where it is there: what is counted here are runs,
/// not writes of a disk.
const MEMORY: &str = "/dev/shm";

/// Where `--write` puts the tables.
const RESULT: &str = "docs/soak.md";

/// How the part of a table begins on that page; it ends with the table.
const BEGIN: &str = "- date: ";

/// How long, and whether the result is kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    seconds: u32,
    write: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self { seconds: SECONDS, write: false };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--write" => options.write = true,
                "--seconds" => {
                    let seconds = rest.next().and_then(|seconds| seconds.parse().ok());
                    options.seconds =
                        seconds.ok_or_else(|| Failure::usage("soak: --seconds takes a number"))?;
                }
                other => return Err(Failure::usage(format!("soak: unknown option {other}"))),
            }
        }
        Ok(options)
    }
}

/// Runs everything and prints the tables; fails where a test does.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let strace = find_on_path("strace")
        .ok_or_else(|| Failure::Missing("strace comes with the system: apt-get install strace".to_owned()))?;
    let programs = workspace.release()?;
    let mut lane = test(&workspace.root, &["--package", "lane-faults"]);
    lane.env("BULLA_BIN", programs.join("bulla")).env("BULLA_LANE_STRACE", strace);
    lane.env("BULLA_FULL", "1").env("BULLA_SOAK_SECONDS", options.seconds.to_string());
    if Path::new(MEMORY).is_dir() {
        lane.env("TMPDIR", MEMORY);
    }
    let mut rows = told(&mut lane)?;
    let controller = told(&mut kube(&workspace, &programs)?)?;
    let mut edits =
        test(&workspace.root, &["--release", "--package", "bulla-sops", "--test", "sops", "c_03"]);
    edits.env("PROPTEST_CASES", (EDITS / 8).to_string());
    told(&mut edits)?;
    rows.push(format!(
        "| C-03 | {EDITS} random edits of generated documents | no nonce used for two values |"
    ));
    let tables = [table(rows), table(controller)];
    print!("{}", tables.join("\n"));
    if options.write {
        let file = workspace.root.join(RESULT);
        fs::write(&file, page(&fs::read_to_string(&file)?, &tables.map(|table| part(&table)))?)?;
        println!("written to {RESULT}");
    }
    Ok(())
}

fn table(mut rows: Vec<String>) -> String {
    rows.sort();
    format!("| row | done | result |\n|---|---|---|\n{}\n", rows.join("\n"))
}

/// The faults of the lane `kube`, with what that lane is handed.
fn kube(workspace: &Workspace, programs: &Path) -> Result<Command, Failure> {
    // The proxy of a test costs what is measured less time when it is optimized.
    let mut lane = test(&workspace.root, &["--release", "--package", "lane-kube", "faults::"]);
    lane.envs(provide::lane(workspace, "kube")?);
    lane.env("BULLA_CONTROLLER_BIN", programs.join("bulla-controller")).env("BULLA_FULL", "1");
    Ok(lane)
}

fn test(root: &Path, arguments: &[&str]) -> Command {
    let mut cargo = command("cargo", &[&["test"], arguments, &["--", "--nocapture"]].concat(), root);
    cargo.stdout(Stdio::piped()).stderr(Stdio::inherit());
    cargo
}

/// Runs tests and collects the rows of the table among what they print.
fn told(cargo: &mut Command) -> Result<Vec<String>, Failure> {
    let output = cargo.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(Failure::broken(format!("soak: a test failed\n{text}")));
    }
    Ok(rows(&text))
}

/// A line may stand behind the name of its test.
fn rows(text: &str) -> Vec<String> {
    let told = text.lines().filter_map(|line| line.split_once("soak | "));
    told.map(|(_, row)| format!("| {row} |")).collect()
}

/// The page with these parts in place of its own, in their order; what stands around them is kept by hand.
fn page(old: &str, parts: &[String]) -> Result<String, Failure> {
    let mut parts = parts.iter();
    let mut lines = old.lines().peekable();
    let mut text = String::new();
    while let Some(line) = lines.next() {
        if line.starts_with(BEGIN)
            && let Some(part) = parts.next()
        {
            text += part;
            while lines.next_if(|line| !line.starts_with('|')).is_some() {}
            while lines.next_if(|line| line.starts_with('|')).is_some() {}
        } else {
            text += line;
            text.push('\n');
        }
    }
    if parts.len() > 0 {
        return Err(Failure::broken(format!(
            "soak: {RESULT} lacks a part that begins with {BEGIN:?}, nothing written"
        )));
    }
    Ok(text)
}

/// What stands on the page of a table.
fn part(table: &str) -> String {
    let memory = if Path::new(MEMORY).is_dir() {
        "; the files of the lane `faults` in a file system in memory"
    } else {
        ""
    };
    format!("{BEGIN}{}\n- machine: {}\n- programs: release profile{memory}\n\n{table}", date(), machine())
}

fn date() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
        value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory = field("/proc/meminfo", "MemTotal");
    format!(
        "{cores} cores of {}, {memory} memory, Linux {}",
        field("/proc/cpuinfo", "model name"),
        kernel.trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_behind_the_names_of_tests() {
        let text =
            "running 2 tests\ntest a ... soak | R-01 | kills | 0 lost\nok\nsoak | R-02 | errors | fine\n";
        assert_eq!(rows(text), ["| R-01 | kills | 0 lost |", "| R-02 | errors | fine |"]);
    }

    #[test]
    fn the_page_keeps_what_stands_around_the_tables() {
        let old = include_str!("../../docs/soak.md");
        let parts = ["- date: a\n\n| one |\n", "- date: b\n\n| two |\n"].map(str::to_owned);
        let new = page(old, &parts).unwrap();
        assert!(
            new.contains("\n\n- date: a\n\n| one |\n\n## The controller\n\n- date: b\n\n| two |\n\n"),
            "{new}"
        );
        assert!(!new.contains("| R-"), "{new}");
        let rest = old.split_once("\n## Fuzzing").expect("a part kept by hand").1;
        assert!(new.ends_with(rest), "{new}");
        assert!(page("# Soak\n\n- date: c\n\n| one |\n", &parts).is_err());
    }

    #[test]
    fn options_are_read() {
        let words = ["--seconds", "5", "--write"].map(str::to_owned);
        assert_eq!(Options::parse(&words).unwrap(), Options { seconds: 5, write: true });
        assert!(Options::parse(&["--seconds".to_owned()]).is_err());
    }
}
