//! `cargo check` for the platforms that are not this one, as far as they are
//! installed here: the program must stay portable (`cli/src/process/portable.rs`
//! and its like), and nothing else would notice.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::command::{command, finish};
use crate::failure::Failure;
use crate::workspace::{Workspace, host, in_ci, locked};

/// A platform: rustc's name, the C compiler that is taken where no variable
/// `CC_...` names one, and what tells the compiler its target.
struct Platform(&'static str, &'static str, Option<&'static str>);

const PLATFORMS: &[Platform] = &[
    Platform("aarch64-apple-darwin", "cc", Some("--target=arm64-apple-macosx")),
    Platform("x86_64-apple-darwin", "cc", Some("--target=x86_64-apple-macosx")),
    Platform("x86_64-pc-windows-gnu", "x86_64-w64-mingw32-gcc", None),
    Platform("x86_64-pc-windows-msvc", "clang-cl", Some("--target=x86_64-pc-windows-msvc")),
];

/// Checks the program for every platform whose target and C compiler are here.
///
/// Not where `CI=true`: it compiles every dependency another time, which is
/// minutes of the gate's hour, and the gate's machine has no other target.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    if in_ci() {
        println!("not in CI");
        return Ok(());
    }
    let (installed, here) = (installed(&workspace.root), host()?);
    let mut failed = Vec::new();
    for platform in PLATFORMS.iter().filter(|platform| platform.0 != here) {
        let target = platform.0;
        if !installed.lines().any(|line| line == target) {
            println!("{target}: not installed (rustup target add {target})");
        } else if let Some(compiler) = platform.missing_compiler(workspace)? {
            println!("{target}: {compiler} compiles nothing for it (CC_{})", variable(target));
        } else {
            println!("{target}: cargo check --package bulla");
            let arguments = ["check", "--package", "bulla", "--target", target];
            let checked = finish(command("cargo", &arguments, &workspace.root).args(locked()));
            failed.extend(checked.err().map(|failure| failure.to_string()));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::broken(failed.join("\n"))) }
}

impl Platform {
    /// The name of the C compiler, unless it compiles what includes a header
    /// of the platform.
    fn missing_compiler(&self, workspace: &Workspace) -> Result<Option<String>, Failure> {
        let Self(target, usual, option) = self;
        let named = std::env::var(format!("CC_{}", variable(target)));
        let compiler = named.unwrap_or_else(|_| (*usual).to_owned());
        let folder = workspace.target.join("platforms");
        fs::create_dir_all(&folder)?;
        let (source, object) = (folder.join(format!("{target}.c")), folder.join(format!("{target}.o")));
        fs::write(&source, "#include <stdlib.h>\nvoid *probe(void) { return malloc(1); }\n")?;
        let mut probe = command(&compiler, &["-c", "-o"], &workspace.root);
        probe.arg(&object).arg(&source).args(option).stdout(Stdio::null()).stderr(Stdio::null());
        let works = probe.status().is_ok_and(|status| status.success());
        Ok((!works).then_some(compiler))
    }
}

/// What rustup has, one target a line; nothing where there is no rustup.
fn installed(root: &Path) -> String {
    let output = command("rustup", &["target", "list", "--installed"], root).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A target's name within that of a variable.
fn variable(target: &str) -> String {
    target.replace('-', "_")
}
