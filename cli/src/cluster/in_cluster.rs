//! The configuration that Kubernetes hands to a container.

use std::path::PathBuf;

use bulla_core::{Environment, SecretBytes, SecretText};

use super::access::{Access, Credentials};
use super::address::Server;
use super::options::Options;
use crate::error::cause;

/// Where a file of the pod's account is.
fn account(file: &str) -> PathBuf {
    PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount").join(file)
}

/// Returns true in a pod that has an account.
pub(super) fn is_possible(environment: &Environment) -> bool {
    let set = |name| environment.text(name).is_some();
    set("KUBERNETES_SERVICE_HOST") && set("KUBERNETES_SERVICE_PORT") && account("token").is_file()
}

/// The namespace that this runs in.
pub(super) fn namespace(environment: &Environment) -> String {
    let told = environment.text("POD_NAMESPACE").map(str::to_owned);
    let mounted = || std::fs::read_to_string(account("namespace")).ok().map(|text| text.trim().to_owned());
    let found = told.or_else(|| mounted().filter(|text| !text.is_empty()));
    found.unwrap_or_else(|| "default".to_owned())
}

/// The API server of this pod, with its account. Of the flags only server,
/// token and authority count. A server of plain HTTP is not told who asks.
pub(super) fn access(environment: &Environment, options: &Options) -> Result<Access, String> {
    let read = |path: PathBuf| {
        std::fs::read(&path).map_err(|error| format!("open {}: {}", path.display(), cause(&error)))
    };
    let variable = |name| environment.text(name).unwrap_or_default();
    let (host, port) = (variable("KUBERNETES_SERVICE_HOST"), variable("KUBERNETES_SERVICE_PORT"));
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let server = match options.server.as_str() {
        "" => Server::parse(&format!("https://{host}:{port}"))?,
        server => Server::parse(server)?,
    };
    let credentials = match &options.token {
        _ if !server.is_secure => Credentials::None,
        Some(token) => Credentials::Bearer(token.clone()),
        None => {
            let token = SecretBytes::new(read(account("token"))?);
            let token = String::from_utf8_lossy(token.expose().trim_ascii()).into_owned();
            Credentials::Bearer(SecretText::new(token))
        }
    };
    let authorities = match options.certificate_authority.as_str() {
        // Without it the system's certificates are trusted, as the reference does.
        "" => read(account("ca.crt")).ok(),
        path => Some(read(environment.directory().join(path))?),
    };
    Ok(Access {
        server,
        authorities,
        insecure: false,
        server_name: String::new(),
        identity: None,
        credentials,
        impersonation: Vec::new(),
        proxy: None,
        timeout: None,
    })
}
