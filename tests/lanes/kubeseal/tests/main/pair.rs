//! Our program and the original in one directory, with a certificate and keys.

use bulla_testkit::{Outcome, Sandbox, Tool};

/// A directory with `cert.pem`, its key `main.key` and another key `other.key`.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("cert.pem", include_str!("../../../../fixtures/seal/valid.crt"));
    sandbox.write("main.key", include_str!("../../../../fixtures/seal/main.key"));
    sandbox.write("other.key", include_str!("../../../../fixtures/cmd/kubeseal/files/other.key"));
    sandbox
}

/// Ours, then the original.
pub(crate) fn both() -> [Tool; 2] {
    [Tool::bulla_as_kubeseal(), Tool::kubeseal()]
}

/// Both orders of two programs: who seals, who unseals.
pub(crate) fn ways() -> [[Tool; 2]; 2] {
    let [ours, theirs] = both();
    [[ours.clone(), theirs.clone()], [theirs, ours]]
}

/// Runs the words of a line.
#[track_caller]
pub(crate) fn run(sandbox: &Sandbox, tool: &Tool, line: &str) -> Outcome {
    let words: Vec<&str> = line.split_whitespace().collect();
    sandbox.run(tool, &words)
}

/// Unseals a file to JSON.
#[track_caller]
pub(crate) fn unseal(sandbox: &Sandbox, tool: &Tool, file: &str) -> serde_json::Value {
    let line = format!("--recovery-unseal --recovery-private-key other.key,main.key -f {file}");
    let outcome = run(sandbox, tool, &line).success();
    serde_json::from_slice(&outcome.stdout).expect("a Secret in JSON")
}
