//! From a SealedSecret to a Secret (`sealed-secrets.md` 1.7, 2.2, 3): a pure
//! function of the object and the keys.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use bulla_api::{Base64Error, OwnerReference, SealedSecret, Secret, decode_base64};
use bulla_core::{Clock, Random, SecretBytes};
use bulla_template::{Budget, Data, Exhausted, Settings, Template, TemplateError};

use crate::ring::{KeyRing, NoKey, Opened};
use crate::scope::Scope;

/// Keeps the owner out of the Secret where it is `true` in the template.
const SKIP_OWNER: &str = "sealedsecrets.bitnami.com/skip-set-owner-references";

/// Which of two items of one name becomes the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precedence {
    /// The one of `template.data`, as up to release 0.36.
    #[default]
    Template,
    /// The one of `encryptedData`, as from release 0.37 on.
    Encrypted,
}

/// How an object is unsealed.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnsealOptions {
    /// Whether the whole-secret form `spec.data` is accepted.
    pub accepts_v1_data: bool,
    /// Who wins where an item stands twice.
    pub precedence: Precedence,
}

/// Why one item cannot be had. No text holds anything of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// It is not base64.
    #[error(transparent)]
    Base64(#[from] Base64Error),
    /// It does not open.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// Its template fails (`security.md` S-12).
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Why an object cannot be unsealed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsealError {
    /// Items with their errors, in the order of their names.
    Items(Vec<(String, ItemError)>),
    /// Old and new form at once.
    BothForms,
    /// The old form, where it is not accepted.
    OldForm,
    /// The old form does not open.
    NoKey(NoKey),
    /// The old form opens, but holds no Secret.
    NotASecret,
    /// The caller did not want to go on.
    GaveUp,
}

impl std::error::Error for UnsealError {}

impl fmt::Display for UnsealError {
    /// Each text once, with the names it is about.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BothForms => formatter.write_str(
                "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time",
            ),
            Self::OldForm => formatter
                .write_str("using deprecated 'data' field, use 'encryptedData' or flip the feature flag"),
            Self::NoKey(error) => error.fmt(formatter),
            Self::NotASecret => formatter.write_str("the deprecated 'data' field does not hold a Secret"),
            Self::GaveUp => formatter
                .write_str("it takes too long: the object has too many items for the keys that there are, or templates that work too much; make several of it"),
            Self::Items(items) => {
                // There can be a hundred thousand, each with a text of its own.
                let (mut texts, mut places) = (Vec::<(String, Vec<&str>)>::new(), HashMap::new());
                for (name, error) in items {
                    let text = error.to_string();
                    let place = *places.entry(text.clone()).or_insert(texts.len());
                    if place == texts.len() {
                        texts.push((text, Vec::new()));
                    }
                    texts[place].1.push(name);
                }
                for (index, (text, names)) in texts.iter().enumerate() {
                    let line = if index == 0 { "" } else { "\n" };
                    write!(formatter, "{line}{text} ({})", names.join(", "))?;
                }
                Ok(())
            }
        }
    }
}

/// Unseals an object. The label comes from its own metadata, never from the
/// template (`security.md` S-02).
///
/// Fails where a value does not open or a template does not render, with all of
/// these at once but for the templates after one that exceeds what all of an
/// object may take together (`security.md` 4.1), and where `goes_on`, which is
/// asked before each value and each template, says no.
pub fn unseal(
    sealed: &SealedSecret,
    ring: &KeyRing,
    options: UnsealOptions,
    clock: &dyn Clock,
    random: &dyn Random,
    goes_on: &dyn Fn() -> bool,
) -> Result<Secret, UnsealError> {
    let label = label(sealed);
    let mut secret = match old_form(sealed, options)? {
        None => from_items(sealed, ring, &label, options, clock, random, goes_on)?,
        Some(data) => {
            let opened = ring.open(data, &label).map_err(UnsealError::NoKey)?;
            let secret = Secret::from_text(opened.plaintext.expose());
            with_texts_as_data(secret.map_err(|_| UnsealError::NotASecret)?)
        }
    };
    secret.metadata.namespace.clone_from(&sealed.metadata.namespace);
    secret.metadata.name.clone_from(&sealed.metadata.name);
    secret.metadata.owner_references = owner_references(sealed);
    Ok(secret)
}

/// What an API server makes of `stringData`. Left to it, a Secret that is there
/// would look as if it had too much, and lose that.
fn with_texts_as_data(mut secret: Secret) -> Secret {
    let texts = std::mem::take(&mut secret.string_data).into_iter();
    secret.data.extend(texts.map(|(name, text)| (name, SecretBytes::new(text.expose().as_bytes().to_vec()))));
    secret
}

/// The whole-secret form of an object, where it has that and may.
pub(crate) fn old_form(sealed: &SealedSecret, options: UnsealOptions) -> Result<Option<&[u8]>, UnsealError> {
    match &sealed.data {
        None => Ok(None),
        Some(_) if !options.accepts_v1_data => Err(UnsealError::OldForm),
        Some(_) if !sealed.encrypted_data.is_empty() => Err(UnsealError::BothForms),
        Some(data) => Ok(Some(data)),
    }
}

/// The owner that the Secret gets; none where the template says so.
pub(crate) fn owner_references(sealed: &SealedSecret) -> Vec<OwnerReference> {
    if sealed.template.metadata.is_annotated(SKIP_OWNER) {
        return Vec::new();
    }
    vec![OwnerReference {
        api_version: sealed.api_version.clone(),
        kind: sealed.kind.clone(),
        name: sealed.metadata.name.clone(),
        uid: sealed.metadata.server.uid.clone(),
        controller: Some(true),
        block_owner_deletion: None,
    }]
}

/// The OAEP label of an object's values.
pub fn label(sealed: &SealedSecret) -> Vec<u8> {
    let metadata = &sealed.metadata;
    Scope::of(&metadata.annotations).label(&metadata.namespace, &metadata.name)
}

/// Names that stand both in `encryptedData` and in `template.data`, where
/// releases differ in what they make of them.
pub fn collisions(sealed: &SealedSecret) -> impl Iterator<Item = &str> {
    sealed.template.data.keys().filter(|name| sealed.encrypted_data.contains_key(*name)).map(String::as_str)
}

fn from_items(
    sealed: &SealedSecret,
    ring: &KeyRing,
    label: &[u8],
    options: UnsealOptions,
    clock: &dyn Clock,
    random: &dyn Random,
    goes_on: &dyn Fn() -> bool,
) -> Result<Secret, UnsealError> {
    let mut secret = Secret {
        metadata: sealed.template.metadata.clone(),
        secret_type: sealed.template.secret_type.clone(),
        immutable: sealed.template.immutable,
        ..Secret::default()
    };
    let mut errors = Vec::new();
    secret.data = open_items(sealed, ring, label, goes_on, &mut errors)?;
    if !sealed.template.data.is_empty() {
        render_all(sealed, &mut secret, options, (clock, random), goes_on, &mut errors)?;
    }
    if errors.is_empty() { Ok(secret) } else { Err(UnsealError::Items(errors)) }
}

/// The values that open; `errors` gets why others do not. Fails where `goes_on`
/// says no.
pub(crate) fn open_items(
    sealed: &SealedSecret,
    ring: &KeyRing,
    label: &[u8],
    goes_on: &dyn Fn() -> bool,
    errors: &mut Vec<(String, ItemError)>,
) -> Result<BTreeMap<String, SecretBytes>, UnsealError> {
    let mut values = BTreeMap::new();
    for (name, text) in &sealed.encrypted_data {
        if !goes_on() {
            return Err(UnsealError::GaveUp);
        }
        match open_item(ring, text, label) {
            Ok(opened) => {
                values.insert(name.clone(), opened.plaintext);
            }
            Err(error) => errors.push((name.clone(), error)),
        }
    }
    Ok(values)
}

/// Opens one item of `encryptedData`.
pub(crate) fn open_item<'r>(ring: &'r KeyRing, text: &str, label: &[u8]) -> Result<Opened<'r>, ItemError> {
    Ok(ring.open(&decode_base64(text)?, label)?)
}

/// Renders `template.data` over the values that opened. Fails where `goes_on` says
/// no.
fn render_all(
    sealed: &SealedSecret,
    secret: &mut Secret,
    options: UnsealOptions,
    (clock, random): (&dyn Clock, &dyn Random),
    goes_on: &dyn Fn() -> bool,
    errors: &mut Vec<(String, ItemError)>,
) -> Result<(), UnsealError> {
    let mut values: BTreeMap<String, Vec<u8>> =
        secret.data.iter().map(|(name, value)| (name.clone(), value.expose().to_vec())).collect();
    if options.precedence == Precedence::Encrypted {
        for (name, text) in &sealed.template.data {
            values.entry(name.clone()).or_insert_with(|| text.clone().into_bytes());
        }
    }
    let (data, mut budget) = (Data::Texts(values), Budget::default());
    for (name, text) in &sealed.template.data {
        if options.precedence == Precedence::Encrypted && sealed.encrypted_data.contains_key(name) {
            continue;
        }
        if !goes_on() {
            return Err(UnsealError::GaveUp);
        }
        let rendered = Template::parse(text, Settings::sealed_secrets(name.as_str()))
            .and_then(|template| template.render_out_of(&data, clock, random, &mut budget));
        match rendered {
            Ok(value) => {
                secret.data.insert(name.clone(), value);
            }
            Err(error) => {
                let is_over =
                    matches!(error, TemplateError::Budget { what: Exhausted::Steps | Exhausted::Output, .. });
                errors.push((name.clone(), error.into()));
                if is_over {
                    break;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
