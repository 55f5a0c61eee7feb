//! The `sops` block of a file as a value: key groups, selection rule, MAC and
//! the rest, read leniently and written exactly (`sops.md` 2.2 to 2.5).

use std::borrow::Cow;
use std::collections::BTreeMap;

use bulla_core::{FieldValue, Limits, MasterKey};

use crate::keys::{KINDS, KeyKind};
use crate::selection::{DEFAULT_SUFFIX, Rule, Selection};
use crate::time;
use crate::tree::{Item, Node, Value};
use crate::value::float_text;

/// The version written into new files: the level of SOPS that we match.
pub const VERSION: &str = "3.13.3";

/// A master key of a file together with its copy of the data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// The key.
    pub key: MasterKey,
    /// The wrapped data key (or share) as text.
    pub enc: String,
    /// RFC 3339; empty for kinds without a date.
    pub created_at: String,
}

/// The metadata of one file.
#[derive(Clone)]
pub struct Metadata {
    /// Key groups; one in most files.
    pub groups: Vec<Vec<WrappedKey>>,
    /// Groups needed to recover the data key; 0 where the file names none.
    pub shamir_threshold: u32,
    /// RFC 3339, as it will be written; also the additional data of the MAC.
    pub last_modified: String,
    /// The encrypted MAC; empty where the file has none.
    pub mac: String,
    /// Which leaves are encrypted.
    pub selection: Selection,
    /// True where the MAC covers encrypted leaves only.
    pub mac_only_encrypted: bool,
    /// Version of sops that created or last edited the file.
    pub version: String,
    /// Our own optional field, see `layout.rs`.
    pub layout: Option<String>,
}

/// Why metadata could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// There is no metadata.
    #[error("sops metadata not found")]
    Missing,
    /// The metadata names no key.
    #[error("No keys found in file")]
    NoKeys,
    /// More than one selection rule.
    #[error(
        "Cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, \
         unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file"
    )]
    Selections,
    /// A field has a value of a form that it cannot have.
    #[error("the metadata field {field} is not {expected}")]
    Field {
        /// Name of the field.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A field appears twice.
    #[error("the metadata field {0} appears twice")]
    Duplicate(String),
    /// Too many keys or groups.
    #[error("the metadata names more than {0} master keys or 255 key groups")]
    TooMany(usize),
}

impl Metadata {
    /// Reads metadata from its nested tree. Unknown fields and comments are
    /// ignored; numbers, bools and strings convert into each other.
    pub fn read(items: &[Item<'_>], limits: &Limits) -> Result<Self, MetadataError> {
        let fields = Fields::of(items)?;
        let last_modified = fields.text("lastmodified")?;
        let last_modified = time::normalized(&last_modified)
            .ok_or(MetadataError::Field { field: "lastmodified".into(), expected: "an RFC 3339 time" })?;
        let metadata = Self {
            groups: read_groups(&fields)?,
            shamir_threshold: fields.number("shamir_threshold")?,
            last_modified,
            mac: fields.text("mac")?,
            selection: read_selection(&fields)?,
            mac_only_encrypted: fields.flag("mac_only_encrypted")?,
            version: fields.text("version")?,
            layout: Some(fields.text("layout")?).filter(|text| !text.is_empty()),
        };
        let keys: usize = metadata.groups.iter().map(Vec::len).sum();
        if keys > limits.master_keys || metadata.groups.len() > 255 {
            return Err(MetadataError::TooMany(limits.master_keys));
        }
        Ok(metadata)
    }

    /// Writes the metadata as a nested tree, keys in ascending byte order.
    pub fn write(&self) -> Vec<Item<'static>> {
        let mut items: BTreeMap<&'static str, Value<'static>> = BTreeMap::new();
        if let [group] = self.groups.as_slice() {
            for kind in KINDS {
                let list = write_list(kind, group);
                if !list.is_empty() {
                    items.insert(kind.name, Value::List(list));
                }
            }
        } else {
            let groups = self.groups.iter().map(|group| Node::new(write_group(group))).collect();
            items.insert("key_groups", Value::List(groups));
        }
        if self.shamir_threshold != 0 {
            items.insert("shamir_threshold", Value::Int(i64::from(self.shamir_threshold)));
        }
        items.insert("lastmodified", Value::text(self.last_modified.as_str()));
        items.insert("mac", Value::text(self.mac.as_str()));
        if let Some((rule, text)) = self.selection.rule() {
            items.insert(rule.field(), Value::text(text));
        }
        if self.mac_only_encrypted {
            items.insert("mac_only_encrypted", Value::Bool(true));
        }
        items.insert("version", Value::text(self.version.as_str()));
        if let Some(layout) = &self.layout {
            items.insert("layout", Value::text(layout.as_str()));
        }
        items.into_iter().map(|(name, value)| Item::entry(name.as_bytes(), value)).collect()
    }

    /// Returns all keys of all groups in file order.
    pub fn keys(&self) -> impl Iterator<Item = &WrappedKey> {
        self.groups.iter().flatten()
    }

    /// Returns true for a version before `major.minor`; false where it cannot
    /// be read.
    pub(crate) fn is_older_than(&self, major: u32, minor: u32) -> bool {
        let text = self.version.strip_prefix('v').unwrap_or(&self.version);
        let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(own), Some(own_minor)) => (own, own_minor) < (major, minor),
            _ => false,
        }
    }

    /// Checks the version as sops does before it decrypts: `1.` as a prefix,
    /// or three numbers after an optional `v`.
    pub fn check_version(&self) -> Result<(), MetadataError> {
        let text = self.version.strip_prefix('v').unwrap_or(&self.version);
        let core = text.split(['-', '+']).next().unwrap_or_default();
        let parts: Vec<&str> = core.split('.').collect();
        let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if self.version.starts_with("1.") || (parts.len() == 3 && parts.iter().all(numeric)) {
            Ok(())
        } else {
            Err(MetadataError::Field { field: "version".into(), expected: "a version such as 3.13.3" })
        }
    }
}

/// Fields of one map of the metadata, names in lower case (`sops.md` 2.5).
struct Fields<'t>(BTreeMap<String, &'t Value<'t>>);

impl<'t> Fields<'t> {
    fn of(items: &'t [Item<'t>]) -> Result<Self, MetadataError> {
        let mut fields = BTreeMap::new();
        for item in items {
            let Some(name) = item.name() else { continue };
            let name = String::from_utf8_lossy(name).to_lowercase();
            if fields.insert(name.clone(), &item.node.value).is_some() {
                return Err(MetadataError::Duplicate(name.escape_debug().to_string()));
            }
        }
        Ok(Self(fields))
    }

    fn text(&self, name: &str) -> Result<String, MetadataError> {
        let error = || MetadataError::Field { field: name.to_owned(), expected: "a text" };
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(value) => scalar_text(value).map(Cow::into_owned).ok_or_else(error),
        }
    }

    fn number(&self, name: &str) -> Result<u32, MetadataError> {
        let text = self.text(name)?;
        let error = || MetadataError::Field { field: name.to_owned(), expected: "a number from 0 to 255" };
        let number = if text.is_empty() { 0 } else { text.parse().map_err(|_| error())? };
        if number > 255 { Err(error()) } else { Ok(number) }
    }

    fn flag(&self, name: &str) -> Result<bool, MetadataError> {
        match self.text(name)?.as_str() {
            "" | "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
            "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
            _ => Err(MetadataError::Field { field: name.to_owned(), expected: "true or false" }),
        }
    }

    fn list(&self, name: &str) -> Result<Vec<Self>, MetadataError> {
        let error = || MetadataError::Field { field: name.to_owned(), expected: "a list of maps" };
        let nodes = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::List(nodes)) => nodes,
            Some(_) => return Err(error()),
        };
        let mut entries = Vec::with_capacity(nodes.len());
        for node in nodes {
            match &node.value {
                Value::Map(items) => entries.push(Fields::of(items)?),
                Value::Comment(_) => {}
                _ => return Err(error()),
            }
        }
        Ok(entries)
    }

    fn map(&self, name: &str) -> Result<BTreeMap<String, String>, MetadataError> {
        let error = || MetadataError::Field { field: name.to_owned(), expected: "a map of texts" };
        let items = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(BTreeMap::new()),
            Some(Value::Map(items)) => items,
            Some(_) => return Err(error()),
        };
        let mut map = BTreeMap::new();
        for item in items {
            let Some(key) = item.name() else { continue };
            // Null values of an encryption context are dropped (sops.md 4.3).
            if item.node.value != Value::Null {
                let value = scalar_text(&item.node.value).ok_or_else(error)?;
                map.insert(String::from_utf8_lossy(key).into_owned(), value.into_owned());
            }
        }
        Ok(map)
    }
}

/// Weak typing: every scalar is also a text.
fn scalar_text<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::Text(text) => core::str::from_utf8(text).ok().map(Cow::Borrowed),
        Value::Int(number) => Some(number.to_string().into()),
        Value::Unsigned(number) => Some(number.to_string().into()),
        Value::Float(number) => Some(float_text(*number).into()),
        Value::Bool(flag) => Some(if *flag { "1" } else { "0" }.into()),
        Value::Time(time) => Some(time.to_rfc3339_nano().into()),
        Value::Comment(_) | Value::List(_) | Value::Map(_) | Value::Null => None,
    }
}

fn read_selection(fields: &Fields<'_>) -> Result<Selection, MetadataError> {
    let mut found = None;
    for (rule, name) in Rule::ALL {
        let text = fields.text(name)?;
        if !text.is_empty() && found.replace((rule, text)).is_some() {
            return Err(MetadataError::Selections);
        }
    }
    let (rule, text) = found.unwrap_or((Rule::UnencryptedSuffix, DEFAULT_SUFFIX.to_owned()));
    Ok(Selection::of_file(rule, &text))
}

fn read_groups(fields: &Fields<'_>) -> Result<Vec<Vec<WrappedKey>>, MetadataError> {
    let group = read_group(fields)?;
    if !group.is_empty() {
        return Ok(vec![group]);
    }
    let groups = fields.list("key_groups")?;
    if groups.is_empty() {
        return Err(MetadataError::NoKeys);
    }
    groups.iter().map(read_group).collect()
}

fn read_group(fields: &Fields<'_>) -> Result<Vec<WrappedKey>, MetadataError> {
    let mut keys = Vec::new();
    for kind in KINDS {
        for entry in fields.list(kind.name)? {
            keys.push(read_key(kind, &entry)?);
        }
    }
    Ok(keys)
}

fn read_key(kind: &KeyKind, entry: &Fields<'_>) -> Result<WrappedKey, MetadataError> {
    let mut values = BTreeMap::new();
    for name in kind.required {
        values.insert(*name, FieldValue::Text(entry.text(name)?));
    }
    for name in kind.optional {
        if *name == "context" {
            let map = entry.map(name)?;
            if !map.is_empty() {
                values.insert(*name, FieldValue::Map(map));
            }
        } else {
            let text = entry.text(name)?;
            if !text.is_empty() {
                values.insert(*name, FieldValue::Text(text));
            }
        }
    }
    let created_at = if kind.dated {
        let field = format!("{}.created_at", kind.name);
        time::normalized(&entry.text("created_at")?)
            .ok_or(MetadataError::Field { field, expected: "an RFC 3339 time" })?
    } else {
        String::new()
    };
    Ok(WrappedKey { key: MasterKey { kind: kind.name, fields: values }, enc: entry.text("enc")?, created_at })
}

fn write_group(group: &[WrappedKey]) -> Value<'static> {
    let mut items: BTreeMap<&'static str, Value<'static>> = BTreeMap::new();
    for kind in KINDS {
        let list = write_list(kind, group);
        if !list.is_empty() || kind.always_in_groups {
            items.insert(kind.name, Value::List(list));
        }
    }
    Value::Map(items.into_iter().map(|(name, value)| Item::entry(name.as_bytes(), value)).collect())
}

fn write_list(kind: &KeyKind, group: &[WrappedKey]) -> Vec<Node<'static>> {
    group.iter().filter(|wrapped| wrapped.key.kind == kind.name).map(write_key).collect()
}

fn write_key(wrapped: &WrappedKey) -> Node<'static> {
    let mut items: BTreeMap<&'static str, Value<'static>> = BTreeMap::new();
    for (name, field) in &wrapped.key.fields {
        let value = match field {
            FieldValue::Text(text) => Value::text(text.as_str()),
            FieldValue::Map(map) => Value::Map(
                map.iter()
                    .map(|(key, value)| Item::entry(key.clone().into_bytes(), Value::text(value.as_str())))
                    .collect(),
            ),
        };
        items.insert(name, value);
    }
    items.insert("enc", Value::text(wrapped.enc.as_str()));
    if !wrapped.created_at.is_empty() {
        items.insert("created_at", Value::text(wrapped.created_at.as_str()));
    }
    let items = items.into_iter().map(|(name, value)| Item::entry(name.as_bytes(), value)).collect();
    Node::new(Value::Map(items))
}
