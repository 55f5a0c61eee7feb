//! What a command failed with: the exit code, the text and its form.

use core::fmt;

/// The exit codes of sops (`sops.md` 6.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Anything that has no code of its own.
    Generic = 1,
    /// The input cannot be read or parsed.
    Read = 2,
    /// The output cannot be written, or no help exists for the topic.
    Write = 3,
    /// The result cannot be said in its format.
    Dump = 4,
    /// Bad `--encryption-context`.
    EncryptionContext = 6,
    /// Bad index or value of `set` or `unset`.
    SetFormat = 7,
    /// Parameters that exclude each other.
    Conflict = 8,
    /// The MAC could not be encrypted.
    EncryptMac = 21,
    /// The tree could not be encrypted.
    EncryptTree = 23,
    /// The tree could not be decrypted.
    DecryptTree = 25,
    /// Keys to add or remove, but no file.
    KeysWithoutFile = 49,
    /// The MAC differs, is missing or does not decrypt.
    Mac = 51,
    /// Bad `--extract` path.
    ExtractPath = 91,
    /// No document in the input.
    NoDocument = 92,
    /// No file given, or it does not exist.
    NoFile = 100,
    /// A kind appears twice in the decryption order.
    DecryptionOrder = 112,
    /// No way to the data key.
    DataKey = 128,
    /// The editor left the file as it was.
    NotModified = 200,
    /// No editor, or it failed.
    Editor = 201,
    /// The file's version cannot be compared.
    Version = 202,
    /// The file is encrypted already.
    AlreadyEncrypted = 203,
}

/// How sops shows a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// The text and a newline.
    Plain,
    /// A log line of level fatal.
    Log,
}

/// A failed command.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The process exit code.
    pub code: u8,
    /// How sops shows it.
    pub form: Form,
    /// What is. Never holds a secret value.
    pub message: String,
    /// What to do about it, where there is something to say.
    pub hint: Option<String>,
    /// True where the code is that of a program that was run.
    pub is_childs: bool,
}

impl Failure {
    /// Builds a failure that is shown as plain text.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { code: exit as u8, form: Form::Plain, message: message.into(), hint: None, is_childs: false }
    }

    /// Builds a failure that is shown as a log line; always exit 1.
    pub fn logged(message: impl Into<String>) -> Self {
        Self { code: 1, form: Form::Log, message: message.into(), hint: None, is_childs: false }
    }

    /// The exit code of a program that was run.
    pub fn child(code: u8, message: impl Into<String>) -> Self {
        Self { code, form: Form::Plain, message: message.into(), hint: None, is_childs: true }
    }

    /// A failure of our own grammar: 1 failed, 2 could not start.
    pub fn own(code: u8, message: impl Into<String>) -> Self {
        Self { code, form: Form::Plain, message: message.into(), hint: None, is_childs: false }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the failure in the form of a log line.
    #[must_use]
    pub fn into_logged(mut self) -> Self {
        self.form = Form::Log;
        self.code = 1;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Says what an operating-system error is, as Go does: without the number.
pub fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
