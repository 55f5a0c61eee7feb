//! Where things lie, as `cargo metadata` tells it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::command::{command, finish};
use crate::failure::Failure;

/// The workspace and what cargo knows of it.
pub(crate) struct Workspace {
    /// Directory of the root manifest.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    /// Members, in cargo's order.
    pub(crate) members: Vec<Package>,
    /// The whole answer, for the dependency graph.
    pub(crate) metadata: Value,
}

/// One member of the workspace.
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Directory of its manifest.
    pub(crate) directory: PathBuf,
}

impl Workspace {
    /// Asks cargo, for this machine's platform only, so that no crate of another
    /// platform has to be downloaded.
    pub(crate) fn load() -> Result<Self, Failure> {
        let mut command = Command::new("cargo");
        command.args(["metadata", "--format-version", "1", "--filter-platform"]).arg(host()?).args(locked());
        let output = command.stderr(std::process::Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(Failure::broken("cargo metadata failed"));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::broken(format!("cargo metadata: {error}")))?;
        let path = |key: &str| PathBuf::from(metadata[key].as_str().unwrap_or_default());
        Ok(Self {
            root: path("workspace_root"),
            target: path("target_directory"),
            members: members(&metadata),
            metadata,
        })
    }

    /// Everything that a task installs goes below this directory.
    pub(crate) fn test_env(&self) -> PathBuf {
        self.target.join("test-env")
    }

    /// Builds what is shipped in the release profile; gives the folder. Both
    /// programs in one go: cargo chooses the features of what they share by who
    /// asks for it.
    pub(crate) fn release(&self) -> Result<PathBuf, Failure> {
        println!("== build");
        let programs = ["build", "--release", "--package", "bulla", "--package", "bulla-controller"];
        finish(command("cargo", &programs, &self.root).args(locked()))?;
        Ok(self.target.join("release"))
    }

    /// The version of the member of this name.
    pub(crate) fn version(&self, name: &str) -> Result<&str, Failure> {
        let packages = self.metadata["packages"].as_array().into_iter().flatten();
        let mut own = packages.filter(|package| package["source"].is_null() && package["name"] == name);
        let version = own.next().and_then(|package| package["version"].as_str());
        version.ok_or_else(|| Failure::broken(format!("no package {name} in this workspace")))
    }

    /// The package with this id, if it is a member.
    pub(crate) fn member(&self, id: &str) -> Option<&Package> {
        self.members.iter().find(|package| package.id == id)
    }
}

impl Package {
    /// The lane that this package is, if it lies in `tests/lanes/`.
    pub(crate) fn lane(&self, root: &Path) -> Option<&str> {
        let below = self.directory.strip_prefix(root.join("tests/lanes")).ok()?;
        below.to_str()
    }
}

/// `--locked` where a changed lock file would be a mistake.
pub(crate) fn locked() -> &'static [&'static str] {
    if in_ci() { &["--locked"] } else { &[] }
}

/// Whether the gate runs us, with nobody to ask and longer deadlines.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

fn members(metadata: &Value) -> Vec<Package> {
    let ids: Vec<&str> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter_map(|package| {
            let id = package["id"].as_str()?;
            let manifest = Path::new(package["manifest_path"].as_str()?);
            ids.contains(&id).then_some(Package {
                id: id.to_owned(),
                name: package["name"].as_str()?.to_owned(),
                directory: manifest.parent()?.to_owned(),
            })
        })
        .collect()
}

/// The platform of this machine, as rustc names it.
pub(crate) fn host() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::broken("rustc -vV names no host"))
}
