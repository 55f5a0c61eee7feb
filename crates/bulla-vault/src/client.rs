//! Requests to a server whose address was admitted.

use std::time::Duration;

use bulla_core::{Environment, Kind, ProviderError, Proxies, SecretText, root_cause};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Proxy, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::settings::{self, SettingsError};

const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Bytes of a reply at most.
const REPLY_LIMIT: usize = 8 << 20;

impl From<SettingsError> for ProviderError {
    fn from(error: SettingsError) -> Self {
        Self::new(Kind::InvalidConfig, error.to_string())
    }
}

/// Builds a client; `encrypted` says whether certificates are needed at all.
pub(crate) fn build(environment: &Environment, encrypted: bool) -> Result<Client, ProviderError> {
    // No connection is kept: it would belong to a runtime that may be gone.
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_DEADLINE)
        .timeout(settings::deadline(environment)?)
        .pool_max_idle_per_host(0)
        .no_proxy();
    for proxy in proxies(environment)? {
        builder = builder.proxy(proxy);
    }
    let roots = if encrypted { settings::roots(environment)? } else { Some(Vec::new()) };
    if let Some(roots) = roots {
        builder = builder.tls_certs_only(roots);
    }
    if encrypted {
        if environment.text("VAULT_TLS_SERVER_NAME").is_some() {
            return Err(ProviderError::new(Kind::Unsupported, "VAULT_TLS_SERVER_NAME is not supported"));
        }
        if let Some(identity) = settings::identity(environment)? {
            builder = builder.identity(identity);
        }
        builder = builder.tls_danger_accept_invalid_certs(settings::skips_verification(environment)?);
    }
    let unusable = |error: reqwest::Error| {
        ProviderError::new(Kind::InvalidConfig, format!("no TLS client can be made: {}", root_cause(&error)))
    };
    builder.build().map_err(unusable)
}

/// The proxies of the environment.
fn proxies(environment: &Environment) -> Result<Vec<Proxy>, ProviderError> {
    let named = Proxies::of(environment);
    let direct = NoProxy::from_string(&named.direct);
    let mut proxies = Vec::new();
    for (variable, url, make) in [
        ("HTTPS_PROXY", named.https, Proxy::https as fn(String) -> reqwest::Result<Proxy>),
        ("HTTP_PROXY", named.http, Proxy::http),
    ] {
        if let Some(url) = url {
            let proxy = make(url).map_err(|_| {
                ProviderError::new(Kind::InvalidConfig, format!("{variable} is not the URL of a proxy"))
            })?;
            proxies.push(proxy.no_proxy(direct.clone()));
        }
    }
    Ok(proxies)
}

/// Builds the headers of every request; returns an error where a variable
/// holds what no header can.
pub(crate) fn headers(
    environment: &Environment,
    token: Option<&SecretText>,
) -> Result<HeaderMap, ProviderError> {
    let value = |name: &str, text: &str| {
        HeaderValue::from_str(text).map_err(|_| {
            ProviderError::new(Kind::InvalidConfig, format!("the {name} cannot be sent in a header"))
        })
    };
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-vault-request"), HeaderValue::from_static("true"));
    if let Some(token) = token {
        let mut token = value("token", token.expose())?;
        token.set_sensitive(true);
        headers.insert(HeaderName::from_static("x-vault-token"), token);
    }
    if let Some(namespace) = environment.text("VAULT_NAMESPACE") {
        headers.insert(HeaderName::from_static("x-vault-namespace"), value("namespace", namespace)?);
    }
    Ok(headers)
}

/// Sends `body` (JSON) and returns the field `data` of the reply.
pub(crate) async fn write<T: DeserializeOwned>(
    client: &Client,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<T, ProviderError> {
    let request = client.put(url).headers(headers).header("content-type", "application/json").body(body);
    let response = request.send().await.map_err(|error| unreachable(&error))?;
    check(response.status())?;
    let body = read(response).await?;
    let reply: Reply<T> = serde_json::from_slice(&body)
        .map_err(|_| ProviderError::new(Kind::Unexpected, "the reply is not the expected JSON"))?;
    Ok(reply.data)
}

#[derive(Deserialize)]
struct Reply<T> {
    data: T,
}

fn check(status: StatusCode) -> Result<(), ProviderError> {
    let (kind, meaning) = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => (Kind::Unexpected, "the server redirects, which is not followed"),
        400 => (
            Kind::Unexpected,
            "the server refused the request, perhaps the key or this version of it is gone",
        ),
        401 | 403 => (Kind::Denied, "permission denied"),
        404 => (Kind::InvalidConfig, "the server has no transit engine at this path"),
        429 => (Kind::RateLimited, "the server asks to slow down"),
        503 => (Kind::Unavailable, "the server is sealed or in maintenance"),
        500.. => (Kind::Unavailable, "the server failed"),
        _ => (Kind::Unexpected, "the server refused the request"),
    };
    Err(ProviderError::new(kind, format!("{meaning} (status {})", status.as_u16())))
}

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
    let mut body = Zeroizing::new(Vec::with_capacity(64 << 10));
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > REPLY_LIMIT {
            return Err(ProviderError::new(Kind::Unexpected, "the reply is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(error: &reqwest::Error) -> ProviderError {
    let reason = match () {
        () if error.is_timeout() => "the server did not answer in time".to_owned(),
        () if error.is_connect() => format!("the server cannot be reached: {}", root_cause(error)),
        () => "the connection broke".to_owned(),
    };
    ProviderError::new(Kind::Unavailable, reason)
}
