//! `SealedSecret` of `bitnami.com/v1alpha1` (`sealed-secrets.md` 2).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::decode::{DecodeError, Decoder, Field, Place};
use crate::kind::TypeMeta;
use crate::meta::ObjectMeta;
use crate::stream::{parse_object, parse_only};
use crate::tree::{Fields, Tree};

/// `apiVersion` of a SealedSecret.
pub const API_VERSION: &str = "bitnami.com/v1alpha1";
/// `kind` of a SealedSecret.
pub const KIND: &str = "SealedSecret";

/// A SealedSecret. All of it is public.
#[derive(Clone, Default, PartialEq)]
pub struct SealedSecret {
    /// `kind`, as it stood there.
    pub kind: String,
    /// `apiVersion`, as it stood there.
    pub api_version: String,
    /// `metadata`; its annotations say the scope.
    pub metadata: ObjectMeta,
    /// `spec.template`.
    pub template: SecretTemplate,
    /// `spec.data`, the deprecated whole-secret form.
    pub data: Option<Vec<u8>>,
    /// `spec.encryptedData`: base64 texts, not looked into.
    pub encrypted_data: BTreeMap<String, String>,
}

/// `spec.template`: what becomes the Secret.
#[derive(Clone, Default, PartialEq)]
pub struct SecretTemplate {
    /// `metadata` of the Secret, but for name and namespace.
    pub metadata: ObjectMeta,
    /// Its `type`.
    pub secret_type: String,
    /// Its `immutable`.
    pub immutable: Option<bool>,
    /// Templates of further data.
    pub data: BTreeMap<String, String>,
}

impl SealedSecret {
    /// Reads one SealedSecret in JSON, or the first document of a YAML text.
    /// A missing kind or version counts as SealedSecret.
    pub fn from_text(text: &[u8]) -> Result<Self, DecodeError> {
        Self::from_value(&parse_object(text)?)
    }

    /// Reads a text that must hold one SealedSecret, which says that it is one,
    /// and nothing else, as the reference's controller demands it of requests.
    pub fn only_one(text: &[u8]) -> Result<Self, DecodeError> {
        let sealed = Self::from_value(&parse_only(text)?)?;
        match (sealed.kind.is_empty(), sealed.api_version.is_empty()) {
            (true, _) => Err(DecodeError::NoType("Kind")),
            (_, true) => Err(DecodeError::NoType("apiVersion")),
            _ => Ok(sealed),
        }
    }

    /// Reads one from JSON that is parsed already.
    pub fn from_value(value: &Value) -> Result<Self, DecodeError> {
        TypeMeta::check(value, (KIND, API_VERSION, "v1alpha1.SealedSecret"))?;
        let Value::Object(object) = value else { return Ok(Self::default()) };
        let mut decoder = Decoder::new(false);
        let sealed = Self::read(&mut decoder, object);
        decoder.finish().map_or(Ok(sealed), |misfit| Err(DecodeError::Misfit(misfit)))
    }

    /// Reads one as far as it fits, and the first misfit. Kind and version are
    /// not looked at; names match without regard to case.
    pub(crate) fn read_folded(value: &Value) -> (Self, Option<String>) {
        let Some(object) = value.as_object() else { return (Self::default(), Some(String::new())) };
        let mut decoder = Decoder::new(true);
        let sealed = Self::read(&mut decoder, object);
        (sealed, decoder.finish())
    }

    fn read(decoder: &mut Decoder, object: &Map<String, Value>) -> Self {
        let place = Place { owner: KIND, path: "" };
        let types = TypeMeta::read(decoder, object, KIND);
        let metadata = ObjectMeta::read(decoder, decoder.field(object, place, "metadata"));
        let mut sealed =
            Self { kind: types.kind, api_version: types.api_version, metadata, ..Self::default() };
        let spec = decoder.field(object, place, "spec");
        if let Some(object) = decoder.object(spec.as_ref(), "v1alpha1.SealedSecretSpec")
            && let Some(spec) = &spec
        {
            let place = spec.place("SealedSecretSpec");
            sealed.data = decoder.bytes(decoder.field(object, place, "data"));
            sealed.encrypted_data = lenient(decoder.field(object, place, "encryptedData"));
            sealed.template = SecretTemplate::read(decoder, decoder.field(object, place, "template"));
        }
        sealed
    }

    /// The object to be written.
    pub fn tree(&self) -> Tree {
        self.tree_as(KIND, API_VERSION, Tree::texts(&self.encrypted_data))
    }

    /// The object without kind and version, as the reference's controller
    /// answers requests.
    pub fn bare_tree(&self) -> Tree {
        self.tree_as("", "", Tree::texts(&self.encrypted_data))
    }

    /// The object with the kind and version that stood there, for a server
    /// that judges them.
    pub fn as_read(&self) -> Tree {
        let items =
            if self.encrypted_data.is_empty() { Tree::Null } else { Tree::texts(&self.encrypted_data) };
        self.tree_as(&self.kind, &self.api_version, items)
    }

    fn tree_as(&self, kind: &str, api_version: &str, items: Tree) -> Tree {
        let mut spec = Fields::default();
        spec.put("template", self.template.tree());
        spec.optional("data", self.data.as_ref().map(|data| Tree::text(crate::base64::encode(data))));
        spec.put("encryptedData", items);
        let mut fields = Fields::default();
        fields.text("kind", kind);
        fields.text("apiVersion", api_version);
        fields.put("metadata", self.metadata.tree());
        fields.put("spec", spec.finish());
        fields.finish()
    }
}

/// What is no text counts as an empty one, so that one malformed object never
/// stops the reading of others.
fn lenient(field: Option<Field<'_>>) -> BTreeMap<String, String> {
    let object = field.and_then(|field| field.value().as_object());
    object
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

impl SecretTemplate {
    fn read(decoder: &mut Decoder, field: Option<Field<'_>>) -> Self {
        let Some(field) = field else { return Self::default() };
        let Some(object) = decoder.object(Some(&field), "v1alpha1.SecretTemplateSpec") else {
            return Self::default();
        };
        let place = field.place("SecretTemplateSpec");
        Self {
            data: decoder.texts(decoder.fields(object, place, "data")),
            immutable: decoder.bool(decoder.field(object, place, "immutable")),
            metadata: ObjectMeta::read(decoder, decoder.field(object, place, "metadata")),
            secret_type: decoder.text(decoder.field(object, place, "type"), "v1.SecretType"),
        }
    }

    fn tree(&self) -> Tree {
        let mut fields = Fields::default();
        fields.put("metadata", self.metadata.tree());
        fields.text("type", &self.secret_type);
        fields.optional("immutable", self.immutable.map(Tree::Bool));
        fields.texts("data", &self.data);
        fields.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_06_a_request_holds_one_object_that_says_what_it_is() {
        let one = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\n";
        let json = r#"{"apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret"}"#;
        for text in [one, &format!("---\n{one}"), json] {
            assert!(SealedSecret::only_one(text.as_bytes()).is_ok(), "{text}");
        }
        for (text, error) in [
            (&*format!("{one}---\n"), "the text holds more than one document"),
            (&format!("---\n{one}---\n{one}"), "the text holds more than one document"),
            (
                &format!("{json}{json}"),
                "couldn't get version/kind; json parse error: malformed JSON at line 1, column 60",
            ),
            ("", "Object 'Kind' is missing"),
            ("kind: SealedSecret", "Object 'apiVersion' is missing"),
            ("apiVersion: bitnami.com/v1alpha1", "Object 'Kind' is missing"),
            (
                "apiVersion: v1\nkind: Secret",
                "converting (v1.Secret) to (v1alpha1.SealedSecret): unknown conversion",
            ),
        ] {
            let found = SealedSecret::only_one(text.as_bytes()).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), Some(error), "{text}");
        }
    }
}
