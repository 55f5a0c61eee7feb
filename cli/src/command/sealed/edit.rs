//! `edit` on a file of SealedSecrets: each is edited as the Secret that it
//! becomes, and only what changed is sealed anew.

use std::path::Path;

use bulla_api::{SealedSecret, Secret};
use bulla_core::{SecretBytes, SecretText};
use bulla_seal::{EditError, KeyRing, PublicKey};
use serde_json::Value;
use zeroize::Zeroizing;

use super::manifest::{self, Change, Place};
use super::{Form, certificate, misread, unseal};
use crate::app::App;
use crate::command::editing::{Editing, Retry, not_modified};
use crate::error::{Exit, Failure};
use crate::file::Target;
use crate::request::SealedEdit;

/// Runs the command on the file of `target`, which was read.
pub(in crate::command) fn run(
    app: &App<'_>,
    request: &SealedEdit,
    path: &Path,
    target: Target,
) -> Result<(), Failure> {
    if request.recovery_keys.is_empty() {
        let text = "it is a SealedSecret, which private keys open: name their files with --recovery-keys";
        return Err(Failure::own(2, format!("{}: {text}", path.display())));
    }
    let ring = unseal::ring(app, &request.recovery_keys)?;
    let key = certificate::sealing_key(app, &request.certificate)?;
    let failed = |message: String| Failure::new(Exit::Generic, format!("{}: {message}", path.display()));
    let old = std::str::from_utf8(target.content()).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    let old = old.to_owned();
    let objects = objects(app, &old, &ring).map_err(failed)?;
    let form = if bulla_api::is_json(old.as_bytes()) { Form::Json } else { Form::Yaml };
    let draft = draft(&objects, &form).map_err(failed)?;
    let editing = Editing::start(app, path, &draft)?;
    let (editing, _, changes) =
        editing.until_good(&draft, &mut |edited| changes(app, &objects, edited, &key))?;
    let text = manifest::rewrite(&old, &changes);
    if text.as_ref() == Ok(&old) {
        return Err(not_modified());
    }
    editing.finish(text.map(String::into_bytes).map_err(failed), target)
}

/// An object of the file, and the Secret that it is edited as.
struct Object {
    place: Place,
    sealed: SealedSecret,
    secret: Secret,
}

fn objects(app: &App<'_>, text: &str, ring: &KeyRing) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for (place, sealed) in manifest::sealed_secrets(text)? {
        let name = sealed.metadata.name.escape_debug().to_string();
        let secret = bulla_seal::editable(&sealed, ring).map_err(|error| format!("{name}: {error}"))?;
        if !sealed.template.data.is_empty() {
            app.ui.say(&format!("{name}: spec.template.data is no part of the text: edit it in the file"));
        }
        objects.push(Object { place, sealed, secret });
    }
    if objects.is_empty() { Err(manifest::NONE.to_owned()) } else { Ok(objects) }
}

/// The text for the editor. It reads as the Secrets that it was made from.
fn draft(objects: &[Object], form: &Form) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut draft = Zeroizing::new(Vec::new());
    for object in objects {
        draft.extend_from_slice(&form.write(&legible(&object.secret).tree())?);
    }
    let read = bulla_api::secrets(&draft).map_err(|error| error.to_string())?;
    let is_same = |(object, read): (&Object, &Secret)| {
        bulla_seal::values(read) == bulla_seal::values(&object.secret)
            && read.metadata == object.secret.metadata
    };
    if read.len() == objects.len() && objects.iter().zip(&read).all(is_same) {
        Ok(draft)
    } else {
        Err("its values cannot be shown as text".to_owned())
    }
}

/// The same Secret with values that are text as such.
fn legible(secret: &Secret) -> Secret {
    let mut legible = secret.clone();
    for (name, value) in &secret.data {
        if let Some(text) = text_of(value) {
            legible.data.remove(name);
            legible.string_data.insert(name.clone(), text);
        }
    }
    legible
}

fn text_of(value: &SecretBytes) -> Option<SecretText> {
    let text = std::str::from_utf8(value.expose()).ok()?;
    let is_legible = text.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'));
    is_legible.then(|| SecretText::new(text.to_owned()))
}

/// What the user's text makes of the objects.
fn changes(app: &App<'_>, objects: &[Object], edited: &[u8], key: &PublicKey) -> Result<Vec<Change>, Retry> {
    let retry = |reason: String| Retry { message: "The text cannot be sealed. ", reason };
    let secrets = bulla_api::all_secrets(edited).map_err(|error| retry(error.to_string()))?;
    let lost = misread(edited).next().or_else(|| unknown_field(edited));
    lost.map_or(Ok(()), |reason| Err(retry(reason)))?;
    if secrets.len() != objects.len() {
        let (were, are) = (objects.len(), secrets.len());
        return Err(retry(format!(
            "of {were} Secrets, {are} can be read; none may be added or removed here"
        )));
    }
    let change = |(object, after): (&Object, Secret)| {
        let new = bulla_seal::edit(&object.sealed, &object.secret, &after, key, &*app.context.random);
        new.map(|new| Change { place: object.place.clone(), old: object.sealed.clone(), new })
            .map_err(|error| retry(error.to_string()))
    };
    objects.iter().zip(secrets).map(change).collect()
}

/// A field that would get lost. Their names count as they are written.
fn unknown_field(edited: &[u8]) -> Option<String> {
    const SECRET: [&str; 7] = ["apiVersion", "kind", "metadata", "immutable", "data", "stringData", "type"];
    const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];
    let documents = manifest::documents(std::str::from_utf8(edited).ok()?).ok()?;
    documents.iter().filter_map(|document| document.value.as_ref().ok()).find_map(|value| {
        let unknown = |value: &Value, known: &[&str]| {
            value.as_object()?.keys().find(|name| !known.contains(&name.as_str())).cloned()
        };
        let name = unknown(value, &SECRET).or_else(|| unknown(value.get("metadata")?, &METADATA))?;
        Some(format!("{name:?} would get lost: {}", EditError::Fields))
    })
}
