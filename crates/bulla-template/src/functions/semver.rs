//! Semantic versions and their constraints, as lenient as Masterminds/semver.

mod constraint;

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use self::constraint::Constraint;
use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::value::{IntKind, Value};

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("semver", &[Kind::Text], |scope, args| {
        scope.meter.allocate(args.text(0).len() * 2 + size_of::<Version>())?;
        let version = Version::parse(args.text(0)).ok_or_else(|| Failure::new("invalid semantic version"))?;
        Ok(Value::Version(Rc::new(version)))
    }),
    Function::new("semverCompare", &[Kind::Text, Kind::Text], compare),
];

/// The methods of a version.
pub(super) const METHODS: &[Function] = &[
    Function::new("Compare", &[Kind::Any], |_, args| {
        let order = match args.value(1) {
            Value::Version(other) => receiver(args).compare(other),
            _ => return Err(Failure::new("wrong type for value; expected *semver.Version")),
        };
        Ok(Value::int(order as i64))
    }),
    Function::new("Major", &[], |_, args| Ok(number(receiver(args).numbers[0]))),
    Function::new("Metadata", &[], |scope, args| scope.text(receiver(args).metadata.as_str())),
    Function::new("Minor", &[], |_, args| Ok(number(receiver(args).numbers[1]))),
    Function::new("Original", &[], |scope, args| scope.text(receiver(args).original.as_str())),
    Function::new("Patch", &[], |_, args| Ok(number(receiver(args).numbers[2]))),
    Function::new("Prerelease", &[], |scope, args| scope.text(receiver(args).prerelease.as_str())),
    Function::new("String", &[], |scope, args| scope.text(receiver(args).to_string())),
];

fn receiver<'a>(args: &Args<'a>) -> &'a Version {
    static NONE: Version = Version::none();
    match args.value(0) {
        Value::Version(version) => version,
        _ => &NONE,
    }
}

fn number(number: u64) -> Value {
    Value::Int(number as i64, IntKind::Uint64)
}

fn compare(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    /// What the shortest constraint, `1||`, becomes.
    const CONSTRAINT: usize = 4 * size_of::<Constraint>() + size_of::<Vec<Constraint>>();
    scope.meter.step((args.text(0).len() + args.text(1).len()) as u64 / 2)?;
    scope.meter.borrow(args.text(0).len().saturating_mul(CONSTRAINT / 3) + args.text(1).len() * 2)?;
    let constraints = constraint::parse(args.text(0)).ok_or_else(|| Failure::new("improper constraint"))?;
    let version = Version::parse(args.text(1)).ok_or_else(|| Failure::new("invalid semantic version"))?;
    Ok(Value::Bool(constraints.iter().any(|all| all.iter().all(|one| one.allows(&version)))))
}

/// A semantic version (semver.org 2.0.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Major, minor and patch.
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    const fn none() -> Self {
        Self { numbers: [0; 3], prerelease: String::new(), metadata: String::new(), original: String::new() }
    }

    /// Returns how many bytes its texts have.
    pub(crate) fn size(&self) -> usize {
        self.prerelease.len() + self.metadata.len() + self.original.len()
    }

    /// The fields of Go's struct, in its order.
    pub(crate) fn fields(&self) -> [(&'static str, Value); 6] {
        let number = |at: usize| Value::Int(self.numbers[at] as i64, IntKind::Uint64);
        [
            ("major", number(0)),
            ("minor", number(1)),
            ("patch", number(2)),
            ("pre", Value::text(self.prerelease.as_str())),
            ("metadata", Value::text(self.metadata.as_str())),
            ("original", Value::text(self.original.as_str())),
        ]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(formatter, "{major}.{minor}.{patch}")?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// The parts of a version or pattern as they are written.
struct Parts<'t> {
    /// Up to three segments of digits or wildcards.
    segments: Vec<&'t str>,
    prerelease: &'t str,
    metadata: &'t str,
    rest: &'t str,
}

/// Splits the longest version or pattern at the start of `text`. `None`: there
/// is none.
fn parts(text: &str, fits: fn(char) -> bool) -> Option<Parts<'_>> {
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    let mut segments = Vec::new();
    while segments.len() < 3 {
        let start = match (segments.is_empty(), rest.strip_prefix('.')) {
            (true, _) => rest,
            (false, Some(after)) => after,
            (false, None) => break,
        };
        let end = start.find(|rune| !fits(rune)).unwrap_or(start.len());
        if end == 0 {
            break;
        }
        segments.push(&start[..end]);
        rest = &start[end..];
    }
    if segments.is_empty() {
        return None;
    }
    let (prerelease, rest) = tail(rest, '-');
    let (metadata, rest) = tail(rest, '+');
    Some(Parts { segments, prerelease, metadata, rest })
}

/// Splits `-a.b` or `+a.b` from the start.
fn tail(text: &str, mark: char) -> (&str, &str) {
    let Some(body) = text.strip_prefix(mark) else { return ("", text) };
    let fits = |rune: char| rune.is_ascii_alphanumeric() || rune == '-';
    let mut end = 0;
    loop {
        let start = if end == 0 { 0 } else { end + 1 };
        let length = body[start..].find(|rune| !fits(rune)).unwrap_or(body.len() - start);
        if length == 0 {
            break;
        }
        end = start + length;
        if !body[end..].starts_with('.') {
            break;
        }
    }
    if end == 0 { ("", text) } else { (&body[..end], &body[end..]) }
}

impl Version {
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let parts = parts(text, |rune| rune.is_ascii_digit())?;
        if !parts.rest.is_empty() || !is_valid_prerelease(parts.prerelease) {
            return None;
        }
        let mut numbers = [0; 3];
        for (number, segment) in numbers.iter_mut().zip(&parts.segments) {
            *number = segment.parse().ok()?;
        }
        Some(Self {
            numbers,
            prerelease: parts.prerelease.to_owned(),
            metadata: parts.metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    /// The order of semver.org section 11; metadata does not count.
    fn compare(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

fn is_valid_prerelease(prerelease: &str) -> bool {
    prerelease.split('.').all(|part| {
        !(part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn compare_prereleases(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        _ => {}
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}
