//! What is typed after `bulla keys`, and which cluster is meant.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Form;
use crate::request;

/// The cluster of a controller.
#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Cluster {
    /// Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    kubeconfig: String,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    context: String,
    /// Namespace of the Sealed Secrets controller
    #[arg(
        long,
        value_name = "NAME",
        env = "SEALED_SECRETS_CONTROLLER_NAMESPACE",
        hide_env_values = true,
        default_value = "kube-system"
    )]
    controller_namespace: String,
}

/// The keys of a controller.
#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Whose {
    #[command(flatten)]
    cluster: Cluster,
    /// How the names of keys begin, as the controller was told
    #[arg(
        long,
        value_name = "PREFIX",
        env = "SEALED_SECRETS_KEY_PREFIX",
        hide_env_values = true,
        default_value = "sealed-secrets-key"
    )]
    key_prefix: String,
}

/// What to seal to.
#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Certificate {
    /// Certificate to seal to: a file or URL; without it the cluster is asked
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALED_SECRETS_CERT",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    cert: String,
    #[command(flatten)]
    cluster: Cluster,
    /// Name of the controller's Service
    #[arg(
        long,
        value_name = "NAME",
        env = "SEALED_SECRETS_CONTROLLER_NAME",
        hide_env_values = true,
        default_value = "sealed-secrets-controller"
    )]
    controller_name: String,
}

#[derive(Subcommand)]
pub(in crate::persona::bulla) enum KeysVerb {
    /// List the keys of the cluster, or of files
    #[command(
        after_help = "Examples:\n  bulla keys list\n  bulla keys list keys.age --output json     what is in a backup"
    )]
    List {
        /// Backups, or other files of key Secrets, instead of the cluster
        #[arg(conflicts_with_all = ["kubeconfig", "context"])]
        files: Vec<String>,
        #[command(flatten)]
        whose: Whose,
        /// The form of the list
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
    /// Write all keys, encrypted to age recipients
    #[command(
        after_help = "Examples:\n  bulla keys backup --age age1... --to keys-2026-11.age\n  age --decrypt --identity key.txt keys-2026-11.age | kubectl create -f -     restores it without bulla"
    )]
    Backup {
        /// age recipient; repeatable
        #[arg(long, value_name = "RECIPIENT", required = true, value_delimiter = ',')]
        age: Vec<String>,
        /// Write to this file, which must not exist yet
        #[arg(long, short = 'o', value_name = "FILE")]
        to: Option<PathBuf>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Put the keys of a backup back; nothing is ever overwritten
    #[command(
        after_help = "Examples:\n  bulla keys restore keys-2026-11.age --dry-run\n  bulla keys restore keys-2026-11.age"
    )]
    Restore {
        /// The backup, or another file of key Secrets
        file: String,
        /// List the keys that it would restore, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Make a new key to seal with from now on; the old ones still open
    #[command(
        after_help = "Examples:\n  bulla keys renew\n  bulla keys backup --age age1... --to keys-2026-12.age"
    )]
    Renew {
        /// Length of the key in bits: 2048, 3072, 4096 or 8192
        #[arg(long, value_name = "BITS", default_value = "4096", value_parser = bits)]
        key_size: usize,
        /// Make one where there is none yet
        #[arg(long)]
        first: bool,
        #[command(flatten)]
        whose: Whose,
    },
}

fn bits(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bits @ (2048 | 3072 | 4096 | 8192)) => Ok(bits),
        _ => Err("say 2048, 3072, 4096 or 8192".to_owned()),
    }
}

impl From<Cluster> for request::Cluster {
    fn from(typed: Cluster) -> Self {
        Self {
            kubeconfig: typed.kubeconfig,
            context: typed.context,
            controller_namespace: typed.controller_namespace,
        }
    }
}

impl From<Certificate> for request::Certificate {
    fn from(typed: Certificate) -> Self {
        Self { name: typed.cert, cluster: typed.cluster.into(), controller_name: typed.controller_name }
    }
}

impl From<KeysVerb> for request::Keys {
    fn from(typed: KeysVerb) -> Self {
        use request::KeysAction as Action;
        let (whose, action) = match typed {
            KeysVerb::List { files, whose, output } => (whose, Action::List { files, report: output.into() }),
            KeysVerb::Backup { age, to, whose } => (whose, Action::Backup { recipients: age, to }),
            KeysVerb::Restore { file, dry_run, whose } => (whose, Action::Restore { file, dry_run }),
            KeysVerb::Renew { key_size, first, whose } => {
                (whose, Action::Renew { bits: key_size, is_first: first })
            }
        };
        Self { cluster: whose.cluster.into(), prefix: whose.key_prefix, action }
    }
}
