//! `Secret` of `v1`.

use std::collections::BTreeMap;

use bulla_core::{SecretBytes, SecretText};
use serde_json::Value;

use crate::base64;
use crate::decode::{DecodeError, Decoder, Place};
use crate::json_value::Shallow;
use crate::kind::TypeMeta;
use crate::meta::ObjectMeta;
use crate::stream::{json_misfit, parse_object, parse_strange};
use crate::tree::{Fields, Tree};
use crate::wiped::Wiped;
use crate::write::json_line;

/// A Secret. It holds plaintext, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct Secret {
    /// `kind`, as it stood there.
    pub kind: String,
    /// `apiVersion`, as it stood there.
    pub api_version: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `immutable`.
    pub immutable: Option<bool>,
    /// `data`, decoded.
    pub data: BTreeMap<String, SecretBytes>,
    /// `stringData`.
    pub string_data: BTreeMap<String, SecretText>,
    /// `type`.
    pub secret_type: String,
}

impl Secret {
    /// Reads a Secret as far as it fits, and the first misfit. Kind and
    /// version are not looked at; names match without regard to case.
    pub(crate) fn read(value: &Value, folds: bool) -> (Self, Option<String>) {
        let Some(object) = value.as_object() else { return (Self::default(), Some(String::new())) };
        let mut decoder = Decoder::new(folds);
        let place = Place { owner: "Secret", path: "" };
        let types = TypeMeta::read(&mut decoder, object, "Secret");
        let data = decoder.byte_maps(decoder.fields(object, place, "data"));
        let immutable = decoder.bool(decoder.field(object, place, "immutable"));
        let metadata = ObjectMeta::read(&mut decoder, field_of(&Decoder::new(folds), object, "metadata"));
        let string_data = decoder.texts(decoder.fields(object, place, "stringData"));
        let secret_type = decoder.text(decoder.field(object, place, "type"), "v1.SecretType");
        let secret = Self {
            kind: types.kind,
            api_version: types.api_version,
            metadata,
            immutable,
            data: data.into_iter().map(|(key, bytes)| (key, SecretBytes::new(bytes))).collect(),
            string_data: string_data.into_iter().map(|(key, text)| (key, SecretText::new(text))).collect(),
            secret_type,
        };
        (secret, decoder.finish())
    }

    /// Reads one Secret in JSON or YAML with the decoder that knows kinds: a
    /// missing kind or version counts as Secret.
    ///
    /// Fails where that would take more than 32 MiB of memory, too: it may be
    /// anybody's.
    pub fn from_text(text: &[u8]) -> Result<Self, DecodeError> {
        Self::from_value(Wiped(parse_strange(text)?))
    }

    /// Reads one as an API server answers with it, but for its `managedFields`; gives
    /// the bytes of memory that it takes as well, about.
    ///
    /// Fails where these are more than 48 MiB, too: it may be anybody's.
    pub fn from_answer(text: &[u8]) -> Result<(Self, usize), DecodeError> {
        let read = serde_json::from_slice::<Shallow>(text)
            .map_err(|error| DecodeError::NoKind(json_misfit(&error)))?;
        let value = Wiped(read.value);
        if read.is_whole { Ok((Self::from_value(value)?, read.bytes)) } else { Err(DecodeError::Parts) }
    }

    fn from_value(value: Wiped) -> Result<Self, DecodeError> {
        TypeMeta::check(&value, ("Secret", "v1", "v1.Secret"))?;
        let (secret, misfit) = Self::read(&value, false);
        misfit.filter(|_| !value.is_null()).map_or(Ok(secret), |misfit| Err(DecodeError::Misfit(misfit)))
    }

    /// True where nothing at all was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.kind.is_empty()
            && self.api_version.is_empty()
            && self.metadata == ObjectMeta::default()
            && self.immutable.is_none()
            && self.data.is_empty()
            && self.string_data.is_empty()
            && self.secret_type.is_empty()
    }

    /// The object to be written, with its plaintext. Kind and version are
    /// those of a Secret, whatever stood there.
    pub fn tree(&self) -> Tree {
        let mut fields = Fields::default();
        fields.put("kind", Tree::text("Secret"));
        fields.put("apiVersion", Tree::text("v1"));
        fields.put("metadata", self.metadata.tree());
        fields.optional("immutable", self.immutable.map(Tree::Bool));
        if !self.data.is_empty() {
            let pairs = self
                .data
                .iter()
                .map(|(key, value)| (key.clone(), Tree::text(base64::encode(value.expose()))));
            fields.put("data", Tree::Map(pairs.collect()));
        }
        if !self.string_data.is_empty() {
            let pairs = self.string_data.iter().map(|(key, value)| (key.clone(), Tree::text(value.expose())));
            fields.put("stringData", Tree::Map(pairs.collect()));
        }
        fields.text("type", &self.secret_type);
        fields.finish()
    }
}

/// The items of a list of Secrets, as the API server answers in JSON. What has
/// no items is no empty list: it could be anybody's answer.
pub fn secrets_of_list(text: &[u8]) -> Result<Vec<Secret>, DecodeError> {
    let value = Wiped(parse_object(text)?);
    TypeMeta::check(&value, ("SecretList", "v1", "v1.SecretList"))?;
    let items = value.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| DecodeError::Misfit("a list without items".to_owned()))?;
    let read = |item| match Secret::read(item, false) {
        (secret, None) => Ok(secret),
        (_, Some(misfit)) => Err(DecodeError::Misfit(misfit)),
    };
    items.iter().map(read).collect()
}

fn field_of<'v>(
    decoder: &Decoder,
    object: &'v serde_json::Map<String, Value>,
    name: &str,
) -> Option<crate::decode::Field<'v>> {
    decoder.field(object, Place { owner: "Secret", path: "" }, name)
}

/// The items of a `v1.List` in JSON or YAML, each as JSON text; fails where
/// the text is something else.
pub fn list_items(text: &[u8]) -> Result<Vec<SecretBytes>, DecodeError> {
    let value = Wiped(parse_object(text)?);
    TypeMeta::check(&value, ("List", "v1", "v1.List"))?;
    let items = value.get("items").and_then(Value::as_array).into_iter().flatten();
    Ok(items.map(|item| SecretBytes::new(json_line(&Tree::from(item)).into_bytes())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_items_and_says_of_what() {
        let count = |text: &str| secrets_of_list(text.as_bytes()).ok().map(|secrets| secrets.len());
        assert_eq!(count(r#"{"kind":"SecretList","apiVersion":"v1","items":[]}"#), Some(0));
        assert_eq!(
            count(r#"{"kind":"SecretList","apiVersion":"v1","items":[{"data":{"a":"YQ=="}}]}"#),
            Some(1)
        );
        let items = r#"{"kind":"PodList","apiVersion":"v1","items":[]}"#;
        for text in
            ["{}", "null", "[]", r#"{"kind":"SecretList","apiVersion":"v1"}"#, r#"{"items":{}}"#, items]
        {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
