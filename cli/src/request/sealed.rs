//! Requests about SealedSecrets.

use std::path::PathBuf;

use bulla_seal::Scope;

use super::Report;

/// `seal`. It may hold plaintext, so it has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Seal {
    /// Files; with `in_place` directories as well.
    pub paths: Vec<PathBuf>,
    /// What a Secret is made of, instead of a file.
    pub sources: Sources,
    /// Replace the files.
    pub in_place: bool,
    /// Where the result goes; `None` means standard output.
    pub to: Option<PathBuf>,
    /// What to seal to.
    pub certificate: Certificate,
    /// Name of the result; empty takes the Secret's.
    pub name: String,
    /// Namespace; another one in the Secret is an error.
    pub namespace: String,
    /// Seal a Secret without data.
    pub allow_empty: bool,
    /// Scope; `strict` leaves what the Secret's annotations say.
    pub scope: Scope,
    /// Say what would be done, do nothing.
    pub dry_run: bool,
    /// The form of the result.
    pub report: Report,
}

/// What a Secret is made of. It may hold plaintext, so it has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// `NAME=VALUE`.
    pub literals: Vec<String>,
    /// `NAME=PATH`, `PATH` or a directory.
    pub files: Vec<String>,
    /// Files of `NAME=VALUE` lines.
    pub env_files: Vec<String>,
    /// Type of the Secret; empty means none.
    pub secret_type: String,
}

impl Sources {
    /// Returns true where no source is named.
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty() && self.files.is_empty() && self.env_files.is_empty()
    }
}

/// The certificate to seal to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Its file or URL; empty asks the controller of the cluster.
    pub name: String,
    /// The cluster to ask.
    pub cluster: Cluster,
    /// Name of the controller's Service.
    pub controller_name: String,
}

/// The cluster of a Sealed Secrets controller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The kubeconfig; empty means the usual ones.
    pub kubeconfig: String,
    /// Context of the kubeconfig; empty means its own.
    pub context: String,
    /// Namespace of the controller.
    pub controller_namespace: String,
}

/// `reseal`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reseal {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// What to seal to.
    pub certificate: Certificate,
    /// Files with the old private keys.
    pub recovery_keys: Vec<String>,
    /// Say what would be done, do nothing.
    pub dry_run: bool,
    /// The form of the result.
    pub report: Report,
}

/// `edit` on a file of SealedSecrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedEdit {
    /// What to seal to.
    pub certificate: Certificate,
    /// Files with the private keys that open what is there.
    pub recovery_keys: Vec<String>,
}

/// `keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Whose keys.
    pub cluster: Cluster,
    /// How their names begin.
    pub prefix: String,
    /// What to do.
    pub action: KeysAction,
}

/// What to do with sealing keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysAction {
    /// Write all of them, encrypted.
    Backup {
        /// age recipients.
        recipients: Vec<String>,
        /// Where to; `None` means standard output.
        to: Option<PathBuf>,
    },
    /// List them.
    List {
        /// Files to look into, instead of the cluster.
        files: Vec<String>,
        /// The form of the list.
        report: Report,
    },
    /// Make another one.
    Renew {
        /// Its length in bits.
        bits: usize,
        /// There may be none yet.
        is_first: bool,
    },
    /// Put those of a backup back.
    Restore {
        /// The backup.
        file: String,
        /// Say what would be done, do nothing.
        dry_run: bool,
    },
}
