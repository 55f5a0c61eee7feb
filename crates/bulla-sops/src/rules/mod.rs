//! `.sops.yaml`: creation rules, destination rules, layout settings
//! (`sops.md` 5).

mod fields;
mod keys;

use std::collections::BTreeMap;

use bulla_core::{Limits, MasterKey};
use bulla_regexp::Regexp;

use crate::format::{Indent, Purpose, by_name};
use crate::keys::KeyTextError;
use crate::selection::Rule;
use fields::Fields;

/// Size of a configuration file in bytes (`security.md` 4.1).
pub const MAX_CONFIG_SIZE: usize = 1 << 20;

/// Why a configuration cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is too large or breaks YAML, or a field has the wrong form.
    #[error("error loading config: Could not unmarshal config file: {0}")]
    Form(String),
    /// A path expression is invalid.
    #[error("error loading config: can not compile regexp: {0}")]
    PathRegex(bulla_regexp::Error),
    /// A selection expression is invalid.
    #[error("error loading config: the regular expression of {field} is not valid: {source}")]
    Selection {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        source: bulla_regexp::Error,
    },
    /// More than one selection rule.
    #[error(
        "error loading config: cannot use more than one of encrypted_suffix, unencrypted_suffix, \
         encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex for the \
         same rule"
    )]
    Selections,
    /// A key cannot be read.
    #[error("error loading config: {0}")]
    Key(#[from] KeyTextError),
    /// There are rules, but none fits.
    #[error("error loading config: no matching creation rules found")]
    NoMatch,
    /// No destination rule fits.
    #[error("error loading config: no matching destination found in config")]
    NoDestination,
    /// A destination rule names several targets, or none.
    #[error("error loading config: {0}")]
    Destination(&'static str),
}

/// A configuration file.
#[derive(Clone)]
pub struct Config {
    rules: Option<Vec<Candidate<CreationRule>>>,
    destinations: Vec<Candidate<DestinationRule>>,
    /// Layout that the file asks for.
    pub indent: Indent,
    /// Unknown fields, with the nearest known name.
    pub warnings: Vec<String>,
}

/// A rule as far as it could be read. What is wrong with it counts only once
/// it is looked at, as in sops: a path expression when no rule before it
/// matched, the rest when it is the rule of a file.
#[derive(Clone)]
struct Candidate<R> {
    path: Result<Option<Regexp>, ConfigError>,
    rule: Result<R, ConfigError>,
}

impl<R> Candidate<R> {
    /// Only a field of a wrong form is an error at once.
    fn read(
        mut fields: Fields<'_, '_>,
        warnings: &mut Vec<String>,
        read: impl Fn(Fields<'_, '_>, &mut Vec<String>) -> Result<R, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let path = match path_regex(&mut fields) {
            Err(error @ ConfigError::Form(_)) => return Err(error),
            path => path,
        };
        match read(fields, warnings) {
            Err(error @ ConfigError::Form(_)) => Err(error),
            rule => Ok(Self { path, rule }),
        }
    }

    fn first<'r>(candidates: &'r [Self], path: &str, none: ConfigError) -> Result<&'r R, ConfigError> {
        for candidate in candidates {
            let regex = candidate.path.as_ref().map_err(Clone::clone)?;
            if regex.as_ref().is_none_or(|regex| regex.is_match(path.as_bytes())) {
                return candidate.rule.as_ref().map_err(Clone::clone);
            }
        }
        Err(none)
    }
}

/// One creation rule.
#[derive(Clone)]
pub struct CreationRule {
    groups: Vec<Vec<MasterKey>>,
    /// True where the keys stand in `key_groups`.
    grouped: bool,
    /// Groups needed; 0 where the rule names none.
    pub shamir_threshold: u32,
    /// Which leaves are encrypted, if the rule says so.
    pub selection: Option<(Rule, String)>,
    /// True where the MAC covers encrypted leaves only.
    pub mac_only_encrypted: bool,
}

/// Where `publish` puts a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A bucket of Google Cloud Storage, and a prefix.
    Gcs(String, String),
    /// A bucket of S3, and a prefix.
    S3(String, String),
    /// A path of a Vault KV store.
    Vault {
        /// Address; empty for the environment's.
        address: String,
        /// Path below the mount.
        path: String,
        /// Mount, with a slash at its end.
        mount: String,
        /// Version of the KV store, 1 or 2.
        version: u32,
    },
}

/// One destination rule.
#[derive(Clone)]
pub struct DestinationRule {
    /// Where the file goes.
    pub destination: Destination,
    /// Keys and settings to encrypt with anew.
    pub recreation: Option<CreationRule>,
    /// Drop the file's extension.
    pub omit_extensions: bool,
}

impl Config {
    /// Reads a configuration file.
    pub fn parse(source: &[u8]) -> Result<Self, ConfigError> {
        let limits = Limits { file_size: MAX_CONFIG_SIZE, documents: 16, ..Limits::default() };
        if source.len() > MAX_CONFIG_SIZE {
            return Err(ConfigError::Form(format!("the file is larger than {MAX_CONFIG_SIZE} bytes")));
        }
        let mut config =
            Self { rules: None, destinations: Vec::new(), indent: Indent::default(), warnings: Vec::new() };
        if source.iter().all(u8::is_ascii_whitespace) {
            return Ok(config);
        }
        let yaml = by_name("yaml").ok_or_else(|| ConfigError::Form("no YAML".into()))?;
        let document =
            yaml.parse(source, Purpose::Plain, &limits).map_err(|e| ConfigError::Form(e.to_string()))?;
        let branch = document.branches.first().map_or(&[][..], Vec::as_slice);
        let mut top = Fields::of("the file", branch);
        if let Some(rules) = top.maps("creation_rules")? {
            let warnings = &mut config.warnings;
            let read = rules.into_iter().map(|rule| Candidate::read(rule, warnings, CreationRule::read));
            config.rules = Some(read.collect::<Result<_, _>>()?);
        }
        for (number, rule) in top.maps("destination_rules")?.unwrap_or_default().into_iter().enumerate() {
            let warnings = &mut config.warnings;
            let rule = Candidate::read(rule, warnings, DestinationRule::read)?;
            if let Some(error) = rule.path.as_ref().err().or(rule.rule.as_ref().err()) {
                warnings.push(format!("destination_rules[{number}] is of no use: {error}"));
            }
            config.destinations.push(rule);
        }
        if let Some(mut stores) = top.map("stores")? {
            config.indent = read_stores(&mut stores, &mut config.warnings)?;
            stores.finish(&mut config.warnings);
        }
        top.finish(&mut config.warnings);
        Ok(config)
    }

    /// Returns true where the file holds a list of creation rules.
    pub fn has_creation_rules(&self) -> bool {
        self.rules.is_some()
    }

    /// Finds the first rule for a path, which is relative to the
    /// configuration file where it lies below it, else absolute. `None` where
    /// there is no list of rules at all. An invalid path expression of a rule
    /// that is looked at, and whatever is wrong with the rule that is found,
    /// is an error; other rules are not judged.
    pub fn creation_rule(&self, path: &str) -> Result<Option<&CreationRule>, ConfigError> {
        let Some(rules) = &self.rules else { return Ok(None) };
        Candidate::first(rules, path, ConfigError::NoMatch).map(Some)
    }

    /// Finds the first destination rule for a path as given on the command
    /// line.
    pub fn destination_rule(&self, path: &str) -> Result<&DestinationRule, ConfigError> {
        Candidate::first(&self.destinations, path, ConfigError::NoDestination)
    }
}

impl CreationRule {
    fn read(mut fields: Fields<'_, '_>, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        // The path of a recreation rule has no use; that of any other is read.
        let _ = fields.text("path_regex")?;
        let selection = read_selection(&mut fields)?;
        let groups = fields.maps("key_groups")?;
        let grouped = groups.as_ref().is_some_and(|groups| !groups.is_empty());
        let flat = keys::flat(&mut fields)?;
        let groups = if grouped {
            let mut read = Vec::new();
            for group in groups.unwrap_or_default() {
                read.push(keys::group(group, warnings, 0)?);
            }
            read
        } else {
            vec![flat]
        };
        let rule = Self {
            groups,
            grouped,
            shamir_threshold: fields.number("shamir_threshold")?,
            selection,
            mac_only_encrypted: fields.flag("mac_only_encrypted")?,
        };
        fields.finish(warnings);
        Ok(rule)
    }

    /// Returns the rule's key groups; the encryption context of the command
    /// line applies to flat `kms` keys.
    pub fn key_groups(&self, context: &BTreeMap<String, String>) -> Vec<Vec<MasterKey>> {
        let mut groups = self.groups.clone();
        if !self.grouped && !context.is_empty() {
            for key in groups.iter_mut().flatten().filter(|key| key.kind == "kms") {
                key.fields.insert("context", bulla_core::FieldValue::Map(context.clone()));
            }
        }
        groups
    }
}

impl DestinationRule {
    fn read(mut fields: Fields<'_, '_>, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let _ = fields.text("path_regex")?;
        let (s3, gcs, vault) =
            (fields.text("s3_bucket")?, fields.text("gcs_bucket")?, fields.text("vault_path")?);
        let (s3_prefix, gcs_prefix) = (fields.text("s3_prefix")?, fields.text("gcs_prefix")?);
        let (address, mount) = (fields.text("vault_address")?, fields.text("vault_kv_mount_name")?);
        let version = fields.number("vault_kv_version")?;
        let (recreation, omit_extensions) = (fields.map("recreation_rule")?, fields.flag("omit_extensions")?);
        let recreation = recreation.map(|rule| CreationRule::read(rule, warnings)).transpose()?;
        fields.finish(warnings);
        let named = [&s3, &gcs, &vault].iter().filter(|name| !name.is_empty()).count();
        if named > 1 {
            return Err(ConfigError::Destination(
                "error loading config: more than one destinations were found in a single destination rule, \
                 you can only use one per rule",
            ));
        }
        let destination = if !s3.is_empty() {
            Destination::S3(s3, s3_prefix)
        } else if !gcs.is_empty() {
            Destination::Gcs(gcs, gcs_prefix)
        } else if !vault.is_empty() {
            let mount = if mount.is_empty() { "secret".to_owned() } else { mount };
            let mount = format!("{}/", mount.trim_end_matches('/'));
            Destination::Vault {
                address,
                path: vault,
                mount,
                version: if version == 0 { 2 } else { version },
            }
        } else {
            return Err(ConfigError::Destination("no destination configured for this file"));
        };
        Ok(Self { destination, recreation, omit_extensions })
    }
}

fn path_regex(fields: &mut Fields<'_, '_>) -> Result<Option<Regexp>, ConfigError> {
    let text = fields.text("path_regex")?;
    if text.is_empty() { Ok(None) } else { Regexp::new(&text).map(Some).map_err(ConfigError::PathRegex) }
}

fn read_selection(fields: &mut Fields<'_, '_>) -> Result<Option<(Rule, String)>, ConfigError> {
    let mut found = None;
    for (rule, name) in Rule::ALL {
        let text = fields.text(name)?;
        if text.is_empty() {
            continue;
        }
        if name.ends_with("_regex") {
            Regexp::new(&text).map_err(|source| ConfigError::Selection { field: name, source })?;
        }
        if found.replace((rule, text)).is_some() {
            return Err(ConfigError::Selections);
        }
    }
    Ok(found)
}

fn read_stores(stores: &mut Fields<'_, '_>, warnings: &mut Vec<String>) -> Result<Indent, ConfigError> {
    let mut indent = Indent::default();
    for (name, target) in
        [("yaml", &mut indent.yaml), ("json", &mut indent.json), ("json_binary", &mut indent.json_binary)]
    {
        if let Some(mut store) = stores.map(name)? {
            *target = store.signed("indent")?;
            store.finish(warnings);
        }
    }
    for name in ["dotenv", "ini"] {
        if let Some(store) = stores.map(name)? {
            store.finish(warnings);
        }
    }
    Ok(indent)
}

#[cfg(test)]
mod tests;
