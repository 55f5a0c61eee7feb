//! How to talk to one cluster, once that is clear.

use std::time::Duration;

use bulla_core::{SecretBytes, SecretText};

use super::address::{Proxy, Server};
use super::kubeconfig::Plugin;

/// How to talk to one cluster. It holds credentials, so it has no `Debug`.
pub(super) struct Access {
    pub(super) server: Server,
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) insecure: bool,
    /// Empty means the server's own.
    pub(super) server_name: String,
    pub(super) identity: Option<Identity>,
    pub(super) credentials: Credentials,
    pub(super) impersonation: Vec<(String, String)>,
    /// As it was given; absent means the environment's.
    pub(super) proxy: Option<Proxy>,
    /// For one request.
    pub(super) timeout: Option<Duration>,
}

/// A client's certificate and key in PEM.
pub(super) struct Identity {
    pub(super) certificate: Vec<u8>,
    pub(super) key: SecretBytes,
}

/// What goes into the header `Authorization`.
pub(super) enum Credentials {
    None,
    Basic(String, SecretText),
    Bearer(SecretText),
    Plugin(Box<PluginCall>),
}

/// A program that gives credentials, and what it is told.
pub(super) struct PluginCall {
    pub(super) plugin: Plugin,
    /// Of the cluster, where the program wants to know.
    pub(super) cluster: Option<serde_json::Value>,
}

impl Access {
    /// Whether nothing is said but where the server is.
    pub(super) fn is_bare(&self) -> bool {
        self.authorities.is_none()
            && !self.insecure
            && self.server_name.is_empty()
            && self.identity.is_none()
            && matches!(self.credentials, Credentials::None)
            && self.impersonation.is_empty()
            && self.proxy.is_none()
            && self.timeout.is_none()
    }
}
