//! `kind` and `apiVersion`, and what the reference's decoder makes of them.

use serde_json::{Map, Value};

use crate::decode::{DecodeError, Decoder, Place};

/// What an object says that it is; empty means nothing.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct TypeMeta {
    pub(crate) kind: String,
    pub(crate) api_version: String,
}

impl TypeMeta {
    pub(crate) fn read(decoder: &mut Decoder, object: &Map<String, Value>, owner: &'static str) -> Self {
        let place = Place { owner, path: if owner.is_empty() { "" } else { "TypeMeta" } };
        let api_version = decoder.text(decoder.field(object, place, "apiVersion"), "string");
        let kind = decoder.text(decoder.field(object, place, "kind"), "string");
        Self { kind, api_version }
    }

    /// Reads both for a decoder that knows which object it wants; what is
    /// missing counts as that. `wanted` are kind, version and Go type.
    pub(crate) fn check(value: &Value, wanted: (&str, &str, &'static str)) -> Result<Self, DecodeError> {
        let Some(object) = value.as_object() else {
            let found = match value {
                Value::Null => return Ok(Self::default()),
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::Array(_) => "array",
                _ => "string",
            };
            return Err(DecodeError::NoKind(format!(
                "json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            )));
        };
        let mut decoder = Decoder::new(true);
        let found = Self::read(&mut decoder, object, "");
        if let Some(misfit) = decoder.finish() {
            return Err(DecodeError::NoKind(misfit));
        }
        let kind = if found.kind.is_empty() { wanted.0 } else { &found.kind };
        let version = if found.api_version.is_empty() { wanted.1 } else { &found.api_version };
        if (kind, version) == (wanted.0, wanted.1) {
            return Ok(found);
        }
        Err(match go_type(kind, version) {
            Some(found) => DecodeError::OtherKind { found, wanted: wanted.2 },
            None => DecodeError::UnknownKind { kind: kind.to_owned(), version: version.to_owned() },
        })
    }
}

/// Go's name of a type that people hand in by mistake.
fn go_type(kind: &str, version: &str) -> Option<String> {
    let package = match (version, kind) {
        ("v1", "Secret" | "List" | "ConfigMap" | "SecretList" | "Namespace" | "Pod" | "Service") => "v1",
        ("bitnami.com/v1alpha1", "SealedSecret" | "SealedSecretList") => "v1alpha1",
        _ => return None,
    };
    Some(format!("{package}.{kind}"))
}
