use std::time::Duration;

use jiff::Timestamp;

use crate::event::between;

/// What is told of a look at what others make that has found nothing.
pub(super) const NOTHING_THERE: &str = "nothing there";

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
/// It is rounded to the last digit shown.
#[must_use]
pub(super) fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let rounded = |unit: u128| (nanos + unit / 2) / unit;
    let (micros, millis, tenths) = (rounded(1_000), rounded(1_000_000), rounded(100_000_000));
    let (seconds, minutes, hours) =
        (rounded(1_000_000_000), rounded(60_000_000_000), rounded(3_600_000_000_000));
    // Each unit up to where its rounded number would reach the next one.
    match () {
        () if micros < 1000 => format!("{micros}µs"),
        () if millis < 1000 => format!("{millis}ms"),
        () if tenths < 600 => format!("{}.{}s", tenths / 10, tenths % 10),
        () if seconds < 3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        () if minutes < 24 * 60 => format!("{}h {}m", minutes / 60, minutes % 60),
        () => format!("{}d {}h", hours / 24, hours % 24),
    }
}

/// A size to be read by people, rounded to the last digit shown: `0 B`, `999 B`, `12.3 kB`, `1.0 GB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let tenths = |unit: u128| (u128::from(bytes) * 10 + unit / 2) / unit;
    let (mut name, mut unit) = ("kB", 1000);
    for next in ["MB", "GB", "TB", "PB", "EB"] {
        // Each unit up to where its rounded number would reach the next one.
        if tenths(unit) < 10_000 {
            break;
        }
        (name, unit) = (next, unit * 1000);
    }
    format!("{}.{} {name}", tenths(unit) / 10, tenths(unit) % 10)
}

/// The time since the start of a run, of constant width up to a hundred hours: `00:02:03`.
#[must_use]
pub(super) fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// How long ago a time is, in one unit and as many of it as are whole: `3m ago`.
#[must_use]
pub fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = between(time, now).as_secs();
    match () {
        () if seconds < 1 => "just now".to_owned(),
        () if seconds < 60 => format!("{seconds}s ago"),
        () if seconds < 3600 => format!("{}m ago", seconds / 60),
        () if seconds < 48 * 3600 => format!("{}h ago", seconds / 3600),
        () => format!("{}d ago", seconds / (24 * 3600)),
    }
}

/// A time to be read by people, in UTC and to the second: `2026-11-20 14:23:13Z`.
#[must_use]
pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        let all = [0, 850, 350_000, 1_240_000, 123_000_000, 3_900_000_000, 187_200_000_000];
        let all = all.map(|us| duration(Duration::from_micros(us))).join(", ");
        assert_eq!(all, "0µs, 850µs, 350ms, 1.2s, 2m 3s, 1h 5m, 2d 4h");
        let edges = [999, 1_000, 999_499, 999_500, 1_250_000, 59_949_999, 59_950_000, 3_599_500_000];
        let edges = edges.map(|us| duration(Duration::from_micros(us))).join(", ");
        assert_eq!(edges, "999µs, 1ms, 999ms, 1.0s, 1.3s, 59.9s, 1m 0s, 1h 0m");
        assert_eq!(duration(Duration::from_nanos(999_600)), "1ms");
        assert_eq!(clock(Duration::from_secs(3723)), "01:02:03");
    }

    #[test]
    fn what_is_past_is_told_in_one_unit() {
        let now: Timestamp = "2026-11-20T14:23:13.5Z".parse().expect("a time");
        let all = [0, 1, 59, 119, 7199, 48 * 3600 - 1, 48 * 3600, 40 * 86_400];
        let all = all.map(|seconds| ago(now - Duration::from_secs(seconds), now)).join(", ");
        assert_eq!(all, "just now, 1s ago, 59s ago, 1m ago, 1h ago, 47h ago, 2d ago, 40d ago");
        assert_eq!(moment(now), "2026-11-20 14:23:13Z");
        // A clock that is behind that of another machine.
        assert_eq!(ago(now, now - Duration::from_secs(9)), "just now");
    }

    #[test]
    fn sizes_are_told_in_one_unit() {
        let all = [0, 999, 1000, 12_345, 999_949, 999_950, 12_340_000, 10_000_000_000, u64::MAX];
        let all = all.map(size).join(", ");
        assert_eq!(all, "0 B, 999 B, 1.0 kB, 12.3 kB, 999.9 kB, 1.0 MB, 12.3 MB, 10.0 GB, 18.4 EB");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2].map(|n| count(n, "step", "steps")).join(", "), "0 steps, 1 step, 2 steps");
    }
}
