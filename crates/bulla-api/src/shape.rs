//! What Go's types say about a field, as far as reading YAML depends on it:
//! where a string is wanted, other scalars become one.

/// The type that a value is read into.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Whatever stands there.
    Any,
    /// A string.
    Text,
    /// A struct's fields; names match without regard to case.
    Struct(&'static [(&'static str, Self)]),
    /// A map with values of one type.
    Map(&'static Self),
    /// A list with items of one type.
    List(&'static Self),
}

impl Shape {
    /// The type of the field or entry `name`.
    pub(crate) fn below(self, name: &str) -> Self {
        match self {
            Self::Struct(fields) => fields
                .iter()
                .find(|(field, _)| field.eq_ignore_ascii_case(name))
                .map_or(Self::Any, |(_, shape)| *shape),
            Self::Map(shape) => *shape,
            _ => Self::Any,
        }
    }

    /// The type of items.
    pub(crate) fn item(self) -> Self {
        if let Self::List(shape) = self { *shape } else { Self::Any }
    }
}

const OWNER: Shape = Shape::Struct(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("name", Shape::Text),
    ("uid", Shape::Text),
]);

const MANAGED: Shape = Shape::Struct(&[
    ("manager", Shape::Text),
    ("operation", Shape::Text),
    ("apiVersion", Shape::Text),
    ("fieldsType", Shape::Text),
    ("subresource", Shape::Text),
]);

const META: Shape = Shape::Struct(&[
    ("name", Shape::Text),
    ("generateName", Shape::Text),
    ("namespace", Shape::Text),
    ("selfLink", Shape::Text),
    ("uid", Shape::Text),
    ("resourceVersion", Shape::Text),
    ("labels", Shape::Map(&Shape::Text)),
    ("annotations", Shape::Map(&Shape::Text)),
    ("ownerReferences", Shape::List(&OWNER)),
    ("finalizers", Shape::List(&Shape::Text)),
    ("managedFields", Shape::List(&MANAGED)),
]);

/// `v1.Secret`. Kind and version stand in a struct within, which the library
/// does not look into.
pub(crate) const SECRET: Shape =
    Shape::Struct(&[("metadata", META), ("stringData", Shape::Map(&Shape::Text)), ("type", Shape::Text)]);

/// `v1.Secret`, or a list of them, or of lists.
pub(crate) static SECRETS: Shape = Shape::Struct(&[
    ("metadata", META),
    ("data", Shape::Map(&Shape::Any)),
    ("stringData", Shape::Map(&Shape::Text)),
    ("type", Shape::Text),
    ("items", Shape::List(&SECRETS)),
]);

/// `SealedSecret`. Its encrypted data is read leniently, whatever stands there.
pub(crate) const SEALED_SECRET: Shape = Shape::Struct(&[
    ("metadata", META),
    (
        "spec",
        Shape::Struct(&[(
            "template",
            Shape::Struct(&[("metadata", META), ("type", Shape::Text), ("data", Shape::Map(&Shape::Text))]),
        )]),
    ),
]);
