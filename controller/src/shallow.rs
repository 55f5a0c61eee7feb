//! JSON in which others may have put anything: lists within lists, say, to any
//! depth. It is read whatever its depth (`security.md` R-14).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

/// How deep values are kept. Nothing that is looked for lies so deep, and with
/// what is around them they stay within the limit of `serde_json`, at which
/// reading fails; what is passed over counts as one level there, and takes no
/// stack.
const DEPTH: usize = 64;

/// A value, with nothing (null) where it is too deep.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Shallow(#[serde(deserialize_with = "value")] pub(crate) Value);

fn value<'de, D: Deserializer<'de>>(json: D) -> Result<Value, D::Error> {
    Levels(DEPTH).deserialize(json)
}

/// How many levels are kept.
struct Levels(usize);

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        match self.0 {
            0 => IgnoredAny::deserialize(json).map(|_| Value::Null),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Levels {
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

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self(self.0 - 1))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = items.next_key()? {
            map.insert(name, items.next_value_seed(Self(self.0 - 1))?);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
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
}
