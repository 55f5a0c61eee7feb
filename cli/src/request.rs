//! What the user asks for, whichever grammar it was said in. Texts are as
//! typed; empty means not given.

mod files;
mod sealed;

use std::path::PathBuf;

use bulla_template::{Library, MissingKey};

pub use files::{
    Decrypt, Edit, Encrypt, ExecEnv, ExecFile, FileStatus, GroupsAdd, GroupsDelete, Input, NewFile, Rotate,
    SelectionTexts, Set, Sink, Unset, UpdateKeys, ValueSource,
};
pub use sealed::{Certificate, Cluster, Keys, KeysAction, Reseal, Seal, SealedEdit, Sources};

/// What every command shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Configuration file, instead of searching for one.
    pub config: String,
    /// Wrap and unwrap in this process.
    pub local_keys: bool,
    /// Addresses of key services to ask as well.
    pub key_services: Vec<String>,
    /// Comma-separated kinds of key, tried in this order.
    pub decryption_order: String,
    /// Indentation of YAML and JSON.
    pub indent: Option<i64>,
    /// Let the MAC cover encrypted values only.
    pub mac_only_encrypted: bool,
    /// Write no `layout` field.
    pub no_layout: bool,
    /// Log what happens.
    pub verbose: bool,
}

/// Formats by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Formats {
    /// Of the file that is read.
    pub input: String,
    /// Of the result.
    pub output: String,
}

/// Lists of master keys, each comma-separated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyTexts {
    /// AWS KMS.
    pub kms: String,
    /// GCP KMS.
    pub gcp_kms: String,
    /// Huawei Cloud KMS.
    pub hckms: String,
    /// Azure Key Vault.
    pub azure_kv: String,
    /// PGP.
    pub pgp: String,
    /// Vault transit.
    pub hc_vault: String,
    /// age.
    pub age: String,
}

impl KeyTexts {
    /// Returns true where no key is named.
    pub fn is_empty(&self) -> bool {
        [&self.kms, &self.gcp_kms, &self.hckms, &self.azure_kv, &self.pgp, &self.hc_vault, &self.age]
            .iter()
            .all(|text| text.is_empty())
    }
}

/// Attributes of AWS keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aws {
    /// Profile for requests.
    pub profile: String,
    /// Comma-separated `key:value` pairs.
    pub context: String,
}

/// `keyservice`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyService {
    /// `tcp`, `tcp4`, `tcp6` or `unix`.
    pub network: String,
    /// Host and port, or the path of a socket.
    pub address: String,
    /// Ask before every answer.
    pub prompt: bool,
    /// Say where it listens, and refuse an address that other machines reach
    /// unless it is exposed. Otherwise that is a warning, as for sops' users.
    pub strict: bool,
    /// Listen where other machines reach it.
    pub expose: bool,
}

/// A command with its arguments.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// Decrypt.
    Decrypt(Decrypt),
    /// Edit.
    Edit(Edit),
    /// Encrypt.
    Encrypt(Encrypt),
    /// Run with secrets in the environment.
    ExecEnv(ExecEnv),
    /// Run with secrets in a file.
    ExecFile(ExecFile),
    /// Encrypted or not.
    FileStatus(FileStatus),
    /// Add a key group.
    GroupsAdd(GroupsAdd),
    /// Remove a key group.
    GroupsDelete(GroupsDelete),
    /// Who can open a file.
    Inspect(Inspect),
    /// Serve keys to others.
    KeyService(KeyService),
    /// Make a key.
    Keygen(Keygen),
    /// The sealing keys of a cluster.
    Keys(Keys),
    /// One action on many files.
    Many(Many),
    /// SealedSecrets to a new key.
    Reseal(Reseal),
    /// New data key.
    Rotate(Rotate),
    /// Secrets to SealedSecrets.
    Seal(Seal),
    /// Set a value.
    Set(Set),
    /// Render a template.
    TemplateTest(TemplateTest),
    /// Remove a value.
    Unset(Unset),
    /// New master keys.
    UpdateKeys(UpdateKeys),
    /// Check that files are encrypted as they should be.
    Verify(Verify),
}

/// A command over many files and directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// What is done to each file.
    pub action: Action,
    /// Say what would be done, do nothing.
    pub dry_run: bool,
    /// The form of the result.
    pub report: Report,
}

/// What is done to each of many files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Decrypt in place.
    Decrypt {
        /// Leave the MAC unchecked.
        ignore_mac: bool,
    },
    /// Encrypt in place.
    Encrypt(Box<NewFile>),
    /// New data key.
    Rotate {
        /// Keys to add to the first group.
        add: Box<KeyTexts>,
        /// Keys to remove from all groups.
        remove: Box<KeyTexts>,
        /// Attributes of AWS keys.
        aws: Aws,
    },
    /// The master keys of the creation rule.
    UpdateKeys,
}

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Report {
    /// Lines for people.
    #[default]
    Text,
    /// JSON.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// `verify`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verify {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// Decrypt as well, and check the MAC.
    pub with_keys: bool,
    /// Empty values do not fail the check.
    pub allow_empty: bool,
    /// The form of the result.
    pub report: Report,
}

/// `inspect`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspect {
    /// The file.
    pub path: PathBuf,
    /// Format by name.
    pub input_type: String,
    /// Files with private keys of Sealed Secrets.
    pub recovery_keys: Vec<String>,
    /// Certificates of Sealed Secrets: files or URLs.
    pub certificates: Vec<String>,
    /// The form of the result.
    pub report: Report,
}

/// `keygen`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keygen {
    /// Where the identity goes; `None` means standard output.
    pub to: Option<PathBuf>,
    /// Make a post-quantum key.
    pub post_quantum: bool,
}

/// `template test`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateTest {
    /// The template; `None` means standard input.
    pub path: Option<PathBuf>,
    /// The values; `None` means standard input.
    pub data: Option<PathBuf>,
    /// The functions to offer.
    pub library: Library,
    /// What a missing key means; `None` means as usual with these functions.
    pub missing_key: Option<MissingKey>,
    /// Left delimiter.
    pub left_delimiter: String,
    /// Right delimiter.
    pub right_delimiter: String,
}
