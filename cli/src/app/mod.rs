//! What the commands work with: environment, configuration, providers, and
//! the steps that several of them share.

mod config;
mod failure;
mod files;
mod keys;
mod providers;
mod remember;
mod wait;

use std::future::Future;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use bulla_core::civil::rfc3339;
use bulla_core::{Clock, Context, DataKey, Environment, KeyProvider, Limits, MasterKey, Timestamp};
use bulla_sops::group::{RecoverError, WrapError, Wrapped};
use bulla_sops::{
    DecryptOptions, DecryptedFile, EncryptedFile, Encryption, Format, Indent, Layouting, Metadata, by_name,
    by_path, group,
};

pub use config::Configuration;
pub use failure::{encrypting, plain_text, reading, wrapping, writing};
pub use files::Opened;
pub use keys::{encryption_context, master_keys};
pub use wait::runtime;
#[cfg(test)]
pub(crate) use wait::tests::impatient;

use crate::error::{Exit, Failure};
use crate::process::helpers;
use crate::request::Session;
use crate::ui::{Level, Ui};
use wait::Waiting;

/// Switches the `layout` field off.
const LAYOUT: &str = "BULLA_LAYOUT";

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the seam that hands the time to everybody else")]
    fn now(&self) -> Timestamp {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        elapsed.map_or(0, |elapsed| elapsed.as_secs() as Timestamp)
    }
}

/// One run of the program.
pub struct App<'a> {
    /// Environment, clock, randomness.
    pub context: &'a Context,
    /// The printer.
    pub ui: &'a Ui,
    /// What was asked for beside the command itself.
    pub session: &'a Session,
    /// Limits of everything that is read.
    pub limits: Limits,
    configuration: Configuration,
    providers: OnceLock<Vec<Box<dyn KeyProvider>>>,
    /// Filled where what they unwrap is remembered.
    remembers: AtomicBool,
    waiting: Waiting,
}

/// How a file is opened.
#[derive(Clone, Copy, Default)]
pub struct Opening {
    /// Leave the MAC unchecked.
    pub ignore_mac: bool,
    /// The values are wanted, not the text.
    pub values_only: bool,
}

impl<'a> App<'a> {
    /// Builds the run.
    pub fn new(context: &'a Context, ui: &'a Ui, session: &'a Session) -> Result<Self, Failure> {
        Ok(Self {
            context,
            ui,
            session,
            limits: limits(&context.environment)?,
            configuration: Configuration::default(),
            providers: OnceLock::new(),
            remembers: AtomicBool::new(false),
            waiting: Waiting::default(),
        })
    }

    /// The configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Waits for an answer of the providers to questions about one file;
    /// fails after five minutes (`security.md` K-06), and when the run is to
    /// stop.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        self.waiting.wait(answer)
    }

    /// Has the first signal that asks the process to end stop the run: nobody
    /// waits for a key any more, and the flag that is returned is set.
    pub fn stop_on_signals(&self) -> Result<&AtomicBool, Failure> {
        let registered = crate::process::stop_on_signals(&self.waiting.stop);
        registered.map_err(|error| Failure::new(Exit::Generic, crate::error::cause(&error)))?;
        Ok(&self.waiting.stop)
    }

    /// The layout that the configuration or the command line asks for, and
    /// whether one of them does.
    pub fn indent(&self, name: &Path) -> Result<(Indent, bool), Failure> {
        let mut indent = self.configuration.indent(self, name)?;
        if let Some(columns) = self.session.indent {
            indent = Indent { yaml: Some(columns), json: Some(columns), json_binary: Some(columns) };
        }
        Ok((indent, indent != Indent::default()))
    }

    /// Returns true where files that are written may have a `layout` field
    /// (`dependencies.md` 0, 8).
    pub fn keeps_layout(&self) -> bool {
        !self.session.no_layout && self.context.environment.text(LAYOUT) != Some("off")
    }

    /// The layout of a result that replaces or succeeds its input.
    pub fn layouting(&self, indent: Indent, asked: bool, output_type: &str) -> Layouting {
        if asked || !output_type.is_empty() {
            Layouting::Sops(indent)
        } else if self.keeps_layout() {
            Layouting::Keep
        } else {
            Layouting::KeepVisible
        }
    }

    /// The kinds of key in the order in which they are tried; empty means the
    /// usual one.
    pub fn decryption_order(&self) -> Result<Vec<String>, Failure> {
        let text = self.session.decryption_order.as_str();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let mut order: Vec<String> = Vec::new();
        for kind in text.split(',') {
            if order.iter().any(|known| known == kind) {
                let text = format!("Duplicate decryption key type: {kind}");
                return Err(Failure::new(Exit::DecryptionOrder, text));
            }
            order.push(kind.to_owned());
        }
        Ok(order)
    }

    /// Parses an encrypted file and says what is odd about it.
    pub fn parse<'e>(
        &self,
        source: &'e [u8],
        format: &'static dyn Format,
    ) -> Result<EncryptedFile<'e>, Failure> {
        let file = EncryptedFile::parse(source, format, &self.limits).map_err(|error| reading(&error))?;
        for warning in &file.document.warnings {
            self.ui.warn(warning);
        }
        Ok(file)
    }

    /// Recovers the data key of a file.
    pub fn data_key(&self, metadata: &Metadata) -> Result<DataKey, Failure> {
        self.recover(metadata)?.map_err(|error| Failure::new(Exit::DataKey, error.to_string()))
    }

    /// As [`App::data_key`], with the reasons as they are.
    pub fn recover(&self, metadata: &Metadata) -> Result<Result<DataKey, RecoverError>, Failure> {
        let order = self.decryption_order()?;
        self.wait(group::recover(metadata, &order, self.providers()))
    }

    /// Wraps a data key for all keys of all groups.
    pub fn wrap(
        &self,
        groups: &[Vec<MasterKey>],
        threshold: u32,
        data_key: &DataKey,
    ) -> Result<Result<Wrapped, WrapError>, Failure> {
        let (random, now) = (&*self.context.random, self.now());
        self.wait(group::wrap(groups, threshold, data_key, &now, self.providers(), random))
    }

    /// Opens an encrypted file: parse, data key, values, MAC.
    pub fn open<'e>(
        &self,
        source: &'e [u8],
        format: &'static dyn Format,
        opening: Opening,
        indent: &Indent,
    ) -> Result<(DecryptedFile<'e>, DataKey), Failure> {
        let file = self.parse(source, format)?;
        let plain = |error: bulla_sops::MetadataError| Failure::new(Exit::Generic, error.to_string());
        file.metadata.check_version().map_err(plain)?;
        let data_key = self.data_key(&file.metadata)?;
        if file.metadata.mac_only_encrypted {
            self.ui.warn(
                "The MAC of this file covers its encrypted values only: whoever can write to it can change the others unnoticed",
            );
        }
        let options = DecryptOptions { ignore_mac: opening.ignore_mac, values_only: opening.values_only };
        let file = file.decrypt(&data_key, options, indent).map_err(|error| failure::decrypting(&error))?;
        if file.plain_comments > 0 {
            self.ui.log(
                "SOPS",
                Level::Warning,
                "Found possibly unencrypted comment in file; it is left as it is",
                &[],
            );
        }
        Ok((file, data_key))
    }

    /// Everything that encrypting `file` again under its own data key needs.
    pub fn encryption<'k>(&'k self, metadata: &Metadata, data_key: &'k DataKey) -> Encryption<'k> {
        Encryption {
            data_key,
            groups: metadata.groups.clone(),
            shamir_threshold: metadata.shamir_threshold,
            selection: metadata.selection.clone(),
            mac_only_encrypted: metadata.mac_only_encrypted,
            version: metadata.version.clone(),
            last_modified: self.now(),
            random: &*self.context.random,
            limits: &self.limits,
        }
    }

    /// The time as metadata holds it.
    pub fn now(&self) -> String {
        rfc3339(self.context.clock.now())
    }
}

/// The limits of the command line; the size of files is the user's to set. The
/// processors share files, and what is left of them the values of each.
fn limits(environment: &Environment) -> Result<Limits, Failure> {
    let mut limits = Limits { helpers: helpers(), ..Limits::default() };
    if let Some(text) = environment.text(MAX_FILE_SIZE) {
        limits.file_size = text.parse().map_err(|_| {
            let text = format!("{MAX_FILE_SIZE} must be a number of bytes");
            Failure::new(Exit::Generic, text)
        })?;
    }
    Ok(limits)
}

/// Variable with the largest size of a file in bytes.
pub(crate) const MAX_FILE_SIZE: &str = "BULLA_MAX_FILE_SIZE";

/// Finds a format by the name that the user typed, else by the file's name.
/// Unknown names fall back silently, as in sops.
pub fn format_of(typed: &str, name: &Path) -> &'static dyn Format {
    by_name(typed).unwrap_or_else(|| by_path(&name.to_string_lossy()))
}

/// A misspelt switch must not do the opposite of what was meant.
pub fn check_environment(context: &Context) -> Result<(), Failure> {
    match context.environment.text(LAYOUT) {
        None | Some("" | "on" | "off") => Ok(()),
        Some(_) => Err(Failure::new(Exit::Generic, format!("{LAYOUT} must be on or off"))),
    }
}
