//! A GnuPG home directory of a test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::{Sandbox, Tool};

/// A fresh `GNUPGHOME` in a sandbox; its agent is stopped when this is dropped.
///
/// Sockets have short names only, so it lies directly in the sandbox.
pub struct GpgHome {
    directory: PathBuf,
}

impl GpgHome {
    /// Makes the directory and lets every program in the sandbox use it.
    pub fn install(sandbox: &mut Sandbox) -> Self {
        let directory = sandbox.home().join("g");
        fs::create_dir(&directory).expect("a fresh home takes a folder");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("own folder");
        sandbox.set("GNUPGHOME", &directory);
        Self { directory }
    }

    /// Generates a key without passphrase, RSA with an encryption subkey, and
    /// gives its fingerprint.
    #[track_caller]
    pub fn generate(&self, sandbox: &Sandbox, name: &str) -> String {
        let parameters = format!(
            "%no-protection\nKey-Type: RSA\nKey-Length: 2048\nSubkey-Type: RSA\nSubkey-Length: 2048\n\
             Name-Real: {name}\nName-Email: {name}@example.org\nExpire-Date: 0\n%commit\n"
        );
        sandbox.run_with_input(&Tool::gpg(), &["--batch", "--gen-key"], parameters.as_bytes()).success();
        let listed = sandbox.run(&Tool::gpg(), &["--with-colons", "--fingerprint", name]).success().out();
        let line = listed.lines().find(|line| line.starts_with("fpr:")).expect("a key has a fingerprint");
        line.trim_matches(|byte| byte != ':').trim_matches(':').to_owned()
    }
}

impl Drop for GpgHome {
    fn drop(&mut self) {
        // The agent would outlive the directory it serves.
        let mut stop = std::process::Command::new("gpgconf");
        let _ = stop.args(["--kill", "all"]).env("GNUPGHOME", &self.directory).status();
    }
}
