//! Making the components, below `target/test-env` only and once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::component::{Component, Source};
use super::lanes::{LANES, Lane};
use super::plan::Plan;
use crate::command::{Background, find_on_path};
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

/// Makes components for a task that is no test, in the foreground.
pub(crate) fn all(workspace: &Workspace, components: &[&'static Component]) -> Result<(), Failure> {
    for component in components.iter().filter(|component| !is_complete(workspace, component)) {
        println!(
            "{} {}: is built once, below {}",
            component.name,
            component.version,
            workspace.test_env().display()
        );
        let job = Job::new(workspace, component)?;
        let start = Instant::now();
        let (working, done) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while done.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
                    println!("  still building, {} s so far", start.elapsed().as_secs());
                }
            });
            let result = job.run();
            drop(working);
            result
        })?;
    }
    Ok(())
}

/// Provides what a lane's tests are handed; gives the variables.
pub(crate) fn lane(workspace: &Workspace, name: &str) -> Result<Vec<(&'static str, PathBuf)>, Failure> {
    let lane = LANES.iter().find(|lane| lane.name == name);
    let lane = lane.ok_or_else(|| Failure::broken(format!("there is no lane {name}")))?;
    all(workspace, lane.components)?;
    Ok(variables(workspace, lane).collect())
}

/// What the tests of a lane are handed, by variable.
pub(super) fn variables(workspace: &Workspace, lane: &Lane) -> impl Iterator<Item = (&'static str, PathBuf)> {
    lane.components.iter().map(|component| (component.variable, value(workspace, component)))
}

/// How often a build in the foreground says that it goes on.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// What the component's variable is set to.
pub(crate) fn value(workspace: &Workspace, component: &Component) -> PathBuf {
    match component.source {
        Source::System(_) => find_on_path(component.value).unwrap_or_default(),
        _ => home(workspace, component).join("bin").join(component.value),
    }
}

/// Whether a component was made completely from what the sources say now.
pub(super) fn is_complete(workspace: &Workspace, component: &Component) -> bool {
    if matches!(component.source, Source::System(_)) {
        return component.programs.iter().all(|program| find_on_path(program).is_some());
    }
    let home = home(workspace, component);
    let recorded = fs::read_to_string(home.join(STAMP)).ok();
    recorded.is_some()
        && recorded == stamp(workspace, component).ok()
        && component.programs.iter().all(|program| home.join("bin").join(program).is_file())
}

/// File in a component's folder that says what it was made from.
const STAMP: &str = "complete";

struct Job {
    component: &'static Component,
    steps: Vec<Command>,
    home: PathBuf,
    stamp: String,
    log: PathBuf,
}

impl Job {
    fn new(workspace: &Workspace, component: &'static Component) -> Result<Self, Failure> {
        let home = home(workspace, component);
        Ok(Self {
            component,
            steps: steps(&workspace.root, component, &home),
            stamp: stamp(workspace, component)?,
            home,
            log: workspace.test_env().join("log").join(format!("{}.txt", component.name)),
        })
    }

    fn run(self) -> Result<(), Failure> {
        let is_system = matches!(self.component.source, Source::System(_));
        if !is_system {
            fs::create_dir_all(self.home.join("bin"))?;
        }
        for step in &self.steps {
            Background::start(step, &self.log)?.wait()?;
        }
        if is_system {
            return Ok(());
        }
        let bin = self.home.join("bin");
        if let Some(absent) = self.component.programs.iter().find(|program| !bin.join(program).is_file()) {
            return Err(Failure::broken(format!(
                "{}: the build made no program {absent}",
                self.component.name
            )));
        }
        Ok(fs::write(self.home.join(STAMP), self.stamp)?)
    }
}

fn steps(root: &Path, component: &Component, home: &Path) -> Vec<Command> {
    match component.source {
        Source::Crate(package) => {
            let mut install = Command::new("cargo");
            install.args([
                "install",
                "--quiet",
                "--locked",
                "--version",
                component.version,
                package,
                "--root",
            ]);
            install.arg(home).current_dir(root).env_remove("CARGO_TARGET_DIR");
            vec![install]
        }
        Source::GoPackages(packages) => {
            let mut install = go(root, &["install"]);
            install.env("GOBIN", home.join("bin"));
            install.args(packages.iter().map(|package| format!("{package}@v{}", component.version)));
            vec![install]
        }
        Source::GoModule(folder, variables) => {
            let mut build = go(&root.join(folder), &["build", "-mod=readonly"]);
            let set: Vec<String> = variables.iter().map(|variable| format!("-X {variable}")).collect();
            build.arg(format!("-ldflags=-s -w {}", set.join(" ")));
            build.arg("-o").arg(home.join("bin")).arg("./...");
            vec![build]
        }
        Source::GoSources(module, folder) => {
            let mut copy = go_environment(Command::new("sh"), root);
            copy.args(["-c", COPY_SOURCES, &format!("{module}@v{}", component.version), folder]);
            copy.arg(home.join("bin"));
            vec![copy]
        }
        Source::GoTools(folder, tag) => {
            let mut build =
                go(&root.join(folder), &["build", "-mod=readonly", "-ldflags=-s -w", "-tags", tag]);
            build.arg("-o").arg(home.join("bin")).arg("tool");
            vec![build]
        }
        Source::Python(requirements) => {
            let mut environment = Command::new("python3");
            environment.args(["-m", "venv", "--clear"]).arg(home);
            let mut install = Command::new(home.join("bin/python"));
            install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
            install.arg(root.join(requirements));
            vec![environment, install]
        }
        Source::System(package) => {
            let mut update = Command::new("apt-get");
            update.args(["update", "-qq"]);
            let mut install = Command::new("apt-get");
            install.args(["install", "-qq", "--no-install-recommends", package]);
            install.env("DEBIAN_FRONTEND", "noninteractive");
            vec![update, install]
        }
    }
}

/// Copies `$1` of the module `$0` to `$2`; the module comes verified by the checksum database.
const COPY_SOURCES: &str =
    r#"go mod download "$0" && cp -r --no-preserve=mode "$(go env GOMODCACHE)/$0/$1/." "$2""#;

fn go(directory: &Path, arguments: &[&str]) -> Command {
    let mut go = go_environment(Command::new("go"), directory);
    go.args(arguments);
    go
}

fn go_environment(mut command: Command, directory: &Path) -> Command {
    command.current_dir(directory);
    command.env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
    command
}

fn home(workspace: &Workspace, component: &Component) -> PathBuf {
    workspace.test_env().join(format!("{}-{}", component.name, component.version))
}

/// Everything the result depends on, as text: a change of it makes the component again.
fn stamp(workspace: &Workspace, component: &Component) -> Result<String, Failure> {
    match component.source {
        Source::Crate(package) => Ok(package.to_owned()),
        Source::GoPackages(packages) => Ok(packages.join("\n")),
        Source::GoModule(folder, variables) => {
            let mut text = variables.join("\n");
            append_files(&workspace.root.join(folder), &mut text)?;
            Ok(text)
        }
        Source::GoSources(module, folder) => Ok(format!("{module}\n{folder}")),
        Source::GoTools(folder, tag) => {
            let mut text = tag.to_owned();
            append_files(&workspace.root.join(folder), &mut text)?;
            Ok(text)
        }
        Source::Python(requirements) => Ok(fs::read_to_string(workspace.root.join(requirements))?),
        Source::System(package) => Ok(package.to_owned()),
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
