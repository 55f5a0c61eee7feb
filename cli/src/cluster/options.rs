//! What a command line says about the cluster, in client-go's flags.

use bulla_core::SecretText;

/// The flags of client-go, and which kubeconfig; empty means not given. It may
/// hold credentials, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct Options {
    /// The kubeconfig, instead of those of `KUBECONFIG` or the user's own.
    pub kubeconfig: String,
    /// Context instead of the current one.
    pub context: String,
    /// Cluster instead of the context's.
    pub cluster: String,
    /// User instead of the context's.
    pub user: String,
    /// Namespace instead of the context's.
    pub namespace: String,
    /// Address of the API server.
    pub server: String,
    /// File with the certificates to trust.
    pub certificate_authority: String,
    /// Trust any certificate.
    pub insecure_skip_tls_verify: bool,
    /// Name that the server's certificate must have.
    pub tls_server_name: String,
    /// Proxy to the server.
    pub proxy_url: String,
    /// Bearer token.
    pub token: Option<SecretText>,
    /// User name of basic authentication.
    pub username: String,
    /// Password of basic authentication.
    pub password: Option<SecretText>,
    /// File with the client's certificate.
    pub client_certificate: String,
    /// File with its key.
    pub client_key: String,
    /// User to act as.
    pub impersonate: String,
    /// UID to act as.
    pub impersonate_uid: String,
    /// Groups to act as.
    pub impersonate_groups: Vec<String>,
    /// Ask for no compression; tells programs that give credentials so.
    pub disable_compression: bool,
    /// How long one request may take: seconds, or a duration of Go's.
    pub request_timeout: String,
}
