//! What descriptors write as text, read: names, times and cron texts. What is wrong is the end of a sentence.

use std::str::FromStr as _;
use std::time::Duration;

use croner::Cron;
use jiff::SignedDuration;

/// Whether jobs and steps can have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Checks a cron text; the error is what is wrong with it.
pub(super) fn cron(text: &str) -> Result<(), String> {
    Cron::from_str(text).map(|_| ()).map_err(|error| error.to_string())
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

    #[test]
    fn cron_texts_are_checked() {
        for text in ["0 6 * * *", "@daily", "*/5 * * * MON-FRI", "0 0 L * *"] {
            assert_eq!(cron(text), Ok(()), "{text}");
        }
        assert!(cron("0 25 * * *").is_err_and(|why| !why.is_empty()));
        assert!(cron("daily").is_err());
        assert!(cron("").is_err());
    }
}
