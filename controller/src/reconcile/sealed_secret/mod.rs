//! SealedSecrets to Secrets: watches, a queue, and as much work at once as
//! there are cores for its cryptography.

mod known;
mod work;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::api::DynamicObject;
use kube::core::PartialObjectMeta;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Duration, Instant, sleep_until};

use super::Reconciler;
use crate::World;
use crate::cluster::Key;
use crate::keys::Ring;
use crate::queue::{Queue, Urgency, long_pause, pause};
use crate::watch::{self as watches, Change, Changes};
use crate::worker;
use bulla_seal::reconcile::Retry;
use known::{Known, Reaction};
use work::{Outcome, Worker};

/// The reconciler of SealedSecrets.
pub(super) const RECONCILER: Reconciler = Reconciler { name: "sealed-secrets", start };

/// Objects in work at a time; most of them wait for the API server.
const AT_ONCE: usize = 32;
/// The pause after a Secret in the way is gone.
const AFTER_DELETION: Duration = Duration::from_secs(2);
/// The pause after which a wait without an end is looked at again.
const FOREVER: Duration = Duration::from_hours(24);

fn start(
    world: Arc<World>,
    ring: watch::Receiver<Arc<Ring>>,
    end: watch::Receiver<bool>,
) -> BoxFuture<'static, Result<(), String>> {
    Box::pin(async move {
        Driver::new(world, ring).map_err(|error| error.to_string())?.run(end).await;
        Ok(())
    })
}

struct Driver {
    world: Arc<World>,
    worker: Arc<Worker>,
    ring: watch::Receiver<Arc<Ring>>,
    known: Known,
    queue: Queue<Key>,
    /// Large objects that were taken and wait for the one that is in work.
    aside: VecDeque<Key>,
    large: Option<Key>,
    running: JoinSet<(Key, Outcome)>,
    keys: HashMap<Id, Key>,
    secrets: Changes<PartialObjectMeta<Secret>>,
}

impl Driver {
    fn new(world: Arc<World>, ring: watch::Receiver<Arc<Ring>>) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let worker = Worker {
            world: Arc::clone(&world),
            ring: ring.clone(),
            cores: Semaphore::new(cores),
            patient: worker::Worker::start("large objects")?,
        };
        Ok(Self {
            known: Known::new(&world.settings, world.metrics.conditions.clone()),
            worker: Arc::new(worker),
            world,
            ring,
            queue: Queue::new(),
            aside: VecDeque::new(),
            large: None,
            running: JoinSet::new(),
            keys: HashMap::new(),
            secrets: stream::pending().boxed(),
        })
    }

    async fn run(mut self, mut end: watch::Receiver<bool>) {
        let settings = &self.world.settings;
        let client = self.world.cluster.client();
        let mut sealed = watches::sealed_secrets(&client, &settings.namespaces, &settings.label_selector);
        loop {
            self.begin();
            let due = self.queue.next_due().unwrap_or_else(|| Instant::now() + FOREVER);
            tokio::select! {
                Some(change) = sealed.next() => self.sealed_changed(change),
                Some(change) = self.secrets.next() => self.secret_changed(change),
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Ok(()) = self.ring.changed() => self.ring_changed(),
                () = sleep_until(due) => {}
                _ = end.wait_for(|is_over| *is_over) => break,
            }
        }
        // What is begun is finished; the rest is found again at the next start.
        while self.running.join_next().await.is_some() {}
    }

    /// Hands out work, once everything is known and there is a key.
    fn begin(&mut self) {
        if !self.known.is_complete() || self.ring.borrow().keys.keys().is_empty() {
            return;
        }
        while self.running.len() < AT_ONCE
            && let Some(key) = self.next()
        {
            let order = self.known.order(&key);
            let worker = Arc::clone(&self.worker);
            let of = key.clone();
            let task = self.running.spawn(async move {
                let outcome = worker.reconcile(&of, order).await;
                (of, outcome)
            });
            self.keys.insert(task.id(), key);
        }
    }

    /// The next piece of work. Of large objects one is in work at a time, so
    /// that all of them together hold up nobody.
    fn next(&mut self) -> Option<Key> {
        if self.large.is_none() {
            self.large = self.aside.pop_front();
            if self.large.is_some() {
                return self.large.clone();
            }
        }
        let keys = self.ring.borrow().keys.keys().len();
        while let Some(key) = self.queue.take(Instant::now()) {
            if !self.known.is_large(&key, keys) {
                return Some(key);
            }
            if self.large.is_none() {
                self.large = Some(key.clone());
                return Some(key);
            }
            self.aside.push_back(key);
        }
        None
    }

    fn sealed_changed(&mut self, change: Change<DynamicObject>) {
        let had_all = self.known.has_all_sealed();
        let reactions = self.known.sealed_changed(change);
        self.react(reactions);
        if !had_all && self.known.has_all_sealed() {
            let settings = &self.world.settings;
            if settings.watches_secrets {
                // They come after, so that each is compared as it passes by.
                self.secrets = watches::secrets(&self.world.cluster.client(), &settings.namespaces, "");
            } else {
                self.completed();
            }
        }
    }

    fn secret_changed(&mut self, change: Change<PartialObjectMeta<Secret>>) {
        let was_complete = self.known.is_complete();
        let reactions = self.known.secret_changed(change);
        self.react(reactions);
        if !was_complete && self.known.is_complete() {
            self.completed();
        }
    }

    /// All objects are known: those that need it are looked at.
    fn completed(&mut self) {
        let unsettled = self.known.settle();
        tracing::info!(objects = self.known.len(), unsettled = unsettled.len(), "All objects are known");
        for key in unsettled {
            self.queue.add(key, Urgency::Backlog);
        }
        self.world.health.synced();
    }

    fn react(&mut self, reactions: Vec<Reaction>) {
        for reaction in reactions {
            match reaction {
                Reaction::Now(key) => self.queue.add(key, Urgency::Fresh),
                Reaction::Backlog(key) => self.queue.add(key, Urgency::Backlog),
                Reaction::Soon(key) => self.queue.add_at(key, Instant::now() + AFTER_DELETION),
            }
        }
    }

    /// Another set of keys may open what did not open.
    fn ring_changed(&mut self) {
        for key in self.known.sealed_for_others() {
            self.queue.add(key, Urgency::Backlog);
        }
    }

    fn ended(&mut self, ended: Result<(Id, (Key, Outcome)), JoinError>) {
        let (key, outcome) = match ended {
            Ok((id, (key, outcome))) => {
                self.keys.remove(&id);
                (key, outcome)
            }
            Err(error) => {
                let Some(key) = self.keys.remove(&error.id()) else { return };
                tracing::error!(key = key.to_string(), "The work on this object panicked, will retry");
                (key, Outcome::panicked())
            }
        };
        self.large.take_if(|large| *large == key);
        let retry = outcome.retry;
        let failures = self.known.ended(&key, outcome);
        let again = match retry {
            Retry::Never => None,
            Retry::Soon => Some(pause(failures, self.world.settings.quick_retries)),
            Retry::Later => Some(long_pause(failures)),
        };
        self.queue.done(&key, again, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::atomic::AtomicI64;

    use kube::runtime::watcher::Event;
    use serde_json::json;

    use crate::testing::{Api, SetClock};

    #[tokio::test]
    async fn r_14_one_large_object_is_in_work_at_a_time_and_the_others_wait_aside() {
        let world = Api::default().plain_world(&Arc::new(SetClock(AtomicI64::new(0))));
        let mut driver = Driver::new(world, watch::channel(Arc::default()).1).unwrap();
        let key = |name: &str| Key { namespace: "x".into(), name: name.into() };
        let item = |number: usize| (format!("i{number}"), json!("AAAA"));
        for (name, items, templates) in [("a", 101, 0), ("b", 60, 41), ("c", 0, 101), ("d", 60, 40)] {
            let object = json!({
                "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
                "metadata": {"namespace": "x", "name": name, "uid": name, "generation": 1},
                "spec": {
                    "encryptedData": (0..items).map(item).collect::<serde_json::Map<_, _>>(),
                    "template": {"data": (0..templates).map(item).collect::<serde_json::Map<_, _>>()},
                },
            });
            driver.known.sealed_changed((0, Event::Apply(serde_json::from_value(object).unwrap())));
            driver.queue.add(key(name), Urgency::Fresh);
        }
        let end = |driver: &mut Driver, name: &str| {
            let id = driver.running.spawn(std::future::pending()).id();
            let outcome = Outcome { retry: Retry::Never, failed: None, said: None, gone: None };
            driver.ended(Ok((id, (key(name), outcome))));
        };
        assert_eq!([driver.next(), driver.next(), driver.next()], [Some(key("a")), Some(key("d")), None]);
        // What changes while it waits aside is not taken twice.
        driver.queue.add(key("b"), Urgency::Fresh);
        assert_eq!(driver.next(), None);
        end(&mut driver, "d");
        assert_eq!(driver.next(), None, "a small one makes no room for a large one");
        end(&mut driver, "a");
        assert_eq!([driver.next(), driver.next()], [Some(key("b")), None]);
        end(&mut driver, "b");
        assert_eq!(driver.next(), Some(key("c")));
    }
}
