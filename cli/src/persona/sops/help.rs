//! Help texts in the shape that sops' users know.

use std::fmt::Write;

use super::commands::{Command, Verb};
use super::goflag::{Flag, Kind};
use crate::env::VARIABLES;

const ROOT_USAGE: &str = "   sops decrypt FILE              print the decrypted file
   sops encrypt --age KEY FILE    print the encrypted file; -i replaces it
   sops edit FILE                 open the decrypted file in an editor
   sops [flags] FILE              flag style: -d decrypts, -e encrypts, -r rotates,
                                  none edits; flags go before the file

   Keys of new files come from the flags below, their variables, or the
   creation rules of a .sops.yaml; keys of existing files from the files.
";

/// Writes the help of a command; `path` is how it is called.
pub(super) fn text(command: &Command, path: &str) -> String {
    let mut out = format!("NAME:\n   {path} - {}\n\nUSAGE:\n", command.summary);
    let _ = match command.verb {
        Verb::Root => write!(out, "{ROOT_USAGE}"),
        Verb::Subcommands => writeln!(out, "   {path} command [command options] [arguments...]"),
        _ if command.arguments.is_empty() => writeln!(out, "   {path} [command options]"),
        _ => writeln!(out, "   {path} [command options] {}", command.arguments),
    };
    if !command.subcommands.is_empty() {
        out.push_str("\nCOMMANDS:\n");
        table(&mut out, command.subcommands.iter().map(|c| (c.names.join(", "), c.summary.to_owned())));
    }
    out.push_str(if command.verb == Verb::Root { "\nGLOBAL OPTIONS:\n" } else { "\nOPTIONS:\n" });
    table(&mut out, command.flags.iter().flat_map(|list| list.iter()).map(|f| (names(f), purpose(f))));
    if command.verb == Verb::Root {
        out.push_str("\nENVIRONMENT:\n");
        table(&mut out, VARIABLES.iter().map(|v| (v.name.to_owned(), v.purpose.to_owned())));
    }
    out
}

/// Writes what a shell may complete behind `last`, one suggestion a line:
/// flags where `last` starts with a dash, commands below this one otherwise.
/// With `described`, zsh gets `name:summary`.
pub(super) fn suggestions(command: &Command, last: &str, described: bool) -> String {
    let mut out = String::new();
    if last.starts_with('-') {
        let typed = last.trim_start_matches('-');
        for name in command.flags.iter().flat_map(|list| list.iter()).flat_map(|flag| flag.names) {
            if name.starts_with(typed) {
                let _ = writeln!(out, "{}{name}", if name.len() == 1 { "-" } else { "--" });
            }
        }
        return out;
    }
    for below in command.subcommands {
        for name in below.names {
            let _ = if described {
                writeln!(out, "{name}:{}", below.summary.replace(':', "\\:"))
            } else {
                writeln!(out, "{name}")
            };
        }
    }
    out
}

/// The completion script for bash: it asks the program itself.
pub(super) const BASH: &str = r#"# bash completion for sops
_sops_complete() {
    local word="${COMP_WORDS[COMP_CWORD]}"
    local -a line=("${COMP_WORDS[@]:0:COMP_CWORD}")
    case "$word" in -*) line+=("$word") ;; esac
    COMPREPLY=($(compgen -W "$("${line[@]}" --generate-bash-completion 2>/dev/null)" -- "$word"))
}
complete -o bashdefault -o default -F _sops_complete sops
"#;

/// The completion script for zsh.
pub(super) const ZSH: &str = r#"#compdef sops
_sops_complete() {
    local -a line suggested
    line=("${(@)words[1,CURRENT-1]}")
    [[ "${words[CURRENT]}" == -* ]] && line+=("${words[CURRENT]}")
    suggested=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 "${line[@]}" --generate-bash-completion 2>/dev/null)}")
    if [[ -n "${suggested[1]}" ]]; then
        _describe 'sops' suggested
    else
        _files
    fi
}
compdef _sops_complete sops
"#;

fn names(flag: &Flag) -> String {
    let takes_value = !matches!(flag.kind, Kind::Bool | Kind::BoolTrue);
    let form = |name: &&str| {
        let dashes = if name.len() == 1 { "-" } else { "--" };
        format!("{dashes}{name}{}", if takes_value { " value" } else { "" })
    };
    flag.names.iter().map(form).collect::<Vec<_>>().join(", ")
}

fn purpose(flag: &Flag) -> String {
    let mut text = flag.help.to_owned();
    match flag.kind {
        Kind::Text(default) if !default.is_empty() => {
            let _ = write!(text, " (default: \"{default}\")");
        }
        Kind::BoolTrue => text.push_str(" (default: true)"),
        _ => {}
    }
    if let Some(variable) = flag.variable {
        let _ = write!(text, " [${variable}]");
    }
    text
}

fn table(out: &mut String, rows: impl Iterator<Item = (String, String)>) {
    let rows: Vec<_> = rows.collect();
    let width = rows.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
    for (left, right) in rows {
        let _ = writeln!(out, "   {left:width$}  {right}");
    }
}
