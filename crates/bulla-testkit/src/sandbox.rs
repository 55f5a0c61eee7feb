//! A directory with an environment of its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Outcome, Tool};

/// How long one program may take before it counts as hung.
const DEADLINE: Duration = Duration::from_mins(1);

/// A temporary directory in which programs run with nothing of the caller's
/// environment: `HOME` and `TMPDIR` lie beside the working directory, `PATH` is
/// the system's, the locale is C.UTF-8, the time zone UTC.
pub struct Sandbox {
    root: TempDir,
    variables: BTreeMap<OsString, OsString>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// An empty sandbox.
    pub fn new() -> Self {
        let root = TempDir::with_prefix("bulla-").expect("a temporary directory");
        for folder in ["work", "home", "tmp"] {
            fs::create_dir(root.path().join(folder)).expect("a fresh directory takes folders");
        }
        let mut sandbox = Self { root, variables: BTreeMap::new() };
        sandbox.set("HOME", sandbox.root.path().join("home"));
        sandbox.set("TMPDIR", sandbox.root.path().join("tmp"));
        sandbox.set("PATH", "/usr/local/bin:/usr/bin:/bin");
        sandbox.set("LANG", "C.UTF-8");
        sandbox.set("TZ", "UTC");
        sandbox
    }

    /// Sets a variable for every later run.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables.insert(name.into(), value.as_ref().into());
    }

    /// Removes a variable for every later run.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(OsStr::new(name));
    }

    /// Puts a directory in front of `PATH`, as for plugins.
    pub fn prepend_path(&mut self, directory: &Path) {
        let mut path = directory.as_os_str().to_owned();
        path.push(":");
        path.push(&self.variables[OsStr::new("PATH")]);
        self.set("PATH", path);
    }

    /// The path of a file in the working directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    /// The directory with all that programs of the sandbox write.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The home directory that programs see.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Writes a file and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a path below the sandbox has a parent")).expect("folders");
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Reads a file.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs a program in the working directory, with empty standard input.
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, tool: &Tool, arguments: &[A]) -> Outcome {
        self.run_with_input(tool, arguments, b"")
    }

    /// Runs a program in the working directory with this standard input.
    ///
    /// # Panics
    /// Where it cannot be started or does not end within a minute, and where
    /// our program shows the canary without being asked.
    #[track_caller]
    pub fn run_with_input<A: AsRef<OsStr>>(&self, tool: &Tool, arguments: &[A], input: &[u8]) -> Outcome {
        let mut child =
            self.command(tool, arguments).spawn().unwrap_or_else(|error| panic!("{tool:?}: {error}"));
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let input = input.to_vec();
        // A program that does not read its input closes the pipe; that is its right.
        let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap_or_default());
        let status = wait(&mut child, tool);
        writer.join().expect("the writer does not panic");
        let [stdout, stderr] =
            [stdout, stderr].map(|reader| reader.join().expect("the reader does not panic"));
        let outcome = Outcome::new(status, stdout, stderr);
        if tool.is_ours {
            outcome.assert_silent(&format!("{tool:?}"));
        }
        outcome
    }

    /// The command that [`Self::run`] would run, for tests that need the child itself.
    pub fn command<A: AsRef<OsStr>>(&self, tool: &Tool, arguments: &[A]) -> Command {
        let mut command = Command::new(&tool.program);
        if let Some(called) = tool.called {
            command.arg0(called);
        }
        command.args(arguments).current_dir(self.path("")).env_clear().envs(&self.variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("the output is a pipe");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

#[track_caller]
fn wait(child: &mut Child, tool: &Tool) -> std::process::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if start.elapsed() > DEADLINE {
            child.kill().expect("a child can be killed");
            panic!("{tool:?} did not end within {} s", DEADLINE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(sandbox: &Sandbox, script: &str, input: &[u8]) -> Outcome {
        sandbox.run_with_input(&Tool::at("/bin/sh"), &["-c", script], input)
    }

    #[test]
    fn nothing_of_the_callers_environment_gets_in() {
        let mut sandbox = Sandbox::new();
        sandbox.set("GIVEN", "yes");
        let outcome = shell(&sandbox, "env | cut -d= -f1 | sort | tr '\\n' ' '", b"").success();
        assert_eq!(outcome.out(), "GIVEN HOME LANG PATH PWD TMPDIR TZ ");
    }

    #[test]
    fn input_output_and_exit_code_pass_through() {
        let sandbox = Sandbox::new();
        sandbox.write("deep/file", "content");
        let outcome = shell(&sandbox, "cat; cat deep/file >&2; exit 7", b"typed");
        assert_eq!((outcome.code, outcome.out(), outcome.err()), (7, "typed".into(), "content".into()));
    }

    #[test]
    fn a_signal_is_told_as_shells_tell_it() {
        assert_eq!(shell(&Sandbox::new(), "kill -KILL $$", b"").code, 128 + 9);
    }
}
