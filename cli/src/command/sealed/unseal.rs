//! `--recovery-unseal`: unsealing with private keys at hand.

use bulla_api::{DecodeError, SealedSecret, Secret, StreamError};
use bulla_core::{Context, SecretBytes};
use bulla_seal::{KeyError, KeyRing, SealingKey, UnsealOptions};
use zeroize::Zeroizing;

use super::{Form, Sink, read};
use crate::app::App;
use crate::error::Failure;
use crate::ui::Ui;

/// Unseals the first document of `input` with the keys of files.
pub fn unseal(
    context: &Context,
    ui: &Ui,
    input: &[u8],
    files: &[String],
    form: &Form,
    sink: &mut Sink,
) -> Result<(), String> {
    let ring = keys(context, files)?;
    let sealed = SealedSecret::from_text(input).map_err(|error| error.to_string())?;
    let options = UnsealOptions::default();
    let secret = bulla_seal::unseal(&sealed, &ring, options, &*context.clock, &*context.random, &|| true)
        .map_err(|error| error.to_string())?;
    for name in bulla_seal::collisions(&sealed) {
        ui.say(&format!(
            "warning: {name:?} stands in encryptedData and in template.data; the template is taken here, from release 0.37 on it is not"
        ));
    }
    sink.write(ui, &form.write(&secret.tree())?)
}

/// The private keys of files, for a command that cannot start without them. A
/// file may be encrypted to one of the age identities at hand; one without a
/// key is an error, and so is one of which a part cannot be read.
pub(super) fn ring(app: &App<'_>, files: &[String]) -> Result<KeyRing, Failure> {
    let mut keys = Vec::new();
    for file in files {
        let text = private(app, file).map_err(|message| Failure::own(2, message))?;
        if let Some(key) = pem(file, text.expose()).map_err(|message| Failure::own(2, message))? {
            keys.push(key);
            continue;
        }
        let secrets = secrets(file, text.expose())?;
        if secrets.is_empty() {
            return Err(Failure::own(2, format!("{file}: there is no private RSA key in it")));
        }
        for secret in secrets {
            let item = secret.data.get("tls.key").map_or(&[][..], SecretBytes::expose);
            let key = SealingKey::from_pem(item).map_err(|error| {
                Failure::own(2, format!("{file}: Secret {:?}: tls.key: {error}", secret.metadata.name))
            })?;
            keys.push(key);
        }
    }
    Ok(KeyRing::new(keys))
}

/// The Secrets of a file of keys, none of which is passed over.
pub(super) fn secrets(file: &str, text: &[u8]) -> Result<Vec<Secret>, Failure> {
    bulla_api::all_secrets(text).map_err(|error| {
        let failure = Failure::own(2, format!("{file}: {error}"));
        match error {
            StreamError::Document(DecodeError::Twice(_)) => {
                failure.hint("where two documents follow one another, a line of --- comes between them")
            }
            _ => failure,
        }
    })
}

/// Reads a file of a list of names: an empty one is not standard input.
fn named(context: &Context, file: &str) -> Result<Vec<u8>, String> {
    if file.is_empty() { Err("open : no such file or directory".to_owned()) } else { read(context, file) }
}

/// A file of private keys, decrypted where it is an age file.
pub(super) fn private(app: &App<'_>, file: &str) -> Result<SecretBytes, String> {
    let text = SecretBytes::new(named(app.context, file)?);
    if !bulla_providers::is_age(text.expose()) {
        return Ok(text);
    }
    let decrypted = bulla_providers::decrypt_with_age(app.context, &app.dialog(), text.expose());
    decrypted.map_err(|error| format!("{file}: {error}"))
}

/// Reads private keys from files: PEM, or Secrets with `tls.key`, one by one
/// or as a List. What cannot be read is passed over, as the reference does.
fn keys(context: &Context, files: &[String]) -> Result<KeyRing, String> {
    let mut keys = Vec::new();
    for file in files {
        let text = Zeroizing::new(named(context, file)?);
        if let Some(key) = pem(file, &text)? {
            keys.push(key);
            continue;
        }
        for secret in bulla_seal::key_secrets(&text).map_err(|error| error.to_string())? {
            let item = secret.data.get("tls.key").ok_or("secret must contain a 'tls.data' key")?;
            keys.push(SealingKey::from_pem(item.expose()).map_err(|error| error.to_string())?);
        }
    }
    Ok(KeyRing::new(keys))
}

/// The key of a PEM text; none where it is something else.
fn pem(file: &str, text: &[u8]) -> Result<Option<SealingKey>, String> {
    match SealingKey::from_pem(text) {
        Ok(key) => Ok(Some(key)),
        Err(error @ KeyError::Refused) => Err(format!("{file}: {error}")),
        Err(_) => Ok(None),
    }
}
