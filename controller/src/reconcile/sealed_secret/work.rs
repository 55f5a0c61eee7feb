//! Work on one SealedSecret: observe, let the plan decide, apply, report.

use std::sync::Arc;

use bulla_api::{SealedSecret, SealedSecretStatus, Secret};
use bulla_seal::reconcile::{self, Done, Failure, Report, Retry, Step};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use super::super::event;
use super::known::is_large;
use crate::World;
use crate::cluster::{ApiError, Key};
use crate::keys::Ring;
use crate::worker;

/// How often a Secret is read anew because somebody else wrote it meanwhile,
/// before that is a failure to report.
const ATTEMPTS: u32 = 4;

/// Who works.
pub(super) struct Worker {
    pub(super) world: Arc<World>,
    pub(super) ring: watch::Receiver<Arc<Ring>>,
    /// Room for computations: one per core.
    pub(super) cores: Semaphore,
    /// Who computes what takes long, after everybody else.
    pub(super) patient: worker::Worker,
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
        let is_large = is_large(&object);
        let outcome = match SealedSecret::from_value(&object) {
            Ok(sealed) => self.unseal(sealed, is_large, order.is_absent, key).await,
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

    async fn unseal(
        &self,
        sealed: SealedSecret,
        is_large: bool,
        is_absent: bool,
        key: &Key,
    ) -> Result<Done, Failure> {
        let (sealed, unsealed) = self.compute(sealed, is_large).await?;
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

    /// Unseals beside everything else: on a core of its own, or a large object
    /// when the cores have nothing better to do (`security.md` R-14).
    async fn compute(
        &self,
        sealed: SealedSecret,
        is_large: bool,
    ) -> Result<(SealedSecret, Result<Secret, Failure>), Failure> {
        let ring = Arc::clone(&self.ring.borrow());
        let world = Arc::clone(&self.world);
        let work = move || {
            let options = world.settings.unseal;
            let unsealed = bulla_seal::unseal(&sealed, &ring.keys, options, &*world.clock, &*world.random);
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

    use std::sync::atomic::{AtomicI64, Ordering};

    use bulla_core::{Random, RandomError, SecretBytes};
    use bulla_crypto::SystemRandom;
    use bulla_seal::{KeyRing, KeySecret, NewKey, SealOptions};
    use http_body_util::Full;
    use hyper::body::Bytes;
    use tower::Layer as _;

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

    /// An API server with objects that have one value and further templates,
    /// and who works on them with one core and the key.
    fn stage(random: Arc<dyn Random>, objects: &[(&str, &[(&str, &str)])]) -> (Api, Worker) {
        let api = Api::default();
        let world = api.world(&[], Arc::new(SetClock(AtomicI64::new(1_800_000_000))), random);
        let new = NewKey { bits: 2048, ..world.settings.new_key.clone() };
        let made = new.generate("kube-system", "k", 1_800_000_000, &SystemRandom).unwrap();
        let key = KeySecret::read(&made).unwrap().key;
        for (name, templates) in objects {
            let mut secret = Secret::default();
            secret.metadata.namespace = "x".into();
            secret.metadata.name = (*name).into();
            secret.data.insert("a".into(), SecretBytes::new(b"value".to_vec()));
            let mut sealed =
                bulla_seal::seal(&secret, key.public(), &SealOptions::default(), &SystemRandom).unwrap();
            sealed.template.data =
                templates.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            let mut object: Value = serde_json::from_str(&bulla_api::json_line(&sealed.tree())).unwrap();
            object["metadata"]["uid"] = (*name).into();
            object["metadata"]["generation"] = 1.into();
            api.held().objects.insert(format!("{PATH}{name}"), object);
        }
        let ring = watch::channel(Arc::new(Ring::of(KeyRing::new([key])))).1;
        let patient = worker::Worker::start("large objects").unwrap();
        (api, Worker { world, ring, cores: Semaphore::new(1), patient })
    }

    fn order() -> Order {
        Order { gone: None, is_absent: true, said: None }
    }

    #[tokio::test]
    async fn r_14_an_object_of_thousands_of_values_holds_no_core() {
        let (api, worker) = stage(Arc::new(SystemRandom), &[("large", &[]), ("small", &[])]);
        {
            let mut held = api.held();
            let items = &mut held.objects.get_mut(&format!("{PATH}large")).unwrap()["spec"]["encryptedData"];
            let item = items["a"].clone();
            *items = (0..2000).map(|number| (format!("i{number}"), item.clone())).collect();
        }
        // The large one is begun, and the small one is done before it.
        let secrets = || {
            let paths = api.held().objects.keys().cloned().collect::<Vec<_>>();
            paths.into_iter().filter(|path| path.contains("/secrets/")).collect::<Vec<_>>()
        };
        let small = async {
            tokio::task::yield_now().await;
            assert_eq!(worker.reconcile(&key_of("small"), order()).await.failed, None);
            secrets()
        };
        let large = key_of("large");
        let (large, before) = tokio::join!(biased; worker.reconcile(&large, order()), small);
        assert_eq!(before, ["/api/v1/namespaces/x/secrets/small"]);
        assert_eq!((large.failed, secrets().len()), (None, 2));
    }

    #[tokio::test]
    async fn r_14_a_panic_is_that_objects_error_and_nobody_elses() {
        let templates = [[("t", "{{ randAlphaNum 20 }}")], [("t", "{{ .a }}!")]];
        let (api, worker) = stage(Arc::new(Poisoned), &[("bad", &templates[0]), ("good", &templates[1])]);
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
    #[tokio::test]
    async fn r_20_what_was_put_off_is_not_sent_again_after_the_term() {
        let term = Arc::new(std::sync::Mutex::new(None::<crate::leader::Term>));
        let asked = Arc::new(AtomicI64::new(0));
        let (counts, ends) = (Arc::clone(&asked), Arc::clone(&term));
        let service = tower::service_fn(move |_: http::Request<kube::client::Body>| {
            counts.fetch_add(1, Ordering::Relaxed);
            ends.lock().unwrap().as_ref().unwrap().close();
            let answer = http::Response::builder().status(503).header("Retry-After", "1");
            std::future::ready(Ok::<_, tower::BoxError>(answer.body(Full::new(Bytes::new())).unwrap()))
        });
        let service = crate::cluster::retries().unwrap().layer(service);
        let cluster = crate::cluster::Cluster::of(kube::Client::new(service, "default"));
        cluster.term().open();
        *term.lock().unwrap() = Some(cluster.term().clone());
        let error = cluster.create_event("x", &json!({})).await.unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), asked.load(Ordering::Relaxed)),
            ("the term ended before there was an answer", 1)
        );
    }
}
