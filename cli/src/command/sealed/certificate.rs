//! Certificates from files, URLs and clusters.

use std::time::Duration;

use bulla_core::{Context, Environment, Proxies, Timestamp, root_cause};
use bulla_seal::{Certificate, PublicKey};
use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Proxy, StatusCode};

use super::{keys, read};
use crate::app::App;
use crate::cluster::Controller;
use crate::error::Failure;
use crate::percent::decoded;
use crate::request;
use crate::ui::Ui;

/// Bytes of a certificate's text.
const LIMIT: usize = 1 << 20;
/// How long a server may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Reads what `--cert` names: a file, or a URL of scheme http, https or file.
pub fn open(context: &Context, ui: &Ui, name: &str) -> Result<Vec<u8>, String> {
    match scheme(name).as_deref() {
        None => read(context, name),
        Some("file") => {
            let path = name.split_once("://").map_or("", |(_, path)| path);
            let path = path.strip_prefix("localhost").unwrap_or(path);
            let path = Some(decoded(path)).filter(|path| !path.is_empty());
            let text = path.and_then(|path| read(context, &path).ok());
            text.ok_or_else(|| format!("cannot fetch {name:?}: 404 Not Found"))
        }
        Some(scheme @ ("http" | "https")) => {
            if scheme == "http" {
                ui.say(
                    "warning: the certificate comes over http://, so whoever stands between can replace it",
                );
            }
            let runtime = crate::app::runtime().map_err(|failure| failure.message)?;
            runtime.block_on(fetch(context, name))
        }
        Some(other) => Err(format!("Get {name:?}: unsupported protocol scheme {other:?}")),
    }
}

/// The key of the first certificate of a text, if its time is not over.
pub fn key(text: &[u8], now: Timestamp) -> Result<PublicKey, String> {
    let certificate = Certificate::from_pem(text).map_err(|error| error.to_string())?;
    certificate.key_at(now).cloned().map_err(|error| error.to_string())
}

/// The key to seal with: that of the certificate that was named, or where none
/// was, the newest of the cluster.
pub fn sealing_key(app: &App<'_>, certificate: &request::Certificate) -> Result<PublicKey, Failure> {
    let key = |text: &[u8]| key(text, app.context.clock.now()).map_err(|message| Failure::own(2, message));
    if !certificate.name.is_empty() {
        let text = open(app.context, app.ui, &certificate.name);
        return key(&text.map_err(|message| Failure::own(2, message))?);
    }
    let key = key(&of_cluster(app, certificate)?)?;
    // Whose it is, only the kubeconfig decided.
    app.ui.say(&format!("sealing to the key {} of the cluster", key.fingerprint()));
    Ok(key)
}

fn of_cluster(app: &App<'_>, named: &request::Certificate) -> Result<Vec<u8>, Failure> {
    let hint = "--cert or SEALED_SECRETS_CERT names a certificate instead";
    let client = keys::connect(app, &named.cluster).map_err(|failure| failure.hint(hint))?;
    Controller::find(&client, &named.cluster.controller_namespace, &named.controller_name)
        .and_then(|controller| controller.certificate())
        .map_err(|message| Failure::own(2, message).hint(hint))
}

/// The scheme of a URL in small letters (RFC 3986, 3.1); a single letter is a drive.
fn scheme(name: &str) -> Option<String> {
    let (scheme, _) = name.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (is_scheme && scheme.len() > 1).then(|| scheme.to_ascii_lowercase())
}

/// The proxies of the environment.
fn proxies(environment: &Environment) -> Result<Vec<Proxy>, String> {
    let named = Proxies::of(environment);
    let direct = NoProxy::from_string(&named.direct);
    let mut proxies = Vec::new();
    for (variable, url, make) in [
        ("HTTPS_PROXY", named.https, Proxy::https as fn(String) -> reqwest::Result<Proxy>),
        ("HTTP_PROXY", named.http, Proxy::http),
    ] {
        if let Some(url) = url {
            let proxy = make(url).map_err(|_| format!("{variable} is not the URL of a proxy"))?;
            proxies.push(proxy.no_proxy(direct.clone()));
        }
    }
    Ok(proxies)
}

async fn fetch(context: &Context, url: &str) -> Result<Vec<u8>, String> {
    let failed = |error: reqwest::Error| {
        let text = if error.is_timeout() { "no answer in time".to_owned() } else { root_cause(&error) };
        format!("Get {url:?}: {text}")
    };
    let mut builder = Client::builder().no_proxy().redirect(Policy::limited(10)).timeout(DEADLINE);
    for proxy in proxies(&context.environment)? {
        builder = builder.proxy(proxy);
    }
    let client = builder.build().map_err(failed)?;
    let mut response = client.get(url).send().await.map_err(failed)?;
    if response.status() != StatusCode::OK {
        return Err(format!("cannot fetch {url:?}: {}", response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > LIMIT {
            return Err(format!("Get {url:?}: the answer is longer than {LIMIT} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
