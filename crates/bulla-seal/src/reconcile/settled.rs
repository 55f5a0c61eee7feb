//! Whether an object needs no look after a restart: told from metadata alone,
//! without a key and without reading the Secret's data.

use std::collections::{BTreeMap, BTreeSet};

use bulla_api::{ObjectMeta, OwnerReference, SealedSecret, SealedSecretStatus};
use serde_json::Value;

use super::{FIELD_MANAGER, PATCH, SYNCED};
use crate::unseal::owner_references;

/// By which name the reference's writes stand in `managedFields`.
const REFERENCE_MANAGER: &str = "controller";

/// What a SealedSecret says about its Secret: it was made at this generation,
/// and this is how it looks from outside.
pub struct Claim {
    items: BTreeSet<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    owners: Vec<OwnerReference>,
    synced_at: String,
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
        Some(Self {
            items: sealed.encrypted_data.keys().chain(template.data.keys()).cloned().collect(),
            labels: template.metadata.labels.clone(),
            annotations: template.metadata.annotations.clone(),
            owners: owner_references(sealed),
            synced_at: synced.last_update_time.clone(),
        })
    }

    /// Whether a Secret is as claimed: owner, labels and annotations agree,
    /// and nobody but us, or the reference before its last word about the
    /// object, wrote any of its data or its type.
    pub fn holds(&self, secret: &ObjectMeta) -> bool {
        !secret.is_annotated(PATCH)
            && secret.server.deletion_timestamp.is_none()
            && secret.owner_references == self.owners
            && secret.labels == self.labels
            && secret.annotations == self.annotations
            && self.writers_are_known(&secret.server.managed_fields)
    }

    fn writers_are_known(&self, entries: &[Value]) -> bool {
        let mut items = BTreeSet::new();
        for entry in entries {
            let fields = &entry["fieldsV1"];
            let data = fields["f:data"].as_object();
            if data.is_none() && fields["f:type"].is_null() && fields["f:immutable"].is_null() {
                continue;
            }
            if !self.is_known(entry) {
                return false;
            }
            let names = data.into_iter().flatten().filter_map(|(name, _)| name.strip_prefix("f:"));
            items.extend(names.map(str::to_owned));
        }
        // A name that is owned by nobody was removed.
        items == self.items
    }

    fn is_known(&self, entry: &Value) -> bool {
        let is_update = entry["operation"] == "Update" && entry["subresource"].is_null();
        match entry["manager"].as_str() {
            Some(FIELD_MANAGER) => is_update,
            // Other programs go by this name as well, so the time counts, too:
            // the form of both sorts as time does.
            Some(REFERENCE_MANAGER) => {
                let time = entry["time"].as_str().unwrap_or_default();
                let is_plain = |text: &str| bulla_core::civil::parse_rfc3339(text).is_some();
                is_update && is_plain(time) && is_plain(&self.synced_at) && *time <= *self.synced_at
            }
            _ => false,
        }
    }
}
