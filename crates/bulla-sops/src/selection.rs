//! Which leaves are encrypted: the six selection rules (`sops.md` 3.5).

use bulla_regexp::Regexp;

/// The kind of a selection rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Only what lies below a key with this suffix.
    EncryptedSuffix,
    /// Only what lies below a key that matches.
    EncryptedRegex,
    /// Only what an active comment marks.
    EncryptedCommentRegex,
    /// All but what lies below a key with this suffix.
    UnencryptedSuffix,
    /// All but what lies below a key that matches.
    UnencryptedRegex,
    /// All but what an active comment marks.
    UnencryptedCommentRegex,
}

impl Rule {
    /// Every rule with the name of its metadata field.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::EncryptedCommentRegex, "encrypted_comment_regex"),
        (Self::EncryptedRegex, "encrypted_regex"),
        (Self::EncryptedSuffix, "encrypted_suffix"),
        (Self::UnencryptedCommentRegex, "unencrypted_comment_regex"),
        (Self::UnencryptedRegex, "unencrypted_regex"),
        (Self::UnencryptedSuffix, "unencrypted_suffix"),
    ];

    /// Returns the name of the rule's metadata field.
    pub fn field(self) -> &'static str {
        Self::ALL.iter().find(|(rule, _)| *rule == self).map_or("", |(_, name)| name)
    }

    fn is_regex(self) -> bool {
        !matches!(self, Self::EncryptedSuffix | Self::UnencryptedSuffix)
    }

    fn reads_comments(self) -> bool {
        matches!(self, Self::EncryptedCommentRegex | Self::UnencryptedCommentRegex)
    }

    /// True where a match means "encrypted", false where it means "plain".
    fn match_encrypts(self) -> bool {
        matches!(self, Self::EncryptedSuffix | Self::EncryptedRegex | Self::EncryptedCommentRegex)
    }
}

/// The suffix that stays plain where a file names no rule.
pub const DEFAULT_SUFFIX: &str = "_unencrypted";

/// One selection rule, or none: then everything is encrypted.
#[derive(Clone)]
pub struct Selection {
    rule: Option<(Rule, String)>,
    regex: Option<Regexp>,
}

/// The regular expression of a selection rule is not valid.
#[derive(Debug, thiserror::Error)]
#[error("the regular expression of {field} is not valid: {source}")]
pub struct SelectionError {
    field: &'static str,
    source: bulla_regexp::Error,
}

impl Selection {
    /// Encrypts everything: binary files.
    pub fn everything() -> Self {
        Self { rule: None, regex: None }
    }

    /// Builds a rule for encryption; an invalid expression is an error
    /// (`security.md` F-05).
    pub fn new(rule: Rule, text: &str) -> Result<Self, SelectionError> {
        let regex = if rule.is_regex() {
            Some(Regexp::new(text).map_err(|source| SelectionError { field: rule.field(), source })?)
        } else {
            None
        };
        Ok(Self { rule: Some((rule, text.to_owned())), regex })
    }

    /// Builds the rule of an existing file: an invalid expression matches
    /// nothing, as in the program that wrote the file.
    pub fn of_file(rule: Rule, text: &str) -> Self {
        let regex = if rule.is_regex() { Regexp::new(text).ok() } else { None };
        Self { rule: Some((rule, text.to_owned())), regex }
    }

    /// Returns the rule and its text.
    pub fn rule(&self) -> Option<(Rule, &str)> {
        self.rule.as_ref().map(|(rule, text)| (*rule, text.as_str()))
    }

    /// Returns true where the rule decides by comments instead of keys.
    pub(crate) fn reads_comments(&self) -> bool {
        self.rule.as_ref().is_some_and(|(rule, _)| rule.reads_comments())
    }

    /// Returns true where the comment itself does not count for its own leaf.
    pub(crate) fn skips_own_comment(&self) -> bool {
        matches!(self.rule, Some((Rule::EncryptedCommentRegex, _)))
    }

    /// Returns true where comments at the top of a document are encrypted.
    pub(crate) fn encrypts_top_comments(&self) -> bool {
        self.encrypts(false)
    }

    /// Returns true where the envelope of a comment would itself match the
    /// rule that keeps comments plain, so that decryption would go wrong.
    pub(crate) fn skips_encrypted_comment(&self, envelope: &[u8]) -> bool {
        matches!(self.rule, Some((Rule::UnencryptedCommentRegex, _))) && self.matches(envelope)
    }

    /// Returns true where a key (or, for comment rules, a comment) matches.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match (&self.rule, &self.regex) {
            (Some(_), Some(regex)) => regex.is_match(text),
            (Some((rule, suffix)), None) if !rule.is_regex() => text.ends_with(suffix.as_bytes()),
            _ => false,
        }
    }

    /// Returns true where a leaf is encrypted, given whether something on its
    /// path (or an active comment) matched.
    pub(crate) fn encrypts(&self, matched: bool) -> bool {
        self.rule.as_ref().is_none_or(|(rule, _)| rule.match_encrypts() == matched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_05_an_invalid_expression_is_an_error_on_encryption_and_no_match_on_reading() {
        for (rule, _) in Rule::ALL.iter().filter(|(rule, _)| rule.is_regex()) {
            assert!(Selection::new(*rule, "(").is_err());
            assert!(!Selection::of_file(*rule, "(").matches(b"("));
        }
    }
}
