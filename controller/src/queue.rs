//! The work queue: each object at most once at a time, those that changed
//! before those that were found at the start, failures after a pause.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use tokio::time::{Duration, Instant};

/// How urgent work is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Found by listing.
    Backlog,
    /// Changed just now.
    Fresh,
}

/// Where an object stands.
enum Place {
    Ready(Urgency),
    Waiting((Instant, u64)),
    /// In somebody's hands; true where it must be done again.
    Taken(bool),
}

/// Work that is to be done.
pub(crate) struct Queue<K> {
    fresh: VecDeque<K>,
    backlog: VecDeque<K>,
    waiting: BTreeMap<(Instant, u64), (K, Urgency)>,
    places: HashMap<K, Place>,
    count: u64,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    pub(crate) fn new() -> Self {
        Self {
            fresh: VecDeque::new(),
            backlog: VecDeque::new(),
            waiting: BTreeMap::new(),
            places: HashMap::new(),
            count: 0,
        }
    }

    /// Adds work to be done now; a pause is over.
    pub(crate) fn add(&mut self, key: K, urgency: Urgency) {
        match self.places.get_mut(&key) {
            Some(Place::Ready(before)) if *before >= urgency => return,
            // It changed while it waited its turn: where it stood it is passed over.
            Some(Place::Ready(_)) => {}
            Some(Place::Taken(again)) => {
                *again = true;
                return;
            }
            Some(Place::Waiting(slot)) => {
                let slot = *slot;
                self.waiting.remove(&slot);
            }
            None => {}
        }
        self.places.insert(key.clone(), Place::Ready(urgency));
        match urgency {
            Urgency::Backlog => self.backlog.push_back(key),
            Urgency::Fresh => self.fresh.push_back(key),
        }
    }

    /// Adds work to be done at a time, unless it comes sooner anyway, and then as
    /// urgent as said.
    pub(crate) fn add_at(&mut self, key: K, due: Instant, urgency: Urgency) {
        match self.places.get(&key) {
            // Of what is taken, what is found out meanwhile says what comes next.
            Some(Place::Ready(_) | Place::Taken(_)) => return,
            Some(Place::Waiting(slot)) if slot.0 <= due => return,
            Some(Place::Waiting(slot)) => {
                let slot = *slot;
                self.waiting.remove(&slot);
            }
            None => {}
        }
        self.count += 1;
        let slot = (due, self.count);
        self.places.insert(key.clone(), Place::Waiting(slot));
        self.waiting.insert(slot, (key, urgency));
    }

    /// Takes the next piece of work, if one is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<K> {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
            let (key, urgency) = entry.remove();
            self.places.remove(&key);
            self.add(key, urgency);
        }
        let places = &self.places;
        let is = |key: &K, of: Urgency| matches!(places.get(key), Some(Place::Ready(ready)) if *ready == of);
        let mut fresh = std::iter::from_fn(|| self.fresh.pop_front());
        let mut backlog = std::iter::from_fn(|| self.backlog.pop_front());
        let key = fresh.find(|key| is(key, Urgency::Fresh));
        let key = key.or_else(|| backlog.find(|key| is(key, Urgency::Backlog)))?;
        self.places.insert(key.clone(), Place::Taken(false));
        Some(key)
    }

    /// Work on what was taken begins: it sees all that changed until now.
    pub(crate) fn begun(&mut self, key: &K) {
        self.places.insert(key.clone(), Place::Taken(false));
    }

    /// Forgets what was taken, and that it was to be done again.
    pub(crate) fn forget(&mut self, key: &K) {
        self.places.remove(key);
    }

    /// There is nothing more to do about it; where it is taken, nothing after that.
    pub(crate) fn withdraw(&mut self, key: &K) {
        match self.places.get_mut(key) {
            Some(Place::Taken(again)) => *again = false,
            Some(Place::Waiting(slot)) => {
                self.waiting.remove(slot);
                self.places.remove(key);
            }
            // Where it stood it is passed over.
            Some(Place::Ready(_)) => drop(self.places.remove(key)),
            None => {}
        }
    }

    /// Gives back what was taken, to be done again after a pause if one is
    /// given, and then as urgent as said.
    pub(crate) fn done(&mut self, key: &K, again: Option<(Duration, Urgency)>, now: Instant) {
        match (self.places.remove(key), again) {
            (Some(Place::Taken(true)), _) => self.add(key.clone(), Urgency::Fresh),
            (_, Some((pause, urgency))) => self.add_at(key.clone(), now + pause, urgency),
            _ => {}
        }
    }

    /// Whether what was taken is to be done again.
    pub(crate) fn is_wanted_again(&self, key: &K) -> bool {
        matches!(self.places.get(key), Some(Place::Taken(true)))
    }

    /// When the next pause is over.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }
}

/// The pause before the attempt after `failures` failures: some quick ones,
/// then growing to half a minute, so that an API server that comes back finds
/// everybody soon (`security.md` R-10).
pub(crate) fn pause(failures: u32, quick: u32) -> Duration {
    const FIRST: u64 = 50;
    const SLOW: u64 = 2_000;
    const LONGEST: u64 = 25_000;
    let failures = failures.max(1) - 1;
    let millis = if failures < quick.min(6) {
        FIRST << failures
    } else {
        SLOW.saturating_mul(1 << (failures - quick.min(6)).min(10)).min(LONGEST)
    };
    Duration::from_millis(millis)
}

/// The pause before what only a change can help is tried again: it grows from
/// ten minutes to five hours, since trying many values with many keys is work.
pub(crate) fn long_pause(failures: u32) -> Duration {
    Duration::from_mins(10 << failures.saturating_sub(1).min(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut Queue<&'static str>, now: Instant) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.take(now)).collect()
    }

    #[test]
    fn r_14_what_failed_often_comes_after_what_changed() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        for (key, urgency) in [("failed", Urgency::Backlog), ("again", Urgency::Fresh)] {
            queue.add_at(key, now, urgency);
        }
        queue.add("found", Urgency::Backlog);
        queue.add("changed", Urgency::Fresh);
        assert_eq!(drain(&mut queue, now), ["changed", "again", "found", "failed"]);
    }

    #[test]
    fn fresh_work_comes_first_and_each_piece_once() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.add("a", Urgency::Backlog);
        queue.add("b", Urgency::Fresh);
        queue.add("b", Urgency::Backlog);
        assert_eq!(drain(&mut queue, now), ["b", "a"]);
        for key in ["c", "d", "e"] {
            queue.add(key, Urgency::Backlog);
        }
        queue.add("d", Urgency::Fresh);
        assert_eq!(drain(&mut queue, now), ["d", "c", "e"], "what changes comes first, and once");
        // While it is in somebody's hands it is not given to another.
        queue.add("a", Urgency::Fresh);
        queue.add_at("b", now, Urgency::Fresh);
        assert_eq!(drain(&mut queue, now), [""; 0]);
        queue.done(&"a", Some((Duration::from_secs(9), Urgency::Fresh)), now);
        queue.done(&"b", None, now);
        assert_eq!(drain(&mut queue, now), ["a"], "what changed meanwhile is not put off");
        for key in ["a", "c", "d", "e"] {
            queue.done(&key, None, now);
        }
        assert_eq!((drain(&mut queue, now).len(), queue.next_due()), (0, None));
        assert!(queue.places.is_empty(), "nothing is kept of what is done");
    }

    #[test]
    fn failures_wait_unless_something_changes() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        let later = |seconds| now + Duration::from_secs(seconds);
        for (key, pause) in [("a", 5), ("b", 3)] {
            queue.add(key, Urgency::Fresh);
            queue.take(now);
            queue.done(&key, Some((Duration::from_secs(pause), Urgency::Fresh)), now);
        }
        assert_eq!(queue.next_due(), Some(later(3)));
        assert_eq!(drain(&mut queue, later(2)), [""; 0]);
        assert_eq!(drain(&mut queue, later(4)), ["b"]);
        queue.add_at("a", later(9), Urgency::Fresh);
        assert_eq!(queue.next_due(), Some(later(5)), "the sooner time stays");
        queue.add_at("a", later(4), Urgency::Fresh);
        assert_eq!(queue.next_due(), Some(later(4)));
        queue.add("a", Urgency::Fresh);
        assert_eq!((drain(&mut queue, now), queue.next_due()), (vec!["a"], None));
    }

    #[test]
    fn what_is_withdrawn_is_not_done_unless_it_is_added_again() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.add("fresh", Urgency::Fresh);
        queue.add("backlog", Urgency::Backlog);
        queue.add("taken", Urgency::Fresh);
        queue.add_at("waits", now + Duration::from_secs(1), Urgency::Fresh);
        assert_eq!(queue.take(now), Some("fresh"));
        queue.done(&"fresh", None, now);
        queue.add("fresh", Urgency::Fresh);
        assert_eq!(queue.take(now), Some("taken"));
        queue.add("taken", Urgency::Fresh);
        for key in ["fresh", "backlog", "taken", "waits", "unknown"] {
            queue.withdraw(&key);
        }
        queue.done(&"taken", None, now);
        assert_eq!((drain(&mut queue, now), queue.next_due(), queue.places.len()), (vec![], None, 0));
        queue.add("fresh", Urgency::Fresh);
        queue.withdraw(&"fresh");
        queue.add("fresh", Urgency::Fresh);
        assert_eq!(drain(&mut queue, now), ["fresh"], "once");
    }

    #[test]
    fn r_12_attempts_never_end_and_come_within_half_a_minute() {
        let millis: Vec<u128> = (1..=12).map(|failures| pause(failures, 5).as_millis()).collect();
        assert_eq!(millis[..7], [50, 100, 200, 400, 800, 2000, 4000]);
        assert_eq!(millis[11], 25_000);
        assert_eq!(pause(u32::MAX, 0), Duration::from_secs(25));
        assert_eq!(pause(1, 0), Duration::from_secs(2));
        assert!((0..500).all(|failures| pause(failures, u32::MAX) < Duration::from_secs(30)));
        let minutes = [0, 1, 2, 6, u32::MAX].map(|failures| long_pause(failures).as_secs() / 60);
        assert_eq!(minutes, [10, 10, 20, 320, 320]);
    }
}
