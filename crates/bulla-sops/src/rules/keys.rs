//! Master keys in rules: flat fields and key groups (`sops.md` 5.2).

use std::collections::BTreeMap;

use bulla_core::MasterKey;

use super::ConfigError;
use super::fields::Fields;
use crate::keys;

/// Depth of `merge` in a key group.
const MERGE_DEPTH: usize = 16;

/// Reads the flat fields of a rule, in the order in which sops collects them.
pub(super) fn flat(fields: &mut Fields<'_, '_>) -> Result<Vec<MasterKey>, ConfigError> {
    let profile = fields.text("aws_profile")?;
    let none = BTreeMap::new();
    let mut found: Vec<MasterKey> = fields.comma_texts("age")?.iter().map(|text| keys::age(text)).collect();
    found.extend(fields.comma_texts("pgp")?.iter().map(|text| keys::pgp(text)));
    found.extend(fields.comma_texts("kms")?.iter().map(|text| keys::kms(text, &none, &profile)));
    found.extend(fields.comma_texts("gcp_kms")?.iter().map(|text| keys::gcp_kms(text)));
    for text in fields.texts("hckms")? {
        found.push(keys::hckms(&text)?);
    }
    for text in fields.comma_texts("azure_keyvault")? {
        found.push(keys::azure_kv(&text)?);
    }
    for text in fields.comma_texts("hc_vault_transit_uri")? {
        found.push(keys::hc_vault(&text)?);
    }
    Ok(found)
}

/// Reads one key group: merged groups first; duplicates are dropped.
pub(super) fn group(
    mut fields: Fields<'_, '_>,
    warnings: &mut Vec<String>,
    depth: usize,
) -> Result<Vec<MasterKey>, ConfigError> {
    let mut found = Vec::new();
    let merged = fields.maps("merge")?.unwrap_or_default();
    if depth == MERGE_DEPTH && !merged.is_empty() {
        return Err(ConfigError::Form(format!("key groups merge more than {MERGE_DEPTH} levels deep")));
    }
    for inner in merged {
        found.extend(group(inner, warnings, depth + 1)?);
    }
    found.extend(fields.texts("age")?.iter().map(|text| keys::age(text)));
    found.extend(fields.texts("pgp")?.iter().map(|text| keys::pgp(text)));
    for mut entry in fields.maps("kms")?.unwrap_or_default() {
        found.push(kms(&mut entry)?);
        entry.finish(warnings);
    }
    for mut entry in fields.maps("gcp_kms")?.unwrap_or_default() {
        found.push(keys::gcp_kms(&entry.text("resource_id")?));
        entry.finish(warnings);
    }
    for mut entry in fields.maps("hckms")?.unwrap_or_default() {
        found.push(keys::hckms(&entry.text("key_id")?)?);
        entry.finish(warnings);
    }
    for mut entry in fields.maps("azure_keyvault")?.unwrap_or_default() {
        let (url, name) = (entry.text("vaultUrl")?, entry.text("key")?);
        found.push(keys::azure_kv_parts(&url, &name, &entry.text("version")?));
        entry.finish(warnings);
    }
    for text in fields.texts("hc_vault")? {
        found.push(keys::hc_vault(&text)?);
    }
    fields.finish(warnings);
    let mut unique: Vec<MasterKey> = Vec::new();
    for key in found {
        let known =
            |other: &MasterKey| other.kind == key.kind && keys::identity(other) == keys::identity(&key);
        if !unique.iter().any(known) {
            unique.push(key);
        }
    }
    Ok(unique)
}

fn kms(entry: &mut Fields<'_, '_>) -> Result<MasterKey, ConfigError> {
    let (arn, role) = (entry.text("arn")?, entry.text("role")?);
    let text = if role.is_empty() { arn } else { format!("{arn}+{role}") };
    let profile = entry.text("aws_profile")?;
    Ok(keys::kms(&text, &entry.text_map("context")?, &profile))
}
