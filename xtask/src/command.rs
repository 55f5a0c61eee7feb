//! Running programs: in the foreground with their minutes, or niced behind us
//! with their output in a log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// Names of steps and how long they took.
#[derive(Default)]
pub(crate) struct Minutes {
    rows: Vec<(String, Duration)>,
}

impl Minutes {
    /// Runs one step under a heading and remembers its duration.
    pub(crate) fn step<T>(&mut self, name: &str, step: impl FnOnce() -> T) -> T {
        println!("== {name}");
        let start = Instant::now();
        let result = step();
        self.rows.push((name.to_owned(), start.elapsed()));
        result
    }

    /// Prints one line per step.
    pub(crate) fn print(&self) {
        println!("== minutes");
        for (name, duration) in &self.rows {
            println!("{:>7.2}  {name}", duration.as_secs_f64() / 60.0);
        }
    }
}

/// A command for the foreground, without standard input.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    command
}

/// Runs to the end; anything but exit code 0 is a failure.
pub(crate) fn finish(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| could_not_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::broken(format!("{}: {status}", shown(command)))) }
}

/// A niced program whose output goes to a log; killed if nobody waits for it.
pub(crate) struct Background {
    child: Child,
    shown: String,
    log: PathBuf,
}

impl Background {
    /// Starts `command` at the lowest priority.
    pub(crate) fn start(command: &Command, log: &Path) -> Result<Self, Failure> {
        let mut niced = Command::new("nice");
        niced.args(["-n", "19"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => niced.env(key, value),
                None => niced.env_remove(key),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            niced.current_dir(directory);
        }
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let output = File::create(log)?;
        niced.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = niced.spawn().map_err(|error| could_not_start(command, &error))?;
        Ok(Self { child, shown: shown(command), log: log.to_owned() })
    }

    /// Waits for the end; on failure the message carries the end of the log.
    pub(crate) fn wait(mut self) -> Result<(), Failure> {
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::broken(format!("{}: {status}\n{}", self.shown, last_lines(&self.log, 40))))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // After `wait` the process is gone and this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of a log, for a failure message.
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The program of this name on the search path.
pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file())
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(std::ffi::OsStr::to_string_lossy));
    words.join(" ")
}

fn could_not_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::broken(format!("{}: {error}", shown(command)))
}
