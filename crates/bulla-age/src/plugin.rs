//! age plugins: programs called `age-plugin-NAME` on the search path.

use std::env::split_paths;
use std::path::Path;
use std::sync::Arc;

use age::plugin::{IdentityPluginV1, RecipientPluginV1};
use age::secrecy::SecretString;
use age::{Callbacks, DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use bulla_core::Environment;

use crate::provider::Setup;

/// An identity that a plugin keeps or computes.
pub(crate) struct PluginIdentity {
    identity: age::plugin::Identity,
    setup: Arc<Setup>,
}

impl PluginIdentity {
    pub(crate) fn new(identity: age::plugin::Identity, setup: Arc<Setup>) -> Self {
        Self { identity, setup }
    }
}

impl age::Identity for PluginIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    /// The plugin is looked up when it is needed, so that a missing one does
    /// not hide other identities.
    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let name = self.identity.plugin();
        if let Err(text) = check(name, &self.setup.environment) {
            return Some(Err(DecryptError::Io(std::io::Error::other(text))));
        }
        let identities = std::slice::from_ref(&self.identity);
        match IdentityPluginV1::new(name, identities, Conversation(Arc::clone(&self.setup))) {
            Ok(plugin) => age::Identity::unwrap_stanzas(&plugin, stanzas),
            Err(error) => Some(Err(DecryptError::PluginResolve(error))),
        }
    }
}

/// Prepares the plugin of `recipient`.
pub(crate) fn recipient(
    recipient: &age::plugin::Recipient,
    setup: &Arc<Setup>,
) -> Result<impl age::Recipient, String> {
    if !setup.options.plugins {
        return Err("age plugins are switched off".to_owned());
    }
    let name = recipient.plugin();
    check(name, &setup.environment)?;
    let conversation = Conversation(Arc::clone(setup));
    RecipientPluginV1::new(name, std::slice::from_ref(recipient), &[], conversation)
        .map_err(|_| not_found(name))
}

/// Makes sure that the plugin called `name` can only come from an absolute
/// directory of the search path (`security.md` K-05). The `age` crate, which
/// looks it up once more, has checked the characters of the name.
fn check(name: &str, environment: &Environment) -> Result<(), String> {
    let program = format!("age-plugin-{name}");
    let path = environment.os("PATH").unwrap_or_default();
    let directory = split_paths(path).find(|directory| is_program(&directory.join(&program)));
    match directory {
        Some(directory) if directory.is_absolute() => Ok(()),
        Some(_) => Err(format!("{program} lies in a relative directory of $PATH, which is not allowed")),
        None => Err(not_found(name)),
    }
}

fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    path.with_extension("exe").is_file()
}

fn not_found(name: &str) -> String {
    format!("couldn't start plugin: \"age-plugin-{name}\": executable file not found in $PATH")
}

/// Writes down what a plugin reported.
pub(crate) fn describe(errors: &[impl ToString]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    // Marks for mixed writing directions, from the localisation of `age`.
    texts.join("; ").replace(['\u{2068}', '\u{2069}'], "")
}

/// Says why encryption failed, without the localisation of `age`, whose
/// initialisation is slow.
pub(crate) fn describe_encryption(error: &EncryptError) -> String {
    match error {
        EncryptError::Io(error) => error.to_string(),
        EncryptError::Plugin(errors) => describe(errors),
        _ => "the recipient cannot be used".to_owned(),
    }
}

/// What a plugin may ask of the user.
#[derive(Clone)]
struct Conversation(Arc<Setup>);

impl Callbacks for Conversation {
    fn display_message(&self, message: &str) {
        if let Some(show) = &self.0.options.message {
            show(message);
        }
    }

    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn request_public_string(&self, _: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let ask = self.0.options.passphrase.as_ref()?;
        ask(description).ok().map(|passphrase| SecretString::from(passphrase.expose()))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::PathBuf;

    use super::*;

    fn environment(path: &str) -> Environment {
        Environment::new([(OsString::from("PATH"), OsString::from(path))], PathBuf::from("/"))
    }

    #[test]
    fn k_05_plugins_come_from_absolute_directories_only() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("age-plugin-decoy");
        std::fs::OpenOptions::new().create_new(true).write(true).mode(0o755).open(&program).unwrap();
        let absolute = directory.path().to_str().unwrap();
        assert_eq!(check("decoy", &environment(absolute)), Ok(()));
        assert!(check("other", &environment(absolute)).is_err());
        assert!(check("decoy", &Environment::default()).is_err());

        // The same directory by a relative way.
        let mut relative: PathBuf = std::env::current_dir().unwrap().iter().skip(1).map(|_| "..").collect();
        relative.push(directory.path().strip_prefix("/").unwrap());
        let refused = check("decoy", &environment(&format!("{}:{absolute}", relative.display())));
        assert!(refused.unwrap_err().contains("relative"));
    }
}
