//! `groups add`, `groups delete`: change the key groups of a file. Values and
//! MAC stay untouched.

use std::path::Path;

use bulla_core::MasterKey;
use bulla_sops::group::RecoverError;
use bulla_sops::{Format, Metadata, keys, replace_metadata};

use super::encrypt::bad_threshold;
use crate::app::{App, format_of, master_keys};
use crate::error::{Exit, Failure};
use crate::request::{GroupsAdd, GroupsDelete, Sink};

/// Runs `groups add`.
pub(super) fn add(app: &App<'_>, request: &GroupsAdd) -> Result<(), Failure> {
    let new = master_keys(&request.keys, &request.aws)?;
    change(app, &request.path, request.in_place, request.threshold, &mut |groups| {
        groups.push(new.clone());
        Ok(())
    })
}

/// Runs `groups delete`.
pub(super) fn delete(app: &App<'_>, request: &GroupsDelete) -> Result<(), Failure> {
    change(app, &request.path, request.in_place, request.threshold, &mut |groups| {
        let index = request.index as usize;
        if index >= groups.len() {
            let text = format!("there is no key group {index}: the file has {}", groups.len());
            return Err(Failure::logged(text));
        }
        if groups.len() == 1 {
            return Err(Failure::logged(
                "this is the only key group: nobody could decrypt the file without it",
            ));
        }
        groups.remove(index);
        Ok(())
    })
}

/// A change of the key groups of a file.
type Change<'c> = &'c mut dyn FnMut(&mut Vec<Vec<MasterKey>>) -> Result<(), Failure>;

fn change(
    app: &App<'_>,
    path: &Path,
    in_place: bool,
    threshold: i64,
    edit: Change<'_>,
) -> Result<(), Failure> {
    let name = app.absolute(path);
    app.indent(&name)?;
    let format = format_of("", &name);
    let sink = if in_place { Sink::InPlace } else { Sink::Stdout };
    let opened = app.take(Some(path), &sink)?;
    let file = app.parse(&opened.bytes, format).map_err(Failure::into_logged)?;
    let data_key = app.recover(&file.metadata)?.map_err(|error| Failure::logged(short(&error)))?;
    let mut groups: Vec<Vec<MasterKey>> = file
        .metadata
        .groups
        .iter()
        .map(|group| group.iter().map(|wrapped| wrapped.key.clone()).collect())
        .collect();
    edit(&mut groups)?;
    let threshold = match threshold {
        0 => file.metadata.shamir_threshold,
        asked => u32::try_from(asked).map_err(|_| bad_threshold(asked))?,
    };
    if groups.len() < threshold as usize {
        return Err(Failure::logged(format!(
            "removing this key group will make the Shamir threshold impossible to satisfy: \
             Shamir threshold is {threshold}, but we only have {} key groups",
            groups.len()
        )));
    }
    let text = with_groups(app, &opened.bytes, format, &file.metadata, &groups, threshold, &data_key)?;
    app.put(&text, opened.target)
}

/// `groups` tells in one line why there is no data key.
fn short(error: &RecoverError) -> String {
    match error {
        RecoverError::Keys { groups, needed } => {
            let recovered = groups.iter().filter(|group| group.recovered).count();
            let needed = if groups.len() == 1 { 0 } else { *needed };
            format!("Error getting data key: {needed} successful groups required, got {recovered}")
        }
        error => error.to_string(),
    }
}

/// Wraps the data key of a file for other groups and returns the file with
/// them: nothing but the metadata differs, which is checked.
pub(super) fn with_groups(
    app: &App<'_>,
    source: &[u8],
    format: &'static dyn Format,
    metadata: &Metadata,
    groups: &[Vec<MasterKey>],
    threshold: u32,
    data_key: &bulla_core::DataKey,
) -> Result<Vec<u8>, Failure> {
    let wrapped = app.wrap(groups, threshold, data_key)?;
    let (mut groups, shamir_threshold) = wrapped.map_err(|error| {
        Failure::new(Exit::Generic, format!("error updating one or more master keys: [{error}]"))
    })?;
    for group in &mut groups {
        group.sort_by_key(|wrapped| keys::file_rank(wrapped.key.kind));
    }
    let layout = metadata.layout.clone().filter(|_| app.keeps_layout());
    let metadata = Metadata { groups, shamir_threshold, layout, ..metadata.clone() };
    let dump = |text: String| Failure::new(Exit::Dump, format!("Could not marshal tree: {text}"));
    let text =
        replace_metadata(format, source, &metadata, &app.limits).map_err(|error| dump(error.to_string()))?;
    let (before, after) = (app.parse(source, format)?, app.parse(&text, format)?);
    if before.document.branches != after.document.branches || after.metadata.groups != metadata.groups {
        return Err(dump("the result does not read back as it was meant; nothing was written".to_owned()));
    }
    Ok(text)
}
