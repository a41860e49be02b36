//! Keys that are none, each with the nearest that is one.

use super::super::TimePartitions;
use super::windows;

#[test]
fn a_key_that_is_none_is_told_with_the_nearest() {
    let weeks = windows(&TimePartitions::weekly("2024-01-01").until("2024-03-01"));
    let wrong = |key: &str| weeks.index(key).unwrap_err().to_string();
    assert_eq!(weeks.index("2024-01-07").unwrap(), 0);
    insta::assert_snapshot!(wrong("2024-01-10"), @"
    `2024-01-10` is no key of these partitions: none begins then by the cron `0 0 * * 0`
      hint: the one that contains it is `2024-01-07`
    ");
    insta::assert_snapshot!(wrong("2024-1-14"), @"
    `2024-1-14` is no key of these partitions: they are written otherwise
      hint: did you mean `2024-01-14`?
    ");
    insta::assert_snapshot!(wrong("yesterday"), @"
    `yesterday` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-07`, the first
    ");
    insta::assert_snapshot!(wrong("2024-02-30"), @"
    `2024-02-30` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-07`, the first
    ");
    insta::assert_snapshot!(wrong("2023-12-31"), @"
    `2023-12-31` is before the first of these partitions
      hint: the first is `2024-01-07`
    ");
    insta::assert_snapshot!(wrong("2024-02-25"), @"
    `2024-02-25` is behind the last of these partitions
      hint: the last is `2024-02-18`
    ");
    insta::assert_snapshot!(wrong(""), @"
    `` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-07`, the first
    ");
}

#[test]
fn an_hour_that_the_clock_skips_has_no_key() {
    let hours = windows(&TimePartitions::hourly("2024-01-01").in_zone("America/Los_Angeles"));
    insta::assert_snapshot!(hours.index("2024-03-10-02:00").unwrap_err(), @"
    `2024-03-10-02:00` is no key of these partitions: the clock of America/Los_Angeles skips that time
      hint: it goes on within `2024-03-10-03:00`
    ");
    insta::assert_snapshot!(hours.index("2024-03-10-01:30").unwrap_err(), @"
    `2024-03-10-01:30` is no key of these partitions: none begins then by the cron `0 * * * *`
      hint: the one that contains it is `2024-03-10-01:00`
    ");
    // An offset where none is needed, and one that is not that of the zone.
    insta::assert_snapshot!(hours.index("2024-03-10-01:00-0800").unwrap_err(), @"
    `2024-03-10-01:00-0800` is no key of these partitions: they are written otherwise
      hint: did you mean `2024-03-10-01:00`?
    ");
    insta::assert_snapshot!(hours.index("2024-11-03-01:00-0500").unwrap_err(), @"
    `2024-11-03-01:00-0500` is no key of these partitions: they are written otherwise
      hint: did you mean `2024-11-03-01:00`?
    ");
    assert!(hours.index("2024-11-03-01:00-0800").is_ok());
}

#[test]
fn without_windows_there_are_no_keys() {
    let none = windows(&TimePartitions::monthly("2024-01-02").until("2024-02-20"));
    assert_eq!(none.all(), 0);
    insta::assert_snapshot!(none.index("2024-02-01").unwrap_err(), @"
    `2024-02-01` is no key of these partitions by time
      hint: there are none: no window lies between their start and their end
    ");
}
