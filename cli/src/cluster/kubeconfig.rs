//! Kubeconfig files: what stands in them, and how several become one, as
//! client-go's `clientcmd` reads and merges them.

mod entry;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use bulla_core::Environment;
use serde::Deserialize;
use serde_json::Value;

pub(super) use self::entry::{AuthProvider, Cluster, ContextEntry, Plugin, User};
use crate::error::cause;
use crate::file::{self, FileError};

/// Bytes of one kubeconfig.
const LIMIT: usize = 16 << 20;

/// What the kubeconfigs that count say together. Of entries with one name the
/// first file's counts, whole.
#[derive(Default)]
pub(super) struct Kubeconfig {
    pub(super) current_context: String,
    pub(super) clusters: BTreeMap<String, Cluster>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) contexts: BTreeMap<String, ContextEntry>,
}

/// One file.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct File {
    current_context: String,
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
    contexts: Vec<NamedContext>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedCluster {
    name: String,
    cluster: Cluster,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedUser {
    name: String,
    user: User,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedContext {
    name: String,
    context: ContextEntry,
}

impl Kubeconfig {
    /// Reads the file `explicit`, or else those that `KUBECONFIG` lists, or
    /// else `~/.kube/config`. Files that do not exist count only where they
    /// were named explicitly.
    pub(super) fn load(environment: &Environment, explicit: &str) -> Result<Self, String> {
        let mut merged = Self::default();
        let mut failures: Vec<String> = Vec::new();
        for path in paths(environment, explicit) {
            match file::read(&environment.directory().join(&path), LIMIT) {
                Ok(text) => match parse(&text) {
                    Ok(file) => {
                        if let Err(error) = merged.add(file, &path, environment.directory()) {
                            failures.push(loading(&path, &error));
                        }
                    }
                    Err(error) => failures.push(loading(&path, &error)),
                },
                Err(FileError::Open { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    if !explicit.is_empty() {
                        return Err(format!("stat {}: {}", path.display(), cause(&source)));
                    }
                }
                Err(error) => failures.push(loading(&path, &error.to_string())),
            }
        }
        if failures.is_empty() { Ok(merged) } else { Err(together(&failures)) }
    }

    fn add(&mut self, file: File, path: &Path, directory: &Path) -> Result<(), String> {
        let joined = directory.join(path);
        let base = joined.parent().unwrap_or(directory);
        if self.current_context.is_empty() {
            self.current_context = file.current_context;
        }
        let clusters = file.clusters.into_iter().map(|mut entry| {
            resolve(&mut entry.cluster.certificate_authority, base);
            (entry.name, entry.cluster)
        });
        fill(&mut self.clusters, clusters, "Cluster")?;
        let users = file.users.into_iter().map(|mut entry| {
            let user = &mut entry.user;
            for place in [&mut user.client_certificate, &mut user.client_key, &mut user.token_file] {
                resolve(place, base);
            }
            if let Some(plugin) = user.exec.as_mut() {
                plugin.set_defaults();
                // A bare name is looked for on PATH.
                if plugin.command.contains(std::path::MAIN_SEPARATOR) {
                    resolve(&mut plugin.command, base);
                }
            }
            (entry.name, entry.user)
        });
        fill(&mut self.users, users, "AuthInfo")?;
        let contexts = file.contexts.into_iter().map(|entry| (entry.name, entry.context));
        fill(&mut self.contexts, contexts, "Context")
    }
}

fn paths(environment: &Environment, explicit: &str) -> Vec<PathBuf> {
    if !explicit.is_empty() {
        return vec![PathBuf::from(explicit)];
    }
    let Some(list) = environment.os("KUBECONFIG") else {
        return environment.home().map(|home| home.join(".kube/config")).into_iter().collect();
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in std::env::split_paths(list) {
        if !path.as_os_str().is_empty() && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// Adds the entries of a file to those of the files before it.
fn fill<T>(
    merged: &mut BTreeMap<String, T>,
    entries: impl Iterator<Item = (String, T)>,
    kind: &str,
) -> Result<(), String> {
    let mut own = BTreeMap::new();
    for (name, entry) in entries {
        if own.contains_key(&name) {
            return Err(format!(
                "error converting *[]Named{kind} into *map[string]*api.{kind}: duplicate name {name:?} in list"
            ));
        }
        own.insert(name, entry);
    }
    for (name, entry) in own {
        merged.entry(name).or_insert(entry);
    }
    Ok(())
}

fn loading(path: &Path, error: &str) -> String {
    format!("error loading config file \"{}\": {error}", path.display())
}

/// Several errors as one, as client-go writes them.
pub(super) fn together(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn parse(text: &[u8]) -> Result<File, String> {
    if text.is_empty() {
        return Ok(File::default());
    }
    let mut value = bulla_api::parse(text).map_err(|error| error.to_string())?;
    drop_nulls(&mut value);
    if value.is_null() {
        return Ok(File::default());
    }
    // The text would quote what it found, which may be a credential.
    serde_json::from_value(value).map_err(|_| "it does not have the form of a kubeconfig".to_owned())
}

/// To Go null is as good as nothing. What an extension holds is its own matter.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            entries.retain(|_, value| !value.is_null());
            let inner = entries.iter_mut().filter(|(name, _)| *name != "extension");
            inner.for_each(|(_, value)| drop_nulls(value));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Makes a path absolute that stands in a file of the directory `base`.
fn resolve(path: &mut String, base: &Path) {
    if path.is_empty() || Path::new(path).is_absolute() {
        return;
    }
    *path = clean(&base.join(&path)).to_string_lossy().into_owned();
}

/// A path without detours, by its text alone.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        let last = clean.components().next_back();
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(last, Some(Component::Normal(_))) => {
                clean.pop();
            }
            Component::ParentDir if matches!(last, Some(Component::RootDir)) => {}
            other => clean.push(AsRef::<OsStr>::as_ref(&other)),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[&str]) -> Result<Kubeconfig, String> {
        let directory = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let path = directory.path().join(format!("config{number}"));
                #[allow(clippy::disallowed_methods, reason = "a test lays out its files")]
                std::fs::write(&path, text).unwrap();
                path
            })
            .collect();
        let list = std::env::join_paths(paths).unwrap();
        let environment = Environment::new([("KUBECONFIG".into(), list)], directory.path().to_owned());
        let text = |error: String| error.replace(&directory.path().display().to_string(), "DIR");
        let mut config = Kubeconfig::load(&environment, "").map_err(text)?;
        for user in config.users.values_mut() {
            user.client_key = text(std::mem::take(&mut user.client_key));
        }
        Ok(config)
    }

    #[test]
    fn the_first_file_that_says_something_counts() {
        let config = load(&[
            "clusters: [{name: a, cluster: {server: 'https://one'}}]\nusers: null\n",
            "current-context: x\nclusters:\n- {name: a, cluster: {server: 'https://two', proxy-url: 'http://p'}}\n- {name: b, cluster: {}}\n",
            "current-context: z\nusers: [{name: u, user: {token: t, client-key: ./keys/../k}}]\n",
        ])
        .unwrap();
        assert_eq!((config.current_context.as_str(), config.clusters.len()), ("x", 2));
        let one = &config.clusters["a"];
        assert_eq!(
            (one.server.as_str(), one.proxy_url.as_str()),
            ("https://one", ""),
            "entries are not mixed"
        );
        assert_eq!(config.users["u"].token.as_ref().unwrap().expose(), "t");
        assert_eq!(config.users["u"].client_key, "DIR/k");
    }

    #[test]
    fn all_files_that_cannot_be_read_are_named() {
        let error = load(&["a: [", "users: [{name: u, user: {token: [canary]}}]"]).err().unwrap();
        assert!(error.starts_with("[error loading config file \"DIR/config0\": yaml: line "), "{error}");
        let second = "error loading config file \"DIR/config1\": it does not have the form of a kubeconfig]";
        assert!(error.ends_with(second) && !error.contains("canary"), "{error}");
        let twice = "users: [{name: u, user: {}}, {name: u, user: {}}]";
        assert!(load(&[twice]).err().unwrap().contains("duplicate name \"u\" in list"));
    }

    #[test]
    fn the_mode_of_old_plugins_is_filled_in() {
        let plugin = |version: &str| {
            let exec = format!(
                "{{command: ../bin/p, apiVersion: client.authentication.k8s.io/{version}, args: null}}"
            );
            let config = load(&[&format!("users: [{{name: u, user: {{exec: {exec}}}}}]")]).unwrap();
            config.users["u"].exec.clone().unwrap()
        };
        assert_eq!(plugin("v1beta1").interactive_mode, "IfAvailable");
        assert_eq!(plugin("v1").interactive_mode, "");
        assert!(plugin("v1").command.starts_with('/'));
    }

    #[test]
    fn paths_lose_their_detours() {
        for (path, expected) in [("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("../a", "../a"), ("a/..", "")] {
            assert_eq!(clean(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
