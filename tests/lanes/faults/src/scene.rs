//! A sandbox with keys, rules and files to work on.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use bulla_testkit::{Outcome, Sandbox, Tool};

use crate::call::Call;
use crate::fault::Fault;
use crate::work::{State, Work, plaintext};

/// Mode of the files, to be kept.
const MODE: u32 = 0o640;

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// As it was, byte for byte.
    Old,
    /// As the work makes it, complete.
    New,
}

/// Where one work is done again and again.
pub struct Scene {
    /// Holds everything.
    pub sandbox: Sandbox,
    /// What is done.
    pub work: &'static Work,
    recipients: [String; 2],
    old: Vec<Vec<u8>>,
}

impl Scene {
    /// Makes keys, rules and files.
    #[track_caller]
    pub fn new(work: &'static Work) -> Self {
        let mut sandbox = Sandbox::new();
        let recipients = ["keys.txt", "other.txt"].map(|name| {
            let file = sandbox.home().join(name).display().to_string();
            sandbox.run(&Tool::bulla(), &["keygen", "--to", &file]).success().out().trim().to_owned()
        });
        sandbox.set("SOPS_AGE_KEY_FILE", sandbox.home().join("keys.txt"));
        let run = sandbox.home().join("run");
        fs::create_dir(&run).expect("a fresh home takes a folder");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).expect("own folder");
        sandbox.set("XDG_RUNTIME_DIR", &run);
        let edited = sandbox.home().join("edited.yaml");
        fs::write(&edited, plaintext(work.adds)).expect("home takes a file");
        sandbox.set("EDITOR", format!("cp {}", edited.display()));
        let [first, second] = &recipients;
        let keys =
            if work.name.starts_with("updatekeys") { format!("{first},{second}") } else { first.clone() };
        sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {keys}\n"));
        let mut scene = Self { sandbox, work, recipients, old: Vec::new() };
        scene.make_old();
        scene
    }

    fn make_old(&mut self) {
        let plain = plaintext("");
        for name in self.work.files {
            let path = format!("d/{name}");
            self.sandbox.write(&path, &plain);
            if self.work.before == State::Encrypted {
                let words = ["sops", "encrypt", "-i", "--age", &self.recipients[0], &path];
                self.sandbox.run(&Tool::bulla(), &words).success();
            }
            self.old.push(self.sandbox.read(&path));
        }
    }

    /// The folder with the files.
    pub fn folder(&self) -> PathBuf {
        self.sandbox.path("d")
    }

    /// The runtime directory, where drafts lie.
    pub fn drafts(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.sandbox.home().join("run")).expect("the folder is there");
        entries.map(|entry| entry.expect("readable").path()).collect()
    }

    /// Puts everything back as it was.
    pub fn reset(&self) {
        let _ = fs::remove_dir_all(self.folder());
        for (name, bytes) in self.work.files.iter().zip(&self.old) {
            let path = self.sandbox.write(&format!("d/{name}"), bytes);
            fs::set_permissions(path, fs::Permissions::from_mode(MODE)).expect("own file");
        }
    }

    /// The words of the work.
    pub fn arguments(&self) -> Vec<String> {
        let words = self.work.arguments.iter();
        words.map(|word| word.replace("R1", &self.recipients[0]).replace("R2", &self.recipients[1])).collect()
    }

    /// Does the work once, unharmed.
    #[track_caller]
    pub fn run(&self) -> Outcome {
        self.sandbox.run(&Tool::bulla(), &self.arguments())
    }

    /// Does the work under strace and lists its system calls.
    #[track_caller]
    pub fn trace(&self, calls: &str) -> (Outcome, Vec<Call>) {
        self.strace(&["-e", &format!("trace={calls}")])
    }

    /// Does the work while one system call goes wrong.
    #[track_caller]
    pub fn suffer(&self, fault: &Fault) -> Outcome {
        let (outcome, _) = self.strace(&["-e", &format!("trace={}", fault.call), "-e", &fault.option()]);
        outcome.assert_silent(&format!("{} with {fault:?}", self.work.name));
        outcome
    }

    #[track_caller]
    fn strace(&self, options: &[&str]) -> (Outcome, Vec<Call>) {
        let log = self.sandbox.root().join("tmp/strace.txt");
        let mut words = vec!["-f".to_owned(), "-qq".to_owned(), "-s".to_owned(), "300".to_owned()];
        words.extend(["-o".to_owned(), log.display().to_string()]);
        words.extend(options.iter().map(|word| (*word).to_owned()));
        words.push("--".to_owned());
        words.push(Tool::bulla().path().display().to_string());
        words.extend(self.arguments());
        let outcome = self.sandbox.run(&Tool::strace(), &words);
        let denied = outcome.err().contains("ptrace(PTRACE_");
        assert!(
            !denied,
            "strace may not trace here (allow ptrace, or leave the lane out with --without faults): {outcome:?}"
        );
        let log = fs::read_to_string(log).unwrap_or_default();
        (outcome, Call::parse_all(&log))
    }

    /// Says what became of each file; anything but old or new is an error.
    pub fn fates(&self) -> Result<Vec<Fate>, String> {
        self.work.files.iter().zip(&self.old).map(|(name, old)| self.fate(name, old)).collect()
    }

    fn fate(&self, name: &str, old: &[u8]) -> Result<Fate, String> {
        let path = format!("d/{name}");
        let file = self.sandbox.path(&path);
        let now = fs::read(&file).map_err(|error| format!("{name} is gone: {error}"))?;
        let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
        if mode != MODE {
            return Err(format!("{name} has mode {mode:o}"));
        }
        if now == old {
            return Ok(Fate::Old);
        }
        let expected = plaintext(self.work.adds);
        let text = match self.work.after {
            State::Plain => now,
            State::Encrypted => self.sandbox.run(&Tool::bulla(), &["sops", "decrypt", &path]).stdout,
        };
        if text == expected.as_bytes() {
            Ok(Fate::New)
        } else {
            Err(format!("{name} is neither old nor new"))
        }
    }

    /// Files of the folder that are none of the work's.
    pub fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).expect("the folder is there");
        let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
        names.filter(|name| !self.work.files.contains(&name.as_str())).collect()
    }

    /// What a later run must clear up: temporaries in the folder, drafts of
    /// an editor. Returns how many there were.
    #[track_caller]
    pub fn clear_up(&self) -> usize {
        let found = self.leftovers().len() + self.drafts().len();
        if found == 0 {
            return 0;
        }
        let spare = "d/spare.yaml";
        self.sandbox.write(spare, plaintext(""));
        let words = ["sops", "encrypt", "-i", "--age", &self.recipients[0], spare];
        self.sandbox.run(&Tool::bulla(), &words).success();
        let mut edit = self.sandbox.command(&Tool::bulla(), &["sops", "edit", spare]);
        let output = edit.env("EDITOR", "true").output().expect("our program starts");
        assert_eq!(output.status.code(), Some(200), "{}", String::from_utf8_lossy(&output.stderr));
        fs::remove_file(self.sandbox.path(spare)).expect("own file");
        assert!(self.leftovers().is_empty(), "{}: {:?} stay", self.work.name, self.leftovers());
        assert!(self.drafts().is_empty(), "{}: {:?} stay", self.work.name, self.drafts());
        found
    }
}
