//! A listener that nobody can occupy (`security.md` H-01): few connections,
//! short heads, one request each, and where all places are taken, who has not
//! asked yet, or is refused, makes room.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// What is answered.
pub(crate) type Answer = Response<Full<Bytes>>;

/// How long an unwanted body may take to be read away.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a request gets.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// A body that nobody wants, and how many bytes of it to read away first:
    /// where a connection is closed with something unread, the answer may be
    /// lost with it.
    pub(crate) unread: Option<(Incoming, usize)>,
    /// A place that the answer takes until it is with the client.
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, unread: None, place: None }
    }
}

/// Who answers.
pub(crate) trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// What a listener bears.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Bytes of a head.
    pub(crate) head_bytes: usize,
    /// How long a head may take.
    pub(crate) head: Duration,
    /// How long a request may take until there is an answer.
    pub(crate) request: Duration,
    /// How long the client may need to take it.
    pub(crate) taking: Duration,
    /// Processor time for what a request asks to be worked on.
    pub(crate) work: Duration,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        connections: 64,
        head_bytes: 16 * 1024,
        head: Duration::from_secs(10),
        request: Duration::from_secs(30),
        taking: Duration::from_secs(10),
        work: Duration::from_secs(2),
    };
}

/// Serves until `end` says so; who has asked by then gets the answer.
pub(crate) async fn serve<S: Service>(
    listener: TcpListener,
    limits: Limits,
    service: S,
    mut end: watch::Receiver<bool>,
) -> Result<(), String> {
    let service = Arc::new(service);
    let mut guests = Guests { all: JoinSet::new(), places: VecDeque::new() };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Ok(_) = end.wait_for(|is_over| *is_over) => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: wait for some.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        guests.make_room(limits.connections).await;
        let manners = Arc::<Manners>::default();
        let talk = talk(stream, Arc::clone(&service), limits, Arc::clone(&manners));
        guests.places.push_back((guests.all.spawn(talk), manners));
        // A request that has arrived is seen before the next guest is let in.
        tokio::task::yield_now().await;
    }
    drop(listener);
    guests.leave().await;
    Ok(())
}

/// The open connections, oldest first.
struct Guests {
    all: JoinSet<()>,
    places: VecDeque<(AbortHandle, Arc<Manners>)>,
}

/// How a guest behaves. Who has asked is left alone until the answer is with
/// the client, but for the time in which an unwanted body is read away.
#[derive(Default)]
struct Manners {
    has_asked: AtomicBool,
    is_talking_on: AtomicBool,
}

impl Manners {
    fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    fn makes_room(&self) -> bool {
        !self.has_asked() || self.is_talking_on.load(Ordering::Relaxed)
    }
}

impl Guests {
    async fn make_room(&mut self, places: usize) {
        loop {
            while self.all.try_join_next().is_some() {}
            self.places.retain(|(task, _)| !task.is_finished());
            if self.places.len() < places {
                return;
            }
            let first = self.places.iter().position(|(_, manners)| manners.makes_room());
            match first.and_then(|at| self.places.remove(at)) {
                Some((task, _)) => task.abort(),
                // Answers take a bounded time.
                None => drop(self.all.join_next().await),
            }
        }
    }

    /// Waits for those who have asked.
    async fn leave(mut self) {
        let silent = self.places.iter().filter(|(_, manners)| !manners.has_asked());
        silent.for_each(|(task, _)| task.abort());
        while self.all.join_next().await.is_some() {}
    }
}

async fn talk<S: Service>(stream: TcpStream, service: Arc<S>, limits: Limits, manners: Arc<Manners>) {
    let (answered, place) = (Notify::new(), Mutex::new(None));
    let (service, manners, answered, taken) = (&service, &manners, &answered, &place);
    let answer = service_fn(move |request| async move {
        manners.has_asked.store(true, Ordering::Relaxed);
        let Reply { answer, unread, place } = service.answer(request).await;
        *taken.lock().unwrap_or_else(PoisonError::into_inner) = place;
        if let Some((body, most)) = unread {
            manners.is_talking_on.store(true, Ordering::Relaxed);
            let _ = timeout(PATIENCE, drain(body, most)).await;
            manners.is_talking_on.store(false, Ordering::Relaxed);
        }
        answered.notify_one();
        Ok::<_, Infallible>(answer)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        // So a connection is over as soon as its answer is with the client.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = answered.notified() => {}
        () = sleep(limits.head + limits.request) => return,
    }
    let _ = timeout(limits.taking, connection).await;
}

/// Reads up to so many bytes away.
async fn drain(mut body: Incoming, most: usize) {
    let mut left = most;
    while left > 0
        && let Some(Ok(frame)) = body.frame().await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}
