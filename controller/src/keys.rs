//! The sealing keys of the cluster: observed, made, renewed
//! (`sealed-secrets.md` 5.2, `security.md` ).

use std::collections::BTreeSet;
use std::sync::Arc;

use bulla_api::Secret;
use bulla_seal::reconcile::{ACTIVE, KEY_LABEL};
use bulla_seal::{KeyRing, KeySecret, key_name, newest_first, next_start};
use futures_util::StreamExt;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, interval_at, sleep_until};

use crate::World;
use crate::cluster::{ApiError, Key};
use crate::reconcile::event;
use crate::watch::{self as watches, Event};

/// How long to wait where keys could not be read or made.
const PAUSE: Duration = Duration::from_secs(2);
/// How far that pause grows while it fails again and again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often the Secret is asked for that no watch sees.
const LOOK: Duration = Duration::from_secs(30);
/// How many names are tried for a new key.
const NAMES: usize = 8;
/// Seconds of an hour.
const HOUR: i64 = 3600;
/// A day; longer waits are made of several.
const DAY: i64 = 86_400;

/// An unchanging set of keys; a new one replaces it as a whole
/// (`security.md` S-10).
#[derive(Default)]
pub(crate) struct Ring {
    /// The private keys.
    pub(crate) keys: KeyRing,
    newest: Option<Newest>,
}

#[cfg(test)]
impl Ring {
    /// A ring of these keys.
    pub(crate) fn of(keys: KeyRing) -> Self {
        Self { keys, newest: None }
    }
}

struct Newest {
    time: i64,
    fingerprint: String,
}

/// Who keeps the ring.
pub(crate) struct Keeper {
    world: Arc<World>,
    ring: watch::Sender<Arc<Ring>>,
    /// Whether this replica makes keys.
    leads: watch::Receiver<bool>,
    /// Whether it has looked for keys as the leader.
    is_started: bool,
    /// Whether somebody asked for a key; a failed attempt does not forget it.
    is_asked: bool,
    /// Names of the keys of the ring.
    names: BTreeSet<String>,
    /// Names of key Secrets that were spoken of.
    known: BTreeSet<String>,
    /// The version of the key without a label that was read last.
    unlabeled: Option<String>,
    /// When a key that lies ahead will be sealed with.
    next_start: Option<i64>,
    /// Versions of malformed ones that were told of in the cluster.
    told: BTreeSet<String>,
}

impl Keeper {
    /// A keeper, and where its rings appear.
    pub(crate) fn new(world: Arc<World>, leads: watch::Receiver<bool>) -> (Self, watch::Receiver<Arc<Ring>>) {
        let (ring, receiver) = watch::channel(Arc::default());
        let [names, known, told] = [(); 3].map(|()| BTreeSet::new());
        let (unlabeled, next_start) = (None, None);
        let (is_started, is_asked) = (false, false);
        (
            Self { world, ring, leads, is_started, is_asked, names, known, unlabeled, next_start, told },
            receiver,
        )
    }

    /// Keeps the ring until the process ends.
    pub(crate) async fn run(mut self) -> Result<(), String> {
        tracing::info!("Searching for existing private keys");
        let settings = &self.world.settings;
        let label = format!("{KEY_LABEL}={ACTIVE}");
        let namespace = [settings.namespace.clone()];
        let mut changes = watches::secrets(&self.world.cluster.client(), &namespace, &label);
        let mut renew = signal(SignalKind::user_defined1()).map_err(|error| error.to_string())?;
        let (mut due, mut pause) = (Instant::now(), PAUSE);
        let mut looks = interval_at(due + LOOK, LOOK);
        loop {
            tokio::select! {
                Some((_, change)) = changes.next() => match change {
                    Event::Init | Event::InitApply(_) | Event::Refused => continue,
                    Event::InitDone | Event::Apply(_) | Event::Delete(_) => {}
                },
                Some(()) = renew.recv() => self.is_asked = true,
                Ok(()) = self.leads.changed() => {}
                _ = looks.tick() => if !self.is_outdated().await { continue },
                () = sleep_until(due) => {}
            }
            match self.step().await {
                Ok(wait) => (due, pause) = (Instant::now() + wait, PAUSE),
                Err(error) => {
                    tracing::error!(error = error.to_string(), "Failed to read or make keys, will retry");
                    due = Instant::now() + pause;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }

    /// Reads the keys, makes one if it is time or somebody asks, and says how
    /// long to wait.
    async fn step(&mut self) -> Result<Duration, ApiError> {
        // Without having read the keys none is made, nor by a replica that
        // does not lead.
        self.load().await?;
        let renewal = self.world.settings.renewal;
        let newest = self.ring.borrow().newest.as_ref().map(|newest| newest.time);
        let now = self.world.clock.now();
        let is_time = if self.is_started {
            newest.is_some_and(|newest| renewal.next(newest, now) == Some(0))
        } else {
            renewal.is_due_at_start(newest)
        };
        let is_due = *self.leads.borrow() && (self.is_asked || is_time);
        if is_due {
            self.make().await?;
        } else if self.is_asked {
            tracing::warn!("Another replica leads and makes the keys; no key is made here");
        }
        self.is_asked = false;
        self.is_started = *self.leads.borrow();
        let newest = self.ring.borrow().newest.as_ref().map_or(now, |newest| newest.time);
        let now = self.world.clock.now();
        let start = self.next_start.map(|start| start.saturating_sub(now));
        let wait = renewal.next(newest, now).into_iter().chain(start).min().unwrap_or(DAY).clamp(1, DAY);
        Ok(Duration::from_secs(wait as u64))
    }

    /// Whether the key without a label is another than when the keys were read.
    async fn is_outdated(&self) -> bool {
        let found = self.find_unlabeled().await;
        found.is_ok_and(|found| version(found.as_ref()) != self.unlabeled)
    }

    /// Up to release 0.8 the only key was named as the prefix and had no label.
    async fn find_unlabeled(&self) -> Result<Option<Secret>, ApiError> {
        let settings = &self.world.settings;
        let key =
            Key { namespace: settings.namespace.as_str().into(), name: settings.key_prefix.as_str().into() };
        let found = self.world.cluster.secret(&key).await?;
        Ok(found.filter(|secret| !secret.metadata.labels.contains_key(KEY_LABEL)))
    }

    /// Reads all keys anew and puts a ring of them in place.
    async fn load(&mut self) -> Result<(), ApiError> {
        let world = Arc::clone(&self.world);
        let settings = &world.settings;
        let (cluster, namespace) = (&world.cluster, settings.namespace.as_str());
        let mut secrets = cluster.labeled_secrets(namespace, &format!("{KEY_LABEL}={ACTIVE}")).await?;
        let unlabeled = self.find_unlabeled().await?;
        self.unlabeled = version(unlabeled.as_ref());
        secrets.extend(unlabeled);
        let mut keys = Vec::new();
        for secret in &secrets {
            match KeySecret::read(secret) {
                Ok(key) => keys.push(key),
                Err(error) => self.refuse(secret, &error.to_string()).await,
            }
        }
        let now = self.world.clock.now();
        newest_first(&mut keys, settings.key_order, now);
        self.next_start = next_start(&keys, now);
        self.names = keys.iter().map(|key| key.name.clone()).collect();
        for key in &keys {
            if self.known.insert(key.name.clone()) {
                tracing::info!(secretname = key.name, "registered private key");
            }
        }
        let newest = keys.first().map(|key| Newest {
            time: key.time(settings.key_order),
            fingerprint: key.key.public().fingerprint().to_owned(),
        });
        // Only what was read back from the cluster is served.
        self.world.metrics.keys_read(keys.len(), newest.as_ref().map(|newest| newest.time));
        self.world.health.certified(keys.first().map(|key| key.certificate.to_pem().into_bytes()));
        let ring = Ring { keys: KeyRing::new(keys.into_iter().map(|key| key.key)), newest };
        self.ring.send_if_modified(|old| {
            let is_other = fingerprints(old) != fingerprints(&ring);
            *old = Arc::new(ring);
            is_other
        });
        Ok(())
    }

    /// Tells once about a Secret that holds no usable key (S-08): in the log,
    /// and, as the leader, in the cluster.
    async fn refuse(&mut self, secret: &Secret, error: &str) {
        let metadata = &secret.metadata;
        let version = format!("{} {}", metadata.name, metadata.server.resource_version);
        if self.known.insert(version.clone()) {
            self.world.metrics.key_rejected();
            tracing::error!(secret = metadata.name, error, "Error reading key");
        }
        if !*self.leads.borrow() || !self.told.insert(version) {
            return;
        }
        let about = json!({
            "apiVersion": "v1", "kind": "Secret", "namespace": metadata.namespace,
            "name": metadata.name, "uid": metadata.server.uid,
        });
        event::publish(&self.world, &about, true, "ErrKeyRejected", error).await;
    }

    /// Makes a key and waits until it is in the ring.
    async fn make(&mut self) -> Result<(), ApiError> {
        let newest = |keeper: &Self| {
            let ring = keeper.ring.borrow();
            ring.newest.as_ref().map(|newest| newest.fingerprint.clone())
        };
        // The name is another than that of a key that was lost, which may come
        // back from a backup: none that was spoken of, and after a restart, when
        // that is forgotten, the age of the newest key makes it another an hour
        // later.
        let (before, known) = (newest(self), self.known.clone());
        let now = self.world.clock.now();
        let after = if let Some(fingerprint) = &before {
            let time = self.ring.borrow().newest.as_ref().map_or(now, |newest| newest.time);
            format!("{fingerprint} hour {}", now.saturating_sub(time) / HOUR)
        } else {
            let is_lost = self.warn_of_loss().await;
            format!("minute {} {is_lost}", now / 60)
        };
        let mut secret = self.generate().await?;
        // That took its time: of those that started at once all but the fastest
        // find its key here, and the others meet at one name, unless a minute
        // (an hour of the newest key's age) ends between them. Then there are two
        // keys, which does no harm; so it is where a first attempt without an
        // answer succeeds after a second.
        self.load().await?;
        if newest(self) != before {
            return Ok(());
        }
        let cluster = self.world.cluster.uid().await;
        let world = Arc::clone(&self.world);
        let names = (0..).map(|attempt| key_name(&world.settings.key_prefix, &cluster, &after, attempt));
        for name in names.filter(|name| !known.contains(name)).take(NAMES) {
            secret.metadata.name.clone_from(&name);
            match self.world.cluster.create_secret(&secret).await {
                Ok(()) => {
                    Self::announce(&secret);
                    return self.load().await;
                }
                Err(error) if error.is_conflict() => {
                    // Somebody was faster: their key is as good as ours.
                    self.load().await?;
                    // Of keys of the same second the older one stays the newest.
                    if self.names.contains(&name) || newest(self) != before {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(ApiError::silent("all names for a new key are taken".to_owned()))
    }

    /// Makes a key beside everything else.
    async fn generate(&self) -> Result<Secret, ApiError> {
        let world = Arc::clone(&self.world);
        let made = tokio::task::spawn_blocking(move || {
            let settings = &world.settings;
            settings.new_key.generate(&settings.namespace, "", world.clock.now(), &*world.random)
        });
        match made.await {
            Ok(Ok(secret)) => Ok(secret),
            Ok(Err(error)) => Err(ApiError::silent(format!("the key could not be made: {error}"))),
            Err(_) => Err(ApiError::silent("the key could not be made".to_owned())),
        }
    }

    /// People copy the certificate from the log.
    fn announce(secret: &Secret) {
        let metadata = &secret.metadata;
        tracing::info!(namespace = metadata.namespace, name = metadata.name, "New key written");
        let certificate = secret.data.get("tls.crt").map(|pem| String::from_utf8_lossy(pem.expose()));
        tracing::info!(certificate = certificate.as_deref().unwrap_or_default(), "Certificate generated");
    }

    /// Objects that were unsealed once, and no key: the keys were lost.
    async fn warn_of_loss(&self) -> bool {
        let settings = &self.world.settings;
        let all = [String::new()];
        let namespaces = if settings.namespaces.is_empty() { &all[..] } else { &settings.namespaces };
        for namespace in namespaces {
            if self.world.cluster.has_synced(namespace).await.unwrap_or(false) {
                let message = "there is no sealing key, but there are SealedSecrets that were unsealed with one: restore the keys from a backup; what is sealed with a lost key cannot be unsealed";
                self.world.metrics.keys_lost();
                tracing::error!("{message}");
                let about = json!({"apiVersion": "v1", "kind": "Namespace", "name": settings.namespace, "namespace": settings.namespace});
                event::publish(&self.world, &about, true, "KeysLost", message).await;
                return true;
            }
        }
        false
    }
}

fn version(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.metadata.server.resource_version.clone())
}

fn fingerprints(ring: &Ring) -> Vec<&str> {
    ring.keys.keys().iter().map(|key| key.public().fingerprint()).collect()
}

#[cfg(test)]
mod tests;
