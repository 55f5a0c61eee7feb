//! What the cluster's controller does with SealedSecrets: say whether it can
//! unseal them, and seal them again (`sealed-secrets.md` 4.9, 4.10).

use bulla_api::{SealedSecret, json_line, sealed_secrets};

use super::manifest::{self, Change};
use super::{Form, Sink};
use crate::cluster::{ApiError, Controller};
use crate::ui::Ui;

/// HTTP's Conflict: the controller's word for what it cannot unseal.
const CONFLICT: u16 = 409;

/// Fails at the first SealedSecret of `input` that the cluster cannot unseal.
pub fn validate(controller: &Controller<'_>, input: &[u8]) -> Result<(), String> {
    let objects = sealed_secrets(input).map_err(|_| "unable to decrypt sealed secret".to_owned())?;
    for sealed in objects {
        controller.verify(json_line(&sealed.as_read()).as_bytes()).map_err(|error| match error {
            ApiError::Refused { code: CONFLICT, .. } => {
                format!("unable to decrypt sealed secret: {}", sealed.metadata.name)
            }
            error => format!("cannot validate sealed secret: {error}"),
        })?;
    }
    Ok(())
}

/// Has all SealedSecrets of `input` sealed with the newest key, and writes what
/// the cluster answers.
pub fn re_encrypt(
    controller: &Controller<'_>,
    ui: &Ui,
    input: &[u8],
    form: &Form,
    sink: &mut Sink,
) -> Result<(), String> {
    for sealed in sealed_secrets(input).map_err(|error| error.to_string())? {
        sink.write(ui, &form.write(&rotated(controller, &sealed)?.tree())?)?;
    }
    Ok(())
}

/// As [`re_encrypt`], for a file that is replaced: only sealed values change,
/// everything else stays where it is. Where that cannot be, the file becomes
/// what the cluster answers.
pub fn re_encrypt_in_place(
    controller: &Controller<'_>,
    ui: &Ui,
    input: &[u8],
    form: &Form,
    sink: &mut Sink,
) -> Result<(), String> {
    let objects = sealed_secrets(input).map_err(|error| error.to_string())?;
    if objects.is_empty() {
        return Err("no sealed secrets found. Ensure the input is valid and UTF-8 encoded".to_owned());
    }
    let mut answers = Vec::new();
    for sealed in &objects {
        answers.push(rotated(controller, sealed)?);
    }
    if let Some(text) = spliced(input, &objects, &answers) {
        return sink.write(ui, text.as_bytes());
    }
    answers.iter().try_for_each(|answer| sink.write(ui, &form.write(&answer.tree())?))
}

/// What the controller made of an object.
fn rotated(controller: &Controller<'_>, sealed: &SealedSecret) -> Result<SealedSecret, String> {
    let answer = controller.rotate(json_line(&sealed.as_read()).as_bytes()).map_err(|error| match error {
        ApiError::Refused { code: CONFLICT, .. } => "unable to rotate secret".to_owned(),
        error => format!("cannot re-encrypt secret: {error}"),
    })?;
    let mut sealed = SealedSecret::from_text(&answer).map_err(|error| error.to_string())?;
    let server = &mut sealed.metadata.server;
    (server.creation_timestamp, server.deletion_timestamp, server.generation) = (None, None, 0);
    Ok(sealed)
}

/// The text with the new values in it, where each of them has its place.
fn spliced(input: &[u8], objects: &[SealedSecret], answers: &[SealedSecret]) -> Option<String> {
    let text = str::from_utf8(input).ok()?;
    let found = manifest::sealed_secrets(text).ok()?;
    if !found.iter().map(|(_, sealed)| sealed).eq(objects) {
        return None;
    }
    let mut changes = Vec::new();
    for ((place, old), answer) in found.into_iter().zip(answers) {
        // A template that was rendered and sealed would be applied twice.
        if old.data.is_some() || old.encrypted_data.keys().any(|name| old.template.data.contains_key(name)) {
            return None;
        }
        let mut new = old.clone();
        for (name, value) in &mut new.encrypted_data {
            value.clone_from(answer.encrypted_data.get(name)?);
        }
        changes.push(Change { place, old, new });
    }
    manifest::rewrite(text, &changes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(text: &str, change: impl Fn(&mut SealedSecret)) -> Option<String> {
        let objects = sealed_secrets(text.as_bytes()).unwrap();
        let mut answers = objects.clone();
        for answer in &mut answers {
            answer.encrypted_data.values_mut().for_each(|value| "BBBB".clone_into(value));
            change(answer);
        }
        spliced(text.as_bytes(), &objects, &answers)
    }

    const FILE: &str = "\
# mine
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, labels: {x: z}} # kept
spec:
  encryptedData:
    one: AAAA # why
    two: AAAA
  template:
    data: {three: '{{ .one }}'}
";

    #[test]
    fn only_values_change_where_they_stand() {
        let expected = FILE.replace("AAAA", "BBBB");
        let more = |sealed: &mut SealedSecret| {
            sealed.metadata.labels.clear();
            sealed.encrypted_data.insert("three".to_owned(), "BBBB".to_owned());
        };
        assert_eq!(splice(FILE, more).as_deref(), Some(expected.as_str()));
        let twice = format!("{FILE}---\n{}", FILE.replace("name: a", "name: b"));
        assert_eq!(splice(&twice, |_| {}), Some(twice.replace("AAAA", "BBBB")));
    }

    #[test]
    fn what_does_not_fit_is_not_forced() {
        let without = |sealed: &mut SealedSecret| drop(sealed.encrypted_data.remove("one"));
        assert_eq!(splice(FILE, without), None);
        assert_eq!(splice(&FILE.replace("three:", "one:"), |_| {}), None, "a template of the same name");
        assert_eq!(splice(&format!("{FILE}---\nkind: Other\n"), |_| {}), None);
    }
}
