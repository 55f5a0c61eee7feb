//! Finding and reading `.sops.yaml` (`sops.md` 5.1).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bulla_sops::Indent;
use bulla_sops::rules::{Config, ConfigError, CreationRule, MAX_CONFIG_SIZE};

use super::App;
use crate::error::{Exit, Failure};
use crate::file;

const NAME: &str = ".sops.yaml";
const WRONG_NAME: &str = ".sops.yml";

/// Directories that are searched, from where we stand upwards.
const MAX_DEPTH: usize = 100;

/// The configuration files of one run; each is read once.
#[derive(Default)]
pub struct Configuration {
    near: OnceLock<Option<PathBuf>>,
    read: Mutex<BTreeMap<PathBuf, Read>>,
    warned: OnceLock<()>,
    placed: OnceLock<()>,
}

/// What reading a file gave; a text says why it cannot be used.
type Read = Result<Arc<Loaded>, Arc<str>>;

/// A configuration file that was read.
pub struct Loaded {
    /// The file, as it was named.
    pub path: PathBuf,
    directory: PathBuf,
    config: Config,
}

impl Configuration {
    /// Returns the file that applies to `name`: the one that was asked for,
    /// else the nearest one above the working directory, else above the file.
    pub fn path_of(&self, app: &App<'_>, name: &Path) -> Option<PathBuf> {
        if !app.session.config.is_empty() {
            return Some(PathBuf::from(&app.session.config));
        }
        let near = self.near.get_or_init(|| self.search(app, app.context.environment.directory()));
        near.clone().or_else(|| self.search(app, name.parent()?))
    }

    fn search(&self, app: &App<'_>, from: &Path) -> Option<PathBuf> {
        for directory in from.ancestors().take(MAX_DEPTH) {
            let path = directory.join(NAME);
            if path.exists() {
                return Some(path);
            }
            if directory.join(WRONG_NAME).exists() && self.warned.set(()).is_ok() {
                app.ui.warn(&format!(
                    "ignoring \"{WRONG_NAME}\" when searching for config file; \
                     the config file must be called \"{NAME}\""
                ));
            }
        }
        None
    }

    fn load(&self, app: &App<'_>, path: &Path) -> Read {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(path) {
            return known.clone();
        }
        let result = load(app, path).map(Arc::new).map_err(Arc::from);
        read.insert(path.to_owned(), result.clone());
        result
    }

    /// Returns the file for `name`, if there is one.
    pub fn find(&self, app: &App<'_>, name: &Path) -> Result<Option<Arc<Loaded>>, Failure> {
        let Some(path) = self.path_of(app, name) else { return Ok(None) };
        self.name_far_rules(app, &path, name);
        let loaded = self.load(app, &path);
        loaded.map(Some).map_err(|message| Failure::new(Exit::Generic, &*message))
    }

    /// Rules from above the repository of a file may be somebody else's
    /// (`security.md` K-08). The first file speaks for all.
    fn name_far_rules(&self, app: &App<'_>, path: &Path, name: &Path) {
        if !app.session.config.is_empty() || self.placed.set(()).is_err() {
            return;
        }
        let repository = name.ancestors().skip(1).find(|directory| directory.join(".git").exists());
        let above = path
            .parent()
            .zip(repository)
            .filter(|(directory, repository)| repository != directory && repository.starts_with(directory));
        if let Some((_, repository)) = above {
            app.ui.warn(&format!(
                "the rules come from {}, above the repository {}",
                path.display(),
                repository.display()
            ));
        }
    }

    /// Returns the layout settings.
    pub fn indent(&self, app: &App<'_>, name: &Path) -> Result<Indent, Failure> {
        let Some(path) = self.path_of(app, name) else { return Ok(Indent::default()) };
        let loaded = self.load(app, &path).map_err(|message| Failure::new(Exit::Generic, &*message))?;
        Ok(loaded.config.indent)
    }
}

impl Loaded {
    /// Returns the creation rule of an absolute path; `None` where the file
    /// has no list of rules.
    pub fn creation_rule(&self, name: &Path) -> Result<Option<&CreationRule>, Failure> {
        self.rule(name).map_err(|error| Failure::new(Exit::Generic, error.to_string()))
    }

    /// As [`Loaded::creation_rule`]; a file that no rule is for has none.
    pub fn rule_if_any(&self, name: &Path) -> Result<Option<&CreationRule>, Failure> {
        match self.rule(name) {
            Err(ConfigError::NoMatch) => Ok(None),
            rule => rule.map_err(|error| Failure::new(Exit::Generic, error.to_string())),
        }
    }

    fn rule(&self, name: &Path) -> Result<Option<&CreationRule>, ConfigError> {
        let relative = name.strip_prefix(&self.directory).unwrap_or(name);
        self.config.creation_rule(&relative.to_string_lossy())
    }
}

fn load(app: &App<'_>, path: &Path) -> Result<Loaded, String> {
    let bytes =
        file::read(path, MAX_CONFIG_SIZE).map_err(|error| format!("could not read config file: {error}"))?;
    let config = Config::parse(&bytes).map_err(|error| error.to_string())?;
    for warning in &config.warnings {
        app.ui.warn(&format!("{}: {warning}", path.display()));
    }
    let directory = app.absolute(path).parent().map(Path::to_owned).unwrap_or_default();
    Ok(Loaded { path: path.to_owned(), directory, config })
}
