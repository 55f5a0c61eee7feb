//! YAML as sigs.k8s.io/yaml turns it into JSON (`sealed-secrets.md` 4.4).

use std::collections::HashSet;

use bulla_core::shortest_float;
use bulla_yaml::{Dialect, Error, Kind, Limits, NodeId, Resolved, Stream, decode_binary, parse};
use serde_json::{Map, Number, Value};

use crate::decode::DecodeError;
use crate::shape::Shape;

/// Reads the first document; an empty text is null.
pub(crate) fn read(text: &[u8], shape: Shape) -> Result<Value, DecodeError> {
    first(&stream(text)?, shape)
}

/// Reads the first document of a text of a stranger.
pub(crate) fn read_strange(text: &[u8]) -> Result<Value, DecodeError> {
    first(&within(text, STRANGE)?, Shape::Any)
}

/// Reads a text of one document, of a stranger.
pub(crate) fn read_only(text: &[u8]) -> Result<Value, DecodeError> {
    let stream = within(text, STRANGE)?;
    if stream.documents().len() > 1 {
        return Err(DecodeError::Many);
    }
    first(&stream, Shape::Any)
}

/// Reads all documents of a text, of which nothing may get lost: a name that
/// stands twice in a map is an error.
pub(crate) fn read_all(text: &[u8], shape: Shape) -> Result<Vec<Value>, DecodeError> {
    let stream = stream(text)?;
    stream.documents().iter().map(|document| whole(&stream, document.root(), shape)).collect()
}

fn whole(stream: &Stream<'_>, id: NodeId, shape: Shape) -> Result<Value, DecodeError> {
    Reader { stream, is_strict: true }.node(id, shape)
}

/// As deep as Kubernetes reads.
const LIMITS: Limits = Limits { depth: 100, ..Limits::DEFAULT };

/// As much as an object needs that anybody may have made.
const STRANGE: Limits = Limits { nodes: 50_000, expansion: 2, ..LIMITS };

fn stream(text: &[u8]) -> Result<Stream<'_>, DecodeError> {
    within(text, LIMITS)
}

fn within(text: &[u8], limits: Limits) -> Result<Stream<'_>, DecodeError> {
    parse(text, &limits).map_err(|error| match error {
        Error::Expansion { .. } | Error::Nodes { .. } => DecodeError::Parts,
        error => DecodeError::Yaml(error.position().map_or(0, |at| at.0)),
    })
}

fn first(stream: &Stream<'_>, shape: Shape) -> Result<Value, DecodeError> {
    let Some(document) = stream.documents().first() else { return Ok(Value::Null) };
    Reader { stream, is_strict: false }.node(document.root(), shape)
}

/// What one node of a YAML text is as JSON, by the rules of sigs.k8s.io/yaml; a
/// name that stands twice in a map is an error. The depth of the text is the
/// caller's to bound: 100 levels are meant.
pub fn value(stream: &Stream<'_>, id: NodeId) -> Result<Value, DecodeError> {
    whole(stream, id, Shape::Any)
}

/// Where a scalar without quotes becomes another text than it shows, because
/// YAML 1.1 takes it for a number or a truth: `stringData.a` for a value,
/// `the key "on" of stringData` for a key. Values are not told.
pub(crate) fn misreadings(text: &[u8], shape: Shape) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(stream) = stream(text)
        && let Some(document) = stream.documents().first()
    {
        Reader { stream: &stream, is_strict: false }.misread(document.root(), shape, "", &mut found);
    }
    found
}

/// The name that a key stands for, `true` for `on`. Fails for what can be none.
pub fn key(stream: &Stream<'_>, id: NodeId) -> Result<String, DecodeError> {
    Reader { stream, is_strict: true }.key(id)
}

struct Reader<'r, 's> {
    stream: &'r Stream<'s>,
    /// Whether a name that stands twice in a map is an error, in whatever
    /// spelling; else the last one counts.
    is_strict: bool,
}

impl Reader<'_, '_> {
    fn bad(&self, id: NodeId) -> DecodeError {
        DecodeError::Yaml(self.stream.node(id).line())
    }

    fn node(&self, id: NodeId, shape: Shape) -> Result<Value, DecodeError> {
        let id = self.stream.follow(id);
        match self.stream.node(id).kind() {
            Kind::Mapping => {
                let mut pairs = Map::new();
                self.fill(id, shape, &mut pairs)?;
                Ok(Value::Object(pairs))
            }
            Kind::Sequence => {
                let items = self.stream.children(id).iter().map(|id| self.node(*id, shape.item()));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            _ => self.scalar(id, shape),
        }
    }

    fn scalar(&self, id: NodeId, shape: Shape) -> Result<Value, DecodeError> {
        let text = self.stream.node(id).value();
        let wants_text = matches!(shape, Shape::Text);
        let resolved = self.stream.resolve(id, Dialect::Kubernetes).map_err(|_| self.bad(id))?;
        Ok(match resolved {
            Resolved::Null => Value::Null,
            Resolved::Bool(truth) if wants_text => Value::String(truth.to_string()),
            Resolved::Bool(truth) => Value::Bool(truth),
            Resolved::Int(number) if wants_text => Value::String(number.to_string()),
            Resolved::Int(number) => Value::Number(number.into()),
            Resolved::Uint(number) if wants_text => Value::String(number.to_string()),
            Resolved::Uint(number) => Value::Number(number.into()),
            Resolved::Float(number) if wants_text => Value::String(float_text(number)),
            Resolved::Float(number) => Value::Number(Number::from_f64(number).ok_or_else(|| self.bad(id))?),
            Resolved::Binary => {
                let bytes = decode_binary(text).ok_or_else(|| self.bad(id))?;
                Value::String(String::from_utf8_lossy(&bytes).into_owned())
            }
            Resolved::Merge | Resolved::Str | Resolved::Timestamp(_) => Value::String(text.to_owned()),
        })
    }

    fn misread(&self, id: NodeId, shape: Shape, path: &str, found: &mut Vec<String>) {
        let id = self.stream.follow(id);
        let node = self.stream.node(id);
        match node.kind() {
            Kind::Mapping => {
                for (key, value) in self.stream.pairs(id) {
                    if matches!(self.stream.resolve(key, Dialect::Kubernetes), Ok(Resolved::Merge)) {
                        self.sources(value).into_iter().for_each(|id| self.misread(id, shape, path, found));
                        continue;
                    }
                    let Ok(name) = self.key(key) else { continue };
                    let shown = self.stream.node(self.stream.follow(key)).value();
                    // Fields have names that nothing is mistaken for.
                    if matches!(shape, Shape::Map(_)) && name != shown {
                        found.push(format!("the key {shown:?} of {path}"));
                    }
                    let below = if path.is_empty() { shown.to_owned() } else { format!("{path}.{shown}") };
                    self.misread(value, shape.below(&name), &below, found);
                }
            }
            Kind::Sequence => {
                for (number, item) in self.stream.children(id).iter().enumerate() {
                    self.misread(*item, shape.item(), &format!("{path}[{number}]"), found);
                }
            }
            // Nothing at all is what null looks like.
            Kind::Scalar if matches!(shape, Shape::Text) => {
                let is_tagged = matches!(self.stream.resolve(id, Dialect::Kubernetes), Ok(Resolved::Binary));
                if let Ok(Value::String(read)) = self.scalar(id, shape)
                    && read != node.value()
                    && !is_tagged
                {
                    found.push(path.to_owned());
                }
            }
            _ => {}
        }
    }

    fn fill(&self, id: NodeId, shape: Shape, pairs: &mut Map<String, Value>) -> Result<(), DecodeError> {
        let mut names = HashSet::new();
        for (key, value) in self.stream.pairs(id) {
            if matches!(self.stream.resolve(key, Dialect::Kubernetes), Ok(Resolved::Merge)) {
                self.merge(value, shape, pairs)?;
                continue;
            }
            let name = self.key(key)?;
            if self.is_strict && !names.insert(name.clone()) {
                return Err(DecodeError::Twice(self.stream.node(key).line()));
            }
            let value = self.node(value, shape.below(&name))?;
            pairs.insert(name, value);
        }
        Ok(())
    }

    /// The one or several maps of a merge.
    fn sources(&self, id: NodeId) -> Vec<NodeId> {
        let id = self.stream.follow(id);
        match self.stream.node(id).kind() {
            Kind::Mapping => vec![id],
            Kind::Sequence => self.stream.children(id).iter().map(|id| self.stream.follow(*id)).collect(),
            _ => Vec::new(),
        }
    }

    /// Takes over the entries of a map, or of several, that are not there yet.
    fn merge(&self, id: NodeId, shape: Shape, pairs: &mut Map<String, Value>) -> Result<(), DecodeError> {
        let sources = self.sources(id);
        if sources.is_empty() {
            return Err(self.bad(id));
        }
        for source in sources {
            let Value::Object(entries) = self.node(source, shape)? else { return Err(self.bad(source)) };
            for (key, value) in entries {
                pairs.entry(key).or_insert(value);
            }
        }
        Ok(())
    }

    /// Keys become strings.
    fn key(&self, id: NodeId) -> Result<String, DecodeError> {
        let id = self.stream.follow(id);
        let node = self.stream.node(id);
        if matches!(node.kind(), Kind::Mapping | Kind::Sequence) {
            return Err(self.bad(id));
        }
        Ok(match self.stream.resolve(id, Dialect::Kubernetes).map_err(|_| self.bad(id))? {
            Resolved::Bool(truth) => truth.to_string(),
            Resolved::Int(number) => number.to_string(),
            Resolved::Uint(number) => number.to_string(),
            Resolved::Float(number) => match float_text(number).as_str() {
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                "NaN" => ".nan".to_owned(),
                text => text.to_owned(),
            },
            Resolved::Null => return Err(self.bad(id)),
            _ => node.value().to_owned(),
        })
    }
}

/// A number as `strconv.FormatFloat(number, 'g', -1, 32)` writes it: with the
/// digits that a 32-bit float needs, which is what the library asks for.
fn float_text(number: f64) -> String {
    shortest_float(number as f32, 'e', 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_texts_of_the_reference() {
        for (text, expected) in [
            ("0123", "83"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("0b11", "3"),
            ("1_000", "1000"),
            ("1e5", "100000"),
            ("1e6", "1e+06"),
            ("1.0", "1"),
            ("1.50", "1.5"),
            ("08", "8"),
            ("+12", "12"),
            ("-0", "0"),
            (".5", "0.5"),
            (".inf", "+Inf"),
            ("3.14159265358979", "3.1415927"),
            ("123456789012345678901234567890", "1.2345679e+29"),
            ("1234567.5", "1.2345675e+06"),
            ("16777216.0", "1.6777216e+07"),
            ("0.00001", "1e-05"),
            ("yes", "true"),
            ("on", "true"),
            ("y", "true"),
            ("12:30", "12:30"),
            ("2020-01-01", "2020-01-01"),
            ("1e400", "1e400"),
        ] {
            assert_eq!(read(text.as_bytes(), Shape::Text).unwrap(), Value::String(expected.into()), "{text}");
        }
        assert_eq!(read(b"~", Shape::Text).unwrap(), Value::Null);
        assert_eq!(read(b"1.0", Shape::Any).unwrap().to_string(), "1.0");
    }

    #[test]
    fn keys_become_strings_and_merges_do_not_overwrite() {
        let value = read(b"a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n1.5: n\n7: n\n", Shape::Any).unwrap();
        assert_eq!(
            value.to_string(),
            "{\"1.5\":\"n\",\"7\":\"n\",\"a\":{\"true\":2,\"x\":1},\"b\":{\"true\":2,\"x\":3}}"
                .replace("\"n\"", "false")
        );
        let twice = |text: &str| read_all(text.as_bytes(), Shape::Any) == Err(DecodeError::Twice(2));
        assert!(
            ["a: 1\na: 2", "y: 1\n\"true\": 2", "a: {b: 1,\n b: 2}", "1.0: a\n1: a"].into_iter().all(twice)
        );
        assert!(read_all(b"a: &a {x: 1}\nb: {<<: *a, x: 3}\n", Shape::Any).is_ok());
        assert!(read(b"? [a]\n: b\n", Shape::Any).is_err());
        assert!(read(b"a: [", Shape::Any).is_err());
    }
}
