//! Programs named by `SOPS_AGE_KEY_CMD` and `SOPS_AGE_SSH_PRIVATE_KEY_CMD`.

use std::process::{Command, ExitStatus, Stdio};

use bulla_core::Environment;
use zeroize::Zeroizing;

/// Runs `line`, split into words as a POSIX shell does but without a shell,
/// and returns what it prints. `SOPS_AGE_RECIPIENT` tells the program which
/// recipient's identity is wanted.
///
/// The line may hold a secret (`echo AGE-SECRET-KEY-...`), so errors name
/// `variable`, where it came from, instead.
pub(crate) fn output(
    variable: &str,
    line: &str,
    recipient: &str,
    environment: &Environment,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let words = shlex::split(line)
        .ok_or_else(|| format!("failed to parse command from {variable}: unfinished quote or escape"))?;
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(format!("failed to parse command from {variable}: it is empty"));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment.variables());
    command.env("SOPS_AGE_RECIPIENT", recipient).stdin(Stdio::null()).stderr(Stdio::inherit());
    if !environment.directory().as_os_str().is_empty() {
        command.current_dir(environment.directory());
    }
    let failed = |reason: String| format!("failed to execute command from {variable}: {reason}");
    let output = command.output().map_err(|error| failed(crate::sources::io_reason(&error)))?;
    let text = Zeroizing::new(output.stdout);
    if output.status.success() { Ok(text) } else { Err(failed(status_text(output.status))) }
}

fn status_text(status: ExitStatus) -> String {
    status.code().map_or_else(|| "killed by a signal".to_owned(), |code| format!("exit status {code}"))
}
