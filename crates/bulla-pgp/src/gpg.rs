//! Finding and running gpg.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bulla_core::{Environment, Kind, ProviderError, one_line};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

/// Time for one key (`security.md` K-06).
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Bytes of output at most: far above a wrapped data key or share, and read
/// into one allocation, so that no copy of a data key is left behind.
const OUTPUT_LIMIT: usize = 64 << 10;

/// Bytes of diagnostics that are read; a message shows fewer.
const DIAGNOSTICS_LIMIT: usize = 16 << 10;

/// Makes gpg say in codes what happened: its texts are translated.
const STATUS: [&str; 2] = ["--status-fd", "2"];

/// What a line of codes starts with.
const STATUS_PREFIX: &str = "[GNUPG:] ";

const VARIABLE: &str = "SOPS_GPG_EXEC";

/// Runs gpg with `arguments` and `input` on standard input and returns what
/// it prints, which is never nothing.
///
/// When the deadline passes, or when the returned future is dropped, gpg's
/// process group is killed.
pub(crate) async fn run(
    environment: &Environment,
    arguments: &[&str],
    input: &[u8],
    deadline: Duration,
) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
    let mut command = Command::new(program(environment)?);
    command.args(STATUS).args(arguments).env_clear().envs(environment.variables());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    if !environment.directory().as_os_str().is_empty() {
        command.current_dir(environment.directory());
    }
    let child = command.spawn().map_err(|error| unusable(&format!("gpg could not be started: {error}")))?;
    let talk = converse(Group(child), input);
    tokio::time::timeout(deadline, talk).await.unwrap_or_else(|_| {
        let reason = format!("gpg did not finish within {} s", deadline.as_secs_f32());
        Err(ProviderError::new(Kind::Unavailable, reason))
    })
}

/// Finds the program: never in the current directory, nor relative to it.
fn program(environment: &Environment) -> Result<PathBuf, ProviderError> {
    let name = environment.os(VARIABLE).map_or_else(|| PathBuf::from("gpg"), PathBuf::from);
    if name.is_absolute() {
        return Ok(name);
    }
    if name.components().count() != 1 || name.file_name() != Some(name.as_os_str()) {
        let reason = format!("{VARIABLE} must be an absolute path or a name to be found on PATH");
        return Err(unusable(&reason));
    }
    let path = environment.os("PATH").unwrap_or_default();
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(&name))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            unusable(&format!("{} was not found on PATH", one_line(name.as_os_str().as_encoded_bytes())))
        })
}

fn unusable(reason: &str) -> ProviderError {
    ProviderError::new(Kind::InvalidConfig, reason)
}

/// A child that leads a process group, which ends with this value (where
/// there are no such groups, the child alone does).
struct Group(Child);

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        // The id is known only until the child was waited for, so it cannot
        // belong to another process yet.
        let leader = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

async fn converse(mut group: Group, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
    let child = &mut group.0;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(mut stdout), Some(mut stderr)) = pipes else {
        return Err(ProviderError::new(Kind::Unexpected, "gpg was started without pipes"));
    };
    let write = async {
        // A program that stops reading says why itself.
        let _ = stdin.write_all(input).await;
        drop(stdin);
    };
    let (mut output, mut diagnostics) = (buffer(OUTPUT_LIMIT), buffer(DIAGNOSTICS_LIMIT));
    let read = async { tokio::join!(fill(&mut stdout, &mut output), fill(&mut stderr, &mut diagnostics)) };
    let ((), (whole, told)) = tokio::join!(write, read);
    let failed =
        |error: io::Error| ProviderError::new(Kind::Unexpected, format!("gpg's output was lost: {error}"));
    let whole = whole.map_err(failed)?;
    told.map_err(failed)?;
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        return Err(refusal(&diagnostics, status.code()));
    }
    match output.is_empty() {
        _ if !whole => Err(ProviderError::new(Kind::Unexpected, "gpg's output is too long")),
        true => Err(ProviderError::new(Kind::Unexpected, "zero bytes returned")),
        false => Ok(output),
    }
}

fn buffer(limit: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(limit))
}

/// Reads to the end of `pipe`; keeps no more than `kept` has room for.
/// Returns false where that was not everything.
async fn fill(pipe: &mut (impl AsyncRead + Unpin), kept: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = Zeroizing::new([0; 4096]);
    let mut whole = true;
    loop {
        let length = pipe.read(&mut *chunk).await?;
        if length == 0 {
            return Ok(whole);
        }
        let taken = length.min(kept.capacity() - kept.len());
        kept.extend_from_slice(&chunk[..taken]);
        whole &= taken == length;
    }
}

/// Turns what gpg said into an error. gpg has one exit code for everything;
/// its status lines say which key was missing, in every language.
fn refusal(diagnostics: &[u8], code: Option<i32>) -> ProviderError {
    let diagnostics = String::from_utf8_lossy(diagnostics);
    let (codes, texts): (Vec<&str>, Vec<&str>) =
        diagnostics.lines().partition(|line| line.starts_with(STATUS_PREFIX));
    let text = one_line(texts.join("\n").as_bytes());
    let reason = match code {
        _ if !text.is_empty() => text,
        Some(code) => format!("gpg ended with exit status {code}"),
        None => "gpg was killed by a signal".to_owned(),
    };
    ProviderError { kind: kind(&codes), reason }
}

/// A message is somebody else's where each key that it is for is missing.
fn kind(codes: &[&str]) -> Kind {
    let words = |code: &str| -> Vec<&str> {
        let lines = codes.iter().filter_map(|line| line.strip_prefix(STATUS_PREFIX));
        let of_code = lines.filter_map(|line| line.strip_prefix(code)?.strip_prefix(' '));
        of_code.map(|rest| rest.split(' ').next().unwrap_or_default()).collect()
    };
    let missing = words("NO_SECKEY");
    if !missing.is_empty() && words("ENC_TO").iter().all(|key| missing.contains(key)) {
        Kind::NotMine
    } else if !words("INV_RECP").is_empty() {
        Kind::InvalidConfig
    } else {
        Kind::Unexpected
    }
}
