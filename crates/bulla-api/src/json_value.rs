//! Values of JSON, read where more than `serde_json` settles has to be: names
//! that stand twice in an object (RFC 8259 section 4), and depth.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// How deep a [`Shallow`] value is kept. Nothing that is looked for lies so deep,
/// and with what is around them they stay within the limit of `serde_json`, at
/// which reading fails; what is passed over counts as one level there, and takes
/// no stack.
const DEPTH: usize = 64;

/// The fields of Secrets and SealedSecrets that are structs in Go.
const STRUCTS: [&str; 3] = ["metadata", "spec", "template"];

/// A value in which a repeated object is merged into the one before it, since
/// Go's `encoding/json` reads both into one struct or map, and null changes no
/// struct. Of anything else the last one counts.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Merged(#[serde(deserialize_with = "merged")] pub(crate) Value);

/// A value in which no name stands twice: a text in which one does is a data
/// error (`serde_json::Error::is_data`).
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Unique(#[serde(deserialize_with = "unique")] pub(crate) Value);

/// A value of any depth, in which others may have put anything, lists within
/// lists, say: with nothing (null) where it is deeper than 64 levels
/// (`security.md` R-14). Of a repeated name the last one counts.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Shallow(#[serde(deserialize_with = "shallow")] pub Value);

fn merged<'de, D: Deserializer<'de>>(json: D) -> Result<Value, D::Error> {
    Reader { levels: usize::MAX, repeated: Repeated::Merged }.deserialize(json)
}

fn unique<'de, D: Deserializer<'de>>(json: D) -> Result<Value, D::Error> {
    Reader { levels: usize::MAX, repeated: Repeated::Refused }.deserialize(json)
}

fn shallow<'de, D: Deserializer<'de>>(json: D) -> Result<Value, D::Error> {
    Reader { levels: DEPTH, repeated: Repeated::Last }.deserialize(json)
}

/// What becomes of names that stand twice.
#[derive(Clone, Copy)]
enum Repeated {
    Merged,
    Refused,
    Last,
}

#[derive(Clone, Copy)]
struct Reader {
    /// How many are kept; what is deeper becomes null.
    levels: usize,
    repeated: Repeated,
}

impl Reader {
    fn one_level_in(self) -> Self {
        Self { levels: self.levels - 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        match self.levels {
            0 => IgnoredAny::deserialize(json).map(|_| Value::Null),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.one_level_in())? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = items.next_key::<String>()? {
            if matches!(self.repeated, Repeated::Refused) && map.contains_key(&name) {
                return Err(A::Error::custom("twice"));
            }
            let value = items.next_value_seed(self.one_level_in())?;
            match self.repeated {
                Repeated::Merged => merge(&mut map, name, value),
                Repeated::Refused | Repeated::Last => drop(map.insert(name, value)),
            }
        }
        Ok(map.into())
    }
}

fn merge(map: &mut Map<String, Value>, name: String, value: Value) {
    let is_struct = STRUCTS.contains(&name.as_str());
    match map.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut place) => match (place.get_mut(), value) {
            (Value::Object(old), Value::Object(new)) => {
                new.into_iter().for_each(|(name, value)| merge(old, name, value));
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

    fn read(text: &str) -> serde_json::Result<Value> {
        serde_json::from_str::<Shallow>(text).map(|read| read.0)
    }

    #[test]
    fn r_14_whatever_the_depth_the_rest_is_read() {
        for depth in [1, 63, 64, 200, 1_000_000] {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
                let (open, close) = (open.repeat(depth), close.repeat(depth));
                let value = read(&format!(r#"{{"deep": {open}1{close}, "b": "c"}}"#)).unwrap();
                assert_eq!(value["b"], "c");
                read(&open).unwrap_err();
            }
        }
    }

    #[test]
    fn what_is_not_deep_is_read_as_it_stands() {
        let text = r#"{"a":[null,true,-1,18446744073709551615,1.5,"\u00e4\n",{}],"b":{"c":[[]]}}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nested(DEPTH)).unwrap().to_string(), nested(DEPTH));
        assert_eq!(read(&nested(DEPTH + 1)).unwrap().to_string(), nested(DEPTH).replace("[]", "[null]"));
        for text in ["", "[1", "[1]]", "{\"a\"}", "nul"] {
            read(text).unwrap_err();
        }
    }
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
