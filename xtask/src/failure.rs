//! Why a task stopped, and the exit code that goes with it.

use std::fmt;

/// A task that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something was judged and found wrong, or a command failed.
    Broken(String),
    /// A component is absent and cannot be provided here; no test ran.
    Missing(String),
    /// Something failed and the output has said so already, in its last line.
    Told,
    /// The command line was not understood.
    Usage(String),
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn broken(text: impl Into<String>) -> Self {
        Self::Broken(text.into())
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Broken(_) | Self::Told => 1,
            Self::Missing(_) | Self::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(text) | Self::Missing(text) | Self::Usage(text) => out.write_str(text),
            Self::Told => Ok(()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
