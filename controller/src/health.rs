//! Whether the process works, over HTTP, and the certificate to seal with
//! (`sealed-secrets.md` 6, `security.md` H-01, H-02).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::World;

/// Connections at a time.
const CONNECTIONS: usize = 64;
/// How long headers may take.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection may last.
const DEADLINE: Duration = Duration::from_secs(30);
/// Bytes of headers at most.
const HEADERS: usize = 16 * 1024;

/// What the outside may know.
#[derive(Default)]
pub(crate) struct Health {
    is_synced: AtomicBool,
    certificate: RwLock<Option<Vec<u8>>>,
}

impl Health {
    /// All objects are known.
    pub(crate) fn synced(&self) {
        self.is_synced.store(true, Ordering::Relaxed);
    }

    /// The certificate of the newest key, in PEM.
    pub(crate) fn certified(&self, certificate: Option<Vec<u8>>) {
        *self.certificate.write().unwrap_or_else(std::sync::PoisonError::into_inner) = certificate;
    }

    fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        let is_read = *method == Method::GET || *method == Method::HEAD;
        match path {
            "/healthz" | "/readyz" | "/v1/cert.pem" if !is_read => {
                answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "method not allowed\n".into())
            }
            "/healthz" => answer(StatusCode::OK, "text/plain", "ok\n".into()),
            "/readyz" => {
                let has_key = self.certificate().is_some();
                match (self.is_synced.load(Ordering::Relaxed), has_key) {
                    (true, true) => answer(StatusCode::OK, "text/plain", "ok\n".into()),
                    (_, false) => {
                        answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "no sealing key\n".into())
                    }
                    (false, _) => {
                        answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "not synced\n".into())
                    }
                }
            }
            "/v1/cert.pem" => match self.certificate() {
                Some(certificate) => answer(StatusCode::OK, "application/x-pem-file", certificate),
                None => answer(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "text/plain; charset=utf-8",
                    "cannot get certificate\n".into(),
                ),
            },
            _ => answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 page not found\n".into()),
        }
    }
}

fn answer(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

/// Serves until the process ends; an error says why the address cannot be had.
pub(crate) async fn serve(address: SocketAddr, world: Arc<World>) -> Result<(), String> {
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen at {address}: {error}"))?;
    tracing::info!(addr = %address, "HTTP server serving");
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return Ok(()) };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: wait for some.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let answer = |request: Request<Incoming>| {
                let answer = world.health.answer(request.method(), request.uri().path());
                std::future::ready(Ok::<_, Infallible>(answer))
            };
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_DEADLINE)
                .max_buf_size(HEADERS)
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            let _ = tokio::time::timeout(DEADLINE, connection).await;
            drop(slot);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_02_ready_needs_a_key_and_synced_caches_and_live_needs_nothing() {
        let health = Health::default();
        let status = |path: &str| health.answer(&Method::GET, path).status().as_u16();
        assert_eq!((status("/healthz"), status("/readyz"), status("/v1/cert.pem")), (200, 503, 500));
        health.synced();
        assert_eq!(status("/readyz"), 503);
        health.certified(Some(b"pem".to_vec()));
        assert_eq!((status("/readyz"), status("/v1/cert.pem"), status("/x")), (200, 200, 404));
        assert_eq!(health.answer(&Method::POST, "/healthz").status().as_u16(), 405);
    }
}
