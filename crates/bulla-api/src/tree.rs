//! Objects on their way out.

use bulla_core::json_float;
use zeroize::Zeroizing;

/// A value to be written. Maps keep their order in JSON; YAML sorts them. It
/// may hold plaintext, so it has no `Debug` and wipes its texts.
#[derive(Clone, PartialEq)]
pub enum Tree {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as it is written.
    Number(String),
    /// Text.
    Text(Zeroizing<String>),
    /// Items.
    List(Vec<Self>),
    /// Pairs.
    Map(Vec<(String, Self)>),
}

impl Tree {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// A map of texts.
    pub fn texts<'t>(texts: impl IntoIterator<Item = (&'t String, &'t String)>) -> Self {
        Self::Map(texts.into_iter().map(|(key, value)| (key.clone(), Self::text(value))).collect())
    }
}

impl From<&serde_json::Value> for Tree {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => {
                let text = || match number.as_u64() {
                    Some(number) => number.to_string(),
                    None => number.as_f64().and_then(json_float).unwrap_or_default(),
                };
                number.as_i64().map_or_else(|| Self::Number(text()), Self::Int)
            }
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(pairs) => {
                Self::Map(pairs.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

/// Pairs of an object in the order of its fields; fields that are empty are
/// left out, as Go's `omitempty` does.
#[derive(Default)]
pub(crate) struct Fields(Vec<(String, Tree)>);

impl Fields {
    pub(crate) fn put(&mut self, name: &str, value: Tree) {
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.put(name, Tree::text(text));
        }
    }

    pub(crate) fn optional(&mut self, name: &str, value: Option<Tree>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub(crate) fn list(&mut self, name: &str, items: Vec<Tree>) {
        if !items.is_empty() {
            self.put(name, Tree::List(items));
        }
    }

    pub(crate) fn texts(&mut self, name: &str, texts: &std::collections::BTreeMap<String, String>) {
        if !texts.is_empty() {
            self.put(name, Tree::texts(texts));
        }
    }

    pub(crate) fn finish(self) -> Tree {
        Tree::Map(self.0)
    }
}
