//! One replica works at a time: leader election by a Lease, with the durations
//! and the record of client-go, so that its tools show it.
//!
//! Whoever leads may write until a moment that each renewal puts off
//! ([`Term`]). A leader that could not renew stops writing but lives on, and
//! goes on where nobody took its place; one that was replaced, or whose Lease is
//! gone, ends.

use std::sync::Arc;

use bulla_core::civil::rfc3339;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use crate::World;
use crate::arguments::Settings;
use crate::cluster::{ApiError, Key};

/// How the leader is found.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Whether there is an election at all.
    pub(crate) is_on: bool,
    /// The Lease's name, in the controller's namespace.
    pub(crate) lease: String,
    /// How long others wait after the last sign of life.
    pub(crate) lasts: Duration,
    /// How long after the last renewal the leader writes.
    pub(crate) deadline: Duration,
    /// The pause between attempts.
    pub(crate) retry: Duration,
}

/// Until when this process may write.
#[derive(Clone)]
pub(crate) struct Term(Arc<watch::Sender<Limit>>);

#[derive(Clone, Copy)]
enum Limit {
    /// Nobody was elected yet.
    Closed,
    /// There is no election.
    Open,
    Until(Instant),
}

impl Default for Term {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Limit::Closed)))
    }
}

impl Term {
    /// Whether this process may write now.
    pub(crate) fn holds(&self) -> bool {
        match *self.0.borrow() {
            Limit::Closed => false,
            Limit::Open => true,
            Limit::Until(end) => Instant::now() < end,
        }
    }

    /// Waits until this process may not write any more.
    pub(crate) async fn over(&self) {
        let mut limits = self.0.subscribe();
        while self.holds() {
            let limit = *limits.borrow_and_update();
            let ends = async {
                match limit {
                    Limit::Until(end) => sleep_until(end).await,
                    Limit::Closed | Limit::Open => std::future::pending().await,
                }
            };
            tokio::select! {
                () = ends => {}
                // The sender is ours, so it is there.
                _ = limits.changed() => {}
            }
        }
    }

    fn set(&self, limit: Limit) {
        self.0.send_replace(limit);
    }

    /// A term without an end.
    pub(crate) fn open(&self) {
        self.set(Limit::Open);
    }

    /// The end.
    pub(crate) fn close(&self) {
        self.set(Limit::Closed);
    }
}

/// Who stands for election.
pub(crate) struct Candidate {
    world: Arc<World>,
    identity: String,
    /// What the Lease says, and since when it says so.
    seen: (Value, Instant),
    leads: watch::Sender<bool>,
    /// The last trouble, which is told once.
    said: Option<String>,
}

/// What the Lease is to us.
#[derive(Debug, PartialEq)]
enum Claim {
    /// Free, or run out.
    Free,
    /// Ours.
    Ours,
    /// Another's, and in force.
    Theirs(String),
}

impl Candidate {
    /// A candidate, and where it is told whether it leads.
    pub(crate) fn new(world: Arc<World>) -> (Self, watch::Receiver<bool>) {
        let mut unique = [0; 8];
        // Without randomness host and time tell replicas apart.
        let _ = world.random.fill(&mut unique);
        let unique = u64::from_be_bytes(unique) ^ world.clock.now() as u64;
        let host = rustix::system::uname();
        let identity = format!("{}_{unique:016x}", host.nodename().to_string_lossy());
        let (leads, receiver) = watch::channel(false);
        (Self { world, identity, seen: (Value::Null, Instant::now()), leads, said: None }, receiver)
    }

    /// Stands for election until told to leave, then gives the Lease back; an
    /// error says who took it.
    pub(crate) async fn run(mut self, mut leave: watch::Receiver<bool>) -> Result<(), String> {
        let pause = self.world.settings.election.retry;
        let is_held = tokio::select! {
            is_held = self.elects() => is_held,
            _ = leave.wait_for(|leaves| *leaves) => return Ok(()),
        };
        if !is_held {
            self.world.cluster.term().open();
            self.leads.send_replace(true);
            let _ = leave.wait_for(|leaves| *leaves).await;
            return Ok(());
        }
        loop {
            match self.stand().await {
                Ok(()) => {}
                Err(Trouble::Replaced(by)) => {
                    return Err(format!("the lease is lost: {by} leads now"));
                }
                Err(Trouble::Api(error)) => {
                    self.complain("The lease could not be renewed, will retry", &error);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = leave.wait_for(|leaves| *leaves) => break,
            }
        }
        self.release().await;
        Ok(())
    }

    /// Whether there is to be an election, and we may take part. The
    /// original's rights know no Leases; they are asked for, so that no request
    /// is refused, and once: who works without an election cannot begin one
    /// without stopping first.
    async fn elects(&mut self) -> bool {
        let settings = &self.world.settings;
        if !settings.election.is_on {
            return false;
        }
        let key = lease_key(settings);
        'again: loop {
            for verb in ["get", "create", "update"] {
                match self.world.cluster.may_use_lease(&key, verb).await {
                    Ok(true) => {}
                    Ok(false) => {
                        tracing::warn!(
                            lease = key.to_string(),
                            "No right to use leases: running without leader election; run one replica only, or give the right to get, create and update leases and restart"
                        );
                        return false;
                    }
                    Err(error) => {
                        self.complain("The rights could not be asked for, will retry", &error);
                        tokio::time::sleep(self.world.settings.election.retry).await;
                        continue 'again;
                    }
                }
            }
            return true;
        }
    }

    /// Takes or renews the Lease, if it is to be had.
    async fn stand(&mut self) -> Result<(), Trouble> {
        let world = Arc::clone(&self.world);
        let (rules, key) = (&world.settings.election, lease_key(&world.settings));
        let led = *self.leads.borrow();
        let begun = Instant::now();
        let found = world.cluster.lease(&key).await?;
        let mut lease = found.unwrap_or_else(|| {
            let metadata = json!({"name": rules.lease, "namespace": world.settings.namespace});
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata})
        });
        match self.claim(&lease["spec"], Instant::now()) {
            Claim::Theirs(holder) if led => return Err(Trouble::Replaced(holder)),
            // Somebody led meanwhile and has left: what we know may be old.
            Claim::Free if led => return Err(Trouble::Replaced("nobody".to_owned())),
            Claim::Theirs(holder) => {
                if self.said.as_ref() != Some(&holder) {
                    tracing::info!(leader = holder, "Standing by");
                    self.said = Some(holder);
                }
                world.health.stands_by(true);
                return Ok(());
            }
            claim => self.sign(&mut lease["spec"], claim == Claim::Free),
        }
        world.cluster.put_lease(&key, &lease).await?;
        world.cluster.term().set(Limit::Until(begun + rules.deadline));
        self.said = None;
        if !led {
            tracing::info!(lease = key.to_string(), identity = self.identity, "Leading");
            world.health.stands_by(false);
            self.leads.send_replace(true);
        }
        Ok(())
    }

    /// Judges what a Lease says.
    fn claim(&mut self, spec: &Value, now: Instant) -> Claim {
        if self.seen.0 != *spec {
            self.seen = (spec.clone(), now);
        }
        let holder = spec["holderIdentity"].as_str().unwrap_or_default();
        if holder == self.identity {
            return Claim::Ours;
        }
        let own = self.world.settings.election.lasts;
        let lasts = spec["leaseDurationSeconds"].as_u64().map_or(own, Duration::from_secs);
        // Only our own clock counts: it ran since the last change that we saw.
        let is_over = now.duration_since(self.seen.1) >= lasts;
        if holder.is_empty() || is_over { Claim::Free } else { Claim::Theirs(holder.to_owned()) }
    }

    fn sign(&self, spec: &mut Value, is_new: bool) {
        let now = rfc3339(self.world.clock.now()).replace('Z', ".000000Z");
        if is_new {
            let before = spec["leaseTransitions"].as_i64();
            spec["leaseTransitions"] = before.map_or(0, |before| before.saturating_add(1)).into();
            spec["acquireTime"] = now.clone().into();
        }
        spec["holderIdentity"] = self.identity.clone().into();
        spec["leaseDurationSeconds"] = seconds(self.world.settings.election.lasts).into();
        spec["renewTime"] = now.into();
    }

    /// Gives the Lease back, so that the next one need not wait.
    async fn release(&mut self) {
        if !*self.leads.borrow() {
            return;
        }
        let world = Arc::clone(&self.world);
        let key = lease_key(&world.settings);
        world.cluster.term().close();
        let Ok(Some(mut lease)) = world.cluster.lease(&key).await else { return };
        if self.claim(&lease["spec"], Instant::now()) != Claim::Ours {
            return;
        }
        lease["spec"]["holderIdentity"] = "".into();
        lease["spec"]["leaseDurationSeconds"] = 1.into();
        match world.cluster.put_lease(&key, &lease).await {
            Ok(()) => tracing::info!(lease = key.to_string(), "The lease is released"),
            Err(error) => tracing::warn!(error = error.to_string(), "The lease could not be released"),
        }
    }

    /// Tells about trouble once, as long as it stays the same.
    fn complain(&mut self, message: &str, about: &dyn std::fmt::Display) {
        let about = about.to_string();
        if self.said.as_ref() != Some(&about) {
            tracing::warn!(reason = about, "{message}");
            self.said = Some(about);
        }
    }
}

/// Why the Lease is not ours.
enum Trouble {
    Api(ApiError),
    Replaced(String),
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

fn lease_key(settings: &Settings) -> Key {
    Key { namespace: settings.namespace.as_str().into(), name: settings.election.lease.as_str().into() }
}

/// Whole seconds, at least one, as a Lease holds them.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0 || duration.is_zero())
}

#[cfg(test)]
mod tests;
