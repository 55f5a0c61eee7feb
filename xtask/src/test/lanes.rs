//! The lanes: which packages of `tests/lanes/` there are and what each is given.

use super::component::{AGE, Component, ORACLE, SOPS};

/// One package of tests against real components.
pub(crate) struct Lane {
    /// Directory below `tests/lanes/`; the package is `lane-<name>`.
    pub(crate) name: &'static str,
    /// Programs that the runner provides and hands over by variable.
    pub(crate) components: &'static [&'static Component],
    /// A variable that only the caller can set; without it the lane does not run.
    pub(crate) given: Option<&'static str>,
}

/// Every lane. A new one is a package and a row here.
pub(crate) const LANES: &[Lane] = &[
    Lane { name: "age", components: &[&AGE], given: None },
    Lane { name: "golden", components: &[], given: Some("BULLA_GOLDEN") },
    Lane { name: "interop", components: &[&AGE, &ORACLE, &SOPS], given: None },
];
