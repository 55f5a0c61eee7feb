use super::*;

use std::sync::atomic::AtomicI64;

use bulla_crypto::SystemRandom;
use serde_json::json;

use super::work::Order;
use super::work::tests::{PATH, key_of, stage};
use crate::testing::{Api, SetClock};
use crate::watch::Event;

/// What an API server has, as a driver sees it that has just listed nothing.
fn begun(api: &Api, worker: Worker) -> Driver {
    let mut driver = Driver::new(worker.world, worker.ring).unwrap();
    driver.sealed_changed((0, Event::InitDone));
    driver.secret_changed((0, Event::InitDone));
    let objects: Vec<_> = api.held().objects.values().cloned().collect();
    for object in objects {
        driver.sealed_changed((0, Event::Apply(serde_json::from_value(object).unwrap())));
    }
    driver
}

/// Waits for the end of one piece of work; false where there is none.
async fn one_ends(driver: &mut Driver) -> bool {
    tokio::select! {
        Some(ended) = driver.running.join_next_with_id() => driver.ended(ended),
        Some(ended) = driver.telling.join_next_with_id() => driver.ended(ended),
        else => return false,
    }
    true
}

#[tokio::test]
async fn all_secrets_come_before_what_is_told_about_them() {
    let count = AT_ONCE + 8;
    let names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
    let objects: Vec<_> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let (api, worker) = stage(Arc::new(SystemRandom), &objects);
    let mut driver = begun(&api, worker);
    let now = Instant::now();
    loop {
        driver.begin(now);
        if !one_ends(&mut driver).await {
            break;
        }
    }
    let changes = api.changes();
    let is_secret = |change: &String| change == "POST /api/v1/namespaces/x/secrets";
    assert!(changes[..count].iter().all(is_secret), "{changes:?}");
    assert_eq!(
        (changes.len(), changes.iter().filter(|change| is_secret(change)).count()),
        (3 * count, count)
    );
    assert!(driver.reports.next_due().is_none() && driver.keys.is_empty());
}

#[tokio::test]
async fn what_is_told_waits_five_seconds_at_most_and_for_no_change() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let mut driver = begun(&api, worker);
    let now = Instant::now();
    driver.begin(now);
    one_ends(&mut driver).await;
    // Others are at work, and more is to be done.
    driver.running.spawn(std::future::pending());
    let due = driver.begin(now).unwrap();
    assert!(driver.telling.is_empty() && due <= Instant::now() + Duration::from_secs(5));
    driver.queue.add(key_of("b"), Urgency::Fresh);
    driver.begin(due);
    assert_eq!((driver.telling.len(), driver.running.len()), (1, 2));
    // It is changed while another report waits: that one is forgotten.
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let mut driver = begun(&api, worker);
    driver.begin(now);
    one_ends(&mut driver).await;
    let mut object = api.held().objects[&format!("{PATH}a")].clone();
    object["metadata"]["generation"] = 2.into();
    driver.sealed_changed((0, Event::Apply(serde_json::from_value(object).unwrap())));
    assert!(driver.reports.next_due().is_none());
    assert_eq!(driver.next(now), Some(key_of("a")));
    // It is deleted meanwhile: there is nobody to tell.
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let mut driver = begun(&api, worker);
    driver.begin(now);
    one_ends(&mut driver).await;
    assert!(driver.reports.next_due().is_some());
    let object = api.held().objects[&format!("{PATH}a")].clone();
    driver.sealed_changed((0, Event::Delete(serde_json::from_value(object).unwrap())));
    assert!(driver.reports.next_due().is_none());
    assert_eq!(driver.next(now), None);
}

#[tokio::test]
async fn reports_that_take_much_memory_are_told_at_once() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let path = format!("{PATH}a");
    api.held().objects.get_mut(&path).unwrap()["metadata"]["annotations"] = json!({"l": "x".repeat(5 << 20)});
    let order = Order { gone: None, is_absent: true, is_large: true, said: None };
    let untold = worker.reconcile(&key_of("a"), order).await.untold.unwrap();
    let mut driver = begun(&api, worker);
    let now = Instant::now();
    driver.reports.add(key_of("a"), untold, now);
    driver.running.spawn(std::future::pending());
    driver.begin(now);
    assert_eq!(driver.telling.len(), 1);
}

#[tokio::test]
async fn r_21_what_is_begun_is_told_before_the_end() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[]), ("b", &[])]);
    let mut driver = begun(&api, worker);
    driver.begin(Instant::now());
    one_ends(&mut driver).await;
    driver.finish().await;
    let ends = |path: &str| api.changes().iter().filter(|change| change.ends_with(path)).count();
    assert_eq!([ends("/secrets"), ends("/status"), ends("/events")], [2, 2, 2]);
}

#[tokio::test]
async fn r_11_who_is_put_off_holds_up_nobody() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[]), ("b", &[])]);
    let mut driver = begun(&api, worker);
    for _ in 1..AT_ONCE {
        driver.running.spawn(std::future::pending());
    }
    api.held().puts_off = 1;
    assert_eq!((driver.begin(Instant::now()), driver.running.len()), (None, AT_ONCE));
    driver.put_off.changed().await.unwrap();
    driver.begin(Instant::now());
    assert_eq!((*driver.put_off.borrow(), driver.running.len()), (1, AT_ONCE + 1));
}

#[tokio::test]
async fn q_05_what_is_tried_with_the_old_keys_while_new_ones_come_is_tried_again() {
    let (api, mut worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let others = stage(Arc::new(SystemRandom), &[]).1.ring.borrow().clone();
    let (keys, ring) = watch::channel(others);
    let right = std::mem::replace(&mut worker.ring, ring).borrow().clone();
    let mut driver = begun(&api, worker);
    driver.begin(Instant::now());
    let failed = driver.running.join_next_with_id().await.unwrap();
    keys.send(right).unwrap();
    driver.ring_changed();
    driver.ended(failed);
    driver.begin(Instant::now());
    assert!(one_ends(&mut driver).await, "it is in work again, at once");
    assert!(api.changes().contains(&"POST /api/v1/namespaces/x/secrets".to_owned()));
}

fn items(count: usize) -> serde_json::Map<String, serde_json::Value> {
    (0..count).map(|number| (format!("i{number}"), json!("AAAA"))).collect()
}

/// An object with so many items and generation.
fn object(name: &str, count: usize, generation: i64) -> Sealed {
    let object = json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"namespace": "x", "name": name, "uid": name, "generation": generation},
        "spec": {"encryptedData": items(count)},
    });
    serde_json::from_value(object).unwrap()
}

fn apply(driver: &mut Driver, name: &str, count: usize, generation: i64) {
    driver.sealed_changed((0, Event::Apply(object(name, count, generation))));
}

fn delete(driver: &mut Driver, name: &str) {
    driver.sealed_changed((0, Event::Delete(object(name, 0, 1))));
}

/// A driver that has just listed nothing, without keys.
fn idle(flags: &[&str]) -> Driver {
    let clock = Arc::new(SetClock(AtomicI64::new(0)));
    let world = Api::default().world(flags, clock, Arc::new(SystemRandom));
    let mut driver = Driver::new(world, watch::channel(Arc::default()).1).unwrap();
    driver.sealed_changed((0, Event::InitDone));
    driver.secret_changed((0, Event::InitDone));
    driver
}

fn end(driver: &mut Driver, name: &str, outcome: Outcome) {
    let id = driver.running.spawn(std::future::pending()).id();
    driver.ended(Ok((id, (key_of(name), outcome))));
}

/// The names of the next pieces of work, until there is none.
fn all_next(driver: &mut Driver, now: Instant) -> Vec<String> {
    std::iter::from_fn(|| driver.next(now)).map(|key| key.name.to_string()).collect()
}

#[tokio::test]
async fn r_14_large_objects_wait_for_calm_and_come_one_after_the_other() {
    let mut driver = idle(&[]);
    for (name, items) in [("a", 101), ("b", 102), ("small", 100)] {
        apply(&mut driver, name, items, 1);
    }
    let calm = driver.calm;
    assert_eq!(all_next(&mut driver, calm - CALM), ["small"]);
    assert_eq!(driver.large_due(), Some(calm));
    assert_eq!(driver.begin(calm), None, "there is no key");
    assert_eq!((all_next(&mut driver, calm), driver.large_due()), (vec!["a".to_owned()], None));
    end(&mut driver, "small", Outcome::DONE);
    assert_eq!(all_next(&mut driver, calm), [""; 0], "a small one makes no room for a large one");
    end(&mut driver, "a", Outcome::DONE);
    assert_eq!(all_next(&mut driver, calm), ["b"]);
    // It never becomes calm: they wait their time, which comes before all others.
    apply(&mut driver, "c", 101, 1);
    let now = driver.calm - CALM;
    assert_eq!(all_next(&mut driver, now), [""; 0]);
    driver.calm = now + 2 * LONGEST_ASIDE;
    driver.queue.add(key_of("small"), Urgency::Fresh);
    assert_eq!(all_next(&mut driver, now + LONGEST_ASIDE), ["small"], "one is in work");
    end(&mut driver, "small", Outcome::DONE);
    end(&mut driver, "b", Outcome::DONE);
    driver.queue.add(key_of("small"), Urgency::Fresh);
    assert_eq!(all_next(&mut driver, now + LONGEST_ASIDE), ["c", "small"]);
    end(&mut driver, "c", Outcome::DONE);
    // What turned out to be large is begun anew, as one of them.
    driver.calm = now;
    end(&mut driver, "small", Outcome { is_large: true, ..Outcome::DONE });
    let now = Instant::now();
    assert_eq!(all_next(&mut driver, now), ["small"]);
    assert_eq!(driver.large, Some(key_of("small")));
}

#[tokio::test]
async fn r_14_nothing_waits_for_a_slot_behind_a_large_object() {
    let mut driver = idle(&[]);
    apply(&mut driver, "large", 101, 1);
    let now = driver.calm - CALM;
    assert_eq!(all_next(&mut driver, now), [""; 0]);
    apply(&mut driver, "small", 1, 1);
    // It was calm for long, but no slot was free.
    let calm = driver.calm;
    assert_eq!(all_next(&mut driver, calm), ["small", "large"]);
}

#[tokio::test]
async fn what_changes_aside_is_worked_on_once_and_as_what_it_is_now() {
    let mut driver = idle(&[]);
    for name in ["a", "b", "c"] {
        apply(&mut driver, name, 101, 1);
    }
    let now = driver.calm - CALM;
    assert_eq!(all_next(&mut driver, now), [""; 0]);
    for name in ["a", "b", "c"] {
        apply(&mut driver, name, 102, 2);
    }
    apply(&mut driver, "b", 1, 3);
    delete(&mut driver, "c");
    let calm = driver.calm;
    assert_eq!(all_next(&mut driver, calm - CALM), ["b"], "and what is gone calls for nothing");
    apply(&mut driver, "c", 1, 1);
    let calm = driver.calm;
    assert_eq!(all_next(&mut driver, calm), ["c", "a"]);
    assert!(!driver.queue.is_wanted_again(&key_of("a")) && driver.aside.is_empty());
}

/// Lost its label, say: the API server tells that it was deleted.
#[tokio::test]
async fn what_left_the_label_selector_is_worked_on_no_more() {
    for retry in [Retry::Soon, Retry::Later] {
        let mut driver = idle(&[]);
        for name in ["waits", "ready", "taken", "large"] {
            apply(&mut driver, name, 1, 1);
        }
        let now = Instant::now();
        let failed = || Outcome { retry, ..Outcome::panicked() };
        assert_eq!(all_next(&mut driver, now), ["waits", "ready", "taken", "large"]);
        end(&mut driver, "waits", failed());
        end(&mut driver, "ready", Outcome::DONE);
        for name in ["ready", "taken"] {
            apply(&mut driver, name, 1, 2);
        }
        for name in ["waits", "ready", "taken", "large"] {
            delete(&mut driver, name);
        }
        // Keys that come now change nothing of it.
        let id = driver.running.spawn(std::future::pending()).id();
        driver.keys.insert(id, key_of("taken"));
        driver.ring_changed();
        end(&mut driver, "taken", failed());
        end(&mut driver, "large", Outcome { is_large: true, ..Outcome::DONE });
        assert_eq!((all_next(&mut driver, now), driver.queue.next_due()), (Vec::new(), None));
    }
}

#[tokio::test]
async fn a_deletion_counts_as_a_request_once() {
    for (flags, of_the_watch) in [(&[][..], 1), (&["--old-gc-behavior"], 0)] {
        let mut driver = idle(flags);
        apply(&mut driver, "a", 1, 1);
        delete(&mut driver, "a");
        let line = format!("sealed_secrets_controller_unseal_requests_total {of_the_watch}\n");
        assert!(driver.world.metrics.text().unwrap().contains(&line));
        // Deleting the Secret, where that is ours to do, is work and counts as such.
        assert_eq!(all_next(&mut driver, Instant::now()).len(), 1 - of_the_watch);
    }
}

#[tokio::test]
async fn the_secret_of_a_large_object_that_is_deleted_while_it_waits_is_deleted_at_once() {
    let mut driver = idle(&["--old-gc-behavior"]);
    apply(&mut driver, "large", 101, 1);
    let now = driver.calm - CALM;
    assert_eq!(all_next(&mut driver, now), [""; 0]);
    delete(&mut driver, "large");
    let now = driver.calm - CALM;
    assert_eq!(all_next(&mut driver, now), ["large"]);
    assert!(driver.known.order(&key_of("large")).gone.is_some() && driver.large.is_none());
}

#[tokio::test]
async fn a_large_object_alone_is_begun_and_no_report_waits_for_it() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[]), ("b", &[])]);
    let path = format!("{PATH}b");
    api.held().objects.get_mut(&path).unwrap()["spec"]["encryptedData"] = items(101).into();
    let mut driver = begun(&api, worker);
    let calm = driver.calm;
    assert_eq!((driver.begin(calm - CALM), driver.running.len()), (Some(calm), 1));
    one_ends(&mut driver).await;
    driver.large = Some(key_of("b"));
    driver.running.spawn(std::future::pending());
    driver.begin(calm);
    assert_eq!((driver.telling.len(), driver.running.len()), (1, 1));
    driver.large = None;
    driver.begin(calm);
    assert_eq!((driver.large.clone(), driver.running.len()), (Some(key_of("b")), 2));
}
