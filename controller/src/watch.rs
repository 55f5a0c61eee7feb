//! Watches over several namespaces as one stream that never ends: errors are
//! logged once, a missing kind is waited for.

use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt, select_all};
use kube::core::{NamespaceResourceScope, ObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Config, Error, watcher};
use kube::{Api, Client};

use crate::cluster::Key;
use crate::seen::{Sealed, Secret};

/// Pauses after errors begin with this.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// And grow to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// SealedSecrets per page of a list. Each may have more than a megabyte, and a
/// page is in memory twice.
pub(crate) const PAGE: u32 = 25;
/// Secrets per page of a list. The metadata of each may be six times as long in
/// JSON as in the store, which is some 8 MiB.
const PAGE_OF_SECRETS: u32 = 10;

/// What a watch saw.
#[derive(Debug)]
pub(crate) enum Event<K> {
    /// It begins to list.
    Init,
    /// It lists this.
    InitApply(K),
    /// It has listed everything.
    InitDone,
    /// This is new or changed.
    Apply(K),
    /// This was deleted.
    Delete(K),
    /// It has no right to look; it will be tried again.
    Refused,
}

impl<K> From<watcher::Event<K>> for Event<K> {
    fn from(event: watcher::Event<K>) -> Self {
        match event {
            watcher::Event::Init => Self::Init,
            watcher::Event::InitApply(object) => Self::InitApply(object),
            watcher::Event::InitDone => Self::InitDone,
            watcher::Event::Apply(object) => Self::Apply(object),
            watcher::Event::Delete(object) => Self::Delete(object),
        }
    }
}

/// A change, and the number of the watch that saw it.
pub(crate) type Change<K> = (usize, Event<K>);
/// Changes of one kind.
pub(crate) type Changes<K> = BoxStream<'static, Change<K>>;

/// SealedSecrets of namespaces (none means all).
pub(crate) fn sealed_secrets(client: &Client, namespaces: &[String], labels: &str) -> Changes<Sealed> {
    all("sealedsecrets.bitnami.com", apis(client, namespaces), &config(labels).page_size(PAGE))
}

/// The metadata of Secrets of namespaces (none means all).
pub(crate) fn secrets(client: &Client, namespaces: &[String], labels: &str) -> Changes<Secret> {
    all("secrets", apis(client, namespaces), &config(labels).page_size(PAGE_OF_SECRETS))
}

/// What has these labels; empty means everything.
fn config(labels: &str) -> Config {
    if labels.is_empty() { Config::default() } else { Config::default().labels(labels) }
}

/// One for each namespace; one for all where none is given.
fn apis<K>(client: &Client, namespaces: &[String]) -> impl Iterator<Item = Api<K>>
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let all = namespaces.is_empty().then(|| Api::all(client.clone()));
    all.into_iter().chain(namespaces.iter().map(|namespace| Api::namespaced(client.clone(), namespace)))
}

fn all<K>(kind: &'static str, apis: impl Iterator<Item = Api<K>>, config: &Config) -> Changes<K>
where
    K: kube::Resource + Clone + serde::de::DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let watches = apis.enumerate().map(|(number, api)| {
        let (mut said, mut is_listing) = (None, false);
        let events = watcher(api, config.clone());
        let events = events.flat_map(move |event| stream::iter(listed(event, &mut is_listing)));
        let events = events.backoff(Pauses(FIRST_PAUSE));
        let events = events.filter_map(move |event| std::future::ready(told(kind, event, &mut said)));
        events.map(move |event| (number, event)).boxed()
    });
    select_all(watches).boxed()
}

/// The watcher begins each list before it asks for it. The beginning is passed on
/// with the first answer, so that a list that fails is no success: pauses grow,
/// and the error is told once.
fn listed<K>(
    event: Result<watcher::Event<K>, Error>,
    is_listing: &mut bool,
) -> Vec<Result<watcher::Event<K>, Error>> {
    match event {
        Ok(watcher::Event::Init) => {
            *is_listing = true;
            Vec::new()
        }
        Ok(event) if std::mem::take(is_listing) => vec![Ok(watcher::Event::Init), Ok(event)],
        event => {
            *is_listing = false;
            vec![event]
        }
    }
}

/// Logs an error, once as long as it stays the same.
fn told<K>(kind: &str, event: Result<watcher::Event<K>, Error>, said: &mut Option<u16>) -> Option<Event<K>> {
    let error = match event {
        Ok(event) => {
            if said.take().is_some() {
                tracing::info!(kind, "The watch works again");
            }
            return Some(event.into());
        }
        Err(error) => error,
    };
    let (code, text) = reason(&error);
    // A watch that is too old is begun anew; there is nothing to do about it.
    if code != 410 && *said != Some(code) {
        *said = Some(code);
        if code == 404 {
            tracing::warn!(kind, "The server does not know this kind; waiting for its definition");
        } else {
            tracing::warn!(kind, code, error = text, "The watch fails, will retry");
        }
    }
    (code == 403).then_some(Event::Refused)
}

fn reason(error: &Error) -> (u16, String) {
    let inner = match error {
        Error::InitialListFailed(inner) | Error::WatchStartFailed(inner) | Error::WatchFailed(inner) => inner,
        Error::WatchError(status) => return (status.code, bulla_core::one_line(status.message.as_bytes())),
        Error::NoResourceVersion => return (0, error.to_string()),
    };
    match inner {
        kube::Error::Api(status) => (status.code, bulla_core::one_line(status.message.as_bytes())),
        inner => (0, bulla_core::root_cause(inner)),
    }
}

/// The name of an object that a watch saw.
pub(crate) fn key(metadata: &ObjectMeta) -> Key {
    Key {
        namespace: metadata.namespace.clone().unwrap_or_default().into(),
        name: metadata.name.clone().unwrap_or_default().into(),
    }
}

/// Growing pauses.
struct Pauses(Duration);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        Some(pause)
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.0 = FIRST_PAUSE;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;

    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Api, SetClock, deep};

    /// The names that the first four events are about.
    async fn names<K: kube::Resource>(events: Changes<K>) -> Vec<String> {
        let names = events.take(4).map(|(_, event)| match event {
            Event::InitApply(object) => object.meta().name.clone().unwrap(),
            Event::Init => "Init".to_owned(),
            Event::InitDone => "InitDone".to_owned(),
            _ => "other".to_owned(),
        });
        tokio::time::timeout(LONGEST_PAUSE, names.collect()).await.unwrap()
    }

    #[tokio::test]
    async fn r_14_whatever_is_in_an_object_it_is_listed_and_watched_as_any_other() {
        let api = Api::default();
        let world = api.plain_world(&Arc::new(SetClock(AtomicI64::new(0))));
        // Who makes an object says what stands in `managedFields`.
        let odd =
            || json!({"manager": "m", "time": "9999-12-31T23:59:59Z", "fieldsV1": {"f:metadata": deep()}});
        let object = |name: &str, x: Value, entry: Value| {
            let metadata = json!({"name": name, "namespace": "x", "managedFields": [entry]});
            json!({"metadata": metadata, "spec": {"template": {"metadata": {"x": x}}}})
        };
        for (name, x, entry) in [("a", deep(), odd()), ("b", json!(1), json!({}))] {
            for path in
                ["/apis/bitnami.com/v1alpha1/namespaces/x/sealedsecrets", "/api/v1/namespaces/x/secrets"]
            {
                api.held().objects.insert(format!("{path}/{name}"), object(name, x.clone(), entry.clone()));
            }
        }
        let (client, x) = (world.cluster.client(), ["x".to_owned()]);
        assert_eq!(names(sealed_secrets(&client, &x, "")).await, ["Init", "a", "b", "InitDone"]);
        assert_eq!(names(secrets(&client, &x, "")).await, ["Init", "a", "b", "InitDone"]);
        let event = format!(r#"{{"type":"ADDED","object":{}}}"#, object("a", deep(), odd()));
        serde_json::from_str::<kube::core::WatchEvent<Sealed>>(&event).unwrap();
        serde_json::from_str::<kube::core::WatchEvent<Secret>>(&event).unwrap();
    }

    #[tokio::test]
    async fn sealed_secrets_are_listed_in_pages_that_fit_into_memory() {
        let api = Api::default();
        let world = api.plain_world(&Arc::new(SetClock(AtomicI64::new(0))));
        for number in 0..101 {
            let path = format!("/apis/bitnami.com/v1alpha1/namespaces/x/sealedsecrets/{number}");
            let object = json!({"metadata": {"name": number.to_string(), "namespace": "x"}});
            api.held().objects.insert(path, object);
        }
        let events = sealed_secrets(&world.cluster.client(), &["x".to_owned()], "").take(103);
        assert_eq!(events.count().await, 103);
        assert_eq!(api.held().asked.len(), 5);
        assert!(!world.cluster.has_synced("x").await.unwrap());
        assert_eq!(api.held().asked.len(), 10);
    }

    #[test]
    fn pauses_grow_and_begin_anew() {
        let mut pauses = Pauses(FIRST_PAUSE);
        let all: Vec<u128> = pauses.by_ref().take(7).map(|pause| pause.as_millis()).collect();
        assert_eq!(all, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        pauses.reset();
        assert_eq!(pauses.next(), Some(FIRST_PAUSE));
    }

    fn error(code: u16) -> Result<watcher::Event<()>, Error> {
        let status = serde_json::from_value(serde_json::json!({"code": code, "message": "m"})).unwrap();
        Err(Error::WatchError(Box::new(status)))
    }

    #[test]
    fn a_list_begins_with_its_first_answer_and_one_that_fails_not_at_all() {
        let mut is_listing = false;
        let mut passed = |event| {
            let word = |event| match event {
                Ok(watcher::Event::Init) => "init",
                Ok(_) => "event",
                Err(_) => "error",
            };
            listed(event, &mut is_listing).into_iter().map(word).collect::<Vec<_>>()
        };
        for _ in 0..3 {
            assert_eq!(passed(Ok(watcher::Event::Init)), [""; 0]);
            assert_eq!(passed(error(404)), ["error"]);
        }
        assert_eq!(passed(Ok(watcher::Event::Apply(()))), ["event"], "a list that failed is over");
        assert_eq!(passed(Ok(watcher::Event::Init)), [""; 0]);
        assert_eq!(passed(Ok(watcher::Event::InitApply(()))), ["init", "event"]);
        assert_eq!(passed(Ok(watcher::Event::InitDone)), ["event"]);
    }

    #[test]
    fn an_error_is_told_once_until_it_changes() {
        let mut said = None;
        for (code, after) in
            [(410, None), (404, Some(404)), (404, Some(404)), (410, Some(404)), (500, Some(500))]
        {
            assert!(told("k", error(code), &mut said).is_none());
            assert_eq!(said, after);
        }
        assert!(told("k", Ok(watcher::Event::<()>::InitDone), &mut said).is_some());
        assert_eq!(said, None);
        assert!(matches!(told("k", error(403), &mut said), Some(Event::Refused)));
    }
}
