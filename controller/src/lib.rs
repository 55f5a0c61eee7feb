//! The controller: it unseals SealedSecrets in a cluster, under the original's
//! flags, environment and RBAC (`sealed-secrets.md` 5).
//!
//! A reconciler observes, lets a pure plan of a format crate decide, and
//! applies. What a plan needs comes as values: `keys::Ring` is an unchanging
//! set of keys, `bulla_core`'s seams give time and randomness.

mod arguments;
mod cluster;
mod env;
mod http;
mod keys;
mod leader;
mod legible;
mod metrics;
mod patience;
mod queue;
mod reconcile;
mod seen;
mod telemetry;
#[cfg(test)]
mod testing;
mod watch;
mod worker;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::{Clock, Environment, Random, Timestamp};
use bulla_crypto::SystemRandom;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::http::Health;
use arguments::{Asked, Settings};
use cluster::Cluster;
use metrics::Metrics;

/// How long work and answers in progress may take after the order to end.
const GRACE: Duration = Duration::from_secs(15);
/// How long it may take to give the lease back after that.
const FAREWELL: Duration = Duration::from_secs(3);

/// Where and with what everything happens.
pub(crate) struct World {
    settings: Settings,
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// Tells the time of the system.
struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the seam that hands the time to everybody else")]
    fn now(&self) -> Timestamp {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        elapsed.map_or(0, |elapsed| elapsed.as_secs() as Timestamp)
    }
}

/// Runs the program and returns its exit code: 0 after an order to end, 2
/// where it cannot start, as the original. `arguments` start with the name
/// that it was called by.
pub fn main(arguments: Vec<OsString>) -> u8 {
    harden();
    let environment = env::snapshot();
    let settings = match arguments::read(arguments, &environment) {
        Ok(Asked::Run(settings)) => *settings,
        Ok(Asked::Show(text)) => return telemetry::show(&text),
        Err(error) => return telemetry::refuse(&error),
    };
    let clock = Arc::new(SystemClock);
    telemetry::start(settings.log, Arc::clone(&clock) as _);
    tracing::info!(version = arguments::VERSION, "Starting sealed-secrets controller");
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let outcome = runtime.block_on(run(settings, &environment, clock));
    // What still computes has written nothing and is not waited for.
    runtime.shutdown_background();
    outcome.map_or_else(|error| fail(&error), |()| 0)
}

fn fail(error: &str) -> u8 {
    tracing::error!(error, "The controller cannot go on");
    2
}

async fn run(settings: Settings, environment: &Environment, clock: Arc<SystemClock>) -> Result<(), String> {
    let cluster = Cluster::connect(environment).await?;
    let metrics = Metrics::new(clock.now()).map_err(|error| error.to_string())?;
    let world = Arc::new(World {
        settings,
        cluster,
        clock,
        random: Arc::new(SystemRandom),
        health: Arc::default(),
        metrics: Arc::new(metrics),
    });
    let (end, ended) = tokio::sync::watch::channel(false);
    let (leave, left) = tokio::sync::watch::channel(false);
    let (candidate, mut leads) = leader::Candidate::new(Arc::clone(&world));
    let (keeper, ring) = keys::Keeper::new(Arc::clone(&world), leads.clone());
    let (mut parts, mut work) = (JoinSet::new(), JoinSet::new());
    parts.spawn(crate::http::serve(Arc::clone(&world), ring.clone(), ended.clone()));
    parts.spawn(metrics::serve(Arc::clone(&world), ended.clone()));
    let mut keeper = tokio::spawn(keeper.run());
    let mut election = tokio::spawn(candidate.run(left));
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            Some(ended) = parts.join_next() => return Err(reason(ended)),
            Some(ended) = work.join_next() => return Err(reason(ended)),
            ended = &mut keeper => return Err(reason(ended)),
            ended = &mut election => return Err(reason(ended)),
            Ok(_) = leads.wait_for(|leads| *leads), if work.is_empty() => {}
        }
        for reconciler in &world.settings.reconcilers {
            work.spawn((reconciler.start)(Arc::clone(&world), ring.clone(), ended.clone()));
        }
    }
    tracing::info!("Ending");
    end.send_replace(true);
    let rest = async {
        while work.join_next().await.is_some() {}
        while parts.join_next().await.is_some() {}
    };
    let _ = tokio::time::timeout(GRACE, rest).await;
    leave.send_replace(true);
    let _ = tokio::time::timeout(FAREWELL, election).await;
    Ok(())
}

/// Why a part ended that never should.
fn reason(ended: Result<Result<(), String>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "a part ended without being told to".to_owned(),
        Ok(Err(error)) => error,
        Err(_) => "a part panicked".to_owned(),
    }
}

/// Keeps keys and secrets out of core dumps (`security.md` C-14).
fn harden() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit};
        let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let limit = rustix::process::getrlimit(Resource::Core);
        let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
    }
}
