//! Keys as they are typed: to encrypt to, to add, to remove.

use clap::Args;

use crate::app::encryption_context;
use crate::request::{Aws, KeyTexts};

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct Keys {
    /// age recipient; repeatable
    #[arg(long, value_name = "RECIPIENT", env = "SOPS_AGE_RECIPIENTS", hide_env_values = true)]
    age: Vec<String>,
    /// PGP fingerprint; repeatable
    #[arg(long, value_name = "FINGERPRINT", env = "SOPS_PGP_FP", hide_env_values = true)]
    pgp: Vec<String>,
    /// ARN of an AWS KMS key; repeatable
    #[arg(long, value_name = "ARN", env = "SOPS_KMS_ARN", hide_env_values = true)]
    kms: Vec<String>,
    /// GCP KMS key; repeatable
    #[arg(long, value_name = "ID", env = "SOPS_GCP_KMS_IDS", hide_env_values = true)]
    gcp_kms: Vec<String>,
    /// Huawei Cloud KMS key; repeatable
    #[arg(long, value_name = "ID", env = "SOPS_HUAWEICLOUD_KMS_IDS", hide_env_values = true)]
    hckms: Vec<String>,
    /// Azure Key Vault key; repeatable
    #[arg(long, value_name = "URL", env = "SOPS_AZURE_KEYVAULT_URLS", hide_env_values = true)]
    azure_kv: Vec<String>,
    /// Vault transit key; repeatable
    #[arg(long, value_name = "URI", env = "SOPS_VAULT_URIS", hide_env_values = true)]
    hc_vault_transit: Vec<String>,
}

impl From<Keys> for KeyTexts {
    fn from(keys: Keys) -> Self {
        Self {
            kms: keys.kms.join(","),
            gcp_kms: keys.gcp_kms.join(","),
            hckms: keys.hckms.join(","),
            azure_kv: keys.azure_kv.join(","),
            pgp: keys.pgp.join(","),
            hc_vault: keys.hc_vault_transit.join(","),
            age: keys.age.join(","),
        }
    }
}

/// How AWS KMS keys are used.
#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct AwsOptions {
    /// Profile whose credentials are used with AWS KMS keys
    #[arg(long, value_name = "PROFILE")]
    aws_profile: Option<String>,
    /// Bind AWS KMS keys to this context; repeatable
    #[arg(long, value_name = "NAME:VALUE", value_parser = context_pair)]
    encryption_context: Vec<String>,
}

impl From<AwsOptions> for Aws {
    fn from(options: AwsOptions) -> Self {
        Self {
            profile: options.aws_profile.unwrap_or_default(),
            context: options.encryption_context.join(","),
        }
    }
}

fn context_pair(text: &str) -> Result<String, String> {
    match encryption_context(text) {
        Some(pairs) if pairs.len() == 1 => Ok(text.to_owned()),
        _ => Err("must look like NAME:VALUE".into()),
    }
}

/// Keys to add.
#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct AddKeys {
    /// Add an age recipient; repeatable
    #[arg(long, value_name = "RECIPIENT")]
    add_age: Vec<String>,
    /// Add a PGP fingerprint; repeatable
    #[arg(long, value_name = "FINGERPRINT")]
    add_pgp: Vec<String>,
    /// Add an AWS KMS key; repeatable
    #[arg(long, value_name = "ARN")]
    add_kms: Vec<String>,
    /// Add a Vault transit key; repeatable
    #[arg(long, value_name = "URI")]
    add_hc_vault_transit: Vec<String>,
}

impl From<AddKeys> for KeyTexts {
    fn from(keys: AddKeys) -> Self {
        Self {
            age: keys.add_age.join(","),
            pgp: keys.add_pgp.join(","),
            kms: keys.add_kms.join(","),
            hc_vault: keys.add_hc_vault_transit.join(","),
            ..Self::default()
        }
    }
}

/// Keys to remove.
#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct RemoveKeys {
    /// Remove an age recipient; repeatable
    #[arg(long, value_name = "RECIPIENT")]
    rm_age: Vec<String>,
    /// Remove a PGP fingerprint; repeatable
    #[arg(long, value_name = "FINGERPRINT")]
    rm_pgp: Vec<String>,
    /// Remove an AWS KMS key; repeatable
    #[arg(long, value_name = "ARN")]
    rm_kms: Vec<String>,
    /// Remove a Vault transit key; repeatable
    #[arg(long, value_name = "URI")]
    rm_hc_vault_transit: Vec<String>,
}

impl From<RemoveKeys> for KeyTexts {
    fn from(keys: RemoveKeys) -> Self {
        Self {
            age: keys.rm_age.join(","),
            pgp: keys.rm_pgp.join(","),
            kms: keys.rm_kms.join(","),
            hc_vault: keys.rm_hc_vault_transit.join(","),
            ..Self::default()
        }
    }
}
