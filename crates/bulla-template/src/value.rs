//! What a template computes with: Go's dynamic values, as far as data and the
//! function library can produce them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::functions::semver::Version;
pub(crate) use crate::text::Text;
use crate::time::Time;

/// One value. It may hold plaintext, so it has no `Debug`.
#[derive(Clone)]
pub(crate) enum Value {
    /// Go's invalid value: what a missing key of a map gives.
    Missing,
    /// A nil interface: a key that is there and holds nothing.
    Nil,
    /// `bool`.
    Bool(bool),
    /// Any integer type; the kind decides its name and how it prints.
    Int(i64, IntKind),
    /// `float64`.
    Float(f64),
    /// `complex128`, real and imaginary part; only literals make one.
    Complex(f64, f64),
    /// `string`.
    Text(Text),
    /// A slice; never changed after it was made.
    List(Rc<List>),
    /// A map with string keys; shared, and changed by `set` and the like.
    Map(Map),
    /// `time.Time`.
    Time(Rc<Time>),
    /// `*semver.Version`.
    Version(Rc<Version>),
    /// A struct with exported fields.
    Record(Rc<Record>),
}

/// Go's integer types that templates meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntKind {
    /// `time.Duration`.
    Duration,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `time.Month`.
    Month,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
    /// `uint8`, an indexed string.
    Uint8,
    /// `time.Weekday`.
    Weekday,
}

/// The element type of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// `[]interface {}`.
    Any,
    /// `[]int`.
    Int,
    /// `[][]interface {}`.
    Lists,
    /// `[]string`.
    Text,
}

/// A slice.
pub(crate) struct List {
    /// The element type.
    pub(crate) kind: ListKind,
    /// The elements.
    pub(crate) items: Vec<Value>,
    /// Whether Go would hold a nil slice, which JSON writes as `null`.
    pub(crate) null: bool,
    /// Levels of lists below and including this one; bounded, because
    /// dropping recurses.
    pub(crate) depth: u16,
}

/// The element type of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapKind {
    /// `map[string]interface {}`.
    Any,
    /// `map[string]string`.
    Text,
}

/// The shared part of a map.
pub(crate) struct MapBody {
    /// The element type.
    pub(crate) kind: MapKind,
    /// The entries, in Go's printing order.
    pub(crate) entries: RefCell<BTreeMap<Text, Value>>,
    /// Whether Go would hold a nil map, which JSON writes as `null`.
    pub(crate) null: bool,
}

/// A reference to a map.
pub(crate) type Map = Rc<MapBody>;

/// A struct of the function library, such as a generated certificate.
pub(crate) struct Record {
    /// Go's name of the type.
    pub(crate) type_name: &'static str,
    /// The fields, in order of declaration.
    pub(crate) fields: Vec<(&'static str, Value)>,
}

impl Value {
    /// Makes a string.
    pub(crate) fn text(bytes: impl Into<Text>) -> Self {
        Self::Text(bytes.into())
    }

    /// Makes an `int`.
    pub(crate) fn int(number: i64) -> Self {
        Self::Int(number, IntKind::Int)
    }

    /// Makes an `int64`.
    pub(crate) fn int64(number: i64) -> Self {
        Self::Int(number, IntKind::Int64)
    }

    /// Returns the bytes of a string.
    pub(crate) fn as_text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns true for both forms of nil.
    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Missing | Self::Nil)
    }

    /// Returns the truth that `if` sees: not the zero of its type.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(number, _) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.entries.borrow().is_empty(),
            Self::Time(_) | Self::Version(_) | Self::Record(_) => true,
        }
    }

    /// Returns the name that Go's `%T` prints.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_, kind) => kind.type_name(),
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::List(list) => match list.kind {
                ListKind::Any => "[]interface {}",
                ListKind::Int => "[]int",
                ListKind::Lists => "[][]interface {}",
                ListKind::Text => "[]string",
            },
            Self::Map(map) => match map.kind {
                MapKind::Any => "map[string]interface {}",
                MapKind::Text => "map[string]string",
            },
            Self::Time(_) => "time.Time",
            Self::Version(_) => "*semver.Version",
            Self::Record(record) => record.type_name,
        }
    }

    /// Returns the name of Go's `reflect.Kind`.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "invalid",
            Self::Int(_, kind) => kind.kind_name(),
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Time(_) | Self::Record(_) => "struct",
            Self::Version(_) => "ptr",
            other => other.type_name(),
        }
    }

    /// Returns the bytes of the strings that a function which takes this value
    /// may read at once. Elements of lists and maps are not among them: who
    /// visits those charges for them.
    pub(crate) fn readable(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Version(version) => version.size(),
            Self::Record(record) => record.fields.iter().map(|(_, field)| field.readable()).sum(),
            _ => 0,
        }
    }

    /// Returns how many levels of lists this value holds.
    pub(crate) fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.depth,
            _ => 0,
        }
    }
}

impl IntKind {
    /// Returns Go's name of the type.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Duration => "time.Duration",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Month => "time.Month",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Uint8 => "uint8",
            Self::Weekday => "time.Weekday",
        }
    }

    fn kind_name(self) -> &'static str {
        match self {
            Self::Duration => "int64",
            Self::Month | Self::Weekday => "int",
            other => other.type_name(),
        }
    }

    /// Returns true for the types without negative numbers.
    pub(crate) fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint8 | Self::Uint32 | Self::Uint64)
    }
}

impl MapBody {
    /// Returns the entry `key`.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    /// Returns the number of entries.
    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Returns true where there is no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value that Go's zero of the element type is.
    pub(crate) fn zero(&self) -> Value {
        match self.kind {
            MapKind::Any => Value::Nil,
            MapKind::Text => Value::text(""),
        }
    }
}
