//! What descriptors write as text, read: names and times.

use std::time::Duration;

use jiff::SignedDuration;

/// Whether jobs and steps can have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reads a time such as `30s` or `1h 30m`.
pub(super) fn time(text: &str) -> Option<Duration> {
    text.trim().parse::<SignedDuration>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let seconds = |text| time(text).map(|time| time.as_secs_f64());
        assert_eq!(seconds("1m 30s"), Some(90.0));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!((seconds("30"), seconds("-1s"), seconds("soon"), seconds("")), (None, None, None, None));
    }
}
