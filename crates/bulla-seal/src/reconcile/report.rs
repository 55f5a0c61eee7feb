//! What is said about an outcome: condition, event, and when to try again
//! (`sealed-secrets.md` 5.3 to 5.5).

use bulla_api::{Condition, SealedSecretStatus};
use bulla_core::Timestamp;
use bulla_core::civil::rfc3339;

use super::failure::Failure;

/// The type of the one condition; it stands first.
pub const SYNCED: &str = "Synced";
/// Bytes of an event's text, as the API server has it.
const MAX_EVENT: usize = 1024;
/// Bytes of a condition's text.
const MAX_MESSAGE: usize = 32_768;

/// What was done where nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Everything was as it should be.
    Kept,
    /// The Secret was made or replaced.
    Written,
}

/// When an object is looked at again without being changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// In minutes: a new key comes before.
    Later,
    /// Not at all.
    Never,
    /// In seconds, with growing pauses.
    Soon,
}

/// An event about a SealedSecret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `Warning` rather than `Normal`.
    pub is_warning: bool,
    /// Its reason.
    pub reason: &'static str,
    /// Its text.
    pub message: String,
}

/// What is to be written down about an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The new status; none where the old one holds.
    pub status: Option<SealedSecretStatus>,
    /// An event; none where it would say again what the status says.
    pub event: Option<Event>,
    /// Whether and when to try again.
    pub retry: Retry,
}

/// Reports an outcome of the object at `generation`, whose status was
/// `before`. Times are not part of the comparison (`security.md` O-07).
pub fn report(
    generation: i64,
    before: &SealedSecretStatus,
    outcome: Result<Done, &Failure>,
    now: Timestamp,
) -> Report {
    let message = outcome.err().map(|failure| cut(failure.to_string(), MAX_MESSAGE)).unwrap_or_default();
    let status = if outcome.is_ok() { "True" } else { "False" };
    let old = before.condition(SYNCED);
    let is_same = before.observed_generation == generation
        && old.is_some_and(|old| old.status == status && old.message == message);
    let is_worth_telling = !is_same || outcome == Ok(Done::Written);
    let (reason, text) = match outcome {
        Ok(_) => ("Unsealed", "SealedSecret unsealed successfully".to_owned()),
        Err(failure) => (failure.reason(), cut(failure.event_text(), MAX_EVENT)),
    };
    Report {
        status: (!is_same).then(|| changed(generation, before, status, message, now)),
        event: is_worth_telling.then(|| Event { is_warning: outcome.is_err(), reason, message: text }),
        retry: outcome.err().map_or(Retry::Never, Failure::retry),
    }
}

fn changed(
    generation: i64,
    before: &SealedSecretStatus,
    status: &str,
    message: String,
    now: Timestamp,
) -> SealedSecretStatus {
    let mut after = before.clone();
    after.observed_generation = generation;
    let now = rfc3339(now);
    let at = after.conditions.iter().position(|condition| condition.kind == SYNCED).unwrap_or_else(|| {
        // Printer columns and health checks look at the first.
        after.conditions.insert(0, Condition { kind: SYNCED.to_owned(), ..Condition::default() });
        0
    });
    let synced = &mut after.conditions[at];
    if synced.status != status {
        synced.last_transition_time.clone_from(&now);
    }
    status.clone_into(&mut synced.status);
    synced.last_update_time = now;
    synced.message = message;
    after
}

/// Cuts a text at a character's border.
fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
    }
    text
}
