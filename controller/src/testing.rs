//! An API server in memory, as far as tests of single parts need one, and
//! time that a test sets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use bulla_core::{Clock, Random, Timestamp};
use bulla_crypto::SystemRandom;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower::{BoxError, Layer as _};

use crate::World;
use crate::arguments::testing::settings;
use crate::cluster::Cluster;
use crate::metrics::Metrics;

/// Time that a test sets.
pub(crate) struct SetClock(pub(crate) AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::Relaxed)
    }
}

/// Lists within lists.
pub(crate) fn deep() -> Value {
    (0..150).fold(json!(1), |value, _| json!([value]))
}

/// What an [`Api`] holds and was asked for.
#[derive(Default)]
pub(crate) struct Held {
    /// Objects by path.
    pub(crate) objects: BTreeMap<String, Value>,
    /// Methods, paths and bodies of everything that was asked for.
    pub(crate) asked: Vec<(Method, String, Value)>,
    /// What every request is refused with, if it is.
    pub(crate) refuses: Option<StatusCode>,
    /// What the next new Secrets are refused with.
    pub(crate) creations: VecDeque<StatusCode>,
    /// What the next updates are refused with.
    pub(crate) updates: VecDeque<StatusCode>,
    /// How many of the next requests are put off, for longer than a test lasts.
    pub(crate) puts_off: usize,
    /// Whether everything that would change something fails.
    pub(crate) is_read_only: bool,
}

impl Held {
    /// The page of a list that is asked for.
    fn list(&self, path: &str, uri: &http::Uri) -> Value {
        let below = format!("{path}/");
        let query = uri.query().unwrap_or_default().replace("%2F", "/");
        let parameter =
            |name: &str| query.split('&').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
        let label = parameter("labelSelector").and_then(|label| label.split_once('='));
        let items = self.objects.iter().filter(|(name, object)| {
            name.starts_with(&below)
                && label.is_none_or(|(name, value)| object["metadata"]["labels"][name] == value)
        });
        let from = number("continue").unwrap_or_default();
        let to = from.saturating_add(number("limit").unwrap_or(usize::MAX));
        let items: Vec<&Value> = items.map(|(_, object)| object).collect();
        let next = if to < items.len() { to.to_string() } else { String::new() };
        let items = &items[from..to.min(items.len())];
        let metadata = json!({"resourceVersion": "1", "continue": next});
        json!({"apiVersion": "v1", "kind": "SecretList", "metadata": metadata, "items": items})
    }
}

/// How a request is refused.
fn failure(status: StatusCode) -> (StatusCode, Value) {
    let causes = match status {
        StatusCode::UNPROCESSABLE_ENTITY => json!([{"field": "f", "reason": "FieldValueInvalid"}]),
        _ => json!([]),
    };
    let (code, details) = (status.as_u16(), json!({"causes": causes}));
    (
        status,
        json!({"kind": "Status", "status": "Failure", "code": code, "message": "no", "details": details}),
    )
}

/// An API server in memory.
#[derive(Clone, Default)]
pub(crate) struct Api(Arc<Mutex<Held>>);

impl Api {
    pub(crate) fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }

    /// Requests that change something, as method and path without parameters.
    pub(crate) fn changes(&self) -> Vec<String> {
        let held = self.held();
        let changes = held.asked.iter().filter(|(method, ..)| *method != Method::GET);
        changes.map(|(method, path, _)| format!("{method} {path}")).collect()
    }

    /// A world around it, with an open term.
    pub(crate) fn world(
        &self,
        arguments: &[&str],
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Arc<World> {
        let api = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let api = api.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let (status, answer) = api.answer(&parts.method, &parts.uri, &body);
                let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
                *response.status_mut() = status;
                if status == StatusCode::TOO_MANY_REQUESTS {
                    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("20"));
                }
                Ok::<_, BoxError>(response)
            }
        });
        let cluster = Cluster::patient(|patience| Client::new(patience.layer(service), "default")).unwrap();
        cluster.term().open();
        Arc::new(World {
            settings: settings(arguments),
            cluster,
            clock,
            random,
            health: Arc::default(),
            metrics: Arc::new(Metrics::new(0).unwrap()),
        })
    }

    /// A world with keys that are made quickly.
    pub(crate) fn plain_world(&self, clock: &Arc<SetClock>) -> Arc<World> {
        self.world(&["--key-size=2048"], Arc::clone(clock) as _, Arc::new(SystemRandom))
    }

    fn answer(&self, method: &Method, uri: &http::Uri, body: &[u8]) -> (StatusCode, Value) {
        let mut held = self.held();
        let path = uri.path().to_owned();
        let mut body = serde_json::from_slice::<Value>(body).unwrap_or_default();
        held.asked.push((method.clone(), path.clone(), body.clone()));
        if let Some(status) = held.refuses {
            return failure(status);
        }
        if held.puts_off > 0 {
            held.puts_off -= 1;
            return failure(StatusCode::TOO_MANY_REQUESTS);
        }
        if held.is_read_only && *method != Method::GET {
            return failure(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let refused = match *method {
            Method::PUT => held.updates.pop_front(),
            Method::POST if path.ends_with("/secrets") => held.creations.pop_front(),
            _ => None,
        };
        if let Some(status) = refused {
            return failure(status);
        }
        match *method {
            Method::GET => match held.objects.get(&path) {
                Some(object) => (StatusCode::OK, object.clone()),
                None if path.ends_with('s') => (StatusCode::OK, held.list(&path, uri)),
                None => failure(StatusCode::NOT_FOUND),
            },
            Method::POST => {
                let path = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap_or_default());
                if held.objects.contains_key(&path) {
                    return failure(StatusCode::CONFLICT);
                }
                body["metadata"]["resourceVersion"] = "1".into();
                held.objects.insert(path, body.clone());
                (StatusCode::CREATED, body)
            }
            _ => {
                let of_status = path.strip_suffix("/status");
                let Some(object) = held.objects.get_mut(of_status.unwrap_or(&path)) else {
                    return failure(StatusCode::NOT_FOUND);
                };
                match of_status {
                    Some(_) => object["status"] = body["status"].take(),
                    None => *object = body,
                }
                (StatusCode::OK, object.clone())
            }
        }
    }
}
