//! Two sandboxes with equal content, one for each program.

use bulla_testkit::{AgeKey, Outcome, Sandbox, Tool, assert_same_answer};

/// Our program and the original, each in a directory of its own, with the same
/// files, variables and age key.
pub struct Twins {
    /// Where our program runs.
    pub ours: Sandbox,
    /// Where the original runs.
    pub theirs: Sandbox,
    /// The key that both may decrypt with; also in `keys.txt` of both.
    pub key: AgeKey,
}

impl Default for Twins {
    fn default() -> Self {
        Self::new()
    }
}

impl Twins {
    /// Two empty directories and a fresh key.
    pub fn new() -> Self {
        let (mut ours, mut theirs) = (Sandbox::new(), Sandbox::new());
        let key = AgeKey::install(&mut theirs);
        let copy = ours.write(&key.file, theirs.read(&key.file));
        ours.set("SOPS_AGE_KEY_FILE", copy);
        Self { ours, theirs, key }
    }

    /// Writes a file on both sides.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.ours.write(name, content.as_ref());
        self.theirs.write(name, content.as_ref());
    }

    /// Sets a variable on both sides.
    pub fn set(&mut self, name: &str, value: &str) {
        self.ours.set(name, value);
        self.theirs.set(name, value);
    }

    /// Encrypts with the original and gives both sides the result.
    #[track_caller]
    pub fn encrypt_with_theirs(&self, name: &str, content: impl AsRef<[u8]>) {
        self.theirs.write(name, content);
        self.theirs
            .run(&Tool::sops(), &["encrypt", "--in-place", "--age", &self.key.recipient, name])
            .success();
        self.ours.write(name, self.theirs.read(name));
    }

    /// Runs one command line on both sides: ours, then theirs.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: &[u8]) -> (Outcome, Outcome) {
        let ours = self.ours.run_with_input(&Tool::bulla_as_sops(), arguments, input);
        let theirs = self.theirs.run_with_input(&Tool::sops(), arguments, input);
        (ours, theirs)
    }

    /// Runs one command line on both sides and asserts equal exit codes and
    /// equal standard outputs.
    #[track_caller]
    pub fn same(&self, arguments: &[&str]) {
        let (ours, theirs) = self.run(arguments, b"");
        assert_same_answer(&format!("sops {}", arguments.join(" ")), &ours, &theirs);
    }
}
