//! The commands that write files.

use bulla_testkit::CANARY;

/// What a file is, before or after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Plaintext.
    Plain,
    /// Encrypted for the first key.
    Encrypted,
}

/// One command line that replaces files in the folder `d`.
#[derive(Debug)]
pub struct Work {
    /// What it is called in messages.
    pub name: &'static str,
    /// Words; `R1` and `R2` stand for the recipients.
    pub arguments: &'static [&'static str],
    /// The files of the folder.
    pub files: &'static [&'static str],
    /// What they are before.
    pub before: State,
    /// What they are after.
    pub after: State,
    /// Line that the plaintext has then in addition.
    pub adds: &'static str,
}

/// The plaintext of every file.
pub fn plaintext(adds: &str) -> String {
    format!("# a comment\nuser: admin\npassword: {CANARY}\nlist:\n    - 1\n    - true\n{adds}")
}

const ONE: &[&str] = &["a.yaml"];
const MANY: &[&str] = &["a.yaml", "b.yaml", "c.yaml"];

const fn rewrite(
    name: &'static str,
    files: &'static [&'static str],
    arguments: &'static [&'static str],
) -> Work {
    Work { name, arguments, files, before: State::Encrypted, after: State::Encrypted, adds: "" }
}

/// All of them.
const WORKS: &[Work] = &[
    Work {
        before: State::Plain,
        ..rewrite("encrypt", ONE, &["sops", "encrypt", "-i", "--age", "R1", "d/a.yaml"])
    },
    Work { before: State::Plain, ..rewrite("encrypt many", MANY, &["encrypt", "-i", "d"]) },
    Work { after: State::Plain, ..rewrite("decrypt", ONE, &["sops", "decrypt", "-i", "d/a.yaml"]) },
    Work { adds: "more: 1\n", ..rewrite("edit", ONE, &["sops", "edit", "d/a.yaml"]) },
    Work { adds: "more: 1\n", ..rewrite("set", ONE, &["sops", "set", "d/a.yaml", "[\"more\"]", "1"]) },
    rewrite("rotate", ONE, &["sops", "rotate", "-i", "d/a.yaml"]),
    rewrite("rotate many", MANY, &["rotate", "d"]),
    rewrite("updatekeys", ONE, &["sops", "updatekeys", "-y", "d/a.yaml"]),
    rewrite("updatekeys many", MANY, &["updatekeys", "-y", "d/a.yaml", "d/b.yaml", "d/c.yaml"]),
];

/// The work of this name.
pub fn work(name: &str) -> &'static Work {
    WORKS.iter().find(|work| work.name == name).unwrap_or_else(|| panic!("no work {name}"))
}
