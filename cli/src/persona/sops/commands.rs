//! The table of sops' commands.

use super::flags as f;
use super::goflag::Flags;

/// What a command line asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// `completion bash`.
    CompletionBash,
    /// `completion zsh`.
    CompletionZsh,
    /// `decrypt`.
    Decrypt,
    /// `edit`.
    Edit,
    /// `encrypt`.
    Encrypt,
    /// `exec-env`.
    ExecEnv,
    /// `exec-file`.
    ExecFile,
    /// `filestatus`.
    FileStatus,
    /// `groups add`.
    GroupsAdd,
    /// `groups delete`.
    GroupsDelete,
    /// `help`.
    Help,
    /// `keyservice`.
    KeyService,
    /// `publish`.
    Publish,
    /// The command without a subcommand.
    Root,
    /// `rotate`.
    Rotate,
    /// `set`.
    Set,
    /// A command that only holds others.
    Subcommands,
    /// `unset`.
    Unset,
    /// `updatekeys`.
    UpdateKeys,
}

/// A command of sops.
#[derive(Debug)]
pub struct Command {
    /// Its names, the main one first.
    pub names: &'static [&'static str],
    /// What it does, in a line.
    pub summary: &'static str,
    /// Its positionals in the usage line.
    pub arguments: &'static str,
    /// Its flags.
    pub flags: Flags,
    /// Commands below it.
    pub subcommands: &'static [Self],
    /// What it asks for.
    pub verb: Verb,
}

impl Command {
    /// Finds a command below this one.
    pub fn find(&self, name: &str) -> Option<&'static Self> {
        self.subcommands.iter().find(|command| command.names.contains(&name))
    }
}

const fn command(
    names: &'static [&'static str],
    summary: &'static str,
    arguments: &'static str,
    verb: Verb,
    flags: Flags,
) -> Command {
    Command { names, summary, arguments, flags, subcommands: &[], verb }
}

const fn parent(
    names: &'static [&'static str],
    summary: &'static str,
    subcommands: &'static [Command],
) -> Command {
    Command { names, summary, arguments: "", flags: &[f::HELP], subcommands, verb: Verb::Subcommands }
}

const HELP: Command =
    command(&["help", "h"], "show the commands, or help for one", "[command]", Verb::Help, &[f::HELP]);

/// The command without a subcommand and everything below it.
pub const ROOT: Command = Command {
    names: &["sops"],
    summary: "encrypted files that keep their structure",
    arguments: "file",
    verb: Verb::Root,
    flags: &[
        f::ROOT,
        f::NO_LAYOUT,
        f::KEYS,
        f::AWS_PROFILE,
        f::OUTPUT,
        f::EXTRACT,
        f::INPUT_TYPE,
        f::OUTPUT_TYPE,
        f::SHOW_KEYS,
        f::CHANGE_KEYS,
        f::IGNORE_MAC,
        f::SELECTION,
        f::COMMENT_SELECTION,
        f::CONTEXT,
        f::THRESHOLD,
        f::VERBOSE,
        f::FILENAME,
        f::ORDER,
        f::KEY_SERVICES,
        f::HELP,
        f::VERSION,
    ],
    subcommands: &[
        parent(
            &["completion"],
            "print a shell's completion script",
            &[
                command(
                    &["bash"],
                    "completion for bash: source <(sops completion bash)",
                    "",
                    Verb::CompletionBash,
                    &[f::HELP],
                ),
                command(
                    &["zsh"],
                    "completion for zsh: source <(sops completion zsh)",
                    "",
                    Verb::CompletionZsh,
                    &[f::HELP],
                ),
                HELP,
            ],
        ),
        command(
            &["exec-env"],
            "run a command with the decrypted values in its environment",
            "file command",
            Verb::ExecEnv,
            &[f::EXEC, f::EXEC_ENV, f::ORDER, f::KEY_SERVICES, f::HELP],
        ),
        command(
            &["exec-file"],
            "run a command with the decrypted file as a temporary file, {} in the command",
            "file command",
            Verb::ExecFile,
            &[f::EXEC, f::EXEC_FILE, f::INPUT_TYPE, f::OUTPUT_TYPE, f::ORDER, f::KEY_SERVICES, f::HELP],
        ),
        command(
            &["publish"],
            "upload a file or a directory to the destination of its rule",
            "path",
            Verb::Publish,
            &[f::YES, f::PUBLISH, f::VERBOSE, f::ORDER, f::KEY_SERVICES, f::HELP],
        ),
        command(
            &["keyservice"],
            "serve this machine's keys to others",
            "",
            Verb::KeyService,
            &[f::LISTEN, f::VERBOSE, f::HELP],
        ),
        command(
            &["filestatus"],
            "say whether a file is encrypted",
            "file",
            Verb::FileStatus,
            &[f::INPUT_TYPE, f::HELP],
        ),
        parent(
            &["groups"],
            "change the key groups of a file",
            &[
                command(
                    &["add"],
                    "add a key group",
                    "",
                    Verb::GroupsAdd,
                    &[
                        f::GROUP_FILE,
                        f::GROUP_KEYS,
                        f::AWS_PROFILE,
                        f::IN_PLACE,
                        f::THRESHOLD,
                        f::CONTEXT,
                        f::KEY_SERVICES,
                        f::NO_LAYOUT,
                        f::HELP,
                    ],
                ),
                command(
                    &["delete"],
                    "remove a key group",
                    "index",
                    Verb::GroupsDelete,
                    &[f::GROUP_FILE, f::IN_PLACE, f::THRESHOLD, f::KEY_SERVICES, f::NO_LAYOUT, f::HELP],
                ),
                HELP,
            ],
        ),
        command(
            &["updatekeys"],
            "give files the master keys of their creation rule",
            "file...",
            Verb::UpdateKeys,
            &[f::YES, f::INPUT_TYPE, f::KEY_SERVICES, f::NO_LAYOUT, f::HELP],
        ),
        command(
            &["decrypt"],
            "decrypt a file or standard input",
            "[file]",
            Verb::Decrypt,
            &[
                f::OUTPUT,
                f::EXTRACT,
                f::INPUT_TYPE,
                f::OUTPUT_TYPE,
                f::IGNORE_MAC,
                f::FILENAME,
                f::ORDER,
                f::KEY_SERVICES,
                f::HELP,
            ],
        ),
        command(
            &["encrypt"],
            "encrypt a file or standard input",
            "[file]",
            Verb::Encrypt,
            &[
                f::OUTPUT,
                f::KEYS,
                f::AWS_PROFILE,
                f::INPUT_TYPE,
                f::OUTPUT_TYPE,
                f::SELECTION,
                f::COMMENT_SELECTION,
                f::CONTEXT,
                f::THRESHOLD,
                f::FILENAME,
                f::KEY_SERVICES,
                f::NO_LAYOUT,
                f::HELP,
            ],
        ),
        command(
            &["rotate"],
            "encrypt a file anew with a new data key",
            "file",
            Verb::Rotate,
            &[
                f::OUTPUT,
                f::INPUT_TYPE,
                f::OUTPUT_TYPE,
                f::CONTEXT,
                f::CHANGE_KEYS,
                f::FILENAME,
                f::ORDER,
                f::KEY_SERVICES,
                f::NO_LAYOUT,
                f::HELP,
            ],
        ),
        command(
            &["edit"],
            "edit a file, or a new one",
            "file",
            Verb::Edit,
            &[
                f::KEYS,
                f::AWS_PROFILE,
                f::INPUT_TYPE,
                f::OUTPUT_TYPE,
                f::SELECTION,
                f::CONTEXT,
                f::THRESHOLD,
                f::SHOW_KEYS,
                f::IGNORE_MAC,
                f::ORDER,
                f::KEY_SERVICES,
                f::NO_LAYOUT,
                f::HELP,
            ],
        ),
        command(
            &["set"],
            "set one value of a file; the value is JSON",
            "file index [value]",
            Verb::Set,
            &[
                f::INPUT_TYPE,
                f::OUTPUT_TYPE,
                f::SET,
                f::THRESHOLD,
                f::IGNORE_MAC,
                f::ORDER,
                f::KEY_SERVICES,
                f::NO_LAYOUT,
                f::HELP,
            ],
        ),
        command(
            &["unset"],
            "remove one value from a file",
            "file index",
            Verb::Unset,
            &[
                f::INPUT_TYPE,
                f::OUTPUT_TYPE,
                f::UNSET,
                f::THRESHOLD,
                f::IGNORE_MAC,
                f::ORDER,
                f::KEY_SERVICES,
                f::NO_LAYOUT,
                f::HELP,
            ],
        ),
        HELP,
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn walk(command: &'static Command, visit: &mut impl FnMut(&'static Command)) {
        visit(command);
        for below in command.subcommands {
            walk(below, visit);
        }
    }

    #[test]
    fn no_command_has_two_flags_of_one_name() {
        static COMMANDS: Command = ROOT;
        walk(&COMMANDS, &mut |command| {
            let mut seen = BTreeSet::new();
            for name in command.flags.iter().flat_map(|list| list.iter()).flat_map(|flag| flag.names) {
                assert!(seen.insert(name), "{:?} has two flags {name}", command.names);
            }
        });
    }
}
