//! Files for a gpg key, made and opened by us and by the original sops.

use bulla_testkit::{GpgHome, Outcome, Sandbox, Tool};

const PLAIN: &str = "password: hunter2\nlist:\n    - 1\n    - true\n";

/// A sandbox with a gpg key of its own, and the key's fingerprint.
fn prepare() -> (Sandbox, GpgHome, String) {
    let mut sandbox = Sandbox::new();
    let home = GpgHome::install(&mut sandbox);
    let fingerprint = home.generate(&sandbox, "one");
    sandbox.write("plain.yaml", PLAIN);
    (sandbox, home, fingerprint)
}

fn encrypt(sandbox: &Sandbox, tool: &Tool, key: &str) -> Outcome {
    let outcome = sandbox.run(tool, &["encrypt", "--pgp", key, "plain.yaml"]);
    sandbox.write("closed.yaml", &outcome.stdout);
    outcome
}

fn decrypt(sandbox: &Sandbox, tool: &Tool) -> Outcome {
    sandbox.run(tool, &["decrypt", "closed.yaml"])
}

#[test]
fn the_original_opens_what_we_closed() {
    let (sandbox, _home, fingerprint) = prepare();
    encrypt(&sandbox, &Tool::bulla_as_sops(), &fingerprint).success();
    assert_eq!(decrypt(&sandbox, &Tool::sops()).success().out(), PLAIN);
}

#[test]
fn we_open_what_the_original_closed() {
    let (sandbox, _home, fingerprint) = prepare();
    encrypt(&sandbox, &Tool::sops(), &fingerprint).success();
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn we_open_what_we_closed() {
    let (sandbox, _home, fingerprint) = prepare();
    encrypt(&sandbox, &Tool::bulla_as_sops(), &fingerprint).success();
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn a_subkey_can_be_forced() {
    let (sandbox, _home, _) = prepare();
    let listed = sandbox.run(&Tool::gpg(), &["--with-colons", "--fingerprint", "--fingerprint", "one"]);
    let listed = listed.success().out();
    let subkey = listed.lines().rfind(|line| line.starts_with("fpr:")).expect("a subkey has a fingerprint");
    let subkey = format!("{}!", subkey.trim_end_matches(':').rsplit(':').next().expect("fields"));
    encrypt(&sandbox, &Tool::bulla_as_sops(), &subkey).success();
    assert!(String::from_utf8_lossy(&sandbox.read("closed.yaml")).contains(&subkey));
    assert_eq!(decrypt(&sandbox, &Tool::sops()).success().out(), PLAIN);
    encrypt(&sandbox, &Tool::sops(), &subkey).success();
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn a_key_is_found_by_mail_address() {
    let (sandbox, _home, _) = prepare();
    encrypt(&sandbox, &Tool::bulla_as_sops(), "one@example.org").success();
    assert_eq!(decrypt(&sandbox, &Tool::sops()).success().out(), PLAIN);
}

#[test]
fn an_unknown_key_fails_as_in_the_original_and_says_why() {
    let (sandbox, _home, _) = prepare();
    let nobody = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";
    let [ours, theirs] = [Tool::bulla_as_sops(), Tool::sops()].map(|tool| encrypt(&sandbox, &tool, nobody));
    assert_eq!(ours.code, theirs.code, "ours: {ours:?}\nthe original: {theirs:?}");
    assert_ne!(ours.code, 0);
    assert!(ours.err().contains("No public key"), "{ours:?}");
}

#[test]
fn a_home_without_the_secret_key_fails_as_in_the_original() {
    let (mut sandbox, _home, fingerprint) = prepare();
    encrypt(&sandbox, &Tool::sops(), &fingerprint).success();
    let other = sandbox.home().join("empty");
    std::fs::create_dir(&other).expect("a fresh folder");
    sandbox.set("GNUPGHOME", &other);
    let [ours, theirs] = [Tool::bulla_as_sops(), Tool::sops()].map(|tool| decrypt(&sandbox, &tool));
    assert_eq!((ours.code, theirs.code), (128, 128), "ours: {ours:?}\nthe original: {theirs:?}");
    assert!(ours.err().contains("No secret key"), "{ours:?}");
    assert!(!ours.err().contains("hunter2"));
}

#[test]
fn k_05_no_decoy_in_the_current_directory_runs() {
    let (mut sandbox, _home, fingerprint) = prepare();
    encrypt(&sandbox, &Tool::sops(), &fingerprint).success();
    sandbox.write("gpg", "#!/bin/sh\ntouch ran\n");
    let made_executable = sandbox.run(&Tool::at("/bin/chmod"), &["755", "gpg"]);
    made_executable.success();
    for path in [".", "", ":", ".:/usr/local/bin:/usr/bin:/bin"] {
        sandbox.set("PATH", path);
        let opened = decrypt(&sandbox, &Tool::bulla_as_sops());
        assert_eq!(opened.code, if path.contains("/bin") { 0 } else { 128 }, "{path}: {opened:?}");
        assert!(!sandbox.path("ran").exists(), "{path}");
    }
}
