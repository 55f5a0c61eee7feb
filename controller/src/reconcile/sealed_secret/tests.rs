use super::*;

use std::sync::atomic::AtomicI64;

use bulla_crypto::SystemRandom;
use kube::runtime::watcher::Event;
use serde_json::json;

use super::work::tests::{PATH, key_of, stage};
use crate::testing::{Api, SetClock};

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
async fn what_is_told_waits_a_second_at_most_and_for_no_change() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let mut driver = begun(&api, worker);
    let now = Instant::now();
    driver.begin(now);
    one_ends(&mut driver).await;
    // Others are at work, and more is to be done.
    driver.running.spawn(std::future::pending());
    let due = driver.begin(now).unwrap();
    assert!(driver.telling.is_empty() && due <= Instant::now() + Duration::from_secs(1));
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
async fn what_is_large_is_told_at_once() {
    let (api, worker) = stage(Arc::new(SystemRandom), &[("a", &[])]);
    let path = format!("{PATH}a");
    api.held().objects.get_mut(&path).unwrap()["metadata"]["annotations"] = json!({"l": "x".repeat(5 << 20)});
    let mut driver = begun(&api, worker);
    let now = Instant::now();
    driver.begin(now);
    one_ends(&mut driver).await;
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
async fn r_14_one_large_object_is_in_work_at_a_time_and_the_others_wait_aside() {
    let world = Api::default().plain_world(&Arc::new(SetClock(AtomicI64::new(0))));
    let mut driver = Driver::new(world, watch::channel(Arc::default()).1).unwrap();
    let item = |number: usize| (format!("i{number}"), json!("AAAA"));
    for (name, items, templates) in [("a", 101, 0), ("b", 60, 41), ("c", 0, 101), ("d", 60, 40)] {
        let object = json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"namespace": "x", "name": name, "uid": name, "generation": 1},
            "spec": {
                "encryptedData": (0..items).map(item).collect::<serde_json::Map<_, _>>(),
                "template": {"data": (0..templates).map(item).collect::<serde_json::Map<_, _>>()},
            },
        });
        driver.known.sealed_changed((0, Event::Apply(serde_json::from_value(object).unwrap())));
        driver.queue.add(key_of(name), Urgency::Fresh);
    }
    let now = Instant::now();
    let end_as = |driver: &mut Driver, name: &str, outcome: Outcome| {
        let id = driver.running.spawn(std::future::pending()).id();
        driver.ended(Ok((id, (key_of(name), outcome))));
    };
    let end = |driver: &mut Driver, name: &str| end_as(driver, name, Outcome::DONE);
    assert_eq!(
        [driver.next(now), driver.next(now), driver.next(now)],
        [Some(key_of("a")), Some(key_of("d")), None]
    );
    // What changes while it waits aside is not taken twice.
    driver.queue.add(key_of("b"), Urgency::Fresh);
    assert_eq!(driver.next(now), None);
    end(&mut driver, "d");
    assert_eq!(driver.next(now), None, "a small one makes no room for a large one");
    end(&mut driver, "a");
    assert_eq!([driver.next(now), driver.next(now)], [Some(key_of("b")), None]);
    end(&mut driver, "b");
    assert_eq!(driver.next(now), Some(key_of("c")));
    // What turned out to be large is begun anew, as one of them.
    driver.queue.add(key_of("d"), Urgency::Fresh);
    assert_eq!(driver.next(now), Some(key_of("d")));
    end_as(&mut driver, "d", Outcome { is_large: true, ..Outcome::DONE });
    let now = Instant::now();
    assert_eq!(driver.next(now), None);
    end(&mut driver, "c");
    assert_eq!([driver.next(now), driver.next(now)], [Some(key_of("b")), None], "it came before");
    end(&mut driver, "b");
    assert_eq!(driver.next(now), Some(key_of("d")));
}
