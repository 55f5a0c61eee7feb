//! Watches over several namespaces as one stream that never ends: errors are
//! logged once, a missing kind is waited for.

use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt, select_all};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ApiResource, DynamicObject};
use kube::core::{GroupVersionKind, ObjectMeta, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{Config, Error, Event, watcher};
use kube::{Api, Client};

use crate::cluster::Key;

/// Pauses after errors begin with this.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// And grow to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A change, and the number of the watch that saw it.
pub(crate) type Change<K> = (usize, Event<K>);
/// Changes of one kind.
pub(crate) type Changes<K> = BoxStream<'static, Change<K>>;

/// SealedSecrets of namespaces (none means all), whatever is in them.
pub(crate) fn sealed_secrets(client: &Client, namespaces: &[String], labels: &str) -> Changes<DynamicObject> {
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("bitnami.com", "v1alpha1", "SealedSecret"),
        "sealedsecrets",
    );
    let api = |namespace: Option<&str>| match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind),
        None => Api::all_with(client.clone(), &kind),
    };
    all("sealedsecrets.bitnami.com", scopes(namespaces).map(api), labels)
}

/// The metadata of Secrets of namespaces (none means all).
pub(crate) fn secrets(
    client: &Client,
    namespaces: &[String],
    labels: &str,
) -> Changes<PartialObjectMeta<Secret>> {
    let api = |namespace: Option<&str>| match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    all("secrets", scopes(namespaces).map(api), labels)
}

fn scopes(namespaces: &[String]) -> impl Iterator<Item = Option<&str>> {
    let all = namespaces.is_empty().then_some(None);
    all.into_iter().chain(namespaces.iter().map(|namespace| Some(namespace.as_str())))
}

fn all<K>(kind: &'static str, apis: impl Iterator<Item = Api<K>>, labels: &str) -> Changes<K>
where
    K: kube::Resource + Clone + serde::de::DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let config = if labels.is_empty() { Config::default() } else { Config::default().labels(labels) };
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
fn listed<K>(event: Result<Event<K>, Error>, is_listing: &mut bool) -> Vec<Result<Event<K>, Error>> {
    match event {
        Ok(Event::Init) => {
            *is_listing = true;
            Vec::new()
        }
        Ok(event) if std::mem::take(is_listing) => vec![Ok(Event::Init), Ok(event)],
        event => {
            *is_listing = false;
            vec![event]
        }
    }
}

/// Logs an error, once as long as it stays the same.
fn told<K>(kind: &str, event: Result<Event<K>, Error>, said: &mut Option<u16>) -> Option<Event<K>> {
    let error = match event {
        Ok(event) => {
            if said.take().is_some() {
                tracing::info!(kind, "The watch works again");
            }
            return Some(event);
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
    None
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

/// Metadata in our own type, as far as it is read here.
pub(crate) fn metadata(metadata: &ObjectMeta) -> bulla_api::ObjectMeta {
    let value = serde_json::to_value(metadata).unwrap_or_default();
    bulla_api::ObjectMeta::from_value(&value)
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
    use super::*;

    #[test]
    fn pauses_grow_and_begin_anew() {
        let mut pauses = Pauses(FIRST_PAUSE);
        let all: Vec<u128> = pauses.by_ref().take(7).map(|pause| pause.as_millis()).collect();
        assert_eq!(all, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        pauses.reset();
        assert_eq!(pauses.next(), Some(FIRST_PAUSE));
    }

    fn error(code: u16) -> Result<Event<()>, Error> {
        let status = serde_json::from_value(serde_json::json!({"code": code, "message": "m"})).unwrap();
        Err(Error::WatchError(Box::new(status)))
    }

    #[test]
    fn a_list_begins_with_its_first_answer_and_one_that_fails_not_at_all() {
        let mut is_listing = false;
        let mut passed = |event| {
            let word = |event| match event {
                Ok(Event::Init) => "init",
                Ok(_) => "event",
                Err(_) => "error",
            };
            listed(event, &mut is_listing).into_iter().map(word).collect::<Vec<_>>()
        };
        for _ in 0..3 {
            assert_eq!(passed(Ok(Event::Init)), [""; 0]);
            assert_eq!(passed(error(404)), ["error"]);
        }
        assert_eq!(passed(Ok(Event::Apply(()))), ["event"], "a list that failed is over");
        assert_eq!(passed(Ok(Event::Init)), [""; 0]);
        assert_eq!(passed(Ok(Event::InitApply(()))), ["init", "event"]);
        assert_eq!(passed(Ok(Event::InitDone)), ["event"]);
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
        assert!(told("k", Ok(Event::<()>::InitDone), &mut said).is_some());
        assert_eq!(said, None);
    }
}
