//! News that are old, lost, doubled or out of order. Many things are done to
//! many objects, and the controller hears of them in one of these ways; whichever
//! it is, everything ends as it had to, and on the way there nothing is deleted or
//! overwritten that is newer than what it knew. Of Sieve's three patterns these are
//! stale and unobserved states; intermediate ones are those of R-07.

mod scenario;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bulla_testkit::soak::told;
use serde_json::{Value, json};

use super::Stage;
use super::load::{is_synced, name};
use crate::home::{decoded, marked};
use scenario::{Act, Before, End, Scenario, scenarios};
use wire::{KINDS, News, Switch, plan};

/// The hardest: with the right and the order to delete.
const FLAGS: [&str; 1] = ["--old-gc-behavior"];
/// How long everything may take to end as it has to.
const PATIENCE: Duration = Duration::from_secs(90);
/// Without a change for so long it has ended.
const QUIET: Duration = Duration::from_secs(2);
/// Two objects that nothing is done to, so that news go on coming.
const PULSE: &str = "pulse";

/// Everything of one run.
struct Run {
    stage: Stage,
    scenarios: Vec<Scenario>,
    /// UIDs of the Secrets before.
    uids: HashMap<String, Value>,
    /// The Secrets of others after all was done.
    theirs: HashMap<String, Value>,
    beats: AtomicUsize,
}

impl Run {
    /// Makes what there is before.
    fn prepare(stage: Stage) -> Self {
        let mut run = Self {
            stage,
            scenarios: scenarios(),
            uids: HashMap::new(),
            theirs: HashMap::new(),
            beats: AtomicUsize::new(0),
        };
        let home = &run.stage.home;
        let others = run.of(|scenario| run.others(scenario)).into_iter();
        home.apply(&list(&others.chain([run.foreign(PULSE, "none")]).collect::<Vec<_>>()));
        home.apply(&list(&run.first()));
        run.wait(|sealed| {
            let is_told = |scenario: &Scenario| {
                let opens = !matches!(scenario.before, Before::Absent | Before::Foreign);
                sealed
                    .get(&scenario.name)
                    .is_some_and(|object| is_current(object) && is_synced(object) == opens)
            };
            run.of(|scenario| (!is_told(scenario)).then(|| scenario.name.clone()))
        });
        home.apply(&list(&run.of(|scenario| {
            let metadata = json!({"name": scenario.name, "namespace": home.name});
            let secret =
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "immutable": true});
            (scenario.before == Before::Immutable).then_some(secret)
        })));
        let secrets = run.stage.listed("secrets");
        run.uids = secrets.iter().map(|one| (name(one).to_owned(), one["metadata"]["uid"].clone())).collect();
        run
    }

    /// What scenarios give.
    fn of<'s, T>(&'s self, what: impl Fn(&'s Scenario) -> Option<T>) -> Vec<T> {
        self.scenarios.iter().filter_map(what).collect()
    }

    /// The Secret that somebody made before.
    fn others(&self, scenario: &Scenario) -> Option<Value> {
        match scenario.before {
            Before::Absent | Before::Immutable | Before::Owned => None,
            Before::Adopted => Some(self.foreign(&scenario.name, "managed")),
            Before::Foreign => Some(self.foreign(&scenario.name, "none")),
            Before::Patched => Some(self.foreign(&scenario.name, "patch")),
        }
    }

    fn foreign(&self, name: &str, annotation: &str) -> Value {
        let annotations = json!({format!("sealedsecrets.bitnami.com/{annotation}"): "true"});
        let metadata = json!({"name": name, "namespace": self.stage.home.name, "annotations": annotations});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"own": "theirs"}})
    }

    /// The SealedSecrets that there are before.
    fn first(&self) -> Vec<Value> {
        let names = self.of(|scenario| Some(scenario.name.as_str()));
        let names = names.into_iter().chain([PULSE, "elsewhere"]);
        let secrets: Vec<Value> = names.map(|name| self.stage.secret(name, "first")).collect();
        let mut sealed = self.stage.sealed_all(&secrets);
        let elsewhere = sealed.pop().expect("it was sealed");
        let mut closed =
            self.of(|scenario| (scenario.before == Before::Absent).then_some(scenario.name.as_str()));
        closed.push(PULSE);
        for object in &mut sealed {
            if closed.contains(&name(object)) {
                object["spec"] = elsewhere["spec"].clone();
            }
        }
        sealed
    }

    /// Does it all.
    fn act(&mut self) {
        let made = list(&self.made());
        let ended =
            self.of(|scenario| scenario.ends_object().then(|| format!("sealedsecret/{}", scenario.name)));
        let secrets = |act: Act| {
            let is_one = |scenario: &Scenario| scenario.act == act && scenario.before != Before::Absent;
            self.of(|scenario| is_one(scenario).then(|| format!("secret/{}", scenario.name)))
        };
        self.kubectl(&["delete", "--wait=false"], &ended, &[]);
        self.kubectl(&["delete", "--wait=false"], &secrets(Act::Remove), &[]);
        self.kubectl(&["label"], &secrets(Act::Touch), &["of=others"]);
        self.stage.home.apply(&made);
        let mut secrets = named(self.stage.listed("secrets"));
        let theirs = self.of(|scenario| (scenario.end() == End::Theirs).then_some(&scenario.name));
        let theirs = theirs.into_iter().filter_map(|name| secrets.remove_entry(name)).collect();
        self.theirs = theirs;
    }

    /// What is made or changed meanwhile.
    fn made(&self) -> Vec<Value> {
        let second = self.of(|scenario| match scenario.act {
            Act::Remake | Act::Reseal => Some(self.stage.secret(&scenario.name, "second")),
            Act::Rename => Some(self.stage.secret(&renamed(&scenario.name), "second")),
            Act::Delete | Act::Remove | Act::Touch => None,
        });
        let is_new = |scenario: &Scenario| (scenario.before, scenario.act) == (Before::Absent, Act::Touch);
        let others = self.of(|scenario| is_new(scenario).then(|| self.foreign(&scenario.name, "none")));
        self.stage.sealed_all(&second).into_iter().chain(others).collect()
    }

    fn kubectl(&self, words: &[&str], objects: &[String], last: &[&str]) {
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        if !objects.is_empty() {
            let space = ["--namespace", &self.stage.home.name];
            self.stage.home.cluster.kubectl(&[words, &space, &objects, last].concat()).success();
        }
    }

    /// What is not as it has to be in the end.
    fn wrong(&self, sealed: &BTreeMap<String, Value>) -> Vec<String> {
        let secrets = named(self.stage.listed("secrets"));
        let mut wrong = Vec::new();
        for scenario in &self.scenarios {
            let name = &scenario.name;
            let mut judge = |what: &str, is_right: bool| {
                if !is_right {
                    wrong.push(format!("{name}: {what}"));
                }
            };
            let (secret, object) = (secrets.get(name), sealed.get(name));
            let has = |secret: Option<&Value>, value: &str| {
                secret.is_some_and(|secret| decoded(&secret["data"]["a"]) == marked(value).as_bytes())
            };
            judge(
                "the Secret",
                match scenario.end() {
                    End::First => has(secret, "first"),
                    End::Gone => secret.is_none(),
                    End::Second => has(secret, "second"),
                    End::Theirs => secret.is_some() && secret == self.theirs.get(name),
                },
            );
            let uid = secret.map(|secret| &secret["metadata"]["uid"]);
            judge("another Secret", !scenario.stays() || uid == self.uids.get(name));
            if let Some(secret) = secret.filter(|_| scenario.before == Before::Patched) {
                let is_labeled = secret["metadata"]["labels"]["of"] == "others";
                judge(
                    "what is theirs",
                    decoded(&secret["data"]["own"]) == b"theirs"
                        && is_labeled == (scenario.act == Act::Touch),
                );
            }
            let synced = object.map(|object| (is_current(object), is_synced(object)));
            judge("the SealedSecret", synced == scenario.synced().map(|is_synced| (true, is_synced)));
            if scenario.act == Act::Rename {
                let renamed = renamed(name);
                let is_told =
                    sealed.get(&renamed).is_some_and(|object| is_current(object) && is_synced(object));
                judge("the new name", has(secrets.get(&renamed), "second") && is_told);
            }
        }
        wrong
    }

    /// Waits until nothing is wrong any more, while news go on coming.
    #[track_caller]
    fn wait(&self, wrong: impl Fn(&BTreeMap<String, Value>) -> Vec<String>) {
        let begin = Instant::now();
        loop {
            let wrong = wrong(&named(self.stage.listed("sealedsecrets")));
            if wrong.is_empty() {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{wrong:?}");
            self.beat();
        }
    }

    fn beat(&self) {
        let label = format!("beat=n{}", self.beats.fetch_add(1, Ordering::SeqCst));
        let objects = [format!("secret/{PULSE}"), format!("sealedsecret/{PULSE}")];
        self.kubectl(&["label", "--overwrite"], &objects, &[&label]);
    }

    /// Waits until everything is as it has to be in the end, and stays so.
    #[track_caller]
    fn converge(&self) {
        self.wait(|sealed| self.wrong(sealed));
        // What is held back comes as well.
        (0..3).for_each(|_| self.beat());
        let changes = || self.stage.proxy.look(|calls| calls.iter().filter(|call| call.is_change()).count());
        let (mut seen, mut since, begin) = (changes(), Instant::now(), Instant::now());
        while since.elapsed() < QUIET {
            assert!(begin.elapsed() < PATIENCE, "it goes on and on");
            std::thread::sleep(Duration::from_millis(50));
            if changes() > seen {
                (seen, since) = (changes(), Instant::now());
            }
        }
        assert_eq!(self.wrong(&named(self.stage.listed("sealedsecrets"))), [""; 0]);
    }

    /// On the way nothing was deleted but what had to go, and nothing was overwritten
    /// unseen, or with what was older.
    fn audit(&self) {
        let may_go = self.of(|scenario| scenario.ends_both().then(|| format!("/secrets/{}", scenario.name)));
        let mut newer = HashSet::new();
        for call in self.stage.proxy.changes() {
            assert!(call.is_guarded(), "{call:?}");
            let path = call.path.split('?').next().unwrap_or_default();
            if call.method == "DELETE" {
                let name = path.rsplit('/').next().unwrap_or_default();
                assert!(may_go.iter().any(|end| path.ends_with(end)) && !newer.contains(name), "{call:?}");
            }
            if call.body["kind"] == "Secret" && (200..300).contains(&call.status) {
                let value = decoded(&call.body["data"]["a"]);
                if value == marked("second").as_bytes() {
                    newer.insert(name(&call.body).to_owned());
                } else {
                    assert!(!newer.contains(name(&call.body)), "{call:?}");
                }
            }
        }
    }
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn named(objects: Vec<Value>) -> BTreeMap<String, Value> {
    objects.into_iter().map(|object| (name(&object).to_owned(), object)).collect()
}

fn renamed(name: &str) -> String {
    format!("{name}-anew")
}

/// Whether an object's status is of its newest form.
fn is_current(object: &Value) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

fn run(news: News, words: &str) {
    let (stage, switch) = (Stage::new("news"), Arc::new(Switch::default()));
    stage.proxy.plan(plan(news, &switch));
    let mut pod = stage.ours(&FLAGS);
    let mut run = Run::prepare(stage);
    let is_old = matches!(news, News::Older | News::Restarted);
    if is_old {
        let lists = KINDS.map(|kind| (kind, run.stage.list_text(kind)));
        *switch.old.lock().expect("no holder panics") = lists.into();
    }
    switch.is_deaf.store(news == News::Lost, Ordering::SeqCst);
    run.act();
    if is_old {
        run.converge();
    }
    if news == News::Restarted {
        switch.breaks.store(true, Ordering::SeqCst);
        pod.end_by("KILL");
        pod = run.stage.ours(&FLAGS);
    } else if matches!(news, News::Lost | News::Older) {
        switch.breaks.store(true, Ordering::SeqCst);
        run.wait(|_| {
            if switch.has_listed_all() { Vec::new() } else { vec!["it does not list again".to_owned()] }
        });
    }
    run.converge();
    assert!(switch.old.lock().expect("no holder panics").is_empty(), "the lists from before were handed out");
    run.audit();
    let (code, log) = pod.end_by("TERM");
    assert_eq!(code, 0, "{log}");
    told(
        "R-08",
        &format!("{} scenarios, {words}", run.scenarios.len()),
        "all end as they have to, nothing newer deleted or overwritten",
    );
}

#[test]
fn r_08_what_is_told_out_of_order_ends_as_it_has_to() {
    run(News::Disordered, "news in threes, the last first");
}

#[test]
fn r_08_what_is_told_again_and_again_ends_as_it_has_to() {
    run(News::Doubled, "each event twice, and the one before it once more");
}

#[test]
fn r_08_what_is_not_told_ends_as_it_has_to() {
    run(News::Lost, "no event of it, then a new list");
}

#[test]
fn r_08_a_list_older_than_what_is_known_changes_nothing() {
    run(News::Older, "a list from before after it was all seen");
}

#[test]
fn r_08_a_start_from_an_old_list_changes_nothing() {
    run(News::Restarted, "killed when it was all seen, started from a list from before");
}
