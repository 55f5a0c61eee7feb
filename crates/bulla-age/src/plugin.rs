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

/// How often a question of a plugin is asked that was not answered by 1 or 2.
const CONFIRMATIONS: usize = 3;

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
) -> Result<impl age::Recipient + use<>, String> {
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

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let choice = no.map_or_else(|| format!("1 for {yes:?}"), |no| format!("1 for {yes:?}, 2 for {no:?}"));
        for _ in 0..CONFIRMATIONS {
            let answer = self.0.ask(&format!("{message} (enter {choice}):")).ok()?;
            match answer.expose().trim() {
                "1" => return Some(true),
                "2" if no.is_some() => return Some(false),
                _ => {}
            }
        }
        None
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.ask(description).ok().map(|text| text.expose().to_owned())
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.0.ask(description).ok().map(|passphrase| SecretString::from(passphrase.expose()))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::PathBuf;
    use std::sync::Mutex;

    use bulla_core::{Random, RandomError, SecretText};

    use super::*;
    use crate::provider::{Options, PromptError};

    struct NoRandom;

    impl Random for NoRandom {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }

    fn environment(path: &str) -> Environment {
        Environment::new([(OsString::from("PATH"), OsString::from(path))], PathBuf::from("/"))
    }

    /// A conversation whose user gives `answers` one by one, then none.
    fn conversation(answers: &[&'static str]) -> Conversation {
        let answers: Mutex<Vec<&'static str>> = Mutex::new(answers.iter().rev().copied().collect());
        let mut options = Options::new(Arc::new(NoRandom));
        options.passphrase = Some(Arc::new(move |prompt| {
            assert!(prompt.starts_with("Delete it?") || prompt == "PIN");
            let answer = answers.lock().unwrap().pop();
            answer
                .map(|text| SecretText::new(text.to_owned()))
                .ok_or_else(|| PromptError("nobody".to_owned()))
        }));
        Conversation(Arc::new(Setup { environment: Environment::default(), options }))
    }

    #[test]
    fn a_plugin_may_ask_for_a_choice_and_a_text() {
        let ask = |answers: &[&'static str], no| conversation(answers).confirm("Delete it?", "yes", no);
        assert_eq!(ask(&["1"], Some("no")), Some(true));
        assert_eq!(ask(&["x", " 2 "], Some("no")), Some(false));
        assert_eq!(ask(&["2", "2", "2", "1"], None), None);
        assert_eq!(ask(&[], Some("no")), None);
        assert_eq!(conversation(&["1234"]).request_public_string("PIN").as_deref(), Some("1234"));
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
