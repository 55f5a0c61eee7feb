//! Work on one SealedSecret: observe, let the plan decide, apply, report.

use std::sync::Arc;

use bulla_api::{DecodeError, ObjectMeta, SealedSecret, SealedSecretStatus, Secret, Shallow};
use bulla_seal::UnsealError;
use bulla_seal::reconcile::{self, Done, Failure, Report, Retry, Step};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::time::Duration;

use super::super::event;
use crate::World;
use crate::cluster::{ApiError, Key};
use crate::keys::Ring;
use crate::seen::{LITTLE, has_much};
use crate::worker::{self, Budget};

/// How often a Secret is read anew because somebody else wrote it meanwhile,
/// before that is a failure to report.
const ATTEMPTS: u32 = 4;
/// How long one object may keep a core: for some 500 private operations. An
/// item costs one mostly, but one per key where no key opens it.
pub(super) const SHARE: Duration = Duration::from_secs(1);
/// How long a large object may compute, for which others wait: as many items as
/// fit into an object cost less, with a dozen keys each.
const LONGEST: Duration = Duration::from_mins(1);
/// Names that a warning tells.
const TOLD: usize = 5;

/// Who works.
pub(super) struct Worker {
    pub(super) world: Arc<World>,
    pub(super) ring: watch::Receiver<Arc<Ring>>,
    /// Room for computations: one per core.
    pub(super) cores: Semaphore,
    /// How long an object may keep one of them that is not known to be large.
    pub(super) share: Duration,
    /// Who computes what takes long, after everybody else.
    pub(super) patient: worker::Worker,
}

/// What is known before.
pub(super) struct Order {
    /// The object was deleted or left what we look after, and had this UID.
    pub(super) gone: Option<Box<str>>,
    /// The watch knows no Secret of this name.
    pub(super) is_absent: bool,
    /// Work on the object takes long.
    pub(super) is_large: bool,
    /// The last event.
    pub(super) said: Option<Said>,
}

/// The last event about an object: its generation and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said(i64, String);

/// What a failure waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Time.
    Other,
    /// A Secret that is in the way.
    Unmanaged,
    /// A key.
    Unseal,
}

/// How work ended.
pub(super) struct Outcome {
    pub(super) retry: Retry,
    pub(super) failed: Option<Failed>,
    pub(super) said: Option<Said>,
    /// The UID of a deleted object whose Secret is still to be deleted.
    pub(super) gone: Option<Box<str>>,
    /// Nothing was written: the object turned out to be large, and is to be begun
    /// anew as such.
    pub(super) is_large: bool,
    /// What is still to be told, of an object whose Secret is as it should be.
    pub(super) untold: Option<Untold>,
}

impl Outcome {
    pub(super) const DONE: Self =
        Self { retry: Retry::Never, failed: None, said: None, gone: None, is_large: false, untold: None };

    /// The work panicked: that object's error, nobody else's.
    pub(super) fn panicked() -> Self {
        Self { retry: Retry::Soon, failed: Some(Failed::Other), ..Self::DONE }
    }
}

/// What is to be told about an object: its status and an event.
pub(super) struct Untold {
    outcome: Result<Done, Failure>,
    report: Report,
    generation: i64,
    /// The object as events refer to it.
    about: Value,
    /// The object with its new status as it is sent; none where the old one holds.
    body: Option<Vec<u8>>,
    /// The last event.
    said: Option<Said>,
}

impl Untold {
    /// How much memory it takes, about.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.body.as_ref().map_or(0, Vec::len)
    }

    /// Whether it still holds for the object as it stands there now: only its
    /// labels or its status changed.
    fn holds_for(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        metadata["uid"] == self.about["uid"] && metadata["generation"] == self.generation
    }

    fn is_nothing(&self) -> bool {
        self.report.status.is_none() && self.report.event.is_none()
    }
}

impl Worker {
    /// Makes the Secret of one object what it should be.
    pub(super) async fn reconcile(&self, key: &Key, order: Order) -> Outcome {
        let _time = self.world.metrics.reconciles();
        match self.world.cluster.sealed_secret(key).await {
            // What is being deleted makes nothing any more.
            Ok(Some(object)) if !object.value["metadata"]["deletionTimestamp"].is_null() => Outcome::DONE,
            // It has other labels by now; of a newer one of its name the watch tells.
            Ok(Some(_)) if order.gone.is_some() => Outcome::DONE,
            Ok(Some(object)) => {
                tracing::info!(key = key.to_string(), "Updating");
                self.update(key, object, order).await
            }
            Ok(None) => match order.gone {
                Some(uid) => self.collect(key, uid).await,
                None => Outcome::DONE,
            },
            Err(error) => {
                self.world.metrics.failed("fetch", "");
                tracing::warn!(
                    key = key.to_string(),
                    error = error.to_string(),
                    "Error fetching, will retry"
                );
                Outcome { gone: order.gone, ..Outcome::panicked() }
            }
        }
    }

    async fn update(&self, key: &Key, object: Shallow, order: Order) -> Outcome {
        // Many others may be in work beside this one.
        if has_much(&object) && !order.is_large {
            return Outcome { is_large: true, ..Outcome::DONE };
        }
        let Shallow { value: mut object, is_whole, .. } = object;
        let sealed = if is_whole { SealedSecret::from_value(&object) } else { Err(DecodeError::Parts) };
        without_spec(&mut object);
        let outcome = match sealed {
            Ok(sealed) => self.unseal(sealed, &order, key).await,
            Err(error) => Err(Failure::Malformed(bulla_core::one_line(error.to_string().as_bytes()))),
        };
        if outcome == Err(Failure::Unseal(UnsealError::GaveUp)) && !order.is_large {
            return Outcome { is_large: true, ..Outcome::DONE };
        }
        let untold = self.untold(object, outcome, order.said);
        match &untold.outcome {
            Ok(_) if untold.is_nothing() => Outcome::DONE,
            Ok(_) => Outcome { untold: Some(untold), ..Outcome::DONE },
            Err(failure) => {
                self.world.metrics.failed(failure.metric_reason(), &key.namespace);
                let (name, error) = (key.to_string(), failure.to_string());
                // What is known already is not told at every attempt.
                if untold.report.event.is_some() {
                    tracing::error!(key = name, error, "Error updating, will retry");
                }
                self.tell(key, untold).await
            }
        }
    }

    fn untold(&self, mut object: Value, outcome: Result<Done, Failure>, said: Option<Said>) -> Untold {
        let before = SealedSecretStatus::from_value(object.get("status"));
        let metadata = &object["metadata"];
        let generation = metadata["generation"].as_i64().unwrap_or_default();
        let report =
            reconcile::report(generation, &before, outcome.as_ref().copied(), self.world.clock.now());
        let about = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "namespace": metadata["namespace"],
            "name": metadata["name"], "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
        });
        let status = report.status.as_ref().filter(|_| self.world.settings.update_status);
        let body = status.map(|status| {
            let status = bulla_api::json_line(&status.tree());
            object["status"] = serde_json::from_str(&status).unwrap_or_default();
            // Metadata that is left out would be taken from its owners (before
            // Kubernetes 1.36).
            object.to_string().into_bytes()
        });
        Untold { outcome, report, generation, about, body, said }
    }

    /// Writes status and event.
    pub(super) async fn tell(&self, key: &Key, mut untold: Untold) -> Outcome {
        let failed = untold.outcome.as_ref().err().map(|failure| match failure {
            Failure::Unmanaged(_) => Failed::Unmanaged,
            Failure::Unseal(_) => Failed::Unseal,
            _ => Failed::Other,
        });
        let mut attempt = 1;
        while let Some(body) = untold.body.take() {
            let Err(error) = self.world.cluster.put_status(key, body).await else { break };
            // To older API servers it is a conflict, too, if the object is gone.
            if error.is_conflict() || error.is_missing() {
                match self.world.cluster.sealed_secret(key).await {
                    // It was deleted: there is nobody to tell.
                    Ok(None) => return Outcome::DONE,
                    Ok(Some(Shallow { value: mut object, .. }))
                        if error.is_conflict() && attempt < ATTEMPTS && untold.holds_for(&object) =>
                    {
                        attempt += 1;
                        without_spec(&mut object);
                        untold = self.untold(object, untold.outcome, untold.said);
                        continue;
                    }
                    _ => {}
                }
            }
            self.world.metrics.failed("status", &key.namespace);
            tracing::error!(
                key = key.to_string(),
                error = error.to_string(),
                "Error updating SealedSecret status"
            );
            if error.is_invalid() {
                // Kubernetes up to 1.27 compares all of the object with the schema of
                // today here; trying again changes nothing about that.
                break;
            }
            // The object changed meanwhile, or the server is away: once more.
            return Outcome { retry: Retry::Soon, failed: failed.or(Some(Failed::Other)), ..Outcome::DONE };
        }
        let retry = untold.report.retry;
        Outcome { retry, failed, said: self.say(untold).await, ..Outcome::DONE }
    }

    /// Writes the event, unless it would be the last one again.
    async fn say(&self, untold: Untold) -> Option<Said> {
        let event = untold.report.event?;
        let said = Said(untold.generation, event.message.clone());
        if untold.outcome != Ok(Done::Written) && untold.said.as_ref() == Some(&said) {
            return untold.said;
        }
        event::publish(&self.world, &untold.about, event.is_warning, event.reason, &event.message).await;
        Some(said)
    }

    async fn unseal(&self, sealed: SealedSecret, order: &Order, key: &Key) -> Result<Done, Failure> {
        let (sealed, unsealed) = self.compute(sealed, order.is_large).await?;
        let mut twice = bulla_seal::collisions(&sealed);
        let items = twice.by_ref().take(TOLD).collect::<Vec<_>>();
        if !items.is_empty() {
            let (items, others) = (items.join(", "), twice.count());
            let text = "Items stand in encryptedData and in template.data";
            tracing::warn!(key = key.to_string(), items, others, "{text}");
        }
        let unsealed = unsealed?;
        let cluster = &self.world.cluster;
        let read = async || cluster.weighed_secret(key).await.map_err(|error| failure(key, &error));
        let mut existing = if order.is_absent { None } else { read().await? };
        let mut attempt = 1;
        loop {
            // Many others may be in work beside this one.
            let (there, bytes) =
                existing.as_ref().map_or((None, 0), |(secret, bytes)| (Some(secret), *bytes));
            if bytes + memory_of(&unsealed) > LITTLE && !order.is_large {
                return Err(Failure::Unseal(UnsealError::GaveUp));
            }
            let step = reconcile::plan(&sealed, unsealed.clone(), there, &self.world.settings.rules)?;
            let written = match &step {
                Step::Keep => return Ok(Done::Kept),
                Step::Create(secret) => cluster.create_secret(secret).await,
                Step::Update(secret) => cluster.update_secret(secret).await,
            };
            let Err(error) = written else { return Ok(Done::Written) };
            let is_outdated = error.is_conflict() || (error.is_missing() && matches!(step, Step::Update(_)));
            // What was made of the object alone is invalid as long as it stays as it is.
            if matches!(step, Step::Create(_)) && error.blames_fields {
                return Err(Failure::Invalid(error.to_string()));
            }
            if !is_outdated || attempt == ATTEMPTS {
                return Err(failure(key, &error));
            }
            // Somebody wrote or deleted it since it was read, or the watch lags.
            attempt += 1;
            existing = read().await?;
        }
    }

    /// Unseals beside everything else: on a core of its own, or a large object
    /// when the cores have nothing better to do (`security.md` R-14). Gives up
    /// where an object takes more than its share.
    async fn compute(
        &self,
        sealed: SealedSecret,
        is_large: bool,
    ) -> Result<(SealedSecret, Result<Secret, Failure>), Failure> {
        let ring = Arc::clone(&self.ring.borrow());
        let (world, share) = (Arc::clone(&self.world), if is_large { LONGEST } else { self.share });
        let work = move || {
            let (options, budget) = (world.settings.unseal, Budget::of(share));
            let goes_on = || budget.is_left();
            let unsealed =
                bulla_seal::unseal(&sealed, &ring.keys, options, &*world.clock, &*world.random, &goes_on);
            (sealed, unsealed.map_err(Failure::from))
        };
        let computed = if is_large {
            self.patient.run(work).await
        } else {
            let _core = self.cores.acquire().await;
            tokio::task::spawn_blocking(work).await.ok()
        };
        computed.ok_or_else(|| Failure::Malformed("the object made the controller panic".to_owned()))
    }

    /// Deletes the Secret of a deleted object, where that is asked for.
    async fn collect(&self, key: &Key, uid: Box<str>) -> Outcome {
        tracing::info!(sealed_secret = key.to_string(), "SealedSecret has gone, deleting Secret");
        let cluster = &self.world.cluster;
        let deleted = match cluster.secret(key).await {
            Ok(Some(Secret { metadata, .. })) if reconcile::deletes(&uid, &metadata) => {
                // Nothing else of it is needed, and it can be large.
                let (namespace, name) = (metadata.namespace, metadata.name);
                let metadata =
                    ObjectMeta { namespace, name, server: metadata.server, ..ObjectMeta::default() };
                cluster.delete_secret(&metadata).await
            }
            other => other.map(drop),
        };
        match deleted {
            Err(error) if !error.is_missing() => {
                tracing::warn!(
                    key = key.to_string(),
                    error = error.to_string(),
                    "Error deleting, will retry"
                );
                Outcome { gone: Some(uid), ..Outcome::panicked() }
            }
            _ => Outcome::DONE,
        }
    }
}

/// Drops what the server takes no notice of where a status is written; it can be
/// large.
fn without_spec(object: &mut Value) {
    if let Some(object) = object.as_object_mut() {
        object.remove("spec");
    }
}

/// The bytes of memory that the data of a Secret takes, about. Its metadata is that
/// of an object that is not large.
fn memory_of(secret: &Secret) -> usize {
    const ENTRY: usize = 128;
    secret.data.iter().map(|(name, value)| ENTRY + name.len() + value.expose().len()).sum()
}

fn failure(key: &Key, error: &ApiError) -> Failure {
    if error.is_immutable() {
        return Failure::Immutable { object: key.to_string(), text: error.to_string() };
    }
    Failure::Api(error.to_string())
}

#[cfg(test)]
pub(super) mod tests;
