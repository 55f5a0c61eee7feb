//! The reference pages: what `--help` says of every verb, completions, manual
//! pages, environment variables, the form of machine-readable results. They
//! are committed below `docs/reference`, so that a change of the interface is
//! seen; `cargo xtask gen` writes them.

use std::fmt::Write as _;

use clap_complete::Shell;

use crate::command::verify_schema;
use crate::env::VARIABLES;
use crate::persona::bulla::{built_command, completion, manual};

/// One file of the reference.
pub struct Page {
    /// Its path below `docs/reference`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// Makes all pages, in the order of their paths.
pub fn pages() -> Vec<Page> {
    let mut pages = help();
    pages.extend(
        [(Shell::Bash, "bulla.bash"), (Shell::Fish, "bulla.fish"), (Shell::Zsh, "_bulla")]
            .map(|(shell, name)| Page { path: format!("completion/{name}"), text: completion(shell) }),
    );
    let manual = manual().into_iter();
    pages.extend(manual.map(|(name, text)| Page { path: format!("man/{name}.1"), text }));
    pages.push(Page { path: "environment.md".to_owned(), text: environment() });
    pages.push(Page { path: "verify.schema.json".to_owned(), text: format!("{:#}\n", verify_schema()) });
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages
}

fn help() -> Vec<Page> {
    let mut command = built_command();
    let own = Page { path: "help/bulla.txt".to_owned(), text: command.render_long_help().to_string() };
    let verbs = command.get_subcommands_mut().filter(|verb| verb.get_name() != "help").map(|verb| Page {
        path: format!("help/bulla-{}.txt", verb.get_name()),
        text: verb.render_long_help().to_string(),
    });
    std::iter::once(own).chain(verbs).collect()
}

fn environment() -> String {
    let mut text = "# Environment variables\n\n| variable | what it does |\n|---|---|\n".to_owned();
    for variable in VARIABLES {
        let _ = writeln!(text, "| `{}` | {} |", variable.name, variable.purpose);
    }
    text
}
