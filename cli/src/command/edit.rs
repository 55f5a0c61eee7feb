//! `edit`: change a file in an editor, or make a new one.

use std::path::Path;

use bulla_core::{DataKey, SecretBytes};
use bulla_sops::{
    DecryptedFile, EncryptedFile, Encryption, Format, Indent, Layouting, Metadata, Purpose, VERSION,
};

use super::decrypt::plaintext;
use super::encrypt::Plan;
use super::rotate::{keys_without_file, require_rule};
use crate::app::{App, Opening, encrypting, format_of, plain_text, reading, writing};
use crate::error::{Exit, Failure};
use crate::file::{FileError, Target};
use crate::process::edit::Draft;
use crate::request::Edit;
use crate::ui::Level;

const PRESS_ENTER: &str = "Press enter to return to the editor, or Ctrl+C to exit.";

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
        Ok(target) => work.existing(target, request.ignore_mac),
        Err(error) if error.is_missing() => {
            let plan = Plan::new(app, &name, &request.new_file, work.input)?;
            work.new_file(&plan)
        }
        Err(error) => Err(Failure::new(Exit::Read, format!("Error reading file: {error}"))),
    }
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
        let draft = self.draft(&example)?;
        let (draft, edited) = self.until_good(draft, &example, &mut |edited| self.check(edited))?;
        let text = plan.encrypt(self.app, edited.expose(), self.input, self.output, self.layouting);
        self.finish(text, draft, target)
    }

    fn existing(&self, mut target: Target, ignore_mac: bool) -> Result<(), Failure> {
        let app = self.app;
        let read = |error: FileError| Failure::new(Exit::Read, format!("Error reading file: {error}"));
        let source = target.read(app.limits.file_size).map_err(read)?.to_vec();
        target.check_directory().map_err(|error| writing(&error))?;
        let (file, data_key) =
            app.open(&source, self.input, Opening { ignore_mac, ..Opening::default() }, &self.indent)?;
        if self.show_keys {
            return self.with_keys(&file, &data_key, target);
        }
        let asked = matches!(self.layouting, Layouting::Sops(_));
        let before = plaintext(app, &file, self.output, &self.indent, asked)?;
        let draft = self.draft(&before)?;
        let (draft, edited) = self.until_good(draft, &before, &mut |edited| self.check(edited))?;
        let encryption = self.encryption(file.metadata(), &data_key);
        let text = encryption.and_then(|encryption| self.encrypt(&file, edited.expose(), &encryption));
        self.finish(text, draft, target)
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
        let draft = self.draft(&before)?;
        let (draft, edited) = self.until_good(draft, &before, &mut |edited| {
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
        self.finish(self.with_edited_keys(file, data_key, edited.expose()), draft, target)
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

    fn draft(&self, text: &[u8]) -> Result<Draft, Failure> {
        let draft = Draft::create(self.path, text, self.app.context)?;
        if draft.may_reach_disk {
            self.app.ui.warn(
                "there is no memory-backed directory: the plaintext may reach a disk while it is edited",
            );
        }
        Ok(draft)
    }

    /// Runs the editor until `check` accepts the text.
    fn until_good(
        &self,
        draft: Draft,
        before: &[u8],
        check: &mut dyn FnMut(&[u8]) -> Result<(), Retry>,
    ) -> Result<(Draft, SecretBytes), Failure> {
        loop {
            draft.edit(&self.app.context.environment)?;
            let edited = match draft.read(self.app.limits.file_size) {
                Ok(edited) => edited,
                Err(failure) => return Err(self.kept(draft, failure)),
            };
            if edited.expose() == before {
                return Err(Failure::new(Exit::NotModified, "File has not changed, exiting."));
            }
            let Err(retry) = check(edited.expose()) else { return Ok((draft, edited)) };
            let message = format!("{}{PRESS_ENTER}", retry.message);
            let reason = [("error", retry.reason.as_str())];
            let fields = if retry.reason.is_empty() { &reason[..0] } else { &reason[..] };
            self.app.ui.log("CMD", Level::Error, &message, fields);
            // At the end of the input nobody can press anything.
            if !matches!(self.app.ui.ask(""), Ok(Some(_))) {
                return Err(Failure::new(Exit::Generic, "User canceled operation"));
            }
        }
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

    /// Writes the result, or keeps the user's text.
    fn finish(&self, text: Result<Vec<u8>, Failure>, draft: Draft, target: Target) -> Result<(), Failure> {
        let written = text.and_then(|text| {
            target.replace(&text, &*self.app.context.random).map_err(|error| writing(&error))
        });
        match written {
            Ok(replaced) => {
                self.app.report(replaced);
                Ok(())
            }
            Err(failure) => Err(self.kept(draft, failure)),
        }
    }

    /// Says where the user's text is, which would be lost otherwise.
    fn kept(&self, draft: Draft, failure: Failure) -> Failure {
        if let Some(path) = draft.keep() {
            self.app.ui.say(&format!("Your text is kept in {}; remove it when you have it", path.display()));
        }
        failure
    }
}

/// Why the editor is opened again.
struct Retry {
    message: &'static str,
    reason: String,
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
