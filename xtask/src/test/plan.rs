//! Which lanes run, and whether what they need is there or can be made.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::component::{Component, Source};
use super::lanes::{LANES, Lane};
use super::options::Options;
use super::provide;
use super::server::Server;
use crate::command::find_on_path;
use crate::failure::Failure;
use crate::workspace::{Workspace, in_ci};

/// Whether a component can be handed to a lane.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Ready,
    WillInstall,
    /// With what to do about it.
    Missing(String),
}

/// Lanes that run with the state of their components, and lanes that do not.
pub(super) struct Plan {
    pub(super) lanes: Vec<&'static Lane>,
    components: BTreeMap<&'static str, (&'static Component, State)>,
    /// Lane and reason.
    not_run: Vec<(&'static str, String)>,
    /// Folder for the lane golden, made absolute.
    pub(super) golden: Option<PathBuf>,
}

impl Plan {
    pub(super) fn make(workspace: &Workspace, options: &Options) -> Self {
        let golden = std::env::var_os("BULLA_GOLDEN").and_then(|folder| std::fs::canonicalize(folder).ok());
        let mut plan = Self { lanes: Vec::new(), components: BTreeMap::new(), not_run: Vec::new(), golden };
        for lane in LANES.iter().filter(|lane| options.wants(lane)) {
            if options.leaves_out(lane) {
                plan.not_run.push((lane.name, "--without".to_owned()));
                continue;
            }
            if let (Some(variable), None) = (lane.given, &plan.golden) {
                plan.not_run.push((lane.name, format!("{variable} names no folder")));
                continue;
            }
            for component in lane.all_components() {
                let state = state(workspace, component);
                plan.components.insert(component.name, (component, state));
            }
            plan.lanes.push(lane);
        }
        plan
    }

    /// One line per lane and component.
    pub(super) fn print(&self) {
        println!("== plan");
        for lane in &self.lanes {
            if lane.all_components().next().is_none() {
                println!("{:<9} needs no component: ready", lane.name);
            }
            for component in lane.all_components() {
                let state = match &self.components[component.name].1 {
                    State::Ready => "ready",
                    State::WillInstall => "will install",
                    State::Missing(_) => "MISSING",
                };
                println!("{:<9} {} {}: {state}", lane.name, component.name, component.version);
            }
        }
        self.print_not_run();
    }

    /// Names the lanes that do not run, so that nobody takes silence for success.
    pub(super) fn print_not_run(&self) {
        for (lane, reason) in &self.not_run {
            println!("{lane:<9} NOT RUN ({reason})");
        }
    }

    /// Refuses to run anything while a component is missing.
    pub(super) fn judge(&self) -> Result<(), Failure> {
        let missing: Vec<String> = self
            .components
            .values()
            .filter_map(|(component, state)| match state {
                State::Missing(why) => Some(format!("{} {}: {why}", component.name, component.version)),
                State::Ready | State::WillInstall => None,
            })
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(Failure::Missing(missing.join("\n"))) }
    }

    /// Each server that some lane needs, once.
    pub(super) fn servers(&self) -> Vec<&'static Server> {
        let mut servers: Vec<&'static Server> = Vec::new();
        for server in self.lanes.iter().flat_map(|lane| lane.servers) {
            if !servers.iter().any(|known| known.component.name == server.component.name) {
                servers.push(server);
            }
        }
        servers
    }

    pub(super) fn to_install(&self) -> impl Iterator<Item = &'static Component> {
        self.components
            .values()
            .filter(|(_, state)| *state == State::WillInstall)
            .map(|(component, _)| *component)
    }
}

fn state(workspace: &Workspace, component: &Component) -> State {
    if provide::is_complete(workspace, component) {
        return State::Ready;
    }
    match component.source {
        Source::Crate(_) => State::WillInstall,
        Source::GoPackages(_) | Source::GoModule(..) | Source::GoSources(..) | Source::GoTools(..) => {
            buildable("go", "comes by Go 1.26, and there is no go on PATH")
        }
        Source::Python(_) => buildable("python3", "is a Python program, and there is no python3 on PATH"),
        Source::System(_) if in_ci() && is_root() => State::WillInstall,
        Source::System(package) => {
            State::Missing(format!("comes with the system: apt-get install {package}, {OPT_OUT}"))
        }
    }
}

const OPT_OUT: &str = "or leave its lanes out with --without";

fn buildable(program: &str, otherwise: &str) -> State {
    match find_on_path(program) {
        Some(_) => State::WillInstall,
        None => State::Missing(format!("{otherwise}; install it, {OPT_OUT}")),
    }
}

/// Whether this process may install packages of the system.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
