//! Reports that wait. Status and event cost the API server more than the Secret
//! that they are about, and nobody needs them as urgently: they give way to
//! Secrets that are still to be made, for a limited time.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use super::work::Untold;
use crate::cluster::Key;

/// How long a report gives way.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of all reports that wait; where there are more, the oldest gives way
/// no longer.
const ROOM: usize = 4 << 20;

struct Waiting {
    due: Instant,
    key: Key,
    untold: Untold,
}

/// The reports that wait, oldest first.
#[derive(Default)]
pub(super) struct Reports {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Reports {
    /// Adds the report about an object, of which none waits.
    pub(super) fn add(&mut self, key: Key, untold: Untold, now: Instant) {
        self.bytes += untold.bytes();
        self.waiting.push_back(Waiting { due: now + PATIENCE, key, untold });
    }

    /// Takes the oldest report.
    pub(super) fn take(&mut self) -> Option<(Key, Untold)> {
        let Waiting { key, untold, .. } = self.waiting.pop_front()?;
        self.bytes -= untold.bytes();
        Some((key, untold))
    }

    /// Takes the oldest report if it gives way no longer.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Key, Untold)> {
        let is_due = self.bytes > ROOM || self.next_due()? <= now;
        if is_due { self.take() } else { None }
    }

    /// When the oldest report gives way no longer.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.front().map(|oldest| oldest.due)
    }

    /// Drops the report about an object; gives back whether there was one.
    pub(super) fn forget(&mut self, key: &Key) -> bool {
        let at = self.waiting.iter().position(|waiting| waiting.key == *key);
        let dropped = at.and_then(|at| self.waiting.remove(at));
        self.bytes -= dropped.as_ref().map_or(0, |waiting| waiting.untold.bytes());
        dropped.is_some()
    }
}
