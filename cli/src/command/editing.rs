//! One edit of a text by the user: the draft, the loop around the editor, and
//! what becomes of the text in the end (`security.md` L-04, L-05).

use std::path::Path;

use bulla_core::SecretBytes;

use crate::app::{App, writing};
use crate::error::{Exit, Failure};
use crate::file::Target;
use crate::process::edit::Draft;
use crate::ui::Level;

const PRESS_ENTER: &str = "Press enter to return to the editor, or Ctrl+C to exit.";

/// An edit that has begun.
pub(super) struct Editing<'e> {
    app: &'e App<'e>,
    draft: Draft,
}

/// Why the editor is opened again.
pub(super) struct Retry {
    /// What is wrong with the text.
    pub(super) message: &'static str,
    /// Where and why; may be empty.
    pub(super) reason: String,
}

impl<'e> Editing<'e> {
    /// Puts `text` where the user can edit it, under the name of the file at
    /// `path`.
    pub(super) fn start(app: &'e App<'e>, path: &Path, text: &[u8]) -> Result<Self, Failure> {
        let draft = Draft::create(path, text, app.context)?;
        if draft.may_reach_disk {
            app.ui.warn(
                "there is no memory-backed directory: the plaintext may reach a disk while it is edited",
            );
        }
        Ok(Self { app, draft })
    }

    /// Runs the editor until `check` accepts the text; gives the text and what
    /// `check` made of it. Fails where the text is still `before`.
    pub(super) fn until_good<T>(
        self,
        before: &[u8],
        check: &mut dyn FnMut(&[u8]) -> Result<T, Retry>,
    ) -> Result<(Self, SecretBytes, T), Failure> {
        loop {
            self.draft.edit(&self.app.context.environment)?;
            let edited = match self.draft.read(self.app.limits.file_size) {
                Ok(edited) => edited,
                Err(failure) => return Err(self.kept(failure)),
            };
            if edited.expose() == before {
                return Err(not_modified());
            }
            let retry = match check(edited.expose()) {
                Ok(made) => return Ok((self, edited, made)),
                Err(retry) => retry,
            };
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

    /// Writes the result, or keeps the user's text.
    pub(super) fn finish(self, text: Result<Vec<u8>, Failure>, target: Target) -> Result<(), Failure> {
        let written = text.and_then(|text| {
            target.replace(&text, &*self.app.context.random).map_err(|error| writing(&error))
        });
        match written {
            Ok(replaced) => {
                self.app.report(replaced);
                Ok(())
            }
            Err(failure) => Err(self.kept(failure)),
        }
    }

    /// Says where the user's text is, which would be lost otherwise.
    fn kept(self, failure: Failure) -> Failure {
        if let Some(path) = self.draft.keep() {
            self.app.ui.say(&format!("Your text is kept in {}; remove it when you have it", path.display()));
        }
        failure
    }
}

/// There is nothing to write.
pub(super) fn not_modified() -> Failure {
    Failure::new(Exit::NotModified, "File has not changed, exiting.")
}
