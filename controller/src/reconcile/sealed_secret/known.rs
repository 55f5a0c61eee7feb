//! What is remembered of SealedSecrets and Secrets: no data, little metadata
//! (`security.md` T-09), and what a change of them calls for.

use std::collections::{HashMap, HashSet};

use bulla_seal::Scope;
use bulla_seal::reconcile::{Claim, Outside};

use super::work::{Failed, Order, Outcome, Said};
use crate::arguments::Settings;
use crate::cluster::Key;
use crate::metrics::Conditions;
use crate::seen::{Sealed, Secret};
use crate::watch::{Change, Event, key};

/// As how many failures the failure to delete counts, which nobody counts.
const SLOWLY: u32 = 8;

/// What a change calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// To look at an object when there is time.
    Backlog(Key),
    /// To look at an object at once.
    Now(Key),
    /// To look at it after a short pause.
    Soon(Key),
    /// To do nothing more about it.
    Gone(Key),
}

/// A SealedSecret.
struct Object {
    uid: Box<str>,
    generation: i64,
    scope: Scope,
    /// What it says about its Secret; only until everything is known.
    claim: Option<Claim>,
    /// Whether the Secret is as claimed.
    is_settled: bool,
    /// Whether work on it takes long.
    is_large: bool,
    failed: Option<Failed>,
    failures: u32,
    said: Option<Said>,
}

/// A Secret.
struct Trace {
    /// UID of its controller, or empty.
    owner: Box<str>,
    is_managed: bool,
}

/// What one watch has listed.
#[derive(Default)]
struct List {
    /// While it lists.
    seen: Option<HashSet<Key>>,
    is_done: bool,
    /// Whether it may not.
    is_refused: bool,
}

/// Everything that is known.
pub(super) struct Known {
    /// Per watch its namespace; none is one watch over all.
    namespaces: Vec<String>,
    watches_secrets: bool,
    keeps_gone: bool,
    objects: HashMap<Key, Object>,
    secrets: HashMap<Key, Trace>,
    sealed_lists: Vec<List>,
    secret_lists: Vec<List>,
    /// Whether the objects found at the start were judged.
    is_started: bool,
    /// UIDs of deleted objects whose Secret is to be deleted, too.
    gone: HashMap<Key, Box<str>>,
    /// Where the conditions of all objects are shown.
    conditions: Conditions,
}

impl Known {
    /// Nothing yet.
    pub(super) fn new(settings: &Settings, conditions: Conditions) -> Self {
        let lists = || (0..settings.namespaces.len().max(1)).map(|_| List::default()).collect();
        Self {
            namespaces: settings.namespaces.clone(),
            watches_secrets: settings.watches_secrets,
            keeps_gone: settings.old_gc_behavior,
            objects: HashMap::new(),
            secrets: HashMap::new(),
            sealed_lists: lists(),
            secret_lists: lists(),
            is_started: false,
            gone: HashMap::new(),
            conditions,
        }
    }

    /// The number of SealedSecrets.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is a SealedSecret of this name to look after.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.objects.contains_key(key)
    }

    /// Whether all SealedSecrets were listed once.
    pub(super) fn has_all_sealed(&self) -> bool {
        have_listed(&self.sealed_lists)
    }

    /// Whether everything was listed once.
    pub(super) fn is_complete(&self) -> bool {
        self.has_all_sealed() && (!self.watches_secrets || have_listed(&self.secret_lists))
    }

    /// Ends the start: gives back the objects whose Secret may not be as it
    /// should.
    pub(super) fn settle(&mut self) -> Vec<Key> {
        self.is_started = true;
        self.objects.values_mut().for_each(|object| object.claim = None);
        let unsettled = self.objects.iter().filter(|(_, object)| !object.is_settled);
        unsettled.map(|(key, _)| key.clone()).collect()
    }

    /// The objects that no key opened.
    pub(super) fn sealed_for_others(&self) -> Vec<Key> {
        let failed = self.objects.iter().filter(|(_, object)| object.failed == Some(Failed::Unseal));
        failed.map(|(key, _)| key.clone()).collect()
    }

    /// Whether work on an object takes long.
    pub(super) fn is_large(&self, key: &Key) -> bool {
        self.objects.get(key).is_some_and(|object| object.is_large)
    }

    /// What is known for work on an object.
    pub(super) fn order(&mut self, key: &Key) -> Order {
        let gone = self.gone.remove(key);
        Order {
            // There may be a newer one.
            gone: gone.filter(|_| !self.has(key)),
            is_absent: self.is_absent(key),
            is_large: self.is_large(key),
            said: self.objects.get(key).and_then(|object| object.said.clone()),
        }
    }

    /// Whether a watch that listed its namespace saw no Secret of this name.
    fn is_absent(&self, key: &Key) -> bool {
        let watch = self.namespaces.iter().position(|own| **own == *key.namespace).unwrap_or_default();
        self.watches_secrets && self.secret_lists[watch].is_done && !self.secrets.contains_key(key)
    }

    /// Takes in how work ended; gives back how many times in a row it failed, or
    /// nothing where the object is gone.
    pub(super) fn ended(&mut self, key: &Key, outcome: Outcome) -> Option<u32> {
        if let Some(uid) = outcome.gone {
            self.gone.insert(key.clone(), uid);
            return Some(SLOWLY);
        }
        let object = self.objects.get_mut(key)?;
        object.is_large |= outcome.is_large;
        object.failed = outcome.failed;
        object.said = outcome.said.or(object.said.take());
        object.failures = if outcome.failed.is_some() { object.failures.saturating_add(1) } else { 0 };
        Some(object.failures)
    }

    /// Takes in a change of a SealedSecret.
    pub(super) fn sealed_changed(&mut self, (watch, event): Change<Sealed>) -> Vec<Reaction> {
        match event {
            Event::Init => {
                self.sealed_lists[watch].seen = Some(HashSet::new());
                Vec::new()
            }
            Event::InitApply(object) => {
                let key = key(&object.metadata);
                self.sealed_lists[watch].seen.get_or_insert_default().insert(key.clone());
                self.sealed_seen(key, object).map(Reaction::Backlog).into_iter().collect()
            }
            Event::InitDone => {
                let vanished = vanished(&self.namespaces, watch, &mut self.sealed_lists, self.objects.keys());
                vanished.into_iter().filter_map(|key| self.sealed_gone(key)).collect()
            }
            Event::Apply(object) => {
                self.sealed_seen(key(&object.metadata), object).map(Reaction::Now).into_iter().collect()
            }
            Event::Delete(object) => {
                let key = key(&object.metadata);
                // News of the end of an older object of this name may be late.
                let is_it = self.objects.get(&key).is_some_and(|known| known.uid == object.uid);
                is_it.then(|| self.sealed_gone(key)).flatten().into_iter().collect()
            }
            Event::Refused => {
                self.sealed_lists[watch].is_refused = true;
                Vec::new()
            }
        }
    }

    /// Remembers a SealedSecret; gives back its key where it is to be looked
    /// at. Changes of status, labels and most annotations call for nothing
    /// (`sealed-secrets.md` 5.3).
    fn sealed_seen(&mut self, key: Key, object: Sealed) -> Option<Key> {
        self.conditions.seen(&key, &object);
        let Sealed { uid, generation, scope, claim, is_large, .. } = object;
        let mut old = self.objects.get_mut(&key);
        if let Some(old) = &mut old
            && (&old.uid, old.generation, old.scope) == (&uid, generation, scope)
        {
            // Its labels may have grown.
            old.is_large |= is_large;
            return None;
        }
        let claim = claim.filter(|_| !self.is_started && self.watches_secrets);
        // What was said about another object of this name says nothing.
        let said = old.filter(|old| old.uid == uid).and_then(|old| old.said.clone());
        let new = Object {
            uid,
            generation,
            scope,
            claim,
            is_settled: false,
            is_large,
            failed: None,
            failures: 0,
            said,
        };
        self.objects.insert(key.clone(), new);
        self.is_started.then_some(key)
    }

    fn sealed_gone(&mut self, key: Key) -> Option<Reaction> {
        self.conditions.gone(&key);
        let object = self.objects.remove(&key)?;
        if !self.keeps_gone {
            return Some(Reaction::Gone(key));
        }
        self.gone.insert(key.clone(), object.uid);
        Some(Reaction::Now(key))
    }

    /// Takes in a change of a Secret's metadata.
    pub(super) fn secret_changed(&mut self, (watch, event): Change<Secret>) -> Vec<Reaction> {
        match event {
            Event::Init => {
                self.secret_lists[watch].seen = Some(HashSet::new());
                Vec::new()
            }
            Event::InitApply(secret) => {
                let key = key(&secret.metadata);
                self.secret_lists[watch].seen.get_or_insert_default().insert(key.clone());
                self.secret_seen(key, &secret).into_iter().collect()
            }
            Event::InitDone => {
                let vanished = vanished(&self.namespaces, watch, &mut self.secret_lists, self.secrets.keys());
                vanished.iter().filter_map(|key| self.secret_gone(key)).collect()
            }
            Event::Apply(secret) => self.secret_seen(key(&secret.metadata), &secret).into_iter().collect(),
            Event::Delete(secret) => self.secret_gone(&key(&secret.metadata)).into_iter().collect(),
            Event::Refused => {
                self.secret_lists[watch].is_refused = true;
                Vec::new()
            }
        }
    }

    fn secret_seen(&mut self, key: Key, secret: &Secret) -> Option<Reaction> {
        let Outside { owner, is_managed, is_patched, .. } = &secret.outside;
        self.secrets.insert(key.clone(), Trace { owner: owner.clone(), is_managed: *is_managed });
        let object = self.objects.get_mut(&key)?;
        if let Some(claim) = &object.claim {
            object.is_settled = claim.holds(&secret.outside);
        }
        // Somebody opened a Secret to us that was in the way.
        let is_freed = object.failed == Some(Failed::Unmanaged) && (*is_managed || *is_patched);
        is_freed.then_some(Reaction::Now(key))
    }

    /// A Secret was deleted: one that was ours is made again, one that was in
    /// the way no longer is (`security.md` R-13).
    fn secret_gone(&mut self, key: &Key) -> Option<Reaction> {
        let trace = self.secrets.remove(key);
        let object = self.objects.get_mut(key)?;
        object.is_settled = false;
        if !self.is_started {
            return None;
        }
        // What was not known of may have been ours.
        if trace.is_none_or(|trace| trace.is_managed || trace.owner == object.uid) {
            return Some(Reaction::Now(key.clone()));
        }
        object.failed.is_some().then(|| Reaction::Soon(key.clone()))
    }
}

/// Whether watches have listed everything. One that is refused holds up no other:
/// what it sees once it has rights is new.
fn have_listed(lists: &[List]) -> bool {
    lists.iter().all(|list| list.is_done || list.is_refused) && lists.iter().any(|list| list.is_done)
}

/// Ends the list of a watch: what it covers and did not see was deleted.
fn vanished<'k>(
    namespaces: &[String],
    watch: usize,
    lists: &mut [List],
    known: impl Iterator<Item = &'k Key>,
) -> Vec<Key> {
    lists[watch].is_done = true;
    let seen = lists[watch].seen.take().unwrap_or_default();
    let is_covered = |key: &Key| namespaces.get(watch).is_none_or(|own| **own == *key.namespace);
    known.filter(|key| is_covered(key) && !seen.contains(*key)).cloned().collect()
}

#[cfg(test)]
mod tests;
