//! `cargo xtask demo`: the first thing a newcomer sees. Makes an age key on
//! the spot, encrypts `examples/quickstart` by its rules, shows what came out,
//! decrypts it again and compares. Unless `--files` is given, a Kubernetes API
//! and our controller come after that (`tests/lanes/kube/src/bin/demo.rs`).

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::command::{command, finish};
use crate::failure::Failure;
use crate::test::{KUBERNETES, provide};
use crate::workspace::{Workspace, locked};

const SOURCE: &str = "examples/quickstart";
const RULES: &str = ".sops.yaml";
const FILES: [&str; 3] = ["database.yaml", "values.yaml", "app.env"];

/// What is shown.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    files_only: bool,
    once: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "--files" => options.files_only = true,
                "--once" => options.once = true,
                other => return Err(Failure::usage(format!("demo: unknown option {other}"))),
            }
        }
        if options.files_only && options.once {
            return Err(Failure::usage("demo: --files ends by itself"));
        }
        Ok(options)
    }
}

/// Runs the demonstration.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    files(&workspace)?;
    if options.files_only { Ok(()) } else { cluster(&workspace, options.once) }
}

/// Gives this process to the demonstration with a cluster, so that what is
/// typed reaches it and nobody else.
fn cluster(workspace: &Workspace, once: bool) -> Result<(), Failure> {
    provide::all(workspace, &[&KUBERNETES])?;
    say("\nBuilding the controller and the demonstration");
    let arguments =
        ["build", "--package=bulla", "--package=bulla-controller", "--package=lane-kube", "--bins"];
    finish(command("cargo", &arguments, &workspace.root).args(locked()))?;
    let programs = workspace.target.join("debug");
    let mut demo = Command::new(programs.join("demo"));
    demo.args(once.then_some("--once")).env(KUBERNETES.variable, provide::value(workspace, &KUBERNETES));
    demo.env("BULLA_BIN", programs.join("bulla"))
        .env("BULLA_CONTROLLER_BIN", programs.join("bulla-controller"));
    Err(failed("demo", &demo.exec()))
}

/// The part that needs nothing but Rust, in `target/demo`.
fn files(workspace: &Workspace) -> Result<(), Failure> {
    let program = build(workspace)?;
    let root = &workspace.root;
    let folder = root.join("target/demo");
    fs::create_dir_all(&folder).map_err(|error| failed("target/demo", &error))?;
    say(&format!("$ cd {}", folder.display()));
    // A key of an earlier run would be refused, not overwritten.
    let _ = fs::remove_file(folder.join("key.txt"));
    say("$ bulla keygen --to key.txt");
    let recipient = bulla(&program, &folder, &["keygen", "--to", "key.txt"])?;
    let recipient = String::from_utf8_lossy(&recipient).trim().to_owned();
    say(&recipient);
    let rules = with_recipient(&read(&root.join(SOURCE).join(RULES))?, &recipient)?;
    write(&folder.join(RULES), rules.as_bytes())?;
    say(&format!("\n$ cat {RULES}      # from {SOURCE}, with this recipient in it\n{rules}"));
    for name in FILES {
        show(&program, root, &folder, name)?;
    }
    say("$ bulla verify --with-keys database.yaml values.yaml app.env");
    let checked = bulla(&program, &folder, &[&["verify", "--with-keys"], &FILES[..]].concat())?;
    say(&String::from_utf8_lossy(&checked).replace(&format!("{}/", folder.display()), ""));
    say(&format!(
        "The encrypted files and the key lie in target/demo; the program is {}.",
        program.display()
    ));
    Ok(())
}

/// Encrypts a copy of one file, decrypts it and compares.
fn show(program: &Path, root: &Path, folder: &Path, name: &str) -> Result<(), Failure> {
    let original = read(&root.join(SOURCE).join(name))?;
    write(&folder.join(name), original.as_bytes())?;
    say(&format!("$ sops encrypt --in-place {name}      # from {SOURCE}"));
    bulla(program, folder, &["sops", "encrypt", "--in-place", name])?;
    say(&shortened(&read(&folder.join(name))?));
    say(&format!("$ sops decrypt {name}"));
    let decrypted = bulla(program, folder, &["sops", "decrypt", name])?;
    if decrypted != original.as_bytes() {
        return Err(Failure::broken(format!("{name} did not come back as it was")));
    }
    say(&format!("(the {} bytes of {SOURCE}/{name}, none changed)\n", original.len()));
    Ok(())
}

/// The rules, for `recipient` in place of the example's.
fn with_recipient(rules: &str, recipient: &str) -> Result<String, Failure> {
    let example = rules.split_whitespace().find(|word| word.starts_with("age1"));
    let example = example.ok_or_else(|| Failure::broken(format!("{SOURCE}/{RULES} names no recipient")))?;
    Ok(rules.replace(example, recipient))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| failed(&path.display().to_string(), &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| failed(&path.display().to_string(), &error))
}

fn say(text: &str) {
    println!("{text}");
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::broken(format!("{what}: {error}"))
}

fn build(workspace: &Workspace) -> Result<std::path::PathBuf, Failure> {
    let arguments = ["build", "--locked", "--package", "bulla"];
    finish(&mut command("cargo", &arguments, &workspace.root))?;
    Ok(workspace.target.join("debug/bulla"))
}

fn bulla(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("SOPS_AGE_KEY_FILE", folder.join("key.txt"))
        .output()
        .map_err(|error| failed("bulla", &error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Failure::broken(format!(
        "bulla {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// Long ciphertexts and the metadata block say nothing to a reader.
fn shortened(encrypted: &str) -> String {
    let visible = encrypted.lines().take_while(|line| !line.starts_with("sops"));
    let lines = visible.map(|line| match line.char_indices().nth(90) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    });
    lines.chain(["(and the sops metadata)".to_owned()]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_a_matter_of_the_cluster() {
        let parse =
            |line: &str| Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).ok();
        assert_eq!(parse(""), Some(Options::default()));
        assert_eq!(parse("--once"), Some(Options { files_only: false, once: true }));
        assert_eq!((parse("--once --files"), parse("--cluster")), (None, None));
    }
}
