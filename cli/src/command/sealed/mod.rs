//! Sealed Secrets: sealing, merging, unsealing, and the keys of a cluster. Errors
//! are texts, in the words of the reference where it has any
//! (`sealed-secrets.md` 4).

pub mod certificate;
pub mod edit;
pub mod inspect;
pub mod keys;
pub mod manifest;
mod merge;
pub mod remote;
pub mod reseal;
mod sink;
mod sources;
mod unseal;
pub mod verb;

use std::path::Path;

use bulla_api::{Secret, Tree, encode_base64};
use bulla_core::{Context, Limits, parallel};
use bulla_seal::{PublicKey, SealOptions, seal, seal_value};
use zeroize::Zeroizing;

use crate::file;
use crate::process::helpers;
use crate::ui::Ui;
pub use merge::merge;
pub use sink::Sink;
pub use unseal::unseal;

/// The form of a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// JSON, indented.
    Json,
    /// YAML, each document behind `---`.
    Yaml,
    /// A word that names no form; told when something is to be written.
    Unknown(String),
}

impl Form {
    /// Reads a form's name without regard to case; empty means JSON.
    pub fn named(name: &str) -> Self {
        match name.to_lowercase().as_str() {
            "" | "json" => Self::Json,
            "yaml" => Self::Yaml,
            _ => Self::Unknown(name.to_owned()),
        }
    }

    /// Writes one document.
    pub fn write(&self, tree: &Tree) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut out = Zeroizing::new(Vec::new());
        match self {
            Self::Json => {
                out.extend_from_slice(Zeroizing::new(bulla_api::json(tree)).as_bytes());
                out.push(b'\n');
            }
            Self::Yaml => {
                out.extend_from_slice(b"---\n");
                out.extend_from_slice(&Zeroizing::new(bulla_api::yaml(tree)));
            }
            Self::Unknown(name) => return Err(format!("unsupported output format: {name}")),
        }
        Ok(out)
    }
}

/// How Secrets are sealed.
pub struct Seal {
    /// What is taken instead of what they say.
    pub options: SealOptions,
    /// The form of the result.
    pub form: Form,
}

/// Reads a file, or standard input where the name is empty.
pub fn read(context: &Context, path: &str) -> Result<Vec<u8>, String> {
    let limit = Limits::default().file_size;
    let bytes = match path {
        "" => file::read_stdin(limit),
        path => {
            let joined = context.environment.directory().join(path);
            // Where it does not exist the name is told as it was typed.
            file::read(if joined.exists() { &joined } else { Path::new(path) }, limit)
        }
    };
    bytes.map_err(|error| error.to_string())
}

/// How many Secrets a thread seals at a time: some milliseconds.
const BATCH: usize = 16;

/// Seals Secrets, and writes them in their order.
pub fn seal_all(
    context: &Context,
    ui: &Ui,
    secrets: &[Secret],
    key: &PublicKey,
    how: &Seal,
    sink: &mut Sink,
) -> Result<(), String> {
    let one = |secret: &Secret| {
        let sealed = seal(secret, key, &how.options, &*context.random).map_err(|error| error.to_string())?;
        how.form.write(&sealed.tree())
    };
    parallel::map(secrets, BATCH, helpers(), one, |results| {
        for sealed in results {
            sink.write(ui, &sealed?)?;
        }
        Ok(())
    })
}

/// The Secrets of a text; none is an error.
pub fn secrets(ui: &Ui, input: &[u8]) -> Result<Vec<Secret>, String> {
    let secrets = bulla_api::secrets(input).map_err(|error| error.to_string())?;
    if secrets.is_empty() {
        return Err("no secrets found. Ensure the input is valid and UTF-8 encoded".to_owned());
    }
    for misread in misread(input) {
        ui.say(&format!("warning: {misread}"));
    }
    Ok(secrets)
}

/// What to say of scalars that lose their text.
fn misread(text: &[u8]) -> impl Iterator<Item = String> {
    bulla_api::misreadings(text).into_iter().map(|place| {
        format!("{place} has no quotes, and YAML 1.1 reads it as something else; quote it to keep its text")
    })
}

/// Seals one value; the result is base64 without a line break.
pub fn raw(context: &Context, key: &PublicKey, value: &[u8], label: &[u8]) -> Result<String, String> {
    let sealed = seal_value(key, value, label, &*context.random).map_err(|error| error.to_string())?;
    Ok(encode_base64(&sealed))
}
