//! Why a SealedSecret did not become a Secret, in the reference's texts.

use std::fmt;

use super::report::Retry;
use crate::unseal::UnsealError;

/// Bytes of data that a Secret may hold, as the API server has it.
pub(super) const MAX_DATA: usize = 1 << 20;

/// Why a SealedSecret did not become a Secret. No text holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The API server refused or could not be reached.
    Api(String),
    /// The API server finds the new Secret invalid: only another object changes that.
    Invalid(String),
    /// The Secret is immutable; the text is the API server's.
    Immutable {
        /// Namespace and name, joined by a slash.
        object: String,
        /// What the API server said.
        text: String,
    },
    /// The object cannot be read.
    Malformed(String),
    /// The Secret would be one that we do not write.
    Refused(Refusal),
    /// It does not unseal.
    Unseal(UnsealError),
    /// There is a Secret of this name, and it is not ours.
    Unmanaged(String),
}

/// What is not written although the reference writes it
/// (`security.md` 4.1, S-09, T-03, T-04).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another controller has the Secret.
    #[error("Resource {name:?} is controlled by {owner} and is not taken over")]
    Controlled {
        /// The Secret.
        name: String,
        /// Kind and name of its controller.
        owner: String,
    },
    /// The Secret is a sealing key.
    #[error("Resource {0:?} is a sealing key, which no SealedSecret may be")]
    IsKey(String),
    /// It would become a sealing key.
    #[error("Resource {0:?} would become a sealing key, which no SealedSecret may be")]
    BecomesKey(String),
    /// Its type gives rights to whoever makes it.
    #[error("a Secret of type {0:?} is refused; --allow-privileged-secret-types accepts it")]
    Privileged(String),
    /// Its data is too large.
    #[error("the Secret would hold {0} bytes of data; {MAX_DATA} are accepted")]
    TooLarge(usize),
}

impl From<UnsealError> for Failure {
    fn from(error: UnsealError) -> Self {
        Self::Unseal(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failure {
    /// The event's reason.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Unseal(_) => "ErrUnsealFailed",
            Self::Api(_)
            | Self::Immutable { .. }
            | Self::Invalid(_)
            | Self::Refused(_)
            | Self::Unmanaged(_) => "ErrUpdateFailed",
        }
    }

    /// The label `reason` under which it is counted, the reference's
    /// (`sealed-secrets.md` 7).
    pub fn metric_reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Unseal(_) => "unseal",
            Self::Api(_) | Self::Immutable { .. } | Self::Invalid(_) | Self::Refused(_) => "update",
            Self::Unmanaged(_) => "unmanaged",
        }
    }

    /// The event's text.
    pub fn event_text(&self) -> String {
        match self {
            Self::Malformed(text) => format!("Failed to unseal: {text}"),
            Self::Unseal(error) => format!("Failed to unseal: {error}"),
            Self::Immutable { object, .. } => format!(
                "Error updating {object}: the target Secret is immutable. Once a Secret is marked as immutable, it is not possible to revert this change nor to mutate the contents of the data field. You can only delete and recreate the Secret."
            ),
            Self::Api(text) | Self::Invalid(text) => text.clone(),
            Self::Refused(refusal) => refusal.to_string(),
            Self::Unmanaged(name) => {
                format!("Resource {name:?} already exists and is not managed by SealedSecret")
            }
        }
    }

    /// When it is worth another attempt.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Immutable { .. } => Retry::Never,
            Self::Api(_) | Self::Unmanaged(_) => Retry::Soon,
            // Of these, too, a change of the Secret is the cure.
            Self::Refused(Refusal::Controlled { .. } | Refusal::IsKey(_)) => Retry::Soon,
            Self::Invalid(_) | Self::Malformed(_) | Self::Refused(_) | Self::Unseal(_) => Retry::Later,
        }
    }
}

impl fmt::Display for Failure {
    /// The condition's text.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(text) | Self::Immutable { text, .. } | Self::Invalid(text) | Self::Malformed(text) => {
                formatter.write_str(text)
            }
            Self::Refused(refusal) => refusal.fmt(formatter),
            Self::Unseal(error) => error.fmt(formatter),
            Self::Unmanaged(_) => write!(formatter, "failed update: {}", self.event_text()),
        }
    }
}
