//! `cargo xtask gen`: writes the pages of `docs/reference` and the manifests
//! of `deploy/crds` anew. Tests compare them, so whoever forgets is told.

use crate::command::{command, finish};
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Packages, their test programs and the tests that write first what they compare.
const WRITERS: &[&[&str]] = &[
    // First, since it empties the folder.
    &["--package", "bulla", "--test", "integration", "reference::"],
    &["--package", "bulla-controller", "--lib", "the_committed_help"],
    &["--package", "bulla-api", "--lib", "crd::"],
];

/// Lets the tests that compare write first.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    for writer in WRITERS {
        let arguments = [&["test", "--locked"][..], writer].concat();
        finish(command("cargo", &arguments, &workspace.root).env("BULLA_REFERENCE_WRITE", "1"))?;
    }
    Ok(())
}
