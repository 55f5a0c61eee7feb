//! Requests to the API server. Secrets that come are text that is wiped, read
//! into our own types; error texts hold nothing of an object (`security.md` O-03).

use std::time::Duration;

use bulla_api::{ObjectMeta, Secret, Shallow, json_line};
use bulla_core::{Environment, one_line};
use bulla_seal::reconcile::{FIELD_MANAGER, SYNCED};
use http::{Method, Request, StatusCode};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Status;
use kube::core::response::StatusCause;
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;
use tower::util::MapResponseLayer;
use zeroize::Zeroizing;

use crate::env;
use crate::leader::Term;
use crate::legible::legible;
use crate::patience::{Patience, Pauses, patience};
use crate::seen::{Page, Sealed};
use crate::watch::PAGE;

/// How long a request may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// The form of what is sent, and of answers that are read.
const JSON: &str = "application/json";
/// The form of an answer to a change, which nobody reads: the object's metadata
/// without its data. Errors are told in plain JSON only, which the server has to
/// find here as well.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// Requests that may wait for a connection.
const WAITING: usize = 1024;

/// The API server of the cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    term: Term,
    pauses: Pauses,
}

/// Why a request failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct ApiError {
    /// The status code; 0 where no answer came.
    pub(crate) code: u16,
    text: String,
    /// Whether the server itself finds fields of the object invalid: no webhook and
    /// no policy, which may be changed.
    pub(crate) blames_fields: bool,
}

impl ApiError {
    pub(crate) fn is_conflict(&self) -> bool {
        self.code == StatusCode::CONFLICT.as_u16()
    }

    /// Whether what was asked for is not there.
    pub(crate) fn is_missing(&self) -> bool {
        self.code == StatusCode::NOT_FOUND.as_u16()
    }

    /// Whether the server finds the object invalid.
    pub(crate) fn is_invalid(&self) -> bool {
        self.code == StatusCode::UNPROCESSABLE_ENTITY.as_u16()
    }

    /// Whether an immutable Secret is why.
    pub(crate) fn is_immutable(&self) -> bool {
        self.text.contains("field is immutable when `immutable` is set")
    }

    pub(crate) fn silent(text: String) -> Self {
        Self { code: 0, text, blames_fields: false }
    }
}

/// Namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

impl std::fmt::Display for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// The path of the SealedSecrets of a namespace; empty means all.
fn sealed_secrets(namespace: &str) -> String {
    match namespace {
        "" => "/apis/bitnami.com/v1alpha1/sealedsecrets".to_owned(),
        _ => format!("/apis/bitnami.com/v1alpha1/namespaces/{namespace}/sealedsecrets"),
    }
}

fn secrets(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets")
}

fn leases(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
}

impl Cluster {
    /// Connects as `KUBECONFIG` says, else with the pod's service account.
    pub(crate) async fn connect(environment: &Environment) -> Result<Self, String> {
        let mut config = match environment.os(env::KUBECONFIG) {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| error.to_string())?;
                Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                    .await
                    .map_err(|error| error.to_string())?
            }
            None => Config::incluster().map_err(|error| error.to_string())?,
        };
        // The pauses of the library's own policy grow to minutes, in which a
        // server that came back would not be noticed (`security.md` R-10).
        config.default_retry = false;
        let builder = ClientBuilder::try_from(config).map_err(|error| error.to_string())?;
        let buffer = BufferLayer::<Request<kube::client::Body>>::new(WAITING);
        let legible = MapResponseLayer::new(legible);
        Self::patient(|patience| {
            builder.with_layer(&buffer).with_layer(patience).with_layer(&legible).build()
        })
    }

    /// The API server that a client asks which is made around a layer that sends
    /// again what the server puts off.
    pub(crate) fn patient(client: impl FnOnce(&RetryLayer<Patience>) -> Client) -> Result<Self, String> {
        let pauses = Pauses::default();
        let client = client(&patience(&pauses)?);
        Ok(Self { pauses, ..Self::of(client) })
    }

    /// The API server that a client asks; nothing may be written to it yet.
    pub(crate) fn of(client: Client) -> Self {
        Self { client, term: Term::default(), pauses: Pauses::default() }
    }

    /// Until when it may be written to.
    pub(crate) fn term(&self) -> &Term {
        &self.term
    }

    /// How many requests wait because the server put them off.
    pub(crate) fn put_off(&self) -> tokio::sync::watch::Receiver<usize> {
        self.pauses.number()
    }

    /// For watching.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Asks for something that only the leader may ask for.
    async fn change(&self, method: Method, path: &str, body: Vec<u8>) -> Result<(), ApiError> {
        if !self.term.holds() {
            return Err(ApiError::silent("this replica does not lead and may not write".to_owned()));
        }
        tokio::select! {
            biased;
            answer = self.ask(method, path, METADATA, body) => answer.map(drop),
            // What the server put off is not sent again by one who leads no more.
            () = self.term.over() => Err(ApiError::silent("the term ended before there was an answer".to_owned())),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Vec<u8>,
    ) -> Result<Zeroizing<String>, ApiError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::ACCEPT, accept)
            .header(http::header::CONTENT_TYPE, JSON)
            .body(body)
            .map_err(|_| ApiError::silent(format!("{path} is no path")))?;
        match tokio::time::timeout(DEADLINE, self.client.request_text(request)).await {
            Ok(Ok(text)) => Ok(Zeroizing::new(text)),
            Ok(Err(kube::Error::Api(status))) => {
                let (text, blames_fields) = (reduced(&status), blames_fields(&status));
                Err(ApiError { code: status.code, text, blames_fields })
            }
            Ok(Err(error)) => Err(ApiError::silent(format!(
                "the API server does not answer: {}",
                bulla_core::root_cause(&error)
            ))),
            Err(_) => Err(ApiError::silent(format!(
                "the API server does not answer within {} seconds",
                DEADLINE.as_secs()
            ))),
        }
    }

    async fn get(&self, path: &str) -> Result<Option<Zeroizing<String>>, ApiError> {
        match self.ask(Method::GET, path, JSON, Vec::new()).await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn value(&self, path: &str) -> Result<Option<Value>, ApiError> {
        Ok(self.get(path).await?.map(|text| parsed::<Shallow>(&text)).transpose()?.map(|read| read.value))
    }

    /// A SealedSecret as it stands there.
    pub(crate) async fn sealed_secret(&self, key: &Key) -> Result<Option<Shallow>, ApiError> {
        let path = format!("{}/{}", sealed_secrets(&key.namespace), key.name);
        self.get(&path).await?.map(|text| parsed(&text)).transpose()
    }

    /// Whether any SealedSecret of a namespace (empty: of all) says that it is
    /// synced.
    pub(crate) async fn has_synced(&self, namespace: &str) -> Result<bool, ApiError> {
        let mut next = String::new();
        loop {
            let path = format!("{}?limit={PAGE}&continue={next}", sealed_secrets(namespace));
            let Some(text) = self.get(&path).await? else { return Ok(false) };
            let page: Page = parsed(&text)?;
            let is_synced = |object: &Sealed| {
                object.status.condition(SYNCED).is_some_and(|condition| condition.status == "True")
            };
            if page.items.iter().flatten().any(is_synced) {
                return Ok(true);
            }
            match page.metadata.continue_ {
                Some(token) if !token.is_empty() => next = token,
                _ => return Ok(false),
            }
        }
    }

    /// Replaces the status of a SealedSecret; `object` is the JSON of all of it,
    /// as it was read but for the status and without its `spec`.
    pub(crate) async fn put_status(&self, key: &Key, object: Vec<u8>) -> Result<(), ApiError> {
        let path =
            format!("{}/{}/status?fieldManager={FIELD_MANAGER}", sealed_secrets(&key.namespace), key.name);
        self.change(Method::PUT, &path, object).await
    }

    /// A Secret with its data.
    pub(crate) async fn secret(&self, key: &Key) -> Result<Option<Secret>, ApiError> {
        Ok(self.weighed_secret(key).await?.map(|(secret, _)| secret))
    }

    /// A Secret with its data, and the bytes of memory that it takes, about.
    pub(crate) async fn weighed_secret(&self, key: &Key) -> Result<Option<(Secret, usize)>, ApiError> {
        let path = format!("{}/{}", secrets(&key.namespace), key.name);
        let Some(text) = self.get(&path).await? else { return Ok(None) };
        let secret = Secret::from_answer(text.as_bytes());
        secret.map(Some).map_err(|_| ApiError::silent(format!("Secret {key} cannot be read")))
    }

    /// The Secrets of a namespace with a label, with their data.
    pub(crate) async fn labeled_secrets(
        &self,
        namespace: &str,
        label: &str,
    ) -> Result<Vec<Secret>, ApiError> {
        let path = format!("{}?labelSelector={}", secrets(namespace), label.replace('/', "%2F"));
        let text = self.ask(Method::GET, &path, JSON, Vec::new()).await?;
        let items = bulla_api::secrets_of_list(text.as_bytes());
        items.map_err(|_| ApiError::silent("the list of key Secrets cannot be read".to_owned()))
    }

    pub(crate) async fn create_secret(&self, secret: &Secret) -> Result<(), ApiError> {
        let path = format!("{}?fieldManager={FIELD_MANAGER}", secrets(&secret.metadata.namespace));
        self.change(Method::POST, &path, text_of(secret)).await
    }

    /// Replaces a Secret at the resource version that it carries.
    pub(crate) async fn update_secret(&self, secret: &Secret) -> Result<(), ApiError> {
        let metadata = &secret.metadata;
        let path = format!("{}/{}?fieldManager={FIELD_MANAGER}", secrets(&metadata.namespace), metadata.name);
        self.change(Method::PUT, &path, text_of(secret)).await
    }

    /// Deletes a Secret, if it is still the one that was read (`security.md`
    /// T-05).
    pub(crate) async fn delete_secret(&self, metadata: &ObjectMeta) -> Result<(), ApiError> {
        let path = format!("{}/{}", secrets(&metadata.namespace), metadata.name);
        let same = json!({"uid": metadata.server.uid, "resourceVersion": metadata.server.resource_version});
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": same});
        self.change(Method::DELETE, &path, options.to_string().into_bytes()).await
    }

    pub(crate) async fn create_event(&self, namespace: &str, event: &Value) -> Result<(), ApiError> {
        let path = format!("/api/v1/namespaces/{namespace}/events");
        self.change(Method::POST, &path, event.to_string().into_bytes()).await
    }

    /// Whether we may use a Lease, as the API server says.
    pub(crate) async fn may_use_lease(&self, lease: &Key, verb: &str) -> Result<bool, ApiError> {
        let what = json!({
            "group": "coordination.k8s.io", "resource": "leases", "verb": verb,
            "namespace": lease.namespace, "name": lease.name,
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": what},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        match self.ask(Method::POST, path, JSON, review.to_string().into_bytes()).await {
            Ok(text) => Ok(parsed::<Shallow>(&text)?.value["status"]["allowed"] == true),
            // Who may not even ask may not.
            Err(error) if error.code == StatusCode::FORBIDDEN.as_u16() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A Lease, if it exists.
    pub(crate) async fn lease(&self, key: &Key) -> Result<Option<Value>, ApiError> {
        let path = format!("{}/{}", leases(&key.namespace), key.name);
        self.value(&path).await
    }

    /// Replaces a Lease at the resource version that it carries, or makes it
    /// where it carries none.
    pub(crate) async fn put_lease(&self, key: &Key, lease: &Value) -> Result<(), ApiError> {
        let (method, path) = match lease["metadata"]["resourceVersion"].as_str() {
            Some(_) => (Method::PUT, format!("{}/{}", leases(&key.namespace), key.name)),
            None => (Method::POST, leases(&key.namespace)),
        };
        let path = format!("{path}?fieldManager={FIELD_MANAGER}");
        self.ask(method, &path, METADATA, lease.to_string().into_bytes()).await.map(drop)
    }

    /// What tells this cluster from others: the UID of `kube-system`, or
    /// nothing where that may not be read.
    pub(crate) async fn uid(&self) -> String {
        let object = self.value("/api/v1/namespaces/kube-system").await.ok().flatten().unwrap_or_default();
        object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
    }
}

fn text_of(secret: &Secret) -> Vec<u8> {
    json_line(&secret.tree()).into_bytes()
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|_| ApiError::silent("the answer cannot be read".to_owned()))
}

fn causes(status: &Status) -> &[StatusCause] {
    status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default()
}

/// Whether a server itself finds fields of an object invalid.
fn blames_fields(status: &Status) -> bool {
    status.code == StatusCode::UNPROCESSABLE_ENTITY.as_u16()
        && causes(status).iter().any(|cause| !cause.field.is_empty())
        && denied(&status.message).is_none()
}

/// What stands before the words of a webhook or policy that denies a request, and
/// how they begin.
fn denied(message: &str) -> Option<(&str, &str)> {
    let begins = ["denied the request", "denied request"];
    begins.iter().find_map(|begin| Some((message.split_once(begin)?.0, *begin)))
}

/// What an API server says, without what it may repeat of an object: values
/// that it found invalid, and what webhooks and admission policies say.
fn reduced(status: &Status) -> String {
    let causes = causes(status);
    if blames_fields(status) {
        let details = status.details.as_ref();
        let (kind, name) = details.map(|details| (&*details.kind, &*details.name)).unwrap_or_default();
        let causes: Vec<String> = causes
            .iter()
            .map(|cause| match cause.reason.as_str() {
                "FieldValueForbidden" | "FieldValueRequired" => format!("{}: {}", cause.field, cause.message),
                reason => format!("{}: {}", cause.field, reason.trim_start_matches("FieldValue")),
            })
            .collect();
        return one_line(format!("{kind} {name:?} is invalid: {}", causes.join(", ")).as_bytes());
    }
    match denied(&status.message) {
        Some((who, word)) => one_line(format!("{who}{word}").as_bytes()),
        None => one_line(status.message.as_bytes()),
    }
}

#[cfg(test)]
mod tests;
