//! What becomes of the Secret (`sealed-secrets.md` 5.4).

use bulla_api::{ObjectMeta, SealedSecret, Secret, ServerFields};

use super::failure::{Failure, MAX_DATA, Refusal};
use super::{KEY_LABEL, MANAGED, PATCH};

/// The type that the API server gives a Secret without one.
const OPAQUE: &str = "Opaque";
/// Types that give rights to whoever makes such a Secret (`security.md` T-03).
const PRIVILEGED: [&str; 2] = ["bootstrap.kubernetes.io/token", "kubernetes.io/service-account-token"];
/// The type of Helm's release records, which nobody else writes (T-04).
const HELM_RELEASE: &str = "helm.sh/release.v1";

/// What the operator decided.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Whether annotated Secrets are taken over whatever they are, as the
    /// reference does; sealing keys never are.
    pub adopts_any: bool,
    /// Whether Secrets of privileged types are made.
    pub allows_privileged_types: bool,
    /// The namespace of the sealing keys.
    pub key_namespace: String,
    /// The name of the oldest key, which has no label.
    pub key_prefix: String,
}

/// What is to be done. It holds plaintext, so it has no `Debug`.
pub enum Step {
    /// The Secret is made.
    Create(Secret),
    /// The Secret is as it should be.
    Keep,
    /// The Secret is replaced, at the resource version that was observed.
    Update(Secret),
}

/// Decides about the Secret from what was unsealed and what is there.
/// `existing` is the Secret of the object's namespace and name.
pub fn plan(
    sealed: &SealedSecret,
    unsealed: Secret,
    existing: Option<&Secret>,
    rules: &Rules,
) -> Result<Step, Failure> {
    let mut desired = unsealed;
    // What a server fills in means nothing in a template.
    desired.metadata.server = ServerFields::default();
    rules.judge(&desired)?;
    let Some(existing) = existing else { return Ok(Step::Create(desired)) };
    rules.judge_owner(sealed, existing)?;
    let merged = merged(existing, desired);
    let size = data_size(&merged);
    if size > MAX_DATA {
        return Err(Refusal::TooLarge(size).into());
    }
    Ok(if differs(existing, &merged) { Step::Update(merged) } else { Step::Keep })
}

/// Whether `--old-gc-behavior` deletes an existing Secret with its
/// SealedSecret: only one that the gone object (`uid`) controlled
/// (`security.md` T-05).
pub fn deletes(uid: &str, existing: &ObjectMeta) -> bool {
    is_controlled_by(existing, uid)
}

impl Rules {
    fn judge(&self, desired: &Secret) -> Result<(), Refusal> {
        let metadata = &desired.metadata;
        let is_old_key = metadata.namespace == self.key_namespace && metadata.name == self.key_prefix;
        if is_old_key || metadata.labels.contains_key(KEY_LABEL) {
            return Err(Refusal::BecomesKey(metadata.name.clone()));
        }
        let secret_type = desired.secret_type.as_str();
        if !self.allows_privileged_types && PRIVILEGED.contains(&secret_type) {
            return Err(Refusal::Privileged(secret_type.to_owned()));
        }
        let size = data_size(desired);
        if size > MAX_DATA { Err(Refusal::TooLarge(size)) } else { Ok(()) }
    }

    /// Whether an existing Secret may be written to (`security.md` S-13, T-04).
    fn judge_owner(&self, sealed: &SealedSecret, existing: &Secret) -> Result<(), Failure> {
        let metadata = &existing.metadata;
        if metadata.labels.contains_key(KEY_LABEL) {
            return Err(Refusal::IsKey(metadata.name.clone()).into());
        }
        if is_controlled_by(metadata, &sealed.metadata.server.uid) {
            return Ok(());
        }
        let (is_managed, is_patched) = (metadata.is_annotated(MANAGED), metadata.is_annotated(PATCH));
        if !is_managed && !is_patched {
            return Err(Failure::Unmanaged(metadata.name.clone()));
        }
        if self.adopts_any {
            return Ok(());
        }
        let secret_type = existing.secret_type.as_str();
        if PRIVILEGED.contains(&secret_type) || secret_type == HELM_RELEASE {
            return Err(Failure::Unmanaged(metadata.name.clone()));
        }
        // Merging leaves the owner, so it may be another; taking over may not
        // take from one. A SealedSecret that was made anew has a new UID.
        match metadata.controller().filter(|owner| owner.kind != sealed.kind) {
            Some(owner) if is_managed => Err(Refusal::Controlled {
                name: metadata.name.clone(),
                owner: format!("{} {:?}", owner.kind, owner.name),
            }
            .into()),
            _ => Ok(()),
        }
    }
}

fn data_size(secret: &Secret) -> usize {
    secret.data.values().map(|value| value.expose().len()).sum()
}

fn is_controlled_by(metadata: &ObjectMeta, uid: &str) -> bool {
    !uid.is_empty() && metadata.controller().is_some_and(|owner| owner.uid == uid)
}

/// The existing Secret with what was unsealed put in its place or into it.
fn merged(existing: &Secret, desired: Secret) -> Secret {
    let mut merged = existing.clone();
    // Left out, they stay as they are.
    merged.metadata.server.managed_fields.clear();
    let is_patched = existing.metadata.is_annotated(PATCH);
    if is_patched {
        merged.data.extend(desired.data);
        merged.metadata.labels.extend(desired.metadata.labels);
        merged.metadata.annotations.extend(desired.metadata.annotations);
    } else {
        merged.data = desired.data;
        merged.metadata.labels = desired.metadata.labels;
        merged.metadata.annotations = desired.metadata.annotations;
    }
    if !is_patched || existing.metadata.is_annotated(MANAGED) {
        merged.metadata.owner_references = desired.metadata.owner_references;
    }
    if !desired.secret_type.is_empty() {
        merged.secret_type = desired.secret_type;
    } else if !is_patched {
        OPAQUE.clone_into(&mut merged.secret_type);
    }
    merged
}

fn differs(existing: &Secret, merged: &Secret) -> bool {
    let (before, after) = (&existing.metadata, &merged.metadata);
    before.labels != after.labels
        || before.annotations != after.annotations
        || before.owner_references != after.owner_references
        || existing.secret_type != merged.secret_type
        || !items(existing).eq(items(merged))
}

fn items(secret: &Secret) -> impl Iterator<Item = (&String, &[u8])> {
    secret.data.iter().map(|(name, value)| (name, value.expose()))
}
