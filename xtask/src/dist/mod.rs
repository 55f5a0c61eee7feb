//! `cargo xtask dist`: the programs as users get them, without a container
//! engine. The same commit gives the same bytes in any directory and at any
//! time (`security.md` P-06), on the same platform with the same C compiler.

mod archive;
mod licenses;

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{command, finish};
use crate::failure::Failure;
use crate::workspace::{Workspace, host};

/// No program is larger than this, in bytes (`security.md` P-04).
const LARGEST: u64 = 40 << 20;
/// What a package's program is, and the other names that it is called by.
const PROGRAMS: [(&str, &[&str]); 2] =
    [("bulla", &["kubeseal", "sops"]), ("bulla-controller", &["controller"])];
/// The program that deploy/Dockerfile copies, with the texts of its licenses,
/// from `target/dist/image`.
const IN_IMAGE: &str = "bulla-controller";

/// Builds and packs everything into `target/dist`; where `twice` is set, also
/// the last commit in another folder, which must give the same archives.
pub(crate) fn run(twice: bool) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    if twice {
        demand_a_commit(&workspace.root)?;
    }
    let sums = pack(&workspace)?;
    print!("{sums}");
    if twice { compare(&workspace, &sums) } else { Ok(()) }
}

fn pack(workspace: &Workspace) -> Result<String, Failure> {
    let epoch = epoch(&workspace.root)?;
    build(workspace, &epoch)?;
    let dist = workspace.target.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    let mut archives = Vec::new();
    for (program, names) in PROGRAMS {
        let name = format!("{program}-{}-{}", workspace.version(program)?, host()?);
        let folder = dist.join(&name);
        stage(workspace, program, names, &folder)?;
        archives.push(archive::pack(&folder, &epoch)?);
        if program == IN_IMAGE {
            for (file, name) in [("bin", program), ("", "LICENSE"), ("", "THIRD-PARTY-LICENSES")] {
                copy(&folder.join(file).join(name), &dist.join("image").join(name))?;
            }
        }
    }
    let sums = archive::sums(&dist, &archives)?;
    fs::write(dist.join("SHA256SUMS"), &sums)?;
    Ok(sums)
}

/// Builds the last commit once more, in a clone with a target folder of its own.
fn compare(workspace: &Workspace, sums: &str) -> Result<(), Failure> {
    let place = workspace.target.join("dist-again");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let clone = place.join("clone");
    finish(command("git", &["clone", "--quiet"], &place).arg(&workspace.root).arg(&clone))?;
    finish(command("cargo", &["xtask", "dist"], &clone).env("CARGO_TARGET_DIR", place.join("target")))?;
    let again = fs::read_to_string(place.join("target/dist/SHA256SUMS"))?;
    if again == sums {
        println!("two builds in two folders gave the same bytes");
        return Ok(fs::remove_dir_all(&place)?);
    }
    let text = format!("dist: the same commit gave\n{sums}and in {}\n{again}", clone.display());
    Err(Failure::broken(text))
}

/// What is compared is the last commit.
fn demand_a_commit(root: &Path) -> Result<(), Failure> {
    let output = command("git", &["status", "--porcelain"], root).output()?;
    if output.stdout.is_empty() {
        Ok(())
    } else {
        Err(Failure::broken("dist: --twice needs all changes committed"))
    }
}

/// The commit's time, in seconds since 1970; `SOURCE_DATE_EPOCH` where it is set.
fn epoch(root: &Path) -> Result<String, Failure> {
    if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(epoch);
    }
    let output = command("git", &["log", "-1", "--format=%ct"], root).output()?;
    let epoch = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if epoch.is_empty() { Err(Failure::broken("dist: no commit; set SOURCE_DATE_EPOCH")) } else { Ok(epoch) }
}

/// Compiles so that no program holds a path of this machine.
fn build(workspace: &Workspace, epoch: &str) -> Result<(), Failure> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    let mut places = vec![(workspace.root.clone(), "/bulla"), (workspace.target.clone(), "/target")];
    places.extend(cargo_home.or(home).map(|home| (home, "/cargo")));
    let flags = |flag: &str| {
        let each = places.iter().map(|(place, name)| format!("{flag}={}={name}", place.display()));
        each.collect::<Vec<_>>().join(" ")
    };
    let mut cargo = command("cargo", &["build", "--release", "--locked"], &workspace.root);
    cargo.args(PROGRAMS.iter().map(|(program, _)| format!("--package={program}")));
    cargo.env("RUSTFLAGS", flags("--remap-path-prefix")).env("CFLAGS", flags("-ffile-prefix-map"));
    finish(cargo.env("SOURCE_DATE_EPOCH", epoch).env("CARGO_INCREMENTAL", "0"))
}

/// Lays out the folder that becomes an archive.
fn stage(workspace: &Workspace, program: &str, names: &[&str], folder: &Path) -> Result<(), Failure> {
    let built = workspace.target.join("release").join(program);
    judge_size(program, fs::metadata(&built)?.len())?;
    copy(&built, &folder.join("bin").join(program))?;
    for name in names {
        std::os::unix::fs::symlink(program, folder.join("bin").join(name))?;
    }
    copy(&workspace.root.join("LICENSE"), &folder.join("LICENSE"))?;
    fs::write(folder.join("THIRD-PARTY-LICENSES"), licenses::texts(&workspace.metadata, program)?)?;
    if program == "bulla" {
        let reference = workspace.root.join("docs/reference");
        copy_all(&reference.join("completion"), &folder.join("share/completions"))?;
        copy_all(&reference.join("man"), &folder.join("share/man/man1"))?;
    }
    Ok(())
}

fn judge_size(program: &str, size: u64) -> Result<(), Failure> {
    if size <= LARGEST {
        println!("{program}: {:.1} MiB", size as f64 / f64::from(1 << 20));
        return Ok(());
    }
    Err(Failure::broken(format!("dist: {program} has {size} bytes; at most {LARGEST} are shipped")))
}

fn copy_all(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::copy(from, to) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::broken(format!("dist: {}: {error}", from.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_04_a_program_over_the_limit_is_refused() {
        assert!(judge_size("a", LARGEST).is_ok());
        let failure = judge_size("a", LARGEST + 1).unwrap_err().to_string();
        assert!(failure.contains("a has 41943041 bytes"), "{failure}");
    }
}
