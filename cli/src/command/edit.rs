//! `edit`: change a file in an editor, or make a new one.

use std::path::Path;

use bulla_core::{DataKey, SecretBytes};
use bulla_sops::{
    DecryptedFile, EncryptedFile, Encryption, Format, Indent, Layouting, Metadata, Purpose, VERSION,
};

use super::decrypt::plaintext;
use super::editing::{Editing, Retry};
use super::encrypt::Plan;
use super::rotate::{keys_without_file, require_rule};
use super::sealed;
use crate::app::{App, Opening, encrypting, format_of, plain_text, reading, writing};
use crate::error::{Exit, Failure};
use crate::file::{FileError, Target};
use crate::request::Edit;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Edit) -> Result<(), Failure> {
    let name = app.judged_name(&request.input);
    let path = app.absolute(request.input.path.as_deref().unwrap_or(Path::new("")));
    if request.changes_keys && app.check_exists(&path).is_err() {
        return Err(keys_without_file(app, &path, true));
    }
    if request.needs_rule {
        require_rule(app, &name)?;
    }
    let (indent, asked) = app.indent(&name)?;
    let formats = &request.input.formats;
    let work = Work {
        app,
        path: &path,
        input: format_of(&formats.input, &name),
        output: format_of(&formats.output, &name),
        indent,
        layouting: app.layouting(indent, asked, &formats.output),
        show_keys: request.show_keys,
    };
    app.decryption_order()?;
    match Target::open(&path) {
        Ok(mut target) => {
            target.read(app.limits.file_size).map_err(|error| unread(&error))?;
            target.check_directory().map_err(|error| writing(&error))?;
            match &request.sealed {
                Some(sealed) if is_sealed(app, target.content(), work.input) => {
                    sealed::edit::run(app, sealed, &path, target)
                }
                _ => work.existing(target, request.ignore_mac),
            }
        }
        Err(error) if error.is_missing() => {
            let plan = Plan::new(app, &name, &request.new_file, work.input)?;
            work.new_file(&plan)
        }
        Err(error) => Err(unread(&error)),
    }
}

fn unread(error: &FileError) -> Failure {
    Failure::new(Exit::Read, format!("Error reading file: {error}"))
}

/// What sops encrypted is a file of sops, whatever is in it.
fn is_sealed(app: &App<'_>, source: &[u8], format: &'static dyn Format) -> bool {
    sealed::manifest::speaks_of_sealed(source) && EncryptedFile::parse(source, format, &app.limits).is_err()
}

struct Work<'w> {
    app: &'w App<'w>,
    path: &'w Path,
    input: &'static dyn Format,
    output: &'static dyn Format,
    indent: Indent,
    layouting: Layouting,
    show_keys: bool,
}

impl Work<'_> {
    fn new_file(&self, plan: &Plan) -> Result<(), Failure> {
        let target = Target::create(self.path).map_err(|error| writing(&error))?;
        target.check_directory().map_err(|error| writing(&error))?;
        let example = self.input.example();
        let editing = Editing::start(self.app, self.path, &example)?;
        let (editing, edited, ()) = editing.until_good(&example, &mut |edited| self.check(edited))?;
        let text = plan.encrypt(self.app, edited.expose(), self.input, self.output, self.layouting);
        editing.finish(text, target)
    }

    /// `target` was read.
    fn existing(&self, target: Target, ignore_mac: bool) -> Result<(), Failure> {
        let app = self.app;
        let source = target.content().to_vec();
        let (file, data_key) =
            app.open(&source, self.input, Opening { ignore_mac, ..Opening::default() }, &self.indent)?;
        if self.show_keys {
            return self.with_keys(&file, &data_key, target);
        }
        let asked = matches!(self.layouting, Layouting::Sops(_));
        let before = plaintext(app, &file, self.output, &self.indent, asked)?;
        let editing = Editing::start(app, self.path, &before)?;
        let (editing, edited, ()) = editing.until_good(&before, &mut |edited| self.check(edited))?;
        let encryption = self.encryption(file.metadata(), &data_key);
        let text = encryption.and_then(|encryption| self.encrypt(&file, edited.expose(), &encryption));
        editing.finish(text, target)
    }

    /// The draft holds the metadata as well, and what the user does to it
    /// counts: keys that are added get the data key, others keep theirs.
    fn with_keys(&self, file: &DecryptedFile<'_>, data_key: &DataKey, target: Target) -> Result<(), Failure> {
        let app = self.app;
        let marshal = |error: bulla_sops::FormatError| {
            Failure::new(Exit::Dump, format!("Could not marshal tree: {error}"))
        };
        let asked = matches!(self.layouting, Layouting::Sops(_));
        let plain = plaintext(app, file, self.input, &self.indent, asked)?;
        let shown = Metadata { layout: None, ..file.metadata().clone() };
        let document = self.input.parse(&plain, Purpose::Plain, &app.limits).map_err(marshal)?;
        let splices = self.input.put_metadata(&document, &shown.write()).map_err(marshal)?;
        let before = bulla_sops::apply(&plain, splices);
        let editing = Editing::start(app, self.path, &before)?;
        let (editing, edited, ()) = editing.until_good(&before, &mut |edited| {
            let file = EncryptedFile::parse(edited, self.input, &app.limits).map_err(|error| Retry {
                message: "SOPS metadata is invalid. ",
                reason: reading(&error).message,
            })?;
            if file.metadata.keys().next().is_none() {
                let message = "No master keys were provided, so sops can't encrypt the file. ";
                return Err(Retry { message, reason: String::new() });
            }
            Ok(())
        })?;
        editing.finish(self.with_edited_keys(file, data_key, edited.expose()), target)
    }

    /// Encrypts an edited text that holds its metadata, by that metadata.
    fn with_edited_keys(
        &self,
        file: &DecryptedFile<'_>,
        data_key: &DataKey,
        edited: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let changed = EncryptedFile::parse(edited, self.input, &self.app.limits);
        let changed = changed.map_err(|error| reading(&error))?;
        let holes = changed.document.places.iter().flat_map(|place| place.existing.iter().cloned());
        let holes = holes.map(|hole| bulla_sops::Splice::new(hole, "")).collect();
        let text = SecretBytes::new(bulla_sops::apply(edited, holes));
        let mut encryption = self.encryption(&changed.metadata, data_key)?;
        encryption.groups = self.rewrapped(&changed.metadata, file.metadata(), data_key)?;
        self.encrypt(file, text.expose(), &encryption)
    }

    /// Keys that stood in the file keep their wrapped copy where the groups
    /// are the same; otherwise all get new ones.
    fn rewrapped(
        &self,
        wanted: &Metadata,
        before: &Metadata,
        data_key: &DataKey,
    ) -> Result<Vec<Vec<bulla_sops::WrappedKey>>, Failure> {
        if wanted.groups == before.groups && wanted.shamir_threshold == before.shamir_threshold {
            return Ok(before.groups.clone());
        }
        let groups: Vec<Vec<_>> = wanted
            .groups
            .iter()
            .map(|group| group.iter().map(|wrapped| wrapped.key.clone()).collect())
            .collect();
        let wrapped = self.app.wrap(&groups, wanted.shamir_threshold, data_key)?;
        wrapped.map(|(groups, _)| groups).map_err(|error| {
            let text = format!("Error encrypting the data key with one or more master keys: [{error}]");
            Failure::new(Exit::DataKey, text)
        })
    }

    fn encryption<'k>(
        &'k self,
        metadata: &Metadata,
        data_key: &'k DataKey,
    ) -> Result<Encryption<'k>, Failure> {
        let mut encryption = self.app.encryption(metadata, data_key);
        encryption.version = raised_version(&metadata.version)?;
        Ok(encryption)
    }

    fn encrypt(
        &self,
        file: &DecryptedFile<'_>,
        edited: &[u8],
        encryption: &Encryption<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let text = if self.input.name() == self.output.name() {
            bulla_sops::reencrypt(file, edited, self.layouting, encryption)
        } else {
            let mut none = bulla_sops::Reuse::default();
            bulla_sops::encrypt(edited, self.output, self.output, self.layouting, &mut none, encryption)
        };
        text.map_err(|error| encrypting(&error))
    }

    fn check(&self, edited: &[u8]) -> Result<(), Retry> {
        let message = "Could not load tree, probably due to invalid syntax. ";
        let document = self.output.parse(edited, Purpose::Plain, &self.app.limits);
        let document = document.map_err(|error| Retry { message, reason: plain_text(&error).message })?;
        let reserved = document.branches.first().and_then(|branch| self.output.reserved_key(branch));
        let message = "Tree not valid for encryption. ";
        match reserved {
            Some(key) => Err(Retry { message, reason: format!("the top-level entry {key:?} is reserved") }),
            None if document.branches.is_empty() => {
                Err(Retry { message, reason: "the file must contain at least one document".to_owned() })
            }
            None => Ok(()),
        }
    }
}

/// An edit raises the file's version to ours, and never lowers it.
fn raised_version(version: &str) -> Result<String, Failure> {
    let parts = |text: &str| -> Option<[u64; 3]> {
        let core = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next()?;
        let numbers: Vec<u64> = core.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        numbers.try_into().ok()
    };
    if version.starts_with("1.") {
        return Ok(VERSION.to_owned());
    }
    let before = parts(version).ok_or_else(|| {
        let text = format!(
            "Failed to compare document version {:?} with program version {VERSION:?}",
            version.escape_debug().to_string()
        );
        Failure::new(Exit::Version, text)
    })?;
    let raise = parts(VERSION).is_some_and(|ours| ours > before);
    Ok(if raise { VERSION } else { version }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_raised_and_never_lowered() {
        assert_eq!(raised_version("3.7.1").unwrap(), VERSION);
        assert_eq!(raised_version("1.18").unwrap(), VERSION);
        assert_eq!(raised_version("99.0.0").unwrap(), "99.0.0");
        assert_eq!(raised_version("x").unwrap_err().code, 202);
    }
}
