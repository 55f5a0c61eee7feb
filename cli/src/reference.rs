//! The reference pages: what `--help` says of every verb, completions, manual
//! pages, environment variables, the form of machine-readable results. They
//! are committed below `docs/reference`, so that a change of the interface is
//! seen; `cargo xtask gen` writes them.

use std::fmt::Write as _;

use clap::Command;
use clap_complete::Shell;

use crate::command::{verify_sarif, verify_schema};
use crate::env::{KUBESEAL_VARIABLES, VARIABLES, Variable};
use crate::persona::bulla::{commands, completion, manual};

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
    pages.push(Page { path: "verify.example.sarif".to_owned(), text: format!("{:#}\n", verify_sarif()) });
    pages.push(Page { path: "verify.schema.json".to_owned(), text: format!("{:#}\n", verify_schema()) });
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages
}

fn help() -> Vec<Page> {
    let page = |mut command: Command| {
        let name = command.get_display_name().unwrap_or("bulla").to_owned();
        Page { path: format!("help/{name}.txt"), text: command.render_long_help().to_string() }
    };
    commands().into_iter().map(page).collect()
}

fn environment() -> String {
    let mut text = "# Environment variables\n\n".to_owned();
    table(&mut text, VARIABLES);
    text += "\n## Sealed Secrets and clusters\n\nRead by `kubeseal`, and by the verbs that ask a cluster or fetch a certificate, \
             `seal`, `reseal`, `edit` and `keys`; of the flags these read `_CERT`, `_CONTROLLER_NAME`, \
             `_CONTROLLER_NAMESPACE` and `_KEY_PREFIX` alone.\n\n";
    table(&mut text, KUBESEAL_VARIABLES);
    text
}

fn table(text: &mut String, variables: &[Variable]) {
    *text += "| variable | what it does |\n|---|---|\n";
    for variable in variables {
        let _ = writeln!(text, "| `{}` | {} |", variable.name, variable.purpose);
    }
}
