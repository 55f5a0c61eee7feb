//! Programs that cannot outlive this one.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Stands between us and the program: says its process id, then how it ended.
/// When the keeper's standard input ends, because we closed it or are gone in
/// whatever way, the program is killed and its folder removed.
const KEEPER: &str = r#"
log=$1 folder=$2; shift 2
exec 3<&0
rm -f "$log.ended"; : >"$log"
"$@" </dev/null >"$log" 2>&1 3<&- & program=$!
( read -r _; kill -KILL $program ) <&3 >/dev/null 2>&1 & watcher=$!
trap '' PIPE
echo $program
wait $program; code=$?
kill -KILL $watcher 2>/dev/null
echo $code >"$log.ended"
echo $code
read -r _
[ -z "$folder" ] || rm -rf "$folder" || { sleep 1; rm -rf "$folder"; } # others still write
"#;

/// A running program; dropping it kills it.
pub(super) struct Kept {
    keeper: Child,
    answers: BufReader<ChildStdout>,
    pid: u32,
    /// There when it has ended.
    ended: PathBuf,
}

impl Kept {
    /// Starts `command` with its output in `log`; `folder` is removed when this is dropped or gone.
    pub(super) fn start(command: &Command, log: &Path, folder: Option<&Path>) -> Self {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(log).arg(folder.map_or(OsStr::new(""), Path::as_os_str));
        keeper.arg(command.get_program()).args(command.get_args()).env_clear();
        keeper.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            keeper.current_dir(directory);
        }
        // A group of its own: an interrupt typed at the terminal reaches the test only.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().expect("sh is there");
        let mut answers = BufReader::new(keeper.stdout.take().expect("it is a pipe"));
        let pid = number(&mut answers).unwrap_or_else(|| panic!("{command:?} could not be started"));
        let mut ended = log.as_os_str().to_owned();
        ended.push(".ended");
        Self { keeper, answers, pid: pid.unsigned_abs(), ended: ended.into() }
    }

    /// Its process id; valid until it was waited for.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.exists()
    }

    /// Sends a signal, such as `TERM` or `STOP`.
    pub(super) fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &self.pid.to_string()]).stderr(Stdio::null());
        kill.status().expect("kill is there");
    }

    /// Waits for its end; gives its exit code, 128 + signal where one ended it.
    pub(super) fn wait(&mut self) -> i32 {
        number(&mut self.answers).expect("the keeper says how it ended")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It may be gone already.
        let _ = self.keeper.wait();
    }
}

fn number(answers: &mut BufReader<ChildStdout>) -> Option<i32> {
    let mut line = String::new();
    answers.read_line(&mut line).ok()?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sandbox;

    /// The output of a program that says nothing.
    fn elsewhere() -> ChildStdout {
        Command::new("true").stdout(Stdio::piped()).spawn().unwrap().stdout.unwrap()
    }

    fn shell(sandbox: &Sandbox, script: &str, folder: Option<&Path>) -> Kept {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env("PATH", "/usr/bin:/bin");
        Kept::start(&command, &sandbox.path("log"), folder)
    }

    #[test]
    fn dropping_kills_even_a_stopped_program_and_removes_its_folder() {
        let sandbox = Sandbox::new();
        let folder = sandbox.write("folder/file", "").parent().unwrap().to_owned();
        let kept = shell(&sandbox, "exec sleep 60", Some(&folder));
        let process = Path::new("/proc").join(kept.pid().to_string());
        assert!(process.exists() && folder.exists());
        kept.signal("STOP");
        drop(kept);
        assert!(!process.exists() && !folder.exists());
    }

    #[test]
    fn nobody_listening_to_the_keeper_is_as_good_as_a_drop() {
        let sandbox = Sandbox::new();
        let folder = sandbox.write("folder/file", "").parent().unwrap().to_owned();
        let mut kept = shell(&sandbox, "exec sleep 60", Some(&folder));
        // As when this process is killed: all ends of pipes are closed.
        kept.answers = BufReader::new(elsewhere());
        drop(kept);
        assert!(!folder.exists());
    }

    #[test]
    fn an_end_is_told_with_its_code_and_the_output_kept() {
        let sandbox = Sandbox::new();
        assert_eq!(shell(&sandbox, "echo said; exit 7", None).wait(), 7);
        assert_eq!(sandbox.read("log"), b"said\n");
        let mut kept = shell(&sandbox, "exec sleep 60", None);
        assert!(!kept.has_ended());
        kept.signal("TERM");
        assert_eq!(kept.wait(), 128 + 15);
    }
}
