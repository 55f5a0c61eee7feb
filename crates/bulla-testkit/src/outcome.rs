//! What a program answered, and comparing two answers.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Exit code and output of a finished program.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Exit code; 128 + signal where a signal ended the program, as shells say it.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Outcome {
    pub(crate) fn new(status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Self { code, stdout, stderr }
    }

    /// Passes the outcome on if the program succeeded.
    ///
    /// # Panics
    /// With the whole outcome where the exit code is not 0.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "a check for its own sake is a use")]
    pub fn success(self) -> Self {
        assert!(self.code == 0, "{self:?}");
        self
    }

    /// Standard output as text, broken UTF-8 replaced.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text, broken UTF-8 replaced.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard error as one line: sops breaks long ones and puts frames around them.
    pub fn err_in_one_line(&self) -> String {
        let unframed =
            |line: &str| line.trim().trim_start_matches("- |").trim_start_matches('|').trim().to_owned();
        self.err().lines().map(unframed).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "exit code {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.out(), self.err())
    }
}

/// Asserts equal exit codes and, byte for byte, equal standard outputs.
///
/// # Panics
/// With both outcomes where they differ.
#[track_caller]
pub fn assert_same_answer(what: &str, ours: &Outcome, theirs: &Outcome) {
    let same = ours.code == theirs.code && ours.stdout == theirs.stdout;
    assert!(same, "{what}\n=== ours: {ours:?}\n=== the original: {theirs:?}");
}
