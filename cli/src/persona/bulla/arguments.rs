//! What is typed after `bulla`.
#![allow(
    clippy::struct_field_names,
    clippy::doc_link_with_quotes,
    reason = "names and texts are what the user sees"
)]

mod files;
mod groups;
mod keys;
mod sealed;
mod sealing_keys;
mod template;

use std::ffi::OsString;
use std::path::PathBuf;

use bulla_providers::key_service::Address;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::go;
use crate::request::Report;

pub(super) use files::{Decrypt, Edit, Encrypt, Look, NewFile, Paths, Place, Rotate, Set, Unset, UpdateKeys};
pub(super) use groups::GroupsVerb;
pub(super) use keys::{AddKeys, AwsOptions, Keys, RemoveKeys};
pub(super) use sealed::{Reseal, Seal, SealedEdit};
pub(super) use sealing_keys::KeysVerb;
pub(super) use template::{TemplateTest, TemplateVerb};

/// Where a verb takes files of sops and SealedSecrets, the help of options for the latter.
const FOR_SEALED: &str = "Options for SealedSecrets";

/// Secrets in Git: encrypt, decrypt and edit SOPS files.
#[derive(Parser)]
#[command(
    name = "bulla",
    version,
    after_help = "`bulla sops ...` speaks the grammar of sops, `bulla kubeseal ...` that of kubeseal."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Args, Debug)]
pub(super) struct Common {
    /// Configuration file, instead of searching for .sops.yaml
    #[arg(long, global = true, env = "SOPS_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub(super) config: Option<String>,
    /// Kinds of key, tried in this order
    #[arg(
        long,
        global = true,
        env = "SOPS_DECRYPTION_ORDER",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "KINDS"
    )]
    pub(super) key_order: Vec<String>,
    /// Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable
    #[arg(
        long = "keyservice",
        global = true,
        env = "SOPS_KEYSERVICE",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "ADDRESS",
        value_parser = key_service
    )]
    pub(super) key_services: Vec<String>,
    /// With false: only ask key services, not the keys at hand
    #[arg(
        long = "enable-local-keyservice",
        global = true,
        env = "SOPS_ENABLE_LOCAL_KEYSERVICE",
        hide_env_values = true,
        value_name = "BOOL",
        action = clap::ArgAction::Set,
        default_value = "true",
        hide_default_value = true,
        value_parser = boolean
    )]
    pub(super) local_keys: bool,
    /// Lay results out with this many blanks per level
    #[arg(long, global = true, value_name = "BLANKS")]
    pub(super) indent: Option<i64>,
    /// Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]
    #[arg(long, global = true)]
    pub(super) no_layout: bool,
    /// Log what happens
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
}

/// An empty text, as of an empty variable, names no service.
fn key_service(text: &str) -> Result<String, String> {
    if !text.is_empty() {
        Address::parse(text).map_err(|error| error.to_string())?;
    }
    Ok(text.to_owned())
}

fn boolean(text: &str) -> Result<bool, String> {
    go::parse_bool(text).ok_or_else(|| "say true or false".to_owned())
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Encrypt a file, or many in place
    #[command(
        after_help = "Examples:\n  bulla encrypt --age age1... secret.yaml --to secret.enc.yaml\n  bulla encrypt -i deploy/          every file there that a creation rule names"
    )]
    Encrypt(Encrypt),
    /// Decrypt a file, or many in place
    #[command(
        after_help = "Examples:\n  bulla decrypt secret.yaml\n  bulla decrypt --extract '[\"db\"][\"password\"]' secret.yaml\n  bulla decrypt -i deploy/"
    )]
    Decrypt(Decrypt),
    /// Edit a file, or a new one; SealedSecrets as the Secrets that they become
    #[command(
        after_help = "Examples:\n  bulla edit secret.yaml\n  bulla edit sealed.yaml --recovery-keys main.key --cert pub.pem    seals anew only what changed"
    )]
    Edit(Edit),
    /// Set one value; the value is JSON
    #[command(
        after_help = "Examples:\n  bulla set secret.yaml '[\"db\"][\"port\"]' 5432\n  bulla set secret.yaml '[\"token\"]' < token.json"
    )]
    Set(Set),
    /// Try templates of ExternalSecrets and SealedSecrets
    #[command(
        after_help = "Examples:\n  bulla template test config.tmpl --data values.yaml\n  bulla decrypt secret.yaml | bulla template test config.tmpl --data -"
    )]
    Template {
        #[command(subcommand)]
        verb: TemplateVerb,
    },
    /// Remove one value
    #[command(after_help = "Examples:\n  bulla unset secret.yaml '[\"db\"][\"port\"]'")]
    Unset(Unset),
    /// Encrypt files anew with a new data key
    #[command(after_help = "Examples:\n  bulla rotate secret.yaml\n  bulla rotate deploy/ --rm-age age1...")]
    Rotate(Rotate),
    /// Give files the master keys and the threshold of their creation rule
    #[command(
        name = "updatekeys",
        after_help = "Examples:\n  bulla updatekeys --dry-run .\n  bulla updatekeys --yes ."
    )]
    UpdateKeys(UpdateKeys),
    /// Add or delete a key group of a file
    #[command(after_help = "Examples:\n  bulla groups add -i secret.yaml --age age1... --threshold 2")]
    Groups {
        #[command(subcommand)]
        verb: GroupsVerb,
    },
    /// Say as JSON whether a file is encrypted
    #[command(name = "filestatus", after_help = "Examples:\n  bulla filestatus secret.yaml")]
    FileStatus(FileStatus),
    /// Check that files are encrypted as the rules say; needs no key
    #[command(
        after_help = "Examples:\n  bulla verify .                    exit 0 clean, 1 findings, 2 could not check\n  bulla verify --output sarif . > verify.sarif"
    )]
    Verify(Verify),
    /// Seal Secrets of Kubernetes: a file, many in place, or one made of options
    #[command(
        after_help = "Examples:\n  bulla seal secret.yaml --to sealed.yaml          to the certificate of the cluster\n  bulla seal --cert pub.pem secret.yaml --to sealed.yaml\n  bulla seal --cert pub.pem --name db --namespace app --from-literal password=... --from-file tls.key\n  bulla seal --cert pub.pem -i deploy/          every Secret there, in place"
    )]
    Seal(Seal),
    /// Seal SealedSecrets anew to another certificate
    #[command(
        after_help = "Examples:\n  bulla reseal deploy/ --recovery-keys keys.age     to the certificate of the cluster\n  bulla reseal deploy/ --cert new.pem --recovery-keys old.key"
    )]
    Reseal(Reseal),
    /// Show who can open a file, how old it is, and whether you can
    #[command(
        after_help = "Examples:\n  bulla inspect secret.yaml\n  bulla inspect sealed.yaml --recovery-keys main.key --cert pub.pem"
    )]
    Inspect(Inspect),
    /// List, back up, restore and renew the sealing keys of a cluster
    #[command(
        after_help = "Examples:\n  bulla keys list\n  bulla keys backup --age age1... --to keys.age\n  bulla keys restore keys.age"
    )]
    Keys {
        #[command(subcommand)]
        verb: KeysVerb,
    },
    /// Make an age key
    #[command(after_help = "Examples:\n  bulla keygen --to ~/.config/sops/age/keys.txt")]
    Keygen(Keygen),
    /// Serve this machine's keys to others, as a key service of sops
    #[command(
        name = "keyservice",
        after_help = "Examples:\n  bulla keyservice --network unix --address ~/keys.sock --prompt\n  ssh -R /tmp/keys.sock:$HOME/keys.sock host sops --keyservice unix:///tmp/keys.sock decrypt f.yaml"
    )]
    KeyService(KeyService),
    /// Run a command with the decrypted values in its environment
    #[command(after_help = "Examples:\n  bulla exec-env secret.env 'psql \"$DATABASE_URL\"'")]
    ExecEnv(ExecEnv),
    /// Run a command with the decrypted file as a temporary file
    #[command(after_help = "Examples:\n  bulla exec-file config.yaml 'server --config {}'")]
    ExecFile(ExecFile),
    /// Print a shell's completion script
    #[command(after_help = "Examples:\n  source <(bulla completion bash)")]
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual pages
    #[command(after_help = "Examples:\n  bulla man | man -l -")]
    Man,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Json,
    Text,
}

impl From<Form> for Report {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Text => Self::Text,
        }
    }
}

/// The form of the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FindingForm {
    Json,
    Sarif,
    Text,
}

impl From<FindingForm> for Report {
    fn from(form: FindingForm) -> Self {
        match form {
            FindingForm::Json => Self::Json,
            FindingForm::Sarif => Self::Sarif,
            FindingForm::Text => Self::Text,
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// Files and directories
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Decrypt as well, and check the MAC; where no key opens a file, it could not be checked
    #[arg(long)]
    pub(super) with_keys: bool,
    /// Accept values that are empty: they cannot be encrypted, so without keys one that was blanked looks the same
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t = FindingForm::Text)]
    pub(super) output: FindingForm,
}

#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// The file
    pub(super) path: PathBuf,
    /// Format of the file: yaml, json, dotenv, ini or binary
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_type: Option<String>,
    /// Private keys: which of them opens what of a SealedSecret; repeatable
    #[arg(long, value_name = "FILE", value_delimiter = ',', help_heading = FOR_SEALED)]
    pub(super) recovery_keys: Vec<String>,
    /// Certificates: which of them a SealedSecret was certainly not sealed to; repeatable
    #[arg(long, value_name = "FILE", help_heading = FOR_SEALED)]
    pub(super) cert: Vec<String>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(super) output: Form,
}

#[derive(Args, Debug)]
pub(super) struct FileStatus {
    /// The file
    pub(super) path: PathBuf,
    /// Format of the file: yaml, json, dotenv, ini or binary
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_type: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct KeyService {
    /// tcp or unix
    #[arg(long, value_name = "NETWORK", default_value = "tcp")]
    pub(super) network: String,
    /// Host and port, or the path of a socket
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub(super) address: String,
    /// Ask before every answer
    #[arg(long)]
    pub(super) prompt: bool,
    /// Allow an address that other machines reach: whoever reaches it can use your keys
    #[arg(long)]
    pub(super) expose: bool,
}

#[derive(Args, Debug)]
pub(super) struct Keygen {
    /// Write the key to this new file and print its public part
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(super) to: Option<PathBuf>,
    /// Make a post-quantum key
    #[arg(long)]
    pub(super) post_quantum: bool,
}

#[derive(Args, Debug)]
pub(super) struct ExecEnv {
    /// The file
    pub(super) path: PathBuf,
    /// What the shell runs
    pub(super) command: OsString,
    /// Give the command nothing but the decrypted values
    #[arg(long)]
    pub(super) pristine: bool,
    /// Run as this user
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct ExecFile {
    /// The file
    pub(super) path: PathBuf,
    /// What the shell runs; {} stands for the temporary file
    pub(super) command: OsString,
    /// Use a regular file instead of a pipe
    #[arg(long)]
    pub(super) no_fifo: bool,
    /// Name of the temporary file
    #[arg(long, value_name = "NAME")]
    pub(super) filename: Option<String>,
    /// Format of the temporary file
    #[arg(long, value_name = "FORMAT")]
    pub(super) output_type: Option<String>,
    /// Run as this user
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
}
