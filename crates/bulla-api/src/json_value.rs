//! Values of JSON, read where more than `serde_json` settles has to be: names
//! that stand twice in an object (RFC 8259 section 4), depth, and memory.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use crate::wiped::Wiped;

/// How deep a [`Shallow`] value is kept. Nothing that is looked for lies so deep,
/// and with what is around them they stay within the limit of `serde_json`, at
/// which reading fails; what is passed over counts as one level there, and takes
/// no stack.
const DEPTH: usize = 64;

/// Bytes of memory that a [`Shallow`] value takes at most, but for its `status`. The
/// metadata of a SealedSecret as large as Kubernetes keeps needs some 30 MiB.
const MEMORY: usize = 48 << 20;
/// And of its `status`.
const STATUS: usize = 1 << 20;

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

/// A value in which others may have put anything, lists within lists, say, or a
/// hundred thousand maps of one entry each, which take a hundred times the memory
/// of their text (`security.md` R-14). What is deeper than 64 levels is null. What
/// needs more than 48 MiB together with what stands before it is left out, but for
/// `status`, which has a megabyte of its own; so are the object's `managedFields`.
/// Of a repeated name the last one counts.
pub struct Shallow {
    /// The value.
    pub value: Value,
    /// The bytes of memory that it takes, about.
    pub bytes: usize,
    /// Whether there was memory for everything but its `status`.
    pub is_whole: bool,
}

fn merged<'de, D: Deserializer<'de>>(json: D) -> Result<Value, D::Error> {
    Reader { repeated: Repeated::Merged, ..Reader::of(&Memory::of(usize::MAX)) }.deserialize(json)
}

fn unique<'de, D: Deserializer<'de>>(json: D) -> Result<Value, D::Error> {
    Reader { repeated: Repeated::Refused, ..Reader::of(&Memory::of(usize::MAX)) }.deserialize(json)
}

impl<'de> Deserialize<'de> for Shallow {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let (memory, status) = (Memory::of(MEMORY), Memory::of(STATUS));
        let reader = Reader { levels: DEPTH, place: Place::Object(&status), ..Reader::of(&memory) };
        let value = reader.deserialize(json)?;
        let bytes = MEMORY - memory.left.get() + (STATUS - status.left.get());
        Ok(Self { value, bytes, is_whole: !memory.is_exceeded.get() })
    }
}

/// Reads a text as [`Merged`] in so many bytes of memory; nothing where they are
/// too few.
pub(crate) fn merged_within(text: &[u8], bytes: usize) -> serde_json::Result<Option<Value>> {
    let memory = Memory::of(bytes);
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = Reader { repeated: Repeated::Merged, ..Reader::of(&memory) }.deserialize(&mut json)?;
    let mut value = Wiped(value);
    json.end()?;
    Ok((!memory.is_exceeded.get()).then(|| std::mem::take(&mut *value)))
}

/// What is left of the bytes that a value may take.
struct Memory {
    left: Cell<usize>,
    is_exceeded: Cell<bool>,
}

impl Memory {
    fn of(bytes: usize) -> Self {
        Self { left: Cell::new(bytes), is_exceeded: Cell::new(false) }
    }

    fn take(&self, bytes: usize) {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => self.is_exceeded.set(true),
        }
    }
}

/// What becomes of names that stand twice.
#[derive(Clone, Copy)]
enum Repeated {
    Merged,
    Refused,
    Last,
}

#[derive(Clone, Copy)]
struct Reader<'m> {
    /// How many are kept; what is deeper becomes null.
    levels: usize,
    repeated: Repeated,
    place: Place<'m>,
    /// When it is exceeded, all else is left out.
    memory: &'m Memory,
}

/// Where a value stands in an object of Kubernetes.
#[derive(Clone, Copy)]
enum Place<'m> {
    /// It is the object; its status has memory of its own.
    Object(&'m Memory),
    /// It is the object's metadata, of which `managedFields` are left out.
    Metadata,
    /// Somewhere else.
    Elsewhere,
}

impl<'m> Reader<'m> {
    /// Memory of a map's first entry, and of each: a node of the tree, and a
    /// share of one.
    const MAP: usize = 640;
    const ENTRY: usize = 128;
    /// Memory of a list's first item, with room for four, and of each.
    const LIST: usize = 144;
    const ITEM: usize = 64;

    fn of(memory: &'m Memory) -> Self {
        Self { levels: usize::MAX, repeated: Repeated::Last, place: Place::Elsewhere, memory }
    }

    fn one_level_in(self) -> Self {
        Self { levels: self.levels - 1, place: Place::Elsewhere, ..self }
    }

    /// For the value of a name; nothing where that is left out.
    fn below(self, name: &str) -> Option<Self> {
        let below = self.one_level_in();
        match (self.place, name) {
            (Place::Object(memory), "status") => return Some(Self { memory, ..below }),
            (Place::Metadata, "managedFields") => return None,
            _ => {}
        }
        let place = match (self.place, name) {
            (Place::Object(_), "metadata") => Place::Metadata,
            _ => Place::Elsewhere,
        };
        (!self.memory.is_exceeded.get()).then_some(Self { place, ..below })
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        if self.levels == 0 || self.memory.is_exceeded.get() {
            return IgnoredAny::deserialize(json).map(|_| Value::Null);
        }
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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
        self.memory.take(value.len());
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        self.memory.take(value.len());
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.one_level_in())? {
            self.memory.take(if list.is_empty() { Self::LIST } else { Self::ITEM });
            if !self.memory.is_exceeded.get() {
                list.push(item);
            }
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = items.next_key::<String>()? {
            self.memory.take(name.len() + if map.is_empty() { Self::MAP } else { Self::ENTRY });
            let Some(reader) = self.below(&name) else {
                items.next_value::<IgnoredAny>()?;
                continue;
            };
            if matches!(self.repeated, Repeated::Refused) && map.contains_key(&name) {
                return Err(A::Error::custom("twice"));
            }
            let value = items.next_value_seed(reader)?;
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
        serde_json::from_str::<Shallow>(text).map(|read| read.value)
    }

    #[test]
    fn r_14_whatever_the_density_memory_is_bounded() {
        for (open, close) in [("[", "]"), (r#"{"":1"#, "}"), (r#"{"b":{"c":{"#, "}}}")] {
            let text = format!(
                r#"{{"name": "n", "x": [{}], "y": "z", "status": {{"a": 1}}}}"#,
                vec![[open, close].concat(); 900_000].join(",")
            );
            let read = serde_json::from_str::<Shallow>(&text).unwrap();
            let kept = read.value["x"].as_array().map_or(0, Vec::len);
            assert_eq!((&read.value["name"], &read.value["y"]), (&"n".into(), &Value::Null), "{open}");
            assert_eq!(read.value["status"], json!({"a": 1}));
            assert!(
                !read.is_whole && read.bytes > MEMORY - 1000 && kept > 20_000 && kept < 900_000,
                "{kept}"
            );
            assert!(merged_within(text.as_bytes(), MEMORY).unwrap().is_none());
        }
        let others = r#""metadata": {"labels": {"managedFields": "l"}}, "data": {"managedFields": [1]}"#;
        let text = format!("{{{others}}}");
        let with = text.replace("\"labels\"", "\"managedFields\": [{}], \"labels\"");
        let read = serde_json::from_str::<Shallow>(&with).unwrap();
        assert_eq!((&read.value, read.is_whole), (&serde_json::from_str::<Value>(&text).unwrap(), true));
        assert!(read.bytes > 1000 && read.bytes < 4000, "{}", read.bytes);
        assert!(merged_within(text.as_bytes(), MEMORY).unwrap().is_some());
        assert!(merged_within(b"{} {}", MEMORY).is_err());
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
