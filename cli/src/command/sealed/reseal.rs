//! `reseal`: SealedSecrets of a repository moved to a new key.

use std::path::Path;

use bulla_core::Limits;
use bulla_seal::{KeyRing, PublicKey};

use super::manifest::Change;
use super::{certificate, manifest, unseal};
use crate::app::App;
use crate::command::many::{self, Outcome, Told};
use crate::error::Failure;
use crate::file::{self, FileError, Target};
use crate::request::Reseal;

/// Runs the command: one file's failure does not stop the rest.
pub fn run(app: &App<'_>, request: &Reseal) -> Result<(), Failure> {
    let key = certificate::sealing_key(app, &request.certificate)?;
    let ring = unseal::ring(app, &request.recovery_keys)?;
    let told = Told { verb: "reseal", dry_run: request.dry_run, report: request.report };
    many::each(app, &request.paths, &|path| Ok(fits(path)), &told, &|path| {
        one(app, path, &ring, &key, request.dry_run)
    })
}

/// What cannot be looked into is meant, so that its failure is reported.
fn fits(path: &Path) -> bool {
    let limit = Limits::default().file_size;
    manifest::is_manifest(path)
        && file::read(path, limit).map_or(true, |text| manifest::speaks_of_sealed(&text))
}

fn one(app: &App<'_>, path: &Path, ring: &KeyRing, key: &PublicKey, dry_run: bool) -> Outcome {
    match reseal(app, path, ring, key, dry_run) {
        Ok(false) => Outcome::UpToDate,
        Ok(true) if dry_run => Outcome::Pending(None),
        Ok(true) => Outcome::Done(None),
        Err(message) => Outcome::Failed(message),
    }
}

/// Returns whether something changes.
fn reseal(
    app: &App<'_>,
    path: &Path,
    ring: &KeyRing,
    key: &PublicKey,
    dry_run: bool,
) -> Result<bool, String> {
    let named = |error: FileError| error.to_string();
    let mut target = Target::open_locked(path).map_err(named)?;
    let bytes = target.read(app.limits.file_size).map_err(named)?;
    let old = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let objects = manifest::sealed_secrets(old)?;
    if objects.is_empty() {
        return Err(manifest::NONE.to_owned());
    }
    let mut changes = Vec::new();
    for (place, old) in objects {
        let changed = bulla_seal::reseal(&old, ring, key, &*app.context.random)
            .map_err(|error| format!("{}: {error}", old.metadata.name.escape_debug()))?;
        let mut new = old.clone();
        new.encrypted_data.extend(changed);
        changes.push(Change { place, old, new });
    }
    let text = manifest::rewrite(old, &changes)?;
    if text == old {
        return Ok(false);
    }
    if !dry_run {
        target.replace(text.as_bytes(), &*app.context.random).map_err(named)?;
    }
    Ok(true)
}
