//! What is wrong with entries of kubeconfigs, in client-go's words.

use std::fs::File;
use std::path::Path;

use super::address::{Proxy, redacted};
use super::kubeconfig::{Cluster, Plugin, User};
use crate::error::cause;
use crate::go;

/// Where nothing at all is said about a cluster.
pub(super) const EMPTY_CLUSTER: &str = "cluster has no server defined";

/// Adds what is wrong with a cluster; `exists` says whether a kubeconfig has it.
pub(super) fn cluster(
    directory: &Path,
    name: &str,
    exists: bool,
    cluster: &Cluster,
    problems: &mut Vec<String>,
) {
    if !exists && cluster.server.is_empty() && cluster.is_bare() {
        problems.push(EMPTY_CLUSTER.to_owned());
        return;
    }
    if cluster.server.is_empty() {
        problems.push(match name {
            "" => "default cluster has no server defined".to_owned(),
            name => format!("no server found for cluster {}", go::quote(name)),
        });
    }
    if !cluster.proxy_url.is_empty()
        && let Err(error) = Proxy::parse(&cluster.proxy_url)
    {
        let (url, name) = (go::quote(&redacted(&cluster.proxy_url)), go::quote(name));
        problems.push(format!("invalid 'proxy-url' {url} for cluster {name}: {error}"));
    }
    let authority = &cluster.certificate_authority;
    if !authority.is_empty() && !cluster.certificate_authority_data.is_empty() {
        problems.push(format!(
            "certificate-authority-data and certificate-authority are both specified for {name}. certificate-authority-data will override."
        ));
    }
    file(directory, "certificate-authority", authority, name, problems);
}

/// Adds what is wrong with a user.
pub(super) fn user(directory: &Path, name: &str, user: &User, problems: &mut Vec<String>) {
    if !user.client_certificate.is_empty() || !user.client_certificate_data.is_empty() {
        certificate(directory, name, user, problems);
    }
    if let Some(exec) = &user.exec {
        plugin(name, exec, user.auth_provider.is_some(), problems);
    }
    if user.token.is_some() && (!user.username.is_empty() || user.password.is_some()) {
        problems.push(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        ));
    }
    let acts = !user.impersonate_uid.is_empty()
        || !user.impersonate_groups.is_empty()
        || !user.impersonate_extra.is_empty();
    if acts && user.impersonate.is_empty() {
        problems
            .push(format!("requesting uid, groups or user-extra for {name} without impersonating a user"));
    }
}

fn certificate(directory: &Path, name: &str, user: &User, problems: &mut Vec<String>) {
    let (chain, key) = (&user.client_certificate, &user.client_key);
    if !chain.is_empty() && !user.client_certificate_data.is_empty() {
        problems.push(format!(
            "client-cert-data and client-cert are both specified for {name}. client-cert-data will override."
        ));
    }
    match (key.is_empty(), user.client_key_data.is_some()) {
        (false, true) => problems.push(format!(
            "client-key-data and client-key are both specified for {name}; client-key-data will override"
        )),
        (true, false) => problems.push(format!(
            "client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
        )),
        _ => {}
    }
    file(directory, "client-cert", chain, name, problems);
    file(directory, "client-key", key, name, problems);
}

fn file(directory: &Path, what: &str, path: &str, name: &str, problems: &mut Vec<String>) {
    if path.is_empty() {
        return;
    }
    if let Err(error) = File::open(directory.join(path)) {
        let error = cause(&error);
        problems.push(format!("unable to read {what} {path} for {name} due to open {path}: {error}"));
    }
}

fn plugin(name: &str, plugin: &Plugin, has_provider: bool, problems: &mut Vec<String>) {
    if has_provider {
        problems
            .push(format!("authProvider cannot be provided in combination with an exec plugin for {name}"));
    }
    if plugin.command.is_empty() {
        problems.push(format!("command must be specified for {name} to use exec authentication plugin"));
    }
    if plugin.api_version.is_empty() {
        problems.push(format!("apiVersion must be specified for {name} to use exec authentication plugin"));
    }
    for _ in plugin.env.iter().filter(|variable| variable.name.is_empty()) {
        problems.push(format!(
            "env variable name must be specified for {name} to use exec authentication plugin"
        ));
    }
    match plugin.interactive_mode.as_str() {
        "" => problems
            .push(format!("interactiveMode must be specified for {name} to use exec authentication plugin")),
        "Never" | "IfAvailable" | "Always" => {}
        mode => problems.push(format!("invalid interactiveMode for {name}: {}", go::quote(mode))),
    }
}

impl Cluster {
    /// Whether it says nothing but, perhaps, where its server is.
    fn is_bare(&self) -> bool {
        self.tls_server_name.is_empty()
            && !self.insecure_skip_tls_verify
            && self.certificate_authority.is_empty()
            && self.certificate_authority_data.is_empty()
            && self.proxy_url.is_empty()
            && !self.disable_compression
    }
}
