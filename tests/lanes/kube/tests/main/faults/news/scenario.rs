//! What is done, and how it has to end.

use bulla_testkit::soak::full;

/// The Secret that there is before.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Before {
    /// None: what is sealed is of another object, and does not open.
    Absent,
    /// Somebody's with the annotation `managed`: it was taken over.
    Adopted,
    /// Somebody's: it is in the way.
    Foreign,
    /// Ours, made immutable.
    Immutable,
    /// Ours.
    Owned,
    /// Somebody's with the annotation `patch`: ours was put into it.
    Patched,
}

/// What is done.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Act {
    /// The SealedSecret is deleted.
    Delete,
    /// It is deleted and made anew with another value.
    Remake,
    /// The Secret is deleted by somebody.
    Remove,
    /// The SealedSecret is deleted and one of another name is made.
    Rename,
    /// It gets another value.
    Reseal,
    /// Somebody labels the Secret, or makes it where there is none.
    Touch,
}

const SECRETS: [(&str, Before); 6] = [
    ("absent", Before::Absent),
    ("adopted", Before::Adopted),
    ("foreign", Before::Foreign),
    ("immutable", Before::Immutable),
    ("owned", Before::Owned),
    ("patched", Before::Patched),
];

const ACTS: [(&str, Act); 6] = [
    ("delete", Act::Delete),
    ("remake", Act::Remake),
    ("remove", Act::Remove),
    ("rename", Act::Rename),
    ("reseal", Act::Reseal),
    ("touch", Act::Touch),
];

/// What the Secret is in the end.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    /// With the value that was sealed first.
    First,
    /// Not there.
    Gone,
    /// With the value that was sealed second.
    Second,
    /// As somebody left it, untouched.
    Theirs,
}

pub(super) struct Scenario {
    /// Of its objects.
    pub(super) name: String,
    pub(super) before: Before,
    pub(super) act: Act,
}

/// Every act on every Secret at full size. In the gate every fifth from the
/// third on, in which all acts and all Secrets are.
pub(super) fn scenarios() -> Vec<Scenario> {
    let all = SECRETS.iter().flat_map(|before| ACTS.iter().map(move |act| (before, act)));
    // There is nothing to remove, or it is not made again before its object changes.
    let makes_sense = |((_, before), (_, act)): &(&(&str, Before), &(&str, Act))| {
        *act != Act::Remove || !matches!(before, Before::Absent | Before::Patched)
    };
    let all = all.filter(makes_sense).map(|((before, secret), (act, done))| Scenario {
        name: format!("{before}-{act}"),
        before: *secret,
        act: *done,
    });
    let (first, step) = if full() { (0, 1) } else { (2, 5) };
    all.skip(first).step_by(step).collect()
}

impl Scenario {
    pub(super) fn end(&self) -> End {
        match (self.before, self.act) {
            (Before::Absent, Act::Touch) => End::Theirs,
            (Before::Foreign, act) if act != Act::Remove => End::Theirs,
            (Before::Patched, Act::Delete | Act::Rename)
            | (Before::Immutable, Act::Reseal)
            | (_, Act::Remove | Act::Touch) => End::First,
            (_, Act::Delete | Act::Rename) => End::Gone,
            (_, Act::Remake | Act::Reseal) => End::Second,
        }
    }

    /// What its SealedSecret says in the end; none where it is gone.
    pub(super) fn synced(&self) -> Option<bool> {
        let is_stuck = (self.before, self.act) == (Before::Immutable, Act::Reseal);
        (!self.ends_object() || self.act == Act::Remake).then_some(self.end() != End::Theirs && !is_stuck)
    }

    /// Whether the SealedSecret that there was is deleted.
    pub(super) fn ends_object(&self) -> bool {
        matches!(self.act, Act::Delete | Act::Remake | Act::Rename)
    }

    /// Whether the Secret goes with the SealedSecret.
    pub(super) fn ends_both(&self) -> bool {
        self.ends_object() && matches!(self.before, Before::Adopted | Before::Immutable | Before::Owned)
    }

    /// Whether the Secret is never another one than it was before.
    pub(super) fn stays(&self) -> bool {
        self.before != Before::Absent && self.act != Act::Remove && !self.ends_both()
    }
}
