//! The shape of a template function and the two lists of them.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::failure::Failure;
use crate::functions;
use crate::scope::Scope;
use crate::time::Time;
use crate::value::{List, Map, Record, Text, Value};

/// The set of functions that a template may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// `external-secrets.md` 6.2 and 6.3.
    ExternalSecrets,
    /// `sealed-secrets.md` 3.
    SealedSecrets,
}

/// Where a function exists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// Part of the template language.
    Language,
    /// In both libraries.
    Both,
    /// Only in one library.
    Only(Library),
}

/// What a parameter takes, in Go's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `interface {}`.
    Any,
    /// `bool`.
    Bool,
    /// The certificate struct of sprig.
    Certificate,
    /// `float64`.
    Float,
    /// `int`.
    Int,
    /// `[]interface {}`.
    List,
    /// `map[string]interface {}`.
    Map,
    /// `reflect.Value`: like `Any`, but it keeps "missing".
    Raw,
    /// `string`.
    Text,
    /// `time.Time`.
    Time,
    /// `uint32`.
    Uint32,
}

impl Kind {
    /// Returns Go's name of the type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Bool => "bool",
            Self::Certificate => "sprig.certificate",
            Self::Float => "float64",
            Self::Int => "int",
            Self::List => "[]interface {}",
            Self::Map => "map[string]interface {}",
            Self::Raw => "reflect.Value",
            Self::Text => "string",
            Self::Time => "time.Time",
            Self::Uint32 => "uint32",
        }
    }

    /// Returns whether nil may stand for a value of this type.
    pub(crate) fn can_be_nil(self) -> bool {
        matches!(self, Self::Any | Self::List | Self::Map | Self::Raw)
    }
}

/// The body of a function. The engine has checked the arguments against the
/// declared kinds.
pub(crate) type Run = fn(&mut Scope<'_>, &Args<'_>) -> Result<Value, Failure>;

/// One function.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) takes: &'static [Kind],
    /// The kind of all further arguments, if there may be any.
    pub(crate) rest: Option<Kind>,
    pub(crate) run: Run,
    pub(crate) home: Home,
}

impl Function {
    /// Declares a function of both libraries.
    pub(crate) const fn new(name: &'static str, takes: &'static [Kind], run: Run) -> Self {
        Self { name, takes, rest: None, run, home: Home::Both }
    }

    /// Lets the function take any number of further arguments.
    pub(crate) const fn and(mut self, rest: Kind) -> Self {
        self.rest = Some(rest);
        self
    }

    /// Restricts the function to a place.
    pub(crate) const fn at(mut self, home: Home) -> Self {
        self.home = home;
        self
    }
}

/// The checked arguments of a call. The accessors answer with the zero of the
/// type where a value is nil, as Go does for nil maps and slices.
pub(crate) struct Args<'a>(pub(crate) &'a [Value]);

impl<'a> Args<'a> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn value(&self, at: usize) -> &'a Value {
        self.0.get(at).unwrap_or(&Value::Nil)
    }

    pub(crate) fn from(&self, at: usize) -> &'a [Value] {
        self.0.get(at..).unwrap_or(&[])
    }

    pub(crate) fn text(&self, at: usize) -> &'a [u8] {
        self.value(at).as_text().unwrap_or(&[])
    }

    pub(crate) fn shared_text(&self, at: usize) -> Text {
        match self.value(at) {
            Value::Text(text) => Text::clone(text),
            _ => Text::from(""),
        }
    }

    pub(crate) fn int(&self, at: usize) -> i64 {
        match self.value(at) {
            Value::Int(number, _) => *number,
            _ => 0,
        }
    }

    pub(crate) fn float(&self, at: usize) -> f64 {
        match self.value(at) {
            Value::Float(number) => *number,
            _ => 0.0,
        }
    }

    pub(crate) fn bool(&self, at: usize) -> bool {
        matches!(self.value(at), Value::Bool(true))
    }

    pub(crate) fn map(&self, at: usize) -> Option<&'a Map> {
        match self.value(at) {
            Value::Map(map) if !map.null => Some(map),
            _ => None,
        }
    }

    pub(crate) fn list(&self, at: usize) -> Option<&'a List> {
        match self.value(at) {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub(crate) fn time(&self, at: usize) -> Option<&'a Time> {
        match self.value(at) {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }

    pub(crate) fn record(&self, at: usize) -> Option<&'a Record> {
        match self.value(at) {
            Value::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// Finds the function `name` in a library.
pub(crate) fn find(library: Library, name: &str) -> Option<&'static Function> {
    static INDEX: OnceLock<HashMap<&'static str, Vec<&'static Function>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index: HashMap<&'static str, Vec<&'static Function>> = HashMap::new();
        for function in functions::FAMILIES.iter().copied().flatten() {
            index.entry(function.name).or_default().push(function);
        }
        index
    });
    // A library's function hides the language's of the same name (`slice`).
    let found = index.get(name)?;
    let own = |function: &&&Function| match function.home {
        Home::Both => true,
        Home::Only(only) => only == library,
        Home::Language => false,
    };
    let language = |function: &&&Function| function.home == Home::Language;
    found.iter().find(own).or_else(|| found.iter().find(language)).copied()
}

/// Returns the names of a library's functions in order, without those of the
/// language itself.
pub fn function_names(library: Library) -> Vec<&'static str> {
    let mut names: Vec<&str> = functions::FAMILIES
        .iter()
        .copied()
        .flatten()
        .filter(|function| match function.home {
            Home::Both => true,
            Home::Only(only) => only == library,
            Home::Language => false,
        })
        .map(|function| function.name)
        .collect();
    names.sort_unstable();
    names
}
