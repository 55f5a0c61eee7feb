//! The error of a template: Go's meaning at our position.

use std::borrow::Cow;

use crate::failure::Exhausted;

/// Where in a template something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The name that the template was parsed under.
    pub template: String,
    /// The line, from 1.
    pub line: usize,
    /// Bytes before the place on its line, as Go counts columns.
    pub column: usize,
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.template, self.line, self.column)
    }
}

/// Why a template does not parse or run. It names positions, functions, types
/// and words of the template, never a value of the data, and not the message
/// of `fail` (`security.md` D-03, S-12).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A bound of the budget was reached.
    #[error("template: {position}: {}{what}", function.map(|name| format!("error calling {name}: ")).unwrap_or_default())]
    Budget {
        /// Where it ran out.
        position: Position,
        /// The function that needed more, if it was one.
        function: Option<&'static str>,
        /// What ran out.
        what: Exhausted,
    },
    /// The template failed while it ran.
    #[error("template: {position}: executing {executing:?}: {what}")]
    Execute {
        /// The place of the failing operand.
        position: Position,
        /// The name of the template that ran: another one than the position's
        /// within a definition.
        executing: String,
        /// The function that refused, if it was one.
        function: Option<&'static str>,
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// The template is malformed.
    #[error("template: {position}: {what}")]
    Parse {
        /// The place of the unexpected token.
        position: Position,
        /// What is wrong.
        what: Cow<'static, str>,
    },
}

impl TemplateError {
    /// Returns where it happened.
    pub fn position(&self) -> &Position {
        match self {
            Self::Budget { position, .. } | Self::Execute { position, .. } | Self::Parse { position, .. } => {
                position
            }
        }
    }
}
