//! Where the tests of this lane work: keys in moto, and a sandbox that may
//! use them.

use bulla_testkit::{Outcome, Sandbox, Server, Tool};

pub(crate) const PLAIN: &str = "password: hunter2\nlist:\n    - 1\n    - true\n";

/// The string value of a field of a flat JSON object.
pub(crate) fn field(json: &str, name: &str) -> String {
    let (_, rest) =
        json.split_once(&format!("\"{name}\": \"")).unwrap_or_else(|| panic!("no {name} in {json}"));
    rest.chars().take_while(|c| *c != '"').collect()
}

/// Makes a key; returns its ARN, in us-east-1.
pub(crate) fn create_key() -> String {
    field(&Server::aws().call("TrentService.CreateKey", "{}").success(), "Arn")
}

/// A sandbox with credentials. The region of its environment is not that of
/// the keys, whose ARNs decide.
pub(crate) fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIDOFENVIRONMENT"),
        ("AWS_SECRET_ACCESS_KEY", "canary-of-environment"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", &Server::aws().url),
    ] {
        sandbox.set(name, value);
    }
    sandbox.write("plain.yaml", PLAIN);
    sandbox
}

/// Encrypts `plain.yaml` into `closed.yaml`.
pub(crate) fn encrypt(sandbox: &Sandbox, tool: &Tool, more: &[&str]) -> Outcome {
    let outcome = sandbox.run(tool, &[&["encrypt"], more, &["plain.yaml"]].concat());
    sandbox.write("closed.yaml", &outcome.stdout);
    outcome
}

pub(crate) fn decrypt(sandbox: &Sandbox, tool: &Tool) -> Outcome {
    sandbox.run(tool, &["decrypt", "closed.yaml"])
}

/// Ours in both grammars, and the original.
pub(crate) fn tools() -> [Tool; 3] {
    [Tool::bulla_as_sops(), Tool::bulla(), Tool::sops()]
}

/// The text of `closed.yaml`.
pub(crate) fn closed(sandbox: &Sandbox) -> String {
    String::from_utf8(sandbox.read("closed.yaml")).expect("text")
}

/// Replaces a text in `closed.yaml`.
pub(crate) fn change(sandbox: &Sandbox, from: &str, to: &str) {
    let text = closed(sandbox);
    assert!(text.contains(from), "no {from} in {text}");
    sandbox.write("closed.yaml", text.replace(from, to));
}

/// Asserts that all programs open `closed.yaml`.
#[track_caller]
pub(crate) fn all_open(sandbox: &Sandbox) {
    for tool in tools() {
        assert_eq!(decrypt(sandbox, &tool).success().out(), PLAIN, "{tool:?}");
    }
}

/// Asserts that no program opens `closed.yaml`; returns what ours says.
#[track_caller]
pub(crate) fn none_opens(sandbox: &Sandbox) -> String {
    let [ours, own, theirs] = tools().map(|tool| decrypt(sandbox, &tool));
    assert_eq!((ours.code, theirs.code), (128, 128), "ours: {ours:?}\nthe original: {theirs:?}");
    assert_eq!(own.code, 1, "{own:?}");
    assert!(ours.stdout.is_empty() && own.stdout.is_empty(), "{ours:?} {own:?}");
    let said = ours.err_in_one_line();
    assert!(!said.contains("hunter2") && !said.contains("canary"), "{said}");
    said
}
