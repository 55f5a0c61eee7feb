//! `seal`: Secrets of files, directories and options made into SealedSecrets,
//! without kubectl and without a cluster.

use std::path::{Path, PathBuf};

use bulla_api::{API_VERSION, KIND, SealedSecret, Secret, Tree};
use bulla_core::Limits;
use bulla_seal::{PublicKey, SealOptions, seal};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Form, Seal as How, Sink, certificate, manifest, seal_all, sources};
use crate::app::App;
use crate::command::many::{self, Outcome, Told};
use crate::error::{Exit, Failure};
use crate::file::{self, FileError, Target};
use crate::request::Seal;

/// Runs the command.
pub fn run(app: &App<'_>, request: &Seal) -> Result<(), Failure> {
    let key = certificate::sealing_key(app, &request.certificate)?;
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
    many::each(app, &request.paths, &|path| Ok(fits(app, path)), &told, &one)
}

/// Returns true for a manifest that holds a Secret. What cannot be read is
/// meant, so that its failure is reported; what speaks of Secrets and is no
/// manifest, such as a template of Helm, is passed over with a note.
fn fits(app: &App<'_>, path: &Path) -> bool {
    if !manifest::is_manifest(path) {
        return false;
    }
    let Ok(bytes) = file::read(path, Limits::default().file_size) else { return true };
    let bytes = Zeroizing::new(bytes);
    if memchr::memmem::find(&bytes, b"Secret").is_none() {
        return false;
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned());
    let documents: Vec<Result<Value, String>> = match text.and_then(manifest::documents) {
        Ok(documents) => documents.into_iter().map(parsed).collect(),
        Err(reason) => vec![Err(reason)],
    };
    if documents.iter().flatten().any(|value| objects(value).any(is_secret)) {
        return true;
    }
    if let Some(reason) = documents.iter().find_map(|document| document.as_ref().err()) {
        app.ui.say(&format!("{}: passed over, since it is no manifest: {reason}", path.display()));
    }
    false
}

fn parsed(document: &str) -> Result<Value, String> {
    bulla_api::parse(document.as_bytes()).map_err(|error| error.to_string())
}

/// The kinds of `v1` that hold objects; `kubectl get --output=yaml` prints the first.
const LISTS: [&str; 2] = ["List", "SecretList"];

fn is(value: &Value, version: &str, kind: &str) -> bool {
    let says = |field: &str, text: &str| value.get(field).and_then(Value::as_str) == Some(text);
    says("apiVersion", version) && says("kind", kind)
}

fn is_secret(value: &Value) -> bool {
    is(value, "v1", "Secret")
}

/// The object of a document, or those of its list, of lists in it too; depth
/// is that of the text.
fn objects(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    if LISTS.iter().any(|kind| is(value, "v1", kind)) {
        let items = value.get("items").and_then(Value::as_array);
        return Box::new(items.into_iter().flatten().flat_map(objects));
    }
    Box::new(std::iter::once(value))
}

/// Puts SealedSecrets in the place of the Secrets of a file, those in lists
/// too; other documents stay as they are. A document's comments go with it:
/// they may tell what the values are.
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
    let seal =
        |secret: &Secret| seal(secret, key, options, &*app.context.random).map_err(|error| error.to_string());
    let (mut text, mut sealed) = (String::with_capacity(old.len() * 4), 0);
    for document in manifest::documents(&old)? {
        let value = parsed(document)?;
        let secrets = objects(&value).filter(|value| is_secret(value)).count();
        if secrets == 0 {
            text.push_str(document);
            continue;
        }
        let tree = sealed_tree(&value, &seal)?;
        if is_json {
            text.push_str(&bulla_api::json(&tree));
            text.push('\n');
        } else {
            text.push_str(if document.starts_with("---") { "---\n" } else { "" });
            text.push_str(&String::from_utf8_lossy(&bulla_api::yaml(&tree)));
        }
        sealed += secrets;
    }
    if sealed == 0 {
        return Err("there is no Secret in it".to_owned());
    }
    check(&text, sealed)?;
    if !dry_run {
        target.replace(text.as_bytes(), &*app.context.random).map_err(named)?;
    }
    Ok(())
}

/// The document in which every Secret is sealed.
fn sealed_tree(
    value: &Value,
    seal: &dyn Fn(&Secret) -> Result<SealedSecret, String>,
) -> Result<Tree, String> {
    if is_secret(value) {
        // As text, since that is what the decoder with the original's rules reads.
        let text = Zeroizing::new(value.to_string());
        let secrets = bulla_api::secrets(text.as_bytes()).map_err(|error| error.to_string())?;
        let secret = secrets.first().ok_or("there is no Secret in it")?;
        return Ok(seal(secret)?.tree());
    }
    let items = value.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|_| objects(value).any(is_secret)) else { return Ok(Tree::from(value)) };
    let items = items.iter().map(|item| sealed_tree(item, seal)).collect::<Result<_, _>>()?;
    // A list of Secrets alone cannot hold anything else.
    let fields =
        [("apiVersion", Tree::text("v1")), ("kind", Tree::text(LISTS[0])), ("items", Tree::List(items))];
    Ok(Tree::Map(fields.map(|(name, tree)| (name.to_owned(), tree)).into()))
}

/// What was written holds as many SealedSecrets more, and no Secret.
fn check(text: &str, sealed: usize) -> Result<(), String> {
    let mut found = 0;
    for document in manifest::documents(text)? {
        let value = parsed(document)?;
        if objects(&value).any(is_secret) {
            return Err(manifest::NOT_IN_PLACE.to_owned());
        }
        found += objects(&value).filter(|value| is(value, API_VERSION, KIND)).count();
    }
    if found < sealed { Err(manifest::NOT_IN_PLACE.to_owned()) } else { Ok(()) }
}
