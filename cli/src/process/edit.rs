//! The editor and the private directory with the plaintext that it works on
//! (`sops.md` 6.6, `security.md` L-04, L-05).

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use bulla_core::{Context, Environment, SecretBytes};

use super::cleanup::{Guard, sweep};
use super::{find_program, spawn, system};
use crate::app::MAX_FILE_SIZE;
use crate::error::{Exit, Failure, cause};

/// Directories of edits are called this, our process id, and something
/// random.
const PREFIX: &str = "bulla-edit-";

/// And those whose text was kept.
const KEPT: &str = "bulla-kept-";

/// Editors in the order in which they are tried.
const EDITORS: [&str; 3] = ["vim", "nano", "vi"];

/// The plaintext that is being edited.
pub struct Draft {
    directory: Guard,
    file: PathBuf,
    /// True where the directory may be on a disk.
    pub may_reach_disk: bool,
}

impl Draft {
    /// Puts `plaintext` in a private directory in memory where there is one,
    /// in a file with the base name of `target`. Directories of edits whose
    /// process is gone are removed on the way.
    pub fn create(target: &Path, plaintext: &[u8], context: &Context) -> Result<Self, Failure> {
        let (parent, may_reach_disk) = parent(&context.environment);
        sweep(&parent, PREFIX);
        let failed = |what: &str| {
            let what = what.to_owned();
            move |error: io::Error| Failure::new(Exit::Write, format!("{what}: {}", cause(&error)))
        };
        let mut random = [0; 8];
        context.random.fill(&mut random).map_err(|error| Failure::new(Exit::Write, error.to_string()))?;
        let name = format!("{PREFIX}{}-{:016x}", std::process::id(), u64::from_be_bytes(random));
        let path = parent.join(name);
        system::create_private_directory(&path).map_err(failed("Could not create temporary directory"))?;
        let directory = Guard::new(path, || crate::ui::show("User canceled operation"))
            .map_err(failed("Could not watch for signals"))?;
        let file = directory.path().join(target.file_name().unwrap_or(OsStr::new("file")));
        system::private_file()
            .open(&file)
            .and_then(|mut handle| handle.write_all(plaintext))
            .map_err(failed("Could not create temporary file"))?;
        Ok(Self { directory, file, may_reach_disk })
    }

    /// Lets the user edit it.
    pub fn edit(&self, environment: &Environment) -> Result<(), Failure> {
        let failed = |text: String| Failure::new(Exit::Editor, format!("Could not run editor: {text}"));
        let words = editor(environment).map_err(failed)?;
        let program = find_program(&words[0], environment).ok_or_else(|| {
            let name = words[0].to_string_lossy();
            failed(format!("exec: {}: executable file not found in $PATH", name.escape_debug()))
        })?;
        let mut command = Command::new(&program);
        if is_vim(&program) {
            // No swap, undo, backup or history file with plaintext in it.
            command.args(["-n", "-i", "NONE", "--cmd", "set noundofile nobackup nowritebackup"]);
        }
        command.args(&words[1..]).arg(&self.file);
        let mut child = spawn(&mut command)
            .map_err(|error| failed(format!("fork/exec {}: {}", program.display(), cause(&error))))?;
        self.directory.set_child(Some(child.id()));
        let status = child.wait();
        self.directory.set_child(None);
        let status = status.map_err(|error| failed(cause(&error)))?;
        super::outcome(status).map_err(|failure| failed(failure.message))
    }

    /// Reads what the user left. Whatever stands at the name must be a
    /// regular file of ours: editors replace files, others might as well.
    pub fn read(&self, limit: usize) -> Result<SecretBytes, Failure> {
        let failed = |error: io::Error| {
            Failure::new(Exit::Read, format!("Could not read edited file: {}", cause(&error)))
        };
        let file = system::open_no_follow(&self.file).map_err(failed)?;
        let (metadata, own) = (file.metadata().map_err(failed)?, self.directory.path().metadata());
        if !metadata.is_file() || !system::same_owner(&own.map_err(failed)?, &metadata) {
            return Err(failed(io::Error::other("it is not a regular file of ours any more")));
        }
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > limit {
            let text = format!("it is larger than {limit} bytes; {MAX_FILE_SIZE} raises the limit");
            return Err(failed(io::Error::other(text)));
        }
        Ok(SecretBytes::new(bytes))
    }

    /// Leaves the text where it is, for the user to rescue; returns its path,
    /// unless there is no text any more.
    pub fn keep(self) -> Option<PathBuf> {
        if !self.file.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            return None;
        }
        let name = self.file.file_name().unwrap_or_default().to_owned();
        let directory = self.directory.keep();
        // Under a name that no later edit sweeps.
        let own = directory.file_name().and_then(OsStr::to_str).and_then(|name| name.strip_prefix(PREFIX));
        let kept = own.map(|own| directory.with_file_name(format!("{KEPT}{own}")));
        let kept = kept.filter(|kept| std::fs::rename(&directory, kept).is_ok());
        Some(kept.unwrap_or(directory).join(name))
    }
}

/// Memory-backed where the system offers it. The second part is true where
/// the directory may be on a disk.
fn parent(environment: &Environment) -> (PathBuf, bool) {
    let is_private = |path: &Path| path.metadata().is_ok_and(|metadata| system::is_private(&metadata));
    let runtime = environment.os("XDG_RUNTIME_DIR").map(PathBuf::from);
    if let Some(runtime) = runtime.filter(|path| path.is_absolute() && is_private(path)) {
        return (runtime, false);
    }
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        return (memory.to_owned(), false);
    }
    (environment.os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from), true)
}

/// Returns the editor's program and arguments.
fn editor(environment: &Environment) -> Result<Vec<OsString>, String> {
    for variable in ["SOPS_EDITOR", "EDITOR"] {
        let Some(text) = environment.text(variable) else { continue };
        return match shlex::split(text) {
            Some(words) if !words.is_empty() => Ok(words.into_iter().map(OsString::from).collect()),
            _ => Err(format!("invalid ${variable}: {}", text.escape_debug())),
        };
    }
    let found = EDITORS.iter().find(|name| find_program(OsStr::new(name), environment).is_some());
    found.map(|name| vec![OsString::from(name)]).ok_or_else(|| {
        format!(
            "no editor available: set SOPS_EDITOR or EDITOR; without them {} are tried, and none was found",
            EDITORS.join(", ")
        )
    })
}

/// True for vim and its family, also behind the name `vi`.
fn is_vim(program: &Path) -> bool {
    let resolved = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let name = resolved.file_name().map(OsStr::to_string_lossy).unwrap_or_default().into_owned();
    ["vim", "nvim", "gvim"].iter().any(|editor| name.starts_with(editor))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::sync::Arc;

    use bulla_crypto::SystemRandom;
    use tempfile::TempDir;

    use super::*;

    struct Fixed;

    impl bulla_core::Clock for Fixed {
        fn now(&self) -> i64 {
            0
        }
    }

    fn context(directory: &Path, editor: &str) -> Context {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)).unwrap();
        let variables = [
            ("XDG_RUNTIME_DIR".into(), directory.as_os_str().to_owned()),
            ("EDITOR".into(), editor.into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
        ];
        Context {
            environment: Environment::new(variables, directory.to_owned()),
            clock: Arc::new(Fixed),
            random: Arc::new(SystemRandom),
        }
    }

    #[test]
    fn l_04_the_draft_is_private_keeps_its_name_and_vanishes() {
        let directory = TempDir::new().unwrap();
        let context = context(directory.path(), "sh -c 'printf new > \"$0\"'");
        let draft = Draft::create(Path::new("/x/secret.yaml"), b"old", &context).unwrap();
        let inside = draft.directory.path().to_owned();
        assert_eq!(inside.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(inside.join("secret.yaml").metadata().unwrap().mode() & 0o777, 0o600);
        draft.edit(&context.environment).unwrap();
        assert_eq!(draft.read(100).unwrap().expose(), b"new");
        drop(draft);
        assert!(!inside.exists());
    }

    #[test]
    fn l_04_a_link_in_the_draft_s_place_is_not_read() {
        let directory = TempDir::new().unwrap();
        let context = context(directory.path(), "true");
        let draft = Draft::create(Path::new("f"), b"old", &context).unwrap();
        std::fs::remove_file(&draft.file).unwrap();
        symlink("/etc/passwd", &draft.file).unwrap();
        assert!(draft.read(1 << 20).is_err());
    }

    #[test]
    fn l_04_drafts_of_dead_processes_are_swept_and_others_stay() {
        let directory = TempDir::new().unwrap();
        let context = context(directory.path(), "true");
        let dead = directory.path().join(format!("{PREFIX}2147483646-0"));
        let alive = directory.path().join(format!("{PREFIX}{}-0", std::process::id()));
        for path in [&dead, &alive] {
            std::fs::create_dir(path).unwrap();
        }
        drop(Draft::create(Path::new("f"), b"", &context).unwrap());
        assert!(!dead.exists() && alive.exists());
    }

    #[test]
    fn l_04_drafts_that_somebody_holds_stay() {
        let directory = TempDir::new().unwrap();
        let context = context(directory.path(), "true");
        // As of a process in another container, whose id says nothing here.
        let held = directory.path().join(format!("{PREFIX}2147483646-1"));
        std::fs::create_dir(&held).unwrap();
        let lock = File::open(&held).unwrap();
        lock.lock().unwrap();
        drop(Draft::create(Path::new("f"), b"", &context).unwrap());
        assert!(held.exists());
        drop(lock);
        // A program that another test starts has the lock, too, until it runs.
        let is_swept = || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            drop(Draft::create(Path::new("f"), b"", &context).unwrap());
            !held.exists()
        };
        assert!((0..200).any(|_| is_swept()));
    }

    #[test]
    fn l_05_a_kept_draft_stays() {
        let directory = TempDir::new().unwrap();
        let context = context(directory.path(), "true");
        let path = Draft::create(Path::new("f"), b"text", &context).unwrap().keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
        let name = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.starts_with(KEPT), "a later edit would sweep {name}");
    }

    #[test]
    fn l_05_a_draft_that_is_gone_is_not_said_to_be_kept() {
        let directory = TempDir::new().unwrap();
        let context = context(directory.path(), "true");
        let draft = Draft::create(Path::new("f"), b"text", &context).unwrap();
        std::fs::remove_file(&draft.file).unwrap();
        assert_eq!(draft.keep(), None);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failing_editor_is_exit_201() {
        let directory = TempDir::new().unwrap();
        for (editor, text) in [
            ("false", "Could not run editor: exit status 1"),
            (
                "no-such-editor -x",
                "Could not run editor: exec: no-such-editor: executable file not found in $PATH",
            ),
            ("'", "Could not run editor: invalid $EDITOR: \\'"),
        ] {
            let context = context(directory.path(), editor);
            let draft = Draft::create(Path::new("f"), b"", &context).unwrap();
            let failure = draft.edit(&context.environment).unwrap_err();
            assert_eq!((failure.code, failure.message.as_str()), (201, text));
        }
    }
}
