use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Free text attached to ops, jobs and runs.
pub type Tags = BTreeMap<String, String>;

/// The tag that holds a step's priority, an integer; higher goes first, the default is 0.
pub const PRIORITY_TAG: &str = crate::ids::PRIORITY;

/// A week, in seconds: it bounds what a growing delay can reach.
const LONGEST_DELAY: f64 = 604_800.0;

/// How often and when a failed attempt is followed by another.
///
/// The delay before retry number `n` (from 1) is, with `d` the base delay: `d` without backoff, `n * d` with linear and
/// `(2^n - 1) * d` with exponential backoff; jitter then changes it. No delay is longer than a week. A step that waits
/// holds no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retry {
    /// How many attempts may follow the first.
    pub max: u32,
    /// The base delay.
    pub delay: Duration,
    /// How the delay grows.
    pub backoff: Backoff,
    /// How the delay is spread.
    pub jitter: Jitter,
}

impl Retry {
    /// Up to `max` further attempts, at once.
    #[must_use]
    pub const fn new(max: u32) -> Self {
        Self { max, delay: Duration::ZERO, backoff: Backoff::None, jitter: Jitter::None }
    }

    /// Waits this long before a retry.
    #[must_use]
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Lets the delay grow.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Spreads the delay.
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The delay before retry number `retry` (from 1), given a random number in `0.0..1.0`.
    #[must_use]
    pub fn delay_before(&self, retry: u32, random: f64) -> Duration {
        // Capped, since infinity times a delay of zero would be no number.
        let factor = match self.backoff {
            Backoff::None => 1.0,
            Backoff::Linear => f64::from(retry),
            Backoff::Exponential => f64::from(retry.min(64)).exp2() - 1.0,
        };
        let base = self.delay.as_secs_f64();
        let whole = (factor * base).min(LONGEST_DELAY);
        let seconds = match self.jitter {
            Jitter::None => whole,
            Jitter::Full => whole * random,
            Jitter::PlusMinus => whole + base.min(LONGEST_DELAY) * (2.0 * random - 1.0),
        };
        Duration::try_from_secs_f64(seconds.clamp(0.0, LONGEST_DELAY)).unwrap_or_default()
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.max)?;
        if !self.delay.is_zero() {
            write!(f, " after {:?}", self.delay)?;
        }
        match self.backoff {
            Backoff::None => {}
            Backoff::Linear => f.write_str(" linear")?,
            Backoff::Exponential => f.write_str(" exponential")?,
        }
        match self.jitter {
            Jitter::None => Ok(()),
            Jitter::Full => f.write_str(" full jitter"),
            Jitter::PlusMinus => f.write_str(" ± jitter"),
        }
    }
}

/// How the delay between attempts grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Backoff {
    /// It stays the same.
    #[default]
    None,
    /// `n * d`.
    Linear,
    /// `(2^n - 1) * d`.
    Exponential,
}

/// How the delay between attempts is spread, so that many steps do not come back at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Evenly between nothing and the whole delay.
    Full,
    /// Evenly within one base delay to either side.
    PlusMinus,
}

/// How many steps with a tag may run at once, within one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limit {
    /// The tag's key.
    pub key: String,
    /// Only steps with this value; without it all that have the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether each value of the key has a limit of its own.
    #[serde(default)]
    pub per_value: bool,
    /// How many.
    pub max: usize,
}

impl Limit {
    /// At most `max` steps that have the tag `key` at once.
    pub fn tag(key: impl Into<String>, max: usize) -> Self {
        Self { key: key.into(), value: None, per_value: false, max }
    }

    /// At most `max` steps with `key = value` at once.
    pub fn tag_value(key: impl Into<String>, value: impl Into<String>, max: usize) -> Self {
        Self { key: key.into(), value: Some(value.into()), per_value: false, max }
    }

    /// At most `max` steps at once for each value of the tag `key`.
    pub fn per_value(key: impl Into<String>, max: usize) -> Self {
        Self { key: key.into(), value: None, per_value: true, max }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, "={value}")?;
        }
        if self.per_value {
            f.write_str("=*")?;
        }
        write!(f, " {}", self.max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delays_follow_the_fields_formulas() {
        let seconds =
            |retry: Retry| (1..=4).map(|n| retry.delay_before(n, 0.25).as_secs_f64()).collect::<Vec<_>>();
        let base = Retry::new(9).delay(Duration::from_secs(2));
        assert_eq!(seconds(base), [2.0, 2.0, 2.0, 2.0]);
        assert_eq!(seconds(base.backoff(Backoff::Linear)), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(seconds(base.backoff(Backoff::Exponential)), [2.0, 6.0, 14.0, 30.0]);
        assert_eq!(seconds(base.backoff(Backoff::Linear).jitter(Jitter::Full)), [0.5, 1.0, 1.5, 2.0]);
        assert_eq!(seconds(base.backoff(Backoff::Linear).jitter(Jitter::PlusMinus)), [1.0, 3.0, 5.0, 7.0]);
    }

    fn delays() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::ZERO),
            Just(Duration::MAX),
            any::<Duration>(),
            (0..10_u64).prop_map(Duration::from_nanos)
        ]
    }

    fn attempts() -> impl Strategy<Value = u32> {
        prop_oneof![1..100_u32, 1000..1100_u32, Just(u32::MAX), any::<u32>()]
    }

    proptest! {
        #[test]
        fn no_delay_is_beyond_a_week_or_of_nothing_more_than_nothing(delay in delays(), retry in attempts()) {
            for backoff in [Backoff::None, Backoff::Linear, Backoff::Exponential] {
                for jitter in [Jitter::None, Jitter::Full, Jitter::PlusMinus] {
                    for random in [0.0, 0.25, 0.5, 1.0 - f64::EPSILON] {
                        let policy = Retry::new(u32::MAX).delay(delay).backoff(backoff).jitter(jitter);
                        let before = policy.delay_before(retry, random);
                        prop_assert!(before <= Duration::from_secs(604_800));
                        prop_assert!(!delay.is_zero() || before.is_zero());
                    }
                }
            }
        }
    }

    #[test]
    fn the_longest_delay_is_a_week_whatever_the_attempt() {
        let retry = Retry::new(u32::MAX).delay(Duration::MAX).backoff(Backoff::Exponential);
        assert_eq!(retry.delay_before(u32::MAX, 0.5), Duration::from_secs(604_800));
        let nothing = Retry::new(u32::MAX).backoff(Backoff::Exponential);
        assert_eq!(nothing.delay_before(1024, 0.5), Duration::ZERO);
        let least = Retry::new(u32::MAX).delay(Duration::from_nanos(1)).backoff(Backoff::Exponential);
        assert_eq!(least.delay_before(u32::MAX, 0.5), Duration::from_secs(604_800));
    }
}
