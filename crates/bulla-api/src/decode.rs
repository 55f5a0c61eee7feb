//! Reading objects out of JSON values as Go's `encoding/json` does: what does
//! not fit is left out, and the first misfit is the error.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base64;

/// Why an object cannot be read. Texts are Go's; they name types and places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is not YAML, or holds what JSON has no form for.
    #[error("yaml: line {0}: the text is malformed")]
    Yaml(usize),
    /// A name stands twice in one map, of which one value would be lost.
    #[error("yaml: line {0}: the name stands twice in one map")]
    Twice(usize),
    /// The same, in JSON.
    #[error("json: line {0}: the name stands twice in one map")]
    TwiceInJson(usize),
    /// The text is not JSON.
    #[error("json: offset {0}: the text is malformed")]
    Json(usize),
    /// A value has the wrong type or form.
    #[error("{0}")]
    Misfit(String),
    /// The same, in what was read from YAML.
    #[error("error unmarshaling JSON: while decoding JSON: {0}")]
    YamlMisfit(String),
    /// An object of another kind; the text names the reference's table of kinds.
    #[error("no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\"")]
    UnknownKind {
        /// Its `kind`.
        kind: String,
        /// Its `apiVersion`.
        version: String,
    },
    /// A known object, but another one than was wanted.
    #[error("converting ({found}) to ({wanted}): unknown conversion")]
    OtherKind {
        /// Go's name of the type found.
        found: String,
        /// Go's name of the type wanted.
        wanted: &'static str,
    },
    /// There is more than the one document that there may be.
    #[error("the text holds more than one document")]
    Many,
    /// It would take too much memory.
    #[error("the object has too many parts, which take too much memory: make several of it")]
    Parts,
    /// An object does not say what it is.
    #[error("Object '{0}' is missing")]
    NoType(&'static str),
    /// Kind and version cannot even be looked for.
    #[error("couldn't get version/kind; json parse error: {0}")]
    NoKind(String),
}

/// Collects the first misfit while an object is read.
pub(crate) struct Decoder {
    /// Whether names match without regard to case.
    folds: bool,
    misfit: Option<String>,
}

/// Where a value stands: the Go struct around it, and the path to it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub(crate) owner: &'static str,
    pub(crate) path: &'p str,
}

/// A field's value with its place.
pub(crate) struct Field<'v> {
    value: &'v Value,
    owner: &'static str,
    path: String,
}

impl Decoder {
    pub(crate) fn new(folds: bool) -> Self {
        Self { folds, misfit: None }
    }

    /// The first misfit.
    pub(crate) fn finish(self) -> Option<String> {
        self.misfit
    }

    fn fail(&mut self, text: String) {
        self.misfit.get_or_insert(text);
    }

    fn mismatch(&mut self, field: &Field<'_>, wanted: &str) {
        let found = match field.value {
            Value::Null => return,
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        self.fail(format!(
            "json: cannot unmarshal {found} into Go struct field {}.{} of type {wanted}",
            field.owner, field.path
        ));
    }

    /// The field `name` of a struct, unless it is absent or null. Of names that
    /// differ in case only the last one counts.
    pub(crate) fn field<'v>(
        &self,
        object: &'v Map<String, Value>,
        place: Place<'_>,
        name: &str,
    ) -> Option<Field<'v>> {
        self.fields(object, place, name).pop()
    }

    /// All fields that go by the name `name`; a map is read from all of them.
    pub(crate) fn fields<'v>(
        &self,
        object: &'v Map<String, Value>,
        place: Place<'_>,
        name: &str,
    ) -> Vec<Field<'v>> {
        let path = if place.path.is_empty() { name.to_owned() } else { format!("{}.{name}", place.path) };
        object
            .iter()
            .filter(|(key, value)| {
                let is_named = *key == name || self.folds && key.eq_ignore_ascii_case(name);
                is_named && !value.is_null()
            })
            .map(|(_, value)| Field { value, owner: place.owner, path: path.clone() })
            .collect()
    }

    pub(crate) fn text(&mut self, field: Option<Field<'_>>, wanted: &str) -> String {
        match field {
            Some(Field { value: Value::String(text), .. }) => text.clone(),
            Some(field) => {
                self.mismatch(&field, wanted);
                String::new()
            }
            None => String::new(),
        }
    }

    pub(crate) fn bool(&mut self, field: Option<Field<'_>>) -> Option<bool> {
        let field = field?;
        if let Value::Bool(truth) = field.value {
            return Some(*truth);
        }
        self.mismatch(&field, "bool");
        None
    }

    pub(crate) fn int(&mut self, field: Option<Field<'_>>) -> Option<i64> {
        let field = field?;
        let number = field.value.as_i64();
        if number.is_none() {
            self.mismatch(&field, "int64");
        }
        number
    }

    /// A point in time, kept as it is written.
    pub(crate) fn time(&mut self, field: Option<Field<'_>>) -> Option<String> {
        let text = self.text(field, "string");
        if text.is_empty() {
            return None;
        }
        let is_time = text.len() >= 20 && text.as_bytes()[10] == b'T' && text.is_ascii();
        if !is_time {
            self.fail("parsing time: not of the form \"2006-01-02T15:04:05Z07:00\"".to_owned());
            return None;
        }
        Some(text)
    }

    pub(crate) fn object<'v>(
        &mut self,
        field: Option<&'v Field<'v>>,
        wanted: &str,
    ) -> Option<&'v Map<String, Value>> {
        let field = field?;
        let object = field.value.as_object();
        if object.is_none() {
            self.mismatch(field, wanted);
        }
        object
    }

    pub(crate) fn texts(&mut self, fields: Vec<Field<'_>>) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for field in fields {
            let Some(object) = self.object(Some(&field), "map[string]string") else { continue };
            for (key, value) in object {
                let text =
                    self.text(Some(Field { value, owner: field.owner, path: field.path.clone() }), "string");
                texts.insert(key.clone(), text);
            }
        }
        texts
    }

    pub(crate) fn list<'v>(&mut self, field: Option<Field<'v>>, wanted: &str) -> Vec<Field<'v>> {
        let Some(field) = field else { return Vec::new() };
        let Some(items) = field.value.as_array() else {
            self.mismatch(&field, wanted);
            return Vec::new();
        };
        items.iter().map(|value| Field { value, owner: field.owner, path: field.path.clone() }).collect()
    }

    /// Bytes in base64.
    pub(crate) fn bytes(&mut self, field: Option<Field<'_>>) -> Option<Vec<u8>> {
        let field = field?;
        let Value::String(text) = field.value else {
            self.mismatch(&field, "[]uint8");
            return None;
        };
        match base64::decode(text) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.fail(error.to_string());
                None
            }
        }
    }

    /// A map of bytes in base64; null counts as no bytes.
    pub(crate) fn byte_maps(&mut self, fields: Vec<Field<'_>>) -> BTreeMap<String, Vec<u8>> {
        let mut maps = BTreeMap::new();
        for field in fields {
            let Some(object) = self.object(Some(&field), "map[string][]uint8") else { continue };
            for (key, value) in object {
                let entry = Field { value, owner: field.owner, path: field.path.clone() };
                let bytes = if value.is_null() { None } else { self.bytes(Some(entry)) };
                maps.insert(key.clone(), bytes.unwrap_or_default());
            }
        }
        maps
    }
}

impl<'v> Field<'v> {
    /// A value that stands by itself.
    pub(crate) fn whole(value: &'v Value) -> Self {
        Self { value, owner: "", path: String::new() }
    }

    pub(crate) fn value(&self) -> &'v Value {
        self.value
    }

    /// The place of this value's own fields.
    pub(crate) fn place(&self, owner: &'static str) -> Place<'_> {
        Place { owner, path: &self.path }
    }
}
