//! JSON values that may hold plaintext.

use std::ops::{Deref, DerefMut};

use serde_json::Value;
use zeroize::Zeroize as _;

/// A value whose texts are wiped when it is dropped.
pub struct Wiped(pub(crate) Value);

impl From<Value> for Wiped {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Deref for Wiped {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(pairs) => pairs.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_texts_are_wiped_wherever_they_stand() {
        let mut value = serde_json::json!({"a": "canary", "b": [1, {"c": "canary"}, "canary"]});
        wipe(&mut value);
        assert_eq!(value, serde_json::json!({"a": "", "b": [1, {"c": ""}, ""]}));
    }
}
