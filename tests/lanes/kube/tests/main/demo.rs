//! The cluster of `cargo xtask demo`: it runs to its end, and an interrupt on the
//! way leaves nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bulla_testkit::kube::eventually;

/// The demonstration in a process group of its own, as a shell starts it.
fn start() -> Child {
    use std::os::unix::process::CommandExt as _;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
    demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).process_group(0);
    demo.spawn().expect("it was built")
}

/// Lines of output until one that `is_last` accepts.
fn lines(demo: &mut Child, is_last: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(demo.stdout.as_mut().expect("it is a pipe")).lines() {
        lines.push(line.expect("it is UTF-8"));
        if lines.last().is_some_and(|line| is_last(line)) {
            break;
        }
    }
    lines
}

/// The folder in which all of the demonstration lies.
fn folder(lines: &[String]) -> String {
    let line = lines.iter().find(|line| line.starts_with("(ready after ")).expect("it says where");
    let folder = line.rsplit(' ').next().expect("it has words").trim_end_matches(')');
    Path::new(folder).parent().expect("work").parent().expect("root").to_str().expect("UTF-8").to_owned()
}

fn is_gone(folder: &str) -> Option<()> {
    let works_there = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("/proc can be read").path();
        std::fs::read_link(path.join("cwd")).is_ok_and(|directory| directory.starts_with(folder))
    };
    let is_quiet = !std::fs::read_dir("/proc").expect("Linux").any(works_there);
    (is_quiet && !Path::new(folder).exists()).then_some(())
}

#[test]
fn the_demonstration_shows_a_secret_arriving_and_a_key_renewed() {
    let mut demo = start();
    let lines = lines(&mut demo, |_| false);
    assert!(demo.wait().expect("it ends").success());
    let text = lines.join("\n");
    for part in [
        "secret/orders-database is there after ",
        "    password: ********",
        "    DATABASE_URL: ********",
        "$ bulla keys renew",
        "$ bulla reseal sealed-database.yaml",
        "(opens with SHA256:",
        "(unsealed again; the Secrets did not change)",
        "export KUBECONFIG=",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("battery") && !text.contains("hunter2"), "{text}");
    eventually("the end of all", || is_gone(&folder(&lines)));
}

#[test]
fn an_interrupt_leaves_nothing_of_the_demonstration() {
    let mut demo = start();
    let lines = lines(&mut demo, |line| line.contains("is there after"));
    let folder = folder(&lines);
    assert!(is_gone(&folder).is_none());
    let group = format!("-{}", demo.id());
    assert!(
        Command::new("kill").args(["-s", "INT", "--", &group]).status().expect("kill is there").success()
    );
    demo.wait().expect("it ends");
    eventually("the end of all", || is_gone(&folder));
}
