//! What a run must not do at all: lose parallel changes, talk to a network,
//! leave a core.

use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use bulla_testkit::{CANARY, Tool, shows_canary};
use lane_faults::{Scene, budget, full, plaintext, told, work};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn l_02_fifty_parallel_set_on_one_file_lose_none() {
    let rounds = if full() { 20 } else { 1 };
    let (start, mut done) = (Instant::now(), 0);
    for _ in 0..rounds {
        let scene = Scene::new(work("set"));
        scene.reset();
        std::thread::scope(|scope| {
            for number in 0..50 {
                let scene = &scene;
                scope.spawn(move || {
                    let index = format!("[\"k{number}\"]");
                    let value = number.to_string();
                    scene.sandbox.run(&Tool::bulla(), &["sops", "set", "d/a.yaml", &index, &value]).success();
                });
            }
        });
        let text = scene.sandbox.run(&Tool::bulla(), &["sops", "decrypt", "d/a.yaml"]).success().out();
        for number in 0..50 {
            assert!(text.contains(&format!("k{number}: {number}\n")), "k{number} is lost:\n{text}");
        }
        assert!(scene.leftovers().is_empty());
        done += 1;
        if start.elapsed() > budget() {
            break;
        }
    }
    told("L-02", &format!("{done} x 50 parallel `set` on one file"), "every exit 0 is in the result");
}

#[test]
fn l_02_other_commands_on_a_file_that_is_being_changed_fail_or_win_whole() {
    let scene = Scene::new(work("set"));
    scene.reset();
    let (mut set, mut rotated) = (0, 0);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for number in 0..20 {
            let scene = &scene;
            threads.push(scope.spawn(move || {
                let index = format!("[\"k{number}\"]");
                let rotate = ["sops", "rotate", "-i", "d/a.yaml"];
                let change = ["sops", "set", "d/a.yaml", &index, "1"];
                let line: &[&str] = if number % 4 == 0 { &rotate } else { &change };
                (number, scene.sandbox.run(&Tool::bulla(), line))
            }));
        }
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let text = scene.sandbox.run(&Tool::bulla(), &["sops", "decrypt", "d/a.yaml"]).success().out();
        for (number, outcome) in outcomes {
            if number % 4 == 0 {
                assert!(outcome.code == 0 || outcome.err().contains("changed while"), "{outcome:?}");
                rotated += usize::from(outcome.code == 0);
            } else if outcome.code == 0 {
                assert!(text.contains(&format!("k{number}: 1\n")), "k{number} is lost:\n{text}");
                set += 1;
            }
        }
    });
    assert!(set > 0, "{set} set, {rotated} rotated");
}

#[test]
fn l_08_nothing_connects_anywhere() {
    for name in ["encrypt", "decrypt", "edit", "set", "rotate", "updatekeys"] {
        let scene = Scene::new(work(name));
        scene.reset();
        let (outcome, calls) = scene.trace("network");
        outcome.success();
        // Signals are passed on through pairs of local sockets.
        let outward = |call: &&lane_faults::Call| {
            ["socket", "connect", "bind"].contains(&call.name.as_str()) && !call.text.contains("AF_UNIX")
        };
        let calls: Vec<_> = calls.iter().filter(outward).collect();
        assert!(calls.is_empty(), "{name}: {calls:?}");
    }
    let scene = Scene::new(work("set"));
    for line in [&["sops", "--version"][..], &["--version"], &["sops", "--check-for-updates", "--version"]] {
        let program = Tool::bulla().path().display().to_string();
        let mut words = ["-f", "-qq", "-etrace=network", "--", &program].map(str::to_owned).to_vec();
        words.extend(line.iter().map(|word| (*word).to_owned()));
        let outcome = scene.sandbox.run(&Tool::strace(), &words);
        assert!(!outcome.err().contains("socket("), "{line:?}: {outcome:?}");
    }
}

#[test]
fn c_14_a_crash_leaves_no_core_and_the_editor_gets_its_limit_back() {
    let scene = Scene::new(work("edit"));
    scene.reset();
    let script = "ulimit -c unlimited; exec \"$0\" sops edit d/a.yaml";
    let program = Tool::bulla().path().display().to_string();
    let mut command = scene.sandbox.command(&Tool::at("/bin/sh"), &["-c", script, &program]);
    let mut child = command
        .env("EDITOR", "sh -c 'ulimit -c > core-limit; mv core-limit ready; exec sleep 3'")
        .spawn()
        .unwrap();
    let ready = scene.sandbox.path("ready");
    let start = Instant::now();
    while !ready.exists() {
        assert!(start.elapsed().as_secs() < 20, "the editor did not start");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(std::fs::read_to_string(&ready).unwrap().trim(), "unlimited");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    kill_process(Pid::from_child(&child), Signal::ABORT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
    let mut stack = vec![scene.sandbox.root().to_owned()];
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(!name.starts_with("core"), "{name}");
            if entry.file_type().unwrap().is_dir() {
                stack.push(entry.path());
            }
        }
    }
}

#[test]
fn l_06_another_user_has_none_of_our_rights() {
    let scene = Scene::new(work("set"));
    scene.reset();
    scene.sandbox.write("flat.yaml", "A: b\n");
    scene.sandbox.run(&Tool::bulla(), &["sops", "encrypt", "-i", "flat.yaml"]).success();
    let words =
        ["sops", "exec-env", "--user", "nobody", "flat.yaml", "id -G; grep -E '^[UG]id' /proc/self/status"];
    let outcome = scene.sandbox.run(&Tool::bulla(), &words);
    if !rustix::process::geteuid().is_root() {
        // Nobody else may become another user.
        assert_ne!(outcome.code, 0, "{outcome:?}");
        return;
    }
    let text = outcome.success().out();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let [groups, user, group] = lines.as_slice() else { panic!("{text}") };
    assert_eq!(groups.len(), 1, "{text}");
    for ids in [user, group] {
        assert!(ids[1..].iter().all(|id| *id == ids[1] && *id != "0"), "{text}");
    }
}

/// H5: where a secret could show although nobody asked for it.
#[test]
fn o_01_the_canary_shows_nowhere_unasked() {
    let scene = Scene::new(work("set"));
    scene.reset();
    scene.sandbox.write("canary.txt", CANARY);
    let truncated = {
        let mut bytes = scene.sandbox.read("d/a.yaml");
        bytes.truncate(bytes.len() * 2 / 3);
        bytes
    };
    scene.sandbox.write("d/cut.yaml", truncated);
    let flipped = String::from_utf8(scene.sandbox.read("d/a.yaml")).unwrap().replace("type:str", "type:int");
    scene.sandbox.write("d/flipped.yaml", flipped);
    scene.sandbox.write("d/broken.yaml", format!("a: [{CANARY}\nb: }}\n"));
    scene.sandbox.write("d/broken.json", format!("{{\"a\": \"{CANARY}\" \"b\"}}"));
    scene.sandbox.write("d/broken.ini", format!("[{CANARY}\n{CANARY}\n"));
    scene.sandbox.write("d/broken.env", format!("{CANARY}\n"));
    let lines: &[&[&str]] = &[
        &["sops", "decrypt", "--verbose", "--extract", "[\"password\"][0]", "d/a.yaml"],
        &["sops", "decrypt", "d/cut.yaml"],
        &["sops", "decrypt", "d/flipped.yaml"],
        &["sops", "decrypt", "--output-type", "dotenv", "d/a.yaml"],
        &["sops", "encrypt", "-i", "d/broken.yaml"],
        &["sops", "encrypt", "-i", "d/broken.json"],
        &["sops", "encrypt", "-i", "d/broken.ini"],
        &["sops", "encrypt", "-i", "d/broken.env"],
        &["sops", "decrypt", "d/broken.yaml"],
        &["sops", "decrypt", "d/broken.json"],
        &["sops", "set", "d/a.yaml", "[\"password\"][\"x\"]", "1"],
        &["sops", "set", "--value-file", "d/a.yaml", "[\"x\"]", "canary.txt"],
        &["sops", "exec-env", "d/a.yaml", "false"],
        &["sops", "exec-file", "d/a.yaml", "false"],
        &["verify", "d"],
        &["rotate", "d/broken.yaml", "d/flipped.yaml"],
    ];
    for line in lines {
        // The check of the canary is the sandbox's.
        let outcome = scene.sandbox.run(&Tool::bulla(), line);
        assert_ne!(outcome.code, 101, "{line:?}: {outcome:?}");
    }
    assert!(shows_canary(plaintext("").as_bytes()).is_some(), "the plaintext holds the canary");
}
