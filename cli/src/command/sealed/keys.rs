//! `keys`: the sealing keys of a cluster listed, taken out, put back and
//! renewed (`security.md` Q-06).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bulla_api::Secret;
use bulla_core::SecretBytes;
use bulla_core::civil::rfc3339;
use bulla_seal::reconcile::{ACTIVE, KEY_LABEL};
use bulla_seal::{KEY_VALIDITY, KeyEntry, KeySecret, NewKey, Restore, key_entries};
use serde_json::{Value, json};

use super::unseal;
use crate::app::{App, writing};
use crate::cluster::{ApiError, Client, KeyStore, Options};
use crate::error::{Exit, Failure, cause};
use crate::request::{Cluster, Keys, KeysAction, Report};

/// Runs the command.
pub fn run(app: &App<'_>, request: &Keys) -> Result<(), Failure> {
    match &request.action {
        KeysAction::Backup { recipients, to } => backup(app, request, recipients, to.as_deref()),
        KeysAction::List { files, report } => list(app, request, files, *report),
        KeysAction::Renew { bits, is_first } => renew(app, request, *bits, *is_first),
        KeysAction::Restore { file, dry_run } => restore(app, request, file, *dry_run),
    }
}

/// A client of the cluster that was named.
pub(super) fn connect(app: &App<'_>, cluster: &Cluster) -> Result<Client, Failure> {
    let options = Options {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        ..Options::default()
    };
    Client::connect(app.context, &options).map_err(|message| Failure::own(2, message))
}

fn store<'c>(client: &'c Client, cluster: &Cluster) -> Result<KeyStore<'c>, Failure> {
    KeyStore::new(client, &cluster.controller_namespace).map_err(|error| Failure::own(2, error.to_string()))
}

fn failed(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Generic, message)
}

fn refused(error: ApiError) -> Failure {
    failed(error.to_string())
}

fn print(app: &App<'_>, text: &str) -> Result<(), Failure> {
    app.ui.data(text.as_bytes()).map_err(|error| failed(cause(&error)))
}

fn list(app: &App<'_>, keys: &Keys, files: &[String], report: Report) -> Result<(), Failure> {
    let cluster = &keys.cluster;
    let secrets = if files.is_empty() {
        store(&connect(app, cluster)?, cluster)?.keys(&keys.prefix).map_err(refused)?
    } else {
        files.iter().map(|file| of_file(app, file)).collect::<Result<Vec<_>, _>>()?.concat()
    };
    let entries = key_entries(secrets, &keys.prefix, app.context.clock.now());
    if report == Report::Json {
        let entries: Vec<Value> = entries.iter().map(as_json).collect();
        return print(app, &format!("{:#}\n", json!(entries)));
    }
    if entries.is_empty() {
        app.ui.say(&no_key_text(cluster));
    }
    print(app, &entries.iter().map(as_text).collect::<String>())
}

/// The key Secrets of a file.
fn of_file(app: &App<'_>, file: &str) -> Result<Vec<Secret>, Failure> {
    let text = unseal::private(app, file).map_err(|message| Failure::own(2, message))?;
    let secrets = unseal::secrets(file, text.expose())?;
    if secrets.is_empty() {
        return Err(Failure::own(2, format!("{file}: there is no Secret with a sealing key in it")));
    }
    Ok(secrets)
}

fn as_text(entry: &KeyEntry) -> String {
    let state = match entry.state() {
        "" if entry.is_sealing_key => "not labeled".to_owned(),
        "" => "no sealing key by label or name".to_owned(),
        state => state.escape_debug().to_string(),
    };
    let newest = if entry.is_newest { ", the newest: it is sealed with" } else { "" };
    let mut text = format!("{}\n  state        {state}{newest}\n", entry.secret.metadata.name.escape_debug());
    // Writing to a string cannot fail.
    let _ = match &entry.key {
        Ok(KeySecret { key, certificate, .. }) => writeln!(
            text,
            "  fingerprint  {} ({} bits)\n  certificate  {} to {}",
            key.public().fingerprint(),
            key.public().bits(),
            rfc3339(certificate.not_before()),
            rfc3339(certificate.not_after()),
        ),
        Err(error) => writeln!(text, "  unusable     {error}"),
    };
    text
}

fn as_json(entry: &KeyEntry) -> Value {
    let metadata = &entry.secret.metadata;
    let key = entry.key.as_ref().ok();
    json!({
        "name": metadata.name,
        "namespace": metadata.namespace,
        "state": entry.state(),
        "newest": entry.is_newest,
        "fingerprint": key.map(|key| key.key.public().fingerprint()),
        "bits": key.map(|key| key.key.public().bits()),
        "not_before": key.map(|key| rfc3339(key.certificate.not_before())),
        "not_after": key.map(|key| rfc3339(key.certificate.not_after())),
        "error": entry.key.as_ref().err().map(ToString::to_string),
    })
}

/// Writes all keys, those too that are no longer used: somebody may need to
/// open what was sealed with them.
fn backup(app: &App<'_>, keys: &Keys, recipients: &[String], to: Option<&Path>) -> Result<(), Failure> {
    let cluster = &keys.cluster;
    // Of a cluster that was made anew a backup would hold the new keys only:
    // it never takes the place of an older one.
    let target = to.map(|path| app.new_file(path)).transpose()?;
    let secrets = store(&connect(app, cluster)?, cluster)?.keys(&keys.prefix).map_err(refused)?;
    if secrets.is_empty() {
        return Err(no_key(cluster));
    }
    // As JSON, since YAML is put together from copies that are not wiped.
    let text = SecretBytes::new(bulla_api::json(&bulla_seal::key_list(&secrets)).into_bytes());
    let file = bulla_providers::encrypt_with_age(app.context, &app.dialog(), recipients, text.expose());
    let file = file.map_err(failed)?;
    match target {
        None => print(app, &file)?,
        Some(target) => {
            target.replace(file.as_bytes(), &*app.context.random).map_err(|error| writing(&error))?;
        }
    }
    let (count, readers) = (count(secrets.len()), recipients.join(", "));
    app.ui.say(&format!("{count} in the backup for {readers}; make another one after each renewal"));
    Ok(())
}

fn no_key_text(cluster: &Cluster) -> String {
    format!("there is no sealing key in namespace {}", cluster.controller_namespace)
}

fn no_key(cluster: &Cluster) -> Failure {
    failed(no_key_text(cluster)).hint("--controller-namespace names the namespace of the controller")
}

fn count(keys: usize) -> String {
    if keys == 1 { "1 key is".to_owned() } else { format!("{keys} keys are") }
}

/// All of the keys or none: a name that something else has is found before
/// anything is made. What is no usable sealing key is passed over, so that it
/// holds back no other, and is a failure in the end. Of a key that stands twice
/// in the file the last one counts, since what is not labeled `active` comes
/// last: a key that is marked as compromised anywhere in it stays so.
fn restore(app: &App<'_>, keys: &Keys, file: &str, dry_run: bool) -> Result<(), Failure> {
    let entries = key_entries(of_file(app, file)?, &keys.prefix, app.context.clock.now());
    let client = connect(app, &keys.cluster)?;
    let store = store(&client, &keys.cluster)?;
    let mut there = store.keys(&keys.prefix).map_err(refused)?;
    let mut usable = Vec::new();
    for entry in &entries {
        match misfit(entry) {
            Some(reason) => {
                app.ui.say(&format!("{}: passed over: {reason}", entry.secret.metadata.name.escape_debug()));
            }
            None => usable.push(entry),
        }
    }
    let (mut missing, mut taken) = (Vec::new(), Vec::new());
    for (at, entry) in usable.iter().enumerate() {
        let name = &entry.secret.metadata.name;
        let shown = name.escape_debug();
        if let Some(twin) = usable[at + 1..].iter().rfind(|other| other.is_key_of(entry)) {
            let (name, label) = (twin.secret.metadata.name.escape_debug(), labeled(&twin.secret));
            app.ui.say(&format!(
                "{shown}: the file holds this key once more, as {name}, {label}: that one counts"
            ));
            continue;
        }
        if !there.iter().any(|secret| secret.metadata.name == *name) {
            there.extend(store.secret(name).map_err(refused)?);
        }
        let namespace = &keys.cluster.controller_namespace;
        let new = match bulla_seal::restore(&entry.secret, &there, &keys.prefix, namespace) {
            Restore::Create(new) | Restore::Rename(new) => new,
            Restore::Other => {
                taken.push(shown.to_string());
                continue;
            }
            Restore::Same(same) => {
                app.ui.say(&format!("{shown}: it is there already{}", difference(entry, same)));
                continue;
            }
        };
        // A file may hold two keys of one name.
        there.push(entry.secret.clone());
        missing.push((shown.to_string(), new));
    }
    if !taken.is_empty() {
        let taken = taken.join(", ");
        return Err(failed(format!("nothing was restored: these names are taken by other Secrets: {taken}")));
    }
    for (name, secret) in missing {
        let told = make(&store, &name, &secret, dry_run)?;
        print(app, &format!("{told}\n"))?;
    }
    match entries.len() - usable.len() {
        0 => Ok(()),
        passed => Err(failed(format!("{file}: not all of it was restored: {passed} passed over"))),
    }
}

/// Why an entry of a backup is not restored.
fn misfit(entry: &KeyEntry) -> Option<String> {
    match &entry.key {
        Err(error) => Some(error.to_string()),
        Ok(_) if !entry.is_sealing_key => Some("by label and name it is no sealing key".to_owned()),
        Ok(_) if entry.secret.metadata.name.is_empty() => Some("it has no name".to_owned()),
        Ok(_) => None,
    }
}

/// How the Secret that has a key of a backup differs from the one there. Its
/// label is left alone: what was marked as compromised stays so.
fn difference<'s>(entry: &'s KeyEntry, same: &'s Secret) -> String {
    let name = &same.metadata.name;
    let is_named_alike = *name == entry.secret.metadata.name;
    let alias = if is_named_alike { String::new() } else { format!(", as {}", name.escape_debug()) };
    let label = |secret: &'s Secret| secret.metadata.labels.get(KEY_LABEL).map(String::as_str);
    let [backup, there] = [&entry.secret, same].map(label);
    // What has no label in the backup would get this one.
    if there == backup || there == backup.or(Some(ACTIVE)) {
        return alias;
    }
    format!("{alias}, {}, and stays so; in the backup it is {}", labeled(same), labeled(&entry.secret))
}

fn labeled(secret: &Secret) -> String {
    let label = secret.metadata.labels.get(KEY_LABEL);
    label.map_or("not labeled".to_owned(), |label| format!("labeled {label:?}"))
}

/// Makes a Secret of a backup, and says so.
fn make(store: &KeyStore<'_>, name: &str, secret: &Secret, dry_run: bool) -> Result<String, Failure> {
    let is_renamed = secret.metadata.name.is_empty();
    if dry_run {
        let other = if is_renamed { " under another name: another key has that one" } else { "" };
        return Ok(format!("would restore {name}{other}"));
    }
    let made = store.create(secret).map_err(refused)?;
    let made = made.ok_or_else(|| failed(format!("somebody made a Secret {name} just now; start again")))?;
    let other = format!(" as {}: another key has that name", made.metadata.name);
    Ok(format!("restored {name}{}", if is_renamed { &other } else { "" }))
}

/// Makes a key here and stores it: controllers seal with the newest, whoever
/// made it.
fn renew(app: &App<'_>, keys: &Keys, bits: usize, is_first: bool) -> Result<(), Failure> {
    let cluster = &keys.cluster;
    let client = connect(app, cluster)?;
    let store = store(&client, cluster)?;
    let now = app.context.clock.now();
    let entries = key_entries(store.keys(&keys.prefix).map_err(refused)?, &keys.prefix, now);
    let newest = entries.first().filter(|entry| entry.is_newest).and_then(|entry| entry.key.as_ref().ok());
    if newest.is_none() && !is_first {
        return Err(no_key(cluster).hint("--first makes one all the same"));
    }
    // Of this second there may be one, and clocks differ.
    let begin = newest.map_or(now, |newest| now.max(newest.certificate.not_before() + 1));
    let new = NewKey {
        bits,
        validity: KEY_VALIDITY,
        common_name: String::new(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
    };
    let made = new.generate(&cluster.controller_namespace, "", begin, &*app.context.random);
    let mut secret = made.map_err(|error| failed(format!("the key could not be made: {error}")))?;
    keys.prefix.clone_into(&mut secret.metadata.generate_name);
    let stored = store.create(&secret).map_err(refused)?;
    let stored =
        stored.ok_or_else(|| failed("the API server found no free name for the key; start again"))?;
    let key = KeySecret::read(&stored).map_err(|error| failed(error.to_string()))?;
    print(app, &format!("{} {}\n", key.name, key.key.public().fingerprint()))
}
