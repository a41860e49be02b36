//! What windows are, told by examples.

use jiff::civil::Weekday;

use super::super::TimePartitions;
use super::{at, starts, windows};

#[test]
fn a_window_exists_once_it_has_ended() {
    let days = windows(&TimePartitions::daily("2024-01-01"));
    let count = |now| days.count(at(now));
    assert_eq!(count("2023-05-01T00:00:00Z"), 0);
    assert_eq!(count("2024-01-01T23:59:59.999Z"), 0);
    assert_eq!(count("2024-01-02T00:00:00Z"), 1);
    assert_eq!(count("2026-01-01T12:00:00Z"), 731);
}

#[test]
fn an_end_offset_adds_windows_or_removes_them() {
    let count = |offset, now| windows(&TimePartitions::daily("2024-01-01").end_offset(offset)).count(at(now));
    assert_eq!(count(1, "2024-01-01T12:00:00Z"), 1, "the day that is not over");
    assert_eq!(count(2, "2024-01-11T12:00:00Z"), 12);
    assert_eq!(count(-3, "2024-01-11T12:00:00Z"), 7);
    assert_eq!(count(-3, "2024-01-02T12:00:00Z"), 0);
    // An end is an end.
    let ended = windows(&TimePartitions::daily("2024-01-01").until("2024-01-05").end_offset(3));
    assert_eq!(ended.count(at("2024-01-04T12:00:00Z")), 4);
}

#[test]
fn windows_begin_where_they_are_told_to() {
    let first = |definition: TimePartitions| starts(&windows(&definition), 0..2);
    insta::assert_snapshot!(first(TimePartitions::hourly("2024-01-01").minute(15)), @"
    2024-01-01-00:15  2024-01-01T00:15:00Z
    2024-01-01-01:15  2024-01-01T01:15:00Z
    ");
    insta::assert_snapshot!(first(TimePartitions::daily("2024-01-01T08:00").hour(6).minute(30)), @"
    2024-01-02  2024-01-02T06:30:00Z
    2024-01-03  2024-01-03T06:30:00Z
    ");
    insta::assert_snapshot!(first(TimePartitions::weekly("2024-01-01")), @"
    2024-01-07  2024-01-07T00:00:00Z
    2024-01-14  2024-01-14T00:00:00Z
    ");
    insta::assert_snapshot!(first(TimePartitions::weekly("2024-01-01").weekday(Weekday::Wednesday)), @"
    2024-01-03  2024-01-03T00:00:00Z
    2024-01-10  2024-01-10T00:00:00Z
    ");
    insta::assert_snapshot!(first(TimePartitions::monthly("2024-01-15").day(10).hour(1)), @"
    2024-02-10  2024-02-10T01:00:00Z
    2024-03-10  2024-03-10T01:00:00Z
    ");
    insta::assert_snapshot!(first(TimePartitions::cron("0 0 29 2 *", "2024-03-01")), @"
    2028-02-29  2028-02-29T00:00:00Z
    2032-02-29  2032-02-29T00:00:00Z
    ");
}

#[test]
fn a_doubled_hour_has_two_keys_and_a_skipped_one_has_none() {
    let hours = TimePartitions::hourly("2023-11-05T00:00").in_zone("America/Los_Angeles");
    insta::assert_snapshot!(starts(&windows(&hours), 0..4), @"
    2023-11-05-00:00  2023-11-05T07:00:00Z
    2023-11-05-01:00  2023-11-05T08:00:00Z
    2023-11-05-01:00-0800  2023-11-05T09:00:00Z
    2023-11-05-02:00  2023-11-05T10:00:00Z
    ");
    let hours = TimePartitions::hourly("2024-03-10T01:00").in_zone("America/Los_Angeles");
    insta::assert_snapshot!(starts(&windows(&hours), 0..2), @"
    2024-03-10-01:00  2024-03-10T09:00:00Z
    2024-03-10-03:00  2024-03-10T10:00:00Z
    ");
    // Half an hour comes twice: full hours are an hour and a half apart.
    let hours = TimePartitions::hourly("2024-04-07T01:00").in_zone("Australia/Lord_Howe");
    insta::assert_snapshot!(starts(&windows(&hours), 0..3), @"
    2024-04-07-01:00  2024-04-06T14:00:00Z
    2024-04-07-02:00  2024-04-06T15:30:00Z
    2024-04-07-03:00  2024-04-06T16:30:00Z
    ");
    // With the offset in each key there is nothing to add.
    let hours = hours.key_format("%Y-%m-%dT%H:%M%z");
    assert_eq!(windows(&hours).key(0), "2024-04-07T01:00+1100");
    // The clock is put back from 00:01 to 23:01: half past eleven comes twice, and eleven does not.
    let hours = TimePartitions::hourly("2010-11-06T22:00").minute(30).in_zone("America/Goose_Bay");
    let hours = windows(&hours.key_format("%Y-%m-%d-%H"));
    insta::assert_snapshot!(starts(&hours, 0..4), @"
    2010-11-06-22  2010-11-07T01:30:00Z
    2010-11-06-23  2010-11-07T02:30:00Z
    2010-11-06-23-0400  2010-11-07T03:30:00Z
    2010-11-07-00  2010-11-07T04:30:00Z
    ");
    assert_eq!(hours.index("2010-11-06-23-0400").unwrap(), 2);
}

#[test]
fn a_time_of_day_that_is_skipped_is_moved_and_one_that_is_doubled_is_the_second() {
    let days = TimePartitions::daily("2024-03-09").hour(2).minute(30).in_zone("America/Los_Angeles");
    insta::assert_snapshot!(starts(&windows(&days), 0..3), @"
    2024-03-09  2024-03-09T10:30:00Z
    2024-03-10  2024-03-10T10:00:00Z
    2024-03-11  2024-03-11T09:30:00Z
    ");
    let days = TimePartitions::daily("2024-11-02").hour(1).minute(30).in_zone("America/Los_Angeles");
    insta::assert_snapshot!(starts(&windows(&days), 0..3), @"
    2024-11-02  2024-11-02T08:30:00Z
    2024-11-03  2024-11-03T09:30:00Z
    2024-11-04  2024-11-04T09:30:00Z
    ");
    // Clocks go on at midnight: the day begins at one.
    let days = TimePartitions::daily("2024-04-25").in_zone("Africa/Cairo");
    insta::assert_snapshot!(starts(&windows(&days), 0..3), @"
    2024-04-25  2024-04-24T22:00:00Z
    2024-04-26  2024-04-25T22:00:00Z
    2024-04-27  2024-04-26T21:00:00Z
    ");
    // Several in the skipped hour are one, and that is the one that is there anyway.
    let times = TimePartitions::cron("0,30 2,3 * * *", "2024-03-10").in_zone("America/Los_Angeles");
    insta::assert_snapshot!(starts(&windows(&times), 0..3), @"
    2024-03-10-03:00  2024-03-10T10:00:00Z
    2024-03-10-03:30  2024-03-10T10:30:00Z
    2024-03-11-02:00  2024-03-11T09:00:00Z
    ");
    // Where a whole day is left out it has no window.
    let days = TimePartitions::daily("2011-12-29").in_zone("Pacific/Apia");
    insta::assert_snapshot!(starts(&windows(&days), 0..3), @"
    2011-12-29  2011-12-29T10:00:00Z
    2011-12-31  2011-12-30T10:00:00Z
    2012-01-01  2011-12-31T10:00:00Z
    ");
}

#[test]
fn far_away_is_as_near_as_close_by() {
    let minutes = windows(&TimePartitions::cron("* * * * *", "1900-01-01").in_zone("Europe/Berlin"));
    let last = minutes.all() - 1;
    assert_eq!(minutes.key(last), "2399-12-31-23:59");
    assert_eq!(minutes.index("2399-12-31-23:59").unwrap(), last);
    assert_eq!(minutes.index(&minutes.key(123_456_789)).unwrap(), 123_456_789);
    // A moment before 1970 is in the window that it is in, between two seconds too.
    let hours = windows(&TimePartitions::hourly("1969-12-31"));
    assert_eq!(hours.index_at(at("1969-12-31T23:59:59.5Z")), Some(23));
    assert_eq!(hours.index_at(at("1970-01-01T00:00:00Z")), Some(24));
    assert_eq!(hours.index_at(at("1969-12-30T23:59:59.5Z")), None);
    let days = windows(&TimePartitions::daily("2300-01-01"));
    assert_eq!(days.key(days.all() - 1), "2699-12-31");
    assert_eq!(days.find("9999-12-31"), None);
}
