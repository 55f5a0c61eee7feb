//! Names that stand twice in a JSON object (RFC 8259 section 4): merged as Go's
//! `encoding/json` does, or refused where nothing may get lost.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// A value in which a repeated object is merged into the one before it, since
/// Go reads both into one struct or map, and null changes no struct. Of anything
/// else the last one counts.
pub(crate) type Merged = Json<true>;

/// A value in which no name stands twice: a text in which one does is a data
/// error (`serde_json::Error::is_data`).
pub(crate) type Unique = Json<false>;

/// A JSON value.
pub(crate) struct Json<const MERGES: bool>(pub(crate) Value);

impl<'de, const MERGES: bool> Deserialize<'de> for Json<MERGES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader::<MERGES>)
    }
}

struct Reader<const MERGES: bool>;

impl<'de, const MERGES: bool> Visitor<'de> for Reader<MERGES> {
    type Value = Json<MERGES>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json(Value::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Json(truth.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Json(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(item)) = items.next_element::<Json<MERGES>>()? {
            list.push(item);
        }
        Ok(Json(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = pairs.next_key::<String>()? {
            if !MERGES && map.contains_key(&name) {
                return Err(A::Error::custom("twice"));
            }
            put(&mut map, name, pairs.next_value::<Json<MERGES>>()?.0);
        }
        Ok(Json(map.into()))
    }
}

/// The fields of Secrets and SealedSecrets that are structs in Go.
const STRUCTS: [&str; 3] = ["metadata", "spec", "template"];

fn put(map: &mut Map<String, Value>, name: String, value: Value) {
    let is_struct = STRUCTS.contains(&name.as_str());
    match map.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut place) => match (place.get_mut(), value) {
            (Value::Object(old), Value::Object(new)) => {
                new.into_iter().for_each(|(name, value)| put(old, name, value));
            }
            (Value::Object(_), Value::Null) if is_struct => {}
            (old, new) => *old = new,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_name_that_stands_twice_in_one_object_is_an_error_at_its_line() {
        let line = |text: &str| {
            let mut values = serde_json::Deserializer::from_slice(text.as_bytes()).into_iter::<Unique>();
            values.find_map(Result::err).filter(serde_json::Error::is_data).map(|error| error.line())
        };
        for (text, expected) in [
            ("{\n  \"a\": 1,\n  \"a\": {\n    \"b\": 1\n  }\n}\n", Some(3)),
            ("{\"a\":1}\n{\"b\":[{\"c\":{\"x\":null,\n\n\"\\u0078\":[-1.5e3]\n}}]}", Some(4)),
            ("{\"a\":{\"a\":1,\"A\":true},\"b\":[{\"a\":\"x\"},{\"a\":-1}]}", None),
            ("{\"a\":1}{\"a\":1}", None),
            ("{\"a\":1,\"b\"", None),
            ("", None),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }

    #[test]
    fn repeated_objects_are_one_and_of_all_else_the_last_counts() {
        for (text, expected) in [
            (
                r#"{"d":{"a":"x","b":{"i":1}},"d":{"b":{"j":2},"c":[1]},"e":1,"e":[{}]}"#,
                json!({"d": {"a": "x", "b": {"i": 1, "j": 2}, "c": [1]}, "e": [{}]}),
            ),
            (r#"{"d":{"a":"x"},"d":null,"d":{"b":"y"}}"#, json!({"d": {"b": "y"}})),
            (r#"{"metadata":{"a":"x"},"metadata":null}"#, json!({"metadata": {"a": "x"}})),
            (
                r#"[null,true,-1,18446744073709551615,1.5,"\u0041"]"#,
                json!([null, true, -1, u64::MAX, 1.5, "A"]),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Merged>(text).unwrap().0, expected, "{text}");
        }
    }
}
