//! A kill or an error at every system call of a write.

use std::collections::BTreeMap;

use bulla_testkit::{Outcome, Tool};
use lane_faults::{
    Call, Fate, Fault, KILL_POINTS, Scene, budget, errors_of, failing_calls, full, points, told, work,
};

const KILLED: i32 = 128 + 9;

/// The scene of a work, its system calls, and proof that it works unharmed.
#[track_caller]
fn prepare(name: &str) -> (Scene, Vec<Call>) {
    let scene = Scene::new(work(name));
    scene.reset();
    let (outcome, calls) = scene.trace("all");
    outcome.success();
    assert!(scene.fates().unwrap().iter().all(|fate| *fate == Fate::New), "{name}");
    assert!(scene.leftovers().is_empty() && scene.drafts().is_empty(), "{name}");
    (scene, calls)
}

#[track_caller]
fn kill_everywhere(name: &str) {
    let (scene, calls) = prepare(name);
    let (mut old, mut new, mut cleared) = (0, 0, 0);
    let points = points(&calls, KILL_POINTS, "/d/", full());
    assert!(points.len() > 10, "{points:?}");
    for (call, number) in &points {
        scene.reset();
        let fault = Fault { call: call.clone(), number: *number, error: None };
        let outcome = scene.suffer(&fault);
        // Threads take turns, so the point may not have been reached.
        assert!(
            [0, KILLED, 201].contains(&outcome.code) || scene.work.files.len() > 1,
            "{fault:?}: {outcome:?}"
        );
        let fates = scene.fates().unwrap_or_else(|error| panic!("{name}: {fault:?}: {error}: {outcome:?}"));
        if outcome.code == 0 {
            assert!(!fates.contains(&Fate::Old), "{name}: {fault:?}: {outcome:?}");
        }
        old += fates.iter().filter(|fate| **fate == Fate::Old).count();
        new += fates.iter().filter(|fate| **fate == Fate::New).count();
        cleared += scene.clear_up();
    }
    assert!(old > 0 && new > 0, "kills came before and after the rename: {old} old, {new} new");
    let result = format!("{old} old, {new} new, 0 lost; {cleared} leftovers, all cleared by the next run");
    told("R-01", &format!("`{name}`, SIGKILL at {} calls", points.len()), &result);
}

#[track_caller]
fn fail_everywhere(name: &str) {
    let (scene, calls) = prepare(name);
    let (mut tried, mut failed) = (0, 0);
    for (call, number) in points(&calls, &failing_calls(), "/d/", full()) {
        for error in errors_of(&call, number, full()) {
            scene.reset();
            let fault = Fault { call: call.clone(), number, error: Some(error) };
            let outcome = scene.suffer(&fault);
            tried += 1;
            failed += usize::from(outcome.code != 0);
            judge(&scene, &outcome).unwrap_or_else(|text| panic!("{name}: {fault:?}: {text}: {outcome:?}"));
        }
    }
    assert!(failed > 5, "only {failed} of {tried} faults had an effect");
    let result =
        format!("{failed} reported, {} harmless, originals identical, 0 temporaries", tried - failed);
    told("R-02", &format!("`{name}`, {tried} errors injected"), &result);
}

/// A failed call fails the command and leaves the old file, or does no harm.
fn judge(scene: &Scene, outcome: &Outcome) -> Result<(), String> {
    let fates = scene.fates()?;
    let stderr = outcome.err();
    let synced = !stderr.contains("sync the directory");
    let many = fates.len() > 1;
    if outcome.code == 0 && fates.contains(&Fate::Old) {
        return Err("exit 0 and an old file".to_owned());
    }
    if outcome.code != 0 && fates.contains(&Fate::New) && synced && !many {
        return Err("a failure and a new file".to_owned());
    }
    if outcome.code != 0 && stderr.trim().is_empty() {
        return Err("a failure without a word".to_owned());
    }
    if !scene.leftovers().is_empty() {
        return Err(format!("left behind: {:?}", scene.leftovers()));
    }
    let drafts = scene.drafts();
    let told = stderr.contains("Your text is kept in ") || stderr.contains("may hold plaintext");
    if drafts.is_empty() == told {
        return Err(format!("drafts: {drafts:?}"));
    }
    drafts.iter().try_for_each(|draft| std::fs::remove_dir_all(draft).map_err(|error| error.to_string()))
}

#[test]
fn r_01_a_kill_during_encrypt_costs_nothing() {
    kill_everywhere("encrypt");
}

#[test]
fn r_01_a_kill_while_many_files_are_encrypted_costs_nothing() {
    kill_everywhere("encrypt many");
}

#[test]
fn r_01_a_kill_during_decrypt_costs_nothing() {
    kill_everywhere("decrypt");
}

#[test]
fn r_01_a_kill_during_edit_costs_nothing() {
    kill_everywhere("edit");
}

#[test]
fn r_01_a_kill_during_set_costs_nothing() {
    kill_everywhere("set");
}

#[test]
fn r_01_a_kill_during_rotate_costs_nothing() {
    kill_everywhere("rotate");
}

#[test]
fn r_01_a_kill_while_many_files_are_rotated_costs_nothing() {
    kill_everywhere("rotate many");
}

#[test]
fn r_01_a_kill_during_updatekeys_costs_nothing() {
    kill_everywhere("updatekeys");
}

#[test]
fn r_01_a_kill_while_many_files_get_other_keys_costs_nothing() {
    kill_everywhere("updatekeys many");
}

#[test]
fn r_01_kills_at_random_moments_cost_nothing() {
    let kills = if full() { 1000 } else { 40 };
    let start = std::time::Instant::now();
    let scene = Scene::new(work("set"));
    scene.reset();
    scene.run().success();
    let once = std::time::Instant::now();
    scene.reset();
    scene.run().success();
    let once = once.elapsed().max(std::time::Duration::from_millis(4));
    let (mut done, mut old, mut new) = (0, 0, 0);
    for number in 0..kills {
        scene.reset();
        let mut child = scene.sandbox.command(&Tool::bulla(), &scene.arguments()).spawn().unwrap();
        // Spread evenly, and in no order: steps of the golden ratio.
        let share = (f64::from(number) * 0.618_033_988_749).fract();
        std::thread::sleep(once.mul_f64(share));
        child.kill().unwrap();
        child.wait().unwrap();
        match scene.fates().unwrap_or_else(|error| panic!("kill {number}: {error}"))[0] {
            Fate::Old => old += 1,
            Fate::New => new += 1,
        }
        scene.clear_up();
        done += 1;
        if start.elapsed() > budget() {
            break;
        }
    }
    told("R-01", &format!("`set`, {done} kills at random moments"), &format!("{old} old, {new} new, 0 lost"));
}

#[test]
fn r_02_an_error_during_encrypt_leaves_the_original() {
    fail_everywhere("encrypt");
}

#[test]
fn r_02_an_error_during_decrypt_leaves_the_original() {
    fail_everywhere("decrypt");
}

#[test]
fn r_02_an_error_during_edit_leaves_the_original() {
    fail_everywhere("edit");
}

#[test]
fn r_02_an_error_during_set_leaves_the_original() {
    fail_everywhere("set");
}

#[test]
fn r_02_an_error_during_rotate_leaves_the_original() {
    fail_everywhere("rotate");
}

#[test]
fn r_02_an_error_on_one_of_many_files_leaves_whole_files() {
    fail_everywhere("rotate many");
}

#[test]
fn r_02_an_error_during_updatekeys_leaves_the_original() {
    fail_everywhere("updatekeys");
}

#[test]
fn r_06_every_replacement_syncs_the_file_then_renames_then_syncs_the_directory() {
    for name in ["encrypt", "decrypt", "edit", "set", "rotate", "updatekeys"] {
        let (_, calls) = prepare(name);
        let orders = replacements(&calls);
        assert_eq!(orders, ["write fsync rename fsync"], "{name}");
    }
    let (scene, calls) = prepare("updatekeys many");
    assert_eq!(replacements(&calls), vec!["write fsync rename fsync"; scene.work.files.len()]);
    told("R-06", "order of calls in 7 works", "write < fsync(file) < rename < fsync(directory) in all");
}

/// For each file that was put into the folder, what happened to it in order.
fn replacements(calls: &[Call]) -> Vec<String> {
    let mut threads: BTreeMap<u32, Replacing> = BTreeMap::new();
    calls.iter().filter_map(|call| threads.entry(call.thread).or_default().take(call)).collect()
}

/// A replacement going on in one thread.
#[derive(Default)]
struct Replacing {
    file: Option<i64>,
    directory: Option<i64>,
    order: Vec<&'static str>,
}

impl Replacing {
    /// Takes note of a call; the sync of the directory ends a replacement.
    fn take(&mut self, call: &Call) -> Option<String> {
        let descriptor = call.descriptor();
        let (of_file, of_directory) = (
            descriptor.is_some() && descriptor == self.file,
            descriptor.is_some() && descriptor == self.directory,
        );
        match call.name.as_str() {
            "openat" if call.text.contains("/d\"") && call.text.contains("O_TMPFILE") => {
                (self.file, self.order) = (call.result(), Vec::new());
            }
            "openat"
                if call.text.contains("/d\", O_RDONLY|O_CLOEXEC") && !call.text.contains("O_DIRECTORY") =>
            {
                self.directory = call.result();
            }
            "write" if of_file => self.order.push("write"),
            "fsync" if of_file => self.order.push("fsync"),
            "rename" if call.text.contains("/d/") => {
                self.order.push("rename");
                self.file = None;
            }
            "fsync" if of_directory => {
                self.order.push("fsync");
                return Some(std::mem::take(&mut self.order).join(" "));
            }
            "close" if of_directory => self.directory = None,
            "close" if of_file => self.file = None,
            _ => {}
        }
        None
    }
}
