//! From the library's errors to exit codes and the texts of sops.

use bulla_sops::group::WrapError;
use bulla_sops::{CryptError, EncryptError, FormatError, MetadataError, ReadError};

use crate::error::{Exit, Failure};
use crate::file::FileError;

/// Loading an encrypted file failed.
pub fn reading(error: &ReadError) -> Failure {
    match error {
        ReadError::Format(FormatError::Metadata(text)) => Failure::new(Exit::Generic, text.clone()),
        ReadError::Format(FormatError::Empty) => {
            Failure::new(Exit::Generic, MetadataError::Missing.to_string())
        }
        ReadError::Format(error) => {
            let text = error.to_string();
            let named = text.starts_with("yaml: ");
            let prefix = if named { "" } else { "Could not unmarshal input data: " };
            Failure::new(Exit::Generic, format!("{prefix}{text}"))
        }
        ReadError::Metadata(error @ MetadataError::Missing) => Failure::new(Exit::Generic, error.to_string())
            .hint("the file is not encrypted, or not in the format that its name says"),
        error => Failure::new(Exit::Generic, error.to_string()),
    }
}

/// Loading a plain file failed.
pub fn plain_text(error: &FormatError) -> Failure {
    match error {
        FormatError::Empty => Failure::new(
            Exit::NoDocument,
            "File cannot be completely empty, it must contain at least one document",
        ),
        error => Failure::new(Exit::Read, format!("Error unmarshalling file: {error}")),
    }
}

/// Decrypting the values failed.
pub(super) fn decrypting(error: &CryptError) -> Failure {
    match error {
        CryptError::Mac(_) => Failure::new(Exit::Mac, error.to_string()),
        error => Failure::new(Exit::DecryptTree, format!("Error decrypting tree: {error}")),
    }
}

/// Encrypting failed.
pub fn encrypting(error: &EncryptError) -> Failure {
    match error {
        EncryptError::Format(error @ (FormatError::Unrepresentable(_) | FormatError::Metadata(_))) => {
            Failure::new(Exit::Dump, format!("Could not marshal tree: {error}"))
        }
        EncryptError::Format(error) => plain_text(error),
        EncryptError::Reserved => Failure::new(Exit::AlreadyEncrypted, error.to_string()),
        EncryptError::Check => Failure::new(Exit::EncryptTree, error.to_string()),
        EncryptError::Layout => {
            Failure::new(Exit::EncryptTree, error.to_string()).hint("--no-layout encrypts it without")
        }
        error => Failure::new(Exit::EncryptTree, format!("Error encrypting tree: {error}")),
    }
}

/// Wrapping a new data key failed.
pub fn wrapping(error: &WrapError) -> Failure {
    Failure::new(Exit::Generic, format!("Could not generate data key: [{error}]"))
}

/// Writing to the file that `--output` names failed.
pub(super) fn writing_output(error: &FileError) -> Failure {
    Failure::new(Exit::Write, format!("Could not open output file for writing: {error}"))
}

/// Writing a file failed.
pub fn writing(error: &FileError) -> Failure {
    Failure::new(Exit::Write, format!("Could not open in-place file for writing: {error}"))
}
