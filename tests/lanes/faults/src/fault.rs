//! What is done to a system call.

/// One fault: the n-th call of this name in a thread.
#[derive(Clone, Debug)]
pub struct Fault {
    /// As in `openat`.
    pub call: String,
    /// From 1.
    pub number: usize,
    /// Name of the error; none for SIGKILL instead of the call.
    pub error: Option<&'static str>,
}

impl Fault {
    /// The option of strace.
    pub fn option(&self) -> String {
        let what = self.error.map_or("signal=KILL".to_owned(), |error| format!("error={error}"));
        format!("inject={}:{what}:when={}", self.call, self.number)
    }
}

/// Calls before which a kill may come.
pub const KILL_POINTS: &[&str] = &[
    "access",
    "close",
    "fchmod",
    "fchown",
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "linkat",
    "mkdir",
    "openat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "write",
];

/// Calls that fail, and how.
const ERRORS: &[(&str, &[&str])] = &[
    ("close", &["EIO", "ENOSPC"]),
    ("fchmod", &["EPERM", "EIO"]),
    ("flock", &["ENOLCK"]),
    ("fsync", &["EIO", "ENOSPC", "EDQUOT"]),
    ("linkat", &["ENOSPC", "EACCES", "EIO"]),
    ("mkdir", &["ENOSPC", "EACCES"]),
    ("openat", &["EACCES", "ENOSPC", "EROFS", "EMFILE", "EIO"]),
    ("read", &["EIO"]),
    ("rename", &["EIO", "ENOSPC", "EBUSY", "EACCES"]),
    ("write", &["ENOSPC", "EDQUOT", "EFBIG", "EIO"]),
];

/// The calls that [`errors_of`] knows.
pub fn failing_calls() -> Vec<&'static str> {
    ERRORS.iter().map(|(name, _)| *name).collect()
}

/// How a call fails: each way, or one that changes with its number.
pub fn errors_of(call: &str, number: usize, all: bool) -> Vec<&'static str> {
    let known = ERRORS.iter().find(|(name, _)| *name == call);
    let Some((_, errors)) = known else { return Vec::new() };
    if all { errors.to_vec() } else { vec![errors[number % errors.len()]] }
}
