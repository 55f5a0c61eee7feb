//! Why a pattern is refused, in the words of Go's `regexp`.

/// Why a pattern is refused. The text in it is part of the pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A range runs backwards, or names an unknown class.
    #[error("error parsing regexp: invalid character class range: `{0}`")]
    CharacterRange(String),
    /// An escape that Go does not know.
    #[error("error parsing regexp: invalid escape sequence: `{0}`")]
    Escape(String),
    /// A class is never closed.
    #[error("error parsing regexp: missing closing ]: `{0}`")]
    MissingBracket(String),
    /// A group is never closed.
    #[error("error parsing regexp: missing closing ): `{0}`")]
    MissingParen(String),
    /// There is nothing to repeat.
    #[error("error parsing regexp: missing argument to repetition operator: `{0}`")]
    MissingRepeatArgument(String),
    /// A malformed group name.
    #[error("error parsing regexp: invalid named capture: `{0}`")]
    NamedCapture(String),
    /// More than 100 nested groups, fewer where they are repeated as well.
    #[error("error parsing regexp: expression nests too deeply")]
    NestingDepth,
    /// `(?` with something unknown, look-around for example.
    #[error("error parsing regexp: invalid or unsupported Perl syntax: `{0}`")]
    PerlSyntax(String),
    /// `a**`.
    #[error("error parsing regexp: invalid nested repetition operator: `{0}`")]
    RepeatOperator(String),
    /// A count above 1000, alone or multiplied with the counts around it.
    #[error("error parsing regexp: invalid repeat count: `{0}`")]
    RepeatSize(String),
    /// The pattern ends in the middle of an escape.
    #[error("error parsing regexp: trailing backslash at end of expression: ``")]
    TrailingBackslash,
    /// The pattern is longer than 4 KiB, or its compiled form larger than 1 MiB.
    #[error("error parsing regexp: expression too large")]
    TooLarge,
    /// A closing parenthesis without an opening one.
    #[error("error parsing regexp: unexpected ): `{0}`")]
    UnexpectedParen(String),
}
