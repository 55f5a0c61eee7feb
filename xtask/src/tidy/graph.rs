//! The invariants of `crates/README.md` that `cargo metadata` can prove.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::test::LANES;
use crate::workspace::Workspace;

/// Crates that hold formats and meanings: bytes in, values out.
const FORMAT: &[&str] = &[
    "bulla-api",
    "bulla-core",
    "bulla-crypto",
    "bulla-regexp",
    "bulla-seal",
    "bulla-sops",
    "bulla-template",
    "bulla-yaml",
];
/// Crates that each bind one SDK or tool.
const VENDOR: &[&str] = &["bulla-age", "bulla-aws", "bulla-keyservice", "bulla-pgp", "bulla-vault"];
/// What users start. They alone may talk to a cluster through `kube`.
const PROGRAMS: &[&str] = &["bulla", "bulla-controller"];
/// The crate that lists the vendor crates.
const REGISTRY: &str = "bulla-providers";
/// What never stands below a format crate: runtimes, HTTP and Kubernetes clients, argument parsers.
const BARRED: &[&str] = &[
    "aws-config",
    "clap",
    "hyper",
    "kube",
    "kube-client",
    "kube-runtime",
    "reqwest",
    "tokio",
    "tonic",
    "ureq",
];

/// All findings of the graph.
pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    let graph = Graph::read(&workspace.metadata);
    let mut findings = Vec::new();
    for package in &workspace.members {
        let lane = package.lane(&workspace.root);
        if lane.is_none() {
            judge_layers(&graph, &package.name, &mut findings);
        }
        if package.directory.starts_with(workspace.root.join("crates")) {
            judge_place(package.name.as_str(), &package.directory, &mut findings);
        }
    }
    judge_test_binaries(&workspace.metadata, &mut findings);
    judge_lanes(workspace, &mut findings);
    findings
}

fn judge_layers(graph: &Graph, name: &str, findings: &mut Vec<String>) {
    let direct = graph.direct(name);
    if FORMAT.contains(&name) {
        for barred in graph.below(name).iter().filter(|below| BARRED.contains(&below.as_str())) {
            findings.push(format!("{name} depends on {barred}: format crates have no runtime and no client"));
        }
    }
    if VENDOR.contains(&name) {
        for other in direct.iter().filter(|other| other.starts_with("bulla-") && *other != "bulla-core") {
            findings.push(format!("{name} depends on {other}: a vendor crate knows bulla-core and its SDK"));
        }
    }
    if direct.contains("kube") && !PROGRAMS.contains(&name) {
        findings.push(format!("{name} depends on kube: only the programs talk to a cluster"));
    }
    if name != REGISTRY {
        for vendor in direct.iter().filter(|other| VENDOR.contains(&other.as_str())) {
            findings.push(format!("{name} depends on {vendor}: only {REGISTRY} names vendor crates"));
        }
    }
}

fn judge_place(name: &str, directory: &std::path::Path, findings: &mut Vec<String>) {
    if !directory.ends_with(name) {
        findings.push(format!("{}: the directory is not named {name}", directory.display()));
    }
    let known =
        FORMAT.contains(&name) || VENDOR.contains(&name) || name == REGISTRY || name == "bulla-testkit";
    if !known {
        findings.push(format!("{name}: say in xtask/src/tidy/graph.rs which kind of crate it is"));
    }
}

/// One test binary per package: each more is one more link, and a file that
/// stands beside the others without being listed never runs. Lanes may have
/// more, so that one subject does not link the crates of another.
fn judge_test_binaries(metadata: &Value, findings: &mut Vec<String>) {
    for package in members(metadata) {
        let targets = package["targets"].as_array().into_iter().flatten();
        let tests = targets.filter(|target| target["kind"][0] == "test").count();
        let is_lane = package["name"].as_str().is_some_and(|name| name.starts_with("lane-"));
        if tests > 1 && !is_lane {
            findings.push(format!(
                "{}: {tests} test binaries; make them modules of tests/main.rs",
                package["name"]
            ));
        }
    }
}

fn judge_lanes(workspace: &Workspace, findings: &mut Vec<String>) {
    let packages: BTreeSet<&str> =
        workspace.members.iter().filter_map(|package| package.lane(&workspace.root)).collect();
    let listed: BTreeSet<&str> = LANES.iter().map(|lane| lane.name).collect();
    for lane in packages.symmetric_difference(&listed) {
        findings.push(format!(
            "lane {lane}: needs a package in tests/lanes/ and a row in xtask/src/test/lanes.rs"
        ));
    }
    for lane in &packages {
        if !workspace.root.join("tests/lanes").join(lane).join("expected-count").is_file() {
            findings.push(format!("lane {lane}: no file expected-count"));
        }
    }
}

fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let ids: BTreeSet<&str> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter(move |package| package["id"].as_str().is_some_and(|id| ids.contains(id)))
}

/// Package names and what they depend on outside of tests.
struct Graph {
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Self {
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let names: BTreeMap<&str, &str> = packages
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in metadata["resolve"]["nodes"].as_array().into_iter().flatten() {
            let Some(name) = node["id"].as_str().and_then(|id| names.get(id)) else { continue };
            let below =
                node["deps"].as_array().into_iter().flatten().filter(|dependency| is_normal(dependency));
            let below = below.filter_map(|dependency| names.get(dependency["pkg"].as_str()?));
            direct.entry((*name).to_owned()).or_default().extend(below.map(|name| (*name).to_owned()));
        }
        Self { direct }
    }

    fn direct(&self, name: &str) -> BTreeSet<String> {
        self.direct.get(name).cloned().unwrap_or_default()
    }

    fn below(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<String> = self.direct(name).into_iter().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next.clone()) {
                open.extend(self.direct(&next));
            }
        }
        seen
    }
}

fn is_normal(dependency: &Value) -> bool {
    dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Graph { direct: edges.iter().map(|(name, below)| ((*name).to_owned(), own(below))).collect() }
    }

    fn findings(edges: &[(&str, &[&str])], name: &str) -> Vec<String> {
        let mut findings = Vec::new();
        judge_layers(&graph(edges), name, &mut findings);
        findings
    }

    #[test]
    fn a_runtime_below_a_format_crate_is_found_through_others() {
        let edges: &[(&str, &[&str])] =
            &[("bulla-yaml", &["memchr"]), ("memchr", &["tokio"]), ("tokio", &["memchr"])];
        assert_eq!(findings(edges, "bulla-yaml").len(), 1);
        assert!(findings(&[("bulla-yaml", &["memchr"])], "bulla-yaml").is_empty());
    }

    #[test]
    fn a_vendor_crate_may_name_the_core_only() {
        assert!(findings(&[("bulla-age", &["age", "bulla-core"])], "bulla-age").is_empty());
        assert_eq!(findings(&[("bulla-age", &["bulla-sops"])], "bulla-age").len(), 1);
    }

    #[test]
    fn only_programs_talk_to_a_cluster() {
        assert!(findings(&[("bulla-controller", &["kube"])], "bulla-controller").is_empty());
        assert_eq!(findings(&[("bulla-providers", &["kube"])], "bulla-providers").len(), 1);
    }

    #[test]
    fn vendor_crates_are_named_by_the_registry_only() {
        assert!(findings(&[("bulla-providers", &["bulla-age", "bulla-pgp"])], "bulla-providers").is_empty());
        assert_eq!(findings(&[("bulla", &["bulla-age"])], "bulla").len(), 1);
    }
}
