use std::ffi::OsString;
use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bulla_core::{RandomError, Timestamp};
use rustix::process::{Pid, test_kill_process};

use super::*;

const FINGERPRINT: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pgp/bin")
}

fn environment(variables: &[(&str, &str)], directory: PathBuf) -> Environment {
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let path = (OsString::from("PATH"), OsString::from("/usr/bin:/bin"));
    Environment::new([path].into_iter().chain(variables), directory)
}

struct Fixed;

impl Random for Fixed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(7);
        Ok(())
    }
}

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        1_800_000_000
    }
}

fn options() -> Options {
    Options { gpg: true, ..Options::new(Arc::new(Fixed), Arc::new(Fixed)) }
}

/// A provider whose gpg is the fixture, doing `what`.
fn fake(what: &str, more: &[(&str, &str)]) -> PgpProvider {
    let program = fixtures().join("gpg");
    let mut variables = vec![("SOPS_GPG_EXEC", program.to_str().unwrap()), ("FAKE_GPG", what)];
    variables.extend(more);
    PgpProvider::new(environment(&variables, std::env::temp_dir()), options())
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
}

fn wrap(provider: &PgpProvider, fingerprint: &str) -> Result<String, ProviderError> {
    let key = MasterKey::new("pgp", [("fp", fingerprint)]);
    wait(provider.wrap(&key, &SecretBytes::new(b" data key \n".to_vec())))
}

fn unwrap(provider: &PgpProvider, wrapped: &str) -> Result<Vec<u8>, ProviderError> {
    let key = MasterKey::new("pgp", [("fp", FINGERPRINT)]);
    wait(provider.unwrap(&key, wrapped)).map(|secret| secret.expose().to_vec())
}

#[test]
fn the_data_key_goes_through_standard_input_with_the_arguments_of_sops() {
    let echo = fake("echo", &[]);
    let options = "[--status-fd][2][--no-default-recipient][--yes][--encrypt][-a][-r]";
    let expected =
        format!("{options}[{FINGERPRINT}][--trusted-key][BC17301B491B3F21][--no-encrypt-to]\n data key");
    assert_eq!(wrap(&echo, FINGERPRINT).unwrap(), expected);
    let subkey = wrap(&echo, &format!("{FINGERPRINT}!")).unwrap();
    let expected =
        format!("{options}[{FINGERPRINT}!][--trusted-key][BC17301B491B3F21!][--no-encrypt-to]\n data key");
    assert_eq!(subkey, expected);
    let mail = wrap(&echo, "a@example.org").unwrap();
    assert_eq!(mail, format!("{options}[a@example.org][--no-encrypt-to]\n data key"));
    assert_eq!(unwrap(&echo, "armored\n").unwrap(), b"[--status-fd][2][-d]\narmored\n");
}

#[test]
fn the_child_sees_the_variables_of_the_environment_only() {
    let provider = fake("environment", &[("GNUPGHOME", "/nowhere")]);
    let names = wrap(&provider, FINGERPRINT).unwrap();
    assert_eq!(names, "FAKE_GPG GNUPGHOME PATH PWD SOPS_GPG_EXEC");
}

#[test]
fn output_of_zero_bytes_is_an_error() {
    let error = unwrap(&fake("empty", &[]), "x").unwrap_err();
    assert_eq!(error.to_string(), "failed to decrypt sops data key with pgp: zero bytes returned");
}

#[test]
fn output_that_no_data_key_has_is_an_error() {
    let error = unwrap(&fake("long", &[]), "x").unwrap_err();
    assert_eq!(error.to_string(), "failed to decrypt sops data key with pgp: gpg's output is too long");
}

#[test]
fn a_program_that_closes_its_input_is_no_failure() {
    assert_eq!(unwrap(&fake("deaf", &[]), &"x".repeat(1 << 20)).unwrap(), b"deaf\n");
}

#[test]
fn what_gpg_says_is_one_escaped_line_and_decides_the_kind() {
    let status =
        |lines: &[&str]| lines.iter().fold(String::new(), |text, line| text + "[GNUPG:] " + line + "\n");
    for (lines, kind) in [
        (status(&["ENC_TO AB 1 0", "NO_SECKEY AB", "DECRYPTION_FAILED"]), Kind::NotMine),
        (status(&["ENC_TO AB 1 0", "ENC_TO CD 1 0", "NO_SECKEY AB", "NO_SECKEY CD"]), Kind::NotMine),
        (status(&["ENC_TO AB 1 0", "ENC_TO CD 1 0", "NO_SECKEY AB"]), Kind::Unexpected),
        (status(&["INV_RECP 1 AB", "FAILURE encrypt 9"]), Kind::InvalidConfig),
        (status(&["NODATA 1"]), Kind::Unexpected),
        (String::new(), Kind::Unexpected),
    ] {
        let reason = "Kein geheimer Schl\u{fc}ssel";
        let variables = [("FAKE_REASON", reason), ("FAKE_STATUS", lines.as_str())];
        let error = unwrap(&fake("refuse", &variables), "x").unwrap_err();
        assert_eq!(error.kind, kind, "{lines}");
        let expected = format!(
            "failed to decrypt sops data key with pgp: gpg: encrypted with RSA key; \\u{{1b}}[2Jgpg: \
             decryption failed: {reason}"
        );
        assert_eq!(error.to_string(), expected);
    }
    let error = wrap(&fake("silent", &[]), FINGERPRINT).unwrap_err();
    assert_eq!(error.to_string(), "failed to encrypt sops data key with pgp: gpg ended with exit status 3");
}

#[test]
fn k_05_a_fingerprint_that_is_an_option_starts_nothing() {
    for text in ["-d", "--output=x", "", "name", "AB CD"] {
        let error = wrap(&fake("echo", &[]), text).unwrap_err();
        assert_eq!(error.kind, Kind::InvalidConfig);
        assert!(error.to_string().ends_with("neither hexadecimal nor a mail address"), "{error}");
    }
}

#[test]
fn k_05_gpg_is_never_taken_from_the_current_directory() {
    let decoys = tempfile::tempdir().unwrap();
    fs::create_dir(decoys.path().join("sub")).unwrap();
    for name in ["gpg", "sub/gpg", "other"] {
        fs::copy(fixtures().join("gpg"), decoys.path().join(name)).unwrap();
        fs::set_permissions(decoys.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let search = |path: &str, program: &str| {
        let variables = [("PATH", path), ("SOPS_GPG_EXEC", program), ("FAKE_GPG", "echo")];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let provider = PgpProvider::new(Environment::new(variables, decoys.path().to_owned()), options());
        unwrap(&provider, "x").unwrap_err()
    };
    for (path, program) in [
        ("", ""),
        (".", ""),
        (":", ""),
        ("sub:./sub:..", ""),
        (".:", "other"),
        ("/nonexistent", "./gpg"),
        ("/nonexistent", "sub/gpg"),
        ("/nonexistent", ".."),
        ("/nonexistent", "gpg/"),
    ] {
        let error = search(path, program);
        assert_eq!(error.kind, Kind::InvalidConfig, "{path} {program}: {error}");
        let text = error.to_string();
        assert!(text.ends_with("was not found on PATH") || text.contains("an absolute path"), "{text}");
    }
}

#[test]
fn k_05_gpg_is_found_in_absolute_directories_of_path() {
    let path = format!("relative:/nonexistent:{}:/usr/bin:/bin", fixtures().display());
    let provider =
        PgpProvider::new(environment(&[("PATH", &path), ("FAKE_GPG", "echo")], PathBuf::new()), options());
    assert_eq!(unwrap(&provider, "x").unwrap(), b"[--status-fd][2][-d]\nx");
}

fn is_running(pid: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !status.contains(") Z ")
}

#[test]
fn k_06_a_hanging_gpg_is_killed_with_its_children() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let mut provider = fake("hang", &[("FAKE_PID", file.to_str().unwrap())]);
    provider.deadline = Duration::from_secs(2);
    let start = Instant::now();
    let error = unwrap(&provider, "x").unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(error.kind, Kind::Unavailable);
    assert_eq!(error.to_string(), "failed to decrypt sops data key with pgp: gpg did not finish within 2 s");
    let child = fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    let child = Pid::from_raw(child).unwrap();
    // The kernel delivers the signal in its own time.
    let dead = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        !is_running(child)
    });
    assert!(dead, "a child of gpg is still running");
}

fn key_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pgp/keys").join(name)
}

fn message(name: &str) -> String {
    fs::read_to_string(key_file(name)).unwrap()
}

/// A provider with these key files and, if it may start it, a fake gpg.
fn with_files(names: &[&str], gpg: Option<&str>) -> PgpProvider {
    let list = std::env::join_paths(names.iter().map(|name| key_file(name))).unwrap();
    let mut provider = fake(gpg.unwrap_or("echo"), &[("BULLA_PGP_KEY_FILE", list.to_str().unwrap())]);
    Arc::get_mut(&mut provider.keys).unwrap().options.gpg = gpg.is_some();
    provider
}

const DATA_KEY: &[u8] = b"a data key of thirty-two bytes..";
const CV25519: &str = "334C663082DA29F6EB33911CBC314B1E92199045";

#[test]
fn keys_in_files_come_before_gpg() {
    let provider = with_files(&["rsa2048.key.asc", "cv25519.key.asc"], Some("refuse"));
    assert_eq!(unwrap(&provider, &message("cv25519.message.asc")).unwrap(), DATA_KEY);
    assert_eq!(unwrap(&provider, &message("rsa2048.message.asc")).unwrap(), DATA_KEY);
    let sealed = wrap(&provider, CV25519).unwrap();
    assert_eq!(unwrap(&provider, &sealed).unwrap(), b" data key \n");
}

#[test]
fn gpg_is_asked_for_what_the_files_do_not_open() {
    let provider = with_files(&["cv25519.key.asc"], Some("echo"));
    let opened = unwrap(&provider, &message("rsa2048.message.asc")).unwrap();
    assert!(opened.starts_with(b"[--status-fd][2][-d]\n"), "{}", String::from_utf8_lossy(&opened));
    assert!(wrap(&provider, FINGERPRINT).unwrap().contains(FINGERPRINT));
    let refusing = with_files(&["cv25519.key.asc"], Some("silent"));
    let text = unwrap(&refusing, &message("rsa2048.message.asc")).unwrap_err().to_string();
    assert!(text.contains("with the keys in files: no secret key "), "{text}");
    assert!(text.ends_with("; with gpg: gpg ended with exit status 3"), "{text}");
}

#[test]
fn k_05_no_program_starts_where_none_may() {
    let provider = with_files(&["cv25519.key.asc"], None);
    assert_eq!(unwrap(&provider, &message("cv25519.message.asc")).unwrap(), DATA_KEY);
    assert_eq!(unwrap(&provider, &message("rsa2048.message.asc")).unwrap_err().kind, Kind::NotMine);
    assert_eq!(wrap(&provider, FINGERPRINT).unwrap_err().kind, Kind::InvalidConfig);
    let mut without = fake("echo", &[]);
    Arc::get_mut(&mut without.keys).unwrap().options.gpg = false;
    for error in [unwrap(&without, "x").unwrap_err(), wrap(&without, FINGERPRINT).unwrap_err()] {
        assert!(
            error.to_string().ends_with("gpg may not be started here, and there is no key file"),
            "{error}"
        );
    }
}

#[test]
fn a_key_that_may_not_be_encrypted_to_is_not_given_to_gpg() {
    let provider = with_files(&["expired.key.asc", "revoked.key.asc"], Some("echo"));
    for (name, reason) in [("expired", "has expired"), ("revoked", "was revoked")] {
        let error = wrap(&provider, &format!("{name}@example.org")).unwrap_err();
        assert!(error.to_string().ends_with(reason), "{error}");
    }
}

#[test]
fn a_passphrase_comes_from_the_user() {
    let mut provider = with_files(&["locked.key.asc"], None);
    let error = unwrap(&provider, &message("locked.message.asc")).unwrap_err().to_string();
    assert!(error.contains("is protected by a passphrase: nobody can be asked"), "{error}");
    let ask: PassphrasePrompt = Arc::new(|_| Ok(SecretText::new("open sesame".to_owned())));
    Arc::get_mut(&mut provider.keys).unwrap().options.passphrase = Some(ask);
    assert_eq!(unwrap(&provider, &message("locked.message.asc")).unwrap(), DATA_KEY);
}

#[test]
fn a_key_file_that_cannot_be_used_is_an_error_that_names_it() {
    for (name, reason) in [("none.asc", "No such file"), ("README.md", "no OpenPGP key in it")] {
        let error = unwrap(&with_files(&["cv25519.key.asc", name], Some("echo")), "x").unwrap_err();
        assert_eq!(error.kind, Kind::InvalidConfig);
        assert!(error.to_string().contains(name) && error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn a_ring_of_the_caller_is_enough() {
    let mut ring = KeyRing::default();
    ring.add(message("nistp256.key.asc").as_bytes()).unwrap();
    let options = Options::new(Arc::new(Fixed), Arc::new(Fixed));
    let provider = PgpProvider::with_ring(Environment::default(), options, ring);
    assert_eq!(unwrap(&provider, &message("nistp256.message.asc")).unwrap(), DATA_KEY);
}

#[test]
fn c_10_what_was_wrapped_is_opened_with_keys_at_hand_only() {
    let reopen = |provider: &PgpProvider, message: &str| {
        let reopened = wait(provider.reopen(&MasterKey::new("pgp", []), message));
        reopened.map(|secret| secret.map(|secret| secret.expose().to_vec()))
    };
    let text = message("nistp256.message.asc");
    assert_eq!(reopen(&with_files(&["nistp256.key.asc"], None), &text).unwrap().as_deref(), Some(DATA_KEY));
    assert_eq!(reopen(&with_files(&["cv25519.key.asc"], Some("echo")), &text).unwrap(), None);
    assert_eq!(reopen(&fake("echo", &[]), &text).unwrap(), None);
    assert!(reopen(&with_files(&["nistp256.key.asc"], None), "garbage").is_err());
    let locked = with_files(&["locked.key.asc"], None);
    assert_eq!(reopen(&locked, &message("locked.message.asc")).unwrap(), None);
}
