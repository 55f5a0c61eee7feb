//! The kubeconfigs and the flags together: is that usable, which namespace,
//! which server and credentials. Order and texts of the checks are those of
//! client-go's `DeferredLoadingClientConfig`.

use std::time::Duration;

use bulla_core::{Environment, SecretBytes, SecretText};

use super::access::{Access, Credentials, Identity, PluginCall};
use super::address::{Proxy, Server};
use super::in_cluster;
use super::judge::{self, EMPTY_CLUSTER};
use super::kubeconfig::{Cluster, ContextEntry, Kubeconfig, User, together};
use super::options::Options;
use super::provider;
use crate::error::cause;
use crate::{go, percent};

const EMPTY: &str = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable";
/// The server that client-go falls back to, which counts as none.
const NO_SERVER: &str = "http://localhost:8080";

/// What the user configured about clusters.
pub struct Configuration<'a> {
    environment: &'a Environment,
    options: &'a Options,
    files: Kubeconfig,
}

impl<'a> Configuration<'a> {
    /// Reads the kubeconfigs that count.
    pub fn load(environment: &'a Environment, options: &'a Options) -> Result<Self, String> {
        let files = Kubeconfig::load(environment, &options.kubeconfig)?;
        Ok(Self { environment, options, files })
    }

    /// The namespace to work in where no object names one.
    pub fn namespace(&self) -> Result<String, String> {
        if !self.options.namespace.is_empty() {
            return Ok(self.options.namespace.clone());
        }
        let problems = self.problems();
        let context = self.context();
        let is_certain =
            if problems.is_empty() { !context.namespace.is_empty() } else { problems != [EMPTY] };
        if !is_certain && in_cluster::is_possible(self.environment) {
            return Ok(in_cluster::namespace(self.environment));
        }
        match problems.as_slice() {
            [] if context.namespace.is_empty() => Ok("default".to_owned()),
            [] => Ok(context.namespace),
            problems => Err(invalid(problems)),
        }
    }

    /// How to talk to the cluster that is meant.
    pub(super) fn access(&self) -> Result<Access, String> {
        self.check_names()?;
        let problems = self.problems();
        let is_possible = || in_cluster::is_possible(self.environment);
        if problems == [EMPTY] && is_possible() {
            return in_cluster::access(self.environment, self.options);
        }
        if !problems.is_empty() {
            return Err(invalid(&problems));
        }
        let timeout = timeout(&self.options.request_timeout)?;
        let (cluster, user) = (self.cluster(), self.user());
        let default = self.environment.text("KUBERNETES_MASTER").unwrap_or(NO_SERVER);
        let access = self.access_to(&cluster, user, timeout)?;
        let is_default = cluster.server == default && !cluster.disable_compression && access.is_bare();
        if is_default && is_possible() {
            return in_cluster::access(self.environment, self.options);
        }
        Ok(access)
    }

    fn access_to(&self, cluster: &Cluster, user: User, timeout: Option<Duration>) -> Result<Access, String> {
        let proxy = match cluster.proxy_url.as_str() {
            "" => None,
            url => Some(Proxy::parse(url)?),
        };
        let has_authority =
            !cluster.certificate_authority.is_empty() || !cluster.certificate_authority_data.is_empty();
        let server = Server::parse(&cluster.server)?;
        let is_secure = server.is_secure;
        let mut access = Access {
            server,
            authorities: None,
            insecure: false,
            server_name: String::new(),
            identity: None,
            credentials: Credentials::None,
            impersonation: impersonation(&user),
            proxy,
            timeout,
        };
        // Credentials never travel in the clear.
        if !is_secure {
            return Ok(access);
        }
        if has_authority && cluster.insecure_skip_tls_verify {
            return Err(
                "specifying a root certificates file with the insecure flag is not allowed".to_owned()
            );
        }
        access.insecure = cluster.insecure_skip_tls_verify;
        access.server_name.clone_from(&cluster.tls_server_name);
        access.authorities =
            self.data_or_file(&cluster.certificate_authority_data, &cluster.certificate_authority)?;
        access.identity = self.identity(&user)?;
        access.credentials = self.credentials(cluster, user, &access)?;
        Ok(access)
    }

    fn identity(&self, user: &User) -> Result<Option<Identity>, String> {
        let certificate = self.data_or_file(&user.client_certificate_data, &user.client_certificate)?;
        let Some(certificate) = certificate else { return Ok(None) };
        let key = match &user.client_key_data {
            Some(key) => key.clone(),
            None => SecretBytes::new(self.read(&user.client_key)?),
        };
        Ok(Some(Identity { certificate, key }))
    }

    fn credentials(&self, cluster: &Cluster, user: User, access: &Access) -> Result<Credentials, String> {
        let has_basic = !user.username.is_empty() || user.password.is_some();
        let token = match (self.token_of_file(&user.token_file), user.token) {
            (Ok(None), token) => token,
            // What the file holds is the newer one.
            (Ok(token), _) => token,
            (Err(_), Some(token)) => Some(token),
            (Err(error), None) => return Err(error),
        };
        if let Some(provider) = &user.auth_provider {
            let token = match token {
                Some(token) => token,
                None => provider::token(provider)?,
            };
            return Ok(Credentials::Bearer(token));
        }
        match (token, user.exec) {
            (Some(_), _) if has_basic => {
                Err("username/password or bearer token may be set, but not both".to_owned())
            }
            (Some(token), _) => Ok(Credentials::Bearer(token)),
            (None, _) if has_basic => {
                let password = user.password.unwrap_or_else(|| SecretText::new(String::new()));
                Ok(Credentials::Basic(user.username, password))
            }
            (None, Some(plugin)) if access.identity.is_none() => {
                let version = plugin.api_version.strip_prefix("client.authentication.k8s.io/");
                if !matches!(version, Some("v1" | "v1beta1")) {
                    return Err(format!(
                        "exec plugin: invalid apiVersion {}",
                        go::quote(&plugin.api_version)
                    ));
                }
                let cluster = plugin.provide_cluster_info.then(|| info(cluster, access));
                Ok(Credentials::Plugin(Box::new(PluginCall { plugin, cluster })))
            }
            _ => Ok(Credentials::None),
        }
    }

    fn token_of_file(&self, path: &str) -> Result<Option<SecretText>, String> {
        if path.is_empty() {
            return Ok(None);
        }
        let text = SecretBytes::new(self.read(path)?);
        let token = String::from_utf8_lossy(text.expose().trim_ascii()).into_owned();
        if token.is_empty() {
            return Err(format!("read empty token from file {}", go::quote(path)));
        }
        Ok(Some(SecretText::new(token)))
    }

    fn data_or_file(&self, data: &[u8], file: &str) -> Result<Option<Vec<u8>>, String> {
        match (data, file) {
            ([], "") => Ok(None),
            ([], file) => self.read(file).map(Some),
            (data, _) => Ok(Some(data.to_vec())),
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let full = self.environment.directory().join(path);
        std::fs::read(full).map_err(|error| format!("open {path}: {}", cause(&error)))
    }

    /// Names that were asked for must exist.
    fn check_names(&self) -> Result<(), String> {
        let missing = |kind, name: &str, exists: bool| {
            if name.is_empty() || exists {
                return Ok(());
            }
            Err(format!("{kind} {} does not exist", go::quote(name)))
        };
        let options = self.options;
        missing("auth info", &options.user, self.files.users.contains_key(&options.user))?;
        missing("context", &options.context, self.files.contexts.contains_key(&options.context))?;
        missing("cluster", &options.cluster, self.files.clusters.contains_key(&options.cluster))
    }

    fn context_name(&self) -> &str {
        or(&self.options.context, &self.files.current_context)
    }

    fn context(&self) -> ContextEntry {
        let mut context = self.files.contexts.get(self.context_name()).cloned().unwrap_or_default();
        put(&mut context.cluster, &self.options.cluster);
        put(&mut context.user, &self.options.user);
        put(&mut context.namespace, &self.options.namespace);
        context
    }

    fn user(&self) -> User {
        let options = self.options;
        let mut user = self.files.users.get(&self.context().user).cloned().unwrap_or_default();
        put(&mut user.impersonate, &options.impersonate);
        put(&mut user.impersonate_uid, &options.impersonate_uid);
        put(&mut user.username, &options.username);
        if !options.impersonate_groups.is_empty() {
            user.impersonate_groups.clone_from(&options.impersonate_groups);
        }
        if options.token.is_some() {
            user.token.clone_from(&options.token);
        }
        if options.password.is_some() {
            user.password.clone_from(&options.password);
        }
        // A file that is given takes the place of data as well.
        if !options.client_key.is_empty() {
            user.client_key.clone_from(&options.client_key);
            user.client_key_data = None;
        }
        if !options.client_certificate.is_empty() {
            user.client_certificate.clone_from(&options.client_certificate);
            user.client_certificate_data.clear();
        }
        user
    }

    fn cluster(&self) -> Cluster {
        let options = self.options;
        let mut cluster = self.files.clusters.get(&self.context().cluster).cloned().unwrap_or_default();
        put(&mut cluster.server, &options.server);
        put(&mut cluster.proxy_url, &options.proxy_url);
        if options.insecure_skip_tls_verify || !options.certificate_authority.is_empty() {
            cluster.insecure_skip_tls_verify = options.insecure_skip_tls_verify;
            cluster.certificate_authority.clone_from(&options.certificate_authority);
            cluster.certificate_authority_data.clear();
        }
        cluster.disable_compression |= options.disable_compression;
        // Another server has no use for the name that the kubeconfig gives its own.
        if !options.tls_server_name.is_empty() || !options.server.is_empty() {
            cluster.tls_server_name.clone_from(&options.tls_server_name);
        }
        cluster
    }

    /// What keeps the configuration from being used.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let name = self.context_name();
        if !name.is_empty() && !self.files.contexts.contains_key(name) {
            problems.push(format!("context was not found for specified context: {name}"));
        }
        let (context, directory) = (self.context(), self.environment.directory());
        let asked = |name: &str, asked: &str, exists: bool| name == asked && !name.is_empty() && !exists;
        let exists = self.files.users.contains_key(&context.user);
        if !asked(&context.user, &self.options.user, exists) {
            judge::user(directory, &context.user, &self.user(), &mut problems);
        }
        let exists = self.files.clusters.contains_key(&context.cluster);
        if asked(&context.cluster, &self.options.cluster, exists) {
            problems.push(format!("no server found for cluster {}", go::quote(&context.cluster)));
        } else {
            judge::cluster(directory, &context.cluster, exists, &self.cluster(), &mut problems);
        }
        if problems == [EMPTY_CLUSTER] {
            return vec![EMPTY.to_owned()];
        }
        problems
    }
}

/// What a program that gives credentials is told about the cluster.
fn info(cluster: &Cluster, access: &Access) -> serde_json::Value {
    let mut info = serde_json::Map::new();
    let mut put = |name: &str, text: &str| {
        if !text.is_empty() {
            info.insert(name.to_owned(), text.into());
        }
    };
    put("server", &cluster.server);
    put("tls-server-name", &cluster.tls_server_name);
    put("proxy-url", &cluster.proxy_url);
    if let Some(authorities) = &access.authorities {
        put("certificate-authority-data", &bulla_api::encode_base64(authorities));
    }
    for (name, set) in [
        ("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify),
        ("disable-compression", cluster.disable_compression),
    ] {
        if set {
            info.insert(name.to_owned(), true.into());
        }
    }
    let config = cluster.plugin_configuration().cloned().unwrap_or_default();
    info.insert("config".to_owned(), config);
    info.into()
}

fn impersonation(user: &User) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if user.impersonate.is_empty() {
        return headers;
    }
    headers.push(("Impersonate-User".to_owned(), user.impersonate.clone()));
    if !user.impersonate_uid.is_empty() {
        headers.push(("Impersonate-Uid".to_owned(), user.impersonate_uid.clone()));
    }
    headers
        .extend(user.impersonate_groups.iter().map(|group| ("Impersonate-Group".to_owned(), group.clone())));
    for (name, values) in &user.impersonate_extra {
        let name = format!("Impersonate-Extra-{}", percent::encoded(name, b"!#$&'*+-.^_`|~"));
        headers.extend(values.iter().map(|value| (name.clone(), value.clone())));
    }
    headers
}

/// Reads `--request-timeout`; none means that there is no limit. The longest is
/// what Go can say, some 292 years.
fn timeout(text: &str) -> Result<Option<Duration>, String> {
    let nanoseconds = match text.parse::<u64>() {
        _ if text.is_empty() => Some(0),
        Ok(seconds) => Some(seconds.saturating_mul(1_000_000_000)),
        Err(_) => bulla_template::parse_duration(text).map(|nanoseconds| nanoseconds.max(0) as u64),
    };
    let nanoseconds = nanoseconds.ok_or(
        "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
    )?;
    let nanoseconds = nanoseconds.min(i64::MAX as u64);
    Ok((nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds)))
}

fn invalid(problems: &[String]) -> String {
    format!("invalid configuration: {}", together(problems))
}

fn or<'t>(chosen: &'t str, other: &'t str) -> &'t str {
    if chosen.is_empty() { other } else { chosen }
}

fn put(place: &mut String, text: &str) {
    if !text.is_empty() {
        text.clone_into(place);
    }
}

#[cfg(test)]
mod tests;
