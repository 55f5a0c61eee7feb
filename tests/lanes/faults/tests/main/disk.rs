//! Disks that are full, files that may not grow, directories that take none.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use bulla_testkit::{Outcome, Sandbox, Tool};
use lane_faults::{Fate, Fault, Scene, full, told, work};

const WORKS: [&str; 6] = ["encrypt", "decrypt", "edit", "set", "rotate", "updatekeys"];

/// Runs a script of `sh` in which `$BULLA` is our program.
fn script(sandbox: &Sandbox, words: &[&str], script: &str, arguments: &[String]) -> Outcome {
    let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    all.extend(["-c".to_owned(), script.to_owned(), Tool::bulla().path().display().to_string()]);
    all.extend(arguments.iter().cloned());
    let outcome = sandbox.run(&Tool::at("/usr/bin/env"), &all);
    outcome.assert_silent(script);
    outcome
}

/// Whether this process may mount file systems in a namespace of its own.
fn may_mount(sandbox: &Sandbox) -> bool {
    let mount = "mount -t tmpfs -o size=64k none d";
    sandbox.run(&Tool::at("/usr/bin/env"), &["unshare", "-rm", "sh", "-c", mount]).code == 0
}

#[track_caller]
fn unharmed(scene: &Scene, outcome: &Outcome) {
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(!outcome.err().trim().is_empty());
    assert_eq!(scene.fates().unwrap(), [Fate::Old], "{outcome:?}");
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
}

#[test]
fn r_02_a_limit_of_the_file_size_leaves_the_original() {
    for name in WORKS.into_iter().filter(|name| *name != "decrypt") {
        let scene = Scene::new(work(name));
        scene.reset();
        // One block of 512 bytes; SIGXFSZ would kill whoever does not expect it.
        let outcome = script(&scene.sandbox, &["sh"], "ulimit -f 1; exec \"$0\" \"$@\"", &scene.arguments());
        unharmed(&scene, &outcome);
        assert!(outcome.err().contains("file too large"), "{outcome:?}");
    }
    told("R-02", "file size limited to 512 bytes, 5 works", "exit 3, originals identical, 0 temporaries");
}

#[test]
fn r_02_a_full_file_system_leaves_the_original() {
    for name in WORKS.into_iter().filter(|name| *name != "decrypt") {
        let scene = Scene::new(work(name));
        scene.reset();
        let outcome = if may_mount(&scene.sandbox) {
            // What is left on the disk after the run is looked at from within.
            let full_disk = "mkdir disk && cp -p d/* disk/ && mount -t tmpfs -o size=16k none d && \
                 cp -p disk/* d/ && { cat /dev/zero >d/filler 2>/dev/null; \"$0\" \"$@\"; code=$?; \
                 rm d/filler; cmp d/a.yaml disk/a.yaml && [ \"$(ls -A d)\" = a.yaml ] || code=99; exit $code; }";
            script(&scene.sandbox, &["unshare", "-rm", "sh"], full_disk, &scene.arguments())
        } else {
            scene.suffer(&Fault { call: "fsync".to_owned(), number: 1, error: Some("ENOSPC") })
        };
        assert_ne!(outcome.code, 99, "{name}: the original or the folder changed: {outcome:?}");
        unharmed(&scene, &outcome);
        assert!(outcome.err().contains("no space left on device"), "{name}: {outcome:?}");
    }
    told("R-02", "full file system of 16 KiB, 5 works", "exit 3, originals identical, 0 temporaries");
}

/// A work that would ask a Vault server, had it not noticed before that its
/// directory takes no file.
#[test]
fn r_03_a_read_only_place_fails_before_any_key_service_is_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut sandbox = Sandbox::new();
    sandbox.set("VAULT_ADDR", &address);
    sandbox.set("VAULT_TOKEN", "token");
    sandbox.write("d/plain.yaml", "a: b\n");
    sandbox.write("d/closed.yaml", closed(&address));
    let uri = format!("{address}/v1/transit/keys/one");
    sandbox.write(".sops.yaml", format!("creation_rules:\n  - hc_vault_transit_uri: {uri}x\n"));
    let lines: [&[&str]; 6] = [
        &["encrypt", "-i", "--hc-vault-transit", &uri, "d/plain.yaml"],
        &["encrypt", "--hc-vault-transit", &uri, "--output", "d/out.yaml", "d/plain.yaml"],
        &["rotate", "-i", "d/closed.yaml"],
        &["set", "d/closed.yaml", "[\"a\"]", "1"],
        &["edit", "d/closed.yaml"],
        &["updatekeys", "-y", "d/closed.yaml"],
    ];
    let mount = may_mount(&sandbox);
    for line in lines {
        let mut arguments = vec!["sops".to_owned()];
        arguments.extend(line.iter().map(|word| (*word).to_owned()));
        let start = Instant::now();
        let outcome = if mount {
            let read_only = "mount --bind d d && mount -o remount,ro,bind d && exec \"$0\" \"$@\"";
            script(&sandbox, &["unshare", "-rm", "sh"], read_only, &arguments)
        } else {
            let strace = Tool::strace().path().display().to_string();
            // The first call is the loader's.
            let options =
                ["-f", "-qq", "-o/dev/null", "-etrace=access", "-einject=access:error=EROFS:when=2+"];
            script(
                &sandbox,
                &[&[strace.as_str()], &options[..], &["sh"]].concat(),
                "exec \"$0\" \"$@\"",
                &arguments,
            )
        };
        assert_eq!(outcome.code, 3, "{line:?}: {outcome:?}");
        assert!(outcome.err().contains("read-only file system"), "{line:?}: {outcome:?}");
        assert!(listener.accept().is_err(), "{line:?}: the key service was called");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(sandbox.read("d/plain.yaml"), b"a: b\n");
    assert!(!sandbox.path("d/out.yaml").exists());
    told(
        "R-03",
        "read-only file system, 6 command lines",
        "exit 3, 0 calls of the key service, 0 bytes written",
    );
}

/// A file for a key of this server; nothing in it is ever decrypted.
fn closed(address: &str) -> String {
    let value = "ENC[AES256_GCM,data:AA==,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]";
    format!(
        "a: {value}\nsops:\n    hc_vault:\n        - vault_address: {address}\n          engine_path: transit\n          \
         key_name: one\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: vault:v1:AAAA\n    \
         lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: {value}\n    unencrypted_suffix: _unencrypted\n    version: 3.13.3\n"
    )
}

#[test]
fn f_01_a_large_binary_file_passes_within_the_memory_limit() {
    let size: usize = if full() { 128 << 20 } else { 8 << 20 };
    let scene = Scene::new(work("set"));
    let key = scene.sandbox.run(&Tool::bulla(), &["keygen"]).success().out();
    let recipient = key.split_whitespace().find_map(|word| word.find("age1").map(|at| word[at..].to_owned()));
    let recipient = recipient.expect("keygen names the recipient");
    let bytes: Vec<u8> = (0..size).map(|index| (index * 31 % 251) as u8).collect();
    let path = scene.sandbox.write("large.bin", &bytes);
    drop(bytes);
    let words = ["sops", "encrypt", "--age", &recipient, "--output", "large.enc", "large.bin"];
    let mut child = scene.sandbox.command(&Tool::bulla(), &words).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (start, mut peak) = (Instant::now(), 0_u64);
    let code = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
        let kib = line.and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or(0);
        peak = peak.max(kib);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert_eq!(code, Some(0));
    let limit = 6 * size as u64 / 1024 + 32 * 1024;
    assert!(peak <= limit, "{peak} KiB for {size} bytes; allowed are {limit}");
    let seconds = start.elapsed().as_secs_f64();
    let times = peak as f64 * 1024.0 / path.metadata().unwrap().len() as f64;
    let what = format!("encrypt a binary of {} MiB", size >> 20);
    told("F-01", &what, &format!("peak {} MiB ({times:.1} x), {seconds:.1} s", peak >> 10));
}
