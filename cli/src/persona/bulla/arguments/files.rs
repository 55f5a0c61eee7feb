//! What is typed after the verbs that encrypt, change and decrypt files.

use std::path::PathBuf;

use clap::Args;

use super::{AddKeys, AwsOptions, FOR_SEALED, Form, Keys, RemoveKeys, SealedEdit};

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Place {
    /// Files; with --in-place directories as well
    pub(in crate::persona::bulla) paths: Vec<PathBuf>,
    /// Replace the files
    #[arg(long, short, conflicts_with = "to")]
    pub(in crate::persona::bulla) in_place: bool,
    /// Write the result to this file
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(in crate::persona::bulla) to: Option<PathBuf>,
    /// With --in-place: say which files, change none
    #[arg(long, requires = "in_place")]
    pub(in crate::persona::bulla) dry_run: bool,
    /// With --in-place: the form of the report
    #[arg(long, value_enum, requires = "in_place", default_value_t = Form::Text)]
    pub(in crate::persona::bulla) output: Form,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Paths {
    /// Files and directories
    #[arg(required = true)]
    pub(in crate::persona::bulla) paths: Vec<PathBuf>,
    /// Say which files, change none
    #[arg(long)]
    pub(in crate::persona::bulla) dry_run: bool,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(in crate::persona::bulla) output: Form,
}

#[derive(Args, Debug, Default)]
pub(in crate::persona::bulla) struct Look {
    /// Choose rule and formats as if the file had this name
    #[arg(long, value_name = "FILE")]
    pub(in crate::persona::bulla) name: Option<String>,
    /// Format of the input: yaml, json, dotenv, ini or binary
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::persona::bulla) input_type: Option<String>,
    /// Format of the result
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::persona::bulla) output_type: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct NewFile {
    #[command(flatten)]
    pub(in crate::persona::bulla) keys: Keys,
    #[command(flatten)]
    pub(in crate::persona::bulla) aws: AwsOptions,
    /// Leave values readable whose key ends with this
    #[arg(long, value_name = "TEXT")]
    pub(in crate::persona::bulla) unencrypted_suffix: Option<String>,
    /// Encrypt only values whose key ends with this
    #[arg(long, value_name = "TEXT")]
    pub(in crate::persona::bulla) encrypted_suffix: Option<String>,
    /// Leave values readable whose key matches this
    #[arg(long, value_name = "REGEX")]
    pub(in crate::persona::bulla) unencrypted_regex: Option<String>,
    /// Encrypt only values whose key matches this
    #[arg(long, value_name = "REGEX")]
    pub(in crate::persona::bulla) encrypted_regex: Option<String>,
    /// Leave values readable that follow a comment matching this
    #[arg(long, value_name = "REGEX")]
    pub(in crate::persona::bulla) unencrypted_comment_regex: Option<String>,
    /// Encrypt only values that follow a comment matching this
    #[arg(long, value_name = "REGEX")]
    pub(in crate::persona::bulla) encrypted_comment_regex: Option<String>,
    /// Number of key groups needed to decrypt
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    pub(in crate::persona::bulla) threshold: u8,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Encrypt {
    #[command(flatten)]
    pub(in crate::persona::bulla) place: Place,
    #[command(flatten)]
    pub(in crate::persona::bulla) look: Look,
    #[command(flatten)]
    pub(in crate::persona::bulla) new_file: NewFile,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Decrypt {
    #[command(flatten)]
    pub(in crate::persona::bulla) place: Place,
    #[command(flatten)]
    pub(in crate::persona::bulla) look: Look,
    /// Print only this part
    #[arg(long, value_name = "INDEX", conflicts_with = "in_place")]
    pub(in crate::persona::bulla) extract: Option<String>,
    /// Do not check the MAC
    #[arg(long)]
    pub(in crate::persona::bulla) ignore_mac: bool,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Edit {
    /// The file
    pub(in crate::persona::bulla) path: PathBuf,
    #[command(flatten)]
    pub(in crate::persona::bulla) look: Look,
    #[command(flatten)]
    pub(in crate::persona::bulla) new_file: NewFile,
    /// Show the metadata in the editor
    #[arg(long, short)]
    pub(in crate::persona::bulla) show_keys: bool,
    #[command(flatten, next_help_heading = FOR_SEALED)]
    pub(in crate::persona::bulla) sealed: SealedEdit,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Set {
    /// The file
    pub(in crate::persona::bulla) path: PathBuf,
    /// Where, such as '["key"][0]'
    pub(in crate::persona::bulla) index: String,
    /// The value as JSON; without it and --value-file it comes from standard input
    #[arg(conflicts_with = "value_file", required_unless_present_any = ["value_file", "value_stdin"])]
    pub(in crate::persona::bulla) value: Option<String>,
    /// Take the value from this file
    #[arg(long, value_name = "FILE")]
    pub(in crate::persona::bulla) value_file: Option<PathBuf>,
    /// Take the value from standard input
    #[arg(long, conflicts_with_all = ["value", "value_file"])]
    pub(in crate::persona::bulla) value_stdin: bool,
    /// Write nothing where the value is there already
    #[arg(long)]
    pub(in crate::persona::bulla) idempotent: bool,
    #[command(flatten)]
    pub(in crate::persona::bulla) look: Look,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Unset {
    /// The file
    pub(in crate::persona::bulla) path: PathBuf,
    /// Where, such as '["key"][0]'
    pub(in crate::persona::bulla) index: String,
    /// Succeed where there is nothing to remove
    #[arg(long)]
    pub(in crate::persona::bulla) idempotent: bool,
    #[command(flatten)]
    pub(in crate::persona::bulla) look: Look,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Rotate {
    #[command(flatten)]
    pub(in crate::persona::bulla) many: Paths,
    #[command(flatten)]
    pub(in crate::persona::bulla) add: AddKeys,
    #[command(flatten)]
    pub(in crate::persona::bulla) remove: RemoveKeys,
    #[command(flatten)]
    pub(in crate::persona::bulla) aws: AwsOptions,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct UpdateKeys {
    #[command(flatten)]
    pub(in crate::persona::bulla) many: Paths,
    /// Do it
    #[arg(long, short)]
    pub(in crate::persona::bulla) yes: bool,
}
