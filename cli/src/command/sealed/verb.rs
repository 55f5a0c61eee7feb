//! `seal`: Secrets of files, directories and options made into SealedSecrets,
//! without kubectl and without a cluster.

use std::path::{Path, PathBuf};

use bulla_api::{API_VERSION, KIND, SealedSecret, Secret, Tree, Wiped};
use bulla_core::Limits;
use bulla_seal::{PublicKey, SealOptions, seal};
use serde_json::Value;
use zeroize::Zeroizing;

use super::manifest::{Document, LISTS, objects};
use super::{Form, Seal as How, Sink, certificate, manifest, misread, seal_all, sources};
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
        allow_empty: request.allow_empty,
        ..SealOptions::default()
    }
}

/// Several Secrets of one name would replace one another.
fn one_name(options: &SealOptions, secrets: usize) -> Result<(), String> {
    if secrets > 1 && !options.name.is_empty() {
        return Err(format!("--name names one Secret, and there are {secrets}"));
    }
    Ok(())
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
    let secrets = if request.sources.is_empty() {
        let name = request.paths.first().cloned();
        if name.as_ref().is_some_and(|path| app.absolute(path).is_dir()) {
            return Err(format!("{} is a directory: add --in-place to seal its files", path(&name)));
        }
        let input = Zeroizing::new(super::read(app.context, &path(&name))?);
        secrets(std::str::from_utf8(&input).map_err(|_| NOT_UTF8)?)?
    } else {
        vec![sources::secret(app.context, &request.sources)?]
    };
    one_name(&how.options, secrets.len())?;
    seal_all(app.context, app.ui, &secrets, key, &how, &mut sink)?;
    sink.finish(app.context)
}

/// The Secrets of a text, those of lists as well; other objects are passed over.
fn secrets(text: &str) -> Result<Vec<Secret>, String> {
    let mut secrets = Vec::new();
    for document in manifest::documents(text)? {
        let (count, value) = checked(&document)?;
        let found = objects(value).into_iter().filter(|(_, object)| is_secret(object));
        let before = secrets.len();
        for (_, object) in found {
            secrets.push(secret(object)?);
        }
        if secrets.len() < before + count {
            return Err(NO_SECRET.to_owned());
        }
    }
    if secrets.is_empty() { Err(NONE.to_owned()) } else { Ok(secrets) }
}

/// How many Secrets a document holds, and what it says. Fails where one cannot
/// be read, or would lose the text that it shows.
fn checked<'d>(document: &'d Document<'_>) -> Result<(usize, &'d Value), String> {
    let count = count(document);
    if count > 0
        && let Some(misread) = misread(document.text.as_bytes()).next()
    {
        return Err(misread);
    }
    match &document.value {
        Ok(value) => Ok((count, value)),
        Err(error) if count > 0 => Err(error.to_string()),
        Err(_) => unreadable(document).map_or(Ok((0, &Value::Null)), Err),
    }
}

/// One file's failure does not stop the rest.
fn in_place(app: &App<'_>, request: &Seal, key: &PublicKey) -> Result<(), Failure> {
    let is_file = |path: &PathBuf| !app.absolute(path).is_dir();
    if !request.name.is_empty() && (request.paths.len() > 1 || !request.paths.iter().all(is_file)) {
        return Err(Failure::own(2, "--name names one Secret: with it, --in-place takes one file"));
    }
    let told = Told { verb: "seal", dry_run: request.dry_run, report: request.report };
    let options = options(request);
    let one = |path: &Path| match replace(app, path, key, &options, request.dry_run) {
        Ok(()) if request.dry_run => Outcome::Pending(None),
        Ok(()) => Outcome::Done(None),
        Err(message) => Outcome::Failed(message),
    };
    many::each(app, &request.paths, &|path| Ok(fits(app, path)), &told, &one)
}

/// Returns true for a manifest that holds a Secret. What cannot be read, and
/// what says that it is a Secret and is none, is meant, so that its failure is
/// reported: no plaintext stays unnoticed. What else speaks of Secrets and is
/// no manifest, such as a template of Helm, is passed over with a note.
fn fits(app: &App<'_>, path: &Path) -> bool {
    if !manifest::is_manifest(path) {
        return false;
    }
    let Ok(bytes) = file::read(path, Limits::default().file_size) else { return true };
    let bytes = Zeroizing::new(bytes);
    let documents =
        std::str::from_utf8(&bytes).map_err(|_| NOT_UTF8.to_owned()).and_then(manifest::documents);
    let (is_meant, reason) = match documents {
        Ok(documents) => {
            let reason = documents.iter().find_map(unreadable);
            (documents.iter().any(|document| count(document) > 0), reason)
        }
        Err(reason) => (says_secret(&bytes), speaks_of_secrets(&bytes).then_some(reason)),
    };
    if let Some(reason) = reason.filter(|_| !is_meant) {
        app.ui.say(&format!("{}: passed over, since it is no manifest: {reason}", path.display()));
    }
    is_meant
}

fn speaks_of_secrets(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"Secret").is_some()
}

/// Why a document that speaks of Secrets cannot be read.
fn unreadable(document: &Document<'_>) -> Option<String> {
    let error = document.value.as_ref().err()?;
    speaks_of_secrets(document.text.as_bytes()).then(|| error.to_string())
}

/// How many Secrets a document holds, or says that it holds.
fn count(document: &Document<'_>) -> usize {
    match &document.value {
        // Its items need not say what they are.
        Ok(value) if is_core(value, &["SecretList"]) => objects(value).len(),
        Ok(value) => objects(value).into_iter().filter(|(_, object)| is_secret(object)).count(),
        Err(_) => usize::from(says_secret(document.text.as_bytes())),
    }
}

/// Whether a text that cannot be read says that it is a Secret, in UTF-16 as
/// well. A template of a chart is no manifest yet.
fn says_secret(text: &[u8]) -> bool {
    if memchr::memmem::find(text, b"{{").is_some() {
        return false;
    }
    let letters = Zeroizing::new(text.iter().copied().filter(|byte| *byte != 0).collect::<Vec<u8>>());
    let mut words = letters.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut is_kind = false;
    words.any(|word| {
        let says = is_kind && matches!(word, b"Secret" | b"SecretList");
        is_kind = word == b"kind";
        says
    })
}

/// A text of an object; empty where there is none.
fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether it is one of the core kinds, with the version or, as kubeseal takes
/// it, without.
fn is_core(value: &Value, kinds: &[&str]) -> bool {
    matches!(word(value, "apiVersion"), "" | "v1") && kinds.contains(&word(value, "kind"))
}

fn is_secret(value: &Value) -> bool {
    is_core(value, &["Secret"])
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
    let old = Zeroizing::new(String::from_utf8(bytes.to_vec()).map_err(|_| NOT_UTF8)?);
    let seal =
        |secret: &Secret| seal(secret, key, options, &*app.context.random).map_err(|error| error.to_string());
    let (mut text, mut sealed) = (String::with_capacity(old.len() * 4), 0);
    for document in manifest::documents(&old)? {
        let (secrets, value) = checked(&document)?;
        if secrets == 0 {
            text.push_str(document.text);
            continue;
        }
        let tree = sealed_tree(value, &seal)?;
        if bulla_api::is_json(document.text.as_bytes()) {
            let blank = document.text.len() - document.text.trim_start().len();
            text.push_str(&document.text[..blank]);
            text.push_str(&bulla_api::json(&tree));
            text.push_str(&document.text[document.text.trim_end().len()..]);
        } else {
            text.push_str(if document.text.starts_with("---") { "---\n" } else { "" });
            text.push_str(&String::from_utf8_lossy(&bulla_api::yaml(&tree)));
        }
        sealed += secrets;
    }
    if sealed == 0 {
        return Err(NONE.to_owned());
    }
    one_name(options, sealed)?;
    check(&text, sealed)?;
    if !dry_run {
        target.replace(text.as_bytes(), &*app.context.random).map_err(named)?;
    }
    Ok(())
}

/// Seals one Secret.
type Sealer<'s> = dyn Fn(&Secret) -> Result<SealedSecret, String> + 's;

/// What is said of a text without a Secret.
const NONE: &str = "there is no Secret in it";

const NO_SECRET: &str = "a document says that it is a Secret and cannot be read as one";

const NOT_UTF8: &str = "it is not UTF-8";

/// Reads an object by the original's rules.
fn secret(object: &Value) -> Result<Secret, String> {
    let text = Zeroizing::new(object.to_string());
    let secrets = bulla_api::secrets(text.as_bytes()).map_err(|error| error.to_string())?;
    secrets.into_iter().next().ok_or_else(|| NO_SECRET.to_owned())
}

/// The document in which every Secret is sealed.
fn sealed_tree(value: &Value, seal: &Sealer<'_>) -> Result<Tree, String> {
    if is_secret(value) {
        return Ok(seal(&secret(value)?)?.tree());
    }
    let items = value.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|_| objects(value).into_iter().any(|(_, object)| is_secret(object)))
    else {
        return Ok(Tree::from(value));
    };
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
        if count(&document) > 0 {
            return Err(manifest::NOT_IN_PLACE.to_owned());
        }
        let is_sealed =
            |value: &Value| word(value, "apiVersion") == API_VERSION && word(value, "kind") == KIND;
        let count =
            |value: &Wiped| objects(value).into_iter().filter(|(_, object)| is_sealed(object)).count();
        found += document.value.as_ref().map_or(0, count);
    }
    if found < sealed { Err(manifest::NOT_IN_PLACE.to_owned()) } else { Ok(()) }
}
