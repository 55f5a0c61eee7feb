//! Requests that an overloaded server puts off: sent again when it said so, and
//! counted meanwhile, since who waits takes nobody's place.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use tokio::sync::watch;
use tower::BoxError;
use tower::retry::{Policy, RetryLayer};

/// How often a request is repeated: more often than fits into the time that it
/// may take, since what fails after that is tried again at once.
const REPEATS: u32 = 100;
/// The first and the longest pause before that, where the server names none.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

/// How many requests wait.
#[derive(Clone, Default)]
pub(crate) struct Pauses(Arc<watch::Sender<usize>>);

impl Pauses {
    /// Where their number can be seen.
    pub(crate) fn number(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }
}

/// One that waits; it may be dropped in the midst of it.
struct Pause(Pauses);

impl Pause {
    fn begin(pauses: &Pauses) -> Self {
        pauses.0.send_modify(|number| *number += 1);
        Self(pauses.clone())
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.0.send_modify(|number| *number -= 1);
    }
}

/// The policy of a client that waits as it is told.
#[derive(Clone)]
pub(crate) struct Patience {
    policy: RetryPolicy,
    pauses: Pauses,
}

/// Sends again what an overloaded server puts off.
pub(crate) fn patience(pauses: &Pauses) -> Result<RetryLayer<Patience>, String> {
    let [first, longest] = PAUSES;
    let policy = RetryPolicy::new(first, longest, REPEATS, true).map_err(|error| error.to_string())?;
    Ok(RetryLayer::new(Patience { policy, pauses: pauses.clone() }))
}

impl<Res> Policy<Request<Body>, Response<Res>, BoxError> for Patience {
    type Future = BoxFuture<'static, ()>;

    fn retry(
        &mut self,
        request: &mut Request<Body>,
        result: &mut Result<Response<Res>, BoxError>,
    ) -> Option<Self::Future> {
        let wait = self.policy.retry(request, result)?;
        let pause = Pause::begin(&self.pauses);
        Some(Box::pin(async move {
            wait.await;
            drop(pause);
        }))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        Policy::<_, Response<Res>, BoxError>::clone_request(&mut self.policy, request)
    }
}
