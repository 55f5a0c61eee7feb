//! Constraints such as `>= 1.2, < 2 || 3.x`, and which versions satisfy them.

use super::{Parts, Version, compare_prereleases, is_valid_prerelease, parts};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Caret,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    NotEqual,
    Tilde,
}

/// Operators as written; a longer one comes before its prefixes.
const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    ("", Operator::Equal),
];

/// One comparison such as `>= 1.2.x`.
pub(super) struct Constraint {
    operator: Operator,
    version: Version,
    /// The minor or major number is a wildcard or missing.
    any_minor: bool,
    /// Only the patch number is.
    any_patch: bool,
    /// Any number is.
    is_loose: bool,
}

/// Parses constraints: alternatives, each a list of which all must hold.
pub(super) fn parse(text: &[u8]) -> Option<Vec<Vec<Constraint>>> {
    let text = std::str::from_utf8(text).ok()?;
    text.split("||").map(parse_all).collect()
}

fn is_space(rune: char) -> bool {
    matches!(rune, ' ' | '\t' | '\n' | '\u{c}' | '\r')
}

fn parse_all(text: &str) -> Option<Vec<Constraint>> {
    let mut all = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    loop {
        let (written, operator) = OPERATORS.iter().find(|(written, _)| rest.starts_with(written))?;
        let body = rest[written.len()..].trim_start_matches(is_space);
        let first = pattern(body)?;
        rest = first.rest;
        if let Some((last, after)) = range_end(rest).filter(|_| written.is_empty()) {
            // `1.2 - 1.4` is `>= 1.2, <= 1.4`.
            all.push(Constraint::new(Operator::GreaterOrEqual, &first)?);
            all.push(Constraint::new(Operator::LessOrEqual, &last)?);
            rest = after;
        } else {
            all.push(Constraint::new(*operator, &first)?);
        }
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Some(all);
        }
        rest = match trimmed.strip_prefix(',') {
            Some(after) => after.trim_start_matches(is_space),
            None if trimmed.len() < rest.len() => trimmed,
            None => return None,
        };
    }
}

fn pattern(text: &str) -> Option<Parts<'_>> {
    parts(text, |rune| rune.is_ascii_digit() || matches!(rune, 'x' | 'X' | '*' | '|'))
}

/// Reads ` - 1.4`.
fn range_end(text: &str) -> Option<(Parts<'_>, &str)> {
    let dash = text.trim_start_matches(is_space);
    let after = dash.strip_prefix('-').filter(|_| dash.len() < text.len())?;
    let body = after.trim_start_matches(is_space);
    let last = pattern(body).filter(|_| body.len() < after.len())?;
    let rest = last.rest;
    Some((last, rest))
}

impl Constraint {
    fn new(operator: Operator, parts: &Parts<'_>) -> Option<Self> {
        let segment = |at: usize| {
            parts.segments.get(at).copied().filter(|segment| !matches!(*segment, "x" | "X" | "*"))
        };
        let known = (0..3).take_while(|at| segment(*at).is_some()).count();
        let mut numbers = [0; 3];
        for (at, number) in numbers.iter_mut().enumerate().take(known) {
            *number = segment(at)?.parse().ok()?;
        }
        if !is_valid_prerelease(parts.prerelease) {
            return None;
        }
        let version = Version { numbers, prerelease: parts.prerelease.to_owned(), ..Version::none() };
        Some(Self { operator, version, any_minor: known == 1, any_patch: known == 2, is_loose: known < 3 })
    }

    /// Returns whether `version` satisfies this. Prereleases only satisfy what
    /// names one.
    pub(super) fn allows(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let is_unasked = !version.prerelease.is_empty() && wanted.prerelease.is_empty();
        if is_unasked && (self.operator != Operator::NotEqual || self.is_loose) {
            return false;
        }
        let order = version.compare(wanted);
        let [major, minor, _] = version.numbers;
        let [wanted_major, wanted_minor, _] = wanted.numbers;
        match self.operator {
            Operator::Equal if self.is_loose => self.tilde(version),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => self.differs(version),
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::Greater if !self.is_loose || major != wanted_major => {
                if self.is_loose {
                    major > wanted_major
                } else {
                    order.is_gt()
                }
            }
            Operator::Greater if self.any_minor => false,
            Operator::Greater if self.any_patch => minor > wanted_minor,
            Operator::Greater => order.is_gt(),
            Operator::LessOrEqual if !self.is_loose => order.is_le(),
            Operator::LessOrEqual => {
                major < wanted_major || major == wanted_major && (minor <= wanted_minor || self.any_minor)
            }
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if self.is_loose {
            if version.numbers[0] != wanted.numbers[0] {
                return true;
            }
            if self.any_minor {
                return false;
            }
            if version.numbers[1] != wanted.numbers[1] {
                return true;
            }
            if self.any_patch {
                return compare_prereleases(&version.prerelease, &wanted.prerelease).is_ne();
            }
        }
        version.compare(wanted).is_ne()
    }

    fn tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.compare(wanted).is_lt() {
            return false;
        }
        if wanted.numbers == [0; 3] && !self.any_minor && !self.any_patch {
            return true;
        }
        version.numbers[0] == wanted.numbers[0] && (self.any_minor || version.numbers[1] == wanted.numbers[1])
    }

    fn caret(&self, version: &Version) -> bool {
        let [major, minor, patch] = version.numbers;
        let [wanted_major, wanted_minor, wanted_patch] = self.version.numbers;
        if version.compare(&self.version).is_lt() || major != wanted_major {
            return false;
        }
        if wanted_major > 0 || self.any_minor {
            return true;
        }
        if wanted_minor > 0 || self.any_patch {
            return minor == wanted_minor;
        }
        minor == 0 && patch == wanted_patch
    }
}
