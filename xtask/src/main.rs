//! Repository tasks. `cargo xtask check` judges the source, `cargo xtask test`
//! provides what the tests need and runs them all.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to its terminal")]
#![allow(
    clippy::disallowed_methods,
    reason = "a task reads its own process environment and writes build products under target/"
)]

mod bench;
mod check;
mod command;
mod demo;
mod dist;
mod failure;
mod fuzz;
mod platforms;
mod reference;
mod soak;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
usage: cargo xtask <task>

  check                      fmt, tidy, clippy, docs, other platforms, cargo-deny: every warning is an error
  tidy                       the repository's own rules alone (a second)
  test [options]             provide components, run unit tests and all lanes
    --plan                   print what each lane needs and stop (exit 2 if something is missing)
    --lane A,B               only these lanes, no unit tests
    --without LANE           leave a lane out and say so at the end (refused where CI=true)
    --full                   the complete matrix of the lanes interop and faults
  demo                       encrypt examples/quickstart with a fresh age key, show it, decrypt it again;
                             then seal it for a Kubernetes API on loopback with our controller (needs Go, once)
    --files                  only the part without a Kubernetes API
    --once                   end by itself, without waiting for Ctrl-C
  dist                       release programs and archives in target/dist, the same bytes from the same commit
    --twice                  build the last commit again in another folder and compare
  bench [NAME...]            the originals beside ours, in one run: all, or these parts and rows
                             (parts: sops, sealing, controller, scan, template)
    --write                  into docs/benchmarks.md, where parts that were not measured stay as they are
  gen                        write docs/reference (help, completions, manual pages, schema) and deploy/crds anew
  fuzz [TARGET...]           all fuzz targets, or these, 20 seconds each
    --seconds N              as long as this
  soak [options]             the failure rows at their full size, as two tables
    --seconds N              how long one repeating test may take (120)
    --write                  put the tables in place of those in docs/soak.md; the rest of it stays";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Told) {
                eprintln!("{failure}");
            }
            ExitCode::from(failure.code())
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let (task, rest) = arguments.split_first().ok_or_else(|| Failure::usage(USAGE))?;
    match (task.as_str(), rest) {
        ("check", []) => check::run(),
        ("tidy", []) => tidy::run(&workspace::Workspace::load()?),
        ("test", rest) => test::run(&test::Options::parse(rest)?),
        ("bench", rest) => bench::run(&bench::Options::parse(rest)?),
        (bench::LAUNCH, command) => bench::launch(command),
        ("demo", rest) => demo::run(&demo::Options::parse(rest)?),
        ("dist", []) => dist::run(false),
        ("dist", [option]) if option == "--twice" => dist::run(true),
        ("gen", []) => reference::run(&workspace::Workspace::load()?),
        ("fuzz", rest) => fuzz::run(&fuzz::Options::parse(rest)?),
        ("soak", rest) => soak::run(&soak::Options::parse(rest)?),
        ("help" | "--help" | "-h", _) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure::usage(USAGE)),
    }
}
