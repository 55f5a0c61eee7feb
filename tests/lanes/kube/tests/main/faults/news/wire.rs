//! How the controller hears of it: what becomes of its lists and watches.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bulla_testkit::kube::{Call, Fault};
use serde_json::{Value, json};

/// What is watched.
pub(super) const KINDS: [&str; 2] = ["secrets", "sealedsecrets"];

/// How the controller hears of it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum News {
    /// Three at a time, the last first.
    Disordered,
    /// Each twice, and once more the one before it.
    Doubled,
    /// Not at all; then the watch breaks, and the next list is as it is now.
    Lost,
    /// As it is; then the watch breaks, and the next list is from before.
    Older,
    /// As it is; then it is killed, and the list of its next start is from before.
    Restarted,
}

/// What the plan of the proxy is told by the test, and what it tells.
#[derive(Default)]
pub(super) struct Switch {
    /// News are lost from now on.
    pub(super) is_deaf: AtomicBool,
    /// Watches that are there break with their next event.
    pub(super) breaks: AtomicBool,
    /// The lists from before, as text, that are to be handed out once.
    pub(super) old: Mutex<HashMap<&'static str, String>>,
    /// What was listed since the break.
    listed: Mutex<HashSet<&'static str>>,
}

impl Switch {
    pub(super) fn has_listed_all(&self) -> bool {
        self.listed.lock().expect("no holder panics").len() == KINDS.len()
    }
}

/// What becomes of requests.
pub(super) fn plan(news: News, switch: &Arc<Switch>) -> impl FnMut(&Call) -> Fault + Send + use<> {
    let switch = Arc::clone(switch);
    move |call| {
        let breaks = switch.breaks.load(Ordering::SeqCst);
        let is_of_keys = call.path.contains("labelSelector");
        let listed = KINDS.into_iter().find(|kind| call.is_list(kind)).filter(|_| breaks && !is_of_keys);
        if let Some(kind) = listed {
            switch.listed.lock().expect("no holder panics").insert(kind);
            let old = switch.old.lock().expect("no holder panics").remove(kind);
            return old.map_or(Fault::Pass, |list| Fault::Answer(200, "", list));
        }
        if !call.is_watch() || is_of_keys || breaks {
            return Fault::Pass;
        }
        match news {
            News::Disordered => Fault::Events(Box::new(disordered())),
            News::Doubled => Fault::Events(Box::new(doubled())),
            News::Lost | News::Older => {
                let switch = Arc::clone(&switch);
                Fault::Events(Box::new(move |event| {
                    if switch.breaks.load(Ordering::SeqCst) {
                        vec![expired()]
                    } else if switch.is_deaf.load(Ordering::SeqCst) {
                        Vec::new()
                    } else {
                        vec![event]
                    }
                }))
            }
            News::Restarted => Fault::Pass,
        }
    }
}

fn expired() -> Value {
    json!({"type": "ERROR", "object": {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old",
    }})
}

fn doubled() -> impl FnMut(Value) -> Vec<Value> + Send {
    let mut last: Option<Value> = None;
    move |event| {
        if event["type"] == "BOOKMARK" {
            return Vec::new();
        }
        let before = last.replace(event.clone());
        [event.clone(), event].into_iter().chain(before).collect()
    }
}

fn disordered() -> impl FnMut(Value) -> Vec<Value> + Send {
    let mut held = Vec::new();
    move |event| {
        if event["type"] != "BOOKMARK" {
            held.push(event);
        }
        if held.len() < 3 { Vec::new() } else { held.drain(..).rev().collect() }
    }
}
