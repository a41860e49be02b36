//! Durations as text: `"250ms"`, `"30s"`, `"1h 30m"`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a duration, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut millis: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("it is empty".to_owned());
    }
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit());
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        let Ok(number) = number.parse::<u64>() else {
            return Err(format!("`{rest}` does not begin with a whole number"));
        };
        let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(match unit {
                "" => format!("`{number}` has no unit (ms, s, m, h, d)"),
                unit => format!("`{unit}` is not a unit (ms, s, m, h, d)"),
            });
        };
        let part = number.checked_mul(*factor);
        millis = part.and_then(|part| millis.checked_add(part)).ok_or("it is too long")?;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(millis))
}

fn split(text: &str, in_first: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !in_first(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("2 d1s"), Ok(Duration::from_secs(172_801)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text| parse(text).expect_err(text);
        assert_eq!(wrong("3 parsecs"), "`parsecs` is not a unit (ms, s, m, h, d)");
        assert_eq!(wrong("3"), "`3` has no unit (ms, s, m, h, d)");
        assert_eq!(wrong("-3s"), "`-3s` does not begin with a whole number");
        assert_eq!(wrong("1.5s"), "`1` has no unit (ms, s, m, h, d)");
        assert_eq!(wrong(""), "it is empty");
        assert_eq!(wrong("999999999999999999d"), "it is too long");
    }
}
