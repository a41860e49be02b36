//! What descriptors write as text, read: names, keys of tags, times and cron texts. What is wrong is the end of a sentence.

use std::str::FromStr as _;
use std::time::Duration;

use croner::Cron;
use jiff::SignedDuration;

/// How long each part of a tag's key may be, in characters.
const LONGEST: usize = 63;

/// The part before the `/` of the keys of orch's own tags.
const OWN: &str = "orch";

/// Whether jobs and steps can have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a tag can have this key, and if not, why and the way out.
pub(super) fn tag_key(key: &str) -> Result<(), (String, &'static str)> {
    let (space, name) = match key.split_once('/') {
        Some((space, name)) => (Some(space), name),
        None => (None, key),
    };
    let part = |part: &str| {
        (1..=LONGEST).contains(&part.chars().count())
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    if !part(name) || !space.is_none_or(part) {
        let hint = "a key is made of letters, digits, `_`, `.` and `-`, at most 63 of them, and may have such a part and `/` before it";
        return Err((format!("a tag cannot have the key `{}`", key.escape_debug()), hint));
    }
    match (space, name) {
        (Some(OWN), "priority") => {
            Err((format!("the tag `{key}` is given by the priority"), "write `priority: 5`"))
        }
        (Some(OWN), _) => Err((
            format!("the tag `{key}` is one of orch's own, which begin with `{OWN}/`"),
            "give it another name",
        )),
        _ => Ok(()),
    }
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
    fn keys_of_tags_are_as_in_dagster() {
        for key in ["team", "team/owner", "a.b-c_d", "größe", &"k".repeat(63)] {
            assert_eq!(tag_key(key), Ok(()), "{key}");
        }
        for key in ["", "/", "a/", "/a", "a/b/c", "two words", "orch/priority", "orch/x", &"k".repeat(64)] {
            assert!(tag_key(key).is_err(), "{key}");
        }
    }

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
