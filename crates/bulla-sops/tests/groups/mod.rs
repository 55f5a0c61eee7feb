//! Master keys against a provider that counts and lies.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bulla_core::{Answer, KeyProvider, Kind, Limits, MasterKey, ProviderError, SecretBytes};
use bulla_crypto::SystemRandom;
use bulla_sops::group::{Access, WrapError, openable, recover, wrap};
use bulla_sops::{Metadata, WrappedKey};

use crate::support::{data_key, request};

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Has the shape of an age file.
const WRAPPED: &str = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\n-----END AGE ENCRYPTED FILE-----\n";

/// Opens the key `good`, wraps to a fixed text.
struct Counting(&'static str);

impl KeyProvider for Counting {
    fn serves(&self, _: &str) -> bool {
        true
    }

    fn wrap<'a>(&'a self, _: &'a MasterKey, _: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(async { Ok(self.0.to_owned()) })
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, _: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(async move {
            ASKED.fetch_add(1, Ordering::SeqCst);
            PEAK.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..3 {
                later().await;
            }
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            if key.text("recipient") == "good" {
                Ok(SecretBytes::new(data_key().expose().to_vec()))
            } else {
                Err(ProviderError::new(Kind::NotMine, "no identity fits"))
            }
        })
    }
}

/// Is ready at the second poll.
async fn later() {
    let mut asked = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100_000 {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
    panic!("the future never ends");
}

/// Keys of age may need the user, those of KMS never do.
fn key(kind: &'static str, name: &str) -> WrappedKey {
    let key = MasterKey::new(kind, [("recipient", name)]);
    WrappedKey { key, enc: "-----BEGIN AGE ENCRYPTED FILE-----\n".to_owned(), created_at: String::new() }
}

fn metadata(kind: &'static str, names: &[&str]) -> Metadata {
    let (data_key, limits) = (data_key(), Limits::default());
    let request = request(&data_key, &limits);
    Metadata {
        groups: vec![names.iter().map(|name| key(kind, name)).collect()],
        shamir_threshold: 0,
        last_modified: request.last_modified,
        mac: String::new(),
        selection: request.selection,
        mac_only_encrypted: false,
        version: request.version,
        layout: None,
    }
}

#[test]
fn c_10_an_answer_that_is_no_wrapped_key_is_not_taken() {
    let groups = vec![vec![MasterKey::new("age", [("recipient", "age1x")])]];
    for answer in ["", "garbage", "AGE-SECRET-KEY-1"] {
        let providers: Vec<Box<dyn KeyProvider>> = vec![Box::new(Counting(answer))];
        let error = wait(wrap(&groups, 0, &data_key(), "", &providers, &SystemRandom)).err().unwrap();
        assert!(matches!(error, WrapError::Key { .. }), "{error}");
    }
}

#[test]
fn c_09_thresholds_that_fit_no_groups_are_refused() {
    let group = || vec![MasterKey::new("age", [("recipient", "age1x")])];
    let groups = [group(), group(), group()];
    let providers: Vec<Box<dyn KeyProvider>> = vec![Box::new(Counting(WRAPPED))];
    for (threshold, stored) in [(0, Some(3)), (1, None), (2, Some(2)), (3, Some(3)), (4, None), (256, None)] {
        let wrapped = wait(wrap(&groups, threshold, &data_key(), "", &providers, &SystemRandom));
        assert_eq!(wrapped.ok().map(|(_, threshold)| threshold), stored, "{threshold}");
    }
    let empty = [group(), Vec::new()];
    assert!(wait(wrap(&empty, 0, &data_key(), "", &providers, &SystemRandom)).is_err());
}

#[test]
fn k_06_at_most_eight_keys_are_asked_at_once_and_the_first_success_ends_the_group() {
    let providers: Vec<Box<dyn KeyProvider>> = vec![Box::new(Counting(""))];
    let mut names = vec!["bad"; 100];
    names[20] = "good";
    assert_eq!(waited(&metadata("kms", &names), &providers), Some(true));
    assert_eq!(PEAK.load(Ordering::SeqCst), 8);
    let asked = ASKED.swap(0, Ordering::SeqCst);
    assert!((21..=24).contains(&asked), "{asked} keys were asked");
    assert_eq!(waited(&metadata("kms", &["bad"; 100]), &providers), Some(false));
    assert_eq!(ASKED.swap(0, Ordering::SeqCst), 100);
    // Those that were given up in the middle are counted no longer.
    RUNNING.store(0, Ordering::SeqCst);
    PEAK.store(0, Ordering::SeqCst);
    let opened = wait(openable(&metadata("kms", &names), &providers));
    assert_eq!(
        (opened[0].len(), opened[0].iter().filter(|opened| **opened == Access::Yes).count()),
        (100, 1)
    );
    assert_eq!((PEAK.swap(0, Ordering::SeqCst), ASKED.swap(0, Ordering::SeqCst)), (8, 100));
    // Where the user may be asked, nobody is once a key fits.
    assert_eq!(waited(&metadata("age", &names), &providers), Some(true));
    assert_eq!((PEAK.load(Ordering::SeqCst), ASKED.load(Ordering::SeqCst)), (1, 21));
}

#[test]
fn k_06_more_than_a_thousand_keys_are_not_wrapped_for() {
    let groups = vec![vec![MasterKey::new("age", [("recipient", "age1x")]); 1001]];
    let providers: Vec<Box<dyn KeyProvider>> = vec![Box::new(Counting(WRAPPED))];
    let error = wait(wrap(&groups, 0, &data_key(), "", &providers, &SystemRandom)).err().unwrap();
    assert_eq!(error.to_string(), "there are 1001 master keys; a file can have 1000 at most");
}

/// Wraps anything to a fixed text, which opens to its bytes.
struct Local(&'static [u8]);

impl KeyProvider for Local {
    fn serves(&self, _: &str) -> bool {
        true
    }

    fn wrap<'a>(&'a self, _: &'a MasterKey, _: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(async { Ok(WRAPPED.to_owned()) })
    }

    fn unwrap<'a>(&'a self, _: &'a MasterKey, _: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(async { Ok(SecretBytes::new(self.0.to_vec())) })
    }

    fn reopen<'a>(&'a self, _: &'a MasterKey, _: &'a str) -> Answer<'a, Option<SecretBytes>> {
        let broken = || ProviderError::new(Kind::Unexpected, "broken");
        Box::pin(async move {
            if self.0.is_empty() { Err(broken()) } else { Ok(Some(SecretBytes::new(self.0.to_vec()))) }
        })
    }
}

#[test]
fn c_10_a_wrapped_key_that_opens_to_another_one_is_not_taken() {
    let groups = vec![vec![MasterKey::new("age", [("recipient", "age1x")])]];
    let right = data_key();
    let try_with = |opened: &'static [u8]| {
        let providers: Vec<Box<dyn KeyProvider>> = vec![Box::new(Counting(WRAPPED)), Box::new(Local(opened))];
        let wrapped = wait(wrap(&groups, 0, &right, "", &providers, &SystemRandom));
        wrapped.err().map(|error| error.to_string())
    };
    assert_eq!(try_with(Box::leak(Box::new(*right.expose()))), None);
    assert!(try_with(&[8; 32]).unwrap().contains("what came back holds another key"));
    assert!(try_with(&[]).unwrap().contains("what came back does not open: broken"));
}

/// Whether the key that comes back is the right one; `Some(false)` for none.
fn waited(metadata: &Metadata, providers: &[Box<dyn KeyProvider>]) -> Option<bool> {
    let recovered = wait(recover(metadata, &[], providers));
    match recovered {
        Ok(key) => (key.expose() == data_key().expose()).then_some(true),
        Err(_) => Some(false),
    }
}
