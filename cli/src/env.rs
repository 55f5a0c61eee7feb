//! Every environment variable that the command line reads, in one table, and
//! the only place that looks at the process environment.

use std::ffi::OsString;
use std::io;

use bulla_core::Environment;

/// A variable and what it does.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub purpose: &'static str,
}

/// All variables, in the order in which the manual lists them.
pub const VARIABLES: &[Variable] = &[
    Variable { name: "SOPS_CONFIG", purpose: "configuration file, instead of searching for .sops.yaml" },
    Variable { name: "SOPS_AGE_RECIPIENTS", purpose: "age recipients of new files" },
    Variable { name: "SOPS_PGP_FP", purpose: "PGP fingerprints of new files" },
    Variable { name: "SOPS_KMS_ARN", purpose: "AWS KMS keys of new files" },
    Variable { name: "SOPS_GCP_KMS_IDS", purpose: "GCP KMS keys of new files" },
    Variable { name: "SOPS_HUAWEICLOUD_KMS_IDS", purpose: "Huawei Cloud KMS keys of new files" },
    Variable { name: "SOPS_AZURE_KEYVAULT_URLS", purpose: "Azure Key Vault keys of new files" },
    Variable { name: "SOPS_VAULT_URIS", purpose: "Vault transit keys of new files" },
    Variable { name: "SOPS_AGE_KEY", purpose: "age identities" },
    Variable { name: "SOPS_AGE_KEY_FILE", purpose: "file with age identities" },
    Variable { name: "SOPS_AGE_KEY_CMD", purpose: "command that prints age identities" },
    Variable { name: "SOPS_AGE_SSH_PRIVATE_KEY_FILE", purpose: "SSH private key to use as an age identity" },
    Variable { name: "SOPS_AGE_SSH_PRIVATE_KEY_CMD", purpose: "command that prints such a key" },
    Variable {
        name: "BULLA_PGP_KEY_FILE",
        purpose: "exported OpenPGP keys, used without gpg; files as in PATH",
    },
    Variable { name: "SOPS_GPG_EXEC", purpose: "the gpg program" },
    Variable { name: "GNUPGHOME", purpose: "gpg's directory" },
    Variable { name: "AWS_ACCESS_KEY_ID", purpose: "credentials for AWS, with AWS_SECRET_ACCESS_KEY" },
    Variable { name: "AWS_PROFILE", purpose: "profile for AWS KMS keys that name none" },
    Variable {
        name: "AWS_ENDPOINT_URL",
        purpose: "server in place of AWS's; also AWS_ENDPOINT_URL_KMS and _STS",
    },
    Variable { name: "AWS_CA_BUNDLE", purpose: "certificates to trust for AWS, in place of the system's" },
    Variable { name: "SOPS_HC_VAULT_ALLOWLIST", purpose: "Vault addresses that files may name" },
    Variable { name: "VAULT_ADDR", purpose: "the Vault server that files may name where there is no list" },
    Variable { name: "VAULT_TOKEN", purpose: "token for Vault" },
    Variable { name: "BULLA_LAYOUT", purpose: "off: write no layout field" },
    Variable { name: "SOPS_DECRYPTION_ORDER", purpose: "kinds of key, in the order in which they are tried" },
    Variable { name: "SOPS_KEYSERVICE", purpose: "key services to ask as well" },
    Variable { name: "SOPS_ENABLE_LOCAL_KEYSERVICE", purpose: "false: use remote key services only" },
    Variable { name: "SOPS_DISABLE_VERSION_CHECK", purpose: "accepted for compatibility; never checked" },
    Variable { name: "SOPS_EDITOR", purpose: "the editor" },
    Variable { name: "EDITOR", purpose: "the editor where SOPS_EDITOR is not set" },
    Variable { name: "XDG_RUNTIME_DIR", purpose: "where plaintext being edited is kept" },
    Variable { name: "TMPDIR", purpose: "where temporary files of exec-file go" },
    Variable { name: "XDG_CONFIG_HOME", purpose: "holds sops/age/keys.txt" },
    Variable { name: "HOME", purpose: "holds .config/sops/age/keys.txt and .ssh" },
    Variable { name: "PATH", purpose: "where the editor, gpg and age plugins are looked for" },
    Variable { name: "BULLA_MAX_FILE_SIZE", purpose: "largest file in bytes; 256 MiB where not set" },
    Variable { name: "NO_COLOR", purpose: "no colors" },
];

/// Those of kubeseal; every flag of its own that is no flag of logging has a
/// variable as well.
pub const KUBESEAL_VARIABLES: &[Variable] = &[
    Variable { name: "SEALED_SECRETS_<FLAG>", purpose: "default of a flag, as SEALED_SECRETS_CERT" },
    Variable { name: "KUBECONFIG", purpose: "list of kubeconfigs, instead of ~/.kube/config" },
    Variable { name: "KUBERNETES_SERVICE_HOST", purpose: "set in a pod" },
    Variable { name: "KUBERNETES_SERVICE_PORT", purpose: "set in a pod" },
    Variable { name: "KUBERNETES_MASTER", purpose: "in a pod: a server in a kubeconfig that counts as none" },
    Variable { name: "POD_NAMESPACE", purpose: "in a pod: the namespace where none is given" },
    Variable { name: "HTTPS_PROXY", purpose: "proxy for https: API server, certificates, AWS, Vault" },
    Variable { name: "HTTP_PROXY", purpose: "proxy for http: API server, certificates, Vault" },
    Variable { name: "NO_PROXY", purpose: "hosts that are reached without a proxy" },
    Variable { name: "HOME", purpose: "holds .kube/config" },
];

/// Takes the snapshot of the process environment that everything else works
/// with.
pub fn snapshot() -> io::Result<Environment> {
    let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    Ok(Environment::new(variables, std::env::current_dir()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::sops::commands::ROOT;

    #[test]
    fn the_table_names_every_variable_of_the_flags() {
        for flag in ROOT.flags.iter().flat_map(|list| list.iter()) {
            if let Some(name) = flag.variable {
                assert!(VARIABLES.iter().any(|variable| variable.name == name), "{name}");
            }
        }
    }
}
