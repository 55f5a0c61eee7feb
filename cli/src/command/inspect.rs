//! `inspect`: who can open a file, how old it is, and whether one of the keys
//! at hand does.

use std::fmt::Write as _;

use bulla_core::one_line;
use bulla_sops::group::Access;
use bulla_sops::{EncryptedFile, group, keys};
use serde_json::{Value, json};

use super::sealed;
use crate::app::{App, format_of, reading};
use crate::error::{Exit, Failure, cause};
use crate::file;
use crate::request::{Inspect, Report};

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Inspect) -> Result<(), Failure> {
    let name = app.absolute(&request.path);
    let bytes = file::read(&name, app.limits.file_size)
        .map_err(|error| Failure::new(Exit::Read, format!("Error reading file: {error}")))?;
    let file = match EncryptedFile::parse(&bytes, format_of(&request.input_type, &name), &app.limits) {
        Ok(file) => file,
        Err(_) if sealed::manifest::speaks_of_sealed(&bytes) => {
            return sealed::inspect::run(app, request, &bytes);
        }
        Err(error) => return Err(reading(&error)),
    };
    let opens = opens(app, &file)?;
    let text = match request.report {
        Report::Text => text(&file, &opens),
        Report::Json | Report::Sarif => format!("{:#}\n", json_of(&file, &opens)),
    };
    app.ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, cause(&error)))
}

/// For every group, its keys and whether one at hand opens them.
type Opens = Vec<Vec<(String, Access)>>;

fn opens(app: &App<'_>, file: &EncryptedFile<'_>) -> Result<Opens, Failure> {
    let opened = app.wait(group::openable(&file.metadata, app.providers()))?;
    let groups = file.metadata.groups.iter().zip(opened);
    let named = groups.map(|(group, opened)| {
        group.iter().map(|wrapped| keys::identity(&wrapped.key)).zip(opened).collect()
    });
    Ok(named.collect())
}

fn text(file: &EncryptedFile<'_>, opens: &Opens) -> String {
    let metadata = &file.metadata;
    let mut out = String::new();
    let _ = writeln!(out, "format         {}", file.format.name());
    let _ = writeln!(out, "documents      {}", file.document.branches.len());
    let _ = writeln!(out, "last modified  {}", metadata.last_modified);
    let _ = writeln!(out, "sops version   {}", metadata.version);
    if let Some((rule, text)) = metadata.selection.rule() {
        let _ = writeln!(out, "rule           {}: {}", rule.field(), text.escape_debug());
    }
    let covered = if metadata.mac_only_encrypted { "encrypted values only" } else { "all values" };
    let _ = writeln!(out, "MAC covers     {covered}");
    if opens.len() > 1 {
        let _ = writeln!(out, "threshold      {} of {} groups", metadata.shamir_threshold, opens.len());
    }
    for (number, (group, wrapped)) in opens.iter().zip(&metadata.groups).enumerate() {
        if opens.len() > 1 {
            let _ = writeln!(out, "group {number}");
        }
        for ((identity, opened), wrapped) in group.iter().zip(wrapped) {
            let mine = match opened {
                Access::No => "no key at hand".to_owned(),
                Access::Unknown(reason) => format!("could not ask: {}", one_line(reason.as_bytes())),
                Access::Yes => "opens with a key at hand".to_owned(),
            };
            let _ = writeln!(out, "  {:8} {}  ({mine})", wrapped.key.kind, identity.escape_debug());
        }
    }
    out
}

fn json_of(file: &EncryptedFile<'_>, opens: &Opens) -> Value {
    let metadata = &file.metadata;
    let groups: Vec<Value> = opens
        .iter()
        .zip(&metadata.groups)
        .map(|(group, wrapped)| {
            let keys = group.iter().zip(wrapped).map(|((identity, opened), wrapped)| {
                let mut entry = json!({ "kind": wrapped.key.kind, "identity": identity,
                    "opens": *opened == Access::Yes, "created_at": wrapped.created_at });
                if let Access::Unknown(reason) = opened {
                    entry["unknown"] = reason.as_str().into();
                }
                entry
            });
            json!(keys.collect::<Vec<_>>())
        })
        .collect();
    json!({
        "format": file.format.name(),
        "documents": file.document.branches.len(),
        "last_modified": metadata.last_modified,
        "version": metadata.version,
        "rule": metadata.selection.rule().map(|(rule, text)| json!({ rule.field(): text })),
        "mac_only_encrypted": metadata.mac_only_encrypted,
        "shamir_threshold": metadata.shamir_threshold,
        "groups": groups,
    })
}
