use super::*;

use std::sync::atomic::{AtomicI64, Ordering};

use bulla_core::{Random, RandomError, SecretBytes};
use bulla_crypto::SystemRandom;
use bulla_seal::{KeyRing, KeySecret, NewKey, SealOptions};
use http::StatusCode;
use http_body_util::Full;
use hyper::body::Bytes;
use tower::Layer as _;
use tower::retry::RetryLayer;

use crate::testing::{Api, SetClock, deep};

/// Panics where a template draws; the name of an event takes eight bytes.
struct Poisoned;

impl Random for Poisoned {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        assert_eq!(buffer.len(), 8, "canary");
        SystemRandom.fill(buffer)
    }
}

pub(crate) fn key_of(name: &str) -> Key {
    Key { namespace: "x".into(), name: name.into() }
}

pub(crate) const PATH: &str = "/apis/bitnami.com/v1alpha1/namespaces/x/sealedsecrets/";

/// An API server with objects that have one value and further templates,
/// and who works on them with one core and the key.
pub(crate) fn stage(random: Arc<dyn Random>, objects: &[(&str, &[(&str, &str)])]) -> (Api, Worker) {
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
    (api, Worker { world, ring, cores: Semaphore::new(1), share: SHARE, patient })
}

fn order() -> Order {
    Order { gone: None, is_absent: true, is_large: false, said: None }
}

/// Makes the Secret, and tells what there is to tell.
async fn reconciled(worker: &Worker, name: &str) -> Outcome {
    reconciled_as(worker, name, order()).await
}

async fn reconciled_as(worker: &Worker, name: &str, order: Order) -> Outcome {
    let mut outcome = worker.reconcile(&key_of(name), order).await;
    match outcome.untold.take() {
        Some(untold) => worker.tell(&key_of(name), untold).await,
        None => outcome,
    }
}

#[tokio::test]
async fn r_11_a_conflict_of_the_status_costs_no_second_unsealing() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[]), ("b", &[])]);
    let unsealed = worker.reconcile(&key_of("a"), order()).await.untold.unwrap();
    api.held().updates = [StatusCode::CONFLICT; 2].into();
    // Somebody else's condition came meanwhile.
    let theirs = json!({"type": "Theirs", "status": "True"});
    let path = format!("{PATH}a");
    api.held().objects.get_mut(&path).unwrap()["status"] = json!({"conditions": [theirs]});
    let outcome = worker.tell(&key_of("a"), unsealed).await;
    assert_eq!((outcome.retry, outcome.failed), (Retry::Never, None));
    let [secrets, status, events] = ["secrets", "sealedsecrets/a/status", "events"]
        .map(|path| api.changes().iter().filter(|change| change.ends_with(path)).count());
    assert_eq!((secrets, status, events), (1, 3, 1));
    let kinds = |path: &str| {
        let object = api.held().objects[path].clone();
        let conditions = object["status"]["conditions"].as_array().unwrap().clone();
        conditions.iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&path), ["Synced", "Theirs"]);
    // What was made is not that of the object as it is now: it is looked at again.
    let unsealed = worker.reconcile(&key_of("b"), order()).await.untold.unwrap();
    api.held().updates = [StatusCode::CONFLICT].into();
    api.held().objects.get_mut(&format!("{PATH}b")).unwrap()["metadata"]["generation"] = 2.into();
    let outcome = worker.tell(&key_of("b"), unsealed).await;
    assert_eq!((outcome.retry, outcome.failed), (Retry::Soon, Some(Failed::Other)));
}

#[tokio::test]
async fn nobody_is_told_of_an_object_that_was_deleted_and_nothing_failed() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[]), ("b", &[])]);
    let untold = worker.reconcile(&key_of("a"), order()).await.untold.unwrap();
    api.held().objects.remove(&format!("{PATH}a"));
    let outcome = worker.tell(&key_of("a"), untold).await;
    assert_eq!((outcome.retry, outcome.failed), (Retry::Never, None));
    let untold = worker.reconcile(&key_of("b"), order()).await.untold.unwrap();
    api.held().objects.remove(&format!("{PATH}b"));
    // To older API servers that is a conflict.
    api.held().updates = [StatusCode::CONFLICT].into();
    let outcome = worker.tell(&key_of("b"), untold).await;
    assert_eq!((outcome.retry, outcome.failed), (Retry::Never, None));
    let [status, events] = ["/status", "events"]
        .map(|path| api.changes().iter().filter(|change| change.ends_with(path)).count());
    assert_eq!((status, events), (2, 0));
    let metrics = worker.world.metrics.text().unwrap();
    assert!(!metrics.contains("unseal_errors_total{"), "{metrics}");
}

#[tokio::test]
async fn a_status_that_the_server_finds_invalid_is_not_sent_again_and_there_is_an_event() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    api.held().updates = [StatusCode::UNPROCESSABLE_ENTITY].into();
    let outcome = reconciled(&worker, "a").await;
    assert_eq!((outcome.retry, outcome.failed), (Retry::Never, None));
    assert_eq!(
        api.changes(),
        [
            "POST /api/v1/namespaces/x/secrets",
            "PUT /apis/bitnami.com/v1alpha1/namespaces/x/sealedsecrets/a/status",
            "POST /api/v1/namespaces/x/events"
        ]
    );
    let metrics = worker.world.metrics.text().unwrap();
    assert!(metrics.contains(r#"unseal_errors_total{namespace="x",reason="status"} 1"#), "{metrics}");
}

#[tokio::test]
async fn an_object_that_left_the_label_selector_is_not_updated_with_old_gc_behavior_either() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    for uid in ["a", "older"] {
        let outcome = worker.reconcile(&key_of("a"), Order { gone: Some(uid.into()), ..order() }).await;
        assert!(outcome.failed.is_none() && outcome.gone.is_none() && outcome.untold.is_none());
    }
    assert_eq!(api.changes(), [""; 0]);
}

#[tokio::test]
async fn a_secret_that_changed_or_went_since_it_was_read_is_read_again() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    reconciled(&worker, "a").await;
    let path = "/api/v1/namespaces/x/secrets/a";
    let made = api.held().objects[path].clone();
    api.held().objects.get_mut(path).unwrap()["data"] = json!({});
    api.held().updates = [StatusCode::CONFLICT, StatusCode::NOT_FOUND].into();
    let outcome = worker.reconcile(&key_of("a"), Order { is_absent: false, ..order() }).await;
    assert_eq!(outcome.failed, None);
    assert_eq!(api.held().objects[path]["data"], made["data"]);
    assert!(api.held().updates.is_empty());
}

#[tokio::test]
async fn r_14_a_status_is_sent_with_the_metadata_of_its_object_and_without_its_spec() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let path = format!("{PATH}a");
    let owned = json!({
        "name": "a", "namespace": "x", "uid": "a", "generation": 1, "resourceVersion": "7",
        "labels": {"l": "1"}, "annotations": {"n": "2"}, "finalizers": ["example.com/f"],
    });
    api.held().objects.get_mut(&path).unwrap()["metadata"] = owned.clone();
    let untold = worker.reconcile(&key_of("a"), order()).await.untold.unwrap();
    // It is read anew, with other labels and whose they are.
    let mut changed = owned.clone();
    changed["resourceVersion"] = "8".into();
    changed["labels"] = json!({"l": "3"});
    let mut held = changed.clone();
    held["managedFields"] = json!([{"manager": "m"}]);
    api.held().objects.get_mut(&path).unwrap()["metadata"] = held;
    api.held().updates = [StatusCode::CONFLICT].into();
    worker.tell(&key_of("a"), untold).await;
    let sent = api.held().asked.clone();
    let sent: Vec<&Value> =
        sent.iter().filter(|(_, path, _)| path.ends_with("/status")).map(|(.., body)| body).collect();
    assert_eq!(sent.iter().map(|body| &body["metadata"]).collect::<Vec<_>>(), [&owned, &changed]);
    for body in sent {
        let parts: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(parts, ["apiVersion", "kind", "metadata", "status"]);
    }
}

#[tokio::test]
async fn r_14_an_object_that_takes_more_than_its_share_of_a_core_is_begun_anew_as_a_large_one() {
    let (api, mut worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    worker.share = Duration::ZERO;
    let first = worker.reconcile(&key_of("a"), order()).await;
    assert!(first.is_large && first.failed.is_none() && first.untold.is_none());
    assert_eq!(api.changes(), [""; 0]);
    let second = worker.reconcile(&key_of("a"), Order { is_large: true, ..order() }).await;
    assert!(!second.is_large && second.untold.is_some());
    assert_eq!(api.changes(), ["POST /api/v1/namespaces/x/secrets"]);
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
        assert_eq!(reconciled(&worker, "small").await.failed, None);
        secrets()
    };
    let order = || Order { is_large: true, ..order() };
    let (large, before) = tokio::join!(biased; reconciled_as(&worker, "large", order()), small);
    assert_eq!(before, ["/api/v1/namespaces/x/secrets/small"]);
    assert_eq!((large.failed, secrets().len()), (None, 2));
}

#[tokio::test]
async fn r_14_what_takes_memory_is_large_and_too_much_of_it_is_refused() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("much", &[]), ("more", &[])]);
    for (name, count) in [("much", 1_000), ("more", 100_000)] {
        let path = format!("{PATH}{name}");
        api.held().objects.get_mut(&path).unwrap()["spec"]["template"]["metadata"]["x"] =
            vec![json!({"": 1}); count].into();
        let first = worker.reconcile(&key_of(name), order()).await;
        assert!(first.is_large && first.untold.is_none() && first.failed.is_none());
    }
    assert_eq!(api.changes(), [""; 0]);
    let order = || Order { is_large: true, ..order() };
    assert_eq!(reconciled_as(&worker, "much", order()).await.failed, None);
    let more = reconciled_as(&worker, "more", order()).await;
    assert_eq!((more.failed, more.retry), (Some(Failed::Other), Retry::Later));
    let held = api.held();
    let condition = &held.objects[&format!("{PATH}more")]["status"]["conditions"][0];
    assert_eq!(condition["message"], DecodeError::Parts.to_string());
}

#[tokio::test]
async fn r_14_what_the_server_finds_invalid_is_tried_again_in_minutes() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[]), ("b", &[])]);
    api.held().creations = [StatusCode::UNPROCESSABLE_ENTITY].into();
    let made = reconciled(&worker, "b").await;
    assert_eq!((made.failed, made.retry), (Some(Failed::Other), Retry::Later));
    // What is there may be why, and change.
    let existing = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": "a", "namespace": "x", "resourceVersion": "1",
        "annotations": {"sealedsecrets.bitnami.com/managed": "true", "big": "x".repeat(LITTLE)},
    }});
    api.held().objects.insert("/api/v1/namespaces/x/secrets/a".to_owned(), existing);
    api.held().updates = [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY].into();
    let order = |is_large| Order { is_absent: false, is_large, ..order() };
    // The Secret that is there takes much memory.
    let before = api.changes();
    assert!(reconciled_as(&worker, "a", order(false)).await.is_large);
    assert_eq!(api.changes(), before);
    let outcome = reconciled_as(&worker, "a", order(true)).await;
    assert_eq!((outcome.failed, outcome.retry), (Some(Failed::Other), Retry::Soon));
}

#[tokio::test]
async fn r_14_a_deep_object_is_unsealed_as_any_other() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let path = format!("{PATH}a");
    api.held().objects.get_mut(&path).unwrap()["spec"]["template"]["metadata"]["x"] = deep();
    assert_eq!(reconciled(&worker, "a").await.failed, None);
    let held = api.held();
    assert_eq!(held.objects[&path]["status"]["conditions"][0]["status"], "True");
    assert!(held.objects.contains_key("/api/v1/namespaces/x/secrets/a"));
}

#[tokio::test]
async fn r_14_a_panic_is_that_objects_error_and_nobody_elses() {
    let templates = [[("t", "{{ randAlphaNum 20 }}")], [("t", "{{ .a }}!")]];
    let (api, worker) = stage(Arc::new(Poisoned), &[("bad", &templates[0]), ("good", &templates[1])]);
    let bad = reconciled(&worker, "bad").await;
    let good = reconciled(&worker, "good").await;
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
    assert_eq!(refused(cluster.delete_secret(&secret.metadata).await), text);
    assert_eq!(refused(cluster.put_status(&key_of("n"), Vec::new()).await), text);
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
    let client = |patience: &RetryLayer<_>| kube::Client::new(patience.layer(service), "default");
    let cluster = crate::cluster::Cluster::patient(client).unwrap();
    let number = cluster.put_off();
    cluster.term().open();
    *term.lock().unwrap() = Some(cluster.term().clone());
    let error = cluster.create_event("x", &json!({})).await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), asked.load(Ordering::Relaxed)),
        ("the term ended before there was an answer", 1)
    );
    // It waited, and waits no more.
    assert_eq!((number.has_changed().unwrap(), *number.borrow()), (true, 0));
}
