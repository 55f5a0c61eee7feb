//! SealedSecrets to Secrets: watches, a queue, and as much work at once as
//! there are cores for its cryptography.

mod known;
mod reports;
mod work;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Duration, Instant, sleep_until};

use super::Reconciler;
use crate::World;
use crate::cluster::Key;
use crate::keys::Ring;
use crate::queue::{Queue, Urgency, long_pause, pause};
use crate::seen::{Sealed, Secret};
use crate::watch::{self as watches, Change, Changes};
use crate::worker;
use bulla_seal::reconcile::Retry;
use known::{Known, Reaction};
use reports::Reports;
use work::{Outcome, SHARE, Untold, Worker};

/// The reconciler of SealedSecrets.
pub(super) const RECONCILER: Reconciler = Reconciler { name: "sealed-secrets", start };

/// Objects in work at a time; most of them wait for the API server.
const AT_ONCE: usize = 32;
/// How many more where an overloaded API server puts requests off: those wait
/// for their time and hold up nobody, but what they hold takes memory.
const PUT_OFF: usize = 96;
/// How long nothing must have changed before a large object is begun.
const CALM: Duration = Duration::from_secs(1);
/// How long a large object waits aside for that.
const LONGEST_ASIDE: Duration = Duration::from_secs(30);
/// The pause after a Secret in the way is gone.
const AFTER_DELETION: Duration = Duration::from_secs(2);
/// Failures in a row after which an object comes after all that changed.
const OFTEN: u32 = 8;
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
    /// Large objects that were taken and wait, until when at most.
    aside: VecDeque<(Instant, Key)>,
    /// The large object that is in work.
    large: Option<Key>,
    /// When nothing will have changed for long enough to begin a large one.
    calm: Instant,
    /// Work on Secrets.
    running: JoinSet<(Key, Outcome)>,
    /// Reports that are being written.
    telling: JoinSet<(Key, Outcome)>,
    reports: Reports,
    /// How many requests the API server has put off.
    put_off: watch::Receiver<usize>,
    keys: HashMap<Id, Key>,
    secrets: Changes<Secret>,
}

impl Driver {
    fn new(world: Arc<World>, ring: watch::Receiver<Arc<Ring>>) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let worker = Worker {
            world: Arc::clone(&world),
            ring: ring.clone(),
            cores: Semaphore::new(cores),
            share: SHARE,
            patient: worker::Worker::start("large objects")?,
        };
        Ok(Self {
            known: Known::new(&world.settings, world.metrics.conditions.clone()),
            worker: Arc::new(worker),
            put_off: world.cluster.put_off(),
            world,
            ring,
            queue: Queue::new(),
            aside: VecDeque::new(),
            large: None,
            calm: Instant::now(),
            running: JoinSet::new(),
            telling: JoinSet::new(),
            reports: Reports::default(),
            keys: HashMap::new(),
            secrets: stream::pending().boxed(),
        })
    }

    async fn run(mut self, mut end: watch::Receiver<bool>) {
        let settings = &self.world.settings;
        let client = self.world.cluster.client();
        let mut sealed = watches::sealed_secrets(&client, &settings.namespaces, &settings.label_selector);
        loop {
            let due = self.begin(Instant::now()).unwrap_or_else(|| Instant::now() + FOREVER);
            tokio::select! {
                Some(change) = sealed.next() => self.sealed_changed(change),
                Some(change) = self.secrets.next() => self.secret_changed(change),
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Some(ended) = self.telling.join_next_with_id() => self.ended(ended),
                Ok(()) = self.ring.changed() => self.ring_changed(),
                Ok(()) = self.put_off.changed() => {}
                () = sleep_until(due) => {}
                _ = end.wait_for(|is_over| *is_over) => break,
            }
        }
        self.finish().await;
    }

    /// Hands out work, once everything is known and there is a key; gives back
    /// when there is more to do if nothing happens before. Secrets come first:
    /// what is told about one waits while others are made.
    fn begin(&mut self, now: Instant) -> Option<Instant> {
        let may_unseal = self.known.is_complete() && !self.ring.borrow().keys.keys().is_empty();
        let put_off = (*self.put_off.borrow()).min(PUT_OFF);
        while self.running.len() + self.telling.len() < AT_ONCE + put_off {
            if let Some((key, untold)) = self.reports.take_due(now) {
                self.tell(key, untold);
            } else if may_unseal && let Some(key) = self.next(now) {
                self.unseal(key);
            } else if self.running.len() <= put_off + usize::from(self.large.is_some())
                && let Some((key, untold)) = self.reports.take()
            {
                self.tell(key, untold);
            } else {
                let work = self.queue.next_due().into_iter().chain(self.large_due()).min();
                return work.filter(|_| may_unseal).into_iter().chain(self.reports.next_due()).min();
            }
        }
        // Something has to end first.
        None
    }

    fn unseal(&mut self, key: Key) {
        let (order, worker, of) = (self.known.order(&key), Arc::clone(&self.worker), key.clone());
        let task = self.running.spawn(async move {
            let outcome = worker.reconcile(&of, order).await;
            (of, outcome)
        });
        self.keys.insert(task.id(), key);
    }

    fn tell(&mut self, key: Key, untold: Untold) {
        let (worker, of) = (Arc::clone(&self.worker), key.clone());
        let task = self.telling.spawn(async move {
            let outcome = worker.tell(&of, untold).await;
            (of, outcome)
        });
        self.keys.insert(task.id(), key);
    }

    /// What is begun is finished and told; the rest is found again at the next
    /// start.
    async fn finish(mut self) {
        loop {
            while self.telling.len() < AT_ONCE
                && let Some((key, untold)) = self.reports.take()
            {
                self.tell(key, untold);
            }
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Some(ended) = self.telling.join_next_with_id() => self.ended(ended),
                else => break,
            }
        }
    }

    /// The next piece of work. Large objects wait until no other is to be begun
    /// and nothing changed for a while, for a limited time, and one of them is in
    /// work at a time: so they hardly hold up others, here or at the API server
    /// (`security.md` R-14).
    fn next(&mut self, now: Instant) -> Option<Key> {
        let is_late = self.next_large().is_some_and(|(latest, _)| *latest <= now);
        while !is_late && let Some(key) = self.queue.take(now) {
            if !self.known.is_large(&key) {
                return Some(key);
            }
            self.aside.push_back((now + LONGEST_ASIDE, key));
        }
        self.large_due().filter(|due| *due <= now)?;
        let (_, key) = self.aside.pop_front()?;
        self.queue.begun(&key);
        self.large = Some(key.clone());
        Some(key)
    }

    /// The large object that is next and until when it waits; none while another
    /// is in work.
    fn next_large(&self) -> Option<&(Instant, Key)> {
        self.aside.front().filter(|_| self.large.is_none())
    }

    /// When the next large object is to be begun, if no other is by then.
    fn large_due(&self) -> Option<Instant> {
        self.next_large().map(|(latest, _)| self.calm.min(*latest))
    }

    /// Takes an object that is no longer large from those aside; gives back
    /// whether it was there.
    fn take_from_aside(&mut self, key: &Key) -> bool {
        let before = self.aside.len();
        if !self.known.is_large(key) {
            self.aside.retain(|(_, waiting)| waiting != key);
        }
        self.aside.len() < before
    }

    fn sealed_changed(&mut self, change: Change<Sealed>) {
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

    fn secret_changed(&mut self, change: Change<Secret>) {
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
        let now = Instant::now();
        for reaction in reactions {
            self.calm = now + CALM;
            let (Reaction::Now(key) | Reaction::Backlog(key) | Reaction::Soon(key) | Reaction::Gone(key)) =
                &reaction;
            // What changed is not made to wait for a report that is old by now, nor
            // among the large ones if it is small by now; of what is gone nothing is
            // told.
            if self.reports.forget(key) || self.take_from_aside(key) {
                self.queue.forget(key);
            }
            match reaction {
                Reaction::Now(key) => self.queue.add(key, Urgency::Fresh),
                Reaction::Backlog(key) => self.queue.add(key, Urgency::Backlog),
                Reaction::Soon(key) => self.queue.add_at(key, now + AFTER_DELETION, Urgency::Fresh),
                Reaction::Gone(key) => {
                    self.world.metrics.gone();
                    self.queue.withdraw(&key);
                }
            }
        }
    }

    /// Another set of keys may open what did not open, or is being tried with the
    /// old one.
    fn ring_changed(&mut self) {
        let in_work = self.keys.values().filter(|key| self.known.has(key)).cloned();
        for key in self.known.sealed_for_others().into_iter().chain(in_work) {
            self.queue.add(key, Urgency::Backlog);
        }
    }

    fn ended(&mut self, ended: Result<(Id, (Key, Outcome)), JoinError>) {
        let (key, mut outcome) = match ended {
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
        if self.queue.is_wanted_again(&key) {
            // What it became is told with what it becomes next, and what it cost
            // says nothing about that.
            outcome.untold = None;
            outcome.is_large = false;
        }
        if let Some(untold) = outcome.untold {
            // The object stays in the same hands until that is written.
            self.reports.add(key, untold, Instant::now());
            return;
        }
        let (retry, is_large) = (outcome.retry, outcome.is_large);
        let failures = self.known.ended(&key, outcome);
        let again = failures.and_then(|failures| match retry {
            _ if is_large => Some((Duration::ZERO, Urgency::Fresh)),
            Retry::Never => None,
            Retry::Soon => {
                // What fails and fails holds up nobody's change.
                let urgency = if failures > OFTEN { Urgency::Backlog } else { Urgency::Fresh };
                Some((pause(failures, self.world.settings.quick_retries), urgency))
            }
            Retry::Later => Some((long_pause(failures), Urgency::Backlog)),
        });
        self.queue.done(&key, again, Instant::now());
    }
}

#[cfg(test)]
mod tests;
