//! `inspect` on a SealedSecret: who sealed what. The format names no key, so
//! private keys tell exactly, and certificates only what they exclude.

use std::fmt::Write as _;

use bulla_api::{Base64Error, SealedSecret, decode_base64};
use bulla_seal::{Certificate, KeyRing, Scope, label};
use serde_json::{Value, json};

use super::{certificate, manifest, unseal};
use crate::app::App;
use crate::error::{Exit, Failure, cause};
use crate::request::{Inspect, Report};

/// What is known of one item.
struct Item {
    name: String,
    /// Why it is no ciphertext.
    error: Option<Base64Error>,
    /// Fingerprint of the key that opens it.
    opens_with: Option<String>,
    /// Certificates that certainly did not seal it.
    excluded: Vec<String>,
    /// Those that may have.
    possible: Vec<String>,
}

/// Runs the command on the text of a file.
pub fn run(app: &App<'_>, request: &Inspect, text: &[u8]) -> Result<(), Failure> {
    let ring = unseal::ring(app, &request.recovery_keys)?;
    let output = inspect(app, request, text, &ring);
    let output = output.map_err(|message| Failure::new(Exit::Generic, message))?;
    app.ui.data(output.as_bytes()).map_err(|error| Failure::new(Exit::Generic, cause(&error)))
}

fn inspect(app: &App<'_>, request: &Inspect, text: &[u8], ring: &KeyRing) -> Result<String, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    let certificates = certificates(app, request)?;
    let objects = manifest::sealed_secrets(text)?;
    if objects.is_empty() {
        return Err(manifest::NONE.to_owned());
    }
    let known = objects.iter().map(|(_, object)| (object, items(object, ring, &certificates)));
    if request.report == Report::Text {
        return Ok(known.map(|(object, items)| as_text(object, &items)).collect::<Vec<_>>().join("\n"));
    }
    let objects: Vec<Value> = known.map(|(object, items)| as_json(object, &items)).collect();
    Ok(format!("{:#}\n", json!(objects)))
}

fn certificates(app: &App<'_>, request: &Inspect) -> Result<Vec<(String, Certificate)>, String> {
    let read = |name: &String| {
        let text = certificate::open(app.context, app.ui, name)?;
        let certificate = Certificate::from_pem(&text).map_err(|error| format!("{name}: {error}"))?;
        Ok((name.clone(), certificate))
    };
    request.certificates.iter().map(read).collect()
}

/// What is known of each value, and of the whole-secret form where there is one.
fn items(object: &SealedSecret, ring: &KeyRing, certificates: &[(String, Certificate)]) -> Vec<Item> {
    let label = label(object);
    let item = |name: &str, sealed: Result<Vec<u8>, Base64Error>| {
        let error = sealed.as_ref().err().copied();
        let sealed = sealed.unwrap_or_default();
        let opened = ring.open(&sealed, &label).ok();
        let (excluded, possible) = certificates
            .iter()
            .partition::<Vec<_>, _>(|(_, certificate)| certificate.key().excludes(&sealed));
        let names = |of: Vec<&(String, Certificate)>| of.into_iter().map(|(name, _)| name.clone()).collect();
        Item {
            name: name.to_owned(),
            error,
            opens_with: opened.map(|opened| opened.key.public().fingerprint().to_owned()),
            excluded: names(excluded),
            possible: names(possible),
        }
    };
    let whole = object.data.iter().map(|sealed| item("spec.data", Ok(sealed.clone())));
    whole.chain(object.encrypted_data.iter().map(|(name, text)| item(name, decode_base64(text)))).collect()
}

fn as_text(object: &SealedSecret, items: &[Item]) -> String {
    let metadata = &object.metadata;
    let mut out = String::new();
    let _ = writeln!(out, "SealedSecret   {}", metadata.name.escape_debug());
    let _ = writeln!(out, "namespace      {}", metadata.namespace.escape_debug());
    let _ = writeln!(out, "scope          {}", Scope::of(&metadata.annotations));
    for item in items {
        let key = match (&item.error, &item.opens_with) {
            (Some(error), _) => error.to_string(),
            (None, Some(key)) => format!("opens with {key}"),
            (None, None) => "no key at hand".to_owned(),
        };
        let _ = writeln!(out, "  {}  ({key})", item.name.escape_debug());
        for (what, names) in [("not sealed to", &item.excluded), ("maybe sealed to", &item.possible)] {
            for name in names {
                let _ = writeln!(out, "    {what} {}", name.escape_debug());
            }
        }
    }
    out
}

fn as_json(object: &SealedSecret, items: &[Item]) -> Value {
    let items = items.iter().map(|item| {
        let error = item.error.map(|error| error.to_string());
        json!({ "name": item.name, "error": error, "opens_with": item.opens_with,
                "excluded": item.excluded, "possible": item.possible })
    });
    json!({
        "name": object.metadata.name,
        "namespace": object.metadata.namespace,
        "scope": Scope::of(&object.metadata.annotations).to_string(),
        "items": items.collect::<Vec<_>>(),
    })
}
