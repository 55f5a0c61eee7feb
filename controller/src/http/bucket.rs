//! How often strangers may ask (`sealed-secrets.md` 6.1): one bucket for all of
//! them, since whatever a request says about who sent it is the sender's choice
//! (`security.md` S-06).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{HeaderName, RETRY_AFTER};

/// Requests per second, and how many may come at once beyond the first.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    /// At least 1.
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

/// The generic cell rate algorithm (ITU-T I.371).
pub(super) struct Bucket {
    rate: Rate,
    /// When everything that was let in will have been paid for.
    paid: Mutex<Instant>,
}

/// What the bucket says about one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    limit: u32,
    remaining: u32,
    reset: Duration,
    /// When to come again; none where it may come in.
    pub(super) retry: Option<Duration>,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, paid: Mutex::new(now) }
    }

    /// Counts a request, if there is room for it.
    pub(super) fn take(&self, now: Instant) -> Turn {
        let limit = self.rate.burst.saturating_add(1);
        let price = Duration::from_secs(1) / self.rate.per_second;
        let room = price * limit;
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = paid.saturating_duration_since(now);
        let after = owed + price;
        let is_limited = after > room;
        let reset = if is_limited { owed } else { after };
        if !is_limited {
            *paid = now + after;
        }
        let remaining = room.saturating_sub(reset).as_nanos() / price.as_nanos().max(1);
        Turn {
            limit,
            remaining: remaining as u32,
            reset,
            retry: is_limited.then(|| after.saturating_sub(room)),
        }
    }
}

impl Turn {
    /// Says the same to the client; times are whole seconds, rounded up.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let seconds = |time: Duration| time.as_nanos().div_ceil(1_000_000_000) as u32;
        for (name, number) in [
            ("x-ratelimit-limit", self.limit),
            ("x-ratelimit-remaining", self.remaining),
            ("x-ratelimit-reset", seconds(self.reset)),
        ] {
            headers.insert(HeaderName::from_static(name), number.into());
        }
        if let Some(retry) = self.retry {
            headers.insert(RETRY_AFTER, seconds(retry).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_06_the_burst_comes_at_once_and_then_two_each_second() {
        let start = Instant::now();
        let bucket = Bucket::new(Rate { per_second: 2, burst: 2 }, start);
        for (after, remaining, reset, retry) in [
            (0, 2, 500, None),
            (0, 1, 1000, None),
            (0, 0, 1500, None),
            (0, 0, 1500, Some(500)),
            (400, 0, 1100, Some(100)),
            (500, 0, 1500, None),
            (500, 0, 1500, Some(500)),
            (1000, 0, 1500, None),
            (2000, 1, 1000, None),
            (9000, 2, 500, None),
        ] {
            let turn = bucket.take(start + Duration::from_millis(after));
            let reset = Duration::from_millis(reset);
            let expected = Turn { limit: 3, remaining, reset, retry: retry.map(Duration::from_millis) };
            assert_eq!(turn, expected, "after {after} ms");
        }
    }

    #[test]
    fn clients_are_told_in_whole_seconds() {
        let turn = Turn {
            limit: 3,
            remaining: 0,
            reset: Duration::from_millis(1001),
            retry: Some(Duration::from_millis(1)),
        };
        let mut headers = HeaderMap::new();
        turn.tell(&mut headers);
        let told = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"].map(told),
            ["3", "0", "2", "1"]
        );
    }
}
