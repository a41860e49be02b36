//! Definitions that cannot hold, each with what is told of it.

use super::super::TimePartitions;
use super::{refused, windows};

fn message(definition: &TimePartitions) -> String {
    refused(definition).to_string()
}

#[test]
fn a_cron_that_is_none_is_refused() {
    let cron = |text: &str| message(&TimePartitions::cron(text, "2024-01-01"));
    insta::assert_snapshot!(cron("0 25 * * *"), @"
    the cron `0 25 * * *`: Component error: Number out of bounds.
      hint: write minute, hour, day of the month, month and day of the week: `0 6 * * *` is each day at 6:00
    ");
    insta::assert_snapshot!(cron("daily"), @"
    the cron `daily`: a cron of partitions has five fields, and this 1
      hint: write minute, hour, day of the month, month and day of the week: `0 6 * * *` is each day at 6:00
    ");
    insta::assert_snapshot!(cron("0 0 30 2 *"), @"the cron `0 0 30 2 *`: no day is ever one of it");
    insta::assert_snapshot!(cron("30 0 6 * * *"), @"
    the cron `30 0 6 * * *`: a cron of partitions has five fields, and this 6
      hint: write minute, hour, day of the month, month and day of the week: `0 6 * * *` is each day at 6:00
    ");
    insta::assert_snapshot!(message(&TimePartitions::hourly("2024-01-01").minute(75)), @"
    the cron `75 * * * *`: Component error: Number out of bounds.
      hint: write minute, hour, day of the month, month and day of the week: `0 6 * * *` is each day at 6:00
    ");
}

#[test]
fn a_zone_or_a_date_that_is_none_is_refused() {
    let days = |start: &str| TimePartitions::daily(start);
    insta::assert_snapshot!(message(&days("2024-01-01").in_zone("Europe/Berlinn")), @"
    there is no time zone `Europe/Berlinn`
      hint: did you mean `Europe/Berlin`?
    ");
    insta::assert_snapshot!(message(&days("2024-01-01").in_zone("+1")), @"
    there is no time zone `+1`
      hint: did you mean `Etc/GMT+1`?
    ");
    insta::assert_snapshot!(message(&days("2024-02-30")), @"
    the start `2024-02-30` is no date
      hint: write `2024-01-31` or `2024-01-31T06:00`, on the clock of the zone
    ");
    insta::assert_snapshot!(message(&days("2024-02-01").until("2024-01-01")), @"the end `2024-01-01` is not after the start `2024-02-01`");
    insta::assert_snapshot!(message(&days("9995-01-01")), @"
    the start `9995-01-01T00:00:00` is out of range
      hint: partitions by time are between the years 1 and 9990
    ");
}

#[test]
fn a_key_format_is_as_fine_as_the_cron() {
    let of = |cron: &str, format: &str| TimePartitions::cron(cron, "2024-01-01").key_format(format);
    insta::assert_snapshot!(message(&of("0 * * * *", "%Y-%m-%d")), @"
    the key format `%Y-%m-%d` is too coarse for the cron `0 * * * *`: it leaves out the hour, so that several windows would have one key
      hint: add `%H`, or leave the format out: it is then `%Y-%m-%d-%H:%M`
    ");
    insta::assert_snapshot!(message(&of("*/15 * * * *", "%Y-%m-%d-%H")), @"
    the key format `%Y-%m-%d-%H` is too coarse for the cron `*/15 * * * *`: it leaves out the minute, so that several windows would have one key
      hint: add `%M`, or leave the format out: it is then `%Y-%m-%d-%H:%M`
    ");
    insta::assert_snapshot!(message(&of("0 0 * * *", "%Y-%m")), @"
    the key format `%Y-%m` is too coarse for the cron `0 0 * * *`: it leaves out the day, so that several windows would have one key
      hint: add `%d`, or leave the format out: it is then `%Y-%m-%d`
    ");
    insta::assert_snapshot!(message(&of("0 0 1 * *", "%Y")), @"
    the key format `%Y` is too coarse for the cron `0 0 1 * *`: it leaves out the month, so that several windows would have one key
      hint: add `%m`, or leave the format out: it is then `%Y-%m-%d`
    ");
    insta::assert_snapshot!(message(&of("0 0 1 1 *", "%m-%d")), @"
    the key format `%m-%d` is too coarse for the cron `0 0 1 1 *`: it leaves out the year, so that several windows would have one key
      hint: add `%Y`, or leave the format out: it is then `%Y-%m-%d`
    ");
    // 2:15 is moved to 3:00 once a year, into the hour of 3:15.
    insta::assert_snapshot!(message(&of("15 2,3 * * *", "%Y-%m-%d-%H")), @"
    the key format `%Y-%m-%d-%H` is too coarse for the cron `15 2,3 * * *`: it leaves out the minute, so that several windows would have one key
      hint: add `%M`, or leave the format out: it is then `%Y-%m-%d-%H:%M`
    ");

    for (cron, format, key) in [
        ("0 * * * *", "%Y%m%dT%H", "20240101T00"),
        ("*/15 * * * *", "%FT%R", "2024-01-01T00:00"),
        ("0 0 * * *", "%Y/%j", "2024/001"),
        ("0 0 * * *", "%d.%m.%Y", "01.01.2024"),
        ("0 0 1 * *", "%Y-%b", "2024-Jan"),
        ("0 0 1 1 *", "%Y", "2024"),
        ("0 2,3 * * *", "%Y-%m-%d-%H", "2024-01-01-02"),
    ] {
        assert_eq!(windows(&of(cron, format)).key(0), key);
        assert_eq!(windows(&of(cron, format)).index(key).unwrap(), 0);
    }
}

#[test]
fn a_key_format_is_one_that_can_be_read_back() {
    let of = |format: &str| message(&TimePartitions::daily("2024-01-01").key_format(format));
    insta::assert_snapshot!(of("%Y-%m-%d %A"), @"the key format `%Y-%m-%d %A` has blanks or control characters, which keys cannot have");
    insta::assert_snapshot!(of("%A-%F"), @"
    the key format `%A-%F` has `%A`, which keys cannot have
      hint: what keys can have is `%Y`, `%m`, `%b`, `%B`, `%d`, `%j`, `%F`, `%H`, `%M`, `%R`, `%S`, `%z`
    ");
    insta::assert_snapshot!(of("%Y|%m|%d"), @"the key format `%Y|%m|%d` has `|`, which selections of keys are written with");
    insta::assert_snapshot!(of("%Y..%j"), @"the key format `%Y..%j` has `..`, which ranges of keys are written with");
    insta::assert_snapshot!(of("%F%"), @"
    the key format `%F%` has `%`, which keys cannot have
      hint: what keys can have is `%Y`, `%m`, `%b`, `%B`, `%d`, `%j`, `%F`, `%H`, `%M`, `%R`, `%S`, `%z`
    ");
}
