//! What is served over HTTP: health, the certificate to seal with, and the two
//! questions that strangers may ask (`sealed-secrets.md` 6, `security.md` S-04
//! to S-06, H-01, H-02).

pub(crate) mod address;
mod bucket;
mod desk;
mod health;
pub(crate) mod listen;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use tokio::sync::watch;

use crate::World;
use crate::keys::Ring;
use crate::metrics::Metrics;
pub(crate) use bucket::Rate;
use desk::{Desk, Question};
pub(crate) use health::Health;
use listen::{Answer, Limits, Reply, Service};

/// Answers requests.
struct Api {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    desk: Desk,
    limits: Limits,
}

/// Serves until `end` says so; an error says why the address cannot be had.
pub(crate) async fn serve(
    world: Arc<World>,
    ring: watch::Receiver<Arc<Ring>>,
    end: watch::Receiver<bool>,
) -> Result<(), String> {
    let settings = &world.settings;
    let limits = Limits::DEFAULT;
    let random = Arc::clone(&world.random);
    let desk = Desk::open(settings.rate, settings.unseal, random, ring, limits.work)
        .map_err(|error| error.to_string())?;
    let (health, metrics) = (Arc::clone(&world.health), Arc::clone(&world.metrics));
    let listener = address::bind(&settings.listen).await?;
    tracing::info!(addr = settings.listen, "HTTP server serving");
    listen::serve(listener, limits, Api { health, metrics, desk, limits }, end).await
}

impl Service for Api {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let counted = match request.uri().path() {
            "/v1/cert.pem" => Some("/v1/cert.pem"),
            "/v1/rotate" => Some("/v1/rotate"),
            "/v1/verify" => Some("/v1/verify"),
            _ => None,
        };
        let (method, start) = (request.method().clone(), Instant::now());
        let reply = tokio::time::timeout(self.limits.request, self.route(request)).await;
        let reply =
            reply.unwrap_or_else(|_| text(StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into());
        if let Some(path) = counted {
            self.metrics.requested(path, &method, reply.answer.status(), start.elapsed());
        }
        reply
    }
}

impl Api {
    async fn route(&self, request: Request<Incoming>) -> Reply {
        let is_read = *request.method() == Method::GET || *request.method() == Method::HEAD;
        let answer = match request.uri().path() {
            "/healthz" | "/readyz" | "/v1/cert.pem" if !is_read => return refuse(request, "GET, HEAD"),
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => match self.health.missing() {
                None => text(StatusCode::OK, "ok\n"),
                Some(missing) => text(StatusCode::SERVICE_UNAVAILABLE, missing),
            },
            "/v1/cert.pem" => match self.health.certificate() {
                Some(certificate) => typed(StatusCode::OK, "application/x-pem-file", certificate),
                None => text(StatusCode::INTERNAL_SERVER_ERROR, "cannot get certificate\n"),
            },
            "/v1/verify" | "/v1/rotate" if *request.method() != Method::POST => {
                return refuse(request, "POST");
            }
            "/v1/verify" => return self.desk.ask(Question::Verify, request.into_body()).await,
            "/v1/rotate" => return self.desk.ask(Question::Rotate, request.into_body()).await,
            _ => text(StatusCode::NOT_FOUND, "404 page not found\n"),
        };
        answer.into()
    }
}

/// Says which methods there are.
pub(crate) fn refuse(request: Request<Incoming>, allowed: &'static str) -> Reply {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    Reply { answer, unread: Some((request.into_body(), desk::FEW)), place: None }
}

/// An answer without a body.
fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// An answer for people.
pub(crate) fn text(status: StatusCode, text: &'static str) -> Answer {
    typed(status, "text/plain; charset=utf-8", text)
}

pub(crate) fn typed(status: StatusCode, kind: &'static str, body: impl Into<hyper::body::Bytes>) -> Answer {
    let mut answer = Answer::new(http_body_util::Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
