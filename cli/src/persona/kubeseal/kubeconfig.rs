//! Kubeconfigs as far as working without a cluster needs them: is there a
//! usable one, and which namespace does its context name
//! (`sealed-secrets.md` 4.6).

use std::path::{Path, PathBuf};

use bulla_core::Environment;
use serde_json::Value;

use super::pflag::Values;
use crate::error::cause;
use crate::file;

/// Bytes of one kubeconfig.
const LIMIT: usize = 16 << 20;
/// Where a pod finds its account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const EMPTY: &str = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable";

/// Finds the namespace to work in where nobody named one.
pub(super) fn default_namespace(environment: &Environment, values: &Values) -> Result<String, String> {
    let config = Config::load(environment, values)?;
    let found = config.namespace(values);
    let is_certain = match &found {
        Ok(namespace) => config.names_namespace(values) || namespace != "default",
        Err(problems) => *problems != [EMPTY],
    };
    if is_certain || !in_cluster(environment) {
        return found.map_err(|problems| invalid(&problems));
    }
    let account = || std::fs::read_to_string(format!("{ACCOUNT}/namespace")).ok();
    let own = environment.text("POD_NAMESPACE").map(str::to_owned);
    let own = own.or_else(|| account().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()));
    Ok(own.unwrap_or_else(|| "default".to_owned()))
}

/// Fails as the reference does where there is no cluster to ask.
pub(super) fn check_usable(environment: &Environment, values: &Values) -> Result<(), String> {
    let config = Config::load(environment, values)?;
    let problems = config.problems(values);
    if problems.is_empty() || (problems == [EMPTY] && in_cluster(environment)) {
        return Ok(());
    }
    Err(invalid(&problems))
}

fn invalid(problems: &[String]) -> String {
    let text = match problems {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    format!("invalid configuration: {text}")
}

fn in_cluster(environment: &Environment) -> bool {
    let set = |name| environment.text(name).is_some();
    set("KUBERNETES_SERVICE_HOST")
        && set("KUBERNETES_SERVICE_PORT")
        && Path::new(ACCOUNT).join("token").is_file()
}

/// All kubeconfigs that count, the first one first.
struct Config(Vec<Value>);

impl Config {
    fn load(environment: &Environment, values: &Values) -> Result<Self, String> {
        let explicit = values.text("kubeconfig");
        let paths: Vec<PathBuf> = if !explicit.is_empty() {
            vec![PathBuf::from(explicit)]
        } else if let Some(list) = environment.os("KUBECONFIG") {
            std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect()
        } else {
            environment.home().map(|home| home.join(".kube/config")).into_iter().collect()
        };
        let mut files = Vec::new();
        let mut failures = Vec::new();
        for path in paths {
            match file::read(&environment.directory().join(&path), LIMIT) {
                Ok(text) => match bulla_api::parse(&text) {
                    Ok(value) => files.push(value),
                    Err(error) => {
                        failures.push(format!("error loading config file \"{}\": {error}", path.display()));
                    }
                },
                Err(error) if error.is_missing() && explicit.is_empty() => {}
                Err(file::FileError::Open { source, .. }) if !explicit.is_empty() && is_missing(&source) => {
                    return Err(format!("stat {}: {}", path.display(), cause(&source)));
                }
                Err(error) => {
                    failures.push(format!("error loading config file \"{}\": {error}", path.display()));
                }
            }
        }
        match failures.as_slice() {
            [] => Ok(Self(files)),
            [one] => Err(one.clone()),
            several => Err(format!("[{}]", several.join(", "))),
        }
    }

    /// The entry of a list by its name; the first file that has it counts.
    fn entry(&self, list: &str, field: &str, name: &str) -> Option<&Value> {
        self.0.iter().find_map(|file| {
            let entries = file.get(list)?.as_array()?;
            let entry =
                entries.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))?;
            entry.get(field)
        })
    }

    fn context_name<'c>(&'c self, values: &'c Values) -> &'c str {
        let chosen = values.text("context");
        if !chosen.is_empty() {
            return chosen;
        }
        let mut named = self.0.iter().filter_map(|file| file.get("current-context").and_then(Value::as_str));
        named.find(|name| !name.is_empty()).unwrap_or_default()
    }

    fn context(&self, values: &Values) -> Option<&Value> {
        self.entry("contexts", "context", self.context_name(values))
    }

    fn names_namespace(&self, values: &Values) -> bool {
        self.context(values).is_some_and(|context| !text(context, "namespace").is_empty())
    }

    fn namespace(&self, values: &Values) -> Result<String, Vec<String>> {
        let problems = self.problems(values);
        if !problems.is_empty() {
            return Err(problems);
        }
        let namespace = self.context(values).map_or("", |context| text(context, "namespace"));
        Ok(if namespace.is_empty() { "default" } else { namespace }.to_owned())
    }

    /// What keeps the configuration from being used.
    fn problems(&self, values: &Values) -> Vec<String> {
        let mut problems = Vec::new();
        let name = self.context_name(values);
        let context = self.context(values);
        if !name.is_empty() && context.is_none() {
            problems.push(format!("context was not found for specified context: {name}"));
        }
        let chosen = values.text("cluster");
        let cluster =
            if chosen.is_empty() { context.map_or("", |context| text(context, "cluster")) } else { chosen };
        let found = self.entry("clusters", "cluster", cluster);
        let server = if values.text("server").is_empty() {
            found.map_or("", |found| text(found, "server"))
        } else {
            values.text("server")
        };
        let is_empty = found.and_then(Value::as_object).is_none_or(serde_json::Map::is_empty);
        match (server.is_empty(), is_empty) {
            (false, _) => {}
            (true, true) if problems.is_empty() => problems.push(EMPTY.to_owned()),
            (true, true) => problems.push("cluster has no server defined".to_owned()),
            (true, false) => problems.push(format!("no server found for cluster {cluster:?}")),
        }
        problems
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}
