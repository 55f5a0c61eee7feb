//! How a function fails, before the engine adds the position.

use std::borrow::Cow;

/// The part of the budget that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// Too many nested evaluations or nested values.
    #[error("nesting is too deep")]
    Depth,
    /// Too many bytes of intermediate values.
    #[error("intermediate values take too much memory")]
    Memory,
    /// Too many bytes of output.
    #[error("the output is too long")]
    Output,
    /// Too many steps.
    #[error("the template takes too many steps")]
    Steps,
}

/// A failure inside a function. It never holds a value (`security.md` S-12):
/// texts are fixed or made of type names, counts and limits.
pub(crate) enum Failure {
    /// The budget ran out.
    Budget(Exhausted),
    /// The function refused its input.
    Call(Cow<'static, str>),
}

impl Failure {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Call(text.into())
    }
}
