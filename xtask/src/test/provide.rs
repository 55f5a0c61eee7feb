//! Making the components, below `target/test-env` only and once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;

use super::component::{Component, Source};
use super::plan::Plan;
use crate::command::Background;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Builds going on behind cargo, one after the other.
pub(super) struct Providing {
    worker: JoinHandle<Result<(), Failure>>,
}

impl Providing {
    pub(super) fn start(workspace: &Workspace, plan: &Plan) -> Result<Self, Failure> {
        let mut jobs = Vec::new();
        for component in plan.to_install() {
            jobs.push(Job::new(workspace, component)?);
        }
        let worker = std::thread::spawn(move || jobs.into_iter().try_for_each(Job::run));
        Ok(Self { worker })
    }

    /// Waits for all of them.
    pub(super) fn finish(self) -> Result<(), Failure> {
        self.worker.join().unwrap_or_else(|_| Err(Failure::broken("providing components: the worker died")))
    }
}

/// Folder with the programs of a component.
pub(super) fn bin(workspace: &Workspace, component: &Component) -> PathBuf {
    home(workspace, component).join("bin")
}

/// Whether a component was made completely from what the sources say now.
pub(super) fn is_complete(workspace: &Workspace, component: &Component) -> bool {
    let recorded = fs::read_to_string(stamp_path(workspace, component)).ok();
    let bin = bin(workspace, component);
    recorded.is_some()
        && recorded == stamp(workspace, component).ok()
        && component.programs.iter().all(|program| bin.join(program).is_file())
}

struct Job {
    name: &'static str,
    build: Command,
    bin: PathBuf,
    programs: &'static [&'static str],
    stamp_path: PathBuf,
    stamp: String,
    log: PathBuf,
}

impl Job {
    fn new(workspace: &Workspace, component: &Component) -> Result<Self, Failure> {
        let bin = bin(workspace, component);
        let mut build = Command::new("go");
        build.env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
        match component.source {
            Source::GoPackages(packages) => {
                build.arg("install").current_dir(&workspace.root).env("GOBIN", &bin);
                build.args(packages.iter().map(|package| format!("{package}@v{}", component.version)));
            }
            Source::GoModule(folder) => {
                build.args(["build", "-mod=readonly", "-o"]).arg(&bin).arg("./...");
                build.current_dir(workspace.root.join(folder));
            }
        }
        Ok(Self {
            name: component.name,
            build,
            bin,
            programs: component.programs,
            stamp_path: stamp_path(workspace, component),
            stamp: stamp(workspace, component)?,
            log: workspace.test_env().join("log").join(format!("{}.txt", component.name)),
        })
    }

    fn run(self) -> Result<(), Failure> {
        fs::create_dir_all(&self.bin)?;
        Background::start(&self.build, &self.log)?.wait()?;
        if let Some(absent) = self.programs.iter().find(|program| !self.bin.join(program).is_file()) {
            return Err(Failure::broken(format!("{}: the build made no program {absent}", self.name)));
        }
        Ok(fs::write(self.stamp_path, self.stamp)?)
    }
}

fn home(workspace: &Workspace, component: &Component) -> PathBuf {
    workspace.test_env().join(format!("{}-{}", component.name, component.version))
}

fn stamp_path(workspace: &Workspace, component: &Component) -> PathBuf {
    home(workspace, component).join("complete")
}

/// Everything the result depends on, as text: a change of it makes the component again.
fn stamp(workspace: &Workspace, component: &Component) -> Result<String, Failure> {
    match component.source {
        Source::GoPackages(packages) => Ok(format!("{}\n{}\n", component.version, packages.join("\n"))),
        Source::GoModule(folder) => {
            let mut text = String::new();
            append_files(&workspace.root.join(folder), &mut text)?;
            Ok(text)
        }
    }
}

fn append_files(folder: &Path, text: &mut String) -> Result<(), Failure> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Failure>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            append_files(&path, text)?;
        } else {
            text.push_str(&fs::read_to_string(path)?);
        }
    }
    Ok(())
}
