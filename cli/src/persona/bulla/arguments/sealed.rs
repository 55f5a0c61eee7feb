//! What is typed after `bulla seal` and `bulla reseal`.

use std::path::PathBuf;

use bulla_seal::Scope;
use clap::{Args, ValueEnum};

use super::sealing_keys::Certificate;
use super::{Paths, Place};
use crate::request;

#[derive(Args)]
pub(in crate::persona::bulla) struct Seal {
    #[command(flatten)]
    pub(in crate::persona::bulla) place: Place,
    #[command(flatten)]
    certificate: Certificate,
    /// Name of the result, instead of the Secret's own
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Namespace of Secrets that name none; another one in a Secret is an error
    #[arg(long, short, value_name = "NAME", default_value = "", hide_default_value = true)]
    namespace: String,
    /// Where the result can be unsealed
    #[arg(long, value_enum, default_value_t = ScopeName::Strict)]
    scope: ScopeName,
    /// Seal a Secret without data, too
    #[arg(long)]
    allow_empty_data: bool,
    /// Make a Secret with this item; repeatable
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "in_place")]
    from_literal: Vec<String>,
    /// Make a Secret with the content of a file, or of all files of a directory; repeatable
    #[arg(long, value_name = "[NAME=]PATH", conflicts_with = "in_place")]
    from_file: Vec<String>,
    /// Make a Secret with the NAME=VALUE lines of a file; repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "in_place")]
    from_env_file: Vec<String>,
    /// Type of the Secret that is made
    #[arg(long = "type", value_name = "TYPE", default_value = "", hide_default_value = true)]
    secret_type: String,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Reseal {
    #[command(flatten)]
    many: Paths,
    #[command(flatten)]
    certificate: Certificate,
    /// Private keys that open what is there; repeatable
    #[arg(long, value_name = "FILE", required = true, value_delimiter = ',')]
    recovery_keys: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct SealedEdit {
    #[command(flatten)]
    certificate: Certificate,
    /// Private keys that open a SealedSecret; repeatable
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    recovery_keys: Vec<String>,
}

/// A scope by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScopeName {
    ClusterWide,
    NamespaceWide,
    Strict,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::ClusterWide => Self::ClusterWide,
            ScopeName::NamespaceWide => Self::NamespaceWide,
            ScopeName::Strict => Self::Strict,
        }
    }
}

impl From<Seal> for request::Seal {
    fn from(typed: Seal) -> Self {
        let file = |path: &PathBuf| path.as_os_str() != "-";
        Self {
            paths: typed.place.paths.into_iter().filter(file).collect(),
            sources: request::Sources {
                literals: typed.from_literal,
                files: typed.from_file,
                env_files: typed.from_env_file,
                secret_type: typed.secret_type,
            },
            in_place: typed.place.in_place,
            to: typed.place.to,
            certificate: typed.certificate.into(),
            name: typed.name,
            namespace: typed.namespace,
            allow_empty: typed.allow_empty_data,
            scope: typed.scope.into(),
            dry_run: typed.place.dry_run,
            report: typed.place.output.into(),
        }
    }
}

impl From<Reseal> for request::Reseal {
    fn from(typed: Reseal) -> Self {
        Self {
            paths: typed.many.paths,
            certificate: typed.certificate.into(),
            recovery_keys: typed.recovery_keys,
            dry_run: typed.many.dry_run,
            report: typed.many.output.into(),
        }
    }
}

impl From<SealedEdit> for request::SealedEdit {
    fn from(typed: SealedEdit) -> Self {
        Self { certificate: typed.certificate.into(), recovery_keys: typed.recovery_keys }
    }
}
