//! Work on one SealedSecret: observe, let the plan decide, apply, report.

use std::sync::Arc;

use bulla_api::{SealedSecret, SealedSecretStatus, Secret};
use bulla_seal::reconcile::{self, Done, Failure, Report, Retry, Step};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use super::super::event;
use crate::World;
use crate::cluster::{ApiError, Key};
use crate::keys::Ring;

/// How often a Secret is read anew because somebody else wrote it meanwhile,
/// before that is a failure to report.
const ATTEMPTS: u32 = 4;

/// Who works.
pub(super) struct Worker {
    pub(super) world: Arc<World>,
    pub(super) ring: watch::Receiver<Arc<Ring>>,
    /// Room for computations: one per core.
    pub(super) cores: Semaphore,
}

/// What is known before.
pub(super) struct Order {
    /// The object was deleted, and had this UID.
    pub(super) gone: Option<Box<str>>,
    /// The watch knows no Secret of this name.
    pub(super) is_absent: bool,
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
}

impl Outcome {
    const DONE: Self = Self { retry: Retry::Never, failed: None, said: None, gone: None };

    /// The work panicked: that object's error, nobody else's.
    pub(super) fn panicked() -> Self {
        Self { retry: Retry::Soon, failed: Some(Failed::Other), ..Self::DONE }
    }
}

impl Worker {
    /// Makes the Secret of one object what it should be.
    pub(super) async fn reconcile(&self, key: &Key, order: Order) -> Outcome {
        let _time = self.world.metrics.reconciles();
        match self.world.cluster.sealed_secret(key).await {
            // What is being deleted makes nothing any more.
            Ok(Some(object)) if !object["metadata"]["deletionTimestamp"].is_null() => Outcome::DONE,
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

    async fn update(&self, key: &Key, mut object: Value, order: Order) -> Outcome {
        let before = SealedSecretStatus::from_value(object.get("status"));
        let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
        let outcome = match SealedSecret::from_value(&object) {
            Ok(sealed) => self.unseal(sealed, order.is_absent, key).await,
            Err(error) => Err(Failure::Malformed(bulla_core::one_line(error.to_string().as_bytes()))),
        };
        let now = self.world.clock.now();
        let report = reconcile::report(generation, &before, outcome.as_ref().copied(), now);
        if let Err(failure) = &outcome {
            self.world.metrics.failed(failure.metric_reason(), &key.namespace);
            let (key, error) = (key.to_string(), failure.to_string());
            // What is known already is not told at every attempt.
            if report.event.is_some() {
                tracing::error!(key, error, "Error updating, will retry");
            } else {
                tracing::debug!(key, error, "Error updating, will retry");
            }
        }
        let failed = outcome.as_ref().err().map(|failure| match failure {
            Failure::Unmanaged(_) => Failed::Unmanaged,
            Failure::Unseal(_) => Failed::Unseal,
            _ => Failed::Other,
        });
        let written = outcome == Ok(Done::Written);
        if let Some(error) = self.put_status(key, &mut object, &report).await {
            // The object changed meanwhile, or the server is away: once more.
            self.world.metrics.failed("status", &key.namespace);
            tracing::error!(
                key = key.to_string(),
                error = error.to_string(),
                "Error updating SealedSecret status"
            );
            return Outcome { retry: Retry::Soon, failed: failed.or(Some(Failed::Other)), ..Outcome::DONE };
        }
        let said = self.say(generation, &object, &report, written, order.said).await;
        Outcome { retry: report.retry, failed, said, gone: None }
    }

    async fn put_status(&self, key: &Key, object: &mut Value, report: &Report) -> Option<ApiError> {
        let status = report.status.as_ref().filter(|_| self.world.settings.update_status)?;
        let status = bulla_api::json_line(&status.tree());
        object["status"] = serde_json::from_str(&status).unwrap_or_default();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        self.world.cluster.put_status(key, object).await.err()
    }

    /// Writes the event, unless it would be the last one again.
    async fn say(
        &self,
        generation: i64,
        object: &Value,
        report: &Report,
        written: bool,
        before: Option<Said>,
    ) -> Option<Said> {
        let event = report.event.as_ref()?;
        let said = Said(generation, event.message.clone());
        if !written && before.as_ref() == Some(&said) {
            return before;
        }
        let metadata = &object["metadata"];
        let about = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "namespace": metadata["namespace"],
            "name": metadata["name"], "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
        });
        event::publish(&self.world, &about, event.is_warning, event.reason, &event.message).await;
        Some(said)
    }

    async fn unseal(&self, sealed: SealedSecret, is_absent: bool, key: &Key) -> Result<Done, Failure> {
        let (sealed, unsealed) = self.compute(sealed).await?;
        for name in bulla_seal::collisions(&sealed) {
            tracing::warn!(
                key = key.to_string(),
                item = name,
                "The item stands in encryptedData and in template.data"
            );
        }
        let unsealed = unsealed?;
        let cluster = &self.world.cluster;
        let read = async || cluster.secret(key).await.map_err(|error| failure(key, &error));
        let mut existing = if is_absent { None } else { read().await? };
        let mut attempt = 1;
        loop {
            let step =
                reconcile::plan(&sealed, unsealed.clone(), existing.as_ref(), &self.world.settings.rules)?;
            let written = match &step {
                Step::Keep => return Ok(Done::Kept),
                Step::Create(secret) => cluster.create_secret(secret).await,
                Step::Update(secret) => cluster.update_secret(secret).await,
            };
            let Err(error) = written else { return Ok(Done::Written) };
            if !error.is_conflict() || attempt == ATTEMPTS {
                return Err(failure(key, &error));
            }
            // Somebody wrote since it was read, or the watch lags.
            attempt += 1;
            existing = read().await?;
        }
    }

    /// Unseals beside everything else, on a core of its own.
    async fn compute(
        &self,
        sealed: SealedSecret,
    ) -> Result<(SealedSecret, Result<Secret, Failure>), Failure> {
        let ring = Arc::clone(&self.ring.borrow());
        let world = Arc::clone(&self.world);
        let _core = self.cores.acquire().await;
        let computed = tokio::task::spawn_blocking(move || {
            let options = world.settings.unseal;
            let unsealed = bulla_seal::unseal(&sealed, &ring.keys, options, &*world.clock, &*world.random);
            (sealed, unsealed.map_err(Failure::from))
        });
        computed.await.map_err(|_| Failure::Malformed("the object made the controller panic".to_owned()))
    }

    /// Deletes the Secret of a deleted object, where that is asked for.
    async fn collect(&self, key: &Key, uid: Box<str>) -> Outcome {
        tracing::info!(sealed_secret = key.to_string(), "SealedSecret has gone, deleting Secret");
        let cluster = &self.world.cluster;
        let deleted = match cluster.secret(key).await {
            Ok(Some(secret)) if reconcile::deletes(&uid, &secret.metadata) => {
                cluster.delete_secret(&secret).await
            }
            other => other.map(drop),
        };
        match deleted {
            Err(error) if error.code != http::StatusCode::NOT_FOUND.as_u16() => {
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

fn failure(key: &Key, error: &ApiError) -> Failure {
    if error.is_immutable() {
        return Failure::Immutable { object: key.to_string(), text: error.to_string() };
    }
    Failure::Api(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::atomic::AtomicI64;

    use bulla_core::{Random, RandomError, SecretBytes};
    use bulla_crypto::SystemRandom;
    use bulla_seal::{KeyRing, KeySecret, NewKey, SealOptions};

    use crate::testing::{Api, SetClock};

    /// Panics where a template draws; the name of an event takes eight bytes.
    struct Poisoned;

    impl Random for Poisoned {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
            assert_eq!(buffer.len(), 8, "canary");
            SystemRandom.fill(buffer)
        }
    }

    fn key_of(name: &str) -> Key {
        Key { namespace: "x".into(), name: name.into() }
    }

    const PATH: &str = "/apis/bitnami.com/v1alpha1/namespaces/x/sealedsecrets/";

    #[tokio::test]
    async fn r_14_a_panic_is_that_objects_error_and_nobody_elses() {
        let api = Api::default();
        let world = api.world(&[], Arc::new(SetClock(AtomicI64::new(1_800_000_000))), Arc::new(Poisoned));
        let new = NewKey { bits: 2048, ..world.settings.new_key.clone() };
        let made = new.generate("kube-system", "k", 1_800_000_000, &SystemRandom).unwrap();
        let key = KeySecret::read(&made).unwrap().key;
        for (name, template) in [("bad", "{{ randAlphaNum 20 }}"), ("good", "{{ .a }}!")] {
            let mut secret = Secret::default();
            secret.metadata.namespace = "x".into();
            secret.metadata.name = name.into();
            secret.data.insert("a".into(), SecretBytes::new(b"value".to_vec()));
            let mut sealed =
                bulla_seal::seal(&secret, key.public(), &SealOptions::default(), &SystemRandom).unwrap();
            sealed.template.data.insert("t".into(), template.into());
            let mut object: Value = serde_json::from_str(&bulla_api::json_line(&sealed.tree())).unwrap();
            object["metadata"]["uid"] = name.into();
            object["metadata"]["generation"] = 1.into();
            api.held().objects.insert(format!("{PATH}{name}"), object);
        }
        let ring = Ring::of(KeyRing::new([key]));
        let worker = Worker { world, ring: watch::channel(Arc::new(ring)).1, cores: Semaphore::new(1) };
        let order = || Order { gone: None, is_absent: true, said: None };
        let bad = worker.reconcile(&key_of("bad"), order()).await;
        let good = worker.reconcile(&key_of("good"), order()).await;
        assert_eq!((bad.retry, bad.failed, good.failed), (Retry::Later, Some(Failed::Other), None));
        let held = api.held();
        let message =
            |name: &str| held.objects[&format!("{PATH}{name}")]["status"]["conditions"][0]["message"].clone();
        assert_eq!(
            (message("bad"), message("good")),
            ("the object made the controller panic".into(), Value::Null)
        );
        let events = held.objects.iter().filter(|(path, _)| path.contains("/events/"));
        let reasons: Vec<&str> = events.map(|(_, event)| event["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["ErrUnsealFailed", "Unsealed"]);
        assert!(held.objects.contains_key("/api/v1/namespaces/x/secrets/good"));
        assert!(!held.objects.contains_key("/api/v1/namespaces/x/secrets/bad"));
    }

    #[tokio::test]
    async fn r_20_who_does_not_lead_writes_nothing() {
        let api = Api::default();
        let clock = Arc::new(SetClock(AtomicI64::new(1_800_000_000)));
        let open = api.plain_world(&clock);
        let cluster = crate::cluster::Cluster::of(open.cluster.client());
        let mut secret = Secret::default();
        secret.metadata.namespace = "x".into();
        secret.metadata.name = "n".into();
        let refused = |outcome: Result<(), ApiError>| outcome.unwrap_err().to_string();
        let text = "this replica does not lead and may not write";
        assert_eq!(refused(cluster.create_secret(&secret).await), text);
        assert_eq!(refused(cluster.update_secret(&secret).await), text);
        assert_eq!(refused(cluster.delete_secret(&secret).await), text);
        assert_eq!(refused(cluster.put_status(&key_of("n"), &json!({})).await), text);
        assert_eq!(refused(cluster.create_event("x", &json!({})).await), text);
        assert_eq!(api.changes(), [""; 0]);
        open.cluster.create_secret(&secret).await.unwrap();
        assert_eq!(api.changes(), ["POST /api/v1/namespaces/x/secrets"]);
    }
}
