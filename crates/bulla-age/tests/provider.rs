//! The provider as its callers see it: with an environment, a home directory
//! and a user who may be asked.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bulla_age::{AgeProvider, KeyPair, Options, PromptError, generate, generate_hybrid};
use bulla_core::{
    Environment, KeyProvider as _, Kind, MasterKey, ProviderError, Random, RandomError, SecretBytes,
    SecretText,
};

const IDENTITY: &str = "AGE-SECRET-KEY-1W2YH4FP0A0KKPLGUFZSR4KH7SWTDXP4GUS3QDQ6GCP77EWXE3YLQL3Z5FF";
const RECIPIENT: &str = "age17aetrchcpg9zm2uxnsryz4rt0ht3d9gnsgqtch9g3zw2wj2qggmsllg6ss";

/// The example of `sops.md` 3.11.
const ENC: &str = "-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA1N0JybFZhMG1XajlaSFB1
VzNHYlRld0F6a2lLL0tzNG1Kb0JwTUZIUERzCmRIaFdaT2x4THB0MWdMUmh6N20x
YTI0bTJiMVNnckFzUlRFSFZSVEQ0SVEKLS0tIFUwT0JRcVpBNXI2WGRRODQrYVlE
U3J6TVAwOStXb2dhMDUxWHdkQ3dJY0EKfa19/VWiMlFHJe+jAYlqFfBGFPJEJ4yS
+GU6a71fatbboDLbJ6JwzAG9l0jL6io+0h7eWAUhL2bYDXX13gFpHg==
-----END AGE ENCRYPTED FILE-----
";
const DATA_KEY: [u8; 32] = [
    0xec, 0xe0, 0xb5, 0xad, 0x3c, 0xf2, 0xda, 0x78, 0xd5, 0x7a, 0x46, 0x2a, 0xcb, 0x68, 0x46, 0x33, 0x17,
    0x77, 0xd6, 0x5a, 0x63, 0xc2, 0xb6, 0x8c, 0x5e, 0x88, 0x35, 0x75, 0xae, 0x40, 0xe1, 0x7b,
];

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/age");

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(buffer).map_err(|_| RandomError)
    }
}

struct Broken;

impl Random for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

/// An empty home directory that is removed at the end.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::OpenOptions::new().create_new(true).write(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, content.as_ref()).unwrap();
    }

    fn environment(&self, variables: &[(&str, &str)]) -> Environment {
        let home = [(OsString::from("HOME"), self.path().as_os_str().to_owned())];
        let path = [(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))];
        let others = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Environment::new(home.into_iter().chain(path).chain(others), self.path().to_owned())
    }

    fn provider(&self, variables: &[(&str, &str)]) -> AgeProvider {
        AgeProvider::new(self.environment(variables), Options::new(Arc::new(SystemRandom)))
    }
}

/// A user who types one passphrase whenever they are asked.
#[derive(Default)]
struct User {
    prompts: Mutex<Vec<String>>,
}

impl User {
    fn provider(self: &Arc<Self>, environment: Environment, passphrase: &'static str) -> AgeProvider {
        let user = Arc::clone(self);
        let mut options = Options::new(Arc::new(SystemRandom));
        options.passphrase = Some(Arc::new(move |prompt: &str| {
            user.prompts.lock().unwrap().push(prompt.to_owned());
            Ok(SecretText::new(passphrase.to_owned()))
        }));
        AgeProvider::new(environment, options)
    }

    fn prompts(&self) -> Vec<String> {
        self.prompts.lock().unwrap().clone()
    }
}

fn finish<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

fn key(recipient: &str) -> MasterKey {
    MasterKey::new("age", [("recipient", recipient)])
}

fn wrap(provider: &AgeProvider, recipient: &str) -> Result<String, ProviderError> {
    finish(provider.wrap(&key(recipient), &SecretBytes::new(DATA_KEY.to_vec())))
}

fn unwrap(provider: &AgeProvider, recipient: &str, enc: &str) -> Result<Vec<u8>, ProviderError> {
    finish(provider.unwrap(&key(recipient), enc)).map(|secret| secret.expose().to_vec())
}

fn reopen(provider: &AgeProvider, recipient: &str, enc: &str) -> Result<Option<Vec<u8>>, ProviderError> {
    let reopened = finish(provider.reopen(&key(recipient), enc));
    reopened.map(|secret| secret.map(|secret| secret.expose().to_vec()))
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(FIXTURES).join(name)).unwrap()
}

fn locations(home: &Home, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| name.replace('~', home.path().to_str().unwrap())).collect();
    let (last, rest) = names.split_last().unwrap();
    format!(". Did not find keys in locations '{}', and '{last}'.", rest.join("', '"))
}

#[test]
fn the_file_of_the_specification_opens_from_every_source() {
    let home = Home::new();
    home.write("keys.txt", format!("# created\n{IDENTITY}\n"));
    for variables in [
        ("SOPS_AGE_KEY", IDENTITY),
        ("SOPS_AGE_KEY_FILE", "keys.txt"),
        ("SOPS_AGE_KEY_CMD", "cat 'keys.txt'"),
    ] {
        let provider = home.provider(&[variables]);
        assert_eq!(unwrap(&provider, RECIPIENT, ENC).unwrap(), DATA_KEY, "{variables:?}");
    }
    let configured = Home::new();
    configured.write(".config/sops/age/keys.txt", IDENTITY);
    assert_eq!(unwrap(&configured.provider(&[]), RECIPIENT, ENC).unwrap(), DATA_KEY);
}

#[test]
fn every_kind_of_recipient_opens_what_was_wrapped_for_it() {
    let home = Home::new();
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    for KeyPair { identity, recipient } in [generate(), generate_hybrid(&random).unwrap()] {
        let provider = home.provider(&[("SOPS_AGE_KEY", identity.expose())]);
        let enc = wrap(&provider, &format!(" {recipient}\n")).unwrap();
        assert_eq!(unwrap(&provider, &recipient, &enc).unwrap(), DATA_KEY, "{recipient}");
    }
    for (public, private) in
        [("id_ed25519.pub", "id_ed25519"), ("id_rsa.pub", "id_rsa"), ("id_rsa_pem.pub", "id_rsa_pem")]
    {
        let path = format!("{FIXTURES}/{private}");
        let provider = home.provider(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &path)]);
        let recipient = fixture(public);
        let enc = wrap(&provider, &recipient).unwrap();
        assert_eq!(unwrap(&provider, &recipient, &enc).unwrap(), DATA_KEY, "{private}");
        let command = format!("cat {path}");
        let provider = home.provider(&[("SOPS_AGE_SSH_PRIVATE_KEY_CMD", &command)]);
        assert_eq!(unwrap(&provider, &recipient, &enc).unwrap(), DATA_KEY, "{private}");
    }
}

#[test]
fn a_wrapped_key_is_an_armored_file_that_ends_with_a_newline() {
    let enc = wrap(&Home::new().provider(&[]), RECIPIENT).unwrap();
    assert!(enc.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{enc}");
    assert!(enc.ends_with("\n-----END AGE ENCRYPTED FILE-----\n"), "{enc}");
    // Header, one X25519 stanza, MAC, nonce and a chunk of 32 bytes: as long
    // as what sops writes.
    assert_eq!(enc.len(), ENC.len());
}

#[test]
fn ssh_keys_in_the_home_directory_are_used_beside_others() {
    let home = Home::new();
    home.write(".ssh/id_ed25519", fixture("id_ed25519"));
    let provider = home.provider(&[("SOPS_AGE_KEY", IDENTITY)]);
    let recipient = fixture("id_ed25519.pub");
    let enc = wrap(&provider, &recipient).unwrap();
    assert_eq!(unwrap(&provider, &recipient, &enc).unwrap(), DATA_KEY);
    assert_eq!(unwrap(&provider, RECIPIENT, ENC).unwrap(), DATA_KEY);
}

#[test]
fn identities_are_loaded_once() {
    let home = Home::new();
    home.write(".config/sops/age/keys.txt", IDENTITY);
    let provider = home.provider(&[]);
    unwrap(&provider, RECIPIENT, ENC).unwrap();
    std::fs::remove_file(home.path().join(".config/sops/age/keys.txt")).unwrap();
    unwrap(&provider, RECIPIENT, ENC).unwrap();
}

#[test]
fn a_command_is_told_the_recipient_and_runs_for_each() {
    let home = Home::new();
    home.write("keys.txt", IDENTITY);
    let line = r#"sh -c 'echo "$SOPS_AGE_RECIPIENT" >> asked; cat keys.txt'"#;
    let provider = home.provider(&[("SOPS_AGE_KEY_CMD", line)]);
    let other = generate().recipient;
    for recipient in [RECIPIENT, RECIPIENT, &other] {
        unwrap(&provider, recipient, ENC).unwrap();
    }
    let asked = std::fs::read_to_string(home.path().join("asked")).unwrap();
    assert_eq!(asked, format!("{RECIPIENT}\n{other}\n"));
}

#[test]
fn nothing_found_names_all_places() {
    let home = Home::new();
    let error = unwrap(&home.provider(&[]), RECIPIENT, ENC).unwrap_err();
    let places = locations(
        &home,
        &[
            "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
            "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
            "~/.ssh/id_ed25519",
            "~/.ssh/id_rsa",
            "SOPS_AGE_KEY",
            "SOPS_AGE_KEY_FILE",
            "SOPS_AGE_KEY_CMD",
            "~/.config/sops/age/keys.txt",
        ],
    );
    assert_eq!(error.to_string(), format!("failed to load age identities{places}"));
    assert_eq!(error.kind, Kind::NotMine);
}

#[test]
fn what_failed_while_loading_is_told_without_secrets() {
    let home = Home::new();
    let places = |without: &str| {
        let all = [
            "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
            "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
            "~/.ssh/id_ed25519",
            "~/.ssh/id_rsa",
            "SOPS_AGE_KEY",
            "SOPS_AGE_KEY_FILE",
            "SOPS_AGE_KEY_CMD",
            "~/.config/sops/age/keys.txt",
        ];
        // The default file is named only if it was the only hope.
        let default = if without == "SOPS_AGE_KEY" { "~/.config/sops/age/keys.txt" } else { "" };
        let names: Vec<_> = all.into_iter().filter(|name| *name != without && *name != default).collect();
        locations(&home, &names)
    };
    for (name, value, reason) in [
        ("SOPS_AGE_KEY", "canary", "failed to parse 'SOPS_AGE_KEY' age identities: unknown identity type"),
        (
            "SOPS_AGE_KEY_FILE",
            "/nonexistent",
            "failed to open SOPS_AGE_KEY_FILE file: open /nonexistent: no such file or directory",
        ),
        (
            "SOPS_AGE_KEY_CMD",
            "sh -c 'exit 3' canary",
            "failed to execute command from SOPS_AGE_KEY_CMD: exit status 3",
        ),
        (
            "SOPS_AGE_KEY_CMD",
            "echo 'canary",
            "failed to parse command from SOPS_AGE_KEY_CMD: unfinished quote or escape",
        ),
        (
            "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
            "/nonexistent",
            "failed to open file: open /nonexistent: no such file or directory",
        ),
    ] {
        let error = unwrap(&home.provider(&[(name, value)]), RECIPIENT, ENC).unwrap_err().to_string();
        let errors = format!("Errors while loading age identities: {reason}");
        assert_eq!(error, format!("failed to load age identities. {errors}{}", places(name)));
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn another_identity_is_not_mine_and_a_damaged_file_is_an_error() {
    let home = Home::new();
    let stranger = generate();
    let provider = home.provider(&[("SOPS_AGE_KEY", stranger.identity.expose())]);
    let error = unwrap(&provider, RECIPIENT, ENC).unwrap_err();
    assert_eq!(error.kind, Kind::NotMine);
    let start = "failed to create reader for decrypting sops data key with age: identity did not match any of \
                 the recipients: incorrect identity for recipient block. Did not find keys in locations ";
    assert!(error.to_string().starts_with(start), "{error}");

    let provider = home.provider(&[("SOPS_AGE_KEY", IDENTITY)]);
    for damaged in [ENC.replace("+GU6a71f", "+GU6a72f"), ENC.replace("-----END", ""), String::new()] {
        let error = unwrap(&provider, RECIPIENT, &damaged).unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{error}");
    }
}

#[test]
fn an_encrypted_identity_file_is_opened_once_and_only_when_needed() {
    let home = Home::new();
    home.write("identities.age", fixture("identities.age"));
    let recipient = "age12gajqkgaygjy6tn4lu0h5q8tuwf704868ndceqm8mswgreggddyqpac3nn";
    let enc = wrap(&home.provider(&[]), recipient).unwrap();
    let variables = [("SOPS_AGE_KEY", IDENTITY), ("SOPS_AGE_KEY_FILE", "identities.age")];

    let user = Arc::<User>::default();
    let provider = user.provider(home.environment(&variables), "correct horse");
    assert_eq!(unwrap(&provider, RECIPIENT, ENC).unwrap(), DATA_KEY);
    assert_eq!(user.prompts(), [] as [String; 0]);
    for _ in 0..2 {
        assert_eq!(unwrap(&provider, recipient, &enc).unwrap(), DATA_KEY);
    }
    assert_eq!(user.prompts(), ["Enter passphrase for identity 'SOPS_AGE_KEY_FILE':"]);

    let provider = user.provider(home.environment(&variables), "wrong");
    let error = unwrap(&provider, recipient, &enc).unwrap_err();
    let reason = "failed to decrypt identity file 'SOPS_AGE_KEY_FILE': incorrect passphrase";
    assert!(error.to_string().contains(reason), "{error}");

    let error = unwrap(&home.provider(&variables), recipient, &enc).unwrap_err();
    assert!(error.to_string().contains("a passphrase is needed, and nobody can be asked"), "{error}");
}

#[test]
fn an_encrypted_ssh_key_is_opened_only_for_files_that_are_meant_for_it() {
    for name in ["id_ed25519_encrypted", "id_rsa_pem_encrypted"] {
        opened_when_meant(name);
    }
}

fn opened_when_meant(name: &str) {
    let home = Home::new();
    let path = format!("{FIXTURES}/{name}");
    let variables = [("SOPS_AGE_SSH_PRIVATE_KEY_FILE", path.as_str()), ("SOPS_AGE_KEY", IDENTITY)];
    let recipient = fixture(&format!("{name}.pub"));
    let enc = wrap(&home.provider(&[]), &recipient).unwrap();
    let user = Arc::<User>::default();
    let provider = user.provider(home.environment(&variables), "correct horse");
    assert_eq!(unwrap(&provider, RECIPIENT, ENC).unwrap(), DATA_KEY);
    assert_eq!(user.prompts(), [] as [String; 0]);
    for _ in 0..2 {
        assert_eq!(unwrap(&provider, &recipient, &enc).unwrap(), DATA_KEY);
    }
    assert_eq!(user.prompts(), [format!("Enter passphrase for {path:?}:")]);

    let provider = user.provider(home.environment(&variables), "wrong");
    let error = unwrap(&provider, &recipient, &enc).unwrap_err().to_string();
    assert!(error.contains("failed to decrypt SSH key file"), "{error}");
}

#[test]
fn an_old_pem_key_without_its_public_key_is_an_error_that_says_so() {
    let home = Home::new();
    home.write("id", fixture("id_rsa_pem_encrypted"));
    let provider = home.provider(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "id")]);
    let error = unwrap(&provider, RECIPIENT, ENC).unwrap_err().to_string();
    assert!(error.contains("neither in the file nor beside it (.pub)"), "{error}");
}

#[test]
fn a_declined_passphrase_does_not_hide_a_later_identity() {
    let home = Home::new();
    home.write(".config/sops/age/keys.txt", IDENTITY);
    home.write("identities.age", fixture("identities.age"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let mut options = Options::new(Arc::new(SystemRandom));
    options.passphrase = Some(Arc::new(move |_: &str| {
        count.fetch_add(1, Ordering::Relaxed);
        Err(PromptError("no terminal".to_owned()))
    }));
    let environment = home.environment(&[("SOPS_AGE_KEY_FILE", "identities.age")]);
    let provider = AgeProvider::new(environment, options);
    assert_eq!(unwrap(&provider, RECIPIENT, ENC).unwrap(), DATA_KEY);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn recipients_that_cannot_be_used_are_refused() {
    let provider = Home::new().provider(&[]);
    for (recipient, expected) in [
        ("foo", "failed to parse input, unknown recipient type: \"foo\""),
        ("", "failed to parse input, unknown recipient type: \"\""),
        (
            "age1foo",
            "failed to parse input as Bech32-encoded age public key: malformed recipient \"age1foo\": invalid \
             Bech32 encoding",
        ),
        (
            "age1pq1xx",
            "failed to parse input as Bech32-encoded age public key: malformed recipient \"age1pq1xx\": \
             invalid Bech32 encoding",
        ),
        ("age1se1qqqq", "failed to parse input as age key from age plugin: invalid Bech32 encoding"),
        (
            "ssh-dss AAAA",
            "failed to parse input as age-ssh public key: malformed SSH recipient: \"ssh-dss AAAA\": ",
        ),
        (IDENTITY, "failed to parse input, an identity (private key) is no recipient"),
    ] {
        let error = wrap(&provider, recipient).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.kind, Kind::InvalidConfig);
    }
}

#[test]
fn k_05_no_plugin_is_started_where_plugins_are_off() {
    let recipient = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t";
    let error = wrap(&Home::new().provider(&[]), recipient).unwrap_err();
    assert!(error.to_string().ends_with("age plugins are switched off"), "{error}");
}

#[test]
fn f_01_large_key_files_are_refused() {
    let home = Home::new();
    home.write("identities", " ".repeat((16 << 20) + 1));
    home.write("ssh", " ".repeat((16 << 10) + 1));
    let variables = [("SOPS_AGE_KEY_FILE", "identities"), ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "ssh")];
    let error = unwrap(&home.provider(&variables), RECIPIENT, ENC).unwrap_err().to_string();
    assert!(error.contains("malformed SSH identity in \"ssh\": file too long"), "{error}");
    assert!(error.contains("failed to read 'SOPS_AGE_KEY_FILE': file too long"), "{error}");
}

#[test]
fn c_12_a_failing_random_source_wraps_nothing() {
    let home = Home::new();
    let provider = AgeProvider::new(home.environment(&[]), Options::new(Arc::new(Broken)));
    let hybrid = generate_hybrid(&(Arc::new(SystemRandom) as Arc<dyn Random>)).unwrap().recipient;
    for recipient in [RECIPIENT, &hybrid] {
        let error = wrap(&provider, recipient).unwrap_err().to_string();
        assert!(error.ends_with("the operating system's random source failed"), "{error}");
    }
}

#[test]
fn c_10_what_was_wrapped_is_opened_with_identities_at_hand_only() {
    let home = Home::new();
    assert_eq!(reopen(&home.provider(&[]), RECIPIENT, ENC).unwrap(), None);
    let provider = home.provider(&[("SOPS_AGE_KEY", IDENTITY)]);
    assert_eq!(reopen(&provider, RECIPIENT, ENC).unwrap().as_deref(), Some(&DATA_KEY[..]));
    let other = wrap(&provider, &generate().recipient).unwrap();
    assert_eq!(reopen(&provider, RECIPIENT, &other).unwrap(), None);
    for broken in [ENC.replace("6a71fatb", "6a72fatb"), "garbage".to_owned()] {
        assert!(reopen(&provider, RECIPIENT, &broken).is_err());
    }
    // A command is not run, and the user is not asked.
    let marker = home.path().join("ran");
    let command = format!("touch {}", marker.display());
    let provider = home.provider(&[("SOPS_AGE_KEY_CMD", &command)]);
    assert_eq!(reopen(&provider, RECIPIENT, ENC).unwrap(), None);
    assert!(!marker.exists());
    let user = Arc::new(User::default());
    home.write(".config/sops/age/keys.txt", fixture("identities.age"));
    let provider = user.provider(home.environment(&[]), "wrong");
    assert_eq!(reopen(&provider, RECIPIENT, ENC).unwrap(), None);
    assert!(user.prompts().is_empty());
}
