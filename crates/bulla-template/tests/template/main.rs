//! Templates against the stored answers of Go, and against hostile input.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod hostile;
mod lists;
mod own;
mod seams;
mod vectors;

use bulla_core::SecretBytes;
use bulla_template::{Budget, Data, Library, MissingKey, Settings, Template, TemplateError};

/// Settings with Go's name of the vectors.
fn settings(library: Library, missing_key: MissingKey) -> Settings {
    Settings { library, missing_key, ..Settings::external_secrets("x") }
}

/// Parses and renders.
fn render(text: &str, data: &Data, settings: Settings) -> Result<SecretBytes, TemplateError> {
    Template::parse(text, settings)?.render(
        data,
        &seams::FixedClock,
        &seams::Sequence::default(),
        Budget::default(),
    )
}
