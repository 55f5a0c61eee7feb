//! The seven places where identities are looked for, in the order of sops
//! (`sops.md` 4.1). What is missing and what fails is remembered, and told
//! only if nothing opens the data key.

use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bulla_core::Environment;
use zeroize::Zeroizing;

use crate::encrypted::{self, EncryptedIdentities};
use crate::provider::Setup;
use crate::{BoxedIdentity, command, identity, ssh};

const SSH_FILE: &str = "SOPS_AGE_SSH_PRIVATE_KEY_FILE";
const SSH_COMMAND: &str = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
const KEY: &str = "SOPS_AGE_KEY";
const KEY_FILE: &str = "SOPS_AGE_KEY_FILE";
const KEY_COMMAND: &str = "SOPS_AGE_KEY_CMD";

/// Largest identity file in bytes (`security.md` 4.1).
const FILE_LIMIT: usize = 16 << 20;

/// All identities at hand.
#[derive(Default)]
pub(crate) struct Identities {
    pub(crate) found: Vec<BoxedIdentity>,
    /// What failed while loading.
    pub(crate) errors: Vec<String>,
    /// Places that hold nothing.
    pub(crate) unused: Vec<String>,
}

/// Returns true where what is found depends on the recipient that it is
/// wanted for, because a command is told.
pub(crate) fn depend_on_recipient(setup: &Setup) -> bool {
    [SSH_COMMAND, KEY_COMMAND].iter().any(|name| setup.environment.os(name).is_some())
}

/// Returns `environment` without the variables that name commands.
pub(crate) fn without_commands(environment: &Environment) -> Environment {
    let variables = environment.variables().filter(|(name, _)| *name != SSH_COMMAND && *name != KEY_COMMAND);
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Environment::new(variables, environment.directory().to_owned())
}

/// Looks through all places.
pub(crate) fn load(recipient: &str, setup: &Arc<Setup>) -> Identities {
    let mut loader = Loader { recipient, setup, result: Identities::default(), sources: Vec::new() };
    loader.ssh_variables();
    loader.ssh_defaults();
    loader.key_variables();
    loader.key_default();
    loader.parse();
    loader.result
}

impl Identities {
    /// Writes the failure text of sops: `message`, then what went wrong while
    /// loading, then where nothing was found.
    pub(crate) fn explain(&self, message: &str) -> String {
        let mut text = message.to_owned();
        if !self.errors.is_empty() {
            text += ". Errors while loading age identities: ";
            text += &self.errors.join("; ");
        }
        if let Some(places) = enumerate(&self.unused) {
            text.extend([". Did not find keys in locations ", &places, "."]);
        }
        text
    }
}

/// Writes `'a'`, `'a' and 'b'` or `'a', 'b', and 'c'`.
fn enumerate(places: &[String]) -> Option<String> {
    let (last, rest) = places.split_last()?;
    Some(match rest {
        [] => format!("'{last}'"),
        [only] => format!("'{only}' and '{last}'"),
        rest => format!("'{}', and '{last}'", rest.join("', '")),
    })
}

struct Loader<'a> {
    recipient: &'a str,
    setup: &'a Arc<Setup>,
    result: Identities,
    /// Identity texts that were found, with their places.
    sources: Vec<(String, Zeroizing<Vec<u8>>)>,
}

impl Loader<'_> {
    fn ssh_variables(&mut self) {
        let environment = &self.setup.environment;
        match environment.os(SSH_FILE).map(PathBuf::from) {
            Some(path) => self.ssh_file(&path),
            None => self.result.unused.push(SSH_FILE.to_owned()),
        }
        let Some(line) = environment.text(SSH_COMMAND) else {
            self.result.unused.push(SSH_COMMAND.to_owned());
            return;
        };
        let parsed = command::output(SSH_COMMAND, line, self.recipient, environment).and_then(|key| {
            ssh::parse(&key, None, self.setup)
                .map_err(|reason| format!("malformed SSH identity from {SSH_COMMAND}: {reason}"))
        });
        self.keep(parsed);
    }

    fn ssh_defaults(&mut self) {
        let Some(home) = self.setup.environment.home() else { return };
        for name in ["id_ed25519", "id_rsa"] {
            let path = home.join(".ssh").join(name);
            match path.try_exists() {
                Ok(false) => self.result.unused.push(path.display().to_string()),
                _ => self.ssh_file(&path),
            }
        }
    }

    fn ssh_file(&mut self, path: &Path) {
        let shown = path.display().to_string();
        let content = read(&self.absolute(path), &shown, ssh::SIZE_LIMIT)
            .map_err(|(_, reason)| format!("failed to open file: {reason}"));
        let public = || {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".pub");
            let line = read(&self.absolute(Path::new(&beside)), &shown, ssh::SIZE_LIMIT).ok()?;
            String::from_utf8(line.to_vec()).ok()
        };
        let file = ssh::KeyFile { shown: &shown, public: &public };
        let parsed = content.and_then(|key| {
            ssh::parse(&key, Some(&file), self.setup)
                .map_err(|reason| format!("malformed SSH identity in {shown:?}: {reason}"))
        });
        self.keep(parsed);
    }

    fn keep(&mut self, parsed: Result<BoxedIdentity, String>) {
        match parsed {
            Ok(identity) => self.result.found.push(identity),
            Err(text) => self.result.errors.push(text),
        }
    }

    fn key_variables(&mut self) {
        let environment = &self.setup.environment;
        match environment.text(KEY) {
            Some(text) => self.add(KEY, Zeroizing::new(text.as_bytes().to_vec())),
            None => self.result.unused.push(KEY.to_owned()),
        }
        match environment.os(KEY_FILE).map(PathBuf::from) {
            Some(path) => match read(&self.absolute(&path), &path.display().to_string(), FILE_LIMIT) {
                Ok(text) => self.add(KEY_FILE, text),
                Err((_, reason)) => {
                    self.result.errors.push(format!("failed to open {KEY_FILE} file: {reason}"));
                }
            },
            None => self.result.unused.push(KEY_FILE.to_owned()),
        }
        match environment.text(KEY_COMMAND) {
            Some(line) => match command::output(KEY_COMMAND, line, self.recipient, environment) {
                Ok(text) => self.add(KEY_COMMAND, text),
                Err(text) => self.result.errors.push(text),
            },
            None => self.result.unused.push(KEY_COMMAND.to_owned()),
        }
    }

    fn key_default(&mut self) {
        let only_hope = self.sources.is_empty() && self.result.found.is_empty();
        let Some(directory) = self.setup.environment.config_directory() else {
            if only_hope {
                self.result.errors.push("user config directory could not be determined".to_owned());
            }
            return;
        };
        let path = directory.join("sops/age/keys.txt");
        let shown = path.display().to_string();
        match read(&self.absolute(&path), &shown, FILE_LIMIT) {
            Ok(text) => self.add(&shown, text),
            Err((ErrorKind::NotFound, _)) => {
                if only_hope {
                    self.result.unused.push(shown);
                }
            }
            Err((_, reason)) => self.result.errors.push(format!("failed to open file: {reason}")),
        }
    }

    fn add(&mut self, place: &str, text: Zeroizing<Vec<u8>>) {
        self.sources.push((place.to_owned(), text));
    }

    fn parse(&mut self) {
        for (place, content) in std::mem::take(&mut self.sources) {
            if content.len() > FILE_LIMIT {
                self.result.errors.push(format!("failed to read '{place}': file too long"));
                continue;
            }
            if let Some(form) = encrypted::form(&content) {
                let file = content.to_vec();
                let identities = EncryptedIdentities::new(file, form, place, Arc::clone(self.setup));
                self.result.found.push(Box::new(identities));
                continue;
            }
            let text = str::from_utf8(&content).map_err(|_| identity::IdentityError::UnknownType);
            match text.and_then(|text| identity::parse(text, Some(self.setup))) {
                Ok(identities) if identities.is_empty() => self.result.unused.push(place),
                Ok(identities) => self.result.found.extend(identities),
                Err(error) => {
                    self.result.errors.push(format!("failed to parse '{place}' age identities: {error}"));
                }
            }
        }
    }

    /// Relative paths start at the working directory of the environment.
    fn absolute(&self, path: &Path) -> PathBuf {
        self.setup.environment.directory().join(path)
    }
}

/// Reads at most one byte more than `limit`, so that a larger file shows.
fn read(path: &Path, shown: &str, limit: usize) -> Result<Zeroizing<Vec<u8>>, (ErrorKind, String)> {
    let failed =
        |verb: &str, error: &io::Error| (error.kind(), format!("{verb} {shown}: {}", io_reason(error)));
    let file = std::fs::File::open(path).map_err(|error| failed("open", &error))?;
    // The buffer never grows while it is filled: copies would not be wiped.
    let length = file.metadata().map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
    let mut content = Zeroizing::new(Vec::with_capacity(length.min(limit) + 2));
    file.take(limit as u64 + 1).read_to_end(&mut content).map_err(|error| failed("read", &error))?;
    Ok(content)
}

/// Says why an operation of the system failed, in the words of its manual.
pub(crate) fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
