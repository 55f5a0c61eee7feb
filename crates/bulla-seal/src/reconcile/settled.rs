//! Whether an object needs no look after a restart: told from metadata alone,
//! without a key and without reading the Secret's data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use bulla_api::{OwnerReference, SealedSecret, SealedSecretStatus};
use bulla_core::civil::parse_rfc3339;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{FIELD_MANAGER, MANAGED, PATCH, SYNCED};
use crate::unseal::owner_references;

/// Bytes of a UID that is kept; those of an API server have 36, but owners have
/// what anybody writes.
const LONGEST_UID: usize = 128;
/// By which name the reference's writes stand in `managedFields`.
const REFERENCE_MANAGER: &str = "controller";

/// Labels or annotations.
type Texts = BTreeMap<String, String>;

/// How a Secret looks from outside: names of its data, labels, annotations and
/// owners, as a digest, since anybody may make these large.
type Looks = [u8; 32];

/// What a SealedSecret says about its Secret: it was made at this generation,
/// and this is how it looks from outside.
#[derive(Clone, Debug)]
pub struct Claim {
    looks: Looks,
    synced_at: Box<str>,
}

impl Claim {
    /// The claim of an object, if it makes one: it is synced at its own
    /// generation, and its form tells the names of the data.
    pub fn of(sealed: &SealedSecret, status: &SealedSecretStatus) -> Option<Self> {
        let synced = status.condition(SYNCED).filter(|condition| condition.status == "True")?;
        let is_current = status.observed_generation == sealed.metadata.server.generation;
        if !is_current || sealed.data.is_some() {
            return None;
        }
        let template = &sealed.template;
        let items = sealed.encrypted_data.keys().chain(template.data.keys()).map(String::as_str).collect();
        let owners = owner_references(sealed);
        Some(Self {
            looks: looks(&items, &template.metadata.labels, &template.metadata.annotations, &owners),
            synced_at: synced.last_update_time.as_str().into(),
        })
    }

    /// Whether a Secret is as claimed: owner, labels and annotations agree,
    /// and nobody but us, or the reference before its last word about the
    /// object, wrote any of its data or its type.
    pub fn holds(&self, secret: &Outside) -> bool {
        let is_before = |time: &str| parse_rfc3339(&self.synced_at).is_some() && *time <= *self.synced_at;
        secret.looks == Some(self.looks)
            && !secret.is_patched
            && secret.reference_wrote.as_deref().is_none_or(is_before)
    }
}

/// What the metadata of a Secret says, as far as it is looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Metadata")]
pub struct Outside {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// `resourceVersion`.
    pub resource_version: String,
    /// UID of its controller; empty where there is none, or one with a UID that no
    /// API server gives.
    pub owner: Box<str>,
    /// Whether it may be overwritten and owned.
    pub is_managed: bool,
    /// Whether what is unsealed is merged into it.
    pub is_patched: bool,
    /// None where it is being deleted, or somebody else wrote any of its data.
    looks: Option<Looks>,
    /// When the reference wrote any of its data last.
    reference_wrote: Option<Box<str>>,
}

impl From<Metadata> for Outside {
    fn from(metadata: Metadata) -> Self {
        let (labels, annotations) =
            (metadata.labels.unwrap_or_default(), metadata.annotations.unwrap_or_default());
        let is_set = |name: &str| annotations.get(name).is_some_and(|value| value == "true");
        let owners: Vec<OwnerReference> =
            metadata.owner_references.into_iter().flatten().map(Owner::into).collect();
        let controller = owners.iter().find(|owner| owner.controller == Some(true));
        let controller = controller.filter(|owner| owner.uid.len() <= LONGEST_UID);
        let (mut items, mut reference_wrote) = (BTreeSet::new(), None);
        let mut is_ours = metadata.deletion_timestamp.is_none();
        let entries = metadata.managed_fields.as_deref().unwrap_or_default();
        for entry in entries.iter().filter(|entry| entry.is_about_data()) {
            let (is_known, time) = entry.writer();
            is_ours &= is_known;
            reference_wrote = reference_wrote.max(time);
            let data = entry.fields.as_ref().and_then(|fields| fields.data.as_ref());
            items
                .extend(data.into_iter().flat_map(|data| &data.0).filter_map(|name| name.strip_prefix("f:")));
        }
        Self {
            owner: controller.map(|owner| owner.uid.as_str()).unwrap_or_default().into(),
            is_managed: is_set(MANAGED),
            is_patched: is_set(PATCH),
            // A name that is owned by nobody was removed.
            looks: is_ours.then(|| looks(&items, &labels, &annotations, &owners)),
            reference_wrote: reference_wrote.map(Box::from),
            name: metadata.name.unwrap_or_default(),
            namespace: metadata.namespace.unwrap_or_default(),
            resource_version: metadata.resource_version.unwrap_or_default(),
        }
    }
}

/// Metadata as an API server writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
    deletion_timestamp: Option<IgnoredAny>,
    labels: Option<Texts>,
    annotations: Option<Texts>,
    owner_references: Option<Vec<Owner>>,
    managed_fields: Option<Vec<Writes>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    uid: Option<String>,
    controller: Option<bool>,
    block_owner_deletion: Option<bool>,
}

impl From<Owner> for OwnerReference {
    fn from(owner: Owner) -> Self {
        Self {
            api_version: owner.api_version.unwrap_or_default(),
            kind: owner.kind.unwrap_or_default(),
            name: owner.name.unwrap_or_default(),
            uid: owner.uid.unwrap_or_default(),
            controller: owner.controller,
            block_owner_deletion: owner.block_owner_deletion,
        }
    }
}

/// Who wrote what.
#[derive(Deserialize)]
struct Writes {
    manager: Option<String>,
    operation: Option<String>,
    subresource: Option<String>,
    time: Option<String>,
    #[serde(rename = "fieldsV1")]
    fields: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "f:data")]
    data: Option<Names>,
    #[serde(rename = "f:type")]
    of_type: Option<IgnoredAny>,
    #[serde(rename = "f:immutable")]
    immutable: Option<IgnoredAny>,
}

/// The names of a map.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Self(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            self.0.push(name);
        }
        Ok(self)
    }
}

impl Writes {
    fn is_about_data(&self) -> bool {
        let is_about =
            |fields: &Fields| fields.data.is_some() || fields.of_type.is_some() || fields.immutable.is_some();
        self.fields.as_ref().is_some_and(is_about)
    }

    /// Whether it is one who may write, and when, where that counts.
    fn writer(&self) -> (bool, Option<&str>) {
        let is_update = self.operation.as_deref() == Some("Update") && self.subresource.is_none();
        match self.manager.as_deref() {
            Some(FIELD_MANAGER) => (is_update, None),
            // Other programs go by this name as well, so the time counts, too:
            // the form of both sorts as time does.
            Some(REFERENCE_MANAGER) => {
                let time = self.time.as_deref().filter(|time| parse_rfc3339(time).is_some());
                (is_update && time.is_some(), time)
            }
            _ => (false, None),
        }
    }
}

fn looks(items: &BTreeSet<&str>, labels: &Texts, annotations: &Texts, owners: &[OwnerReference]) -> Looks {
    let mut context = Context::new(&SHA256);
    let mut texts = |texts: &mut dyn Iterator<Item = &str>| {
        for text in texts {
            context.update(&(text.len() as u64).to_le_bytes());
            context.update(text.as_bytes());
        }
        // No text is as long.
        context.update(&u64::MAX.to_le_bytes());
    };
    texts(&mut items.iter().copied());
    for pairs in [labels, annotations] {
        texts(&mut pairs.iter().flat_map(|(name, value)| [name.as_str(), value]));
    }
    for owner in owners {
        let said = |truth: Option<bool>| truth.map_or("", |truth| if truth { "true" } else { "false" });
        let flags = [said(owner.controller), said(owner.block_owner_deletion)];
        let names = [&owner.api_version, &owner.kind, &owner.name, &owner.uid].map(String::as_str);
        texts(&mut names.into_iter().chain(flags));
    }
    let mut looks = Looks::default();
    looks.copy_from_slice(context.finish().as_ref());
    looks
}
