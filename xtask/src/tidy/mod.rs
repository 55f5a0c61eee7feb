//! The rules of this repository that no compiler checks: the dependency graph
//! ([`graph`]), the text of the tree ([`tree`]) and the tests that pages speak
//! of ([`rows`]).

mod graph;
mod long_files;
mod rows;
mod tree;

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Prints every finding, one a line.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut findings = graph::check(workspace);
    findings.extend(tree::check(&workspace.root)?);
    findings.extend(rows::check(&workspace.root)?);
    for finding in &findings {
        println!("tidy: {finding}");
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::broken(format!("tidy: {} findings (the rules: crates/README.md)", findings.len())))
}
