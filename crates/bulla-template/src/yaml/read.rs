//! Reading the first document of a YAML text as JSON would hold it.

use std::collections::BTreeMap;

use bulla_yaml::{Dialect, Kind, Limits, NodeId, Resolved, Stream, decode_binary, parse};

use crate::failure::{Exhausted, Failure};
use crate::scope::Scope;
use crate::value::{ListKind, MapKind, Text, Value};

/// What is wrong: the line, from 1, and the kind of fault.
pub(crate) struct BadYaml {
    pub(crate) line: usize,
    pub(crate) what: &'static str,
}

type Read<T> = Result<Result<T, BadYaml>, Failure>;

/// What a node of the parser takes at most.
const NODE: usize = 256;

/// Reads the first document; an empty text is nil. The outer error is the
/// budget's.
pub(crate) fn read(scope: &mut Scope<'_>, input: &[u8]) -> Read<Value> {
    scope.meter.step(input.len() as u64 / 16)?;
    scope.meter.allocate(input.len().saturating_mul(4))?;
    let nesting = scope.meter.limits().nesting;
    let limits = Limits {
        depth: nesting as usize,
        nodes: (scope.meter.room() / NODE).min(200_000),
        expansion: 8,
        documents: 100,
    };
    let Ok(stream) = parse(input, &limits) else {
        return Ok(Err(BadYaml { line: 0, what: "the text is not YAML" }));
    };
    let Some(document) = stream.documents().first() else { return Ok(Ok(Value::Nil)) };
    let mut reader = Reader { stream: &stream, scope, levels: nesting };
    reader.node(document.root())
}

struct Reader<'r, 's, 'a> {
    stream: &'r Stream<'s>,
    scope: &'r mut Scope<'a>,
    levels: u32,
}

impl Reader<'_, '_, '_> {
    fn bad(&self, id: NodeId, what: &'static str) -> BadYaml {
        BadYaml { line: self.stream.node(id).line(), what }
    }

    fn node(&mut self, id: NodeId) -> Read<Value> {
        self.scope.meter.step(1)?;
        let Some(levels) = self.levels.checked_sub(1) else {
            return Err(Failure::Budget(Exhausted::Depth));
        };
        self.levels = levels;
        let id = self.stream.follow(id);
        let value = match self.stream.node(id).kind() {
            Kind::Mapping => self.mapping(id)?,
            Kind::Sequence => self.sequence(id)?,
            _ => self.scalar(id)?,
        };
        self.levels += 1;
        Ok(value)
    }

    fn scalar(&mut self, id: NodeId) -> Read<Value> {
        let text = self.stream.node(id).value().as_bytes();
        let Ok(resolved) = self.stream.resolve(id, Dialect::Kubernetes) else {
            return Ok(Err(self.bad(id, "the value does not fit its tag")));
        };
        Ok(Ok(match resolved {
            Resolved::Null => Value::Nil,
            Resolved::Bool(truth) => Value::Bool(truth),
            Resolved::Int(number) => Value::Float(number as f64),
            Resolved::Uint(number) => Value::Float(number as f64),
            Resolved::Float(number) if number.is_finite() => Value::Float(number),
            Resolved::Float(_) => return Ok(Err(self.bad(id, "the number has no JSON form"))),
            Resolved::Binary => match decode_binary(self.stream.node(id).value()) {
                Some(bytes) => self.scope.text(bytes)?,
                None => return Ok(Err(self.bad(id, "the value is not base64"))),
            },
            Resolved::Merge | Resolved::Str | Resolved::Timestamp(_) => self.scope.text(text)?,
        }))
    }

    fn sequence(&mut self, id: NodeId) -> Read<Value> {
        let mut items = Vec::new();
        for child in self.stream.children(id) {
            match self.node(*child)? {
                Ok(item) => items.push(item),
                Err(bad) => return Ok(Err(bad)),
            }
        }
        Ok(Ok(self.scope.list(ListKind::Any, items)?))
    }

    fn mapping(&mut self, id: NodeId) -> Read<Value> {
        let mut entries = BTreeMap::new();
        if let Err(bad) = self.fill(id, &mut entries)? {
            return Ok(Err(bad));
        }
        Ok(Ok(Value::Map(self.scope.map(MapKind::Any, entries)?)))
    }

    fn fill(&mut self, id: NodeId, entries: &mut BTreeMap<Text, Value>) -> Read<()> {
        let pairs: Vec<_> = self.stream.pairs(id).collect();
        for (key, value) in pairs {
            if matches!(self.stream.resolve(key, Dialect::Kubernetes), Ok(Resolved::Merge)) {
                if let Err(bad) = self.merge(value, entries)? {
                    return Ok(Err(bad));
                }
                continue;
            }
            let key = match self.key(key) {
                Ok(key) => key,
                Err(bad) => return Ok(Err(bad)),
            };
            match self.node(value)? {
                Ok(value) => entries.insert(key, value),
                Err(bad) => return Ok(Err(bad)),
            };
        }
        Ok(Ok(()))
    }

    /// Takes over the entries of a map, or of several, that are not there yet.
    fn merge(&mut self, id: NodeId, entries: &mut BTreeMap<Text, Value>) -> Read<()> {
        let id = self.stream.follow(id);
        let sources = match self.stream.node(id).kind() {
            Kind::Mapping => vec![id],
            Kind::Sequence => self.stream.children(id).iter().map(|id| self.stream.follow(*id)).collect(),
            _ => return Ok(Err(self.bad(id, "only maps can be merged"))),
        };
        for source in sources {
            if self.stream.node(source).kind() != Kind::Mapping {
                return Ok(Err(self.bad(source, "only maps can be merged")));
            }
            match self.node(source)? {
                Ok(Value::Map(map)) => {
                    for (key, value) in map.entries.borrow().iter() {
                        entries.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
                Ok(_) => {}
                Err(bad) => return Ok(Err(bad)),
            }
        }
        Ok(Ok(()))
    }

    /// Keys become strings; what has no obvious text is refused.
    fn key(&self, id: NodeId) -> Result<Text, BadYaml> {
        let id = self.stream.follow(id);
        let node = self.stream.node(id);
        if matches!(node.kind(), Kind::Mapping | Kind::Sequence) {
            return Err(self.bad(id, "a key is not a scalar"));
        }
        let text = match self.stream.resolve(id, Dialect::Kubernetes) {
            Ok(Resolved::Bool(truth)) => truth.to_string(),
            Ok(Resolved::Int(number)) => number.to_string(),
            Ok(Resolved::Uint(number)) => number.to_string(),
            Ok(Resolved::Float(number)) => {
                use crate::text::number_format::{FloatVerb, float};
                float(number, FloatVerb::General, None, false)
            }
            Ok(Resolved::Null) => return Err(self.bad(id, "a key is null")),
            _ => node.value().to_owned(),
        };
        Ok(Text::from(text.into_bytes()))
    }
}
