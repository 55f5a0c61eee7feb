//! `--recovery-unseal`: unsealing with private keys at hand.

use bulla_api::{SealedSecret, list_items};
use bulla_core::Context;
use bulla_seal::{KeyError, KeyRing, SealingKey, UnsealOptions};

use super::{Form, Sink, read};
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
    let secret = bulla_seal::unseal(&sealed, &ring, options, &*context.clock, &*context.random)
        .map_err(|error| error.to_string())?;
    for name in bulla_seal::collisions(&sealed) {
        ui.say(&format!(
            "warning: {name:?} stands in encryptedData and in template.data; the template is taken here, from release 0.37 on it is not"
        ));
    }
    sink.write(ui, &form.write(&secret.tree())?)
}

/// Reads private keys from files: PEM, or Secrets with `tls.key`, one by one
/// or as a List.
pub(super) fn keys(context: &Context, files: &[String]) -> Result<KeyRing, String> {
    let mut keys = Vec::new();
    for file in files {
        let text = read(context, file)?;
        match SealingKey::from_pem(&text) {
            Ok(key) => keys.push(key),
            Err(error @ KeyError::Refused) => return Err(format!("{file}: {error}")),
            Err(_) => keys.extend(from_secrets(&text)?),
        }
    }
    Ok(KeyRing::new(keys))
}

/// The keys of Secrets; what is nothing of the kind has none.
fn from_secrets(text: &[u8]) -> Result<Vec<SealingKey>, String> {
    let mut secrets = Vec::new();
    match list_items(text) {
        Ok(items) => {
            for item in items {
                secrets.extend(bulla_api::secrets(&item).map_err(|error| error.to_string())?);
            }
        }
        Err(_) => secrets = bulla_api::secrets(text).map_err(|error| error.to_string())?,
    }
    let mut keys = Vec::new();
    for secret in secrets {
        let pem = secret.data.get("tls.key").ok_or("secret must contain a 'tls.data' key")?;
        keys.push(SealingKey::from_pem(pem.expose()).map_err(|error| error.to_string())?);
    }
    Ok(keys)
}
