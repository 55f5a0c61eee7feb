//! Lints over the text of every file that Git knows or would add.

use std::path::Path;
use std::process::Command;

use super::long_files::{LIMIT, LONG_FILES};
use crate::failure::Failure;

/// Text that names a place outside the repository, spelled so that this file
/// does not contain it. `.ci/run` alone may look beside the clone.
const NEIGHBORS: &[&str] = &[concat!("../", "shared"), concat!("/", "work/"), concat!("/", "root/")];

/// Unfinished work; it belongs into an issue.
const UNFINISHED: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];

/// Format crates, whose callers hand in bytes.
const PURE: &[&str] =
    &["bulla-core", "bulla-crypto", "bulla-regexp", "bulla-sops", "bulla-template", "bulla-yaml"];
/// What a pure crate would use to reach outside.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::process",
    "std::env::",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime::now",
    "Instant::now",
];

/// Letters of the security rows with their highest number.
const ROWS: &[(char, u32)] = &[
    ('c', 15),
    ('d', 4),
    ('f', 7),
    ('g', 7),
    ('h', 2),
    ('k', 8),
    ('l', 8),
    ('n', 8),
    ('o', 7),
    ('p', 7),
    ('q', 6),
    ('r', 26),
    ('s', 13),
    ('t', 9),
];

/// All findings of the tree.
pub(super) fn check(root: &Path) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for path in files(root)? {
        let Ok(bytes) = std::fs::read(root.join(&path)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        judge(&path, &text, &mut findings);
    }
    for (path, _) in LONG_FILES.iter().filter(|(path, _)| !root.join(path).is_file()) {
        findings.push(format!("xtask/src/tidy/long_files.rs lists {path}, which does not exist"));
    }
    Ok(findings)
}

pub(super) fn files(root: &Path) -> Result<Vec<String>, Failure> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output()?;
    if !output.status.success() {
        return Err(Failure::broken("tidy: git ls-files failed"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn judge(path: &str, text: &str, findings: &mut Vec<String>) {
    for (number, line) in (1..).zip(text.lines()) {
        let mut found = |what: &str| findings.push(format!("{path}:{number}: {what}"));
        if path != ".ci/run" && NEIGHBORS.iter().any(|neighbor| line.contains(neighbor)) {
            found("names a place outside the repository");
        }
        if !is_rust(path) {
            continue;
        }
        if UNFINISHED.iter().any(|word| line.contains(word)) {
            found("unfinished work belongs into an issue");
        }
        if is_pure(path) && !is_comment(line) && OUTSIDE.iter().any(|word| line.contains(word)) {
            found("a format crate reaches outside; take a value or a seam of bulla-core");
        }
        if line.trim_start().starts_with(concat!("#[", "ignore]")) {
            found("an ignored test says why: #[ignore = \"...\"]");
        }
        if let Some(name) = function(line)
            && !is_well_formed(name)
        {
            found("a test of a security row is named after it, as f_02_alias_bomb_is_refused");
        }
    }
    judge_exceptions(path, text, findings);
    let lines = text.lines().count();
    if is_rust(path) && lines > LIMIT && !LONG_FILES.iter().any(|(listed, _)| *listed == path) {
        findings
            .push(format!("{path}: {lines} lines; split it, or say why not in xtask/src/tidy/long_files.rs"));
    }
}

/// Every switched-off lint carries its reason.
fn judge_exceptions(path: &str, text: &str, findings: &mut Vec<String>) {
    if !is_rust(path) {
        return;
    }
    for (start, _) in text.match_indices('#') {
        let rest = &text[start + 1..];
        let Some(attribute) = rest.strip_prefix('!').unwrap_or(rest).strip_prefix('[') else { continue };
        let attribute = attribute.split(")]").next().unwrap_or(attribute);
        let excepts = attribute.starts_with("allow(") || attribute.starts_with("expect(");
        // What a test file shares with its modules needs no public documentation.
        let excused = path.contains("tests/") && attribute.starts_with("allow(missing_docs");
        if excepts && !excused && !attribute.contains("reason = \"") {
            let number = text[..start].matches('\n').count() + 1;
            findings.push(format!("{path}:{number}: an allowed lint needs a reason"));
        }
    }
}

pub(super) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

fn is_pure(path: &str) -> bool {
    let inside = path.strip_prefix("crates/").and_then(|rest| rest.split_once('/'));
    inside.is_some_and(|(name, rest)| {
        PURE.contains(&name) && rest.starts_with("src/") && !rest.ends_with("tests.rs")
    })
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

pub(super) fn function(line: &str) -> Option<&str> {
    let rest =
        line.trim_start().strip_prefix("fn ").or_else(|| line.trim_start().strip_prefix("async fn "))?;
    rest.split(['(', '<']).next()
}

/// Whether a name that begins like a row (`x_1`) is one: letter, two digits, sentence.
fn is_well_formed(name: &str) -> bool {
    let mut parts = name.splitn(3, '_');
    let (Some(letter), Some(number)) = (parts.next(), parts.next()) else { return true };
    let begins_like_a_row = letter.len() == 1 && number.starts_with(|first: char| first.is_ascii_digit());
    if !begins_like_a_row {
        return true;
    }
    let row = ROWS.iter().find(|(known, _)| letter.starts_with(*known));
    let in_range =
        row.zip(number.parse().ok()).is_some_and(|((_, last), number)| (1..=*last).contains(&number));
    in_range && number.len() == 2 && parts.next().is_some_and(|sentence| sentence.contains('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let mut findings = Vec::new();
        judge(path, text, &mut findings);
        findings
    }

    #[test]
    fn a_neighbor_of_the_clone_may_be_named_by_the_gate_only() {
        let text = format!("cp {} .", NEIGHBORS[0]);
        assert_eq!(findings("README.md", &text).len(), 1);
        assert!(findings(".ci/run", &text).is_empty());
    }

    #[test]
    fn names_of_security_rows_are_checked() {
        for good in ["f_02_alias_bomb_is_refused", "r_26_a_b", "reads_all", "x25519_works", "a_b"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in ["f_2_alias_bomb", "f_08_no_such_row", "z_01_no_such_row", "f_02", "c_1x_what_is_this"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn an_exception_without_reason_is_found() {
        let bare = concat!("fn a() {}\n#[", "allow(dead_code)]\nfn b() {}\n");
        assert_eq!(findings("a.rs", bare), ["a.rs:2: an allowed lint needs a reason"]);
        let reasoned = concat!("#![", "allow(\n    dead_code,\n    reason = \"so\"\n)]\n");
        assert!(findings("a.rs", reasoned).is_empty());
    }

    #[test]
    fn a_format_crate_may_not_reach_outside() {
        let text = concat!("use std::", "fs::File;\n");
        assert_eq!(findings("crates/bulla-yaml/src/scan.rs", text).len(), 1);
        assert!(findings("cli/src/file.rs", text).is_empty());
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(findings("a.rs", &"//\n".repeat(LIMIT + 1)).len(), 1);
        assert!(findings("a.rs", &"//\n".repeat(LIMIT)).is_empty());
    }
}
