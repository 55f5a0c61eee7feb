//! The Sealed Secrets controller behind the API server's service proxy
//! (`sealed-secrets.md` 4.6, 4.9, 4.10, 6.2).

use serde_json::Value;

use super::client::{Call, Client};
use super::status::ApiError;
use crate::{go, percent};

/// What kubeseal says it takes when it wants a certificate.
const CERTIFICATE: &str = "application/x-pem-file, */*";
const ANY: &str = "application/json, */*";

/// A controller that was found.
pub struct Controller<'c> {
    client: &'c Client,
    namespace: &'c str,
    /// `http:NAME:PORT`, as the proxy wants it.
    service: String,
}

impl<'c> Controller<'c> {
    /// Looks for the controller's Service.
    pub fn find(client: &'c Client, namespace: &'c str, name: &'c str) -> Result<Self, String> {
        let port = port_name(client, namespace, name).map_err(|error| {
            format!(
                "cannot get sealed secret service: {error}.\nPlease, use the flag --controller-name and --controller-namespace to set up the name and namespace of the sealed secrets controller"
            )
        })?;
        Ok(Self { client, namespace, service: format!("http:{name}:{port}") })
    }

    /// The newest certificate, in PEM.
    pub fn certificate(&self) -> Result<Vec<u8>, String> {
        let path = self.path("cert.pem");
        let call = Call::get(&path, CERTIFICATE, ("services", self.service.as_str()));
        self.client.call(&call).map_err(|error| format!("cannot fetch certificate: {error}"))
    }

    /// Asks whether a SealedSecret, in JSON, can be unsealed. A refusal with
    /// code 409 means that it cannot.
    pub fn verify(&self, sealed: &[u8]) -> Result<(), ApiError> {
        self.post("verify", sealed).map(drop)
    }

    /// Has a SealedSecret, in JSON, sealed with the newest key; returns JSON.
    pub fn rotate(&self, sealed: &[u8]) -> Result<Vec<u8>, ApiError> {
        self.post("rotate", sealed)
    }

    fn post(&self, what: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        if self.namespace.is_empty() {
            return Err(ApiError::Transport("an empty namespace may not be set during creation".to_owned()));
        }
        let path = self.path(what);
        let about = ("services", self.service.as_str());
        self.client.call(&Call::post(&path, ANY, body, about))
    }

    fn path(&self, what: &str) -> String {
        format!("{}/{}/proxy/v1/{what}", services(self.namespace), escaped(&self.service))
    }
}

/// The name of the Service's first port; ports may have none.
fn port_name(client: &Client, namespace: &str, name: &str) -> Result<String, ApiError> {
    let misfit = |text: &str| ApiError::Transport(text.to_owned());
    if name.is_empty() {
        return Err(empty("resource name"));
    }
    if !namespace.is_empty() {
        segment("namespace", namespace)?;
    }
    let path = format!("{}/{}", services(namespace), segment("resource name", name)?);
    let call = Call::get(&path, CERTIFICATE, ("services", name));
    let service: Value = serde_json::from_slice(&client.call(&call)?)
        .map_err(|_| misfit("the server's answer is not JSON"))?;
    let port = service["spec"]["ports"].get(0).ok_or_else(|| misfit("the Service has no port"))?;
    Ok(port["name"].as_str().unwrap_or_default().to_owned())
}

/// The path of Services; an empty namespace is taken for none.
fn services(namespace: &str) -> String {
    match namespace {
        "" => "/api/v1/services".to_owned(),
        name => format!("/api/v1/namespaces/{}/services", escaped(name)),
    }
}

fn empty(what: &str) -> ApiError {
    ApiError::Transport(format!("{what} may not be empty"))
}

/// A name as a segment of a path; `what` it names is told where it cannot be one.
pub(super) fn segment(what: &str, text: &str) -> Result<String, ApiError> {
    if text.is_empty() {
        return Err(empty(what));
    }
    match not_a_segment(text) {
        Some(why) => Err(ApiError::Transport(format!("invalid {what} {}: {why}", go::quote(text)))),
        None => Ok(escaped(text)),
    }
}

/// Why a text cannot be a segment of a path.
fn not_a_segment(text: &str) -> Option<String> {
    if matches!(text, "." | "..") {
        return Some(format!("[may not be '{text}']"));
    }
    let found: Vec<String> = ["/", "%"]
        .iter()
        .filter(|illegal| text.contains(*illegal))
        .map(|illegal| format!("may not contain '{illegal}'"))
        .collect();
    (!found.is_empty()).then(|| format!("[{}]", found.join(" ")))
}

/// A text as a segment of a path.
fn escaped(text: &str) -> String {
    percent::encoded(text, b"-._~$&+,:=@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_paths_are_checked_and_escaped() {
        assert_eq!(not_a_segment("a/%").as_deref(), Some("[may not contain '/' may not contain '%']"));
        assert_eq!(not_a_segment("..").as_deref(), Some("[may not be '..']"));
        assert_eq!(not_a_segment("http:a:"), None);
        assert_eq!(escaped("http:a:b c?é"), "http:a:b%20c%3F%C3%A9");
    }
}
