//! Programs, found by the variables that `cargo xtask test` sets.

use std::path::{Path, PathBuf};

/// A program and the name it is called by.
#[derive(Clone, Debug)]
pub struct Tool {
    pub(crate) program: PathBuf,
    /// `argv[0]`; the path of the program where absent.
    pub(crate) called: Option<&'static str>,
    /// True for our programs, whose outputs are searched for secrets.
    pub(crate) is_ours: bool,
}

impl Tool {
    /// Our program under its own name (`BULLA_BIN`).
    pub fn bulla() -> Self {
        Self { program: required("BULLA_BIN"), called: None, is_ours: true }
    }

    /// Our program, called as `sops` (`BULLA_BIN`).
    pub fn bulla_as_sops() -> Self {
        Self { program: required("BULLA_BIN"), called: Some("sops"), is_ours: true }
    }

    /// The original sops (`BULLA_LANE_SOPS`).
    pub fn sops() -> Self {
        Self { program: required("BULLA_LANE_SOPS"), called: Some("sops"), is_ours: false }
    }

    /// Our program, called as `kubeseal` (`BULLA_BIN`).
    pub fn bulla_as_kubeseal() -> Self {
        Self { program: required("BULLA_BIN"), called: Some("kubeseal"), is_ours: true }
    }

    /// The original kubeseal (`BULLA_LANE_SEALED_SECRETS`).
    pub fn kubeseal() -> Self {
        Self::sealed_secrets("kubeseal")
    }

    /// Our controller, called as the original (`BULLA_CONTROLLER_BIN`).
    pub fn controller() -> Self {
        Self { program: required("BULLA_CONTROLLER_BIN"), called: Some("controller"), is_ours: true }
    }

    /// The original Sealed Secrets controller (`BULLA_LANE_SEALED_SECRETS`).
    pub fn sealed_secrets_controller() -> Self {
        Self::sealed_secrets("controller")
    }

    fn sealed_secrets(name: &'static str) -> Self {
        let program = required("BULLA_LANE_SEALED_SECRETS").join(name);
        Self { program, called: Some(name), is_ours: false }
    }

    /// A program of Kubernetes' or its etcd (`BULLA_LANE_KUBERNETES`).
    pub fn kubernetes(name: &str) -> Self {
        Self { program: required("BULLA_LANE_KUBERNETES").join(name), called: None, is_ours: false }
    }

    /// A program of age's: `age`, `age-keygen`, a plugin (`BULLA_LANE_AGE`).
    pub fn age(name: &str) -> Self {
        Self { program: required("BULLA_LANE_AGE").join(name), called: None, is_ours: false }
    }

    /// GnuPG (`BULLA_LANE_GPG`).
    pub fn gpg() -> Self {
        Self { program: required("BULLA_LANE_GPG"), called: None, is_ours: false }
    }

    /// The tracer of system calls (`BULLA_LANE_STRACE`).
    pub fn strace() -> Self {
        Self { program: required("BULLA_LANE_STRACE"), called: None, is_ours: false }
    }

    /// A compiler of C.
    pub fn cc() -> Self {
        Self { program: required("BULLA_LANE_CC"), called: None, is_ours: false }
    }

    /// Any other program.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), called: None, is_ours: false }
    }

    /// The same, judged as ours are: it may show no secret.
    #[must_use]
    pub fn judged(self) -> Self {
        Self { is_ours: true, ..self }
    }

    /// Where the program lies.
    pub fn path(&self) -> &Path {
        &self.program
    }
}

/// The path in a variable that the runner sets for a lane.
///
/// Where it is unset this panics and names the command that sets it: a lane
/// never passes because something was missing.
pub fn required(variable: &str) -> PathBuf {
    PathBuf::from(required_text(variable))
}

/// As [`required`], for addresses and tokens.
pub(crate) fn required_text(variable: &str) -> String {
    match std::env::var(variable) {
        Ok(value) if !value.is_empty() => value,
        _ => panic!("{variable} is not set; run the lanes with `cargo xtask test`"),
    }
}
