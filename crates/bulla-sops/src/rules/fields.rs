//! The fields of one map of the configuration: typed reading, merge keys,
//! and a warning with the nearest known name for each field nobody asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::ConfigError;
use crate::tree::{Item, Value};

/// Fields that were not asked for yet, and the names that were.
pub(super) struct Fields<'t, 's> {
    place: String,
    values: BTreeMap<String, &'t Value<'s>>,
    known: BTreeSet<&'static str>,
}

impl<'t, 's> Fields<'t, 's> {
    /// Takes the entries of a map; `<<` merges, explicit keys win.
    pub(super) fn of(place: &str, items: &'t [Item<'s>]) -> Self {
        let mut values = BTreeMap::new();
        collect(items, &mut values);
        Self { place: place.to_owned(), values, known: BTreeSet::new() }
    }

    fn take(&mut self, name: &'static str) -> Option<&'t Value<'s>> {
        self.known.insert(name);
        self.values.remove(name)
    }

    fn wrong(&self, name: &str, expected: &str) -> ConfigError {
        ConfigError::Form(format!("{}: {name} must be {expected}", self.place))
    }

    /// A text, or the empty one.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, ConfigError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(value) => scalar(value).ok_or_else(|| self.wrong(name, "a text")),
        }
    }

    /// A number from 0 to 255, or 0.
    pub(super) fn number(&mut self, name: &'static str) -> Result<u32, ConfigError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(0),
            Some(Value::Int(number)) if (0..=255).contains(number) => Ok(*number as u32),
            Some(_) => Err(self.wrong(name, "a number from 0 to 255")),
        }
    }

    /// A number, if there is one.
    pub(super) fn signed(&mut self, name: &'static str) -> Result<Option<i64>, ConfigError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(_) => Err(self.wrong(name, "a number")),
        }
    }

    /// A flag, or false.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, ConfigError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    /// A map, if there is one.
    pub(super) fn map(&mut self, name: &'static str) -> Result<Option<Self>, ConfigError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Map(items)) => Ok(Some(Fields::of(name, items))),
            Some(_) => Err(self.wrong(name, "a map")),
        }
    }

    /// A list of maps, if there is one; null entries count as empty maps.
    pub(super) fn maps(&mut self, name: &'static str) -> Result<Option<Vec<Self>>, ConfigError> {
        let nodes = match self.take(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::List(nodes)) => nodes,
            Some(_) => return Err(self.wrong(name, "a list")),
        };
        let mut maps = Vec::new();
        for node in nodes {
            let place = format!("{name}[{}]", maps.len());
            match &node.value {
                Value::Comment(_) => {}
                Value::Map(items) => maps.push(Fields::of(&place, items)),
                Value::Null => maps.push(Fields::of(&place, &[])),
                _ => return Err(self.wrong(&place, "a map")),
            }
        }
        Ok(Some(maps))
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Vec<String>, ConfigError> {
        let nodes = match self.take(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::List(nodes)) => nodes,
            Some(_) => return Err(self.wrong(name, "a list of texts")),
        };
        let texts = nodes.iter().filter(|node| !matches!(node.value, Value::Comment(_)));
        let texts = texts.map(|node| scalar(&node.value).ok_or_else(|| self.wrong(name, "a list of texts")));
        texts.collect()
    }

    /// A comma list, or a list of such lists; blanks and empty entries are
    /// dropped.
    pub(super) fn comma_texts(&mut self, name: &'static str) -> Result<Vec<String>, ConfigError> {
        let entries = match self.values.get(name) {
            Some(Value::List(_)) => self.texts(name)?,
            _ => vec![self.text(name)?],
        };
        let split = entries.iter().flat_map(|entry| entry.split(','));
        Ok(split.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect())
    }

    /// A map of texts.
    pub(super) fn text_map(&mut self, name: &'static str) -> Result<BTreeMap<String, String>, ConfigError> {
        let items = match self.take(name) {
            None | Some(Value::Null) => return Ok(BTreeMap::new()),
            Some(Value::Map(items)) => items,
            Some(_) => return Err(self.wrong(name, "a map of texts")),
        };
        let mut map = BTreeMap::new();
        for item in items {
            let Some(key) = item.name() else { continue };
            if item.node.value != Value::Null {
                let value = scalar(&item.node.value).ok_or_else(|| self.wrong(name, "a map of texts"))?;
                map.insert(String::from_utf8_lossy(key).into_owned(), value);
            }
        }
        Ok(map)
    }

    /// Warns about every field that nobody asked for.
    pub(super) fn finish(self, warnings: &mut Vec<String>) {
        for name in self.values.keys().filter(|name| *name != "<<") {
            let nearest = self.known.iter().min_by_key(|known| distance(name, known));
            let hint = nearest
                .filter(|known| distance(name, known) <= known.len() / 2)
                .map_or_else(String::new, |known| format!("; did you mean {known:?}?"));
            warnings.push(format!("{}: unknown field {name:?} has no effect{hint}", self.place));
        }
    }
}

fn collect<'t, 's>(items: &'t [Item<'s>], values: &mut BTreeMap<String, &'t Value<'s>>) {
    for item in items {
        let Some(name) = item.name() else { continue };
        if name != b"<<" {
            values.entry(String::from_utf8_lossy(name).into_owned()).or_insert(&item.node.value);
        }
    }
    for item in items.iter().filter(|item| item.name() == Some(b"<<")) {
        match &item.node.value {
            Value::Map(merged) => collect(merged, values),
            Value::List(nodes) => {
                for node in nodes {
                    if let Value::Map(merged) = &node.value {
                        collect(merged, values);
                    }
                }
            }
            _ => {}
        }
    }
}

fn scalar(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => String::from_utf8(text.to_vec()).ok(),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
