//! `--merge-into`: sealed items put into a file that exists
//! (`sealed-secrets.md` 4.8). The file keeps its layout.

use std::path::Path;

use bulla_api::SealedSecret;
use bulla_core::{Context, Limits};
use bulla_seal::{PublicKey, Scope, seal};

use super::manifest::{self, Change, Place};
use super::{Seal, secrets};
use crate::file::Target;
use crate::ui::Ui;

/// Seals the Secrets of `input` for the object in the file `path`, with its
/// name, namespace and scope, and puts the items and the template's labels
/// and annotations there. Either all of it happens or nothing.
pub fn merge(
    context: &Context,
    ui: &Ui,
    input: &[u8],
    path: &Path,
    key: &PublicKey,
    how: &Seal,
) -> Result<(), String> {
    let named = |error: crate::file::FileError| error.to_string();
    let mut target = Target::open_locked(path).map_err(named)?;
    let text = target.read(Limits::default().file_size).map_err(named)?.to_vec();
    let old = SealedSecret::from_text(&text).map_err(|error| error.to_string())?;
    let added = sealed(context, ui, input, &old, key, how)?;
    let new = merged(&old, &added);
    let text = std::str::from_utf8(&text).map_err(|_| "the file is not UTF-8".to_owned())?;
    let written = manifest::rewrite(text, &[Change { place: Place::first(), old, new }]);
    let written = written.map_err(|error| format!("{}: {error}", path.display()))?;
    target.replace(written.as_bytes(), &*context.random).map(drop).map_err(named)
}

fn sealed(
    context: &Context,
    ui: &Ui,
    input: &[u8],
    old: &SealedSecret,
    key: &PublicKey,
    how: &Seal,
) -> Result<Vec<SealedSecret>, String> {
    let scope = Scope::of(&old.metadata.annotations);
    if how.options.scope != Scope::Strict && how.options.scope != scope {
        return Err(format!(
            "the file's scope is {scope}: items of scope {} could not be unsealed from it",
            how.options.scope
        ));
    }
    let mut options = how.options.clone();
    options.scope = Scope::Strict;
    options.name.clone_from(&old.metadata.name);
    options.namespace.clone_from(&old.metadata.namespace);
    let mut all = Vec::new();
    for mut secret in secrets(ui, input)? {
        scope.annotate(&mut secret.metadata.annotations);
        all.push(seal(&secret, key, &options, &*context.random).map_err(|error| error.to_string())?);
    }
    Ok(all)
}

fn merged(old: &SealedSecret, added: &[SealedSecret]) -> SealedSecret {
    let mut new = old.clone();
    for object in added {
        let copy = |(name, text): (&String, &String)| (name.clone(), text.clone());
        new.encrypted_data.extend(object.encrypted_data.iter().map(copy));
        let metadata = &object.template.metadata;
        new.template.metadata.annotations.extend(metadata.annotations.iter().map(copy));
        new.template.metadata.labels.extend(metadata.labels.iter().map(copy));
    }
    new
}
