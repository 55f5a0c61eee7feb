//! What is counted: the reference's metrics under its names
//! (`sealed-secrets.md` 7), and few of our own, which begin with
//! `bulla_controller_`. No label holds anything of a value.

mod conditions;
mod process;

use std::sync::Arc;
use std::time::Duration;

use bulla_core::Timestamp;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use prometheus::core::Desc;
use prometheus::proto::{Metric, MetricFamily, MetricType};
use prometheus::{
    Error, Gauge, Histogram, HistogramOpts, HistogramTimer, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, Opts, Registry, TextEncoder,
};
use tokio::sync::watch;

use crate::World;
use crate::arguments::VERSION;
use crate::http::listen::{Limits, Reply, Service};
use crate::http::{address, listen, refuse, text, typed};
pub(crate) use conditions::Conditions;
use process::Process;

fn family(desc: &Desc, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(desc.fq_name.clone());
    family.set_help(desc.help.clone());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

/// All metrics.
pub(crate) struct Metrics {
    registry: Registry,
    unseal_requests: IntCounter,
    unseal_errors: IntCounterVec,
    http_requests: IntCounterVec,
    http_durations: HistogramVec,
    reconcile_durations: Histogram,
    keys: IntGauge,
    newest_key: IntGauge,
    rejected_keys: IntCounter,
    lost_keys: IntCounter,
    /// What the conditions of all SealedSecrets say.
    pub(crate) conditions: Conditions,
}

impl Metrics {
    /// Nothing counted yet. `start` is when the process started.
    pub(crate) fn new(start: Timestamp) -> Result<Self, Error> {
        let revision = Opts::new(theirs("build_info"), "Build information.").const_label("revision", VERSION);
        let duration = HistogramOpts::new(
            theirs("http_request_duration_seconds"),
            "A histogram of latencies for requests.",
        );
        let reconcile = HistogramOpts::new(
            ours("reconcile_duration_seconds"),
            "How long work on one SealedSecret took, whatever came of it.",
        );
        let metrics = Self {
            registry: Registry::new(),
            unseal_requests: IntCounter::new(
                theirs("unseal_requests_total"),
                "Total number of sealed secret unseal requests",
            )?,
            unseal_errors: IntCounterVec::new(
                Opts::new(
                    theirs("unseal_errors_total"),
                    "Total number of sealed secret unseal errors by reason",
                ),
                &["reason", "namespace"],
            )?,
            http_requests: IntCounterVec::new(
                Opts::new(theirs("http_requests_total"), "A counter for requests to the wrapped handler."),
                &["path", "code", "method"],
            )?,
            http_durations: HistogramVec::new(duration, &["path", "method"])?,
            reconcile_durations: Histogram::with_opts(reconcile)?,
            keys: IntGauge::new(ours("sealing_keys"), "Sealing keys that are in use.")?,
            newest_key: IntGauge::new(
                ours("newest_sealing_key_timestamp_seconds"),
                "Since when the sealing key holds that new secrets are sealed with.",
            )?,
            rejected_keys: IntCounter::new(
                ours("rejected_key_secrets_total"),
                "Key Secrets in which there is no usable key.",
            )?,
            lost_keys: IntCounter::new(
                ours("lost_keys_total"),
                "How often a key was to be made although SealedSecrets had been unsealed with one that is gone.",
            )?,
            conditions: Conditions::new()?,
        };
        metrics.register(Gauge::with_opts(revision)?, Process::new(start)?)?;
        Ok(metrics)
    }

    fn register(&self, build: Gauge, process: Process) -> Result<(), Error> {
        let registry = &self.registry;
        registry.register(Box::new(build))?;
        registry.register(Box::new(process))?;
        registry.register(Box::new(self.unseal_requests.clone()))?;
        registry.register(Box::new(self.unseal_errors.clone()))?;
        registry.register(Box::new(self.http_requests.clone()))?;
        registry.register(Box::new(self.http_durations.clone()))?;
        registry.register(Box::new(self.reconcile_durations.clone()))?;
        registry.register(Box::new(self.keys.clone()))?;
        registry.register(Box::new(self.newest_key.clone()))?;
        registry.register(Box::new(self.rejected_keys.clone()))?;
        registry.register(Box::new(self.lost_keys.clone()))?;
        registry.register(Box::new(self.conditions.clone()))
    }

    /// Work on a SealedSecret begins; it ends when what is returned is dropped.
    pub(crate) fn reconciles(&self) -> HistogramTimer {
        self.unseal_requests.inc();
        self.reconcile_durations.start_timer()
    }

    /// A SealedSecret is gone, which calls for no work; the reference counts it with
    /// what does.
    pub(crate) fn gone(&self) {
        self.unseal_requests.inc();
    }

    /// Work failed; the namespace is empty where the object could not be read.
    pub(crate) fn failed(&self, reason: &str, namespace: &str) {
        self.unseal_errors.with_label_values(&[reason, namespace]).inc();
    }

    /// A request was answered. `path` is one of those that there are.
    pub(crate) fn requested(&self, path: &'static str, method: &Method, status: StatusCode, took: Duration) {
        let method = method_label(method);
        self.http_requests.with_label_values(&[path, status.as_str(), method]).inc();
        self.http_durations.with_label_values(&[path, method]).observe(took.as_secs_f64());
    }

    /// The keys were read: how many are usable, and how new the newest is.
    pub(crate) fn keys_read(&self, count: usize, newest: Option<Timestamp>) {
        self.keys.set(count as i64);
        self.newest_key.set(newest.unwrap_or_default());
    }

    /// A key Secret cannot be used.
    pub(crate) fn key_rejected(&self) {
        self.rejected_keys.inc();
    }

    /// The keys are gone although they had been there.
    pub(crate) fn keys_lost(&self) {
        self.lost_keys.inc();
    }

    /// Everything, in the text format 0.0.4 of Prometheus.
    pub(crate) fn text(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn theirs(name: &str) -> String {
    format!("sealed_secrets_controller_{name}")
}

fn ours(name: &str) -> String {
    format!("bulla_controller_{name}")
}

/// The method as the reference counts it; whatever a client makes up is one.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "CONNECT" => "connect",
        "DELETE" => "delete",
        "GET" => "get",
        "HEAD" => "head",
        "NOTIFY" => "notify",
        "OPTIONS" => "options",
        "PATCH" => "patch",
        "POST" => "post",
        "PUT" => "put",
        "TRACE" => "trace",
        _ => "unknown",
    }
}

/// Serves the metrics until `end` says so. Without them the controller goes
/// on, as the original does.
pub(crate) async fn serve(world: Arc<World>, mut end: watch::Receiver<bool>) -> Result<(), String> {
    let address = &world.settings.listen_metrics;
    match address::bind(address).await {
        Ok(listener) => {
            tracing::info!(addr = address, "HTTP metrics server serving");
            listen::serve(listener, Limits::DEFAULT, Page(Arc::clone(&world.metrics)), end).await
        }
        Err(error) => {
            tracing::error!(error, "HTTP metrics server exiting");
            let _ = end.wait_for(|is_over| *is_over).await;
            Ok(())
        }
    }
}

struct Page(Arc<Metrics>);

impl Service for Page {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        if request.uri().path() != "/metrics" {
            return text(StatusCode::NOT_FOUND, "404 page not found\n").into();
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return refuse(request, "GET, HEAD");
        }
        let answer = match self.0.text() {
            Ok(text) => typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n"),
        };
        answer.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_reference() {
        let metrics = Metrics::new(1_800_000_000).unwrap();
        metrics.failed("unseal", "x");
        metrics.failed("fetch", "");
        drop(metrics.reconciles());
        metrics.requested("/v1/verify", &Method::POST, StatusCode::CONFLICT, Duration::from_millis(3));
        metrics.requested(
            "/v1/verify",
            &Method::from_bytes(b"WHATEVER").unwrap(),
            StatusCode::OK,
            Duration::ZERO,
        );
        metrics.keys_read(2, Some(7));
        let text = metrics.text().unwrap();
        for line in [
            "# HELP sealed_secrets_controller_unseal_errors_total Total number of sealed secret unseal errors by reason",
            "# TYPE sealed_secrets_controller_unseal_errors_total counter",
            "sealed_secrets_controller_unseal_errors_total{namespace=\"x\",reason=\"unseal\"} 1",
            "sealed_secrets_controller_unseal_errors_total{namespace=\"\",reason=\"fetch\"} 1",
            "sealed_secrets_controller_unseal_requests_total 1",
            "sealed_secrets_controller_build_info{revision=\"0.36.6\"} 0",
            "sealed_secrets_controller_http_requests_total{code=\"409\",method=\"post\",path=\"/v1/verify\"} 1",
            "sealed_secrets_controller_http_requests_total{code=\"200\",method=\"unknown\",path=\"/v1/verify\"} 1",
            "sealed_secrets_controller_http_request_duration_seconds_bucket{method=\"post\",path=\"/v1/verify\",le=\"0.005\"} 1",
            "sealed_secrets_controller_http_request_duration_seconds_bucket{method=\"post\",path=\"/v1/verify\",le=\"+Inf\"} 1",
            "bulla_controller_sealing_keys 2",
            "bulla_controller_newest_sealing_key_timestamp_seconds 7",
            "bulla_controller_reconcile_duration_seconds_count 1",
            "process_start_time_seconds 1800000000",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
