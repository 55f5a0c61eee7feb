//! A Secret out of options, as `kubectl create secret generic` makes it.

use std::path::Path;

use bulla_api::{ObjectMeta, Secret};
use bulla_core::{Context, Limits, SecretBytes};

use crate::file;
use crate::request::Sources;

/// Longest name of an item in bytes, as Kubernetes has it.
const NAME_LIMIT: usize = 253;

/// Reads all sources into one Secret.
///
/// Fails where a source cannot be read or says nothing, and for names that are
/// none or stand twice.
pub(super) fn secret(context: &Context, sources: &Sources) -> Result<Secret, String> {
    let mut secret = Secret { secret_type: sources.secret_type.clone(), ..Secret::default() };
    secret.metadata = ObjectMeta::default();
    for literal in &sources.literals {
        let (name, value) = literal.split_once('=').ok_or("--from-literal takes NAME=VALUE")?;
        add(&mut secret, name, value.as_bytes().to_vec())?;
    }
    for source in &sources.files {
        let (name, path) = source.split_once('=').unwrap_or(("", source));
        let path = context.environment.directory().join(path);
        if path.is_dir() {
            if !name.is_empty() {
                return Err(format!("--from-file: {} is a directory and takes no name", path.display()));
            }
            add_directory(&mut secret, &path)?;
        } else {
            add(&mut secret, if name.is_empty() { base_name(&path) } else { name }, read(&path)?)?;
        }
    }
    for path in &sources.env_files {
        add_variables(&mut secret, context, &context.environment.directory().join(path))?;
    }
    Ok(secret)
}

fn add(secret: &mut Secret, name: &str, value: Vec<u8>) -> Result<(), String> {
    let value = SecretBytes::new(value);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let leads_up = name == "." || name.starts_with("..");
    if name.is_empty() || name.len() > NAME_LIMIT || leads_up || !name.bytes().all(is_name) {
        return Err(format!(
            "{name:?} is no name of an item: letters, digits, `-`, `_` and `.`, {NAME_LIMIT} bytes at most, not `.`, and not `..` at its start"
        ));
    }
    match secret.data.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(format!("the item {name:?} is given twice")),
    }
}

/// Every regular file; links and directories are passed over.
fn add_directory(secret: &mut Secret, path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {}", path.display(), crate::error::cause(&error));
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    files.iter().try_for_each(|file| add(secret, base_name(file), read(file)?))
}

/// `NAME=VALUE` lines, taken as they are; `#` lines and empty ones are passed
/// over, and a name alone takes the variable of our own environment.
fn add_variables(secret: &mut Secret, context: &Context, path: &Path) -> Result<(), String> {
    let bytes = SecretBytes::new(read(path)?);
    let text =
        std::str::from_utf8(bytes.expose()).map_err(|_| format!("{}: it is not UTF-8", path.display()))?;
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, value),
            None => (line, context.environment.text(line).unwrap_or_default()),
        };
        add(secret, name, value.as_bytes().to_vec())?;
    }
    Ok(())
}

fn base_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    file::read(path, Limits::default().file_size).map_err(|error| error.to_string())
}
