//! `cargo xtask check`: every judgement that needs no test to run.

use std::path::{Path, PathBuf};

use crate::command::{Background, Minutes, command, finish};
use crate::failure::Failure;
use crate::workspace::{Workspace, locked};
use crate::{platforms, tidy};

/// Version of cargo-deny that the configuration is written for.
const CARGO_DENY: &str = "0.20.2";

/// Runs all steps, also after one has failed, so that one run shows everything.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let root = workspace.root.as_path();
    let mut minutes = Minutes::default();
    let deny = Deny::start(&workspace)?;
    let mut failures = Vec::new();
    let mut judge = |name: &str, step: &mut dyn FnMut() -> Result<(), Failure>| {
        if let Err(failure) = minutes.step(name, step) {
            eprintln!("{failure}");
            failures.push(name.to_owned());
        }
    };

    judge("fmt", &mut || format(root));
    judge("tidy", &mut || tidy::run(&workspace));
    judge("clippy", &mut || {
        let arguments = ["clippy", "--workspace", "--all-targets", "--keep-going"];
        finish(command("cargo", &arguments, root).args(locked()).args(["--", "-D", "warnings"]))
    });
    judge("doc", &mut || {
        let mut doc = command("cargo", &["doc", "--workspace", "--no-deps", "--keep-going"], root);
        finish(doc.args(locked()).env("RUSTDOCFLAGS", "-D warnings"))
    });
    judge("other platforms", &mut || platforms::check(&workspace));
    let mut deny = Some(deny);
    judge("deny", &mut || deny.take().map_or(Ok(()), |deny| deny.check(root)));

    minutes.print();
    if failures.is_empty() {
        println!("check: all good");
        return Ok(());
    }
    Err(Failure::broken(format!("check: failed: {}", failures.join(", "))))
}

fn format(root: &Path) -> Result<(), Failure> {
    finish(&mut command("cargo", &["fmt", "--all", "--check"], root))?;
    let fuzz = root.join("fuzz");
    if fuzz.is_dir() { finish(&mut command("cargo", &["fmt", "--check"], &fuzz)) } else { Ok(()) }
}

/// cargo-deny, being built behind the other steps where it is not there yet.
struct Deny {
    program: PathBuf,
    build: Option<Background>,
}

impl Deny {
    fn start(workspace: &Workspace) -> Result<Self, Failure> {
        let home = workspace.test_env().join(format!("cargo-deny-{CARGO_DENY}"));
        let program = home.join("bin/cargo-deny");
        if program.is_file() {
            return Ok(Self { program, build: None });
        }
        println!("cargo-deny {CARGO_DENY}: building behind the other steps (once)");
        let mut install = command("cargo", &["install", "--locked", "--debug", "--root"], &workspace.root);
        install.arg(&home).arg(format!("cargo-deny@{CARGO_DENY}"));
        // An unoptimised build takes a third of the time and checks in two seconds.
        install.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_TARGET_DIR", home.join("build"));
        let log = workspace.test_env().join("log/cargo-deny.txt");
        Ok(Self { program, build: Some(Background::start(&install, &log)?) })
    }

    fn check(self, root: &Path) -> Result<(), Failure> {
        if let Some(build) = self.build {
            build.wait()?;
            let leftovers = self.program.ancestors().nth(2).map(|home| home.join("build"));
            leftovers.map_or(Ok(()), std::fs::remove_dir_all)?;
        }
        // The configuration is found in `.cargo/deny.toml`.
        let arguments = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
        finish(&mut command(&self.program, &arguments, root))
    }
}
