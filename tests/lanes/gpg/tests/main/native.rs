//! Keys in files, without gpg, against messages of gpg and for gpg.

use bulla_core::{Random, RandomError, SecretBytes};
use bulla_pgp::native::KeyRing;
use bulla_testkit::{GpgHome, Sandbox, Tool};

const DATA_KEY: &[u8] = b"a data key of thirty-two bytes..";

/// Kinds of primary key and subkey, as gpg's parameter files name them.
const KINDS: [(&str, &str, &str); 7] = [
    ("rsa2048", "RSA\nKey-Length: 2048", "RSA\nSubkey-Length: 2048"),
    ("rsa3072", "RSA\nKey-Length: 3072", "RSA\nSubkey-Length: 3072"),
    ("rsa4096", "RSA\nKey-Length: 2048", "RSA\nSubkey-Length: 4096"),
    ("cv25519", "EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
    ("nistp256", "ECDSA\nKey-Curve: nistp256", "ECDH\nSubkey-Curve: nistp256"),
    ("nistp384", "ECDSA\nKey-Curve: nistp384", "ECDH\nSubkey-Curve: nistp384"),
    ("nistp521", "ECDSA\nKey-Curve: nistp521", "ECDH\nSubkey-Curve: nistp521"),
];

/// What a message may be made with.
const OPTIONS: [&[&str]; 9] = [
    &["--armor"],
    &[],
    &["--armor", "--compress-algo", "zip", "--compress-level", "9"],
    &["--armor", "--compress-level", "0", "--cipher-algo", "AES128"],
    &["--armor", "--cipher-algo", "TWOFISH"],
    &["--armor", "--cipher-algo", "CAMELLIA256"],
    &["--armor", "--cipher-algo", "3DES"],
    &["--armor", "--throw-keyids"],
    &["--armor", "--sign"],
];

struct System;

impl Random for System {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        use std::io::Read as _;
        let read = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(buffer));
        read.map_err(|_| RandomError)
    }
}

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("a clock behind 1970");
    i64::try_from(since.as_secs()).expect("a near century")
}

/// A sandbox with a fresh key of this kind.
fn prepare(kind: &(&str, &str, &str)) -> (Sandbox, GpgHome) {
    let mut sandbox = Sandbox::new();
    let home = GpgHome::install(&mut sandbox);
    let (name, key, subkey) = kind;
    let parameters = format!(
        "%no-protection\nKey-Type: {key}\nKey-Usage: sign\nSubkey-Type: {subkey}\nSubkey-Usage: encrypt\n\
         Name-Real: {name}\nName-Email: {name}@example.org\nExpire-Date: 0\n%commit\n"
    );
    sandbox.run_with_input(&Tool::gpg(), &["--batch", "--gen-key"], parameters.as_bytes()).success();
    (sandbox, home)
}

fn fingerprint(sandbox: &Sandbox) -> String {
    let listed = sandbox.run(&Tool::gpg(), &["--with-colons", "--fingerprint"]).success().out();
    let line = listed.lines().find(|line| line.starts_with("fpr:")).expect("a key has a fingerprint");
    line.trim_matches(|byte| byte != ':').trim_matches(':').to_owned()
}

fn export(sandbox: &Sandbox, arguments: &[&str]) -> Vec<u8> {
    let batch = ["--batch", "--pinentry-mode", "loopback", "--passphrase", ""];
    sandbox.run(&Tool::gpg(), &[&batch[..], arguments].concat()).success().stdout
}

fn ring(file: &[u8]) -> KeyRing {
    let mut ring = KeyRing::default();
    ring.add(file).expect("gpg's export is a key");
    ring
}

fn open(ring: &KeyRing, message: &[u8]) -> Result<Vec<u8>, String> {
    let opened = ring.decrypt(message, &|_| Err("nobody is here".to_owned()));
    opened.map(|secret| secret.expose().to_vec()).map_err(|error| error.to_string())
}

/// 63 messages of gpg: nine ways for each of seven kinds of key.
#[test]
fn keys_in_files_open_what_gpg_closed_and_gpg_what_they_closed() {
    let mut opened = 0;
    for kind in &KINDS {
        let (sandbox, _home) = prepare(kind);
        let armored = export(&sandbox, &["--armor", "--export-secret-keys"]);
        let rings = [ring(&armored), ring(&export(&sandbox, &["--export-secret-keys"]))];
        for options in OPTIONS {
            let head = ["--batch", "--trust-model", "always", "--encrypt", "--recipient", kind.0];
            let arguments = [&head[..], options].concat();
            let message = sandbox.run_with_input(&Tool::gpg(), &arguments, DATA_KEY).success().stdout;
            for ring in &rings {
                assert_eq!(open(ring, &message).as_deref(), Ok(DATA_KEY), "{} {options:?}", kind.0);
            }
            opened += 1;
        }
        let public = ring(&export(&sandbox, &["--armor", "--export"]));
        let secret = SecretBytes::new(DATA_KEY.to_vec());
        let message = public.encrypt(&format!("{}@example.org", kind.0), &secret, now(), &System).unwrap();
        let back = sandbox.run_with_input(&Tool::gpg(), &["--batch", "-d"], message.as_bytes()).success();
        assert_eq!(back.stdout, DATA_KEY, "{}", kind.0);
        assert_eq!(open(&rings[0], message.as_bytes()).as_deref(), Ok(DATA_KEY));
        let stranger = open(&public, message.as_bytes()).unwrap_err();
        assert!(stranger.starts_with("no secret key "), "{stranger}");
    }
    assert_eq!(opened, KINDS.len() * OPTIONS.len());
}

/// Our program finds no gpg: whatever works, works with the file.
fn without_gpg(sandbox: &mut Sandbox, key: &[u8]) {
    let file = sandbox.write("key.asc", key);
    sandbox.set("BULLA_PGP_KEY_FILE", file);
    sandbox.set("SOPS_GPG_EXEC", "/nonexistent/gpg");
}

#[test]
fn a_key_file_does_for_our_program_what_gpg_does_for_the_original() {
    const PLAIN: &str = "password: hunter2\n";
    for kind in [&KINDS[0], &KINDS[3]] {
        let (mut sandbox, _home) = prepare(kind);
        let key = fingerprint(&sandbox);
        sandbox.write("plain.yaml", PLAIN);
        let theirs = sandbox.run(&Tool::sops(), &["encrypt", "--pgp", &key, "plain.yaml"]).success();
        sandbox.write("theirs.yaml", &theirs.stdout);
        let file = export(&sandbox, &["--armor", "--export-secret-keys"]);
        without_gpg(&mut sandbox, &file);
        let opened = sandbox.run(&Tool::bulla_as_sops(), &["decrypt", "theirs.yaml"]).success();
        assert_eq!(opened.out(), PLAIN);
        let ours = sandbox.run(&Tool::bulla_as_sops(), &["encrypt", "--pgp", &key, "plain.yaml"]).success();
        sandbox.write("ours.yaml", &ours.stdout);
        sandbox.unset("SOPS_GPG_EXEC");
        assert_eq!(sandbox.run(&Tool::sops(), &["decrypt", "ours.yaml"]).success().out(), PLAIN);
        sandbox.set("SOPS_GPG_EXEC", "/nonexistent/gpg");
        let refused = sandbox.run(&Tool::sops(), &["decrypt", "ours.yaml"]);
        assert_eq!(refused.code, 128, "the original must have needed gpg: {refused:?}");
    }
}

#[test]
fn an_expired_or_revoked_key_is_used_as_gpg_uses_it() {
    let (sandbox, _home) = prepare(&KINDS[3]);
    let fingerprint = fingerprint(&sandbox);
    let secret = SecretBytes::new(DATA_KEY.to_vec());
    let message =
        ring(&export(&sandbox, &["--export"])).encrypt(&fingerprint, &secret, now(), &System).unwrap();

    sandbox.run(&Tool::gpg(), &["--batch", "--quick-set-expire", &fingerprint, "1d"]).success();
    let expiring = ring(&export(&sandbox, &["--export-secret-keys"]));
    assert!(expiring.encrypt(&fingerprint, &secret, now(), &System).is_ok());
    let later = expiring.encrypt(&fingerprint, &secret, now() + 2 * 86_400, &System).unwrap_err();
    assert!(later.to_string().ends_with("has expired"), "{later}");

    let certificate = sandbox.home().join(format!("g/openpgp-revocs.d/{fingerprint}.rev"));
    let certificate = std::fs::read_to_string(certificate).expect("gpg writes one for every key");
    let certificate = certificate.replace("\n:-----BEGIN", "\n-----BEGIN");
    sandbox.run_with_input(&Tool::gpg(), &["--batch", "--import"], certificate.as_bytes()).success();
    let revoked = ring(&export(&sandbox, &["--export-secret-keys"]));
    let refused = revoked.encrypt(&fingerprint, &secret, now(), &System).unwrap_err();
    assert!(refused.to_string().ends_with("was revoked"), "{refused}");
    let gpg = ["--batch", "--trust-model", "always", "--encrypt", "--recipient", &fingerprint];
    assert_ne!(sandbox.run_with_input(&Tool::gpg(), &gpg, DATA_KEY).code, 0);
    assert_eq!(open(&revoked, message.as_bytes()).as_deref(), Ok(DATA_KEY));
    let by_gpg = sandbox.run_with_input(&Tool::gpg(), &["--batch", "-d"], message.as_bytes());
    assert_eq!(by_gpg.success().stdout, DATA_KEY);
}
