//! Running a program with secrets in its environment or in a file
//! (`sops.md` 6.7, `security.md` C-07, L-06). No value ever stands in an
//! argument.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use bulla_core::{Context, Environment, SecretBytes};

use super::account::Account;
use super::cleanup::{Guard, sweep};
use super::{outcome, set_core_limit, spawn, system};
use crate::error::{Exit, Failure, cause};

/// Name of the temporary file where none is asked for.
const FILE_NAME: &str = "tmp-file";

/// Directories of `exec-file` are called this, our process id, and something
/// random.
const PREFIX: &str = ".sops";

/// How a program is run.
pub struct Program<'a> {
    /// What the shell gets.
    pub command: &'a OsStr,
    /// Do not wait for it.
    pub background: bool,
    /// Give it nothing of our environment.
    pub pristine: bool,
    /// Replace this process by it.
    pub same_process: bool,
    /// Run it as this user; empty means ourselves.
    pub user: &'a str,
}

impl Program<'_> {
    /// Runs it with `secrets` added to its environment.
    pub fn run_with_environment(
        &self,
        secrets: &[(OsString, SecretBytes)],
        environment: &Environment,
    ) -> Result<(), Failure> {
        let user = self.switch_user()?;
        let mut command = self.shell(self.command, environment, &user);
        for (name, value) in secrets {
            command.env(name, system::os_text(value.expose()).map_err(|error| io_failure(&error))?);
        }
        self.start(command, None)
    }

    /// Runs it with `plaintext` in a temporary file.
    pub fn run_with_file(
        &self,
        plaintext: SecretBytes,
        file: &Temporary<'_>,
        context: &Context,
    ) -> Result<(), Failure> {
        let user = self.switch_user()?;
        let directory = SecretDirectory::create(file.no_fifo, context).map_err(|error| io_failure(&error))?;
        let path = directory.place(file, plaintext, context)?;
        let command = system::with_path(self.command, &path);
        self.start(self.shell(&command, &context.environment, &user), Some(&directory.0))
    }

    fn switch_user(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        if self.user.is_empty() {
            return Ok(Vec::new());
        }
        let account = Account::find(self.user)?;
        account.become_it()?;
        Ok(vec![("HOME", account.home), ("USER", account.name.clone()), ("LOGNAME", account.name)])
    }

    fn shell(&self, text: &OsStr, environment: &Environment, user: &[(&str, String)]) -> Command {
        let mut command = system::shell(text);
        command.env_clear();
        if !self.pristine {
            command.envs(environment.variables());
        }
        command.envs(user.iter().map(|(name, value)| (name, value)));
        command
    }

    fn start(&self, mut command: Command, guard: Option<&Guard>) -> Result<(), Failure> {
        if self.same_process {
            set_core_limit(true);
            return Err(io_failure(&system::replace_process(&mut command)));
        }
        let mut child = spawn(&mut command).map_err(|error| io_failure(&error))?;
        if self.background {
            return Ok(());
        }
        if let Some(guard) = guard {
            guard.set_child(Some(child.id()));
        }
        let status = child.wait();
        if let Some(guard) = guard {
            guard.set_child(None);
        }
        outcome(status.map_err(|error| io_failure(&error))?)
    }
}

/// The temporary file that a program gets.
pub struct Temporary<'a> {
    /// Its name; empty means one of our choice.
    pub name: &'a str,
    /// A regular file instead of a pipe.
    pub no_fifo: bool,
}

/// A private directory, removed with everything in it when dropped.
struct SecretDirectory(Guard);

impl SecretDirectory {
    /// A pipe holds nothing, a regular file should not reach a disk: it goes
    /// to memory unless the user says where.
    fn create(in_memory: bool, context: &Context) -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = match context.environment.os("TMPDIR") {
            Some(directory) => PathBuf::from(directory),
            None if in_memory && memory.is_dir() => memory.to_owned(),
            None => PathBuf::from("/tmp"),
        };
        sweep(&parent, PREFIX);
        let path = parent.join(format!("{PREFIX}{}-{}", std::process::id(), random_number(context)?));
        system::create_private_directory(&path)?;
        Ok(Self(Guard::new(path, || {})?))
    }

    /// Puts the plaintext into the directory, or a pipe that gives it once.
    fn place(
        &self,
        file: &Temporary<'_>,
        plaintext: SecretBytes,
        context: &Context,
    ) -> Result<PathBuf, Failure> {
        if !file.name.is_empty() && !is_local(Path::new(file.name)) {
            return Err(Failure::new(Exit::Generic, "The provided filename is not a local path."));
        }
        let fail = |error: io::Error| io_failure(&error);
        if !file.no_fifo {
            let path = self.0.path().join(if file.name.is_empty() { FILE_NAME } else { file.name });
            system::make_fifo(&path).map_err(fail)?;
            let pipe = path.clone();
            // Opening blocks until somebody reads; whoever never does is
            // outlived by nothing but this process.
            std::thread::spawn(move || {
                if let Ok(mut pipe) = OpenOptions::new().write(true).open(pipe) {
                    let _ = pipe.write_all(plaintext.expose());
                }
            });
            return Ok(path);
        }
        let name = if file.name.is_empty() {
            format!("{FILE_NAME}{}", random_number(context).map_err(fail)?)
        } else {
            file.name.to_owned()
        };
        let path = self.0.path().join(name);
        let mut handle = system::private_file().open(&path).map_err(fail)?;
        handle.write_all(plaintext.expose()).map_err(fail)?;
        Ok(path)
    }
}

fn random_number(context: &Context) -> io::Result<u32> {
    let mut bytes = [0; 4];
    context.random.fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u32::from_be_bytes(bytes))
}

/// True for a relative path that never leaves its directory.
fn is_local(path: &Path) -> bool {
    let mut depth = 0_usize;
    for component in path.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::Prefix(_) | Component::RootDir => return false,
        }
    }
    !path.as_os_str().is_empty()
}

fn io_failure(error: &io::Error) -> Failure {
    Failure::new(Exit::Generic, cause(error))
}

/// Names whose value makes a loader, a shell or an interpreter run code.
const CODE_NAMES: &[&str] = &["BASH_ENV", "ENV", "NODE_OPTIONS", "PATH", "PERL5OPT", "PYTHONPATH", "RUBYOPT"];

/// Returns true for a name whose value decides what code runs (`security.md`
/// C-07).
pub fn selects_code(name: &str) -> bool {
    name.starts_with("LD_")
        || name.starts_with("DYLD_")
        || (name.starts_with("GIT_") && name.ends_with("_COMMAND"))
        || CODE_NAMES.contains(&name)
}

/// Returns true for a name that shells take as a variable.
pub fn is_variable_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_paths_stay_in_their_directory() {
        for path in ["a", "a/b", "./a", "a/../b"] {
            assert!(is_local(Path::new(path)), "{path}");
        }
        for path in ["", "/a", "../a", "a/../../b"] {
            assert!(!is_local(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn c_07_names_that_select_code_are_known() {
        for name in ["LD_PRELOAD", "DYLD_X", "PATH", "GIT_SSH_COMMAND", "BASH_ENV", "ENV"] {
            assert!(selects_code(name), "{name}");
        }
        assert!(!selects_code("ENVIRONMENT") && !selects_code("MY_PATH"));
    }

    #[test]
    fn l_06_only_shell_names_are_variable_names() {
        assert!(is_variable_name("_A1") && is_variable_name("a"));
        for name in ["", "1A", "A-B", "A.B", "A B", "Ä"] {
            assert!(!is_variable_name(name), "{name}");
        }
    }
}
