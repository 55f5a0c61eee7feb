//! `--recovery-unseal`: unsealing with private keys at hand.

use bulla_api::{SealedSecret, Secret};
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
        let secrets = |text: &[u8]| bulla_api::all_secrets(text).map_err(|error| format!("{file}: {error}"));
        let found = keys_of(file, text.expose(), secrets);
        let found = found.map_err(|message| Failure::own(2, message))?;
        if found.is_empty() {
            return Err(Failure::own(2, format!("{file}: there is no private RSA key in it")));
        }
        keys.extend(found);
    }
    Ok(KeyRing::new(keys))
}

/// A file of private keys, decrypted where it is an age file.
pub(super) fn private(app: &App<'_>, file: &str) -> Result<SecretBytes, String> {
    let text = SecretBytes::new(read(app.context, file)?);
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
        let text = Zeroizing::new(read(context, file)?);
        let secrets = |text: &[u8]| bulla_seal::key_secrets(text).map_err(|error| error.to_string());
        keys.extend(keys_of(file, &text, secrets)?);
    }
    Ok(KeyRing::new(keys))
}

/// The keys of a text; what is nothing of the kind has none. `secrets` reads
/// the Secrets of it.
fn keys_of(
    file: &str,
    text: &[u8],
    secrets: impl Fn(&[u8]) -> Result<Vec<Secret>, String>,
) -> Result<Vec<SealingKey>, String> {
    match SealingKey::from_pem(text) {
        Ok(key) => return Ok(vec![key]),
        Err(error @ KeyError::Refused) => return Err(format!("{file}: {error}")),
        Err(_) => {}
    }
    let mut keys = Vec::new();
    for secret in secrets(text)? {
        let pem = secret.data.get("tls.key").ok_or("secret must contain a 'tls.data' key")?;
        keys.push(SealingKey::from_pem(pem.expose()).map_err(|error| error.to_string())?);
    }
    Ok(keys)
}
