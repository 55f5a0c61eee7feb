//! What a watch sees of an object: no data and little metadata, whatever anybody
//! put into it. Each is reduced to that before the next of its page is read.

use std::borrow::Cow;

use bulla_api::{SealedSecret, SealedSecretStatus, Shallow};
use bulla_seal::Scope;
use bulla_seal::reconcile::{Claim, Outside};
use kube::core::{NamespaceResourceScope, ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The label of a SealedSecret that is copied to metrics.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";

/// Items, sealed ones and templates, of an object that is not large.
const FEW: usize = 100;
/// Bytes of memory of an object that is not large.
pub(crate) const LITTLE: usize = 256 << 10;

/// Whether an object has so much that work on it takes long, ours or that of
/// the API server, or much memory. That little takes long, too, is found out by
/// the work.
pub(crate) fn has_much(object: &Shallow) -> bool {
    let spec = &object.value["spec"];
    let maps = [&spec["encryptedData"], &spec["template"]["data"]].map(Value::as_object);
    let items: usize = maps.into_iter().flatten().map(serde_json::Map::len).sum();
    items > FEW || object.bytes > LITTLE
}

/// A SealedSecret.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    /// Its names and version.
    pub(crate) metadata: ObjectMeta,
    pub(crate) uid: Box<str>,
    pub(crate) generation: i64,
    pub(crate) scope: Scope,
    /// What the label [`INSTANCE`] says.
    pub(crate) instance: Box<str>,
    pub(crate) status: SealedSecretStatus,
    /// What it says about its Secret; nothing where it cannot be read.
    pub(crate) claim: Option<Claim>,
    /// Whether work on it takes long.
    pub(crate) is_large: bool,
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let object = Shallow::deserialize(json)?;
        let metadata = bulla_api::ObjectMeta::from_value(&object.value["metadata"]);
        let status = SealedSecretStatus::from_value(object.value.get("status"));
        let sealed = if object.is_whole { SealedSecret::from_value(&object.value).ok() } else { None };
        Ok(Self {
            claim: sealed.and_then(|sealed| Claim::of(&sealed, &status)),
            is_large: has_much(&object),
            scope: Scope::of(&metadata.annotations),
            instance: metadata.labels.get(INSTANCE).map_or("", String::as_str).into(),
            status,
            uid: metadata.server.uid.into(),
            generation: metadata.server.generation,
            metadata: names(metadata.namespace, metadata.name, metadata.server.resource_version),
        })
    }
}

/// The metadata of a Secret.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// Its names and version.
    pub(crate) metadata: ObjectMeta,
    pub(crate) outside: Outside,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Outside,
        }
        let Object { metadata: outside } = Object::deserialize(json)?;
        let [namespace, name, version] =
            [&outside.namespace, &outside.name, &outside.resource_version].map(String::clone);
        Ok(Self { metadata: names(namespace, name, version), outside })
    }
}

fn names(namespace: String, name: String, resource_version: String) -> ObjectMeta {
    ObjectMeta {
        namespace: Some(namespace),
        name: Some(name),
        resource_version: Some(resource_version),
        ..ObjectMeta::default()
    }
}

/// A page of a list of SealedSecrets.
#[derive(Deserialize)]
pub(crate) struct Page {
    #[serde(default)]
    pub(crate) metadata: kube::core::ListMeta,
    pub(crate) items: Option<Vec<Sealed>>,
}

impl kube::Resource for Sealed {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "SealedSecret".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "bitnami.com".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1alpha1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "sealedsecrets".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl kube::Resource for Secret {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    /// Of Secrets only metadata is asked for (`security.md` T-09).
    fn metadata_api() -> bool {
        true
    }

    fn kind((): &()) -> Cow<'_, str> {
        "Secret".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "secrets".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
