//! Many objects at once. They are made over the API on some connections, since
//! kubectl would take longer than the controller, and what became of them is seen
//! at the proxy, since who asks the API server makes it slower.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use bulla_testkit::Tool;
use bulla_testkit::kube::{Call, eventually};
use serde_json::{Value, json};

use super::Stage;
use crate::home::{decoded, marked};

/// Connections at once on which objects are made.
const CONNECTIONS: usize = 4;

/// Objects that were made: when that began, how many requests there were before,
/// and when it was the turn of each.
pub(super) struct Fed {
    begin: Instant,
    seen: usize,
    each: HashMap<String, Instant>,
}

impl Stage {
    /// Seals Secrets all in one process of the original.
    pub(super) fn sealed_all(&self, secrets: &[Value]) -> Vec<Value> {
        let certificate = self.home.certificate();
        let documents: String = secrets
            .iter()
            .flat_map(|secret| ["---\n".to_owned(), secret.to_string(), "\n".to_owned()])
            .collect();
        let seal = ["--cert", certificate.to_str().expect("a path in UTF-8")];
        let outcome = self.home.sandbox.run_with_input(&Tool::kubeseal(), &seal, documents.as_bytes());
        let sealed = outcome.success().stdout;
        let objects = serde_json::Deserializer::from_slice(&sealed).into_iter();
        let objects: Vec<Value> = objects.collect::<Result<_, _>>().expect("kubeseal prints JSON");
        assert_eq!(objects.len(), secrets.len());
        objects
    }

    /// A Secret with one value, marked, to be sealed.
    pub(super) fn secret(&self, name: &str, value: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": {"a": marked(value)},
            "metadata": {"name": name, "namespace": self.home.name},
        })
    }

    /// Many objects, named `PREFIX-0` and on, each with its name as its value.
    pub(super) fn sealed_many(&self, prefix: &str, count: usize) -> Vec<Value> {
        let secret = |number: usize| {
            let name = format!("{prefix}-{number}");
            self.secret(&name, &name)
        };
        self.sealed_all(&(0..count).map(secret).collect::<Vec<_>>())
    }

    /// Makes objects, about in their order: one each time that `every` has
    /// passed, or as fast as the API server takes them if it is zero.
    pub(super) fn feed(&self, objects: &[Value], every: Duration) -> Fed {
        let (api, path) = (self.home.cluster.api(), self.path("sealedsecrets"));
        let (begin, seen) = (Instant::now(), self.proxy.look(<[Call]>::len));
        let make = |(number, object): (usize, &Value)| {
            let turn = begin + every * u32::try_from(number).expect("they are few");
            std::thread::sleep(turn.saturating_duration_since(Instant::now()));
            api.request("POST", &path, object.to_string()).success();
            (name(object).to_owned(), turn)
        };
        let share = |first: usize| -> Vec<_> {
            objects.iter().enumerate().skip(first).step_by(CONNECTIONS).map(make).collect()
        };
        let each = std::thread::scope(|scope| {
            let shares: Vec<_> = (0..CONNECTIONS).map(|first| scope.spawn(move || share(first))).collect();
            shares.into_iter().flat_map(|share| share.join().expect("the API server takes them")).collect()
        });
        Fed { begin, seen, each }
    }

    /// Makes many objects, named `PREFIX-0` and on.
    pub(super) fn seal_many(&self, prefix: &str, count: usize) -> Fed {
        self.feed(&self.sealed_many(prefix, count), Duration::ZERO)
    }

    /// Waits until the controller has said of all of them that they are there.
    pub(super) fn all_told(&self, prefix: &str, fed: &Fed) {
        let is_told = |call: &&Call| {
            let is_done = call.status == 200 || call.status == 0;
            is_done && is_of(call, "SealedSecret", prefix) && is_synced(&call.body)
        };
        let count = fed.each.len();
        grows(&format!("word of all {count} of {prefix}"), count, || {
            // Looking, too, takes time.
            std::thread::sleep(Duration::from_millis(200));
            self.proxy.look(|calls| {
                let told: HashSet<&str> =
                    calls[fed.seen..].iter().filter(is_told).map(|call| name(&call.body)).collect();
                told.len()
            })
        });
    }

    /// Waits until all of them are there with their own values.
    pub(super) fn all_there(&self, prefix: &str, count: usize) {
        let is_right = |secret: &&Value| {
            name(secret).starts_with(prefix)
                && decoded(&secret["data"]["a"]) == marked(name(secret)).as_bytes()
        };
        let is_told = |object: &&Value| name(object).starts_with(prefix) && is_synced(object);
        grows(&format!("all {count} of {prefix}"), count, || {
            let (secrets, sealed) = (self.listed("secrets"), self.listed("sealedsecrets"));
            secrets.iter().filter(is_right).count().min(sealed.iter().filter(is_told).count())
        });
    }

    /// Seconds until the controller sent the last change of a Secret or a status
    /// that these objects called for.
    pub(super) fn until_last_change(&self, prefix: &str, fed: &Fed) -> f64 {
        let is_one = |call: &&Call| is_of(call, "Secret", prefix) || is_of(call, "SealedSecret", prefix);
        let last = self.proxy.look(|calls| calls[fed.seen..].iter().filter(is_one).map(|call| call.at).max());
        last.expect("there were changes").duration_since(fed.begin).as_secs_f64()
    }

    /// Seconds from the turn of an object within which 99 of 100 of these had their
    /// Secret, where no request to make one failed.
    pub(super) fn p99(&self, prefix: &str, fed: &Fed) -> f64 {
        let mut seconds: Vec<f64> = self.proxy.look(|calls| {
            let made = calls[fed.seen..].iter().filter(|call| makes_secret(call, prefix));
            made.map(|call| {
                let at = call.answered.expect("it was answered");
                at.duration_since(fed.each[name(&call.body)]).as_secs_f64()
            })
            .collect()
        });
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() * 99 / 100]
    }

    /// Whether work on an object was begun before the last Secret of others was made.
    pub(super) fn is_begun_among(&self, name: &str, prefix: &str, fed: &Fed) -> bool {
        let path = format!("{}/{name}", self.path("sealedsecrets"));
        self.proxy.look(|calls| {
            let calls = &calls[fed.seen..];
            let begun = calls.iter().position(|call| call.method == "GET" && call.path == path);
            let last = calls.iter().rposition(|call| makes_secret(call, prefix));
            begun.is_some_and(|begun| Some(begun) < last)
        })
    }

    /// The objects of a kind, over the API.
    pub(super) fn listed(&self, kind: &str) -> Vec<Value> {
        let mut list: Value = serde_json::from_str(&self.list_text(kind)).expect("the API speaks JSON");
        let Value::Array(items) = list["items"].take() else { panic!("no list of {kind}") };
        items
    }

    /// The same as the API server writes it.
    pub(super) fn list_text(&self, kind: &str) -> String {
        self.home.cluster.api().request("GET", &self.path(kind), "").success()
    }

    fn path(&self, kind: &str) -> String {
        let group = if kind == "sealedsecrets" { "apis/bitnami.com/v1alpha1" } else { "api/v1" };
        format!("/{group}/namespaces/{}/{kind}", self.home.name)
    }
}

/// The name of an object; empty where it has none.
pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Whether an object says that it is synced.
pub(super) fn is_synced(object: &Value) -> bool {
    object["status"]["conditions"][0]["status"] == "True"
}

/// Whether a request is to change an object of this kind whose name begins so.
fn is_of(call: &Call, kind: &str, prefix: &str) -> bool {
    call.is_change() && call.body["kind"] == kind && name(&call.body).starts_with(prefix)
}

fn makes_secret(call: &Call, prefix: &str) -> bool {
    call.method == "POST" && is_of(call, "Secret", prefix)
}

/// Waits until a number is reached, for as long as it grows.
#[track_caller]
fn grows(what: &str, goal: usize, mut now: impl FnMut() -> usize) {
    let mut before = 0;
    while before < goal {
        before =
            eventually(&format!("{what} and not only {before}"), || Some(now()).filter(|now| *now > before));
    }
}
