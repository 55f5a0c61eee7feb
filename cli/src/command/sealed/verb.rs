//! `seal`: Secrets of files, directories and options made into SealedSecrets,
//! without kubectl and without a cluster.

use std::path::{Path, PathBuf};

use bulla_api::Secret;
use bulla_core::Limits;
use bulla_seal::{PublicKey, SealOptions, seal};
use zeroize::Zeroizing;

use super::{Form, Seal as How, Sink, certificate, manifest, seal_all, sources};
use crate::app::App;
use crate::command::many::{self, Outcome, Told};
use crate::error::{Exit, Failure};
use crate::file::{self, FileError, Target};
use crate::request::Seal;

/// Runs the command.
pub fn run(app: &App<'_>, request: &Seal) -> Result<(), Failure> {
    let could_not_start = |message: String| Failure::own(2, message);
    let text = certificate::open(app.context, app.ui, &request.certificate).map_err(could_not_start)?;
    let key = certificate::key(&text, app.context.clock.now()).map_err(could_not_start)?;
    if request.in_place {
        return in_place(app, request, &key);
    }
    print(app, request, &key).map_err(|message| Failure::new(Exit::Generic, message))
}

fn options(request: &Seal) -> SealOptions {
    SealOptions {
        name: request.name.clone(),
        demanded_namespace: request.namespace.clone(),
        scope: request.scope,
        ..SealOptions::default()
    }
}

/// Seals one input, or what the options say, to standard output or a file.
fn print(app: &App<'_>, request: &Seal, key: &PublicKey) -> Result<(), String> {
    let is_json = request.to.as_ref().and_then(|to| to.extension()).is_some_and(|kind| kind == "json");
    let form = if is_json { Form::Json } else { Form::Yaml };
    let path = |path: &Option<PathBuf>| {
        path.as_ref().map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    };
    let mut sink = Sink::open(app.context, &path(&request.to))?;
    let how = How { options: options(request), form };
    if request.sources.is_empty() {
        let input = super::read(app.context, &path(&request.paths.first().cloned()))?;
        seal_all(app.context, app.ui, &Zeroizing::new(input), key, &how, &mut sink)?;
    } else {
        let secret = sources::secret(app.context, &request.sources)?;
        let sealed =
            seal(&secret, key, &how.options, &*app.context.random).map_err(|error| error.to_string())?;
        sink.write(app.ui, &how.form.write(&sealed.tree())?)?;
    }
    sink.finish(app.context)
}

/// One file's failure does not stop the rest.
fn in_place(app: &App<'_>, request: &Seal, key: &PublicKey) -> Result<(), Failure> {
    let told = Told { verb: "seal", dry_run: request.dry_run, report: request.report };
    let options = options(request);
    let one = |path: &Path| match replace(app, path, key, &options, request.dry_run) {
        Ok(()) if request.dry_run => Outcome::Pending(None),
        Ok(()) => Outcome::Done(None),
        Err(message) => Outcome::Failed(message),
    };
    many::each(app, &request.paths, &|path| Ok(fits(path)), &told, &one)
}

/// Returns true for a manifest that holds a Secret. What cannot be read, and
/// what says that it is a Secret and is none, is meant, so that its failure is
/// reported.
fn fits(path: &Path) -> bool {
    if !manifest::is_manifest(path) {
        return false;
    }
    let Ok(bytes) = file::read(path, Limits::default().file_size) else { return true };
    let text = Zeroizing::new(bytes);
    let Ok(text) = std::str::from_utf8(&text) else { return false };
    let is_meant = |document: &&str| !matches!(secret_of(document), Ok(None));
    text.contains("Secret") && manifest::documents(text).is_ok_and(|documents| documents.iter().any(is_meant))
}

/// The Secret that a document holds; an error where it says that it is one and
/// cannot be read as one.
fn secret_of(document: &str) -> Result<Option<Secret>, String> {
    let Ok(value) = bulla_api::parse(document.as_bytes()) else { return Ok(None) };
    let is = |field: &str, text: &str| value.get(field).and_then(|value| value.as_str()) == Some(text);
    if !is("kind", "Secret") || !is("apiVersion", "v1") {
        return Ok(None);
    }
    let secrets = bulla_api::secrets(document.as_bytes()).map_err(|error| error.to_string())?;
    Ok(secrets.into_iter().next())
}

/// Puts SealedSecrets in the place of the Secrets of a file; other documents
/// stay as they are. A document's comments go with it: they may tell what the
/// values are.
fn replace(
    app: &App<'_>,
    path: &Path,
    key: &PublicKey,
    options: &SealOptions,
    dry_run: bool,
) -> Result<(), String> {
    let named = |error: FileError| error.to_string();
    let mut target = Target::open_locked(path).map_err(named)?;
    let bytes = target.read(app.limits.file_size).map_err(named)?;
    let old = Zeroizing::new(String::from_utf8(bytes.to_vec()).map_err(|_| "it is not UTF-8".to_owned())?);
    let is_json = bulla_api::is_json(old.as_bytes());
    let (mut text, mut sealed) = (String::with_capacity(old.len() * 4), 0);
    for document in manifest::documents(&old)? {
        let Some(secret) = secret_of(document)? else {
            text.push_str(document);
            continue;
        };
        let object = seal(&secret, key, options, &*app.context.random).map_err(|error| error.to_string())?;
        if is_json {
            text.push_str(&bulla_api::json(&object.tree()));
            text.push('\n');
        } else {
            text.push_str(if document.starts_with("---") { "---\n" } else { "" });
            text.push_str(&String::from_utf8_lossy(&bulla_api::yaml(&object.tree())));
        }
        sealed += 1;
    }
    if sealed == 0 {
        return Err("there is no Secret in it".to_owned());
    }
    if manifest::sealed_secrets(&text)?.len() < sealed {
        return Err("its layout cannot be edited in place".to_owned());
    }
    if !dry_run {
        target.replace(text.as_bytes(), &*app.context.random).map_err(named)?;
    }
    Ok(())
}
