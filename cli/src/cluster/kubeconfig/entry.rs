//! The entries of a kubeconfig: clusters, users and contexts.

use std::collections::BTreeMap;

use bulla_core::{SecretBytes, SecretText};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A cluster's entry.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(in crate::cluster) struct Cluster {
    pub(in crate::cluster) server: String,
    pub(in crate::cluster) tls_server_name: String,
    pub(in crate::cluster) insecure_skip_tls_verify: bool,
    pub(in crate::cluster) certificate_authority: String,
    #[serde(deserialize_with = "base64")]
    pub(in crate::cluster) certificate_authority_data: Vec<u8>,
    pub(in crate::cluster) proxy_url: String,
    pub(in crate::cluster) disable_compression: bool,
    extensions: Vec<Extension>,
}

/// A named extension of a cluster.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Extension {
    name: String,
    extension: Value,
}

/// A user's entry. It holds credentials, so it has no `Debug`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(in crate::cluster) struct User {
    pub(in crate::cluster) client_certificate: String,
    #[serde(deserialize_with = "base64")]
    pub(in crate::cluster) client_certificate_data: Vec<u8>,
    pub(in crate::cluster) client_key: String,
    #[serde(deserialize_with = "secret_base64")]
    pub(in crate::cluster) client_key_data: Option<SecretBytes>,
    #[serde(deserialize_with = "secret")]
    pub(in crate::cluster) token: Option<SecretText>,
    #[serde(rename = "tokenFile")]
    pub(in crate::cluster) token_file: String,
    #[serde(rename = "as")]
    pub(in crate::cluster) impersonate: String,
    #[serde(rename = "as-uid")]
    pub(in crate::cluster) impersonate_uid: String,
    #[serde(rename = "as-groups")]
    pub(in crate::cluster) impersonate_groups: Vec<String>,
    #[serde(rename = "as-user-extra")]
    pub(in crate::cluster) impersonate_extra: BTreeMap<String, Vec<String>>,
    pub(in crate::cluster) username: String,
    #[serde(deserialize_with = "secret")]
    pub(in crate::cluster) password: Option<SecretText>,
    pub(in crate::cluster) auth_provider: Option<AuthProvider>,
    pub(in crate::cluster) exec: Option<Plugin>,
}

/// A provider of credentials that client-go has built in.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cluster) struct AuthProvider {
    pub(in crate::cluster) name: String,
    config: BTreeMap<String, Value>,
}

/// A program that gives credentials.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::cluster) struct Plugin {
    pub(in crate::cluster) command: String,
    pub(in crate::cluster) args: Vec<String>,
    pub(in crate::cluster) env: Vec<Variable>,
    pub(in crate::cluster) api_version: String,
    pub(in crate::cluster) install_hint: String,
    pub(in crate::cluster) provide_cluster_info: bool,
    pub(in crate::cluster) interactive_mode: String,
}

/// A variable for such a program.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cluster) struct Variable {
    pub(in crate::cluster) name: String,
    pub(in crate::cluster) value: String,
}

/// A context's entry.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cluster) struct ContextEntry {
    pub(in crate::cluster) cluster: String,
    pub(in crate::cluster) user: String,
    pub(in crate::cluster) namespace: String,
}

impl Cluster {
    /// What the cluster says to programs that give credentials.
    pub(in crate::cluster) fn plugin_configuration(&self) -> Option<&Value> {
        let is_named = |entry: &&Extension| entry.name == "client.authentication.k8s.io/exec";
        self.extensions.iter().find(is_named).map(|entry| &entry.extension)
    }
}

impl AuthProvider {
    /// A setting; empty where it is not there.
    pub(in crate::cluster) fn setting(&self, name: &str) -> &str {
        self.config.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Plugin {
    /// The old version of the interface did not know the mode.
    pub(super) fn set_defaults(&mut self) {
        let is_old = ["v1alpha1", "v1beta1"]
            .iter()
            .any(|version| self.api_version.strip_prefix("client.authentication.k8s.io/") == Some(*version));
        if self.interactive_mode.is_empty() && is_old {
            "IfAvailable".clone_into(&mut self.interactive_mode);
        }
    }
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = SecretText::new(String::deserialize(deserializer)?);
    bulla_api::decode_base64(text.expose()).map_err(serde::de::Error::custom)
}

fn secret_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretBytes>, D::Error> {
    let bytes = base64(deserializer)?;
    Ok((!bytes.is_empty()).then(|| SecretBytes::new(bytes)))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| SecretText::new(text)))
}
