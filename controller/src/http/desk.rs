//! The two questions that anybody in the cluster may ask about a SealedSecret:
//! whether it opens, and for the same under the newest key.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bulla_api::{SealedSecret, json_line};
use bulla_core::{Random, one_line};
use bulla_seal::{ResealError, UnsealError, UnsealOptions, rotate, verify};
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{Semaphore, watch};

use super::bucket::{Bucket, Rate};
use super::listen::{Answer, Reply};
use super::{empty, text, typed};
use crate::keys::Ring;
use crate::worker::{Budget, Worker};

/// Bytes of a request.
const BODY: usize = 4 << 20;
/// Bytes of an unwanted body that are read away.
pub(super) const FEW: usize = 256 << 10;
/// Bytes of an answer. What is rotated is mostly as long as it was, but `<`
/// becomes six letters in JSON.
const ANSWER: usize = 2 * BODY;
/// Requests whose bodies or long answers are held at a time.
const AT_ONCE: usize = 4;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Rotate,
    Verify,
}

/// Where it is asked.
pub(super) struct Desk {
    bucket: Bucket,
    places: Arc<Semaphore>,
    worker: Worker,
    options: UnsealOptions,
    random: Arc<dyn Random>,
    ring: watch::Receiver<Arc<Ring>>,
    /// Processor time for one request.
    work: Duration,
}

/// Why a body was not read.
enum Unread {
    Broken,
    TooLarge,
}

impl Desk {
    /// Starts the thread that works on requests.
    pub(super) fn open(
        rate: Rate,
        options: UnsealOptions,
        random: Arc<dyn Random>,
        ring: watch::Receiver<Arc<Ring>>,
        work: Duration,
    ) -> std::io::Result<Self> {
        let (bucket, worker) = (Bucket::new(rate, Instant::now()), Worker::start("requests")?);
        Ok(Self { bucket, places: Arc::new(Semaphore::new(AT_ONCE)), worker, options, random, ring, work })
    }

    /// Answers, if it is not asked too often.
    pub(super) async fn ask(&self, question: Question, body: Incoming) -> Reply {
        let turn = self.bucket.take(Instant::now());
        let mut reply = match turn.retry {
            Some(_) => limited(body),
            None => self.admit(question, body).await,
        };
        turn.tell(reply.answer.headers_mut());
        reply
    }

    async fn admit(&self, question: Question, mut body: Incoming) -> Reply {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return limited(body) };
        let text = match read(&mut body).await {
            Ok(text) => text,
            Err(Unread::Broken) => return empty(StatusCode::BAD_REQUEST).into(),
            Err(Unread::TooLarge) => {
                return Reply { answer: too_large(), unread: Some((body, 2 * BODY)), place: None };
            }
        };
        let (ring, random) = (Arc::clone(&self.ring.borrow()), Arc::clone(&self.random));
        let (options, work) = (self.options, self.work);
        let job = move || {
            let budget = Budget::of(work);
            // The place is taken until the work is done, whether or not somebody
            // waits for it.
            (answer(question, text, &ring, options, &*random, &|| budget.is_left()), place)
        };
        let Some((answer, place)) = self.worker.run(job).await else {
            return empty(StatusCode::INTERNAL_SERVER_ERROR).into();
        };
        let is_long = answer.body().size_hint().lower() > FEW as u64;
        Reply { answer, unread: None, place: is_long.then_some(place) }
    }
}

/// Answers a question with the reference's status codes. Nothing of the answer
/// depends on a plaintext, and no template is looked at (`security.md` S-04).
fn answer(
    question: Question,
    text: Vec<u8>,
    ring: &Ring,
    options: UnsealOptions,
    random: &dyn Random,
    goes_on: &dyn Fn() -> bool,
) -> Answer {
    let Some(newest) = ring.keys.keys().first() else {
        return super::text(StatusCode::SERVICE_UNAVAILABLE, "no sealing key\n");
    };
    let sealed = match SealedSecret::only_one(&text) {
        Ok(sealed) => sealed,
        Err(error) => return failed(question, StatusCode::INTERNAL_SERVER_ERROR, &error),
    };
    // Work takes long; a large text is not kept for it.
    drop(text);
    let outcome = match question {
        Question::Verify => verify(&sealed, &ring.keys, options, goes_on).map(|()| empty(StatusCode::OK)),
        Question::Rotate => rotate(&sealed, &ring.keys, newest.public(), options, random, goes_on)
            .map(|rotated| json_line(&rotated.bare_tree()))
            .map(|text| {
                if text.len() > ANSWER {
                    too_large()
                } else {
                    typed(StatusCode::OK, "application/json", text)
                }
            }),
    };
    match (outcome, question) {
        (Ok(answer), _) => answer,
        (Err(ResealError::Unseal(UnsealError::GaveUp)), _) => too_large(),
        (Err(error), Question::Verify) => failed(question, StatusCode::CONFLICT, &error),
        (Err(error), Question::Rotate) => failed(question, StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}

fn failed(question: Question, status: StatusCode, error: &dyn Display) -> Answer {
    let error = one_line(error.to_string().as_bytes());
    match question {
        Question::Rotate => tracing::error!(error, "Error rotating secret"),
        Question::Verify => tracing::error!(error, "Error validating secret"),
    }
    empty(status)
}

fn too_large() -> Answer {
    text(
        StatusCode::PAYLOAD_TOO_LARGE,
        "at most 4 MiB, 2 seconds of work and 8 MiB of answer are accepted; ask about fewer items at a time\n",
    )
}

fn limited(body: Incoming) -> Reply {
    Reply {
        answer: text(StatusCode::TOO_MANY_REQUESTS, "limit exceeded\n"),
        unread: Some((body, FEW)),
        place: None,
    }
}

async fn read(body: &mut Incoming) -> Result<Vec<u8>, Unread> {
    if body.size_hint().lower() > BODY as u64 {
        return Err(Unread::TooLarge);
    }
    let mut text = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if text.len() + data.len() > BODY {
            return Err(Unread::TooLarge);
        }
        text.extend_from_slice(&data);
    }
    Ok(text)
}
