use std::time::Duration;

/// The word for so many: `step` for 1, else `steps`.
#[must_use]
pub(super) fn plural<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// A number with its word: `1 step`, `3 steps`.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", plural(n, one, many))
}

/// A duration to be read by people, in its two largest units: `850µs`, `350ms`, `1.2s`, `2m 3s`, `1h 5m`, `2d 4h`.
///
/// Fractions are cut off, not rounded, so that nothing is said to have taken longer than it did.
#[must_use]
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.as_millis() == 0 => format!("{}µs", duration.as_micros()),
        0 => format!("{}ms", duration.as_millis()),
        1..60 => format!("{seconds}.{}s", duration.subsec_millis() / 100),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// The time since the start of a run, of constant width up to a hundred hours: `00:02:03`.
#[must_use]
pub(super) fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        let all = [0, 850, 350_000, 1_299_999, 59_999_999, 123_000_000, 3_900_000_000, 187_200_000_000];
        let all = all.map(|us| duration(Duration::from_micros(us))).join(", ");
        assert_eq!(all, "0µs, 850µs, 350ms, 1.2s, 59.9s, 2m 3s, 1h 5m, 2d 4h");
        assert_eq!(clock(Duration::from_secs(3723)), "01:02:03");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2].map(|n| count(n, "step", "steps")).join(", "), "0 steps, 1 step, 2 steps");
    }
}
