//! `rotate`: a new data key, and other master keys where asked for.

use std::path::Path;

use bulla_core::MasterKey;
use bulla_sops::{DecryptedFile, Encryption, Format, Indent, Metadata, encrypt_tree, group, keys};

use crate::app::{App, Opening, encrypting, format_of, master_keys, wrapping};
use crate::error::{Exit, Failure};
use crate::go;
use crate::request::Rotate;

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Rotate) -> Result<(), Failure> {
    if let Some(path) = &request.input.path {
        let is_missing = app.check_exists(path).is_err();
        if is_missing && !(request.add.is_empty() && request.remove.is_empty()) {
            return Err(keys_without_file(app, path, request.needs_rule));
        }
        if request.needs_rule {
            app.check_exists(path)?;
        }
    }
    let name = app.judged_name(&request.input);
    if request.needs_rule {
        require_rule(app, &name)?;
    }
    let (indent, asked) = app.indent(&name)?;
    let formats = &request.input.formats;
    let input = format_of(&formats.input, &name);
    let output = format_of(&formats.output, &name);
    app.decryption_order()?;
    let add = master_keys(&request.add, &request.aws)?;
    let remove = master_keys(&request.remove, &request.aws)?;
    let path = request.input.path.as_ref().map(|path| app.absolute(path));
    let opened = app.take(path.as_deref(), &request.sink)?;
    let opening = Opening { ignore_mac: request.ignore_mac, values_only: true };
    let (file, _) = app.open(&opened.bytes, input, opening, &indent)?;
    let groups = changed_groups(file.metadata(), &add, &remove);
    let asked = asked || !formats.output.is_empty();
    let text = rotated(app, file, &groups, asked.then_some((output, indent)))?;
    app.put(&text, opened.target)
}

/// Keys to add or to remove, and no file; the flag style says it its own way.
pub(super) fn keys_without_file(app: &App<'_>, path: &Path, flag_style: bool) -> Failure {
    let instead = if flag_style { "`--kms` and `--pgp`" } else { "the `edit` subcommand" };
    let shown = go::quote(&app.absolute(path).to_string_lossy());
    let text =
        format!("Error: cannot add or remove keys on non-existent file {shown}, use {instead} instead.");
    Failure::new(Exit::KeysWithoutFile, text)
}

/// Fails where there are creation rules and none is for `name`: the flag
/// style looks even where it has no use for one.
pub(super) fn require_rule(app: &App<'_>, name: &Path) -> Result<(), Failure> {
    match app.configuration().find(app, name)? {
        Some(loaded) => loaded.creation_rule(name).map(|_| ()),
        None => Ok(()),
    }
}

/// Keys are added to the first group and removed from all of them.
fn changed_groups(metadata: &Metadata, add: &[MasterKey], remove: &[MasterKey]) -> Vec<Vec<MasterKey>> {
    let mut groups: Vec<Vec<MasterKey>> = metadata
        .groups
        .iter()
        .map(|group| group.iter().map(|wrapped| wrapped.key.clone()).collect())
        .collect();
    if let Some(first) = groups.first_mut() {
        first.extend(add.iter().cloned());
    }
    let removed: Vec<String> = remove.iter().map(keys::identity).collect();
    for group in &mut groups {
        group.retain(|key| !removed.contains(&keys::identity(key)));
    }
    groups
}

/// Encrypts an opened file under a new data key: in its own layout, or laid
/// out by sops in the format that was asked for.
pub(super) fn rotated(
    app: &App<'_>,
    mut file: DecryptedFile<'_>,
    groups: &[Vec<MasterKey>],
    output: Option<(&'static dyn Format, Indent)>,
) -> Result<Vec<u8>, Failure> {
    if !app.keeps_layout() {
        file.forget_layout();
    }
    let random = &*app.context.random;
    let data_key =
        group::new_data_key(random).map_err(|error| Failure::new(Exit::Generic, error.to_string()))?;
    let threshold = file.metadata().shamir_threshold;
    let wrapped = app.wrap(groups, threshold, &data_key)?;
    let (groups, shamir_threshold) = wrapped.map_err(|error| wrapping(&error))?;
    let mut encryption: Encryption<'_> = app.encryption(file.metadata(), &data_key);
    encryption.groups = keep_dates(groups, file.metadata());
    encryption.shamir_threshold = shamir_threshold;
    let text = match output {
        Some((format, indent)) => encrypt_tree(file.branches().to_vec(), format, &indent, &encryption),
        None => bulla_sops::rotate(file, &encryption),
    };
    text.map_err(|error| encrypting(&error))
}

/// A key that was there before keeps its date (`sops.md` 2.2).
fn keep_dates(
    mut groups: Vec<Vec<bulla_sops::WrappedKey>>,
    metadata: &Metadata,
) -> Vec<Vec<bulla_sops::WrappedKey>> {
    for (group, old) in groups.iter_mut().zip(&metadata.groups) {
        for wrapped in group {
            if let Some(before) = old.iter().find(|before| before.key == wrapped.key) {
                wrapped.created_at.clone_from(&before.created_at);
            }
        }
    }
    groups
}
