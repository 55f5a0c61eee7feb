//! Signals that end a run from outside.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use bulla_testkit::{CANARY, Tool, shows_canary};
use lane_faults::{Scene, budget, full, plaintext, told, work};
use rustix::process::{Pid, Signal, kill_process};

/// How many budgets the test of R-04 may take: each of its runs is a whole
/// `rotate` and a part of one.
const ROTATE_BUDGETS: u32 = 30;

#[track_caller]
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("our own child");
}

/// Files below `root` that hold the canary in the clear.
fn plain_files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut stack) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            let kind = entry.file_type().expect("readable");
            if kind.is_dir() {
                stack.push(entry.path());
            } else if kind.is_file() && std::fs::read(entry.path()).is_ok_and(|b| shows_canary(&b).is_some())
            {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Starts `edit` with an editor that has written the canary and goes on.
fn editing(scene: &Scene) -> Child {
    let ready = scene.sandbox.path("ready");
    let _ = std::fs::remove_file(&ready);
    let editor = format!("sh -c 'echo more: {CANARY} >> \"$0\"; : > {}; exec sleep 20'", ready.display());
    let mut command = scene.sandbox.command(&Tool::bulla(), &["sops", "edit", "d/a.yaml"]);
    let child = command.env("EDITOR", editor).spawn().expect("our program starts");
    wait_for("the editor", || ready.exists());
    child
}

#[test]
fn r_05_a_signal_during_edit_leaves_no_plaintext() {
    let scene = Scene::new(work("edit"));
    // The editor's text of the other tests is a plain file as well.
    std::fs::remove_file(scene.sandbox.home().join("edited.yaml")).unwrap();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        scene.reset();
        let before = scene.sandbox.read("d/a.yaml");
        let mut child = editing(&scene);
        assert_eq!(plain_files(scene.sandbox.root()).len(), 1, "the search finds a draft");
        send(&child, signal);
        wait_for("the end", || child.try_wait().unwrap().is_some());
        assert_ne!(child.wait().unwrap().code(), Some(0));
        assert_eq!(plain_files(scene.sandbox.root()), [] as [PathBuf; 0], "{signal:?}");
        assert!(scene.drafts().is_empty(), "{signal:?}");
        assert_eq!(scene.sandbox.read("d/a.yaml"), before);
    }
    told("R-05", "`edit` ended by INT, TERM, HUP, QUIT", "0 files with plaintext");
}

#[test]
fn r_05_a_kill_during_edit_leaves_plaintext_in_memory_only_until_the_next_start() {
    let scene = Scene::new(work("edit"));
    std::fs::remove_file(scene.sandbox.home().join("edited.yaml")).unwrap();
    scene.reset();
    let mut child = editing(&scene);
    send(&child, Signal::KILL);
    child.wait().unwrap();
    let left = plain_files(scene.sandbox.root());
    assert!(left.iter().all(|file| file.starts_with(scene.sandbox.home().join("run"))), "{left:?}");
    assert_eq!(scene.clear_up(), 1);
    assert_eq!(plain_files(scene.sandbox.root()), [] as [PathBuf; 0]);
    told("R-05", "`edit` ended by KILL", "plaintext in the runtime directory only, swept by the next `edit`");
}

#[test]
fn r_05_a_signal_during_exec_file_leaves_no_plaintext() {
    let scene = Scene::new(work("set"));
    std::fs::remove_file(scene.sandbox.home().join("edited.yaml")).unwrap();
    scene.reset();
    for option in [&["--no-fifo"][..], &[]] {
        let ready = scene.sandbox.path("ready");
        let _ = std::fs::remove_file(&ready);
        let program = format!(": > {}; exec sleep 20", ready.display());
        let words = [&["sops", "exec-file"], option, &["d/a.yaml", &program]].concat();
        let mut child = scene.sandbox.command(&Tool::bulla(), &words).spawn().unwrap();
        wait_for("the program", || ready.exists());
        send(&child, Signal::TERM);
        wait_for("the end", || child.try_wait().unwrap().is_some());
        assert_eq!(plain_files(scene.sandbox.root()), [] as [PathBuf; 0], "{option:?}");
    }
}

#[test]
fn r_05_a_kill_during_exec_file_leaves_plaintext_until_the_next_one_only() {
    let scene = Scene::new(work("set"));
    std::fs::remove_file(scene.sandbox.home().join("edited.yaml")).unwrap();
    scene.reset();
    let ready = scene.sandbox.path("ready");
    let program = format!(": > {}; exec sleep 5", ready.display());
    let words = ["sops", "exec-file", "--no-fifo", "d/a.yaml", &program];
    let mut child = scene.sandbox.command(&Tool::bulla(), &words).spawn().unwrap();
    wait_for("the program", || ready.exists());
    assert_eq!(plain_files(scene.sandbox.root()).len(), 1);
    send(&child, Signal::KILL);
    child.wait().unwrap();
    scene.sandbox.run(&Tool::bulla(), &["sops", "exec-file", "d/a.yaml", "true"]).success();
    assert_eq!(plain_files(scene.sandbox.root()), [] as [PathBuf; 0]);
}

#[test]
fn r_04_a_signal_during_rotate_of_many_files_stops_soon_and_leaves_whole_files() {
    let (files, runs) = if full() { (1000, 200) } else { (40, 3) };
    let (start, mut done, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    let scene = Scene::new(work("rotate"));
    scene.reset();
    let old = scene.sandbox.read("d/a.yaml");
    let path = |number: usize| format!("many/{number}.yaml");
    let put_back = || (0..files).for_each(|number| drop(scene.sandbox.write(&path(number), &old)));
    let rotate_all = || {
        let outcome = scene.sandbox.run(&Tool::bulla(), &["rotate", "many"]).success();
        assert!(outcome.err().contains(&format!("{files} of {files} files done")), "{outcome:?}");
    };
    put_back();
    let began = Instant::now();
    rotate_all();
    let whole = began.elapsed();
    let (mut untouched, mut rotated) = (0, 0);
    while done < runs && start.elapsed() < budget() * ROTATE_BUDGETS {
        put_back();
        let mut child = scene.sandbox.command(&Tool::bulla(), &["rotate", "many"]).spawn().unwrap();
        // Multiples of the golden ratio cover the run evenly and in no order.
        std::thread::sleep(whole.mul_f64((f64::from(done) * 0.618_034).fract()));
        let signalled = Instant::now();
        send(&child, if done % 2 == 0 { Signal::TERM } else { Signal::INT });
        wait_for("the end", || child.try_wait().unwrap().is_some());
        slowest = slowest.max(signalled.elapsed());
        let names = std::fs::read_dir(scene.sandbox.path("many")).unwrap().count();
        assert_eq!(names, files, "no temporary is left");
        let still_old = (0..files).filter(|number| scene.sandbox.read(&path(*number)) == old).count();
        (untouched, rotated) = (untouched + still_old, rotated + files - still_old);
        // Opens every file and checks its MAC: what is not old is new.
        rotate_all();
        done += 1;
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let expected = plaintext("");
    for number in (0..files).step_by(7) {
        let words = ["sops", "decrypt", &path(number)];
        assert_eq!(scene.sandbox.run(&Tool::bulla(), &words).success().out(), expected);
    }
    let result = format!(
        "slowest stop {} ms, {untouched} old, {rotated} new, 0 mixed, 0 temporaries, second runs complete",
        slowest.as_millis()
    );
    told("R-04", &format!("`rotate` of {files} files ended by TERM or INT, {done} runs"), &result);
}
