//! `SealedSecret` of `bitnami.com/v1alpha1` (`sealed-secrets.md` 2).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::decode::{DecodeError, Decoder, Field, Place};
use crate::kind::TypeMeta;
use crate::meta::ObjectMeta;
use crate::stream::parse_object;
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

    /// Reads one from JSON that is parsed already.
    pub fn from_value(value: &Value) -> Result<Self, DecodeError> {
        TypeMeta::check(value, (KIND, API_VERSION, "v1alpha1.SealedSecret"))?;
        let Value::Object(object) = value else { return Ok(Self::default()) };
        let mut decoder = Decoder::new(false);
        let sealed = Self::read(&mut decoder, object);
        decoder.finish().map_or(Ok(sealed), |misfit| Err(DecodeError::Misfit(misfit)))
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
        let mut spec = Fields::default();
        spec.put("template", self.template.tree());
        spec.optional("data", self.data.as_ref().map(|data| Tree::text(crate::base64::encode(data))));
        spec.put("encryptedData", Tree::texts(&self.encrypted_data));
        let mut fields = Fields::default();
        fields.put("kind", Tree::text(KIND));
        fields.put("apiVersion", Tree::text(API_VERSION));
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
