//! Names that stand twice in a JSON object, of which parsers keep one value
//! (RFC 8259 section 4).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The line at which the first name stands that its object has already, where
/// objects follow one another. What is no JSON ends the search.
pub(crate) fn repeated_name(text: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Unique>();
    let error = values.find_map(Result::err)?;
    error.is_data().then(|| error.line())
}

/// A value of which nothing is kept.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = pairs.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("twice"));
            }
            pairs.next_value::<Self>()?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_stands_twice_in_one_object_is_found() {
        for (text, line) in [
            ("{\n  \"a\": 1,\n  \"a\": {\n    \"b\": 1\n  }\n}\n", Some(3)),
            ("{\"a\":1}\n{\"b\":[{\"c\":{\"x\":null,\n\n\"\\u0078\":[-1.5e3]\n}}]}", Some(4)),
            ("{\"a\":{\"a\":1,\"A\":true},\"b\":[{\"a\":\"x\"},{\"a\":-1}]}", None),
            ("{\"a\":1}{\"a\":1}", None),
            ("{\"a\":1,\"b\"", None),
            ("", None),
        ] {
            assert_eq!(repeated_name(text.as_bytes()), line, "{text}");
        }
    }
}
