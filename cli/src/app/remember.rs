//! Data keys that were unwrapped once, kept for the rest of a run over many
//! files: copies of a file ask a remote service once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bulla_core::{Answer, KeyProvider, MasterKey, SecretBytes};
use tokio::sync::OnceCell;

/// Wrapped keys that are remembered at a time.
const LIMIT: usize = 1000;

/// Longest wrapped key in bytes that is remembered.
const LONGEST: usize = 64 << 10;

/// A provider that asks the one below once for each wrapped key, however many
/// threads want it at the same time. Failures are not remembered.
pub(super) struct Remembering {
    below: Box<dyn KeyProvider>,
    known: Mutex<HashMap<(MasterKey, String), Unwrapped>>,
}

/// Secret bytes are wiped when the last one who uses them is done.
type Unwrapped = Arc<OnceCell<SecretBytes>>;

impl Remembering {
    pub(super) fn new(below: Box<dyn KeyProvider>) -> Self {
        Self { below, known: Mutex::default() }
    }

    fn entry(&self, key: &MasterKey, wrapped: &str) -> Unwrapped {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (key.clone(), wrapped.to_owned());
        if known.len() >= LIMIT && !known.contains_key(&name) {
            known.clear();
        }
        Arc::clone(known.entry(name).or_default())
    }
}

impl KeyProvider for Remembering {
    fn serves(&self, kind: &str) -> bool {
        self.below.serves(kind)
    }

    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        self.below.wrap(key, secret)
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        if wrapped.len() > LONGEST {
            return self.below.unwrap(key, wrapped);
        }
        let entry = self.entry(key, wrapped);
        Box::pin(async move { entry.get_or_try_init(|| self.below.unwrap(key, wrapped)).await.cloned() })
    }

    fn reopen<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, Option<SecretBytes>> {
        self.below.reopen(key, wrapped)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bulla_core::{Kind, ProviderError};

    use super::*;

    /// Takes a while for each answer and counts the questions.
    #[derive(Default)]
    struct Counting(Arc<AtomicUsize>);

    impl KeyProvider for Counting {
        fn serves(&self, kind: &str) -> bool {
            kind == "kms"
        }

        fn wrap<'a>(&'a self, _: &'a MasterKey, _: &'a SecretBytes) -> Answer<'a, String> {
            Box::pin(async { Ok("enc".into()) })
        }

        fn unwrap<'a>(&'a self, _: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                tokio::task::yield_now().await;
                if wrapped == "down" {
                    return Err(ProviderError::new(Kind::Unavailable, "down"));
                }
                Ok(SecretBytes::new(wrapped.as_bytes().to_vec()))
            })
        }
    }

    fn ask(provider: &Remembering, arn: &str, wrapped: &str) -> Result<Vec<u8>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let key = MasterKey::new("kms", [("arn", arn)]);
        let answer = runtime.block_on(provider.unwrap(&key, wrapped));
        answer.map(|secret| secret.expose().to_vec()).map_err(|error| error.to_string())
    }

    fn counted() -> (Remembering, Arc<AtomicUsize>) {
        let count = Arc::default();
        (Remembering::new(Box::new(Counting(Arc::clone(&count)))), count)
    }

    #[test]
    fn one_wrapped_key_is_unwrapped_once_for_all_threads() {
        let (provider, count) = counted();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        assert_eq!(ask(&provider, "a", "one"), Ok(b"one".to_vec()));
                    }
                });
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert_eq!(ask(&provider, "a", "two"), Ok(b"two".to_vec()));
        assert_eq!(ask(&provider, "b", "one"), Ok(b"one".to_vec()));
        assert_eq!(count.load(Ordering::SeqCst), 3, "another text or another key is another question");
    }

    #[test]
    fn a_failure_is_asked_for_again() {
        let (provider, count) = counted();
        for asked in 1..=3 {
            assert_eq!(ask(&provider, "a", "down"), Err("down".to_owned()));
            assert_eq!(count.load(Ordering::SeqCst), asked);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (provider, count) = counted();
        for number in 0..=LIMIT {
            ask(&provider, "a", &number.to_string()).unwrap();
        }
        assert!(provider.known.lock().unwrap().len() <= LIMIT);
        let long = "x".repeat(LONGEST + 1);
        for _ in 0..2 {
            ask(&provider, "a", &long).unwrap();
        }
        assert_eq!(count.load(Ordering::SeqCst), LIMIT + 3);
    }
}
