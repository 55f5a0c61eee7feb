//! Parsed templates and their rendering.

use std::collections::BTreeMap;

use bulla_core::{Clock, Random, SecretBytes};

use crate::budget::Budget;
use crate::error::{Position, TemplateError};
use crate::exec::{Fault, run};
use crate::failure::Failure;
use crate::registry::Library;
use crate::scope::Scope;
use crate::syntax::{self, Parsed};
use crate::value::{ListKind, MapKind, Text, Value};
use zeroize::Zeroize;

/// Longest template text in bytes.
const MAX_TEXT: usize = 1 << 20;

/// What a missing key of a map means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKey {
    /// Go's `missingkey=default`: the invalid value, printed `<no value>`.
    Invalid,
    /// `missingkey=zero`: the zero of the element type.
    Zero,
    /// `missingkey=error`.
    Error,
}

/// How a text is to be read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The template's name, for errors and `{{template}}`.
    pub name: String,
    /// The left delimiter; empty means `{{`.
    pub left: String,
    /// The right delimiter; empty means `}}`.
    pub right: String,
    /// What a missing key means.
    pub missing_key: MissingKey,
    /// The functions to offer.
    pub library: Library,
}

impl Settings {
    /// The engine of External Secrets (`external-secrets.md` 6.1).
    pub fn external_secrets(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            left: String::new(),
            right: String::new(),
            missing_key: MissingKey::Error,
            library: Library::ExternalSecrets,
        }
    }

    /// The engine of Sealed Secrets (`sealed-secrets.md` 3).
    pub fn sealed_secrets(name: impl Into<String>) -> Self {
        Self {
            missing_key: MissingKey::Invalid,
            library: Library::SealedSecrets,
            ..Self::external_secrets(name)
        }
    }
}

/// The data of a rendering. It holds plaintext, so it has no `Debug`, and its
/// texts are wiped when it is dropped.
#[derive(Clone)]
pub enum Data {
    /// A nil interface.
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `float64`.
    Float(f64),
    /// `string`, any bytes.
    Text(Vec<u8>),
    /// `[]interface {}`.
    List(Vec<Self>),
    /// `map[string]interface {}`.
    Map(BTreeMap<String, Self>),
    /// `map[string]string`: what secrets are.
    Texts(BTreeMap<String, Vec<u8>>),
}

impl Drop for Data {
    fn drop(&mut self) {
        match self {
            Self::Text(text) => text.zeroize(),
            Self::Texts(texts) => texts.values_mut().for_each(Zeroize::zeroize),
            _ => {}
        }
    }
}

/// A template ready to run; share it freely between threads.
pub struct Template {
    parsed: Parsed,
    text: Box<[u8]>,
    settings: Settings,
}

impl Template {
    /// Parses `text`.
    pub fn parse(text: impl AsRef<[u8]>, settings: Settings) -> Result<Self, TemplateError> {
        let text = text.as_ref();
        if text.len() > MAX_TEXT {
            let position = Position { template: settings.name, line: 1, column: 0 };
            return Err(TemplateError::Parse { position, what: "the template is too long".into() });
        }
        let left = if settings.left.is_empty() { "{{" } else { &settings.left };
        let right = if settings.right.is_empty() { "}}" } else { &settings.right };
        let name = settings.name.as_bytes();
        match syntax::parse(name, text, left.as_bytes(), right.as_bytes(), settings.library) {
            Ok(parsed) => Ok(Self { parsed, text: text.into(), settings }),
            Err(error) => {
                let position = position(&settings.name, text, error.at);
                Err(TemplateError::Parse { position, what: error.what })
            }
        }
    }

    /// Renders with `data` as the dot. Nothing is returned on failure.
    ///
    /// The output, its copies and every string that the template computes with
    /// are wiped when they are dropped; what a function writes while it makes a
    /// string, and the insides of versions and expressions, are not.
    pub fn render(
        &self,
        data: &Data,
        clock: &dyn Clock,
        random: &dyn Random,
        mut budget: Budget,
    ) -> Result<SecretBytes, TemplateError> {
        self.render_out_of(data, clock, random, &mut budget)
    }

    /// As [`Self::render`], one of several templates that share a budget: of output
    /// and steps, but for those that taking in `data` costs, the next one has what
    /// this one leaves.
    pub fn render_out_of(
        &self,
        data: &Data,
        clock: &dyn Clock,
        random: &dyn Random,
        budget: &mut Budget,
    ) -> Result<SecretBytes, TemplateError> {
        let mut scope = Scope::new(clock, random, *budget);
        let dot = value(&mut scope, data);
        let dot = dot.map_err(|failure| self.explain(Fault::new(0, 0, failure)))?;
        let before = scope.meter.left();
        let output = run(&self.parsed, self.settings.missing_key, &mut scope, dot);
        budget.steps -= before - scope.meter.left();
        let output = output.map_err(|fault| self.explain(*fault))?;
        budget.output -= output.len().min(budget.output);
        Ok(SecretBytes::new(output))
    }

    fn explain(&self, fault: Fault) -> TemplateError {
        let position = position(&self.settings.name, &self.text, fault.at as usize);
        match fault.failure {
            Failure::Budget(what) => TemplateError::Budget { position, function: fault.function, what },
            Failure::Call(what) => TemplateError::Execute {
                position,
                executing: self
                    .parsed
                    .trees
                    .get(fault.tree)
                    .map(|tree| String::from_utf8_lossy(&tree.name).into_owned())
                    .unwrap_or_default(),
                what: match fault.function {
                    Some(function) => format!("error calling {function}: {what}").into(),
                    None => what,
                },
                function: fault.function,
            },
        }
    }
}

/// Finds line and column of a byte offset.
fn position(template: &str, text: &[u8], at: usize) -> Position {
    let before = &text[..at.min(text.len())];
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Position { template: template.to_owned(), line, column: before.len() - start }
}

/// Levels of lists and maps in the data; Kubernetes objects stay far below.
const MAX_DATA_DEPTH: usize = 100;

fn value(scope: &mut Scope<'_>, data: &Data) -> Result<Value, Failure> {
    nested_value(scope, data, MAX_DATA_DEPTH)
}

fn nested_value(scope: &mut Scope<'_>, data: &Data, levels: usize) -> Result<Value, Failure> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(Failure::new("the data is nested too deeply"));
    };
    Ok(match data {
        Data::Nil => Value::Nil,
        Data::Bool(truth) => Value::Bool(*truth),
        Data::Int(number) => Value::int(*number),
        Data::Float(number) => Value::Float(*number),
        Data::Text(text) => scope.text(text.as_slice())?,
        Data::List(items) => {
            let items =
                items.iter().map(|item| nested_value(scope, item, levels)).collect::<Result<Vec<_>, _>>()?;
            scope.list(ListKind::Any, items)?
        }
        Data::Map(entries) => {
            let map = scope.map(MapKind::Any, BTreeMap::new())?;
            for (key, item) in entries {
                let item = nested_value(scope, item, levels)?;
                scope.insert(&map, Text::from(key.as_str()), item)?;
            }
            Value::Map(map)
        }
        Data::Texts(entries) => {
            let map = scope.map(MapKind::Text, BTreeMap::new())?;
            for (key, text) in entries {
                let text = scope.text(text.as_slice())?;
                scope.insert(&map, Text::from(key.as_str()), text)?;
            }
            Value::Map(map)
        }
    })
}
