//! Requests about one file, or about some files by name.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Aws, Formats, KeyTexts, SealedEdit};

/// Where a result goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sink {
    /// Standard output.
    #[default]
    Stdout,
    /// The file that was read.
    InPlace,
    /// Another file.
    File(PathBuf),
}

/// A file and how to look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The file; `None` means standard input.
    pub path: Option<PathBuf>,
    /// Name to judge it by; empty means its own.
    pub filename: String,
    /// Formats by name.
    pub formats: Formats,
}

/// The texts of the six selection rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectionTexts {
    /// `unencrypted_suffix`.
    pub unencrypted_suffix: String,
    /// `encrypted_suffix`.
    pub encrypted_suffix: String,
    /// `unencrypted_regex`.
    pub unencrypted_regex: String,
    /// `encrypted_regex`.
    pub encrypted_regex: String,
    /// `unencrypted_comment_regex`.
    pub unencrypted_comment_regex: String,
    /// `encrypted_comment_regex`.
    pub encrypted_comment_regex: String,
}

/// How a new file is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewFile {
    /// Master keys; none means those of the creation rule.
    pub keys: KeyTexts,
    /// Attributes of AWS keys.
    pub aws: Aws,
    /// Selection rule.
    pub selection: SelectionTexts,
    /// Shamir threshold; 0 means that of the creation rule.
    pub threshold: i64,
}

/// `decrypt`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decrypt {
    /// What to read.
    pub input: Input,
    /// Where the result goes.
    pub sink: Sink,
    /// Part to print.
    pub extract: String,
    /// Leave the MAC unchecked.
    pub ignore_mac: bool,
}

/// `encrypt`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encrypt {
    /// What to read.
    pub input: Input,
    /// Where the result goes.
    pub sink: Sink,
    /// How.
    pub new_file: NewFile,
}

/// `rotate`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotate {
    /// What to read.
    pub input: Input,
    /// Where the result goes.
    pub sink: Sink,
    /// Keys to add to the first group.
    pub add: KeyTexts,
    /// Keys to remove from all groups.
    pub remove: KeyTexts,
    /// Attributes of AWS keys.
    pub aws: Aws,
    /// Leave the MAC unchecked.
    pub ignore_mac: bool,
    /// Insist on a creation rule, as the flag style does.
    pub needs_rule: bool,
}

/// `edit`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub input: Input,
    /// How, where it does not exist yet.
    pub new_file: NewFile,
    /// Show the metadata in the editor.
    pub show_keys: bool,
    /// Leave the MAC unchecked.
    pub ignore_mac: bool,
    /// Insist on a creation rule, as the flag style does.
    pub needs_rule: bool,
    /// Keys to add or to remove were named, which need an existing file.
    pub changes_keys: bool,
    /// How SealedSecrets are edited; `None` where the grammar knows none.
    pub sealed: Option<SealedEdit>,
}

/// Where the value of `set` is.
#[derive(Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// On the command line.
    Argument(String),
    /// In a file.
    File(PathBuf),
    /// On standard input.
    Stdin,
}

/// `set`.
#[derive(Clone, PartialEq, Eq)]
pub struct Set {
    /// The file.
    pub input: Input,
    /// Where the value goes.
    pub index: String,
    /// The value as JSON.
    pub value: ValueSource,
    /// Leave the MAC unchecked.
    pub ignore_mac: bool,
    /// Write nothing where the value is there already.
    pub idempotent: bool,
    /// Insist on a creation rule, as the flag style does.
    pub needs_rule: bool,
}

/// `unset`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unset {
    /// The file.
    pub input: Input,
    /// What to remove.
    pub index: String,
    /// Leave the MAC unchecked.
    pub ignore_mac: bool,
    /// Succeed where there is nothing to remove.
    pub idempotent: bool,
}

/// `updatekeys`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateKeys {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Do not ask.
    pub yes: bool,
    /// Format by name.
    pub input_type: String,
}

/// `groups add`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsAdd {
    /// The file.
    pub path: PathBuf,
    /// Replace it instead of printing the result.
    pub in_place: bool,
    /// Keys of the group; each list comma-separated.
    pub keys: KeyTexts,
    /// Attributes of AWS keys.
    pub aws: Aws,
    /// New threshold; 0 keeps the old one.
    pub threshold: i64,
}

/// `groups delete`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsDelete {
    /// The file.
    pub path: PathBuf,
    /// Replace it instead of printing the result.
    pub in_place: bool,
    /// Position of the group, from 0.
    pub index: u32,
    /// New threshold; 0 keeps the old one.
    pub threshold: i64,
}

/// `exec-env`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecEnv {
    /// The file.
    pub path: PathBuf,
    /// What to run.
    pub command: OsString,
    /// Do not wait.
    pub background: bool,
    /// Nothing but the decrypted values.
    pub pristine: bool,
    /// Replace this process.
    pub same_process: bool,
    /// Run as this user.
    pub user: String,
}

/// `exec-file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecFile {
    /// The file.
    pub path: PathBuf,
    /// Formats by name.
    pub formats: Formats,
    /// What to run; `{}` stands for the path.
    pub command: OsString,
    /// Do not wait.
    pub background: bool,
    /// A regular file instead of a pipe.
    pub no_fifo: bool,
    /// Name of the temporary file.
    pub filename: String,
    /// Run as this user.
    pub user: String,
}

/// `filestatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStatus {
    /// The file.
    pub path: PathBuf,
    /// Format by name.
    pub input_type: String,
}
