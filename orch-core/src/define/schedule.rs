use std::str::FromStr as _;

use croner::Cron;

/// What a cron text is made of, for whoever wrote another.
pub(crate) const CRON_HINT: &str =
    "write minute, hour, day of the month, month and day of the week: `0 6 * * *` is every day at 6:00";

/// Checks a cron text; the error is what is wrong with it.
pub(crate) fn check_cron(text: &str) -> Result<(), String> {
    Cron::from_str(text).map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::check_cron as cron;

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
