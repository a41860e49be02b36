//! Partitions by time: a declaration, and the arithmetic of its windows.

mod format;
mod pattern;
#[cfg(test)]
mod tests;
mod ticks;
mod windows;

use jiff::Zoned;
use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

pub(super) use windows::Windows;

/// Partitions that are windows of time: from one tick of a cron to the next, from a first one on.
///
/// It is a declaration, plain data: what is wrong with it is told when it is resolved
/// ([`PartitionsDefinition::resolve`](super::PartitionsDefinition::resolve)).
///
/// ```
/// use orch_core::partition::{KeySets, PartitionsDefinition, TimePartitions};
///
/// let days = TimePartitions::daily("2024-01-01").in_zone("Europe/Berlin").hour(6);
/// let days = PartitionsDefinition::from(days).resolve(&KeySets::new())?;
/// let now = "2024-01-03T12:00:00+01:00".parse()?;
/// assert_eq!(days.count(now), 2);
/// assert_eq!(days.key_of(1)?.as_str(), "2024-01-02");
/// assert_eq!(days.window_of(1)?.end.to_string(), "2024-01-03T06:00:00+01:00[Europe/Berlin]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The key of a window is its start, written in a format: `2024-01-31-06:15` if a day has several windows, else
/// `2024-01-31`. A window exists once its end has come. Where clocks are changed, windows still follow each other without
/// gap or overlap:
///
/// - of a cron that ticks in each hour, what the clock skips has no window, and what it shows twice has two: the key of the
///   second has the offset from UTC behind it, `2023-11-05-01:00-0800`;
/// - of any other cron, a tick that the clock skips is where the clock goes on, if that is still the same day, and one that
///   it shows twice is the second.
///
/// Windows reach to the year 2400, and to 400 years after the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimePartitions {
    cron: String,
    #[serde(default = "utc")]
    zone: String,
    start: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    end_offset: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<String>,
}

fn utc() -> String {
    "UTC".into()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl TimePartitions {
    /// Windows from tick to tick of a cron of five fields, or a nickname such as `@daily`.
    ///
    /// `start` is a date or a date and time, `2024-01-31` or `2024-01-31T06:00`, on the clock of the zone; the first window
    /// begins at the first tick from there on.
    pub fn cron(cron: impl Into<String>, start: impl Into<String>) -> Self {
        let cron = cron.into();
        // Spelled out, so that minutes and hours can be set.
        let cron = match cron.trim().to_lowercase().as_str() {
            "@hourly" => "0 * * * *".into(),
            "@daily" => "0 0 * * *".into(),
            "@weekly" => "0 0 * * 0".into(),
            "@monthly" => "0 0 1 * *".into(),
            "@yearly" | "@annually" => "0 0 1 1 *".into(),
            _ => cron,
        };
        Self { cron, zone: utc(), start: start.into(), end: None, end_offset: 0, format: None }
    }

    /// Hours, from minute 0 or [another](Self::minute).
    pub fn hourly(start: impl Into<String>) -> Self {
        Self::cron("@hourly", start)
    }

    /// Days, from midnight or [another time](Self::hour).
    pub fn daily(start: impl Into<String>) -> Self {
        Self::cron("@daily", start)
    }

    /// Weeks, from Sunday or [another day](Self::weekday).
    pub fn weekly(start: impl Into<String>) -> Self {
        Self::cron("@weekly", start)
    }

    /// Months, from the first day or [another](Self::day).
    pub fn monthly(start: impl Into<String>) -> Self {
        Self::cron("@monthly", start)
    }

    /// Windows begin at this minute of their hour: the cron's first field.
    #[must_use]
    pub fn minute(self, minute: u8) -> Self {
        self.field(0, &minute.to_string())
    }

    /// Windows begin at this hour of their day: the cron's second field.
    #[must_use]
    pub fn hour(self, hour: u8) -> Self {
        self.field(1, &hour.to_string())
    }

    /// Windows begin on this day of the month: the cron's third field.
    #[must_use]
    pub fn day(self, day: u8) -> Self {
        self.field(2, &day.to_string())
    }

    /// Windows begin on this day of the week: the cron's last field.
    #[must_use]
    pub fn weekday(self, day: Weekday) -> Self {
        self.field(4, &day.to_sunday_zero_offset().to_string())
    }

    /// The zone by whose clock the cron ticks, by its IANA name: `Europe/Berlin`. Without it, `UTC`.
    #[must_use]
    pub fn in_zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = zone.into();
        self
    }

    /// The last window ends then or before; written as the start is.
    #[must_use]
    pub fn until(mut self, end: impl Into<String>) -> Self {
        self.end = Some(end.into());
        self
    }

    /// So many windows more exist than those whose end has come; fewer, if it is negative.
    #[must_use]
    pub fn end_offset(mut self, windows: i64) -> Self {
        self.end_offset = windows;
        self
    }

    /// How keys are written, by the directives of `strftime`: `%Y-%m-%d`.
    #[must_use]
    pub fn key_format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// From when to when a key is: the cron, by which clock, and how keys are written.
    pub(super) fn meaning(&self) -> String {
        let format = self.format.iter().map(|format| format!(" {format}"));
        format!("{} {}{}", self.cron, self.zone, format.collect::<String>())
    }

    /// A text that is no cron of five fields stays as it is: that it is none is told when it is resolved.
    fn field(mut self, at: usize, value: &str) -> Self {
        let mut fields: Vec<&str> = self.cron.split_whitespace().collect();
        if let Some(field) = fields.get_mut(at) {
            *field = value;
        }
        self.cron = fields.join(" ");
        self
    }
}

/// The time that a partition stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeWindow {
    /// When it begins; this moment is within.
    pub start: Zoned,
    /// When it ends; this moment is the first of the next.
    pub end: Zoned,
}
