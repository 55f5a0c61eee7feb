use super::*;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use bulla_core::{Random, RandomError};
use bulla_crypto::SystemRandom;
use http::StatusCode;
use serde_json::Value;

use crate::testing::{Api, SetClock};

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3600;
const YEAR: i64 = 365 * DAY;

fn keeper(api: &Api) -> (Keeper, Arc<SetClock>, watch::Sender<bool>) {
    let clock = Arc::new(SetClock(AtomicI64::new(NOW)));
    let (leads, receiver) = watch::channel(true);
    (Keeper::new(api.plain_world(&clock), receiver).0, clock, leads)
}

fn keys(api: &Api) -> usize {
    api.held().objects.keys().filter(|path| path.contains("/secrets/")).count()
}

#[tokio::test]
async fn r_19_clocks_that_jump_make_one_more_key_at_most() {
    let api = Api::default();
    let (mut keeper, clock, _leads) = keeper(&api);
    keeper.step().await.unwrap();
    assert_eq!(keys(&api), 1);
    for jump in [HOUR, -HOUR, 10 * YEAR, -10 * YEAR, HOUR, 10 * YEAR, -HOUR, 0].repeat(3) {
        clock.0.store(NOW + jump, Ordering::Relaxed);
        let wait = keeper.step().await.unwrap();
        assert!((1..=DAY as u64).contains(&wait.as_secs()), "{jump}: {wait:?}");
        assert_eq!(keeper.ring.borrow().keys.keys().len(), keys(&api), "expired keys open, too");
    }
    assert_eq!(keys(&api), 2);
    // The one from the future is not sealed with before its time.
    assert_eq!(keeper.ring.borrow().newest.as_ref().unwrap().time, NOW);
}

#[tokio::test]
async fn q_01_without_the_lead_or_without_having_read_the_keys_none_is_made() {
    let api = Api::default();
    let (mut keeper, clock, leads) = keeper(&api);
    for status in [StatusCode::FORBIDDEN, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND] {
        api.held().refuses = Some(status);
        keeper.is_asked = true;
        assert!(keeper.step().await.is_err(), "{status}");
    }
    api.held().refuses = None;
    // What is no list is no proof that there is none.
    let path = format!("/api/v1/namespaces/{}/secrets", keeper.world.settings.namespace);
    for answer in [json!({}), Value::Null, json!({"kind": "SecretList", "apiVersion": "v1"})] {
        api.held().objects.insert(path.clone(), answer);
        assert!(keeper.step().await.is_err());
    }
    api.held().objects.remove(&path);
    leads.send_replace(false);
    keeper.step().await.unwrap();
    keeper.is_asked = true;
    keeper.step().await.unwrap();
    assert_eq!(api.changes(), [""; 0]);
    leads.send_replace(true);
    keeper.step().await.unwrap();
    assert_eq!(keys(&api), 1);
    // A replica that follows has the key, and does not renew it.
    leads.send_replace(false);
    clock.0.store(NOW + YEAR, Ordering::Relaxed);
    keeper.step().await.unwrap();
    assert_eq!((keys(&api), keeper.ring.borrow().keys.keys().len()), (1, 1));
    leads.send_replace(true);
    assert_eq!(keeper.step().await.unwrap(), Duration::from_secs(1));
    keeper.step().await.unwrap();
    assert_eq!(keys(&api), 2, "the new leader renews at once");
}

#[tokio::test]
async fn q_06_after_all_keys_are_lost_the_next_one_has_another_name() {
    let api = Api::default();
    let mut names = BTreeSet::new();
    for minute in 0..3 {
        let (mut keeper, clock, _leads) = keeper(&api);
        clock.0.store(NOW + 60 * minute, Ordering::Relaxed);
        keeper.step().await.unwrap();
        assert_eq!(keys(&api), 1);
        let mut held = api.held();
        names.extend(held.objects.keys().filter(|path| path.contains("/secrets/")).cloned());
        held.objects.clear();
    }
    assert_eq!(names.len(), 3, "{names:?}");
}

#[tokio::test]
async fn q_03_the_name_of_a_deleted_key_is_left_to_its_backup() {
    let api = Api::default();
    let (mut running, clock, _leads) = keeper(&api);
    running.step().await.unwrap();
    let first = running.names.clone();
    clock.0.store(NOW + 30 * DAY, Ordering::Relaxed);
    running.step().await.unwrap();
    let second = running.names.difference(&first).next().unwrap().clone();
    let path = format!("/api/v1/namespaces/{}/secrets/{second}", running.world.settings.namespace);
    let backup = api.held().objects.remove(&path).unwrap();
    // The first key is due again, and the next one follows from it.
    running.step().await.unwrap();
    assert!(running.names.len() == 2 && !running.names.contains(&second), "{:?}", running.names);
    let third = running.names.difference(&first).next().unwrap();
    api.held().objects.remove(&path.replace(&second, third));
    let (mut restarted, clock, _leads) = keeper(&api);
    clock.0.store(NOW + 30 * DAY + HOUR, Ordering::Relaxed);
    for _ in 0..2 {
        restarted.step().await.unwrap();
    }
    let names = &restarted.names;
    assert!(names.len() == 2 && !names.contains(&second) && !names.contains(third), "{names:?}");
    api.held().objects.insert(path, backup);
    restarted.step().await.unwrap();
    assert_eq!(restarted.ring.borrow().keys.keys().len(), 3);
}

/// Makes another key as soon as this replica makes its own.
struct Faster(Api, AtomicI64);

impl Random for Faster {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        if self.1.fetch_add(1, Ordering::Relaxed) == 0 {
            let make = async || keeper(&self.0).0.step().await;
            std::thread::scope(|scope| {
                let run = || tokio::runtime::Runtime::new().unwrap().block_on(make());
                scope.spawn(run).join().unwrap().unwrap();
            });
        }
        SystemRandom.fill(buffer)
    }
}

#[tokio::test]
async fn r_09_who_was_slower_to_make_a_key_makes_none() {
    let api = Api::default();
    let clock = Arc::new(SetClock(AtomicI64::new(NOW + 61)));
    let random = Arc::new(Faster(api.clone(), AtomicI64::new(0)));
    let (_leads, receiver) = watch::channel(true);
    let (mut keeper, _ring) =
        Keeper::new(api.world(&["--key-size=2048"], clock, Arc::clone(&random) as _), receiver);
    keeper.step().await.unwrap();
    assert!(random.1.load(Ordering::Relaxed) > 0);
    assert_eq!((keys(&api), keeper.ring.borrow().keys.keys().len()), (1, 1));
}

#[tokio::test]
async fn q_02_who_comes_second_takes_the_key_of_the_first_even_in_the_same_second() {
    let api = Api::default();
    let ((mut one, _, _ones), (mut other, _, _others)) = (keeper(&api), keeper(&api));
    one.step().await.unwrap();
    other.step().await.unwrap();
    one.make().await.unwrap();
    other.make().await.unwrap();
    assert_eq!((keys(&api), other.ring.borrow().keys.keys().len()), (2, 2));
    // Whoever asks again, gets another; so the name that is taken is passed over.
    other.make().await.unwrap();
    assert_eq!(keys(&api), 3);
}

#[tokio::test]
async fn q_03_a_certificate_is_served_once_its_key_is_stored_and_no_key_is_deleted() {
    let api = Api::default();
    let (mut keeper, clock, _leads) = keeper(&api);
    api.held().is_read_only = true;
    keeper.step().await.unwrap_err();
    assert_eq!(keeper.world.health.certificate(), None);
    api.held().is_read_only = false;
    for year in 0..3 {
        clock.0.store(NOW + year * YEAR, Ordering::Relaxed);
        keeper.step().await.unwrap();
        let served = keeper.world.health.certificate().unwrap();
        let served = bulla_api::encode_base64(&served);
        let held = api.held();
        let mut stored = held.objects.iter().filter(|(path, _)| path.contains("/secrets/"));
        assert!(stored.any(|(_, secret)| secret["data"]["tls.crt"] == served));
        // Long expired ones stay and open.
        assert_eq!(keeper.ring.borrow().keys.keys().len() as i64, year + 1);
    }
    assert!(!api.changes().iter().any(|change| change.starts_with("DELETE")));
}

#[tokio::test]
async fn q_03_of_a_key_secret_its_first_certificate_is_served_and_nothing_that_stands_beside_it() {
    const KEY: &str = include_str!("../../../tests/fixtures/seal/main.key");
    const FIRST: &str = include_str!("../../../tests/fixtures/seal/valid.crt");
    const OTHER: &str = include_str!("../../../tests/fixtures/seal/other.crt");
    let combined = [
        format!("{FIRST}{KEY}"),
        format!("{KEY}{FIRST}"),
        format!("{FIRST}{OTHER}"),
        format!("a note\n{}", FIRST.replace('\n', "\r\n")),
    ];
    for certificates in combined {
        let api = Api::default();
        let (mut keeper, _clock, _leads) = keeper(&api);
        let path = format!("/api/v1/namespaces/{}/secrets/key", keeper.world.settings.namespace);
        let data = [("tls.key", KEY), ("tls.crt", &certificates)];
        let data = data.map(|(name, text)| (name, bulla_api::encode_base64(text.as_bytes())));
        let secret =
            json!({"metadata": {"name": "key", "labels": {KEY_LABEL: ACTIVE}}, "data": BTreeMap::from(data)});
        api.held().objects.insert(path, secret);
        keeper.step().await.unwrap();
        let served = keeper.world.health.certificate().unwrap();
        assert_eq!(String::from_utf8(served).unwrap(), FIRST);
    }
}

#[tokio::test]
async fn q_05_a_key_that_no_watch_tells_of_is_looked_for() {
    let api = Api::default();
    let (mut keeper, clock, _leads) = keeper(&api);
    keeper.step().await.unwrap();
    assert!(!keeper.is_outdated().await);
    // Without a label, as up to release 0.8.
    let settings = &keeper.world.settings;
    let mut secret = settings.new_key.generate(&settings.namespace, "", NOW, &SystemRandom).unwrap();
    secret.metadata.labels.clear();
    let mut secret: Value =
        serde_json::from_slice(&bulla_api::json_line(&secret.tree()).into_bytes()).unwrap();
    let path = format!("/api/v1/namespaces/{}/secrets/{}", settings.namespace, settings.key_prefix);
    for version in ["1", "2"] {
        secret["metadata"]["resourceVersion"] = version.into();
        api.held().objects.insert(path.clone(), secret.clone());
        assert!(keeper.is_outdated().await);
        keeper.step().await.unwrap();
        assert!(!keeper.is_outdated().await);
        assert_eq!(keeper.ring.borrow().keys.keys().len(), 2);
    }
    api.held().refuses = Some(StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!keeper.is_outdated().await, "what cannot be read is no news");
    api.held().refuses = None;
    api.held().objects.remove(&path);
    assert!(keeper.is_outdated().await);
    // A certificate of a clock that goes before: it is sealed with when its time has come.
    clock.0.store(NOW - 2 * HOUR, Ordering::Relaxed);
    assert_eq!(keeper.step().await.unwrap(), Duration::from_secs(HOUR as u64));
}

#[tokio::test]
async fn s_08_whoever_leads_tells_of_malformed_keys_once_also_of_those_found_before() {
    let api = Api::default();
    let (mut keeper, _clock, leads) = keeper(&api);
    leads.send_replace(false);
    let path = format!("/api/v1/namespaces/{}/secrets/bad", keeper.world.settings.namespace);
    api.held().objects.insert(
        path,
        json!({"metadata": {"name": "bad", "resourceVersion": "1", "labels": {KEY_LABEL: ACTIVE}}}),
    );
    let events = || api.changes().iter().filter(|change| change.ends_with("/events")).count();
    keeper.step().await.unwrap();
    assert_eq!(events(), 0, "another replica says so");
    leads.send_replace(true);
    for _ in 0..2 {
        keeper.step().await.unwrap();
        assert_eq!(events(), 1);
    }
    let metrics = keeper.world.metrics.text().unwrap();
    assert!(metrics.contains("\nbulla_controller_rejected_key_secrets_total 1\n"), "{metrics}");
}

#[tokio::test]
async fn q_04_lost_keys_are_told_of_before_another_is_made() {
    for (status, lost) in [("True", 1), ("False", 0)] {
        let api = Api::default();
        let object = json!({"status": {"conditions": [{"type": "Synced", "status": status}]}});
        api.held().objects.insert("/apis/bitnami.com/v1alpha1/sealedsecrets/one".to_owned(), object);
        let (mut keeper, _clock, _leads) = keeper(&api);
        keeper.step().await.unwrap();
        let changes = api.changes();
        let [told @ .., made] = changes.as_slice() else { panic!("no key is made") };
        assert!(made.ends_with("/secrets"), "{changes:?}");
        assert_eq!(told.iter().filter(|change| change.contains("/events")).count(), lost, "{changes:?}");
        let metrics = keeper.world.metrics.text().unwrap();
        assert!(metrics.contains(&format!("\nbulla_controller_lost_keys_total {lost}\n")), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s_10_whoever_reads_sees_whole_sets_of_keys_while_they_change() {
    let api = Api::default();
    let (mut keeper, _clock, _leads) = keeper(&api);
    keeper.step().await.unwrap();
    let reads = Arc::new(AtomicI64::new(0));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (ring, reads) = (keeper.ring.subscribe(), Arc::clone(&reads));
            tokio::spawn(async move {
                let mut most = 1;
                // Until the keeper is gone.
                while ring.has_changed().is_ok() {
                    let seen = Arc::clone(&ring.borrow());
                    let newest = &seen.newest.as_ref().unwrap().fingerprint;
                    assert!(fingerprints(&seen).contains(&newest.as_str()));
                    assert!(seen.keys.keys().len() >= most, "no key is missing meanwhile");
                    most = seen.keys.keys().len();
                    reads.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                most
            })
        })
        .collect();
    for _ in 0..5 {
        keeper.is_asked = true;
        keeper.step().await.unwrap();
        // Somebody reads between any two changes.
        let before = reads.load(Ordering::Relaxed);
        while reads.load(Ordering::Relaxed) < before + 8 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    drop(keeper);
    for reader in readers {
        let most = reader.await.unwrap();
        assert!(most <= 6, "{most} keys");
    }
}

#[tokio::test]
async fn a_key_asked_for_while_the_server_is_away_is_made_when_it_is_back() {
    let api = Api::default();
    let (mut keeper, _clock, _leads) = keeper(&api);
    keeper.step().await.unwrap();
    keeper.is_asked = true;
    api.held().refuses = Some(StatusCode::INTERNAL_SERVER_ERROR);
    keeper.step().await.unwrap_err();
    api.held().refuses = None;
    keeper.step().await.unwrap();
    assert_eq!(keys(&api), 2);
    keeper.step().await.unwrap();
    assert_eq!(keys(&api), 2, "asked once");
}
