//! Providers that answer in time or not at all (`security.md` K-06).

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bulla_core::{Answer, KeyProvider, Kind, MasterKey, ProviderError, SecretBytes};
use tokio::time::timeout;

/// The questions that the user is asked, one at a time. How long an answer
/// takes is the user's affair, and no provider's fault.
#[derive(Clone, Default)]
pub struct Questions(Arc<Asking>);

#[derive(Default)]
struct Asking {
    turn: Mutex<()>,
    open: AtomicUsize,
}

impl Questions {
    /// Runs `ask`, which waits for the user, when nothing else is asked.
    pub fn ask<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.0.open.fetch_add(1, Ordering::SeqCst);
        let turn = self.0.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = ask();
        drop(turn);
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    /// Returns true while the user is asked something.
    pub fn are_open(&self) -> bool {
        self.0.open.load(Ordering::SeqCst) > 0
    }

    /// Waits for `answer`, at most as long as `limit` where the user is asked
    /// nothing. `None` where it did not come. Must be polled in a Tokio
    /// runtime that keeps time.
    pub async fn in_time<T>(&self, limit: Duration, answer: impl Future<Output = T>) -> Option<T> {
        let mut answer = pin!(answer);
        loop {
            match timeout(limit, answer.as_mut()).await {
                Ok(answer) => return Some(answer),
                Err(_) if self.are_open() => {}
                Err(_) => return None,
            }
        }
    }
}

/// A provider each of whose operations takes as long as a limit at most.
pub struct Bounded {
    provider: Box<dyn KeyProvider>,
    limit: Duration,
    questions: Questions,
}

impl Bounded {
    /// Puts a limit on `provider`, which may have `questions`.
    pub fn new(provider: Box<dyn KeyProvider>, limit: Duration, questions: Questions) -> Self {
        Self { provider, limit, questions }
    }

    fn bound<'a, T: Send + 'a>(&'a self, answer: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            let late = || {
                let text = format!("no answer within {} s", self.limit.as_secs_f32());
                ProviderError::new(Kind::Unavailable, text)
            };
            self.questions.in_time(self.limit, answer).await.unwrap_or_else(|| Err(late()))
        })
    }
}

impl KeyProvider for Bounded {
    fn serves(&self, kind: &str) -> bool {
        self.provider.serves(kind)
    }

    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        self.bound(self.provider.wrap(key, secret))
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        self.bound(self.provider.unwrap(key, wrapped))
    }

    fn reopen<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, Option<SecretBytes>> {
        self.bound(self.provider.reopen(key, wrapped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Never answers.
    struct Hanging;

    impl KeyProvider for Hanging {
        fn serves(&self, kind: &str) -> bool {
            kind == "kms"
        }

        fn wrap<'a>(&'a self, _: &'a MasterKey, _: &'a SecretBytes) -> Answer<'a, String> {
            Box::pin(std::future::pending())
        }

        fn unwrap<'a>(&'a self, _: &'a MasterKey, _: &'a str) -> Answer<'a, SecretBytes> {
            Box::pin(std::future::pending())
        }
    }

    fn wait<T>(answer: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(answer)
    }

    #[test]
    fn k_06_an_operation_ends_in_both_directions() {
        let limit = Duration::from_millis(20);
        let provider = Bounded::new(Box::new(Hanging), limit, Questions::default());
        assert!(provider.serves("kms") && !provider.serves("age"));
        let (key, secret) = (MasterKey::new("kms", []), SecretBytes::new(vec![7; 32]));
        let wrapped = wait(provider.wrap(&key, &secret)).unwrap_err();
        let unwrapped = wait(provider.unwrap(&key, "x")).unwrap_err();
        for error in [wrapped, unwrapped] {
            assert_eq!(
                (error.kind, error.to_string().as_str()),
                (Kind::Unavailable, "no answer within 0.02 s")
            );
        }
        assert!(wait(provider.reopen(&key, "x")).unwrap().is_none());
    }

    #[test]
    fn the_user_s_time_does_not_count() {
        let (questions, limit) = (Questions::default(), Duration::from_millis(10));
        let slow = questions.clone();
        let asked = async move {
            let asking = move || slow.ask(|| std::thread::sleep(Duration::from_millis(200)));
            tokio::task::spawn_blocking(asking).await.unwrap();
            "answer"
        };
        assert_eq!(wait(questions.in_time(limit, asked)), Some("answer"));
        assert_eq!(wait(questions.in_time(limit, std::future::pending::<()>())), None);
    }
}
