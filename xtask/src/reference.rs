//! `cargo xtask gen`: writes the pages of `docs/reference` anew. A test of the
//! program compares them, so whoever forgets is told.

use crate::command::{command, finish};
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Lets the test that compares the pages write them first.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let arguments = ["test", "--locked", "--package", "bulla", "--test", "integration", "reference::"];
    let mut test = command("cargo", &arguments, &workspace.root);
    finish(test.env("BULLA_REFERENCE_WRITE", "1"))
}
